"""The only source of "now": UTC for journals, wall-clock of a branch for visits."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from registrar_tui.errors import NotAllowed, UsageError

ENVIRONMENT_VARIABLE = "REGISTRAR_NOW"


class Clock(Protocol):
    """Tells the present instant; everything else is derived from it."""

    def utc(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def utc(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)


class ShiftedClock:
    """A clock set to a given instant that runs on from there (demo clinics and tests)."""

    def __init__(self, start: datetime) -> None:
        self._start = start.astimezone(UTC)
        self._started = time.monotonic()

    def utc(self) -> datetime:
        """Return the set instant plus the time that has passed since."""
        return self._start + timedelta(seconds=time.monotonic() - self._started)


class FixedClock:
    """A clock that stands still until it is moved by hand (tests)."""

    def __init__(self, instant: datetime) -> None:
        self._instant = instant.astimezone(UTC)

    def utc(self) -> datetime:
        """Return the set instant."""
        return self._instant

    def advance(self, step: timedelta) -> None:
        """Move the clock on."""
        self._instant += step


def wall_now(clock: Clock, zone: str) -> datetime:
    """Return the naive wall-clock time of an IANA zone."""
    return clock.utc().astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def today(clock: Clock, zone: str) -> date:
    """Return the calendar day in an IANA zone."""
    return wall_now(clock, zone).date()


def to_utc(wall: datetime, zone: str) -> datetime:
    """Return the instant of a naive wall-clock time in an IANA zone, aware, in UTC."""
    if wall.tzinfo is not None:
        raise ValueError("a wall-clock time carries no zone")
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def parse_set_time(text: str) -> datetime:
    """Read a wall-clock time `YYYY-MM-DDTHH:MM[:SS]`; a usage error says the form."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None:
        raise UsageError(
            f"{ENVIRONMENT_VARIABLE}: укажите время в виде 2026-11-23T08:00.", field=ENVIRONMENT_VARIABLE
        )
    return wall


def clock_for(*, demo: bool, zone: str) -> Clock:
    """Return the clock of this run: `REGISTRAR_NOW` sets it on a demo base and is refused elsewhere."""
    text = os.environ.get(ENVIRONMENT_VARIABLE)
    if not text:
        return SystemClock()
    if not demo:
        raise NotAllowed(
            f"{ENVIRONMENT_VARIABLE} действует только на демонстрационной базе: уберите переменную.",
            code="not_allowed",
        )
    return ShiftedClock(to_utc(parse_set_time(text), zone))
