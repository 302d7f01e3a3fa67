"""Tickets shown at the desk, arrivals, and the list of the day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import Row, Select, select
from sqlmodel import Session, col

from registrar_tui.errors import Refusal, WayOut
from registrar_tui.models import Doctor, Patient, Room, Specialty, Visit
from registrar_tui.services import dto, ticket_code
from registrar_tui.services.slots import patient_facts
from registrar_tui.services.visits import (
    find_visit,
    number_of,
    record,
    required_id,
    snapshot,
    view_of,
    visit_by_id,
)
from registrar_tui.services.wording import day_and_time, full_name, short_name
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import (
    TICKET_VERDICT_LABELS,
    VISIT_STATUS_LABELS,
    TicketVerdict,
    VisitStatus,
)

_CAME = (VisitStatus.ARRIVED, VisitStatus.CHECKED_IN, VisitStatus.FULFILLED)


def rows_select() -> Select[Any]:
    """Return the query of visits with what lists show of them."""
    statement = (
        select(
            Visit,
            col(Patient.last_name),
            col(Patient.first_name),
            col(Patient.middle_name),
            col(Doctor.last_name),
            col(Doctor.first_name),
            col(Doctor.middle_name),
            col(Specialty.name),
            col(Room.number),
        )
        .join(Patient, col(Patient.id) == col(Visit.patient_id))
        .join(Doctor, col(Doctor.id) == col(Visit.doctor_id))
        .join(Specialty, col(Specialty.id) == col(Visit.specialty_id))
        .join(Room, col(Room.id) == col(Visit.room_id))
    )
    return cast("Select[Any]", statement)


def row_of(found: Row[Any]) -> dto.VisitRow:
    """Return one row of `rows_select` as a line of a list."""
    visit: Visit
    visit, last, first, middle, doctor_last, doctor_first, doctor_middle, specialty, room = tuple(found)
    visit_id = required_id(visit)
    return dto.VisitRow(
        id=visit_id,
        number=number_of(visit_id),
        patient_id=visit.patient_id,
        patient=full_name(last, first, middle),
        doctor=short_name(doctor_last, doctor_first, doctor_middle),
        specialty=specialty,
        room=room,
        starts_at=visit.starts_at,
        minutes=visit.minutes,
        status=visit.status,
        note=note_of(visit),
    )


def note_of(visit: Visit) -> str:
    """Return the status in Russian with what matters about it."""
    if visit.replaced_by_id is not None:
        return f"перенесён на № {number_of(visit.replaced_by_id)}"
    if visit.late:
        return "отменён поздно"
    if visit.status == VisitStatus.CANCELLED and visit.cancelled_by == "clinic":
        return "отменён клиникой"
    return VISIT_STATUS_LABELS[visit.status]


def day_list(session: Session, workplace: Workplace, day: date | None, doctor_id: int | None) -> dto.DayList:
    """List the visits of a day in order of time; a desk with a branch lists its own."""
    wanted = day or workplace.now().date()
    start = datetime.combine(wanted, time.min)
    statement = rows_select().where(
        col(Visit.starts_at) >= start,
        col(Visit.starts_at) < start + timedelta(days=1),
        col(Visit.replaced_by_id).is_(None),
        col(Visit.status) != VisitStatus.ENTERED_IN_ERROR,
    )
    if not workplace.receives_any_branch:
        statement = statement.where(col(Visit.branch_id) == workplace.branch_id)
    if doctor_id is not None:
        statement = statement.where(col(Visit.doctor_id) == doctor_id)
    statement = statement.order_by(col(Visit.starts_at), col(Visit.id))
    rows = tuple(row_of(found) for found in session.execute(statement))
    now = workplace.now()
    waiting = [row for row in rows if row.status == VisitStatus.BOOKED]
    return dto.DayList(
        day=wanted,
        rows=rows,
        expected=len(waiting),
        arrived=sum(row.status in _CAME for row in rows),
        unresolved=sum(row.starts_at + timedelta(minutes=row.minutes) <= now for row in waiting),
    )


def visit_row(session: Session, visit_id: int) -> dto.VisitRow:
    """Return one visit as a line of a list; `not_found`."""
    found = session.execute(rows_select().where(col(Visit.id) == visit_id)).first()
    if found is None:
        raise Refusal("not_found", f"Приёма № {visit_id} нет в базе: проверьте номер.", field="visit")
    return row_of(found)


def verify(session: Session, workplace: Workplace, code: str) -> dto.TicketCheck:
    """Check a shown ticket code against today and this desk; any text has a verdict."""
    if ticket_code.read_code(code) is None:
        return _check(TicketVerdict.UNKNOWN, None, None)
    visit_id = workplace.tickets.read(code)
    if visit_id is None:
        return _check(TicketVerdict.FORGED, None, None)
    visit = find_visit(session, visit_id)
    if visit is None:
        return _check(TicketVerdict.UNKNOWN, None, None)
    return _check(judge_arrival(workplace, visit), visit_id, visit_row(session, visit_id))


def judge_arrival(workplace: Workplace, visit: Visit) -> TicketVerdict:
    """Tell whether the patient of a visit may be received here and now."""
    if visit.replaced_by_id is not None:
        return TicketVerdict.MOVED
    if visit.status in _CAME:
        return TicketVerdict.ALREADY_ARRIVED
    if visit.status != VisitStatus.BOOKED:
        return TicketVerdict.CANCELLED
    if visit.starts_at.date() != workplace.now().date():
        return TicketVerdict.WRONG_DAY
    if not workplace.receives_any_branch and visit.branch_id != workplace.branch_id:
        return TicketVerdict.OTHER_BRANCH
    return TicketVerdict.OK


def _check(verdict: TicketVerdict, visit_id: int | None, row: dto.VisitRow | None) -> dto.TicketCheck:
    message = TICKET_VERDICT_LABELS[verdict]
    if row is not None and verdict is TicketVerdict.WRONG_DAY:
        message = f"{message}: {day_and_time(row.starts_at)}"
    return dto.TicketCheck(verdict, visit_id, message[0].upper() + message[1:] + ".", row)


def arrive(session: Session, workplace: Workplace, code_or_visit: str, op_id: str) -> dto.VisitView:
    """Record an arrival by ticket code, visit id or ticket number; refuses with the ticket's verdict."""
    visit_id = _visit_meant(workplace, code_or_visit)
    visit = visit_by_id(session, visit_id)
    patient_facts(session, visit.patient_id, lock=True)
    visit = visit_by_id(session, visit_id, lock=True)
    verdict = judge_arrival(workplace, visit)
    if verdict is not TicketVerdict.OK:
        raise _refused(session, verdict, visit)
    before = snapshot(session, visit)
    visit.status = VisitStatus.ARRIVED
    visit.arrived_at = workplace.utc()
    record(session, workplace, visit, "arrived", op_id, before=before)
    return view_of(session, workplace, visit)


def _visit_meant(workplace: Workplace, text: str) -> int:
    if ticket_code.read_code(text) is not None:
        visit_id = workplace.tickets.read(text)
        if visit_id is None:
            raise Refusal("ticket_forged", _sentence(TicketVerdict.FORGED), field="code")
        return visit_id
    digits = text.strip().removeprefix("№").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10):
        raise Refusal(
            "not_found", "Код талона не распознан: считайте его ещё раз или введите номер.", field="code"
        )
    return int(digits)


def _sentence(verdict: TicketVerdict) -> str:
    message = TICKET_VERDICT_LABELS[verdict]
    return message[0].upper() + message[1:] + "."


def _refused(session: Session, verdict: TicketVerdict, visit: Visit) -> Refusal:
    check = _check(verdict, visit.id, visit_row(session, required_id(visit)))
    ways: tuple[WayOut, ...] = ()
    if verdict is TicketVerdict.MOVED and visit.replaced_by_id is not None:
        moved = visit_row(session, visit.replaced_by_id)
        ways = (WayOut("action", f"Талон № {moved.number}: {day_and_time(moved.starts_at)}"),)
    return Refusal(f"ticket_{verdict.value.replace('-', '_')}", check.message, field="visit", ways_out=ways)
