"""Slots in words: the list for scripts, and why one of them cannot be taken."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Doctor, Patient, Visit
from registrar_tui.services import availability, dto
from registrar_tui.services.booking import refusal
from registrar_tui.services.rules.rulebook import load_rulebook
from registrar_tui.services.slots import (
    Asker,
    JudgedSlot,
    asker_for,
    judge_all,
    patient_facts,
    slot_by_id,
    slots_of,
)
from registrar_tui.services.target_search import require_specialty
from registrar_tui.services.wording import day_short, short_name
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import Channel, SlotStatus


def slot_list(session: Session, workplace: Workplace, query: dto.SlotQuery) -> tuple[dto.SlotRow, ...]:
    """List slots in order of time with the rule that stands against each; days are inclusive."""
    rulebook = load_rulebook(session, workplace.now().date())
    doctors = _doctors_asked(session, query)
    patient = (
        patient_facts(session, query.patient_id, since=workplace.now())
        if query.patient_id is not None
        else None
    )
    asker = asker_for(workplace, query.channel, patient=patient)
    first = query.first_day or workplace.now().date()
    last = query.last_day or max(first, workplace.now().date()) + timedelta(days=13)
    found = slots_of(
        session,
        doctors,
        datetime.combine(first, time.min),
        datetime.combine(last, time.min) + timedelta(days=1),
    )
    rows = (
        _row(asker, entry)
        for entry in judge_all(rulebook, asker, found)
        if (query.minutes is None or entry.slot.minutes == query.minutes)
        and (not query.free_only or entry.verdict is None)
    )
    return tuple(rows)[: query.limit]


def _doctors_asked(session: Session, query: dto.SlotQuery) -> list[int]:
    if query.doctor_id is not None:
        if session.get(Doctor, query.doctor_id) is None:
            raise Refusal("not_found", f"Врача № {query.doctor_id} нет: проверьте номер.", field="doctor")
        return [query.doctor_id]
    if query.specialty is None:
        return list(session.execute(select(col(Doctor.id))).scalars())
    return list(availability.doctors_of(session, require_specialty(session, query.specialty)))


def _row(asker: Asker, entry: JudgedSlot) -> dto.SlotRow:
    slot, verdict = entry.slot, entry.verdict
    return dto.SlotRow(
        id=slot.id,
        doctor_id=slot.doctor_id,
        starts_at=slot.starts_at,
        minutes=slot.minutes,
        status=_fhir_status(asker, entry),
        kind=slot.kind,
        bookable=verdict is None,
        why=verdict.message if verdict else None,
    )


def _fhir_status(asker: Asker, entry: JudgedSlot) -> str:
    slot = entry.slot
    if slot.visit_id is not None:
        return SlotStatus.BUSY
    if slot.held(asker.now_utc):
        return SlotStatus.BUSY_TENTATIVE
    if slot.closed or not slot.accepting or slot.starts_at <= asker.now:
        return SlotStatus.BUSY_UNAVAILABLE
    return SlotStatus.FREE


def explain(
    session: Session, workplace: Workplace, slot_id: int, patient_id: int | None
) -> dto.SlotExplanation:
    """Say whose a slot is or why it cannot be taken, and what can be taken instead."""
    rulebook = load_rulebook(session, workplace.now().date())
    slot = slot_by_id(session, slot_id)
    patient = patient_facts(session, patient_id, since=workplace.now()) if patient_id is not None else None
    asker = asker_for(workplace, Channel.DESK, patient=patient)
    entry = judge_all(rulebook, asker, [slot])[0]
    when = f"{day_short(slot.starts_at.date())} {slot.starts_at:%H:%M}"
    if entry.verdict is None:
        return dto.SlotExplanation(f"{when}: свободно, {slot.minutes} мин. Enter — записать.")
    refused = refusal(session, rulebook, asker, slot, entry.verdict)
    whose = _whose(session, slot.visit_id)
    text = f"{when}: {whose}" if whose else f"{when}: {refused.message}"
    return dto.SlotExplanation(text, refused.ways_out, slot.visit_id if whose else None)


def _whose(session: Session, visit_id: int | None) -> str | None:
    if visit_id is None:
        return None
    row = session.execute(
        select(
            col(Patient.last_name),
            col(Patient.first_name),
            col(Patient.middle_name),
            col(Visit.channel),
        )
        .join(Patient, col(Patient.id) == col(Visit.patient_id))
        .where(col(Visit.id) == visit_id)
    ).one()
    return f"занято: {short_name(row[0], row[1], row[2])}, талон № {visit_id:04d}."
