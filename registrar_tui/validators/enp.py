"""ЕНП, the sixteen-digit number of an OMS policy: control digit, and the birth date and sex inside."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from registrar_tui.validators.reading import compact, is_digits, non_digit_problem, refused
from registrar_tui.validators.result import Checked, Problem

Sex = Literal["M", "F"]

_FIELD = "enp"
_LENGTH = 16
_BLANK_LENGTHS = (11, 14)
_MALE_DAYS = 50
_FIRST_YEAR, _LAST_YEAR = 1850, 2099
# The part of the month code that tells the century: added to the month for births of these years.
_ERAS = ((20, _FIRST_YEAR, 1950), (40, 1951, 2000), (0, 2001, _LAST_YEAR))

# Every digit of the coded date is replaced by its complement to nine; the tables undo that at once.
_MONTHS = {
    f"{99 - shift - month:02d}": (month, low, high) for shift, low, high in _ERAS for month in range(1, 13)
}
_DAYS: dict[str, tuple[int, Sex]] = {
    **{f"{99 - day:02d}": (day, "F") for day in range(1, 32)},
    **{f"{99 - _MALE_DAYS - day:02d}": (day, "M") for day in range(1, 32)},
}

# Luhn over character codes: the doubled digit's sum stays in ASCII, so one bias serves both halves.
_DOUBLED = bytes.maketrans(b"0123456789", bytes(48 + (2 * d if d < 5 else 2 * d - 9) for d in range(10)))
_ASCII_BIAS = ord("0") * _LENGTH


class EnpFacts(NamedTuple):
    """What an ЕНП says of its owner at the time of first issue."""

    region: str
    """Code of the territorial fund of the first policy (F010), not of the present address."""
    birth_date: date | None
    """None when the coded day does not exist in the coded month."""
    sex: Sex
    era_fits: bool
    """False when the addition to the month belongs to other years than the coded one."""


def enp_control_digit(base: str) -> str:
    """Return the control digit of a row of digits (fifteen for an ЕНП).

    Raises ValueError when `base` is not digits.
    Source: order of the federal fund of 07.04.2011 № 79; Mod10 of ISO/HL7 27931, equal to Luhn's.
    """
    if not is_digits(base):
        raise ValueError("ЕНП base is digits only")
    codes = base.encode()[::-1]
    total = sum(codes[::2].translate(_DOUBLED)) + sum(codes[1::2]) - ord("0") * len(codes)
    return str(-total % 10)


def build_enp(region: str, birth_date: date, sex: Sex, serial: int) -> str:
    """Return the valid ЕНП of a person; the demo clinic and the tests are made of these.

    `region` is two digits, `serial` 0-99999. Raises ValueError outside these or the years 1850-2099.
    Source: order of the federal fund of 07.04.2011 № 79.
    """
    if len(region) != 2 or not is_digits(region) or not 0 <= serial <= 99_999:
        raise ValueError("region is two digits, serial is 0-99999")
    year = birth_date.year
    shift = next((shift for shift, low, high in _ERAS if low <= year <= high), None)
    if shift is None:
        raise ValueError(f"no ЕНП for the year {year}")
    month = 99 - shift - birth_date.month
    day = 99 - birth_date.day - (_MALE_DAYS if sex == "M" else 0)
    base = f"{region}{month:02d}{f'{9999 - year:04d}'[::-1]}{day:02d}{serial:05d}"
    return base + enp_control_digit(base)


def decode_enp(digits: str) -> EnpFacts | None:
    """Return what sixteen digits say of the owner; None when month, day or year cannot be decoded.

    The control digit is not looked at. Source: order of the federal fund of 07.04.2011 № 79.
    """
    found = _decode(digits) if len(digits) == _LENGTH and is_digits(digits) else None
    return None if found is None else EnpFacts(*found)


def _decode(digits: str) -> tuple[str, date | None, Sex, bool] | None:
    """Return the fields of EnpFacts; a bare tuple, because an import decodes a million of them."""
    try:
        month, low, high = _MONTHS[digits[2:4]]
        day, sex = _DAYS[digits[8:10]]
    except KeyError:
        return None
    year = 9999 - int(digits[7:3:-1])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        birth_date = date(year, month, day)
    except ValueError:
        birth_date = None
    return digits[:2], birth_date, sex, low <= year <= high


def _luhn(digits: str) -> int:
    codes = digits.encode()
    return (sum(codes[::2].translate(_DOUBLED)) + sum(codes[1::2]) - _ASCII_BIAS) % 10


def is_enp(text: str) -> bool:
    """Tell whether sixteen characters are an ЕНП that `check_enp` takes as it stands, in a third of its time.

    An import asks this of a million rows; why a number is none, and what is doubtful in it, is not told.
    """
    return (
        len(text) == _LENGTH
        and text.isascii()
        and text.isdigit()
        and not _luhn(text)
        and text[2:4] in _MONTHS
        and text[8:10] in _DAYS
        and _FIRST_YEAR <= 9999 - int(text[7:3:-1]) <= _LAST_YEAR
    )


def check_enp(text: str, *, birth_date: date | None = None, sex: Sex | None = None) -> Checked:
    """Check an ЕНП, with or without separators, and return its sixteen digits.

    Errors: `enp_empty`, `enp_characters`, `enp_length`, `enp_blank_number`, `enp_checksum`,
    `enp_structure`. Warnings: `enp_region`, `enp_era`, `enp_impossible_date`, `enp_birth_date_mismatch`,
    `enp_sex_mismatch`: the number may outlive a correction of the person's data, so they never forbid.
    Source: order of the federal fund of 07.04.2011 № 79; Mod10 of ISO/HL7 27931.
    """
    digits = text
    if not (len(text) == _LENGTH and text.isascii() and text.isdigit()):
        digits = compact(text)
        if len(digits) != _LENGTH or not is_digits(digits):
            return _explain(digits)
    if _luhn(digits):
        return refused("enp_checksum", _FIELD, "ЕНП: контрольная цифра не сходится, сверьте все 16 цифр.")
    found = _decode(digits)
    if found is None:
        return refused(
            "enp_structure", _FIELD, "ЕНП: внутри номера нет возможной даты рождения, сверьте цифры."
        )
    region, coded_date, coded_sex, era_fits = found
    agrees = (birth_date or coded_date) == coded_date and (sex or coded_sex) == coded_sex
    if agrees and coded_date and era_fits and region != "00":
        return Checked(digits)
    return Checked(digits, warnings=tuple(_doubts(EnpFacts(*found), birth_date, sex)))


def _explain(digits: str) -> Checked:
    problem = non_digit_problem(digits, _FIELD, "ЕНП", "16 цифр")
    if problem:
        return Checked(None, (problem,))
    if len(digits) in _BLANK_LENGTHS:
        message = f"ЕНП: {len(digits)} цифр — это номер бланка; введите 16 цифр номера полиса."
        return refused("enp_blank_number", _FIELD, message)
    return refused("enp_length", _FIELD, f"ЕНП: цифр {len(digits)}, а нужно 16.")


def _doubts(facts: EnpFacts, birth_date: date | None, sex: Sex | None) -> list[Problem]:
    doubts: list[Problem] = []
    if facts.region == "00":
        doubts.append(Problem("enp_region", _FIELD, "ЕНП: кода территории 00 нет, сверьте первые две цифры."))
    if not facts.era_fits:
        doubts.append(
            Problem("enp_era", _FIELD, "ЕНП: код месяца не подходит к году рождения, сверьте номер.")
        )
    if facts.birth_date is None:
        message = "ЕНП: закодированного дня рождения нет в календаре, сверьте номер."
        doubts.append(Problem("enp_impossible_date", _FIELD, message))
    elif birth_date is not None and facts.birth_date != birth_date:
        message = (
            f"По ЕНП дата рождения {facts.birth_date:%d.%m.%Y}, а указана {birth_date:%d.%m.%Y}: "
            "сверьте с документом."
        )
        doubts.append(Problem("enp_birth_date_mismatch", _FIELD, message))
    if sex is not None and facts.sex != sex:
        words = {"M": "мужской", "F": "женский"}
        message = f"По ЕНП пол {words[facts.sex]}, а указан {words[sex]}: сверьте с документом."
        doubts.append(Problem("enp_sex_mismatch", _FIELD, message))
    return doubts


def format_enp(digits: str) -> str:
    """Return sixteen digits in groups of four, as on the plastic card; anything else as it is."""
    if len(digits) != _LENGTH:
        return digits
    return " ".join(digits[i : i + 4] for i in range(0, _LENGTH, 4))
