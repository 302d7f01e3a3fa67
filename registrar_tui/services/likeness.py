"""Whether two cards are of one person: a score with the reasons for and against. Pure and symmetric.

The weights are points, not probabilities: what hardly ever agrees by chance (a document's number) has many,
what a family shares (a phone, a surname) has few. Full name and birth date alone make a likely duplicate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from registrar_tui.services.search_keys import one_typo_apart
from registrar_tui.services.search_sound import sound


class Grade(StrEnum):
    """How far a likeness goes."""

    CERTAIN = "certain"
    LIKELY = "likely"
    WEAK = "weak"
    NONE = "none"


GRADE_LABELS: Final[dict[str, str]] = {
    Grade.CERTAIN: "почти наверняка",
    Grade.LIKELY: "вероятно",
    Grade.WEAK: "возможно",
    Grade.NONE: "непохоже",
}
_FROM: Final = ((90, Grade.CERTAIN), (60, Grade.LIKELY), (40, Grade.WEAK))
WEAK: Final = 40
LIKELY: Final = 60
# Everybody born on a day is compared with the same names: hearing them anew was 40 % of the work.
_heard: Final = lru_cache(maxsize=1 << 13)(sound)
_SHORTEST_WITH_TYPO: Final = 4
_LONG_NAME: Final = 7
"""Letters from which one wrong letter is a slip and not another name: «Анна» and «Инна» may be twins."""


@dataclass(frozen=True, slots=True)
class Person:
    """What two cards are compared by; names are folded, numbers are digits, empty means not known."""

    last: str
    first: str
    middle: str = ""
    birth: date | None = None
    birth_precision: str = "day"
    sex: str = ""
    snils: str | None = None
    enp: str | None = None
    phone: str | None = None
    email: str | None = None
    documents: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Likeness:
    """The sum of the points, and in Russian what speaks for and what against."""

    score: int
    reasons: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def grade(self) -> Grade:
        """Return the grade of the score."""
        return next((grade for least, grade in _FROM if self.score >= least), Grade.NONE)


class _Point(NamedTuple):
    """One comparison; a number that nobody else may have makes a likeness at least weak."""

    points: int
    words: str = ""
    speaks_for: bool = True
    number: bool = False


def likeness(one: Person, other: Person) -> Likeness:
    """Compare two cards; the order of the two changes nothing."""
    points = [*_numbers(one, other), *_names(one, other), _birth(one, other), *_rest(one, other)]
    score = sum(point.points for point in points)
    if any(point.number for point in points) or _namesakes(one, other):
        score = max(score, WEAK)
    told = [point for point in points if point.words]
    return Likeness(
        score,
        tuple(point.words for point in told if point.speaks_for),
        tuple(point.words for point in told if not point.speaks_for),
    )


def _namesakes(one: Person, other: Person) -> bool:
    """Tell whether the whole name and the day of birth agree: worth a look whatever the numbers say."""
    named = (one.last, one.first, one.middle) == (other.last, other.first, other.middle)
    born = one.birth is not None and (one.birth, one.birth_precision) == (other.birth, other.birth_precision)
    return named and born and one.birth_precision == "day"


def _numbers(one: Person, other: Person) -> Iterator[_Point]:
    for mine, theirs, points, against, title in (
        (one.snils, other.snils, 60, -35, "СНИЛС"),
        (one.enp, other.enp, 60, -20, "ЕНП"),
    ):
        if mine and mine == theirs:
            yield _Point(points, f"тот же {title}", number=True)
        elif mine and theirs:
            yield _Point(against, f"другой {title}", speaks_for=False)
    if one.documents & other.documents:
        yield _Point(50, "тот же документ", number=True)
    told_already = {one.enp} if one.enp == other.enp else set()
    if (one.policies & other.policies) - told_already:
        yield _Point(50, "тот же полис", number=True)


def _names(one: Person, other: Person) -> Iterator[_Point]:
    mine, theirs = (one.last, one.first, one.middle), (other.last, other.first, other.middle)
    if mine == theirs:
        yield _Point(50 if one.middle else 43, "те же ФИО" if one.middle else "те же фамилия и имя")
        return
    middle = _middle(one.middle, other.middle)
    if _swapped(one, other):
        yield _Point(30, "фамилия и имя переставлены")
        yield middle
        return
    last, first = _last(one, other), _first(one.first, other.first)
    parts = (last, first, middle)
    if sum(left != right for left, right in zip(mine, theirs, strict=True)) == 1 and any(
        point.words.endswith("одной буквой") for point in parts
    ):
        yield _Point(sum(point.points for point in parts), "ФИО отличается одной буквой")
        return
    yield from parts


def _swapped(one: Person, other: Person) -> bool:
    return one.last != one.first and (one.last, one.first) == (other.first, other.last)


def _typo(one: str, other: str) -> bool:
    short, long = sorted((one, other))
    return min(len(one), len(other)) >= _SHORTEST_WITH_TYPO and one_typo_apart(short, long)


def _last(one: Person, other: Person) -> _Point:
    mine, theirs = one.last, other.last
    if mine == theirs:
        return _Point(20, "та же фамилия")
    if _typo(mine, theirs):
        return _Point(14, "фамилия отличается одной буквой")
    short, long = sorted((mine, theirs), key=len)
    if len(short) >= _SHORTEST_WITH_TYPO and (long.startswith(short) or long.endswith(short)):
        return _Point(12, "одна фамилия — часть другой")
    if _heard(mine) == _heard(theirs):
        return _Point(12, "фамилии звучат одинаково")
    if "M" in (one.sex, other.sex):
        return _Point(-10, "другая фамилия", speaks_for=False)
    return _Point(0, "другая фамилия: возможно, сменила", speaks_for=False)


def _first(mine: str, theirs: str) -> _Point:
    if mine == theirs:
        return _Point(15, "то же имя")
    if _is_initial(mine, theirs):
        return _Point(5, "имя начинается так же")
    if _heard(mine) == _heard(theirs):
        return _Point(12, "имена звучат одинаково")
    if _typo(mine, theirs):
        long = min(len(mine), len(theirs)) >= _LONG_NAME
        return _Point(10 if long else -6, "имя отличается одной буквой")
    return _Point(-30, "другое имя", speaks_for=False)


def _middle(mine: str, theirs: str) -> _Point:
    if mine == theirs:
        return _Point(15, "то же отчество") if mine else _Point(8)
    if not (mine and theirs):
        return _Point(3)
    if _is_initial(mine, theirs):
        return _Point(5, "отчество начинается так же")
    if _heard(mine) == _heard(theirs) or _typo(mine, theirs):
        return _Point(10, "отчество отличается одной буквой")
    return _Point(-20, "другое отчество", speaks_for=False)


def _is_initial(mine: str, theirs: str) -> bool:
    return min(len(mine), len(theirs)) == 1 and mine[:1] == theirs[:1]


def _birth(one: Person, other: Person) -> _Point:
    mine, theirs = one.birth, other.birth
    if mine is None or theirs is None:
        return _Point(0)
    if one.birth_precision != "day" or other.birth_precision != "day":
        if mine.year == theirs.year:
            return _Point(10, "тот же год рождения")
        return _Point(-35, "другой год рождения", speaks_for=False)
    if mine == theirs:
        return _Point(25, "та же дата рождения")
    if (mine.year, mine.month, mine.day) == (theirs.year, theirs.day, theirs.month):
        return _Point(12, "день и месяц рождения переставлены")
    left, right = _digits(mine), _digits(theirs)
    wrong = [place for place in range(len(left)) if left[place] != right[place]]
    if len(wrong) == 1:
        return _Point(8, "дата рождения отличается одной цифрой")
    first, last = wrong[0], wrong[-1]
    if last == first + 1 and left[first : last + 1] == right[first : last + 1][::-1]:
        return _Point(8, "две цифры даты рождения переставлены")
    return _Point(-35, "другая дата рождения", speaks_for=False)


def near_dates(day: date) -> frozenset[date]:
    """Return the days that differ by one digit, by two neighbouring digits swapped, or by day and month."""
    digits = _digits(day)
    spelt = {digits[2:4] + digits[:2] + digits[4:]}
    for place in range(len(digits)):
        spelt |= {digits[:place] + digit + digits[place + 1 :] for digit in "0123456789"}
        spelt.add(digits[:place] + digits[place : place + 2][::-1] + digits[place + 2 :])
    return frozenset(filter(None, map(_day, spelt))) - {day}


def near_years(year: int) -> frozenset[int]:
    """Return the years that are told for one another: a neighbour, ten apart, the last two digits swapped."""
    century, rest = divmod(year, 100)
    swapped = 100 * century + 10 * (rest % 10) + rest // 10
    return frozenset({year - 1, year + 1, year - 10, year + 10, swapped}) - {year}


def _digits(day: date) -> str:
    return f"{day.day:02}{day.month:02}{day.year:04}"


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[4:]), int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return None


def _rest(one: Person, other: Person) -> Iterator[_Point]:
    # A family shares a phone: it tells of a person only where the first name agrees.
    own = one.first == other.first or _swapped(one, other)
    if one.phone and one.phone == other.phone:
        yield _Point(15 if own else 5, "тот же телефон")
    if one.email and other.email and one.email.casefold() == other.email.casefold():
        yield _Point(12 if own else 5, "та же почта")
    if one.sex and other.sex and one.sex != other.sex:
        yield _Point(-40, "другой пол", speaks_for=False)


def shared_buckets(last: str, first: str, middle: str) -> tuple[tuple[str, ...], ...]:
    """Return the exact keys by which people born on one day are brought together, for the whole base."""
    return ("last", last), ("given", first, middle[:1]), ("swapped", *sorted((last, first)))
