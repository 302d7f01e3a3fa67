"""The shapes of the statements that find people: one index each, entered by ranges and equalities.

Bound values only, no LIKE. A condition that could tempt a planner to another index than the one meant is
`_hidden`. Names, lists and births of one shape share a statement, whatever their values are.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from registrar_tui.models import Patient
from registrar_tui.services.search_numbers import NumberKind
from registrar_tui.services.search_query import Birth, Names
from registrar_tui.services.search_statements import Question, among
from registrar_tui.services.surname_index import END

POOL: Final = 40
"""People read in one way; what the page shows is chosen from them."""
SURNAMES_ENTERED: Final = 300
"""Surnames of the dictionary with one beginning that are looked through one by one."""
_GIVEN_NAMES_READ: Final = 600
_NUMBERS_READ: Final = 500
"""Numbers read of those with the same last four digits: a hundred in a million."""

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
_ALL: Final = select(*_COLUMNS)
_MOST: Final[Any] = bindparam("most")
_BEFORE: Final[Any] = bindparam("before", type_=Integer)


def _range(column: Any, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= bindparam(f"{name}_from"), column < bindparam(f"{name}_to")


def _hazy_range(column: Any, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the range with bounds that a planner cannot see.

    PostgreSQL takes «уг…» for one row where four thousand are called so, and reads them all for their
    initials; of bounds it does not know it expects enough to enter by the index that has both.
    """
    start, stop = (select(bindparam(f"{name}_{end}")).scalar_subquery() for end in ("from", "to"))
    return column >= start, column < stop


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


def values(names: Names, birth: Birth | None = None, **more: Any) -> dict[str, Any]:
    """Return the found a shape is filled with."""
    found = dict(more)
    for name, start in zip(("last", "first", "middle"), names, strict=True):
        if start:
            found[f"{name}_from"] = start
            found[f"{name}_to"] = start + END
    if names.first:
        found["first_initial"] = names.first[0]
    if names.middle:
        found["middle_initial"] = names.middle[0]
    if birth is not None:
        found["born_from"], found["born_to"] = birth
    return found


_ANY_BIRTH: Final = Birth(date(1, 1, 1), date(9999, 12, 31))
_FIRST_IS: Final[Any] = _P.first_initial == bindparam("first_initial")
_MIDDLE_IS: Final[Any] = _P.middle_initial == bindparam("middle_initial")
BY_LAST: Final = Question(
    _ALL.where(*_range(_P.last_key, "last")).order_by(_P.last_key, _P.first_key).limit(_MOST)
)
TOTAL: Final = Question(select(func.max(_P.id)))
# The unique indexes hold living cards only, and serve a query that says so.
_LIVING: Final = _P.merged_into_id.is_(None)
OWNER: Final[dict[NumberKind, Question]] = {
    NumberKind.SNILS: Question(_ALL.where(_P.snils == bindparam("value"), _LIVING)),
    NumberKind.ENP: Question(_ALL.where(_P.enp == bindparam("value"), _LIVING)),
}
# A merged card keeps its own numbers, and several may have kept the same one.
_RETIRED: Final = _P.merged_into_id.is_not(None)
RETIRED_OWNER: Final[dict[NumberKind, Question]] = {
    NumberKind.SNILS: Question(_ALL.where(_P.snils == bindparam("value"), _RETIRED).limit(POOL)),
    NumberKind.ENP: Question(_ALL.where(_P.enp == bindparam("value"), _RETIRED).limit(POOL)),
}


def _owners(table: str, column: str) -> Question:
    key = _TABLES[table].c
    owners = select(key.patient_id).where(key[column] == bindparam("value")).limit(POOL)
    return Question(_ALL.where(_P.id.in_(owners)))


