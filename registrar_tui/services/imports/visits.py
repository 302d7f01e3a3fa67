"""Rows of visits: what was written on paper while the base was out of reach, booked by the same rules."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.clock import FixedClock, to_utc
from registrar_tui.errors import Refusal
from registrar_tui.models import Doctor, Slot, Visit
from registrar_tui.services import audit, availability, booking, dto, rebooking
from registrar_tui.services.imports.columns import Column, Layout
from registrar_tui.services.imports.directory import (
    day_in,
    doctor_of,
    moment_in,
    number_in,
    refused,
    said,
    time_in,
)
from registrar_tui.services.imports.schedule import channel_in
from registrar_tui.services.imports.visitors import visitor_of
from registrar_tui.services.operations import AlreadyDone, once
from registrar_tui.services.rules.rulebook import load_rulebook
from registrar_tui.services.search_keys import fold
from registrar_tui.services.slots import asker_for, patient_facts
from registrar_tui.services.target_search import find_specialty
from registrar_tui.services.wording import day_and_time
from registrar_tui.services.workplace import Workplace
from registrar_tui.validators.reading import compact
from registrar_tui.vocabulary import CANCEL_REASONS, CLINIC_REASONS, COUNTED_STATUSES, Initiator, VisitStatus

COLUMNS: Final = (
    Column("patient_id", "Пациент №"),
    Column("policy", "Полис", others=("enp", "ЕНП")),
    Column("snils", "СНИЛС"),
    Column("last_name", "Фамилия"),
    Column("first_name", "Имя"),
    Column("middle_name", "Отчество"),
    Column("birth_date", "Дата рождения"),
    Column("doctor", "Врач"),
    Column("specialty", "Специальность"),
    Column("date", "Дата", required=True),
    Column("time", "Время", required=True),
    Column("service", "Услуга"),
    Column("channel", "Канал"),
    Column("override", "Отступление от правила"),
    Column("reason", "Основание"),
    Column("written_at", "Записано"),
)
EXAMPLE: Final = (
    *("", "", "", "Иванов", "Иван", "Петрович", "12.05.1958", "Белова А. П.", "терапевт"),
    *("24.11.2026", "09:15", "", "телефон", "", "", ""),
)
VISIT_COLUMN: Final = Column("visit", "Талон", required=True, others=("ticket", "number", "Код талона"))
CANCEL_COLUMNS: Final = (
    VISIT_COLUMN,
    Column("reason", "Причина"),
    Column("by", "Кто отменил"),
)
CANCEL_EXAMPLE: Final = ("0412", "просьба пациента", "пациент")
_CODE_DIGITS: Final = 20
_PAPER: Final = timedelta(days=7)
"""How old paper may be."""


def settle(session: Session, workplace: Workplace, layout: Layout, cells: list[str], op_id: str) -> bool:
    """Book one row in the caller's transaction; AlreadyDone where it has been booked, Refusal names why not.

    A row that says when it was written on paper is judged as of that moment: what was still ahead then may
    be past now.
    """
    judged = _as_of(workplace, layout.text(cells, "written_at"))
    patient_id = visitor_of(session, layout, cells)
    channel = channel_in(layout.text(cells, "channel"), "channel")
    rule, reason = layout.text(cells, "override"), layout.text(cells, "reason")
    overrides = (dto.Override(rule, reason),) if rule else ()
    day = day_in(layout.text(cells, "date"), "date")
    moment = datetime.combine(day, time_in(layout.text(cells, "time"), "time"))
    doctors = _doctors(session, layout, cells)
    if _stands(session, patient_id, doctors, moment):
        raise AlreadyDone(op_id)
    slot_id = _slot(session, judged, doctors, moment, patient_id)
    service = layout.text(cells, "service") or None
    command = dto.BookVisit(op_id, patient_id, slot_id, service, channel, overrides)

    def work() -> dict[str, Any]:
        try:
            return booking.book(session, judged, command).as_dict()
        except booking.RuleStands as stands:
            raise stands.with_ways_out(session) from None

    answer = once(session, workplace, op_id, f"import-visit {patient_id} {slot_id}", work)
    _journal(session, workplace, "booked", op_id, answer, reason)
    return True


def strands(session: Session, layout: Layout, cells: list[str]) -> set[Hashable]:
    """Return whom and whose day a row is about; two rows without either in common cannot meet."""
    patient_id = visitor_of(session, layout, cells)
    day = day_in(layout.text(cells, "date"), "date")
    return {
        ("patient", patient_id),
        *(("doctor", doctor, day) for doctor in _doctors(session, layout, cells)),
    }


def settle_cancel(
    session: Session, workplace: Workplace, layout: Layout, cells: list[str], op_id: str
) -> bool:
    """Cancel one visit in the caller's transaction; AlreadyDone where this row has done so."""
    visit_id = visit_in(workplace, layout.text(cells, "visit"))
    reason = _reason(layout.text(cells, "reason"))
    by = _initiator(layout.text(cells, "by"))
    if _cancelled(session, visit_id, reason, by):
        raise AlreadyDone(op_id)
    command = dto.CancelVisit(op_id, visit_id, reason, by)

    def work() -> dict[str, Any]:
        return rebooking.cancel(session, workplace, command).as_dict()

    answer = once(session, workplace, op_id, f"import-cancel {visit_id}", work)
    _journal(session, workplace, "cancelled", op_id, answer, reason)
    return True


