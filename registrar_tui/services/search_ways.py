"""The shapes of the statements that find people: one index each, entered by ranges and equalities.

Bound values only, no LIKE. A condition that could tempt a planner to another index than the one meant is
`hidden`. Names, lists and births of one shape share a statement, whatever their values are.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Date,
    bindparam,
    func,
    literal_column,
    select,
    union_all,
)

from registrar_tui.models import Patient
from registrar_tui.services.search_query import Birth, Names
from registrar_tui.services.search_statements import Question, among, next_day
from registrar_tui.services.surname_index import END

POOL: Final = 40
"""People read in one way; what the page shows is chosen from them."""
SURNAMES_ENTERED: Final = 300
"""Surnames of the dictionary with one beginning that are looked through one by one."""
_GIVEN_NAMES_READ: Final = 600

TABLES: Final = Patient.metadata.tables
PATIENT: Final = TABLES["patient"].c
_SURNAME: Final = TABLES["surname"].c
COLUMNS: Final = (
    PATIENT.id,
    PATIENT.last_name,
    PATIENT.first_name,
    PATIENT.middle_name,
    PATIENT.birth_date,
    PATIENT.snils,
    PATIENT.enp,
    PATIENT.phone,
    PATIENT.last_key,
    PATIENT.first_key,
    PATIENT.middle_key,
    PATIENT.merged_into_id,
)
ALL: Final = select(*COLUMNS)
MOST: Final[Any] = bindparam("most")


def in_range(column: Any, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions that a column lies between two named values."""
    return column >= bindparam(f"{name}_from"), column < bindparam(f"{name}_to")


