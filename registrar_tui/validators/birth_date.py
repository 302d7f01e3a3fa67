"""Date of birth, whole or with an unknown day or month, read into ISO 8601."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Literal

from registrar_tui.validators.reading import refused, tidy
from registrar_tui.validators.result import Checked, Problem

Precision = Literal["day", "month", "year"]

_FIELD = "birth_date"
_FIRST_YEAR = 1850
_DOUBTFUL_AGE = 120
_SEPARATOR = "[./, -]"
_TAIL = r"(?:\s?г\.?)?"
_MIDNIGHT = r"[T ]0?0:00(?::00)?"  # spreadsheets and 1C export a date with midnight behind it
_D, _M, _Y = "(?P<d>[0-9]{1,2})", "(?P<m>[0-9]{1,2})", "(?P<y>[0-9]{4})"
_USUAL = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})")  # before the rest: nearly all of an import
_SHAPES = tuple(
    re.compile(shape)
    for shape in (
        f"{_D}{_SEPARATOR}{_M}{_SEPARATOR}{_Y}(?:{_TAIL}|{_MIDNIGHT})",
        f"{_Y}-{_M}-{_D}(?:{_MIDNIGHT})?",
        "(?P<d>[0-9]{2})(?P<m>[0-9]{2})(?P<y>[0-9]{4})",
        f"--?[./ ]{_M}[./ ]{_Y}{_TAIL}",
        f"--?[./ ]--?[./ ]{_Y}{_TAIL}",
        "(?P<y>[0-9]{4})-(?P<m>[0-9]{2})",
        "(?P<y>[0-9]{4})",
    )
)


def check_birth_date(text: str, today: date) -> Checked:
    """Check a date of birth and return it in ISO 8601: `YYYY-MM-DD`, `YYYY-MM` or `YYYY`.

    Read are ДД.ММ.ГГГГ (also with `/`, `-`, a space or no separator), ISO, and the registry office's
    incomplete `--.ММ.ГГГГ` and `--.--.ГГГГ`. Years have four digits.
    Errors: `birth_date_empty`, `birth_date_format`, `birth_date_calendar`, `birth_date_year` (before
    1850), `birth_date_future`. Warnings: `birth_date_incomplete`, `birth_date_age` (over 120 years).
    Source of the incomplete forms: date types of the state register of civil status acts.
    """
    typed = tidy(text)
    whole = _USUAL.fullmatch(typed)
    if whole:
        return _check_parts(int(whole[3]), int(whole[2]), int(whole[1]), today)
    if not typed:
        return refused("birth_date_empty", _FIELD, "Дата рождения не указана: введите ДД.ММ.ГГГГ.")
    found = next(filter(None, (shape.fullmatch(typed) for shape in _SHAPES)), None)
    if found is None:
        message = "Неверный формат даты рождения: нужно ДД.ММ.ГГГГ, неизвестные день и месяц — «--»."
        return refused("birth_date_format", _FIELD, message)
    parts = found.groupdict()
    year, month, day = int(parts["y"]), parts.get("m"), parts.get("d")
    return _check_parts(year, int(month) if month else None, int(day) if day else None, today)


def _check_parts(year: int, month: int | None, day: int | None, today: date) -> Checked:
    if year < _FIRST_YEAR:
        return refused("birth_date_year", _FIELD, f"Дата рождения: год {year:04d} невозможен, сверьте год.")
    if month is not None and not 1 <= month <= 12:
        return refused("birth_date_calendar", _FIELD, f"Дата рождения: месяца {month:02d} не бывает.")
    if month is not None and day is not None and not 1 <= day <= monthrange(year, month)[1]:
        last = monthrange(year, month)[1]
        message = f"Дата рождения: дня {day:02d}.{month:02d}.{year} нет, в этом месяце дни с 1 по {last}."
        return refused("birth_date_calendar", _FIELD, message)
    iso = f"{year:04d}" if month is None else f"{year:04d}-{month:02d}"
    if day is not None:
        iso += f"-{day:02d}"
    if iso > today.isoformat()[: len(iso)]:
        message = f"Дата рождения позже сегодняшнего дня ({today:%d.%m.%Y}): сверьте год."
        return refused("birth_date_future", _FIELD, message)
    if day is not None and today.year - year <= _DOUBTFUL_AGE:
        return Checked(iso)
    return Checked(iso, warnings=tuple(_doubts(iso, today)))


def _doubts(iso: str, today: date) -> list[Problem]:
    doubts: list[Problem] = []
    if birth_date_precision(iso) != "day":
        message = "Дата рождения неполная: допустимо, только если так записано в документе."
        doubts.append(Problem("birth_date_incomplete", _FIELD, message))
    _, latest = possible_birth_dates(iso)
    years = today.year - latest.year - ((today.month, today.day) < (latest.month, latest.day))
    if years > _DOUBTFUL_AGE:
        message = f"По дате рождения пациенту {years} лет: сверьте год с документом."
        doubts.append(Problem("birth_date_age", _FIELD, message))
    return doubts


def birth_date_precision(iso: str) -> Precision:
    """Return how much of a checked date is known, judged by the length of its ISO form."""
    if len(iso) == len("1950"):
        return "year"
    return "month" if len(iso) == len("1950-05") else "day"


def possible_birth_dates(iso: str) -> tuple[date, date]:
    """Return the first and the last day a checked date may mean; the same day when it is complete.

    Raises ValueError when `iso` is not what `check_birth_date` returns.
    """
    precision = birth_date_precision(iso)
    if precision == "day":
        whole = date.fromisoformat(iso)
        return whole, whole
    if precision == "year":
        return date(int(iso), 1, 1), date(int(iso), 12, 31)
    first = date.fromisoformat(f"{iso}-01")
    return first, first + timedelta(days=monthrange(first.year, first.month)[1] - 1)
