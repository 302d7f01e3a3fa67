"""Writing and verifying the journal."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    type_coerce,
)
from sqlalchemy.types import NullType
from sqlmodel import Session, col

from registrar_tui.models import AuditEntry, Visit
from registrar_tui.services.prepared import Prepared

ONE_CHAIN = "base"
GENESIS = "0" * 64
_BATCH = 5000
_TABLE = AuditEntry.metadata.tables["audit_entry"]


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes into the journal, and the key that chains it."""

    operator: str
    role: str
    desk: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of one chain: what an anchor outside the base remembers."""

    chain: str
    count: int
    mac: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing the verification found."""

    code: str
    message: str


def append(
    session: Session,
    writer: Writer,
    at: datetime,
    action: str,
    *,
    object_kind: str = "",
    object_id: int | None = None,
    op_id: str = "",
    reason: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add one entry in the caller's transaction; `detail` holds codes, ids and field names, never values."""
    chain = _chain(session, writer.desk)
    last = _LAST.first(session, {"chain": chain})
    number, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    row = {
        "chain": chain,
        "number": number,
        "at": at,
        "operator": writer.operator,
        "role": writer.role,
        "desk": writer.desk,
        "action": action,
        "object_kind": object_kind,
        "object_id": object_id,
        "op_id": op_id,
        "reason": reason,
        "detail": json.dumps(detail or {}, ensure_ascii=False, sort_keys=True),
    }
    row["mac"] = mac_of(writer.key, previous, row)
    _APPEND.run(session, row)


# The limit passes over a forged number that is no number: SQLite sorts text after every integer.
_LAST = Prepared(
    select(_TABLE.c.number, _TABLE.c.mac)
    .where(_TABLE.c.chain == bindparam("chain"), _TABLE.c.number < literal_column("2147483647"))
    .order_by(_TABLE.c.number.desc())
    .limit(literal_column("1"))
)
_APPEND = Prepared(insert(_TABLE))
_TAKE_TURN = Prepared(
    select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("desk", type_=Text), 7245992)))
)


def _chain(session: Session, desk: str) -> str:
    """Choose the chain; on PostgreSQL the processes of one desk take turns until their commit."""
    if session.get_bind().dialect.name == "sqlite":
        return ONE_CHAIN
    _TAKE_TURN.run(session, {"desk": desk})
    return desk


def mac_of(key: bytes, previous: object, row: Mapping[str, Any]) -> str:
    """Return HMAC-SHA256 over the previous entry's mac and this entry's canonical text, in hex."""
    values = [row[name] for name in _SIGNED]
    body = _CANONICAL.encode(
        [value.isoformat() if isinstance(value, datetime) else value for value in values]
    )
    return hmac.digest(key, f"{previous} {body}".encode(), "sha256").hex()


# `repr`: a forged entry may hold what no column of ours takes, and must still be told apart.
_CANONICAL = json.JSONEncoder(default=repr)
_SIGNED = (
    "chain",
    "number",
    "at",
    "operator",
    "role",
    "desk",
    "action",
    "object_kind",
    "object_id",
    "op_id",
    "reason",
    "detail",
)


def heads(session: Session) -> tuple[Head, ...]:
    """Return the end of every chain, in order of name."""
    rows = session.connection().execute(_HEADS)
    return tuple(Head(row[0], row[1], row[2]) for row in rows)


_HEADS = text(
    "SELECT entry.chain, entry.number, entry.mac FROM audit_entry AS entry "
    "JOIN (SELECT chain, max(number) AS number FROM audit_entry GROUP BY chain) AS last "
    "ON last.chain = entry.chain AND last.number = entry.number ORDER BY entry.chain"
)


def standing(session: Session, wanted: Iterable[Head]) -> Iterator[Head]:
    """Yield those of some heads whose entries stand in the journal, each in its place with its mac."""
    for head in wanted:
        found = session.connection().execute(_MAC, {"chain": head.chain, "number": head.count}).first()
        if found is not None and found[0] == head.mac:
            yield head


_MAC = text("SELECT mac FROM audit_entry WHERE chain = :chain AND number = :number")


def verify(
    session: Session, key: bytes, anchors: Mapping[str, tuple[Head, ...]]
) -> tuple[int, tuple[Fault, ...]]:
    """Read the whole journal in constant memory and verify it: `verify_rows`."""
    return verify_rows(_entries(session), key, anchors)


