"""How dates, times and people are said in Russian."""

from __future__ import annotations

from datetime import date, datetime

WEEKDAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
WEEKDAYS_SHORT = ("пн", "вт", "ср", "чт", "пт", "сб", "вс")
MONTHS = (
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
)


def day_words(day: date) -> str:
    """Return «24 ноября 2026 г.»."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year} г."


def day_short(day: date) -> str:
    """Return «вт 24.11.2026»."""
    return f"{WEEKDAYS_SHORT[day.weekday()]} {day:%d.%m.%Y}"


def day_and_time(moment: datetime) -> str:
    """Return «24.11 08:45»."""
    return f"{moment:%d.%m %H:%M}"


def moment_spoken(moment: datetime) -> str:
    """Return «Вторник, 24 ноября, 8 часов 45 минут», to be read out on the phone."""
    hours = plural(moment.hour, "час", "часа", "часов")
    minutes = f" {plural(moment.minute, 'минута', 'минуты', 'минут')}" if moment.minute else " ровно"
    weekday = WEEKDAYS[moment.weekday()].capitalize()
    return f"{weekday}, {moment.day} {MONTHS[moment.month - 1]}, {hours}{minutes}"


def plural(number: int, one: str, few: str, many: str) -> str:
    """Return the number with the form of the noun it governs."""
    tens, units = number % 100 // 10, number % 10
    if tens != 1 and units == 1:
        return f"{number} {one}"
    if tens != 1 and 2 <= units <= 4:
        return f"{number} {few}"
    return f"{number} {many}"


def full_name(last: str, first: str, middle: str) -> str:
    """Return «Иванов Иван Петрович»; absent parts leave no gap."""
    return " ".join(part for part in (last, first, middle) if part)


def short_name(last: str, first: str, middle: str) -> str:
    """Return «Иванов И. П.»."""
    return " ".join([last, *(f"{part[0]}." for part in (first, middle) if part)])


def age_on(birth_date: date, day: date) -> int:
    """Return full years on a day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
