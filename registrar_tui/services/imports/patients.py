"""Rows of people: every field checked by the validators, in the same pass that reads them.

What repeats (names, birthdays) is checked once and remembered, the rest goes the validators' short ways:
a million rows in ten seconds. Warnings are not asked for: they stop no row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Final, NamedTuple

from registrar_tui.services.imports.columns import Column, Layout
from registrar_tui.services.search_keys import fold, number_key
from registrar_tui.validators.birth_certificate import (
    check_birth_certificate,
    check_birth_certificate_series,
)
from registrar_tui.validators.birth_date import birth_date_precision, check_birth_date, possible_birth_dates
from registrar_tui.validators.email import check_email
from registrar_tui.validators.enp import check_enp, is_enp
from registrar_tui.validators.identity_document import BIRTH_CERTIFICATE, PASSPORT, split_document
from registrar_tui.validators.names import NameField, check_name, guess_sex, means_no_patronymic
from registrar_tui.validators.passport import check_passport
from registrar_tui.validators.phone import check_phone
from registrar_tui.validators.policy import check_policy_text, recognise_policy
from registrar_tui.validators.result import Checked, Problem
from registrar_tui.validators.snils import check_snils

_POLICY_HEADINGS: Final = ("Номер полиса", "№ полиса", "Номер полиса ОМС", "№ полиса ОМС")
COLUMNS: Final = (
    Column("last_name", "Фамилия", required=True, others=("surname", "Фамилия пациента")),
    Column("first_name", "Имя", required=True, others=("name", "Имя пациента")),
    Column("middle_name", "Отчество", others=("patronymic", "Отч", "Отчество пациента")),
    Column("birth_date", "Дата рождения", required=True, others=("birthday", "ДР", "Дата рожд")),
    Column("sex", "Пол", others=("gender",)),
    Column("snils", "СНИЛС", others=("Номер СНИЛС",)),
    Column("policy", "Полис", others=("enp", "ЕНП", "Полис ОМС", *_POLICY_HEADINGS)),
    Column("passport", "Паспорт", others=("document", "Документ", "Серия и номер паспорта")),
    Column("phone", "Телефон", others=("mobile", "Тел", "Номер телефона", "Мобильный телефон", "Моб тел")),
    Column("email", "E-mail", others=("Почта", "Электронная почта", "Эл почта")),
)
EXAMPLE: Final = (
    *("Иванов", "Иван", "Петрович", "12.05.1958", "м", "112-233-445 95", "7767940818000015"),
    *("45 08 123456", "8 916 123-45-67", "ivanov@mail.ru"),
)
_SEXES: Final = {
    **dict.fromkeys(("м", "m", "муж", "мужской", "male", "1"), "M"),
    **dict.fromkeys(("ж", "f", "жен", "женский", "female", "w", "2"), "F"),
}
_POLICY_KINDS: Final = {"enp": "П", "temporary": "В", "old": "С"}
_ENP_LENGTH: Final = 16
_LETTER: Final = re.compile(r"[^\W\d_NOoОо]").search
# What nine rows of ten look like; a test holds these ways against the validators'.
_USUAL_PASSPORT: Final = re.compile("([0-9]{2}) ?([0-9]{2}) ([0-9]{6})").fullmatch
_USUAL_CERTIFICATE: Final = re.compile("([IVXLC]+-[А-ЯЁ]{2}) ([0-9]{6})").fullmatch
_FIRST_BLANK: Final = "000101"
_USUAL_MOBILE: Final = re.compile(r"(?:\+7|7|8)(9[0-9]{9})").fullmatch
_PLAIN_EMAIL: Final = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z0-9.-]+)").fullmatch
_SHORT_EMAIL: Final = 64
"""Characters; no part of such an address can be too long."""


class Document(NamedTuple):
    """An identity document as stored; `key` is series and number without separators."""

    kind: str
    series: str
    number: str
    key: str


class PolicyNumber(NamedTuple):
    """A policy as stored."""

    kind: str
    series: str
    number: str


class Person(NamedTuple):
    """One checked row; `middle` is None where the table says nothing of the patronymic."""

    last: str
    first: str
    middle: str | None
    birth: date
    precision: str
    sex: str
    snils: str | None
    enp: str | None
    phone: str | None
    email: str | None
    last_key: str
    first_key: str
    middle_key: str
    document: Document | None
    policy: PolicyNumber | None

    @property
    def name_key(self) -> tuple[str, str, str, date]:
        """Return what two rows of one person share where there is no number."""
        return self.last_key, self.first_key, self.middle_key, self.birth


class _Name(NamedTuple):
    """A checked part of a name with its search key."""

    value: str
    key: str
    problem: Problem | None


class PersonReader:
    """Checks rows of one table."""

    def __init__(self, layout: Layout, today: date) -> None:
        places = [layout.place(column.key) for column in COLUMNS]
        # A column the table does not have is read from the blank that is put behind every row.
        self._blank = None in places
        self._cells = itemgetter(*(len(layout.header) if place is None else place for place in places))
        self._birth = lru_cache(maxsize=1 << 15)(lambda text: _birth(text, today))

    def read(self, cells: list[str]) -> Person | tuple[Problem, ...]:
        """Return the person of a row, or everything wrong with it."""
        last_text, first_text, middle_text, birth_text, sex_text, *numbers = self._cells(
            [*cells, ""] if self._blank else cells
        )
        snils_text, policy_text, passport_text, phone_text, email_text = numbers
        last, first = _last_name(last_text), _first_name(first_text)
        middle = _middle_name(middle_text)
        birth, precision, birth_problem = self._birth(birth_text)
        sex = _SEXES.get(sex_text.lower()) or _sex(sex_text, last.value, first.value, middle.value)
        snils, snils_problem = _snils(snils_text) if snils_text else (None, None)
        policy, policy_problem = _policy(policy_text) if policy_text else (None, None)
        document, document_problem = _document(passport_text) if passport_text else (None, None)
        phone, phone_problem = _phone(phone_text) if phone_text else (None, None)
        email, email_problem = _email(email_text) if email_text else (None, None)
        if (
            last.problem
            or first.problem
            or middle.problem
            or birth_problem
            or not sex
            or snils_problem
            or policy_problem
            or document_problem
            or phone_problem
            or email_problem
        ):
            no_sex = None if sex else Problem("sex_unknown", "sex", "Пол не указан: впишите «м» или «ж».")
            found = (
                *(last.problem, first.problem, middle.problem, birth_problem, no_sex, snils_problem),
                *(policy_problem, document_problem, phone_problem, email_problem),
            )
            return tuple(problem for problem in found if problem is not None)
        enp = policy.number if policy is not None and len(policy.number) == _ENP_LENGTH else None
        return Person(
            last.value,
            first.value,
            middle.value if middle_text and not middle_text.isspace() else None,
            birth,
            precision,
            sex or "",
            snils,
            enp,
            phone,
            email,
            last.key,
            first.key,
            middle.key,
            document,
            policy,
        )


def _name(text: str, field: NameField) -> _Name:
    checked = check_name(text, field=field)
    if checked.value is None:
        return _Name("", "", checked.errors[0])
    return _Name(checked.value, fold(checked.value), None)


@lru_cache(maxsize=1 << 14)
def _last_name(text: str) -> _Name:
    return _name(text, "last_name")


@lru_cache(maxsize=1 << 13)
def _first_name(text: str) -> _Name:
    return _name(text, "first_name")


@lru_cache(maxsize=1 << 13)
def _middle_name(text: str) -> _Name:
    if not text.strip() or means_no_patronymic(text):
        return _Name("", "", None)
    return _name(text, "middle_name")


def _birth(text: str, today: date) -> tuple[date, str, Problem | None]:
    checked = check_birth_date(text, today)
    if checked.value is None:
        return today, "", checked.errors[0]
    return possible_birth_dates(checked.value)[0], birth_date_precision(checked.value), None


def _sex(text: str, last: str, first: str, middle: str) -> str | None:
    """Read a less usual spelling; an empty cell is filled by the patronymic, else by the whole name."""
    typed = text.strip().casefold().rstrip(".")
    if typed:
        return _SEXES.get(typed)
    return _guess("", "", middle) if middle else _guess(last, first, "")


_guess = lru_cache(maxsize=1 << 13)(guess_sex)


def _taken(check: Callable[[str], Checked], text: str, field: str) -> tuple[str | None, Problem | None]:
    """Check one optional cell; a blank one says nothing."""
    checked = check(text)
    if checked.value is not None:
        return checked.value, None
    if not text.strip():
        return None, None
    return None, _of(field, checked.errors[0])


def _of(field: str, problem: Problem) -> Problem:
    """Name the column instead of the part of the document: that is where the cell is mended."""
    return problem if problem.field == field else Problem(problem.code, field, problem.message)


def _snils(text: str) -> tuple[str | None, Problem | None]:
    checked = check_snils(text)
    if checked.value is not None:
        return checked.value, None
    return (None, checked.errors[0]) if text.strip() else (None, None)


def _email(text: str) -> tuple[str | None, Problem | None]:
    """Look at a domain once: the library takes 40 µs an address, and domains are few."""
    plain = _PLAIN_EMAIL(text)
    if plain is not None and len(text) <= _SHORT_EMAIL:
        domain = _domain(plain[2].lower())
        if domain is not None:
            return f"{plain[1]}@{domain}", None
    return _taken(check_email, text, "email")


@lru_cache(maxsize=1 << 12)
def _domain(text: str) -> str | None:
    checked = check_email(f"a@{text}")
    return None if checked.value is None else checked.value.rpartition("@")[2]


def _policy(text: str) -> tuple[PolicyNumber | None, Problem | None]:
    if is_enp(text):
        return PolicyNumber("П", "", text), None
    if not text.strip():
        return None, None
    digits = len(text) == _ENP_LENGTH and text.isascii() and text.isdigit()
    checked = check_enp(text) if digits else check_policy_text(text)
    value = checked.value
    if value is None:
        return None, _of("policy", checked.errors[0])
    if len(value) == _ENP_LENGTH and value.isascii() and value.isdigit():
        return PolicyNumber("П", "", value), None
    # By the text and not by the value: without «№» the digits of an old policy look like those of a blank.
    kind = _POLICY_KINDS[recognise_policy(text) or "old"]
    series, _, number = value.rpartition(" ") if kind == "С" else ("", "", value)
    return PolicyNumber(kind, series, number), None


def _document(text: str) -> tuple[Document | None, Problem | None]:
    """Letters in the number mean a birth certificate."""
    usual = _USUAL_PASSPORT(text)
    if usual is not None and usual[1] != "00" and usual[3] >= _FIRST_BLANK:
        region, year, number = usual.groups()
        return Document(PASSPORT, f"{region} {year}", number, region + year + number), None
    child = _USUAL_CERTIFICATE(text)
    if child is not None and (key := _certificate_series(child[1])) is not None:
        return Document(BIRTH_CERTIFICATE, child[1], child[2], key + child[2]), None
    if not text.strip():
        return None, None
    certificate = _LETTER(text) is not None
    checked = check_birth_certificate(text) if certificate else check_passport(text)
    if checked.value is None:
        return None, _of("passport", checked.errors[0])
    series, number = split_document(checked.value)
    kind = BIRTH_CERTIFICATE if certificate else PASSPORT
    return Document(kind, series, number, number_key(series, number)), None


@lru_cache(maxsize=1 << 12)
def _certificate_series(text: str) -> str | None:
    """Return the key of a series that stands as it would be stored, None for any other; there are few."""
    return number_key(text, "") if check_birth_certificate_series(text).value == text else None


def _phone(text: str) -> tuple[str | None, Problem | None]:
    usual = _USUAL_MOBILE(text)
    return (f"+7{usual[1]}", None) if usual is not None else _taken(check_phone, text, "phone")