def verify_rows(
    rows: Iterable[Mapping[str, Any]], key: bytes, anchors: Mapping[str, tuple[Head, ...]]
) -> tuple[int, tuple[Fault, ...]]:
    """Recompute every chain and hold it against the anchors; returns entries read and faults, oldest first.

    `rows` come by chain and place. Found: an edited, removed, added or reordered entry (the chain breaks; its
    first break is told), and a cut tail (an anchor remembers more entries, or another entry in the same
    place). Rows come from a store that somebody may have written to, so no value is trusted to have its type.
    """
    faults: list[Fault] = []
    remembered = _remembered(anchors)
    read = 0
    chain: object = None
    number, previous, broken = 0, GENESIS, False
    for row in rows:
        read += 1
        if read == 1 or row["chain"] != chain:
            chain, number, previous, broken = row["chain"], 0, GENESIS, False
        number += 1
        fault = None if broken else _broken_link(row, number, key, previous)
        if fault is not None:
            faults.append(fault)
            broken = True
        previous = row["mac"]
        for moment, mac in remembered.pop((row["chain"], row["number"]), ()):
            if mac != row["mac"]:
                message = f"Цепочка «{chain}»: запись № {row['number']} не та, что отмечена {moment}."
                faults.append(_fault("replaced", message))
    for (name, count), marks in remembered.items():
        message = f"Цепочка «{name}»: отметка {marks[0][0]} помнит {count} записей, их нет."
        faults.append(_fault("truncated", message))
    return read, tuple(faults)


def _remembered(
    anchors: Mapping[str, tuple[Head, ...]],
) -> dict[tuple[object, object], list[tuple[str, str]]]:
    """Return moment and mac of every anchor by chain and place; a later one never hides an earlier one."""
    remembered: dict[tuple[object, object], list[tuple[str, str]]] = {}
    for moment, heads_then in anchors.items():
        for head in heads_then:
            remembered.setdefault((head.chain, head.count), []).append((moment, head.mac))
    return remembered


def _broken_link(row: Mapping[str, Any], number: int, key: bytes, previous: object) -> Fault | None:
    if row["number"] != number:
        return _fault("missing", f"Цепочка «{row['chain']}»: записи № {number} нет.")
    if mac_of(key, previous, row) != row["mac"]:
        return _fault("edited", f"Цепочка «{row['chain']}»: запись № {number} изменена.")
    return None


def _fault(code: str, message: str) -> Fault:
    return Fault(f"audit_{code}", message)


def _entries(session: Session) -> Iterator[Mapping[str, Any]]:
    """Yield the journal by chain and place in constant memory."""
    statement = _selected().order_by(_TABLE.c.chain, _TABLE.c.number).execution_options(yield_per=_BATCH)
    yield from _rows(session, statement)


def _selected() -> Select[Any]:
    # The time is read as it is stored: a forged one that is no time must not stop the reading.
    columns = [column for column in _TABLE.c if column.name != "at"]
    return select(*columns, type_coerce(_TABLE.c.at, NullType).label("at"))


def _rows(session: Session, statement: Select[Any]) -> Iterator[dict[str, Any]]:
    for row in session.connection().execute(statement).mappings():
        yield {**row, "at": _instant(row["at"])}


def _instant(stored: object) -> object:
    """Return the instant of a stored time (text on SQLite); what we would not have written stays as it is."""
    if isinstance(stored, datetime):
        return stored.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(stored) if isinstance(stored, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo or moment.isoformat(" ", "microseconds") != stored:
        return stored
    return moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are asked for; `patient_id` means the card and every visit of that person."""

    first: datetime | None = None
    last: datetime | None = None  # exclusive
    operator: str | None = None
    patient_id: int | None = None
    action: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what was asked for, to be written down."""
        asked = {
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
            "operator": self.operator,
            "patient": self.patient_id,
            "action": self.action,
        }
        return {name: value for name, value in asked.items() if value is not None}


def listed(session: Session, wanted: Wanted, *, limit: int) -> list[dict[str, Any]]:
    """Return entries, newest first, as plain rows for the auditor; a forged time stays what it is."""
    order = (_TABLE.c.at.desc(), _TABLE.c.chain, _TABLE.c.number.desc())
    return list(_rows(session, _selected().where(*_conditions(wanted)).order_by(*order).limit(limit)))


def page_after(session: Session, wanted: Wanted, after: int, *, limit: int = _BATCH) -> list[dict[str, Any]]:
    """Return the entries that follow the id `after`, in order of writing: one page of an export."""
    following = _selected().where(_TABLE.c.id > after, *_conditions(wanted))
    return list(_rows(session, following.order_by(_TABLE.c.id).limit(limit)))


def _conditions(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.first is not None:
        yield _TABLE.c.at >= wanted.first
    if wanted.last is not None:
        yield _TABLE.c.at < wanted.last
    if wanted.operator is not None:
        yield _TABLE.c.operator == wanted.operator
    if wanted.action is not None:
        yield _TABLE.c.action == wanted.action
    if wanted.patient_id is not None:
        visits = select(col(Visit.id)).where(col(Visit.patient_id) == wanted.patient_id)
        card = and_(_TABLE.c.object_kind == "patient", _TABLE.c.object_id == wanted.patient_id)
        yield or_(card, and_(_TABLE.c.object_kind == "visit", _TABLE.c.object_id.in_(visits)))