POLICY: Final = _owners("policy", "number")
DOCUMENT: Final = _owners("identity_document", "number_key")
VISITOR: Final = _owners("visit", "id")
_POLICY: Final = _TABLES["policy"].c
_DOCUMENT: Final = _TABLES["identity_document"].c
# The last four signs of a number, spelt as their index is (`models/patient.py`).
_SNILS_END: Final = func.substr(_P.snils, literal_column("8"))


def _end(number: Any) -> ColumnElement[str]:
    end: ColumnElement[str] = func.substr(number, func.length(number) - literal_column("3"))
    return end


ENDING_POLICIES: Final = Question(
    select(_POLICY.patient_id, _POLICY.series, _POLICY.number)
    .where(_end(_POLICY.number) == bindparam("end"))
    .limit(_NUMBERS_READ)
)


# The shapes of a statement are told by what it is given: names present or absent, lengths of lists.
@cache
def start(names: Names, birth: bool) -> Question:
    """By the surnames of the dictionary that begin so: as many short ranges as there are surnames."""
    known = (
        select(_SURNAME.name)
        .where(*_range(_SURNAME.name, "last"))
        .order_by(_SURNAME.name)
        .limit(SURNAMES_ENTERED)
        .subquery("known")
    )
    if birth:
        entered = [*_born(), *_filters(Names("", names.first, names.middle))]
    else:
        entered = [*(_range(_P.first_key, "first") if names.first else _range(_P.middle_key, "middle"))]
    statement = select(*_COLUMNS).select_from(known).join(_TABLES["patient"], _P.last_key == known.c.name)
    return Question(statement.where(*entered).limit(_MOST))


@cache
def initials(names: Names, birth: bool) -> Question:
    """By surname and given names: by both initials, or by the one name that is there."""
    conditions = [*_hazy_range(_P.last_key, "last"), *_filters(Names(), _ANY_BIRTH if birth else None)]
    if names.first and names.middle:
        conditions += [_FIRST_IS, _MIDDLE_IS, *_filters(_beyond_initials(names))]
        return Question(_ALL.where(*conditions).order_by(_P.last_key).limit(_MOST))
    given, name = (_P.first_key, "first") if names.first else (_P.middle_key, "middle")
    conditions += _range(given, name)
    return Question(_ALL.where(*conditions).order_by(_P.last_key, given).limit(_MOST))


@cache
def surnames(places: int, names: Names, birth: bool) -> Question:
    """By whole surnames: with the birth, or with initials, or with the first name, or alone."""
    given = Names("", names.first, names.middle)
    entered: list[ColumnElement[bool]] = [among(_P.last_key, "names", places)]
    if birth:
        entered += [*_born(), *_filters(given)]
    elif names.first and names.middle:
        entered += [_FIRST_IS, _MIDDLE_IS, *_filters(_beyond_initials(given))]
    elif names.middle:
        entered += _range(_P.middle_key, "middle")
    elif names.first:
        entered += _range(_P.first_key, "first")
    return Question(_ALL.where(*entered).limit(_MOST))


@cache
def each_surname(places: int) -> Question:
    """By whole surnames, so many people of each."""
    return _together(
        [_ALL.where(_P.last_key == bindparam(f"name{place}")).limit(_MOST) for place in range(places)]
    )


@cache
def full_names(firsts: int, middle: bool, birth: bool) -> Question:
    """By one whole surname and some whole first names."""
    conditions = _filters(Names("", "", "x" if middle else ""), _ANY_BIRTH if birth else None)
    entered = (_P.last_key == bindparam("last"), among(_P.first_key, "firsts", firsts))
    return Question(_ALL.where(*entered, *conditions).limit(_MOST))


@cache
def born(day: bool) -> Question:
    """By the day of birth or by several of them."""
    entered = [_P.birth_date == bindparam("born_from")] if day else [*_born()]
    return Question(_ALL.where(*entered).order_by(_P.birth_date, _P.last_key).limit(_MOST))


