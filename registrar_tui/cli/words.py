"""Short Russian phrases of the plain (not JSON) answers."""

from __future__ import annotations

from datetime import date, datetime

from registrar_tui.services.dto import VisitView
from registrar_tui.services.wording import MONTHS, WEEKDAYS


def short_day(day: date) -> str:
    """Return a day as «24.11.2026»."""
    return f"{day:%d.%m.%Y}"


def short_moment(moment: datetime | None) -> str:
    """Return a wall-clock time as «24.11.2026 08:45», nothing as a dash."""
    return "—" if moment is None else f"{moment:%d.%m.%Y %H:%M}"


def appointment(visit: VisitView) -> str:
    """Return a visit as «Талон 0412: вторник, 24 ноября, 08:45, каб. 214»."""
    start = visit.starts_at
    room = f", каб. {visit.room}" if visit.room else ""
    weekday, month = WEEKDAYS[start.weekday()], MONTHS[start.month - 1]
    return f"Талон {visit.number}: {weekday}, {start.day} {month}, {start:%H:%M}{room}"
