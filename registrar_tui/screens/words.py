"""Dates, numbers and names as the registrar reads them."""

from __future__ import annotations

from datetime import date, datetime

WEEKDAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
SHORT_WEEKDAYS = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")


def short_day(day: date) -> str:
    """Return `вт 24.11`."""
    return f"{SHORT_WEEKDAYS[day.weekday()]} {day:%d.%m}"


def full_day(day: date) -> str:
    """Return `вт 24.11.2026`."""
    return f"{SHORT_WEEKDAYS[day.weekday()]} {day:%d.%m.%Y}"


def day_and_time(moment: datetime) -> str:
    """Return `чт 26.11 10:15`."""
    return f"{short_day(moment.date())} {moment:%H:%M}"


def grouped(number: int) -> str:
    """Return a number with thousands apart: `1 000 214`."""
    return f"{number:,}".replace(",", "\N{NO-BREAK SPACE}")


def plural(number: int, one: str, few: str, many: str) -> str:
    """Return the number with the form of the noun it takes: `1 запись`, `2 записи`, `5 записей`."""
    tens, units = number % 100 // 10, number % 10
    if tens == 1 or units == 0 or units >= 5:
        form = many
    elif units == 1:
        form = one
    else:
        form = few
    return f"{grouped(number)} {form}"


def short_name(full_name: str) -> str:
    """Return `Иванов И. П.` of `Иванов Иван Петрович`; one word stays as it is."""
    family, *given = full_name.split()[:3] or [""]
    return " ".join([family, *(f"{name[0]}." for name in given)])


def sentence_case(text: str) -> str:
    """Raise the first letter and leave the rest."""
    return text[:1].upper() + text[1:]
