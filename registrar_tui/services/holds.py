"""Holding a slot while its confirmation is open, and the sentence that is read out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from registrar_tui.models import Branch, Claim, Doctor, Room, Service, Specialty
from registrar_tui.services import dto
from registrar_tui.services.booking import refusal, require_service_here, service_by_code
from registrar_tui.services.rules.base import SlotFacts, VisitFacts
from registrar_tui.services.rules.rulebook import load_rulebook
from registrar_tui.services.slots import asker_for, judge, patient_facts, slot_by_id, slot_chain
from registrar_tui.services.visits import SlotLost, clear_holds, facts_of, visit_by_id
from registrar_tui.services.wording import moment_spoken
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import Channel

HOLD = timedelta(minutes=3)
NEAR = timedelta(minutes=60)


def offer(
    session: Session,
    workplace: Workplace,
    slot_id: int,
    patient_id: int,
    *,
    service_id: int | None = None,
    move_of: int | None = None,
) -> dto.BookingOffer:
    """Hold a slot for three minutes and say what to read out; SlotLost in a lost race.

    A rule that may be overridden does not stop the offer: it is named in it.
    """
    rulebook = load_rulebook(session, workplace.now().date())
    old = visit_by_id(session, move_of) if move_of is not None else None
    moving = facts_of(old) if old is not None else None
    if old is not None:
        service_id = old.service_id  # a moved visit keeps its service and length
    service = service_by_code(session, None if service_id is None else str(service_id))
    first = slot_by_id(session, slot_id)
    require_service_here(service, first)
    minutes = service.minutes if service else first.minutes
    patient = patient_facts(session, patient_id, since=workplace.now())
    paid = service is not None and service.paid
    asker = asker_for(workplace, Channel.DESK, patient=patient, moving=moving, paid=paid, minutes=minutes)
    chain = slot_chain(session, first, minutes)
    verdict = judge(rulebook, asker, chain)
    if verdict is not None and verdict.override_role is None:
        raise refusal(session, rulebook, asker, first, verdict)
    until = workplace.utc() + HOLD
    _hold(session, workplace, [slot for slot in chain if not _own(slot, moving)], until)
    return dto.BookingOffer(
        slot_id=slot_id,
        patient_id=patient_id,
        sentence=sentence(session, workplace, first, service),
        warnings=_warnings(patient.visits, first, minutes, moving),
        held_until=until,
        refusal=verdict.message if verdict else None,
        override=verdict.code if verdict else None,
    )


def _own(slot: SlotFacts, moving: VisitFacts | None) -> bool:
    return moving is not None and slot.visit_id == moving.id


def _hold(session: Session, workplace: Workplace, slots: list[SlotFacts], until: object) -> None:
    """A desk has one confirmation open, so its earlier hold goes."""
    release(session, workplace)
    ids = sorted(slot.id for slot in slots)
    clear_holds(session, workplace, ids)
    for slot_id in ids:
        try:
            session.execute(insert(Claim).values(slot_id=slot_id, held_by=workplace.desk, held_until=until))
        except IntegrityError as error:
            raise SlotLost(slot_id) from error


def release(session: Session, workplace: Workplace, slot_id: int | None = None) -> None:
    """Give back what this desk holds; nothing where the hold it means has already made room for another."""
    own = (col(Claim.visit_id).is_(None), col(Claim.held_by) == workplace.desk)
    if slot_id is not None:
        meant = select(col(Claim.slot_id)).where(*own, col(Claim.slot_id) == slot_id)
        if session.execute(meant).first() is None:
            return
    session.execute(delete(Claim).where(*own))


def sentence(session: Session, workplace: Workplace, slot: SlotFacts, service: Service | None) -> str:
    """Return the line to be read out: when, where, whom to, what to bring."""
    row = session.execute(
        select(
            col(Room.number),
            col(Room.floor),
            col(Doctor.last_name),
            col(Specialty.name),
            col(Specialty.bring),
            col(Branch.name),
            col(Branch.address),
        )
        .select_from(Room)
        .join(Doctor, col(Doctor.id) == slot.doctor_id)
        .join(Specialty, col(Specialty.id) == col(Doctor.specialty_id))
        .join(Branch, col(Branch.id) == col(Room.branch_id))
        .where(col(Room.id) == slot.room_id)
    ).one()
    what = f", {service.name}" if service else ""
    floor = f", {row.floor} этаж" if row.floor else ""
    place = row.address if slot.branch_id == workplace.branch_id else f"{row[5]}, {row.address}"
    bring = f" С собой {row.bring}." if row.bring else " С собой паспорт и полис."
    return (
        f"{moment_spoken(slot.starts_at)}, кабинет {row.number}{floor}, {row.name} {row.last_name}{what}. "
        f"{place}.{bring}"
    )


def _warnings(
    visits: tuple[VisitFacts, ...], slot: SlotFacts, minutes: int, moving: VisitFacts | None
) -> tuple[dto.Warning, ...]:
    """Name the person's other visits within an hour: allowed, but the patient must know."""
    ends = slot.starts_at + timedelta(minutes=minutes)
    near = [
        visit
        for visit in visits
        if visit.active
        and (moving is None or visit.id != moving.id)
        and visit.starts_at < ends + NEAR
        and slot.starts_at < visit.ends_at + NEAR
    ]
    return tuple(
        dto.Warning("visit_near", f"Рядом другой приём пациента: {visit.starts_at:%H:%M}.") for visit in near
    )
