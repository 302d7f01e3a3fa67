"""OMS policies of every kind in use: their codes in each directory and the form of their numbers."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal, NamedTuple

from registrar_tui.validators.enp import Sex, check_enp
from registrar_tui.validators.reading import compact, is_digits, non_digit_problem, refused, tidy
from registrar_tui.validators.result import Checked, Problem

Shape = Literal["old", "temporary", "enp", "none"]

_KIND, _SERIES, _NUMBER = "policy_kind", "policy_series", "policy_number"
_TEMPORARY_LENGTH = 9
_ENP_LENGTH = 16
_MOSTLY_DIGITS = 14  # sixteen characters with this many digits are a misread ЕНП, not an old policy
_MAX_SERIES, _MAX_NUMBER = 10, 20  # fields SPOLIS and NPOLIS of the register of OMS bills
_OLD_TEXT = re.compile("[0-9A-ZА-ЯЁ][0-9A-ZА-ЯЁ ./-]*")
_OLD_LINE = re.compile(
    r"(?P<series>[0-9A-ZА-ЯЁ][0-9A-ZА-ЯЁ./-]*?)(?: *№ *| +)(?P<number>[0-9./-]*[0-9])"
    r"|(?P<letters>[A-ZА-ЯЁ]+)-?(?P<digits>[0-9]+)"
)
_KIND_KEYS = str.maketrans("CBEKXM", "СВЕКХМ")


class PolicyKind(NamedTuple):
    """One kind of policy in the words of the three directories that name it."""

    code: str
    """HL7 code of the insured persons' register (pcyType)."""
    name: str
    shape: Shape
    f008: str | None = None
    fnsi: str | None = None
    """Directory 1.2.643.5.1.13.13.11.1035, a policy without an end date."""
    fnsi_with_term: str | None = None
    """The same directory, a policy that ends on a date."""
    blank_length: int | None = None
    """Digits of the number printed on the blank."""


POLICY_KINDS: tuple[PolicyKind, ...] = (
    PolicyKind("С", "Полис старого образца", "old", "1", "1", "1"),
    PolicyKind("В", "Временное свидетельство (бумажное)", "temporary", "2", "4", "4"),
    PolicyKind("Е", "Временное свидетельство (электронное)", "temporary", "2", "4", "4"),
    PolicyKind("П", "Полис единого образца (бумажный)", "enp", "3", "2", "3", 11),
    PolicyKind("Э", "Полис единого образца (пластиковая карта)", "enp", "3", "2", "3", 11),
    PolicyKind("К", "Полис в составе универсальной электронной карты", "enp", "3", "2", "3", 14),
    PolicyKind("Ц", "Цифровой полис", "enp", "3", "2", "3"),
    PolicyKind("Х", "На учёте без полиса", "none"),
    PolicyKind("М", "На учёте без полиса (через МФЦ)", "none"),
)
_BLANK_LENGTHS = {kind.blank_length for kind in POLICY_KINDS}
_BY_CODE = {kind.code: kind for kind in POLICY_KINDS}


def policy_kind(code: str) -> PolicyKind | None:
    """Return a kind by its letter, Russian or the Latin look-alike, any case; None when there is none."""
    return _BY_CODE.get(tidy(code).upper().translate(_KIND_KEYS))


def check_policy(
    kind: str, series: str, number: str, *, birth_date: date | None = None, sex: Sex | None = None
) -> Checked:
    """Check series and number by the kind's letter; the value is the number, `series number` for an old one.

    Errors: `policy_kind_unknown`, `policy_series_unexpected`, `policy_number_unexpected`,
    `policy_series_format`, `policy_number_format`, `policy_number_empty`, `policy_number_characters`,
    `policy_number_length`, and those of `check_enp`. Warnings are those of `check_enp`.
    An old policy has no federal form: only the length and the characters are looked at.
    Source: directory F008 of the federal fund; the rules of OMS, Health Ministry order № 108н.
    """
    found = policy_kind(kind)
    if found is None:
        message = "Вид полиса неизвестен: выберите из списка (С, В, Е, П, Э, К, Ц, Х, М)."
        return refused("policy_kind_unknown", _KIND, message)
    if found.shape == "old":
        return _check_old(series, number)
    if tidy(series):
        message = f"{found.name}: серии нет, оставьте поле пустым."
        return refused("policy_series_unexpected", _SERIES, message)
    if found.shape == "enp":
        return check_enp(number, birth_date=birth_date, sex=sex)
    if found.shape == "temporary":
        return _check_temporary(number)
    if tidy(number):
        message = f"{found.name}: номера нет, оставьте поле пустым."
        return refused("policy_number_unexpected", _NUMBER, message)
    return Checked("")


