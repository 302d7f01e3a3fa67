"""What must be true of every base at any moment, told from the rows alone."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.models import Claim, Patient, PatientMerge, Slot, Visit, VisitEvent

KEEPING = ("booked", "arrived", "checked-in", "fulfilled", "noshow")
"""A visit that was or will be keeps its slots; one that is taken back holds none."""
_REPLAYED = ("status", "arrived_at", "cancel_reason", "cancelled_by", "late", "replaced_by_id")


def broken_invariants(session: Session) -> list[str]:
    """Return one sentence for each thing that must never be; an empty list is a sound base."""
    visits = list(session.execute(select(Visit)).scalars())
    claims = list(session.execute(select(Claim)).scalars())
    return [
        *_double_bookings(session, visits),
        *_wrong_claims(session, visits, claims),
        *_unexplained_history(session, visits, claims),
        *_wrong_merges(session, visits),
    ]


def _double_bookings(session: Session, visits: list[Visit]) -> Iterator[str]:
    """Told from the times of visits, without asking the claims."""
    by_doctor: dict[int, list[Visit]] = defaultdict(list)
    for visit in visits:
        if visit.status in KEEPING:
            by_doctor[visit.doctor_id].append(visit)
    for doctor, taken in by_doctor.items():
        taken.sort(key=lambda visit: visit.starts_at)
        for former, later in pairwise(taken):
            if later.starts_at < former.starts_at + timedelta(minutes=former.minutes):
                yield f"doctor {doctor}: visits {former.id} and {later.id} at the same time"
    counts: dict[int, list[int]] = defaultdict(list)
    for row in session.execute(select(col(Claim.slot_id), col(Claim.visit_id))):
        counts[row[0]].append(row[1])
    yield from (f"slot {slot} is claimed {len(by)} times" for slot, by in counts.items() if len(by) > 1)


def _wrong_claims(session: Session, visits: list[Visit], claims: list[Claim]) -> Iterator[str]:
    held: dict[int, set[int]] = defaultdict(set)
    known = {visit.id for visit in visits}
    for claim in claims:
        if (claim.visit_id is None) == (claim.held_by is None):
            yield f"claim of slot {claim.slot_id} is neither a visit's nor a hold, or both"
        if claim.visit_id is not None:
            held[claim.visit_id].add(claim.slot_id)
            if claim.visit_id not in known:
                yield f"claim of slot {claim.slot_id} belongs to nobody"
    slots: dict[int, list[tuple[int, datetime]]] = defaultdict(list)
    for row in session.execute(select(col(Slot.doctor_id), col(Slot.id), col(Slot.starts_at))):
        slots[row[0]].append((row[1], row[2]))
    for visit in visits:
        assert visit.id is not None
        ends = visit.starts_at + timedelta(minutes=visit.minutes)
        own = {slot for slot, start in slots[visit.doctor_id] if visit.starts_at <= start < ends}
        needed = own if visit.status in KEEPING else set()
        if held[visit.id] != needed:
            yield f"visit {visit.id} ({visit.status}) holds {held[visit.id]} and needs {needed}"


def _unexplained_history(session: Session, visits: list[Visit], claims: list[Claim]) -> Iterator[str]:
    events: dict[int, list[VisitEvent]] = defaultdict(list)
    for event in session.execute(select(VisitEvent).order_by(col(VisitEvent.id))).scalars():
        events[event.visit_id].append(event)
    held: dict[int | None, list[int]] = defaultdict(list)
    for claim in claims:
        held[claim.visit_id].append(claim.slot_id)
    for visit in visits:
        assert visit.id is not None
        known: dict[str, Any] | None = None
        for event in events[visit.id]:
            before = None if event.before is None else json.loads(event.before)
            if before != known:
                yield f"visit {visit.id}: event {event.id} starts from {before}, the one before left {known}"
            known = json.loads(event.after)
        row = {name: _plain(getattr(visit, name)) for name in _REPLAYED} | {"slots": sorted(held[visit.id])}
        if known != row:
            yield f"visit {visit.id}: its history ends in {known}, its row is {row}"


def _wrong_merges(session: Session, visits: list[Visit]) -> Iterator[str]:
    """Told by walking from each merged card to its survivor."""
    into = {row[0]: row[1] for row in session.execute(select(col(Patient.id), col(Patient.merged_into_id)))}
    in_force = select(PatientMerge).where(col(PatientMerge.undone_at).is_(None))
    recorded = sorted(merge.retired_id for merge in session.execute(in_force).scalars())
    if recorded != sorted(card for card, survivor in into.items() if survivor is not None):
        yield f"merges in force are of {recorded}, the cards say {into}"
    for card in into:
        passed = [card]
        while (survivor := into[passed[-1]]) is not None:
            if survivor in passed:
                yield f"card {card} is merged in a circle: {passed}"
                break
            passed.append(survivor)
    for visit in visits:
        if into[visit.patient_id] is not None:
            yield f"visit {visit.id} stands on the merged card {visit.patient_id}"


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
