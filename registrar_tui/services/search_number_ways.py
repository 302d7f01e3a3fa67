"""The shapes of the statements that find people by numbers: whole ones, and the last digits of any."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, and_, bindparam, func, literal_column, or_, select

from registrar_tui.services.search_numbers import NumberKind
from registrar_tui.services.search_statements import Question
from registrar_tui.services.search_ways import (
    ALL,
    COLUMNS,
    MOST,
    PATIENT,
    POOL,
    TABLES,
    hidden,
    in_range,
    together,
)

_NUMBERS_READ: Final = 500
"""Numbers read of those with the same last four digits: a hundred in a million."""
_BEFORE: Final[Any] = bindparam("before", type_=Integer)
# The unique indexes hold living cards only, and serve a query that says so.
_LIVING: Final = PATIENT.merged_into_id.is_(None)
OWNER: Final[dict[NumberKind, Question]] = {
    NumberKind.SNILS: Question(ALL.where(PATIENT.snils == bindparam("value"), _LIVING)),
    NumberKind.ENP: Question(ALL.where(PATIENT.enp == bindparam("value"), _LIVING)),
}
# A merged card keeps its own numbers, and several may have kept the same one.
_RETIRED: Final = PATIENT.merged_into_id.is_not(None)
RETIRED_OWNER: Final[dict[NumberKind, Question]] = {
    NumberKind.SNILS: Question(ALL.where(PATIENT.snils == bindparam("value"), _RETIRED).limit(POOL)),
    NumberKind.ENP: Question(ALL.where(PATIENT.enp == bindparam("value"), _RETIRED).limit(POOL)),
}


def _owners(table: str, column: str) -> Question:
    key = TABLES[table].c
    owners = select(key.patient_id).where(key[column] == bindparam("value")).limit(POOL)
    return Question(ALL.where(PATIENT.id.in_(owners)))


POLICY: Final = _owners("policy", "number")
DOCUMENT: Final = _owners("identity_document", "number_key")
VISITOR: Final = _owners("visit", "id")
_POLICY: Final = TABLES["policy"].c
_DOCUMENT: Final = TABLES["identity_document"].c
# The last four signs of a number, spelt as their index is (`models/patient.py`).
_SNILS_END: Final = func.substr(PATIENT.snils, literal_column("8"))


def _end(number: Any) -> ColumnElement[str]:
    end: ColumnElement[str] = func.substr(number, func.length(number) - literal_column("3"))
    return end


ENDING_POLICIES: Final = Question(
    select(_POLICY.patient_id, _POLICY.series, _POLICY.number)
    .where(_end(_POLICY.number) == bindparam("end"))
    .limit(_NUMBERS_READ)
)


@cache
def tails_of(kinds: tuple[NumberKind, ...], words: int) -> Question:
    """By the last digits (four, then any before them) of numbers, each word the beginning of a name.

    One way to the server for all that the digits may be; the place of the kind stands before the person.
    """
    keys = (PATIENT.last_key, PATIENT.first_key, PATIENT.middle_key)
    conditions = [
        or_(*(and_(*in_range(hidden(key), f"word{place}")) for key in keys)) for place in range(words)
    ]
    parts = [
        select(literal_column(str(place)).label("kind"), *COLUMNS)
        .where(*_with_end(kind, all_of_them=words > 0), *conditions)
        .limit(MOST)
        for place, kind in enumerate(kinds)
    ]
    return together(parts)


@cache
def owners_by_tail(kinds: tuple[NumberKind, ...]) -> Question:
    """The card numbers alone of those whose numbers end so, the place of the kind before each."""
    parts = [
        select(literal_column(str(place)).label("kind"), owner.label("owner")).where(*conditions).limit(MOST)
        for place, (owner, conditions) in enumerate(map(_ending, kinds))
    ]
    return together(parts)


def _with_end(kind: NumberKind, *, all_of_them: bool) -> tuple[ColumnElement[bool], ...]:
    owner, conditions = _ending(kind)
    if owner is PATIENT.id:
        return conditions
    owners = select(owner).where(*conditions)
    return (PATIENT.id.in_(owners if all_of_them else owners.limit(MOST)),)


def _ending(kind: NumberKind) -> tuple[Any, tuple[ColumnElement[bool], ...]]:
    """Return the column with the owner of a number of a kind, and the conditions that it ends so."""
    if kind is NumberKind.TAIL:
        return PATIENT.id, in_range(PATIENT.phone_reversed, "phone")
    if kind is NumberKind.SNILS_TAIL:
        whole = func.substr(PATIENT.snils, literal_column("11") - _BEFORE) == bindparam("tail")
        return PATIENT.id, (_SNILS_END.op("=")(bindparam("end")), whole)
    table, number = (
        (_POLICY, _POLICY.number) if kind is NumberKind.POLICY_TAIL else (_DOCUMENT, _DOCUMENT.number_key)
    )
    whole = func.substr(number, func.length(number) - _BEFORE) == bindparam("tail")
    return table.patient_id, (_end(number) == bindparam("end"), whole)
