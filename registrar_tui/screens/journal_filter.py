"""What is typed over the journal: an operator, a day or two, the number of a patient."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple

from registrar_tui.services.protocol_office import JournalQuery

_DATE = re.compile(r"(\d{1,2})\.(\d{1,2})(?:\.(\d{4}|\d{2}))?")
_NUMBER = re.compile(r"[№#]?(\d{1,18})")
_RELATIVE = {"сегодня": 0, "вчера": 1}


class Understood(NamedTuple):
    """A filter, and the words that are none."""

    query: JournalQuery
    strange: tuple[str, ...]


def understand(text: str, today: date) -> Understood:
    """Read a filter: one date is that day, two are first and last; without a year it is the latest one."""
    days: list[date] = []
    operator: str | None = None
    patient_id: int | None = None
    strange: list[str] = []
    for word in text.casefold().replace(",", " ").split():
        found = _days_of(word, today)
        number = _NUMBER.fullmatch(word)
        if found and len(days) + len(found) <= 2:
            days += found
        elif number is not None and patient_id is None:
            patient_id = int(number[1])
        elif not found and number is None and operator is None and not _DATE.match(word):
            operator = word
        else:
            strange.append(word)
    days.sort()
    query = JournalQuery(days[0] if days else None, days[-1] if days else None, operator, patient_id)
    return Understood(query, tuple(strange))


def in_words(query: JournalQuery) -> str:
    """Return what is shown: «оператор ivanova, пациент № 12, 01.11.2026 – 05.11.2026»."""
    parts = []
    if query.operator is not None:
        parts.append(f"оператор {query.operator}")
    if query.patient_id is not None:
        parts.append(f"пациент № {query.patient_id}")
    if query.first is not None and query.last is not None:
        days = sorted({query.first, query.last})
        parts.append(" – ".join(f"{day:%d.%m.%Y}" for day in days))
    return ", ".join(parts) or "все записи"


def _days_of(word: str, today: date) -> list[date]:
    if word in _RELATIVE:
        return [today - timedelta(days=_RELATIVE[word])]
    days = [_day(part, today) for part in re.split("[-–]", word)]
    return [day for day in days if day is not None] if None not in days else []


def _day(text: str, today: date) -> date | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    day, month, year = int(match[1]), int(match[2]), match[3]
    try:
        if year is not None:
            return date(int(year) if len(year) == 4 else 2000 + int(year), month, day)
        latest = date(today.year, month, day)
        return latest if latest <= today else date(today.year - 1, month, day)
    except ValueError:
        return None
