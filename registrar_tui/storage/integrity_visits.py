"""Visits, their claims, their history and their slots held against each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, func, select
from sqlmodel import SQLModel

from registrar_tui.storage.integrity import Findings, rows
from registrar_tui.vocabulary import ACTIVE_STATUSES, VisitStatus

_TABLES = SQLModel.metadata.tables
_VISIT, _EVENT, _CLAIM = _TABLES["visit"], _TABLES["visit_event"], _TABLES["claim"]
# A past visit keeps its slots: the interval was taken, whether the patient came or not.
_KEEPING = tuple(status.value for status in (*ACTIVE_STATUSES, VisitStatus.FULFILLED, VisitStatus.NOSHOW))
_HOLDS = ", ".join(f"'{status}'" for status in _KEEPING)


def claims_against_visits(connection: Connection, findings: Findings) -> None:
    """A claim belongs to a visit that may hold it, and a visit that needs its slot has it."""
    wrong = (
        "SELECT claim.slot_id, claim.visit_id, visit.status FROM claim "  # noqa: S608 - our own words
        f"JOIN visit ON visit.id = claim.visit_id WHERE visit.status NOT IN ({_HOLDS})"
    )
    for slot, visit, status in rows(connection, wrong):
        findings.add("claim_not_active", f"Бирка {slot} занята приёмом {visit} в состоянии {status}.")
    lost = "SELECT slot_id FROM claim WHERE (visit_id IS NULL) = (held_by IS NULL)"
    for (slot,) in rows(connection, lost):
        findings.add("claim_unowned", f"Бирка {slot} занята неизвестно кем.")
    other_doctor = (
        "SELECT claim.slot_id, claim.visit_id FROM claim JOIN visit ON visit.id = claim.visit_id "
        "JOIN slot ON slot.id = claim.slot_id WHERE slot.doctor_id <> visit.doctor_id"
    )
    for slot, visit in rows(connection, other_doctor):
        findings.add("claim_other_doctor", f"Бирка {slot} занята приёмом {visit} другого врача.")
    bare = (
        "SELECT visit.id, visit.slot_id FROM visit "  # noqa: S608 - our own words
        "LEFT JOIN claim ON claim.slot_id = visit.slot_id AND claim.visit_id = visit.id "
        f"WHERE visit.status IN ({_HOLDS}) AND claim.slot_id IS NULL"
    )
    for visit, slot in rows(connection, bare):
        findings.add("visit_without_claim", f"Приём {visit} действителен, но бирка {slot} не за ним.")
    findings.checked += _size(connection, _CLAIM)


def visits_against_events(connection: Connection, findings: Findings) -> None:
    """The events of a visit follow from each other, and the last one is the visit as it stands."""
    events = groupby(
        rows(connection, select(_EVENT).order_by(_EVENT.c.visit_id, _EVENT.c.id)),
        key=lambda row: row.visit_id,
    )
    claims = groupby(
        rows(
            connection,
            select(_CLAIM.c.visit_id, _CLAIM.c.slot_id)
            .where(_CLAIM.c.visit_id.is_not(None))
            .order_by(_CLAIM.c.visit_id, _CLAIM.c.slot_id),
        ),
        key=lambda row: row.visit_id,
    )
    history, held = _Merged(events), _Merged(claims)
    for visit in rows(connection, select(_VISIT).order_by(_VISIT.c.id)):
        findings.checked += 1
        slots = [row.slot_id for row in held.of(visit.id)]
        _follow(visit, history.of(visit.id), slots, findings)


def _follow(visit: Any, events: list[Any], slots: list[int], findings: Findings) -> None:
    if not events:
        findings.add("visit_without_history", f"Приём {visit.id}: нет ни одного события.")
        return
    known: Any = None
    for event in events:
        findings.checked += 1
        if _state(event.before) != known:
            findings.add("history_broken", f"Приём {visit.id}: событие {event.id} не следует из прошлого.")
        known = _state(event.after)
    if not isinstance(known, dict) or not _agrees(visit, known, slots):
        findings.add("history_differs", f"Приём {visit.id}: последнее событие не совпадает с записью.")


class _Merged:
    """Groups in the order of their key, taken by those who come in the same order."""

    def __init__(self, groups: Iterator[tuple[int, Iterator[Any]]]) -> None:
        self._groups = groups
        self._next = next(groups, None)

    def of(self, key: int) -> list[Any]:
        """Return the rows of one key; keys that nobody asked for are passed over."""
        while self._next is not None and self._next[0] < key:
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != key:
            return []
        found = list(self._next[1])
        self._next = next(self._groups, None)
        return found


def _state(text: str | None) -> Any:
    """Return a stored state, None for the one before the first event; a broken text stands for itself."""
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return text


def _agrees(visit: Any, state: dict[str, Any], slots: list[int]) -> bool:
    row = visit._mapping
    fields = {name: value for name, value in state.items() if name != "slots"}
    same = all(name in row and _plain(row[name]) == value for name, value in fields.items())
    return same and "status" in fields and sorted(state.get("slots", [])) == slots


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def times(connection: Connection, findings: Findings) -> None:
    """No slot stands twice, and no doctor has two visits at once, told without asking the claims."""
    doubled = (
        "SELECT doctor_id, starts_at, count(*) FROM slot GROUP BY doctor_id, starts_at HAVING count(*) > 1"
    )
    for doctor, _, count in rows(connection, doubled):
        findings.add("slot_doubled", f"Врач {doctor}: {count} бирки на одно время.")
    former: Any = None
    active = (
        select(_VISIT.c.id, _VISIT.c.doctor_id, _VISIT.c.starts_at, _VISIT.c.minutes)
        .where(_VISIT.c.status.in_(_KEEPING))
        .order_by(_VISIT.c.doctor_id, _VISIT.c.starts_at, _VISIT.c.id)
    )
    for visit in rows(connection, active):
        ends = visit.starts_at + timedelta(minutes=visit.minutes)
        if former is not None and former[0] == visit.doctor_id and visit.starts_at < former[1]:
            findings.add("double_booking", f"Приёмы {former[2]} и {visit.id} у одного врача в одно время.")
        if former is None or former[0] != visit.doctor_id or ends > former[1]:
            former = (visit.doctor_id, ends, visit.id)
    findings.checked += _size(connection, _TABLES["slot"])


def operations(connection: Connection, findings: Findings) -> None:
    """An operation has its answer; the journal has no holes in its numbers."""
    op = _TABLES["op"]
    for (op_id,) in rows(connection, select(op.c.op_id).where(op.c.result == "")):
        findings.add("op_without_result", f"Операция {op_id} не доведена до конца.")
    holes = (
        "SELECT chain, count(*), max(number) FROM audit_entry GROUP BY chain "
        "HAVING count(*) <> max(number) ORDER BY chain"
    )
    for chain, count, last in rows(connection, holes):
        findings.add("journal_gap", f"Журнал «{chain}»: записей {count}, а последняя под номером {last}.")
    findings.checked += _size(connection, op)


def _size(connection: Connection, table: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
