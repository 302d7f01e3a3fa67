"""How old the patients of a clinic are: a child in five or six, a pensioner in four."""

from __future__ import annotations

from bisect import bisect
from datetime import date
from functools import cache
from itertools import accumulate
from typing import NamedTuple

from seed.calendar import years_before
from seed.names import Sex

_CHILDREN, _PENSIONERS = 0.183, 0.25
_WOMEN_OF_WORKERS = 0.53
_OLDEST = 101
PENSION_AGE: dict[Sex, int] = {"M": 63, "F": 58}
_DECLINE: dict[Sex, float] = {"M": 2.4, "F": 1.4}
"""Men grow fewer sooner."""


class _AgeTable(NamedTuple):
    bounds: list[float]
    groups: list[tuple[Sex, int]]


@cache
def _table() -> _AgeTable:
    sexes: tuple[Sex, Sex] = ("M", "F")
    groups = [(sex, age) for sex in sexes for age in range(_OLDEST)]
    raw = {group: _weight(*group) for group in groups}
    totals: dict[str, float] = {}
    for group, weight in raw.items():
        totals[_stage(*group)] = totals.get(_stage(*group), 0.0) + weight
    shares = {"child": _CHILDREN, "old": _PENSIONERS, "worker": 1 - _CHILDREN - _PENSIONERS}
    scaled = [raw[group] / totals[_stage(*group)] * shares[_stage(*group)] for group in groups]
    bounds = list(accumulate(scaled))
    bounds[-1] = 1.0
    return _AgeTable(bounds, groups)


def _stage(sex: Sex, age: int) -> str:
    if age < 18:
        return "child"
    return "old" if age >= PENSION_AGE[sex] else "worker"


def _weight(sex: Sex, age: int) -> float:
    stage = _stage(sex, age)
    if stage == "child":
        return 1.05 if sex == "M" else 1.0
    if stage == "worker":
        # The generation born around 1985 is the largest, that of the nineties the smallest.
        share = _WOMEN_OF_WORKERS if sex == "F" else 1 - _WOMEN_OF_WORKERS
        return share * (1.3 if 33 <= age <= 45 else 0.75 if age < 30 else 1.0)
    return float((1 - (age - PENSION_AGE[sex]) / (_OLDEST + 1 - PENSION_AGE[sex])) ** _DECLINE[sex])


class Calendar:
    """Turns chances into birth days as of one day."""

    def __init__(self, today: date) -> None:
        self._bounds, self._groups = _table()
        self._birthdays = [years_before(today, age) for age in range(_OLDEST + 1)]
        self.today = today.toordinal()
        self.adult = self._birthdays[18]
        """Who was born on this ordinal or earlier is of age."""

    def pick(self, group_chance: float, day_chance: float) -> tuple[Sex, int]:
        """Return a sex and the ordinal of a birth day, by two chances in 0..1 (1 excluded)."""
        sex, age = self._groups[bisect(self._bounds, group_chance)]
        latest = self._birthdays[age]
        return sex, latest - int(day_chance * (latest - self._birthdays[age + 1]))
