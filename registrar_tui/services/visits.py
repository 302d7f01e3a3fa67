"""Visits: reading, showing, and changing them so that the events replay to the row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Claim, Room, Visit, VisitEvent
from registrar_tui.services import dto
from registrar_tui.services.prepared import Prepared
from registrar_tui.services.rules.base import SlotFacts, VisitFacts
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import VisitStatus

LARGEST_ID = 2**31 - 1  # what an integer key of PostgreSQL holds
_MUTABLE = (
    "status",
    "arrived_at",
    "cancel_reason",
    "cancelled_by",
    "late",
    "replaced_by_id",
)


_BOOKED: dict[str, Any] = dict.fromkeys(_MUTABLE) | {"status": VisitStatus.BOOKED, "late": False}
_ROOM = Prepared(select(col(Room.number)).where(col(Room.id) == bindparam("room_id")))
_CLAIMED = Prepared(
    select(col(Claim.slot_id))
    .where(col(Claim.visit_id) == bindparam("visit_id"))
    .order_by(col(Claim.slot_id))
)
_CLAIM = Prepared(insert(Claim))
_FREE = Prepared(delete(Claim).where(col(Claim.visit_id) == bindparam("of_visit")))
_CLEAR_HOLDS = Prepared(
    delete(Claim).where(
        col(Claim.slot_id) == bindparam("wanted"),
        col(Claim.visit_id).is_(None),
        (col(Claim.held_by) == bindparam("desk")) | (col(Claim.held_until) <= bindparam("now")),
    )
)
_EVENT = Prepared(insert(VisitEvent))


class SlotLost(Exception):
    """A claim met another desk's claim: the slot was taken a moment ago."""

    def __init__(self, slot_id: int) -> None:
        super().__init__(slot_id)
        self.slot_id = slot_id


def visit_by_id(session: Session, visit_id: int, *, lock: bool = False) -> Visit:
    """Return one visit; `not_found`. `lock` keeps other desks off it until the transaction ends."""
    visit = find_visit(session, visit_id, lock=lock)
    if visit is None:
        raise Refusal("not_found", f"Приёма № {visit_id} нет в базе: проверьте номер.", field="visit")
    return visit


def find_visit(session: Session, visit_id: int, *, lock: bool = False) -> Visit | None:
    """Return one visit, None where there is none; a ticket code may claim a number no key can hold."""
    if visit_id > LARGEST_ID:
        return None
    statement = select(Visit).where(col(Visit.id) == visit_id)
    if lock:  # another desk may have changed the row since this session read it
        statement = statement.with_for_update().execution_options(populate_existing=True)
    visit: Visit | None = session.execute(statement).scalar_one_or_none()
    return visit


def number_of(visit_id: int) -> str:
    """Return the ticket number people say: at least four digits."""
    return f"{visit_id:04d}"


def facts_of(visit: Visit) -> VisitFacts:
    """Return what rules need of a visit."""
    return VisitFacts(
        required_id(visit),
        visit.specialty_id,
        visit.doctor_id,
        visit.slot_id,
        visit.starts_at,
        visit.minutes,
        visit.status,
    )


def required_id(row: Visit) -> int:
    """Return the id of a stored visit."""
    assert row.id is not None
    return row.id


def view_of(session: Session, workplace: Workplace, visit: Visit, *, history: bool = False) -> dto.VisitView:
    """Return what a front end shows of a visit."""
    visit_id = required_id(visit)
    ((room,),) = _ROOM.run(session, {"room_id": visit.room_id})
    return dto.VisitView(
        id=visit_id,
        number=number_of(visit_id),
        status=visit.status,
        patient_id=visit.patient_id,
        doctor_id=visit.doctor_id,
        slot_id=visit.slot_id,
        starts_at=visit.starts_at,
        minutes=visit.minutes,
        room=room,
        ticket_code=workplace.tickets.sign(visit_id),
        channel=visit.channel,
        late=visit.late,
        previous_visit_id=visit.previous_visit_id,
        replaced_by_id=visit.replaced_by_id,
        history=_history(session, visit_id) if history else (),
    )


