"""The indexed ways to people: each reads a bounded number of rows of one index, on both databases alike.

Ranges and equalities of bound values only, no LIKE. A condition that could tempt a planner to another index
than the one meant is `_hidden`. Every answer is a list of at most so many rows (`Person`), merged cards among
them; the order is that of the index entered, so that a short list never waits for a sort.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, func, literal_column, or_, select
from sqlmodel import Session

from registrar_tui.models import Patient
from registrar_tui.services.search_query import Birth, Names, NumberKind
from registrar_tui.services.search_statements import Question, among, listed, width
from registrar_tui.services.surname_index import END

POOL: Final = 40
"""People read in one way; what the page shows is chosen from them."""
BORN_THAT_DAY: Final = 1000
SURNAMES_ENTERED: Final = 300
"""Surnames of the dictionary with one beginning that are looked through one by one."""
_GIVEN_NAMES_READ: Final = 600
_LARGEST_ID: Final = 2**31 - 1

_TABLES: Final = Patient.metadata.tables
_P: Final = _TABLES["patient"].c
_SURNAME: Final = _TABLES["surname"].c
_COLUMNS: Final = (
    _P.id,
    _P.last_name,
    _P.first_name,
    _P.middle_name,
    _P.birth_date,
    _P.snils,
    _P.enp,
    _P.phone,
    _P.last_key,
    _P.first_key,
    _P.middle_key,
    _P.merged_into_id,
)


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


_ALL: Final = select(*_COLUMNS)
_MOST: Final[Any] = bindparam("most")
# An index of three columns is entered without one in the middle by naming all its values (a loose scan).
_INITIALS: Final = listed("initials", [*"абвгдежзийклмнопрстуфхцчшщъыьэюя", ""])


def _range(column: Any, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= bindparam(f"{name}_from"), column < bindparam(f"{name}_to")


def _hidden(column: Any) -> ColumnElement[str]:
    """Return the value of a text column in a shape that no index serves, on either database."""
    value: ColumnElement[str] = column.concat(literal_column("''"))
    return value


def _born(column: Any = _P.birth_date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= bindparam("born_from"), column <= bindparam("born_to")


def _filters(names: Names, birth: Birth | None = None) -> list[ColumnElement[bool]]:
    """Return conditions of the given names and the birth that are checked row by row."""
    found: list[ColumnElement[bool]] = []
    if names.first:
        found += _range(_hidden(_P.first_key), "first")
    if names.middle:
        found += _range(_hidden(_P.middle_key), "middle")
    if birth is not None:
        found += _born()
    return found


def _values(names: Names, birth: Birth | None = None, **more: Any) -> dict[str, Any]:
    values = dict(more)
    for name, start in zip(("last", "first", "middle"), names, strict=True):
        if start:
            values[f"{name}_from"] = start
            values[f"{name}_to"] = start + END
    if names.first:
        values["first_initial"] = names.first[0]
    if names.middle:
        values["middle_initial"] = names.middle[0]
    if birth is not None:
        values["born_from"], values["born_to"] = birth
    return values


_ANY_BIRTH: Final = Birth(date(1, 1, 1), date(9999, 12, 31))
_FIRST_IS: Final[Any] = _P.first_initial == bindparam("first_initial")
_MIDDLE_IS: Final[Any] = _P.middle_initial == bindparam("middle_initial")
_ANY_FIRST: Final = among(_P.first_initial, "initials", width(len(_INITIALS)))
_ANY_MIDDLE: Final = among(_P.middle_initial, "initials", width(len(_INITIALS)))
_BY_LAST: Final = Question(
    _ALL.where(*_range(_P.last_key, "last")).order_by(_P.last_key, _P.first_key).limit(_MOST)
)
_BY_YEAR: Final = Question(_ALL.where(*_born()).order_by(_P.birth_date, _P.last_key).limit(_MOST))
_BY_PHONE: Final = Question(
    _ALL.where(*_range(_P.phone_reversed, "phone")).order_by(_P.phone_reversed).limit(_MOST)
)
_TOTAL: Final = Question(select(func.max(_P.id)))
# The unique indexes hold living cards only, and serve a query that says so.
_LIVING: Final = _P.merged_into_id.is_(None)
_OWNER: Final[dict[NumberKind, Question]] = {
    NumberKind.SNILS: Question(_ALL.where(_P.snils == bindparam("value"), _LIVING)),
    NumberKind.ENP: Question(_ALL.where(_P.enp == bindparam("value"), _LIVING)),
}


def _owners(table: str, column: str) -> Question:
    key = _TABLES[table].c
    owners = select(key.patient_id).where(key[column] == bindparam("value")).limit(POOL)
    return Question(_ALL.where(_P.id.in_(owners)))


_POLICY: Final = _owners("policy", "number")
_DOCUMENT: Final = _owners("identity_document", "number_key")
_VISITOR: Final = _owners("visit", "id")


# The shapes of a statement are told by what it is given: names present or absent, lengths of lists.
@cache
def _start(names: Names, birth: bool) -> Question:
    """By the surnames of the dictionary that begin so: as many short ranges as there are surnames."""
    known = (
        select(_SURNAME.name)
        .where(*_range(_SURNAME.name, "last"))
        .order_by(_SURNAME.name)
        .limit(SURNAMES_ENTERED)
        .subquery("known")
    )
    conditions = _filters(Names("", "" if not birth else names.first, names.middle))
    entered = _born() if birth else _range(_P.first_key, "first")
    statement = select(*_COLUMNS).select_from(known).join(_TABLES["patient"], _P.last_key == known.c.name)
    return Question(statement.where(*entered, *conditions).limit(_MOST))


@cache
def _initials(names: Names, birth: bool) -> Question:
    """By the index of initials, entered with both, with one, or with the first alone and any surname."""
    entered = [
        _FIRST_IS if names.first else _ANY_FIRST,
        _MIDDLE_IS if names.middle else _ANY_MIDDLE,
        *_range(_P.last_key, "last"),
    ]
    conditions = _filters(_beyond_initials(names), _ANY_BIRTH if birth else None)
    statement = _ALL.where(*entered, *conditions)
    if names.first and names.middle:
        statement = statement.order_by(_P.last_key)
    return Question(statement.limit(_MOST))


@cache
def _surnames(places: int, names: Names, birth: bool) -> Question:
    """By whole surnames: with the birth, or with initials, or with the first name, or alone."""
    given = Names("", names.first, names.middle)
    entered: list[ColumnElement[bool]] = [among(_P.last_key, "names", places)]
    if birth:
        entered += [*_born(), *_filters(given)]
    elif names.middle:
        entered += [_FIRST_IS if names.first else _ANY_FIRST, _MIDDLE_IS, *_filters(_beyond_initials(given))]
    elif names.first:
        entered += _range(_P.first_key, "first")
    return Question(_ALL.where(*entered).limit(_MOST))


@cache
def _full_names(firsts: int, middle: bool, birth: bool) -> Question:
    conditions = _filters(Names("", "", "x" if middle else ""), _ANY_BIRTH if birth else None)
    entered = (_P.last_key == bindparam("last"), among(_P.first_key, "firsts", firsts))
    return Question(_ALL.where(*entered, *conditions).limit(_MOST))


@cache
def _days(places: int, names: Names) -> Question:
    entered = [among(_P.birth_date, "days", places), *(_range(_P.last_key, "last") if names.last else ())]
    return Question(_ALL.where(*entered, *_filters(names)).limit(_MOST))


@cache
def _given(birth: bool) -> Question:
    read = _ALL.where(_FIRST_IS, _MIDDLE_IS).order_by(_P.last_key).limit(_GIVEN_NAMES_READ).subquery()
    conditions = [*_range(read.c.first_key, "first"), *_range(read.c.middle_key, "middle")]
    if birth:
        conditions += _born(read.c.birth_date)
    return Question(select(read).where(*conditions).limit(_MOST))


@cache
def _phone_of(words: int) -> Question:
    """By the tail of a phone, each word the beginning of some name."""
    keys = (_P.last_key, _P.first_key, _P.middle_key)
    conditions = [
        or_(*(and_(*_range(_hidden(key), f"word{place}")) for key in keys)) for place in range(words)
    ]
    return Question(_ALL.where(*_range(_P.phone_reversed, "phone"), *conditions).limit(_MOST))


@cache
def _ids(places: int) -> Question:
    return Question(_ALL.where(among(_P.id, "ids", places)))


def _shape(names: Names) -> Names:
    """Return one value for all names of one shape, lest every name gets a statement of its own."""
    return Names(*("xx"[: min(len(name), 2)] for name in names))


def _beyond_initials(names: Names) -> Names:
    """Return the given names that an entered initial does not already settle."""
    return Names(
        "", names.first if len(names.first) > 1 else "", names.middle if len(names.middle) > 1 else ""
    )


def _read(question: Question, session: Session, values: dict[str, Any]) -> list[Person]:
    return list(map(Person._make, question.rows(session, values)))


def highest_id(session: Session) -> int:
    """Return the greatest card number: the number of people as far as it can be had without counting them.

    Counting a million rows takes PostgreSQL tens of milliseconds at every key press. Retired and merged cards
    are counted in; nothing but a page footer depends on it.
    """
    return int(_TOTAL.rows(session, {})[0][0] or 0)


def by_number(session: Session, kind: NumberKind, value: str) -> list[Person]:
    """Return the owners of a whole number of any kind but a phone's tail."""
    if kind is NumberKind.PHONE:
        return by_phone(session, value, POOL)
    if kind is NumberKind.DOCUMENT:
        return _read(_DOCUMENT, session, {"value": value})
    if kind in (NumberKind.TICKET, NumberKind.VISIT):
        # A ticket code is key id, ten digits of the visit's number, tag, check digit.
        number = int(value[1:11] if kind is NumberKind.TICKET else value)
        return _read(_VISITOR, session, {"value": number}) if number <= _LARGEST_ID else []
    found = _read(_OWNER[kind], session, {"value": value}) if kind in _OWNER else []
    if found or kind is NumberKind.SNILS:
        return found
    return _read(_POLICY, session, {"value": value})