def _hazy_range(column: Any, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the range with bounds that a planner cannot see.

    PostgreSQL takes «уг…» for one row where four thousand are called so, and reads them all for their
    initials; of bounds it does not know it expects enough to enter by the index that has both.
    """
    start, stop = (select(bindparam(f"{name}_{end}")).scalar_subquery() for end in ("from", "to"))
    return column >= start, column < stop


def hidden(column: Any) -> ColumnElement[str]:
    """Return the value of a text column in a shape that no index serves, on either database."""
    value: ColumnElement[str] = column.concat(literal_column("''"))
    return value


def _born(column: Any = PATIENT.birth_date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return column >= bindparam("born_from"), column <= bindparam("born_to")


def _filters(names: Names, birth: Birth | None = None) -> list[ColumnElement[bool]]:
    """Return conditions of the given names and the birth that are checked row by row."""
    found: list[ColumnElement[bool]] = []
    if names.first:
        found += in_range(hidden(PATIENT.first_key), "first")
    if names.middle:
        found += in_range(hidden(PATIENT.middle_key), "middle")
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
_FIRST_IS: Final[Any] = PATIENT.first_initial == bindparam("first_initial")
_MIDDLE_IS: Final[Any] = PATIENT.middle_initial == bindparam("middle_initial")
BY_LAST: Final = Question(
    ALL.where(*in_range(PATIENT.last_key, "last")).order_by(PATIENT.last_key, PATIENT.first_key).limit(MOST)
)
TOTAL: Final = Question(select(func.max(PATIENT.id)))


# The shapes of a statement are told by what it is given: names present or absent, lengths of lists.
@cache
def start(names: Names, birth: bool) -> Question:
    """By the surnames of the dictionary that begin so: as many short ranges as there are surnames."""
    known = (
        select(_SURNAME.name)
        .where(*in_range(_SURNAME.name, "last"))
        .order_by(_SURNAME.name)
        .limit(SURNAMES_ENTERED)
        .subquery("known")
    )
    if birth:
        entered = [*_born(), *_filters(Names("", names.first, names.middle))]
    else:
        entered = [
            *(in_range(PATIENT.first_key, "first") if names.first else in_range(PATIENT.middle_key, "middle"))
        ]
    statement = select(*COLUMNS).select_from(known).join(TABLES["patient"], PATIENT.last_key == known.c.name)
    return Question(statement.where(*entered).limit(MOST))


@cache
def attached(names: Names, birth: bool) -> Question:
    """By branch and surname: the index has first name and birth as well; initials have one of their own."""
    branch: Any = bindparam("branch")
    entered = [*_hazy_range(PATIENT.last_key, "last"), *(_born() if birth else ())]
    if names.first and names.middle:
        # A sum, so that SQLite does not take the index of branches: ten thousand bearers of «ко…» in one.
        here = PATIENT.attached_branch_id + literal_column("0") == branch
        entered += [here, _FIRST_IS, _MIDDLE_IS, *_filters(_beyond_initials(names))]
        return Question(ALL.where(*entered).order_by(PATIENT.last_key).limit(MOST))
    entered.append(PATIENT.attached_branch_id == branch)
    if names.first:
        entered += in_range(PATIENT.first_key, "first")
    entered += _filters(Names("", "", names.middle))
    return Question(ALL.where(*entered).order_by(PATIENT.last_key, PATIENT.first_key).limit(MOST))


@cache
def initials(names: Names, birth: bool) -> Question:
    """By surname and given names: by both initials, or by the one name that is there."""
    conditions = [*_hazy_range(PATIENT.last_key, "last"), *_filters(Names(), _ANY_BIRTH if birth else None)]
    if names.first and names.middle:
        conditions += [_FIRST_IS, _MIDDLE_IS, *_filters(_beyond_initials(names))]
        return Question(ALL.where(*conditions).order_by(PATIENT.last_key).limit(MOST))
    given, name = (PATIENT.first_key, "first") if names.first else (PATIENT.middle_key, "middle")
    conditions += in_range(given, name)
    return Question(ALL.where(*conditions).order_by(PATIENT.last_key, given).limit(MOST))


@cache
def surnames(places: int, names: Names, birth: bool) -> Question:
    """By whole surnames: with the birth, or with initials, or with the first name, or alone."""
    given = Names("", names.first, names.middle)
    entered: list[ColumnElement[bool]] = [among(PATIENT.last_key, "names", places)]
    if birth:
        entered += [*_born(), *_filters(given)]
    elif names.first and names.middle:
        entered += [_FIRST_IS, _MIDDLE_IS, *_filters(_beyond_initials(given))]
    elif names.middle:
        entered += in_range(PATIENT.middle_key, "middle")
    elif names.first:
        entered += in_range(PATIENT.first_key, "first")
    return Question(ALL.where(*entered).limit(MOST))


@cache
def each_surname(places: int) -> Question:
    """By whole surnames, so many people of each."""
    return together(
        [ALL.where(PATIENT.last_key == bindparam(f"name{place}")).limit(MOST) for place in range(places)]
    )


@cache
def full_names(firsts: int, middle: bool, birth: bool) -> Question:
    """By one whole surname and some whole first names."""
    conditions = _filters(Names("", "", "x" if middle else ""), _ANY_BIRTH if birth else None)
    entered = (PATIENT.last_key == bindparam("last"), among(PATIENT.first_key, "firsts", firsts))
    return Question(ALL.where(*entered, *conditions).limit(MOST))


@cache
def born(day: bool) -> Question:
    """By the day of birth or by several of them."""
    entered = [PATIENT.birth_date == bindparam("born_from")] if day else [*_born()]
    return Question(ALL.where(*entered).order_by(PATIENT.birth_date, PATIENT.last_key).limit(MOST))


@cache
def born_on(names: Names, days: int) -> Question:
    """By some days of birth and the beginning of the surname."""
    return _on_days(among(PATIENT.birth_date, "days", days), names)


@cache
def born_between(names: Names) -> Question:
    """By every day of a month or a year, each with the beginning of the surname: so many short ranges.

    Of a million people ten thousand share a year, and as many the beginning of a surname: more to read.
    """
    born_from, born_to = (bindparam(name, type_=Date) for name in ("born_from", "born_to"))
    day = select(born_from.label("day")).cte("days", recursive=True)
    every = day.union_all(select(next_day(day.c.day)).where(day.c.day < born_to))
    return _on_days(PATIENT.birth_date.in_(select(every.c.day)), names)


def _on_days(entered: ColumnElement[bool], names: Names) -> Question:
    named = (*_hazy_range(PATIENT.last_key, "last"), *_filters(names))
    return Question(ALL.where(entered, *named).limit(MOST))


@cache
def given(birth: bool) -> Question:
    """By first and middle name among the first of their initials."""
    read = ALL.where(_FIRST_IS, _MIDDLE_IS).order_by(PATIENT.last_key).limit(_GIVEN_NAMES_READ).subquery()
    conditions = [*in_range(read.c.first_key, "first"), *in_range(read.c.middle_key, "middle")]
    if birth:
        conditions += _born(read.c.birth_date)
    return Question(select(read).where(*conditions).limit(MOST))


def together(parts: list[Any]) -> Question:
    """Return one question for several limited ones; one alone stays as it is."""
    return Question(parts[0] if len(parts) == 1 else union_all(*(select(part.subquery()) for part in parts)))


@cache
def ids(places: int) -> Question:
    """By card numbers."""
    return Question(ALL.where(among(PATIENT.id, "ids", places)))


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
_bearer = TABLES["patient"].alias("bearer").c
_leap = (
    select(func.min(PATIENT.first_key).label("name"), literal_column("1").label("leaps"))
    .where(PATIENT.last_key == bindparam("last"))
    .cte("leap", recursive=True)
)
_next = (
    select(func.min(_bearer.first_key))
    .where(_bearer.last_key == bindparam("last"), _bearer.first_key > _leap.c.name)
    .scalar_subquery()
)
_further = select(_next, _leap.c.leaps + 1).where(_leap.c.name.is_not(None), _leap.c.leaps < SURNAMES_ENTERED)
FIRST_NAMES: Final = Question(select(_leap.union_all(_further).c.name))
