"""Passport of a citizen of Russia: series and number, the day of issue, the issuing department."""

from __future__ import annotations

import re
from datetime import date, timedelta

from registrar_tui.validators.reading import refused, tidy
from registrar_tui.validators.result import Checked, Problem

_SERIES, _NUMBER, _ISSUED, _DEPARTMENT = (
    "passport_series",
    "passport_number",
    "passport_issued",
    "department_code",
)
_WHOLE = re.compile(r"([0-9]{2})[ -]?([0-9]{2})[ -]?(?:(?:№|N[oо]?\.?) ?)?([0-9]{6})", re.IGNORECASE)
_NUMBER_SIGN = re.compile(r"№|N[oо]?\.?", re.IGNORECASE)
_FIRST_BLANK = "000101"
_FIRST_ISSUE = date(1997, 10, 1)
_FIRST_SERIES_YEAR = 97
_MIN_AGE = 14
_RENEWAL_AGES = (20, 45)
_GRACE = timedelta(days=90)
_USUAL_BLANK_AGE = 3


def check_passport(
    text: str, *, birth_date: date | None = None, issue_date: date | None = None, today: date | None = None
) -> Checked:
    """Check series and number in one line and return them as `45 08 123456`.

    Errors: `passport_empty`, `passport_series_format`, `passport_number_format`, and those of
    `check_passport_issue`. Warnings: `passport_region`, `passport_number_low`, and those of
    `check_passport_issue`.
    Source: mask of code 14 in F011; the blank description approved by Government decree of 08.07.1997 № 828.
    """
    typed = tidy(text)
    if not typed:
        return refused("passport_empty", _SERIES, "Паспорт не указан: введите 4 цифры серии и 6 цифр номера.")
    whole = _WHOLE.fullmatch(typed)
    if whole:
        series, number = f"{whole[1]} {whole[2]}", whole[3]
        if not (issue_date or today) and whole[1] != "00" and number >= _FIRST_BLANK:
            return Checked(f"{series} {number}")  # nothing to compare with: the rows of an import
    else:
        series, number = _parted(typed)
    return check_passport_parts(series, number, birth_date=birth_date, issue_date=issue_date, today=today)


def _parted(typed: str) -> tuple[str, str]:
    """Split what is not a clean passport so that the message falls on the half that is wrong."""
    pieces = _NUMBER_SIGN.split(typed, maxsplit=1)
    if len(pieces) == 1:
        pieces = typed.rsplit(" ", maxsplit=1)
    if len(pieces) == 1:
        pieces = [typed[:4], typed[4:]]
    return pieces[0], pieces[1]


def check_passport_parts(
    series: str,
    number: str,
    *,
    birth_date: date | None = None,
    issue_date: date | None = None,
    today: date | None = None,
) -> Checked:
    """Check series and number typed in two fields; verdicts are those of `check_passport`."""
    halves = (check_passport_series(series), check_passport_number(number))
    issue = check_passport_issue(halves[0].value, birth_date=birth_date, issue_date=issue_date, today=today)
    errors = tuple(problem for part in (*halves, issue) for problem in part.errors)
    value = None if errors else f"{halves[0].value} {halves[1].value}"
    return Checked(value, errors, tuple(problem for part in (*halves, issue) for problem in part.warnings))


def check_passport_series(text: str) -> Checked:
    """Check the four digits of the series and return them as `45 08`.

    Error `passport_series_format`; warning `passport_region` (no territory has the code 00).
    """
    digits = tidy(text).replace(" ", "").replace("-", "")
    if not re.fullmatch("[0-9]{4}", digits):
        return refused("passport_series_format", _SERIES, "Неверный формат серии паспорта: нужно 4 цифры.")
    doubts: tuple[Problem, ...] = ()
    if digits.startswith("00"):
        message = "Серия паспорта начинается с 00: такого кода региона нет, сверьте с документом."
        doubts = (Problem("passport_region", _SERIES, message),)
    return Checked(f"{digits[:2]} {digits[2:]}", warnings=doubts)


def check_passport_number(text: str) -> Checked:
    """Check the six digits of the number.

    Error `passport_number_format`; warning `passport_number_low` (blanks are numbered from 000101).
    """
    digits = tidy(text).replace(" ", "")
    if not re.fullmatch("[0-9]{6}", digits):
        return refused("passport_number_format", _NUMBER, "Неверный формат номера паспорта: нужно 6 цифр.")
    doubts: tuple[Problem, ...] = ()
    if digits < _FIRST_BLANK:
        message = f"Номера паспортов начинаются с {_FIRST_BLANK}: сверьте с документом."
        doubts = (Problem("passport_number_low", _NUMBER, message),)
    return Checked(digits, warnings=doubts)