def by_phone(session: Session, tail: str, most: int) -> list[Person]:
    """Return people whose phone ends with these digits."""
    start = tail[::-1]
    return _read(_BY_PHONE, session, {"phone_from": start, "phone_to": start + END, "most": most})


def by_phone_and_names(session: Session, tail: str, words: Sequence[str], most: int) -> list[Person]:
    """Return people whose phone ends so and each of these words begins one of whose names."""
    values: dict[str, Any] = {"phone_from": tail[::-1], "phone_to": tail[::-1] + END, "most": most}
    for place, word in enumerate(words):
        values |= {f"word{place}_from": word, f"word{place}_to": word + END}
    return _read(_phone_of(len(words)), session, values)


def by_ids(session: Session, ids: Sequence[int]) -> list[Person]:
    """Return people by card number."""
    return _read(_ids(width(len(ids))), session, listed("ids", ids)) if ids else []


def by_last(session: Session, last: str, most: int) -> list[Person]:
    """Return people in alphabetical order by the beginning of the surname."""
    return _read(_BY_LAST, session, _values(Names(last), most=most))


def by_start(session: Session, names: Names, birth: Birth | None, most: int) -> list[Person]:
    """Return people by the beginning of a surname, and by the birth or else the first name.

    Alphabetical; the first 300 surnames of the dictionary with that beginning are looked through.
    """
    question = _start(_shape(names), birth is not None)
    return _read(question, session, _values(names, birth, most=most))


