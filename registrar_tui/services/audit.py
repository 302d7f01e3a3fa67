"""Writing and verifying the journal."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlmodel import Session

from registrar_tui.models import AuditEntry

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
    last = session.connection().execute(_LAST, {"chain": chain}).first()
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
    session.connection().execute(insert(_TABLE), row)


_LAST = text("SELECT number, mac FROM audit_entry WHERE chain = :chain ORDER BY number DESC LIMIT 1")


def _chain(session: Session, desk: str) -> str:
    """Choose the chain; on PostgreSQL the processes of one desk take turns until their commit."""
    if session.connection().dialect.name == "sqlite":
        return ONE_CHAIN
    session.connection().execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:desk, 7245992))"), {"desk": desk}
    )
    return desk


def mac_of(key: bytes, previous: str, row: Mapping[str, Any]) -> str:
    """Return HMAC-SHA256 over the previous entry's mac and this entry's canonical text, in hex."""
    values = [row[name] for name in _SIGNED]
    body = json.dumps([value.isoformat() if isinstance(value, datetime) else value for value in values])
    return hmac.new(key, f"{previous} {body}".encode(), hashlib.sha256).hexdigest()


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


def verify(
    session: Session, key: bytes, anchors: Mapping[str, tuple[Head, ...]]
) -> tuple[int, tuple[Fault, ...]]:
    """Recompute every chain and hold it against the anchors; returns entries read and faults, oldest first.

    Found: an edited, removed, added or reordered entry (the chain breaks), and a cut tail (an anchor
    remembers more entries, or another entry in the same place).
    """
    faults: list[Fault] = []
    remembered = {
        (head.chain, head.count): (moment, head.mac) for moment, found in anchors.items() for head in found
    }
    read = 0
    chain, number, previous = "", 0, GENESIS
    broken = False
    for row in _entries(session):
        read += 1
        if row["chain"] != chain:
            chain, number, previous, broken = row["chain"], 0, GENESIS, False
        number += 1
        if not broken and row["number"] != number:
            faults.append(_fault("missing", f"Цепочка «{chain}»: записи № {number} нет."))
            broken = True
        elif not broken and not hmac.compare_digest(mac_of(key, previous, row), row["mac"]):
            faults.append(_fault("edited", f"Цепочка «{chain}»: запись № {row['number']} изменена."))
            broken = True
        previous, number = row["mac"], row["number"]
        anchor = remembered.pop((chain, number), None)
        if anchor is not None and not hmac.compare_digest(anchor[1], row["mac"]):
            message = f"Цепочка «{chain}»: запись № {number} не та, что отмечена {anchor[0]}."
            faults.append(_fault("replaced", message))
    for (name, count), (moment, _) in sorted(remembered.items()):
        message = f"Цепочка «{name}»: отметка {moment} помнит {count} записей, их нет."
        faults.append(_fault("truncated", message))
    return read, tuple(faults)


def _fault(code: str, message: str) -> Fault:
    return Fault(f"audit_{code}", message)


def _entries(session: Session) -> Iterator[Mapping[str, Any]]:
    """Yield the journal by chain and place in constant memory."""
    statement = select(_TABLE).order_by(_TABLE.c.chain, _TABLE.c.number).execution_options(yield_per=_BATCH)
    yield from session.connection().execute(statement).mappings()  # type: ignore[misc]


def listed(
    session: Session,
    *,
    first: datetime | None = None,
    last: datetime | None = None,
    operator: str | None = None,
    patient_id: int | None = None,
    action: str | None = None,
    limit: int = 500,
) -> list[dict[str, Any]]:
    """Return entries, newest first, as plain rows for the auditor."""
    statement = select(_TABLE).order_by(_TABLE.c.at.desc(), _TABLE.c.id.desc()).limit(limit)
    if first is not None:
        statement = statement.where(_TABLE.c.at >= first)
    if last is not None:
        statement = statement.where(_TABLE.c.at < last)
    if operator is not None:
        statement = statement.where(_TABLE.c.operator == operator)
    if action is not None:
        statement = statement.where(_TABLE.c.action == action)
    if patient_id is not None:
        statement = statement.where(_TABLE.c.object_kind == "patient", _TABLE.c.object_id == patient_id)
    return [dict(row) for row in session.connection().execute(statement).mappings()]
