"""The indexed ways to people: each reads a bounded number of rows of one index, on both databases alike.

Every answer is a list of at most so many rows (`Person`), merged cards among them; the order is that of the
index entered, so that a short list never waits for a sort.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from registrar_tui.services import search_number_ways as number_ways
from registrar_tui.services import search_ways as ways
from registrar_tui.services.prepared import Reader
from registrar_tui.services.search_keys import number_key
from registrar_tui.services.search_numbers import SHORTEST_TAIL, NumberKind
from registrar_tui.services.search_query import Birth, Names
from registrar_tui.services.search_statements import Question, in_lists, listed, width
from registrar_tui.services.search_ways import POOL
from registrar_tui.services.surname_index import END

BORN_THAT_DAY: Final = 1000
SURNAMES_ENTERED: Final = ways.SURNAMES_ENTERED
_SHORTEST_WITH_SERIES: Final = 8
_LARGEST_ID: Final = 2**31 - 1


class Person(NamedTuple):
    """One card as the search reads it; `birth_date` is text on SQLite."""

    id: int
    last_name: str
    first_name: str
    middle_name: str
    birth_date: Any
    snils: str | None
    enp: str | None
    phone: str | None
    last_key: str
    first_key: str
    middle_key: str
    merged_into_id: int | None


def as_persons(rows: list[tuple[Any, ...]]) -> list[Person]:
    """Return rows of the columns of `Person` as such."""
    return list(map(Person._make, rows))


def _read(question: Question, reader: Reader, values: dict[str, Any]) -> list[Person]:
    return as_persons(question.run(reader, values))


def highest_id(reader: Reader) -> int:
    """Return the greatest card number: the number of people as far as it can be had without counting them.

    Counting a million rows takes PostgreSQL tens of milliseconds at every key press. Retired and merged cards
    are counted in; nothing but a page footer depends on it.
    """
    return int(ways.TOTAL.run(reader, {})[0][0] or 0)


def by_number(reader: Reader, kind: NumberKind, value: str) -> list[Person]:
    """Return the owners of a whole number of any kind but a phone's tail."""
    if kind is NumberKind.PHONE:
        return by_tails(reader, [NumberKind.TAIL], value, POOL)[NumberKind.TAIL]
    if kind is NumberKind.DOCUMENT:
        return _read(number_ways.DOCUMENT, reader, {"value": value})
    if kind in (NumberKind.TICKET, NumberKind.VISIT):
        # A ticket code is key id, ten digits of the visit's number, tag, check digit.
        number = int(value[1:11] if kind is NumberKind.TICKET else value)
        return _read(number_ways.VISITOR, reader, {"value": number}) if number <= _LARGEST_ID else []
    found = _read(number_ways.OWNER[kind], reader, {"value": value}) if kind in number_ways.OWNER else []
    if not found and kind in number_ways.RETIRED_OWNER:
        found = _read(number_ways.RETIRED_OWNER[kind], reader, {"value": value})
    if found or kind is NumberKind.SNILS:
        return found
    found = _read(number_ways.POLICY, reader, {"value": value})
    return found or _by_policy_with_series(reader, value)


def _by_policy_with_series(reader: Reader, key: str) -> list[Person]:
    """Return the owners of a policy whose series and number read as one are this key."""
    if key.isdigit() and len(key) < _SHORTEST_WITH_SERIES:
        return []  # a whole number or its end, both looked up elsewhere
    rows = number_ways.ENDING_POLICIES.run(reader, {"end": key[-SHORTEST_TAIL:]})
    return by_ids(reader, [owner for owner, series, number in rows if number_key(series, number) == key])


def by_tails(
    reader: Reader, kinds: Sequence[NumberKind], tail: str, most: int, words: Sequence[str] = ()
) -> dict[NumberKind, list[Person]]:
    """Return people whose number of each kind ends with these digits, four or more, in no order.

    At most so many of each kind; each of the words begins one of a person's names.
    """
    values = _tail_values(tail, most)
    for place, word in enumerate(words):
        values |= {f"word{place}_from": word, f"word{place}_to": word + END}
    found: dict[NumberKind, list[Person]] = {kind: [] for kind in kinds}
    for place, *person in number_ways.tails_of(tuple(kinds), len(words)).run(reader, values):
        found[kinds[place]].append(Person._make(person))
    return found


def owners_by_tails(
    reader: Reader, kinds: Sequence[NumberKind], tail: str, most: int
) -> dict[NumberKind, list[int]]:
    """Return the card numbers of those whose number of each kind ends so, as `by_tails` finds them."""
    found: dict[NumberKind, list[int]] = {kind: [] for kind in kinds}
    for place, owner in number_ways.owners_by_tail(tuple(kinds)).run(reader, _tail_values(tail, most)):
        found[kinds[place]].append(owner)
    return found