def by_surnames(
    session: Session, surnames: Sequence[str], names: Names, birth: Birth | None, most: int
) -> list[Person]:
    """Return people with one of these whole surnames and such first and middle names and birth."""
    if not surnames:
        return []
    given = Names("", names.first, names.middle)
    question = _surnames(width(len(surnames)), _shape(given), birth is not None)
    values = _values(given, birth, most=most, **listed("names", surnames))
    return _read(question, session, values if names.first else {**_INITIALS, **values})


def by_full_names(
    session: Session, surname: str, firsts: Sequence[str], middle: str, birth: Birth | None
) -> list[Person]:
    """Return people with this whole surname and one of these whole first names."""
    if not firsts:
        return []
    question = _full_names(width(len(firsts)), bool(middle), birth is not None)
    names = Names("", "", middle)
    return _read(
        question, session, _values(names, birth, most=5 * POOL, last=surname, **listed("firsts", firsts))
    )


def by_initials(session: Session, names: Names, birth: Birth | None, most: int) -> list[Person]:
    """Return people by surname and at least one given name, each by its beginning of one letter or more."""
    values = {**_INITIALS, **_values(names, birth, most=most)}
    return _read(_initials(_shape(names), birth is not None), session, values)


def by_given_names(session: Session, names: Names, birth: Birth | None, most: int) -> list[Person]:
    """Return people by first and middle name, among the first 600 with such initials."""
    return _read(_given(birth is not None), session, _values(names, birth, most=most))


def by_days(session: Session, names: Names, birth: Birth, most: int) -> list[Person]:
    """Return people born on one of the days, by the beginnings of their names.

    Naming the days of a year lets the index of (birth date, surname) be entered once a day for the surname.
    """
    length = (birth.last - birth.first).days + 1
    days = [birth.first + timedelta(step) for step in range(length)]
    values = _values(names, None, most=most, **listed("days", days))
    return _read(_days(width(length), _shape(names)), session, values)


def by_year(session: Session, birth: Birth, most: int) -> list[Person]:
    """Return people born in a year or month, in the order of their birthdays."""
    return _read(_BY_YEAR, session, {"born_from": birth.first, "born_to": birth.last, "most": most})


# The distinct first names of a frequent surname are a few dozen among thousands of bearers: the index of
# (surname, first name) is leapt through from each name to the next.
_bearer = _TABLES["patient"].alias("bearer").c
_leap = (
    select(func.min(_P.first_key).label("name"), literal_column("1").label("leaps"))
    .where(_P.last_key == bindparam("last"))
    .cte("leap", recursive=True)
)
_next = (
    select(func.min(_bearer.first_key))
    .where(_bearer.last_key == bindparam("last"), _bearer.first_key > _leap.c.name)
    .scalar_subquery()
)
_further = select(_next, _leap.c.leaps + 1).where(_leap.c.name.is_not(None), _leap.c.leaps < SURNAMES_ENTERED)
_FIRST_NAMES: Final = Question(select(_leap.union_all(_further).c.name))


def first_names_of(session: Session, surname: str) -> list[str]:
    """Return the distinct folded first names of people with this whole surname, 300 at most."""
    return [name for (name,) in _FIRST_NAMES.rows(session, {"last": surname}) if name is not None]
