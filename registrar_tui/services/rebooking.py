"""Moving, cancelling and taking back: each one transaction, each leaves its events."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from registrar_tui.clock import to_utc
from registrar_tui.errors import Refusal, UsageError
from registrar_tui.models import Claim, Patient, Service, Visit
from registrar_tui.services import dto
from registrar_tui.services.booking import check_overrides, place_of, refusal
from registrar_tui.services.rules.base import SlotFacts
from registrar_tui.services.rules.rulebook import load_rulebook
from registrar_tui.services.slots import asker_for, judge, patient_facts, slot_by_id, slot_chain
from registrar_tui.services.visits import (
    claim,
    facts_of,
    free,
    record,
    required_id,
    snapshot,
    view_of,
    visit_by_id,
)
from registrar_tui.services.wording import day_and_time
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import (
    CANCEL_REASONS,
    CLINIC_REASONS,
    RESCHEDULED,
    Channel,
    Initiator,
    VisitStatus,
)

LATE = timedelta(hours=24)


def move(session: Session, workplace: Workplace, command: dto.MoveVisit) -> dto.VisitView:
    """Claim the new slots, then free the old ones; returns the new visit of the linked pair."""
    rulebook = load_rulebook(session, workplace.now().date())
    overridden = check_overrides(workplace, rulebook, command.overrides)
    patient_id = visit_by_id(session, command.visit_id).patient_id
    patient = patient_facts(session, patient_id, since=workplace.now(), lock=True)
    old = visit_by_id(session, command.visit_id, lock=True)
    _require_booked(old, "перенести")
    _require_ahead(workplace, old)
    first = slot_by_id(session, command.slot_id, lock=True)
    _require_movable(old, first)
    service = session.get(Service, old.service_id) if old.service_id is not None else None
    minutes = old.minutes if service is not None else first.minutes
    asker = asker_for(
        workplace,
        Channel.DESK,  # whoever booked it, it is a desk that moves it now
        patient=patient,
        moving=facts_of(old),
        by_clinic=command.by is Initiator.CLINIC,
        paid=service is not None and service.paid,
        minutes=minutes,
    )
    chain = slot_chain(session, first, minutes, lock=True)
    verdict = judge(rulebook, asker, chain, overridden)
    if verdict is not None:
        raise refusal(session, rulebook, asker, first, verdict)
    before = snapshot(session, old)
    new = _successor(session, workplace, old, first, minutes)
    _hand_over(session, workplace, old, new, chain)
    old.status = VisitStatus.CANCELLED
    old.cancel_reason = RESCHEDULED
    old.cancelled_by = command.by
    old.replaced_by_id = new.id
    reason = "; ".join(f"{entry.rule}: {entry.reason}" for entry in command.overrides) or None
    record(session, workplace, old, "moved-to", command.op_id, before=before, reason=reason)
    record(session, workplace, new, "moved-from", command.op_id, before=None, reason=reason)
    return view_of(session, workplace, new)


def _require_booked(visit: Visit, verb: str) -> None:
    if visit.status == VisitStatus.BOOKED:
        return
    if visit.replaced_by_id is not None:
        raise Refusal(
            "wrong_status",
            f"Приём уже перенесён на талон № {visit.replaced_by_id:04d}: работайте с ним.",
            field="visit",
        )
    raise Refusal(
        "wrong_status", f"Этот приём нельзя {verb}: он уже не в состоянии «записан».", field="visit"
    )


def _require_ahead(workplace: Workplace, visit: Visit) -> None:
    """A visit whose time has come is kept or missed; moving it would hide that."""
    if visit.starts_at <= workplace.now():
        raise Refusal("past_slot", "Время приёма уже прошло: отметьте приход или неявку.", field="visit")


def _require_movable(old: Visit, first: SlotFacts) -> None:
    if first.id == old.slot_id:
        raise Refusal("same_slot", "Приём уже стоит на этом времени: выберите другое.", field="slot")
    if first.specialty_id != old.specialty_id:
        raise Refusal(
            "other_specialty",
            "Перенос возможен к тому же специалисту: к другому запишите заново.",
            field="slot",
        )


def _successor(session: Session, workplace: Workplace, old: Visit, first: SlotFacts, minutes: int) -> Visit:
    zone, _ = place_of(session, first)
    new = Visit(
        patient_id=old.patient_id,
        doctor_id=first.doctor_id,
        specialty_id=old.specialty_id,
        branch_id=first.branch_id,
        room_id=first.room_id,
        slot_id=first.id,
        service_id=old.service_id,
        starts_at=first.starts_at,
        starts_utc=to_utc(first.starts_at, zone),
        minutes=minutes,
        status=VisitStatus.BOOKED,
        channel=old.channel,
        booked_at=workplace.utc(),
        previous_visit_id=old.id,
    )
    session.add(new)
    session.flush()
    return new


def _hand_over(
    session: Session, workplace: Workplace, old: Visit, new: Visit, chain: list[SlotFacts]
) -> None:
    """Slots that both visits use change hands; the rest are claimed first and freed last."""
    kept = [slot.id for slot in chain if slot.visit_id == old.id]
    if kept:
        session.execute(
            update(Claim)
            .where(col(Claim.slot_id).in_(kept), col(Claim.visit_id) == old.id)
            .values(visit_id=new.id)
        )
    claim(session, workplace, [slot for slot in chain if slot.id not in kept], required_id(new))
    free(session, old)


def cancel(session: Session, workplace: Workplace, command: dto.CancelVisit) -> dto.VisitView:
    """Cancel with a reason and free the slots; the patient's own inside 24 hours counts as late."""
    if command.reason not in CANCEL_REASONS:
        raise UsageError(
            f"Причина отмены — одна из: {', '.join(CANCEL_REASONS)}.", field="reason", code="unknown_reason"
        )
    visit = visit_by_id(session, command.visit_id)
    patient_facts(session, visit.patient_id, since=workplace.now(), lock=True)
    visit = visit_by_id(session, command.visit_id, lock=True)
    if visit.status != VisitStatus.ARRIVED:
        _require_booked(visit, "отменить")
    _require_ahead(workplace, visit)
    before = snapshot(session, visit)
    visit.status = VisitStatus.CANCELLED
    visit.cancel_reason = command.reason
    by = Initiator.CLINIC if command.reason in CLINIC_REASONS else command.by
    visit.cancelled_by = by
    visit.late = by is Initiator.PATIENT and visit.starts_at - workplace.now() < LATE
    free(session, visit)
    record(session, workplace, visit, "cancelled", command.op_id, before=before, reason=command.reason)
    if visit.late:
        restrict_self_booking(session, workplace, visit.patient_id)
    return view_of(session, workplace, visit)


def restrict_self_booking(session: Session, workplace: Workplace, patient_id: int) -> None:
    """Set the day self-booking opens again, counted from the person's latest late cancellation."""
    session.flush()
    latest: datetime | None = session.execute(
        select(func.max(col(Visit.starts_at))).where(
            col(Visit.patient_id) == patient_id, col(Visit.late).is_(True)
        )
    ).scalar_one()
    days = int(load_rulebook(session, workplace.now().date()).parameters("late_restriction")["days"])
    until = latest.date() + timedelta(days=days) if latest else None
    session.execute(update(Patient).where(col(Patient.id) == patient_id).values(self_booking_until=until))


def reclaim(session: Session, workplace: Workplace, visit: Visit, slot_ids: list[int]) -> None:
    """Occupy the former slots of a visit again; SlotLost where somebody has one of them."""
    slots = [slot_by_id(session, slot_id) for slot_id in slot_ids]
    if any(slot.starts_at <= workplace.now() for slot in slots):
        raise Refusal(
            "past_slot",
            f"Время {day_and_time(visit.starts_at)} уже прошло: вернуть приём нельзя.",
            field="visit",
        )
    claim(session, workplace, slots, required_id(visit))