def _tail_values(tail: str, most: int) -> dict[str, Any]:
    start = tail[::-1]
    values = {"most": most, "tail": tail, "end": tail[-SHORTEST_TAIL:], "before": len(tail) - 1}
    return {**values, "phone_from": start, "phone_to": start + END}


def by_ids(reader: Reader, ids: Sequence[int]) -> list[Person]:
    """Return people by card number."""
    return [
        person
        for some in in_lists(ids)
        for person in _read(ways.ids(width(len(some))), reader, listed("ids", some))
    ]


def by_last(reader: Reader, last: str, most: int) -> list[Person]:
    """Return people in alphabetical order by the beginning of the surname."""
    return _read(ways.BY_LAST, reader, ways.values(Names(last), most=most))


def by_branch(reader: Reader, branch_id: int, names: Names, birth: Birth | None, most: int) -> list[Person]:
    """Return people attached to a branch by the beginnings of their names, in the order of these."""
    question = ways.attached(ways.shape(names), birth is not None)
    return _read(question, reader, ways.values(names, birth, most=most, branch=branch_id))


def by_start(reader: Reader, names: Names, birth: Birth | None, most: int) -> list[Person]:
    """Return people by the beginning of a surname, and by the birth or else by one of the other names.

    The first 300 surnames of the dictionary with that beginning are looked through, in alphabetical order.
    """
    question = ways.start(ways.shape(names), birth is not None)
    return _read(question, reader, ways.values(names, birth, most=most))


def by_surnames(
    reader: Reader, surnames: Sequence[str], names: Names, birth: Birth | None, most: int
) -> list[Person]:
    """Return people with one of these whole surnames and such first and middle names and birth."""
    if not surnames:
        return []
    given = Names("", names.first, names.middle)
    question = ways.surnames(width(len(surnames)), ways.shape(given), birth is not None)
    values = ways.values(given, birth, most=most, **listed("names", surnames))
    return _read(question, reader, values)


def by_each_surname(reader: Reader, surnames: Sequence[str], most: int) -> list[Person]:
    """Return so many people of each of a few whole surnames."""
    values = {f"name{place}": name for place, name in enumerate(surnames)}
    return _read(ways.each_surname(len(surnames)), reader, {"most": most, **values}) if surnames else []


def by_full_names(
    reader: Reader, surname: str, firsts: Sequence[str], middle: str, birth: Birth | None, most: int
) -> list[Person]:
    """Return people with this whole surname and one of these whole first names."""
    if not firsts:
        return []
    question = ways.full_names(width(len(firsts)), bool(middle), birth is not None)
    values = ways.values(Names("", "", middle), birth, most=most, last=surname, **listed("firsts", firsts))
    return _read(question, reader, values)


def by_initials(reader: Reader, names: Names, birth: Birth | None, most: int) -> list[Person]:
    """Return people by surname and at least one given name, each by its beginning of one letter or more.

    Alphabetical: whom the index of initials holds equal a database may give in any order.
    """
    values = ways.values(names, birth, most=most)
    found = _read(ways.initials(ways.shape(names), birth is not None), reader, values)
    return sorted(found, key=lambda one: (one.last_key, one.first_key, one.id))


def by_given_names(reader: Reader, names: Names, birth: Birth | None, most: int) -> list[Person]:
    """Return people by first and middle name, among the first 600 with such initials."""
    return _read(ways.given(birth is not None), reader, ways.values(names, birth, most=most))


def by_birth(reader: Reader, birth: Birth, most: int) -> list[Person]:
    """Return people born on a day, in a month or a year, in the order of their birthdays and surnames."""
    return _read(ways.born(birth.exact), reader, ways.values(Names(), birth, most=most))


def by_days(reader: Reader, names: Names, days: Sequence[date], most: int) -> list[Person]:
    """Return people born on one of some days, by the beginnings of surname and perhaps other names.

    Alphabetical by surname; of more than `most` the earliest birthdays are taken.
    """
    if not days:
        return []
    question = ways.born_on(ways.shape(names), width(len(days)))
    return _by_surname(_read(question, reader, ways.values(names, most=most, **listed("days", days))))


def by_name_and_birth(reader: Reader, names: Names, birth: Birth, most: int) -> list[Person]:
    """Return people as `by_days` does, born on any day that fits."""
    if birth.exact:
        return by_days(reader, names, [birth.first], most)
    question = ways.born_between(ways.shape(names))
    return _by_surname(_read(question, reader, ways.values(names, birth, most=most)))


def _by_surname(found: list[Person]) -> list[Person]:
    return sorted(found, key=lambda one: one.last_key)


def as_day(stored: Any) -> date:
    """Return a date as the driver gives it: text on SQLite."""
    return stored if isinstance(stored, date) else date.fromisoformat(stored)


def first_names_of(reader: Reader, surname: str) -> list[str]:
    """Return the distinct folded first names of people with this whole surname, 300 at most."""
    return [name for (name,) in ways.FIRST_NAMES.run(reader, {"last": surname}) if name is not None]