def _cancelled(session: Session, visit_id: int, reason: str, by: Initiator) -> bool:
    """Tell whether a visit is cancelled as a row wants it: of a mended and saved anew file, or by hand."""
    statement = select(col(Visit.id)).where(
        col(Visit.id) == visit_id,
        col(Visit.status) == VisitStatus.CANCELLED,
        col(Visit.cancel_reason) == reason,
        col(Visit.cancelled_by) == (Initiator.CLINIC if reason in CLINIC_REASONS else by),
    )
    return session.execute(statement).first() is not None


def _journal(
    session: Session, workplace: Workplace, action: str, op_id: str, answer: dict[str, Any], reason: str
) -> None:
    audit.append(
        session,
        workplace.writer(),
        workplace.utc(),
        action,
        object_kind="visit",
        object_id=answer["id"],
        op_id=op_id,
        reason=reason,
        detail={"patient": answer["patient_id"]},
    )


def _as_of(workplace: Workplace, text: str) -> Workplace:
    if not text:
        return workplace
    written = moment_in(text, "written_at")
    if not workplace.now() - _PAPER <= written <= workplace.now():
        message = f"Записано {day_and_time(written)}: нужно время не позже нынешнего и не старше недели."
        raise refused("written_at_format", "written_at", message)
    return replace(workplace, clock=FixedClock(to_utc(written, workplace.zone)))


def _stands(session: Session, patient_id: int, doctors: list[int], moment: datetime) -> bool:
    """Tell whether the visit a row asks for is there: of a mended and saved anew file, or made by hand."""
    statement = select(col(Visit.id)).where(
        col(Visit.patient_id) == patient_id,
        col(Visit.starts_at) == moment,
        col(Visit.doctor_id).in_(doctors),
        col(Visit.status).in_(COUNTED_STATUSES),
    )
    return session.execute(statement.limit(1)).first() is not None


def _slot(session: Session, judged: Workplace, doctors: list[int], moment: datetime, patient_id: int) -> int:
    """Return the slot of one of the doctors at that time, free ones first, else that of the last of them."""
    rows = session.execute(
        select(col(Slot.doctor_id), col(Slot.id)).where(
            col(Slot.doctor_id).in_(doctors), col(Slot.starts_at) == moment
        )
    )
    slots = [slot_id for _, slot_id in sorted((doctors.index(row[0]), row[1]) for row in rows)]
    if not slots:
        raise _no_slot(session, judged, doctors, moment, patient_id)
    for slot_id in slots[:-1]:
        try:
            booking.examine(session, judged, dto.BookVisit("", patient_id, slot_id))
        except Refusal:
            continue
        return int(slot_id)
    return int(slots[-1])


def _doctors(session: Session, layout: Layout, cells: list[str]) -> list[int]:
    """Return the doctor of a row, or all of its specialty; who does not receive stands first: a row that
    nobody can take is told why not by those who do."""
    name, specialty = layout.text(cells, "doctor"), layout.text(cells, "specialty")
    if name:
        return [doctor_of(session, name, specialty).id or 0]
    specialty_id = find_specialty(session, specialty) if specialty else None
    if specialty_id is None:
        unknown = f"Специальности {said(specialty)} нет" if specialty else "Врач не указан"
        raise refused("specialty_unknown", "specialty", f"{unknown}: впишите врача или специальность.")
    of_specialty = select(col(Doctor.id)).where(col(Doctor.specialty_id) == specialty_id)
    return list(session.execute(of_specialty.order_by(col(Doctor.accepting), col(Doctor.id))).scalars())


def _no_slot(
    session: Session, judged: Workplace, doctors: list[int], moment: datetime, patient_id: int
) -> Refusal:
    rulebook = load_rulebook(session, judged.now().date())
    patient = patient_facts(session, patient_id, since=judged.now())
    asker = asker_for(judged, channel_in("", "channel"), patient=patient)
    start = max(judged.now(), datetime.combine(moment.date(), time.min))
    near = availability.first_suitable(session, rulebook, asker, doctors, from_moment=start)
    hint = f" Ближайшее свободное: {day_and_time(near.starts_at)} (бирка {near.id})." if near else ""
    return refused("no_slot", "time", f"На {day_and_time(moment)} приёма в расписании нет.{hint}")


def visit_in(workplace: Workplace, text: str) -> int:
    """Read a visit's number, or the code of its ticket if that is genuine."""
    digits = compact(text).removeprefix("№")
    code = len(digits) == _CODE_DIGITS
    visit_id = workplace.tickets.read(digits) if code else number_in(digits)
    if visit_id is None:
        raise refused(
            "visit_format", "visit", f"Талон {said(text)} не распознан: впишите номер или код талона."
        )
    return visit_id


def _initiator(text: str) -> Initiator:
    """Read who cancels; a word that is not known would count against the patient."""
    word = fold(text)
    if word in ("", "patient", "пациент"):
        return Initiator.PATIENT
    if word in ("clinic", "клиника", "поликлиника"):
        return Initiator.CLINIC
    raise refused("by_unknown", "by", f"Кто отменил — {said(text)}: впишите «пациент» или «клиника».")


def _reason(text: str) -> str:
    word = text.casefold()
    if not word:
        return "patient-request"
    for code, label in CANCEL_REASONS.items():
        if word in (code, label.casefold()):
            return code
    raise refused(
        "reason_unknown", "reason", f"Причины {said(text)} нет: {', '.join(CANCEL_REASONS.values())}."
    )
