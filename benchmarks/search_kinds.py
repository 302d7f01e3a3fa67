"""The kinds of queries a search is timed with: the text, what the bare driver is told of it, the target."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Final, NamedTuple

from benchmarks.misspelling import left_out, typed_wrong
from benchmarks.search_base import Someone
from registrar_tui.services.search_keys import fold, one_typo_apart

_LATEST_YEAR = 2026


class Sample(NamedTuple):
    """One query; the rest is what the floor needs not parse: names, years or days of birth, a number."""

    text: str
    last: str = ""
    first: str = ""
    middle: str = ""
    births: tuple[tuple[date, date], ...] = ()
    number: str = ""


class Kind(NamedTuple):
    """A kind of query, the floor's way to its answer, and the wanted p99 in milliseconds."""

    name: str
    floor: str
    target: float
    make: Callable[[Someone, Random], Sample | None]


def _year(one: Someone) -> tuple[tuple[date, date], ...]:
    return ((date(one.born.year, 1, 1), date(one.born.year, 12, 31)),)


def _snils(one: Someone, _chooser: Random) -> Sample | None:
    return Sample(one.snils, number=one.snils) if one.snils else None


def _enp(one: Someone, _chooser: Random) -> Sample | None:
    return Sample(one.enp, number=one.enp) if one.enp else None


def _phone(digits: int) -> Callable[[Someone, Random], Sample | None]:
    def make(one: Someone, _chooser: Random) -> Sample | None:
        # Four digits that may be a year are a kind of their own.
        if not one.phone or 1900 <= int(one.phone[-digits:]) <= _LATEST_YEAR:
            return None
        return Sample(one.phone[-digits:], number=one.phone[-digits:])

    return make


def _year_alone(one: Someone, _chooser: Random) -> Sample | None:
    return Sample(str(one.born.year), births=_year(one), number=str(one.born.year))


def _surname_and_phone(one: Someone, _chooser: Random) -> Sample | None:
    if not one.phone or 1900 <= int(one.phone[-4:]) <= _LATEST_YEAR:
        return None
    return Sample(f"{one.last_key} {one.phone[-4:]}", one.last_key, number=one.phone[-4:])


def _start(letters: int) -> Callable[[Someone, Random], Sample | None]:
    def make(one: Someone, _chooser: Random) -> Sample | None:
        return Sample(one.last_key[:letters], last=one.last_key[:letters])

    return make


def _initials(letters: int) -> Callable[[Someone, Random], Sample | None]:
    def make(one: Someone, _chooser: Random) -> Sample | None:
        if not one.middle_key:
            return None
        last, first, middle = one.last_key[:letters], one.first_key[0], one.middle_key[0]
        return Sample(f"{last} {first} {middle}", last, first, middle)

    return make


def _begun_and_year(one: Someone, _chooser: Random) -> Sample | None:
    last, first = one.last_key[:3], one.first_key[:2]
    return Sample(f"{last} {first} {one.born.year}", last, first, births=_year(one))


def _surname_and_year(one: Someone, _chooser: Random) -> Sample | None:
    return Sample(f"{one.last} {one.born.year}", one.last_key, births=_year(one))


def _surname_and_day(one: Someone, _chooser: Random) -> Sample | None:
    return Sample(f"{one.last} {one.born:%d.%m.%Y}", one.last_key, births=((one.born, one.born),))


def _day(one: Someone, _chooser: Random) -> Sample | None:
    return Sample(f"{one.born:%d.%m.%Y}", births=((one.born, one.born),))


def _inside(one: Someone, chooser: Random) -> Sample | None:
    if len(one.last_key) < 7:
        return None
    place = chooser.randrange(1, len(one.last_key) - 5)
    part = one.last_key[place : place + 5]
    return Sample(part, part)


def _misspelt(name: str, chooser: Random) -> str:
    spoil = chooser.choice((typed_wrong, left_out))
    return fold(spoil(name, chooser))


def _one_typo(one: Someone, chooser: Random) -> Sample | None:
    if len(one.last_key) < 6 or not one.middle_key:
        return None
    last = _misspelt(one.last, chooser)
    first, middle = one.first_key[0], one.middle_key[0]
    return Sample(f"{last} {first} {middle}", last, first, middle)


def _one_typo_and_year(one: Someone, chooser: Random) -> Sample | None:
    if len(one.last_key) < 6:
        return None
    last = _misspelt(one.last, chooser)
    return Sample(f"{last} {one.born.year}", last, births=_year(one))


def _typo_in_first_name(one: Someone, chooser: Random) -> Sample | None:
    if len(one.first_key) < 5:
        return None
    place = chooser.randrange(1, len(one.first_key) - 1)
    first = (
        one.first_key[:place] + one.first_key[place + 1] + one.first_key[place] + one.first_key[place + 2 :]
    )
    if first == one.first_key:
        return None
    return Sample(f"{one.last_key} {first}", one.last_key, first)


def _two_typos(one: Someone, chooser: Random) -> Sample | None:
    if len(one.last_key) < 8 or not one.middle_key:
        return None
    last = fold(typed_wrong(typed_wrong(one.last, chooser), chooser))
    if one_typo_apart(last, one.last_key):
        return None
    first, middle = one.first_key[0], one.middle_key[0]
    return Sample(f"{last} {first} {middle}", last, first, middle)


def _nobody(one: Someone, chooser: Random) -> Sample | None:
    last = "".join(chooser.choices("щъыфьэхцю", k=8))
    return Sample(f"{last} {one.first_key}", last, one.first_key)


EXACT, NEAR, FAR = 3.0, 5.0, 25.0
KINDS: Final = (
    Kind("СНИЛС", "snils", EXACT, _snils),
    Kind("ЕНП", "enp", EXACT, _enp),
    Kind("7 digits (phone)", "ends", EXACT, _phone(7)),
    Kind("4 digits (phone)", "ends", EXACT, _phone(4)),
    Kind("year alone", "ends", EXACT, _year_alone),
    Kind("surname + phone, last 4", "phone", EXACT, _surname_and_phone),
    Kind("birth date", "day", EXACT, _day),
    Kind("3 letters", "start", EXACT, _start(3)),
    Kind("surname", "start", EXACT, _start(40)),
    Kind("2 letters + initials", "initials", EXACT, _initials(2)),
    Kind("4 letters + initials", "initials", EXACT, _initials(4)),
    Kind("surname + initials", "initials", EXACT, _initials(40)),
    Kind("3 letters + 2 + year", "year", EXACT, _begun_and_year),
    Kind("surname + year", "year", EXACT, _surname_and_year),
    Kind("surname + birth date", "day", EXACT, _surname_and_day),
    Kind("infix, 5 letters", "inside", NEAR, _inside),
    Kind("one typo + initials", "typo", NEAR, _one_typo),
    Kind("one typo + year", "typo", NEAR, _one_typo_and_year),
    Kind("first name's typo", "first", NEAR, _typo_in_first_name),
    Kind("two typos + initials", "typos", FAR, _two_typos),
    Kind("nobody", "typos", FAR, _nobody),
)