def check_passport_issue(
    series: str | None, *, birth_date: date | None, issue_date: date | None, today: date | None
) -> Checked:
    """Check the day of issue against the series, the birth date and the day of the check.

    What is None is not looked at; the value is the day of issue in ISO 8601 or the empty string.
    Errors: `passport_issued_early` (before 01.10.1997), `passport_issued_underage` (before 14),
    `passport_issued_future`. Warnings: `passport_series_year`, `passport_expired` (the passport is
    valid until 90 days after the 20th and the 45th birthday).
    Source: Government decrees of 08.07.1997 № 828 and of 23.12.2023 № 2267.
    """
    doubts = []
    if issue_date is not None:
        error = _issue_error(issue_date, birth_date, today)
        if error:
            return Checked(None, (error,))
        if birth_date and today and _expired(birth_date, issue_date, today):
            message = "Срок паспорта вышел: его меняют в 20 и 45 лет, на это даётся 90 дней."
            doubts.append(Problem("passport_expired", _ISSUED, message))
    if series:
        doubts += _blank_year_doubts(series, issue_date, today)
    return Checked(issue_date.isoformat() if issue_date else "", warnings=tuple(doubts))


def _issue_error(issue_date: date, birth_date: date | None, today: date | None) -> Problem | None:
    if issue_date < _FIRST_ISSUE:
        message = "Паспорта этого образца выдают с 01.10.1997: сверьте дату выдачи."
        return Problem("passport_issued_early", _ISSUED, message)
    if today and issue_date > today:
        message = "Дата выдачи паспорта позже сегодняшнего дня: сверьте её с документом."
        return Problem("passport_issued_future", _ISSUED, message)
    if birth_date and issue_date < _birthday(birth_date, _MIN_AGE):
        message = "Паспорт выдают с 14 лет: сверьте дату выдачи и дату рождения."
        return Problem("passport_issued_underage", _ISSUED, message)
    return None


def _birthday(birth_date: date, age: int) -> date:
    """Return a birthday; where 29 February is missing, the last day of the month (Civil Code, art. 192)."""
    try:
        return birth_date.replace(year=birth_date.year + age)
    except ValueError:
        return birth_date.replace(year=birth_date.year + age, day=28)


def _expired(birth_date: date, issue_date: date, today: date) -> bool:
    for age in _RENEWAL_AGES:
        birthday = _birthday(birth_date, age)
        if issue_date < birthday:
            return today > birthday + _GRACE
    return False


def _blank_year_doubts(series: str, issue_date: date | None, today: date | None) -> list[Problem]:
    printed = int(series[-2:])
    printed += 1900 if printed >= _FIRST_SERIES_YEAR else 2000
    message = ""
    if issue_date is not None:
        # In December departments already hand out blanks of the coming year.
        latest = issue_date.year + (issue_date.month == 12)
        if printed > latest:
            message = f"Бланк серии {series} напечатан в {printed} году, позже выдачи: сверьте серию и дату."
        elif issue_date.year - printed > _USUAL_BLANK_AGE:
            message = f"Бланк серии {series} старше выдачи больше чем на 3 года: сверьте серию и дату."
    elif today is not None and printed > today.year + 1:
        message = f"Бланков {printed} года ещё нет: сверьте серию {series}."
    return [Problem("passport_series_year", _SERIES, message)] if message else []


def check_department_code(text: str) -> Checked:
    """Check the code of the issuing department and return it as `770-001`; the hyphen may be left out.

    Errors: `department_code_empty`, `department_code_format`. Warning `department_code_level`: the
    third digit is the level of the department, 0 to 3.
    """
    typed = tidy(text)
    if not typed:
        return refused("department_code_empty", _DEPARTMENT, "Код подразделения не указан: введите 6 цифр.")
    found = re.fullmatch("([0-9]{3})[- ]?([0-9]{3})", typed)
    if not found:
        message = "Неверный формат кода подразделения: нужно 3 цифры, дефис, 3 цифры."
        return refused("department_code_format", _DEPARTMENT, message)
    doubts: tuple[Problem, ...] = ()
    if found[1][2] > "3":
        message = "Код подразделения: третья цифра бывает от 0 до 3, сверьте с паспортом."
        doubts = (Problem("department_code_level", _DEPARTMENT, message),)
    return Checked(f"{found[1]}-{found[2]}", warnings=doubts)
