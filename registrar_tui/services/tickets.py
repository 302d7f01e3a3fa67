"""What a ticket says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Branch, Doctor, Patient, Room, Service, Specialty, Visit
from registrar_tui.services import dto
from registrar_tui.services.arrivals import note_of
from registrar_tui.services.visits import number_of
from registrar_tui.services.wording import day_and_time, full_name
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import ACTIVE_STATUSES, TicketVerdict, VisitStatus

_BRING = "паспорт, полис ОМС, СНИЛС"


def ticket_view(session: Session, workplace: Workplace, visit_id: int) -> dto.TicketView:
    """Collect what the ticket of a visit says; `not_found`."""
    found = session.execute(
        select(Visit, Patient, Doctor, Specialty, Room, Branch, Service)
        .join(Patient, col(Patient.id) == col(Visit.patient_id))
        .join(Doctor, col(Doctor.id) == col(Visit.doctor_id))
        .join(Specialty, col(Specialty.id) == col(Visit.specialty_id))
        .join(Room, col(Room.id) == col(Visit.room_id))
        .join(Branch, col(Branch.id) == col(Visit.branch_id))
        .outerjoin(Service, col(Service.id) == col(Visit.service_id))
        .where(col(Visit.id) == visit_id)
    ).first()
    if found is None:
        raise Refusal("not_found", f"Приёма № {visit_id} нет в базе: проверьте номер.", field="visit")
    visit: Visit
    visit, patient, doctor, specialty, room, branch, service = found
    bring = (specialty.bring or _BRING).split(",")
    return dto.TicketView(
        number=number_of(visit_id),
        code=workplace.tickets.sign(visit_id),
        clinic=workplace.clinic_name,
        branch=branch.name,
        address=branch.address,
        clinic_phone=branch.phone,
        starts_at=visit.starts_at,
        minutes=visit.minutes,
        room=room.number,
        floor=room.floor,
        doctor=full_name(doctor.last_name, doctor.first_name, doctor.middle_name),
        specialty=specialty.name,
        service=service.name if service else "приём врача",
        patient=full_name(patient.last_name, patient.first_name, patient.middle_name),
        birth_year=patient.birth_date.year,
        bring=tuple(item.strip() for item in bring if item.strip()),
        issued_at=workplace.now(),
        issued_by=workplace.operator_name,
        status=visit.status if visit.replaced_by_id is None else TicketVerdict.MOVED,
        notes=_notes(session, visit),
    )


def _notes(session: Session, visit: Visit) -> tuple[str, ...]:
    if visit.replaced_by_id is not None:
        new = session.get(Visit, visit.replaced_by_id)
        if new is not None:
            number = number_of(visit.replaced_by_id)
            return (f"Новое время: {day_and_time(new.starts_at)}, талон № {number}.",)
    return (note_of(visit),) if visit.status not in ACTIVE_STATUSES else ()


def visits_of_day(session: Session, workplace: Workplace, day: date) -> list[int]:
    """Return the visits of a day that still want a ticket, in order of doctor and time."""
    start = datetime.combine(day, time.min)
    statement = (
        select(col(Visit.id))
        .where(
            col(Visit.starts_at) >= start,
            col(Visit.starts_at) < start + timedelta(days=1),
            col(Visit.status) == VisitStatus.BOOKED,
        )
        .order_by(col(Visit.doctor_id), col(Visit.starts_at))
    )
    if not workplace.receives_any_branch:
        statement = statement.where(col(Visit.branch_id) == workplace.branch_id)
    return list(session.execute(statement).scalars())
