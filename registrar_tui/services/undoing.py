"""Taking back the desk's last booking, move or cancellation by a compensating event."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Visit, VisitEvent
from registrar_tui.services import dto
from registrar_tui.services.rebooking import reclaim, restrict_self_booking
from registrar_tui.services.rules.base import PatientFacts
from registrar_tui.services.rules.rulebook import Rulebook, load_rulebook
from registrar_tui.services.slots import asker_for, patient_facts, slot_by_id
from registrar_tui.services.visits import (
    claimed_slots,
    facts_of,
    free,
    number_of,
    record,
    required_id,
    snapshot,
    view_of,
    visit_by_id,
)
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import CARD_EVENTS, Channel, VisitStatus

WINDOW = timedelta(minutes=30)
_UNDOABLE = ("booked", "moved-to", "cancelled")
_STANDS_AGAINST = ("slot_closed", "duplicate_visit", "overlap")  # what may have changed behind the action
_LOOKED_AT = 200  # events of this desk; within the window there are fewer


def undo(session: Session, workplace: Workplace, op_id: str) -> dto.VisitView:
    """Take back the newest action of this desk and operator; the visit after the change."""
    event = last_action(session, workplace)
    if event is None:
        minutes = int(WINDOW.total_seconds() // 60)
        raise Refusal(
            "nothing_to_undo", f"За последние {minutes} минут в этом окне нечего отменять.", field="visit"
        )
    visit = visit_by_id(session, event.visit_id)
    patient_facts(session, visit.patient_id, lock=True)
    visit = visit_by_id(session, event.visit_id, lock=True)
    _require_untouched(session, visit, event)
    before = snapshot(session, visit)
    if event.what == "booked":
        _take_back_booking(session, visit)
    elif event.what == "cancelled":
        _take_back_cancellation(session, workplace, visit, event)
    else:
        _take_back_move(session, workplace, visit, event, op_id)
    record(session, workplace, visit, "undone", op_id, before=before, reason=event.op_id)
    if event.what == "cancelled":
        restrict_self_booking(session, workplace, visit.patient_id)
    return view_of(session, workplace, visit)


def last_action(session: Session, workplace: Workplace) -> VisitEvent | None:
    """Return the newest action with a visit that this desk and operator may still take back."""
    statement = (
        select(VisitEvent)
        .where(
            col(VisitEvent.desk) == workplace.desk,
            col(VisitEvent.operator) == workplace.operator,
            col(VisitEvent.at) > workplace.utc() - WINDOW,
        )
        .order_by(col(VisitEvent.id).desc())
        .limit(_LOOKED_AT)
    )
    events: list[VisitEvent] = list(session.execute(statement).scalars())
    undone = {event.reason for event in events if event.what == "undone"}
    for event in events:
        if event.what in _UNDOABLE and event.op_id not in undone:
            return event
    return None


def _require_untouched(session: Session, visit: Visit, event: VisitEvent) -> None:
    """Another desk may have worked on the visit since; its way to another card and back changes nothing."""
    latest = session.execute(
        select(col(VisitEvent.id))
        .where(col(VisitEvent.visit_id) == visit.id, col(VisitEvent.what).not_in(CARD_EVENTS))
        .order_by(col(VisitEvent.id).desc())
        .limit(1)
    ).scalar_one()
    if latest != event.id:
        told = f"Приём по талону {number_of(required_id(visit))} с тех пор изменён"
        raise Refusal("stale_edit", f"{told}: найдите его по номеру и действуйте заново.", field="visit")


def _require_no_other_plans(
    session: Session, workplace: Workplace, visit: Visit, event: VisitEvent, new: Visit | None = None
) -> None:
    """Since the action another desk may have booked the person for that time, or closed the slot.

    Only visits changed after the action count: what stood beside this one before was meant to.
    """
    facts = patient_facts(session, visit.patient_id, since=visit.starts_at)
    later = (
        select(col(VisitEvent.visit_id))
        .where(col(VisitEvent.visit_id).in_([other.id for other in facts.visits]))
        .group_by(col(VisitEvent.visit_id))
        .having(func.max(col(VisitEvent.id)) > event.id)
    )
    changed = set(session.execute(later).scalars())
    visits = tuple(other for other in facts.visits if other.id in changed)
    patient = PatientFacts(facts.id, facts.self_booking_until, visits)
    moving = facts_of(new) if new else None
    asker = asker_for(workplace, Channel.DESK, patient=patient, moving=moving, minutes=visit.minutes)
    rules = load_rulebook(session, workplace.now().date()).rules
    asked = Rulebook(tuple(entry for entry in rules if entry.rule.code in _STANDS_AGAINST))
    verdict = asked.verdict(asker.context(slot_by_id(session, visit.slot_id), visit.minutes))
    if verdict is not None:
        raise Refusal(verdict.code, verdict.message, field=verdict.field, basis=verdict.basis)


def _take_back_booking(session: Session, visit: Visit) -> None:
    visit.status = VisitStatus.ENTERED_IN_ERROR
    free(session, visit)


def _take_back_cancellation(session: Session, workplace: Workplace, visit: Visit, event: VisitEvent) -> None:
    former = json.loads(event.before or "{}")
    _require_no_other_plans(session, workplace, visit, event)
    reclaim(session, workplace, visit, former["slots"])
    visit.status = former["status"]
    visit.cancel_reason = None
    visit.cancelled_by = None
    visit.late = False


def _take_back_move(
    session: Session, workplace: Workplace, old: Visit, event: VisitEvent, op_id: str
) -> None:
    """The old visit claims its slots again, then the new one gives up what is left of its own."""
    assert old.replaced_by_id is not None
    new = visit_by_id(session, old.replaced_by_id, lock=True)
    if new.status != VisitStatus.BOOKED:
        told = f"Перенесённый приём, талон {number_of(required_id(new))}, с тех пор изменён"
        raise Refusal("stale_edit", f"{told}: найдите его по номеру.", field="visit")
    _require_no_other_plans(session, workplace, old, event, new)
    before = snapshot(session, new)
    former: list[int] = json.loads(event.before or "{}")["slots"]
    shared = set(claimed_slots(session, required_id(new))) & set(former)
    new.status = VisitStatus.ENTERED_IN_ERROR
    if shared:  # both visits used them: nobody else can have taken them in between
        free(session, new)
    reclaim(session, workplace, old, former)
    free(session, new)
    old.status = VisitStatus.BOOKED
    old.cancel_reason = None
    old.cancelled_by = None
    old.replaced_by_id = None
    record(session, workplace, new, "undone", op_id, before=before, reason=event.op_id)
