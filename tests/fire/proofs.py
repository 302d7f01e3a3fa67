"""What must be true of a base after any disaster, told from the rows and from what the desks were told."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select, text
from sqlmodel import Session, SQLModel, col

from registrar_tui.models import AuditEntry, Claim, Op, Visit, VisitEvent
from registrar_tui.services import audit
from registrar_tui.storage.engine import open_engine
from registrar_tui.storage.key_files import demo_keys
from tests.fire.journal import Attempt, Command
from tests.integration.invariants import broken_invariants

_EVENTS = {"book": ["booked"], "move": ["moved-from", "moved-to"], "cancel": ["cancelled"]}
_ENTRIES = {"book": "booked", "move": "moved", "cancel": "cancelled"}
_DEMO_SECRET = "s"  # of the tiny clinic


@dataclass
class Traces:
    """Everything the base keeps of operations, by op_id."""

    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    entries: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    visits: dict[int, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    """Status and claimed slots by visit."""


def faults_of(database: str, desks: Sequence[Sequence[Attempt]]) -> list[str]:
    """Return one sentence for each thing that must not be; `desks` are the journals of each."""
    engine = open_engine(database)
    try:
        with engine.connect() as connection:
            wait_for_writers(connection)
            found = [*_file_faults(connection), *_orphans(connection)]
        with Session(engine) as session:
            found += broken_invariants(session)
            traces = read_traces(session)
            _, broken = audit.verify(session, demo_keys(_DEMO_SECRET).journal, {})
            found += [fault.message for fault in broken]
    finally:
        engine.dispose()
    return [*found, *_lies(traces, desks), *_phantoms(traces, desks), *_wrong_ends(traces, desks)]


def wait_for_writers(connection: Connection) -> None:
    """Let the server end what the killed desks left behind: it learns of their death a moment later."""
    if connection.dialect.name != "postgresql":
        return
    connection.execute(text("LOCK TABLE op IN SHARE MODE"))
    connection.rollback()


def _file_faults(connection: Connection) -> Iterator[str]:
    if connection.dialect.name != "sqlite":
        return
    for row in connection.execute(text("PRAGMA integrity_check")):
        if row[0] != "ok":
            yield f"integrity: {row[0]}"
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        yield f"foreign key: {tuple(row)}"


def _orphans(connection: Connection) -> Iterator[str]:
    """Ask every foreign key by hand, the same way on both stores."""
    for table in SQLModel.metadata.sorted_tables:
        for key in table.foreign_keys:
            target = key.column.table.alias("parent")
            lost = (
                select(func.count())
                .select_from(table.outerjoin(target, key.parent == target.c[key.column.name]))
                .where(key.parent.is_not(None), target.c[key.column.name].is_(None))
            )
            count = connection.execute(lost).scalar_one()
            if count:
                yield f"{count} rows of {table.name}.{key.parent.name} point at nothing"


def read_traces(session: Session) -> Traces:
    """Read every trace of an operation and the state of every visit."""
    traces = Traces()
    for op_id, result in session.execute(select(col(Op.op_id), col(Op.result))):
        traces.answers[op_id] = json.loads(result) if result else {}
    for op_id, what in session.execute(select(col(VisitEvent.op_id), col(VisitEvent.what))):
        traces.events[op_id].append(what)
    for op_id, action in session.execute(
        select(col(AuditEntry.op_id), col(AuditEntry.action)).where(col(AuditEntry.op_id) != "")
    ):
        traces.entries[op_id].append(action)
    held: dict[int, list[int]] = defaultdict(list)
    for visit, slot in session.execute(select(col(Claim.visit_id), col(Claim.slot_id))):
        held[visit].append(slot)
    for visit, status in session.execute(select(col(Visit.id), col(Visit.status))):
        traces.visits[visit] = (status, tuple(sorted(held[visit])))
    return traces


def last_words(desk: Sequence[Attempt]) -> dict[str, Attempt]:
    """Return the last attempt of every operation of one desk, in the order they were first asked."""
    found: dict[str, Attempt] = {}
    for attempt in desk:
        found[attempt.command.op_id] = attempt
    return found


def _lies(traces: Traces, desks: Sequence[Sequence[Attempt]]) -> Iterator[str]:
    """What was acknowledged is whole and once, a refused one left nothing, an open one is all or nothing."""
    for desk in desks:
        for op_id, attempt in last_words(desk).items():
            present = op_id in traces.answers
            if attempt.mark == "A" and not present:
                yield f"LOST: {op_id} was acknowledged and is not there"
            if attempt.mark == "R" and present:
                yield f"{op_id} was refused ({attempt.code}) and is there"
            yield from _broken_whole(traces, attempt, present)


def _broken_whole(traces: Traces, attempt: Attempt, present: bool) -> Iterator[str]:
    command, op_id = attempt.command, attempt.command.op_id
    events = sorted(traces.events.get(op_id, []))
    entries = traces.entries.get(op_id, [])
    if events != (_EVENTS[command.kind] if present else []):
        yield f"{op_id} ({command.kind}) left the events {events}"
    if entries != ([_ENTRIES[command.kind]] if present else []):
        yield f"{op_id} ({command.kind}) left the journal entries {entries}"
    if not present:
        return
    answer = traces.answers[op_id]
    if not answer:
        yield f"HALF-DONE: {op_id} has no stored answer"
    elif attempt.mark == "A" and (attempt.visit, attempt.slot) != (answer["id"], answer["slot_id"]):
        yield f"{op_id} was told visit {attempt.visit}, slot {attempt.slot}, and keeps {answer}"


def _phantoms(traces: Traces, desks: Sequence[Sequence[Attempt]]) -> Iterator[str]:
    """Nothing stands that nobody asked for."""
    asked = {attempt.command.op_id for desk in desks for attempt in desk}
    for name, found in (("operation", traces.answers), ("event", traces.events), ("entry", traces.entries)):
        for op_id in set(found) - asked:
            yield f"PHANTOM: {name} of {op_id}, which no desk asked for"


def _wrong_ends(traces: Traces, desks: Sequence[Sequence[Attempt]]) -> Iterator[str]:
    """Only its own desk touches a visit, so what it did in turn says where each visit must stand now."""
    expected: dict[int, tuple[str, tuple[int, ...]]] = {}
    for desk in desks:
        for op_id, attempt in last_words(desk).items():
            answer = traces.answers.get(op_id)
            if answer:
                _apply(expected, attempt.command, answer)
    for visit, state in expected.items():
        if traces.visits.get(visit) != state:
            yield f"visit {visit} must be {state} and is {traces.visits.get(visit)}"
    for visit in set(traces.visits) - set(expected):
        yield f"PHANTOM: visit {visit} is of no operation"


def _apply(
    expected: dict[int, tuple[str, tuple[int, ...]]], command: Command, answer: dict[str, Any]
) -> None:
    if command.kind != "book":
        expected[command.first] = ("cancelled", ())
    if command.kind != "cancel":
        expected[answer["id"]] = ("booked", (answer["slot_id"],))