@cache
def born_on(names: Names, days: int) -> Question:
    """By some days of birth, each with the beginning of the surname: of a year 365 short ranges.

    Of a million people ten thousand share a year, and as many the beginning of a surname: more to read.
    """
    entered = (among(_P.birth_date, "days", days), *_range(_P.last_key, "last"))
    return Question(_ALL.where(*entered, *_filters(names)).limit(_MOST))


@cache
def given(birth: bool) -> Question:
    """By first and middle name among the first of their initials."""
    read = _ALL.where(_FIRST_IS, _MIDDLE_IS).order_by(_P.last_key).limit(_GIVEN_NAMES_READ).subquery()
    conditions = [*_range(read.c.first_key, "first"), *_range(read.c.middle_key, "middle")]
    if birth:
        conditions += _born(read.c.birth_date)
    return Question(select(read).where(*conditions).limit(_MOST))


@cache
def tails_of(kinds: tuple[NumberKind, ...], words: int) -> Question:
    """By the last digits (four, then any before them) of numbers, each word the beginning of a name.

    One way to the server for all that the digits may be; the place of the kind stands before the person.
    """
    keys = (_P.last_key, _P.first_key, _P.middle_key)
    conditions = [
        or_(*(and_(*_range(_hidden(key), f"word{place}")) for key in keys)) for place in range(words)
    ]
    parts = [
        select(literal_column(str(place)).label("kind"), *_COLUMNS)
        .where(*_with_end(kind, all_of_them=words > 0), *conditions)
        .limit(_MOST)
        for place, kind in enumerate(kinds)
    ]
    return _together(parts)


@cache
def owners_by_tail(kinds: tuple[NumberKind, ...]) -> Question:
    """The card numbers alone of those whose numbers end so, the place of the kind before each."""
    parts = [
        select(literal_column(str(place)).label("kind"), owner.label("owner")).where(*conditions).limit(_MOST)
        for place, (owner, conditions) in enumerate(map(_ending, kinds))
    ]
    return _together(parts)


def _together(parts: list[Any]) -> Question:
    """Return one question for several limited ones; one alone stays as it is."""
    return Question(parts[0] if len(parts) == 1 else union_all(*(select(part.subquery()) for part in parts)))


def _with_end(kind: NumberKind, *, all_of_them: bool) -> tuple[ColumnElement[bool], ...]:
    owner, conditions = _ending(kind)
    if owner is _P.id:
        return conditions
    owners = select(owner).where(*conditions)
    return (_P.id.in_(owners if all_of_them else owners.limit(_MOST)),)


def _ending(kind: NumberKind) -> tuple[Any, tuple[ColumnElement[bool], ...]]:
    """Return the column with the owner of a number of a kind, and the conditions that it ends so."""
    if kind is NumberKind.TAIL:
        return _P.id, _range(_P.phone_reversed, "phone")
    if kind is NumberKind.SNILS_TAIL:
        whole = func.substr(_P.snils, literal_column("11") - _BEFORE) == bindparam("tail")
        return _P.id, (_SNILS_END.op("=")(bindparam("end")), whole)
    table, number = (
        (_POLICY, _POLICY.number) if kind is NumberKind.POLICY_TAIL else (_DOCUMENT, _DOCUMENT.number_key)
    )
    whole = func.substr(number, func.length(number) - _BEFORE) == bindparam("tail")
    return table.patient_id, (_end(number) == bindparam("end"), whole)


@cache
def ids(places: int) -> Question:
    """By card numbers."""
    return Question(_ALL.where(among(_P.id, "ids", places)))


def shape(names: Names) -> Names:
    """Return one value for all names of one shape, lest every name gets a statement of its own."""
    return Names(*("xx"[: min(len(name), 2)] for name in names))


def _beyond_initials(names: Names) -> Names:
    """Return the given names that an entered initial does not already settle."""
    return Names(
        "", names.first if len(names.first) > 1 else "", names.middle if len(names.middle) > 1 else ""
    )


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
FIRST_NAMES: Final = Question(select(_leap.union_all(_further).c.name))
