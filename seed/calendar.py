"""Days as ordinals: a million persons are made of integers, dates are built only where they are kept."""

from __future__ import annotations

from datetime import date


def years_before(today: date, years: int) -> int:
    """Return the ordinal of the same day years ago; 29 February becomes the 28th."""
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return date(today.year - years, today.month, day).toordinal()


def birthday(born: date, age: int) -> int:
    """Return the ordinal of a birthday; that of 29 February falls on 1 March in a common year."""
    try:
        return date(born.year + age, born.month, born.day).toordinal()
    except ValueError:
        return date(born.year + age, 3, 1).toordinal()
