"""What the page of a search says of people beside their cards: where they belong, the last visit, the policy.

All of it is asked at once, part by part: joined to one row a person it takes PostgreSQL three times as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    String,
    bindparam,
    cast,
    func,
    literal_column,
    null,
    select,
    union_all,
)

from registrar_tui.models import Patient
from registrar_tui.services.prepared import Reader
from registrar_tui.services.search_statements import Question, among, in_lists, listed, width
from registrar_tui.services.search_words import policy_text
from registrar_tui.vocabulary import AttachmentStatus

_TABLES: Final = Patient.metadata.tables
_P: Final = _TABLES["patient"].c
_ATTACHMENT: Final = _TABLES["attachment"].c
_BRANCH: Final = _TABLES["branch"].c
_VISIT: Final = _TABLES["visit"].c
_POLICY: Final = _TABLES["policy"].c
_TOTAL, _ATTACHED, _VISITED, _INSURED = range(4)
_SHAPE: Final = {
    "person": Integer,
    "number": Integer,
    "other": Integer,
    "name": String,
    "more": String,
    "day": DateTime,
}


@dataclass(slots=True)
class Facts:
    """Of one person: the branch of attachment, if any, the last visit as the driver gives it, the policy."""

    branch_id: int | None = None
    district: str = ""
    branch: str = ""
    visited: str = ""
    policy: str = ""


def facts_of(reader: Reader, ids: Sequence[int]) -> tuple[dict[int, Facts], int]:
    """Return the facts of each of some people, and the highest card number (`search_people.highest_id`)."""
    facts = {number: Facts() for number in ids}
    total = 0
    policies = []
    for kind, *row in _rows(reader, ids):
        if kind == _TOTAL:
            total = row[1] or 0
        elif kind == _ATTACHED:
            own = facts[row[0]]
            own.branch_id, own.district, own.branch = row[1], row[3], row[4]
        elif kind == _VISITED:
            facts[row[0]].visited = str(row[5])
        else:
            policies.append(row)
    for number, text in _newest_policies(policies):
        facts[number].policy = text
    return facts, total


def _rows(reader: Reader, ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    for some in in_lists(ids):
        values = {**listed("ids", some), "active": AttachmentStatus.ACTIVE.value}
        yield from _facts(width(len(some))).run(reader, values)


def _newest_policies(rows: Iterable[list[Any]]) -> Iterable[tuple[int, str]]:
    """Yield policies in such an order that the last one of a person is the one to be shown.

    That is the newest; one that came with a merge yields to the card's own.
    """
    for row in sorted(rows, key=lambda row: (row[2] is None, str(row[5] or ""), row[1])):
        yield row[0], policy_text(f"{row[3]} {row[4]}".strip())


@cache
def _facts(count: int) -> Question:
    """The facts of so many people: rows of one shape (`_SHAPE`), what they are said by the first column."""
    branch = select(_BRANCH.name).where(_BRANCH.id == _ATTACHMENT.branch_id).scalar_subquery()
    attached = _part(
        _ATTACHED,
        person=_ATTACHMENT.patient_id,
        number=_ATTACHMENT.branch_id,
        name=_ATTACHMENT.district,
        more=branch,
    ).where(among(_ATTACHMENT.patient_id, "ids", count), _ATTACHMENT.status == bindparam("active"))
    visited = _part(_VISITED, person=_VISIT.patient_id, day=func.max(_VISIT.starts_at))
    insured = _part(
        _INSURED,
        person=_POLICY.patient_id,
        number=_POLICY.id,
        other=_POLICY.came_from_id,
        name=_POLICY.series,
        more=_POLICY.number,
        day=_POLICY.valid_from,
    )
    return Question(
        union_all(
            _part(_TOTAL, number=func.max(_P.id)),
            attached,
            visited.where(among(_VISIT.patient_id, "ids", count)).group_by(_VISIT.patient_id),
            insured.where(among(_POLICY.patient_id, "ids", count)),
        )
    )


def _part(kind: int, **columns: Any) -> Any:
    """Return a select of the shape all parts have; the first of them gives PostgreSQL the types."""
    empty: dict[str, ColumnElement[Any]] = {name: cast(null(), made) for name, made in _SHAPE.items()}
    return select(literal_column(str(kind)).label("kind"), *{**empty, **columns}.values())