def _check_temporary(text: str) -> Checked:
    return _check_digits(text, "Временное свидетельство", _TEMPORARY_LENGTH)


def _check_digits(text: str, subject: str, length: int) -> Checked:
    digits = compact(text)
    problem = non_digit_problem(digits, _NUMBER, subject, f"{length} цифр")
    if problem:
        return Checked(None, (problem,))
    if len(digits) != length:
        message = f"{subject}: цифр {len(digits)}, а нужно {length}."
        return refused("policy_number_length", _NUMBER, message)
    return Checked(digits)


def _check_old(series: str, number: str) -> Checked:
    series, number = tidy(series).upper(), tidy(number).upper().replace(" ", "")
    errors: list[Problem] = []
    if series and not (_OLD_TEXT.fullmatch(series) and len(series) <= _MAX_SERIES):
        message = f"Серия старого полиса: до {_MAX_SERIES} букв и цифр."
        errors.append(Problem("policy_series_format", _SERIES, message))
    if not number:
        message = "Номер старого полиса не указан: введите его как на бланке."
        errors.append(Problem("policy_number_empty", _NUMBER, message))
    elif not (_OLD_TEXT.fullmatch(number) and len(number) <= _MAX_NUMBER):
        message = f"Номер старого полиса: до {_MAX_NUMBER} букв и цифр."
        errors.append(Problem("policy_number_format", _NUMBER, message))
    return Checked(None if errors else f"{series} {number}".strip(), tuple(errors))


def check_policy_text(text: str, *, birth_date: date | None = None, sex: Sex | None = None) -> Checked:
    """Check a policy typed in one line: sixteen digits, nine digits, or an old series and number.

    Errors: `policy_empty`, `policy_unrecognised`, and those of `check_policy`. Warnings: those of
    `check_policy`, and `policy_old` because the old ones are no longer issued.
    """
    typed = tidy(text).upper()
    if not typed:
        return refused("policy_empty", _NUMBER, "Полис не указан: введите 16 цифр ЕНП.")
    kind = recognise_policy(typed)
    if kind == "enp":
        return check_enp(typed, birth_date=birth_date, sex=sex)
    if kind == "temporary":
        return _check_temporary(typed)
    if kind is None:
        message = (
            "Полис не распознан: у ЕНП 16 цифр, у временного свидетельства 9, у старого — серия и номер."
        )
        return refused("policy_unrecognised", _NUMBER, message)
    checked = _check_old(*_old_halves(typed))
    if not checked.ok:
        return checked
    message = "Похоже на полис старого образца: сверьте его действие, такие больше не выдают."
    return Checked(checked.value, warnings=(Problem("policy_old", _NUMBER, message),))


def recognise_policy(text: str) -> Literal["enp", "temporary", "old"] | None:
    """Tell which kind of policy was typed; a spoiled or blank number counts as the ЕНП it was meant to be."""
    typed = tidy(text).upper()
    digits = compact(typed)
    if is_digits(digits):
        if len(digits) == _TEMPORARY_LENGTH:
            return "temporary"
        if len(digits) == _ENP_LENGTH or len(digits) in _BLANK_LENGTHS:
            return "enp"
    elif len(digits) == _ENP_LENGTH and sum(map(is_digits, digits)) >= _MOSTLY_DIGITS:
        return "enp"
    return "old" if _OLD_LINE.fullmatch(typed) else None


def _old_halves(typed: str) -> tuple[str, str]:
    """Part an old policy where a space or № stands; letters joined to digits are the series."""
    found = _OLD_LINE.fullmatch(typed)
    if found is None:
        return "", typed
    return found["series"] or found["letters"], found["number"] or found["digits"]


def check_blank_number(text: str, kind: str) -> Checked:
    """Check the number printed on the blank of a policy: 11 digits, 14 on the universal card.

    Errors: `policy_kind_unknown` (this kind has no numbered blank), `policy_number_empty`,
    `policy_number_characters`, `policy_number_length`.
    """
    found = policy_kind(kind)
    if found is None or found.blank_length is None:
        message = "У этого вида полиса нет номера бланка: выберите П, Э или К."
        return refused("policy_kind_unknown", _KIND, message)
    return _check_digits(text, "Номер бланка полиса", found.blank_length)