def view_from(answer: dict[str, Any]) -> dto.VisitView:
    """Return the view of a stored answer."""
    return dto.VisitView(**{**answer, "starts_at": datetime.fromisoformat(answer["starts_at"])})


def _history(session: Session, visit_id: int) -> tuple[dto.VisitEventView, ...]:
    statement = select(VisitEvent).where(col(VisitEvent.visit_id) == visit_id).order_by(col(VisitEvent.id))
    return tuple(
        dto.VisitEventView(event.at, event.what, f"{event.operator}, {event.desk}", event.reason)
        for event in session.execute(statement).scalars()
    )


def claimed_slots(session: Session, visit_id: int) -> list[int]:
    """Return the slots a visit holds, in their order."""
    return [row[0] for row in _CLAIMED.run(session, {"visit_id": visit_id})]


def snapshot(session: Session, visit: Visit) -> dict[str, Any]:
    """Return every mutable field of a visit with the slots it holds."""
    state: dict[str, Any] = {name: _plain(getattr(visit, name)) for name in _MUTABLE}
    state["slots"] = claimed_slots(session, required_id(visit))
    return state


def booked_state(slot_ids: Iterable[int]) -> dict[str, Any]:
    """Return the `snapshot` of a visit that has just been booked on some slots."""
    return {**_BOOKED, "slots": sorted(slot_ids)}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def record(
    session: Session,
    workplace: Workplace,
    visit: Visit,
    what: str,
    op_id: str,
    *,
    before: dict[str, Any] | None,
    reason: str | None = None,
    channel: str | None = None,
) -> None:
    """Append the event of a change that has just been made in this transaction."""
    session.flush()
    write_event(
        session,
        workplace,
        required_id(visit),
        what,
        op_id,
        channel=channel or visit.channel,
        before=before,
        after=snapshot(session, visit),
        reason=reason,
    )


def write_event(
    session: Session,
    workplace: Workplace,
    visit_id: int,
    what: str,
    op_id: str,
    *,
    channel: str,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    reason: str | None,
) -> None:
    """Append one event; `before` and `after` are as `snapshot` gives them."""
    event = {
        "visit_id": visit_id,
        "at": workplace.utc(),
        "what": what,
        "operator": workplace.operator,
        "desk": workplace.desk,
        "channel": channel,
        "reason": reason,
        "before": None if before is None else json.dumps(before),
        "after": json.dumps(after),
        "op_id": op_id,
    }
    _EVENT.run(session, event)


def claim(session: Session, workplace: Workplace, slots: Sequence[SlotFacts], visit_id: int) -> None:
    """Occupy slots for a visit, in slot order; SlotLost where another desk was quicker.

    The insert itself is the guard. Holds of this desk and expired ones, where they were seen, are cleared by
    the transaction that wants the slot; one that came after the look is another desk's.
    """
    clear_holds(session, workplace, sorted(slot.id for slot in slots if slot.held_by is not None))
    for slot_id in sorted(slot.id for slot in slots):
        try:
            _CLAIM.run(session, {"slot_id": slot_id, "visit_id": visit_id})
        except IntegrityError as error:
            raise SlotLost(slot_id) from error


def clear_holds(session: Session, workplace: Workplace, slot_ids: Iterable[int]) -> None:
    """Remove holds that are this desk's own or have expired."""
    words = {"desk": workplace.desk, "now": workplace.utc()}
    for slot_id in slot_ids:
        _CLEAR_HOLDS.run(session, {"wanted": slot_id, **words})


def free(session: Session, visit: Visit) -> None:
    """Give up every slot of a visit; its history stays in the events."""
    _FREE.run(session, {"of_visit": visit.id})
