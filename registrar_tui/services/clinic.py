"""The clinic's lists: doctors with what is free, booking targets, what the top line says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlmodel import Session, col

from registrar_tui.models import (
    Branch,
    Certificate,
    Claim,
    Doctor,
    Patient,
    Room,
    Service,
    Setting,
    Slot,
    Specialty,
)
from registrar_tui.services import dto, operators
from registrar_tui.services.permissions import ROLES
from registrar_tui.services.target_search import match_targets, require_specialty
from registrar_tui.services.wording import age_on, full_name
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import Channel, SlotKind

AHEAD = timedelta(days=14)
ADULT = 18
_GATED_KINDS = (SlotKind.SAME_DAY, SlotKind.RESERVE, SlotKind.REFERRAL)  # the rules open them by the clock


@dataclass(frozen=True, slots=True)
class Free:
    """How many slots are free in the next two weeks, and the nearest."""

    count: int = 0
    nearest: datetime | None = None

    def __add__(self, other: Free) -> Free:
        nearest = [moment for moment in (self.nearest, other.nearest) if moment is not None]
        return Free(self.count + other.count, min(nearest, default=None))


def setting(session: Session, key: str) -> str | None:
    """Return one fact about the base, None where it is not set."""
    row = session.get(Setting, key)
    return row.value if row else None


def free_by_doctor(session: Session, workplace: Workplace) -> dict[int, Free]:
    """Count what the desk could book with each doctor in the next two weeks."""
    now = workplace.now()
    tomorrow = datetime.combine(now.date() + timedelta(days=1), time.min)
    statement = (
        select(col(Slot.doctor_id), func.count(), func.min(col(Slot.starts_at)))
        .outerjoin(Claim, col(Claim.slot_id) == col(Slot.id))
        .where(
            col(Slot.starts_at) > now,
            col(Slot.starts_at) < now + AHEAD,
            col(Slot.closed).is_(False),
            col(Claim.visit_id).is_(None),
            or_(
                col(Claim.slot_id).is_(None),
                col(Claim.held_until) <= workplace.utc(),
                col(Claim.held_by) == workplace.desk,
            ),
            or_(
                col(Slot.kind).not_in(_GATED_KINDS),
                and_(col(Slot.kind) == SlotKind.SAME_DAY, col(Slot.starts_at) < tomorrow),
                and_(col(Slot.kind) != SlotKind.SAME_DAY, col(Slot.released_at) <= now),
            ),
            or_(
                col(Slot.channels) == "",
                col(Slot.channels).contains(Channel.DESK),
                col(Slot.released_at) <= now,
            ),
        )
        .group_by(col(Slot.doctor_id))
    )
    return {row[0]: Free(row[1], row[2]) for row in session.execute(statement)}


def doctors(
    session: Session, workplace: Workplace, specialty: str | None = None
) -> tuple[dto.DoctorRow, ...]:
    """List doctors by specialty and name; an unknown specialty is `not_found`."""
    statement = (
        select(Doctor, col(Specialty.name), col(Branch.name), col(Room.number))
        .join(Specialty, col(Specialty.id) == col(Doctor.specialty_id))
        .join(Branch, col(Branch.id) == col(Doctor.branch_id))
        .join(Room, col(Room.id) == col(Doctor.room_id))
        .order_by(col(Specialty.name), col(Doctor.last_name), col(Doctor.id))
    )
    if specialty is not None:
        statement = statement.where(col(Doctor.specialty_id) == require_specialty(session, specialty))
    free = free_by_doctor(session, workplace)
    certificates = _certificates(session)
    return tuple(
        _doctor_row(row, free, certificates, workplace.now().year) for row in session.execute(statement)
    )


def _certificates(session: Session) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    statement = select(col(Certificate.doctor_id), col(Certificate.title)).order_by(col(Certificate.id))
    for doctor_id, title in session.execute(statement):
        found.setdefault(doctor_id, []).append(title)
    return found


def _doctor_row(
    row: Row[Any],
    free: dict[int, Free],
    certificates: dict[int, list[str]],
    year: int,
) -> dto.DoctorRow:
    doctor, specialty, branch, room = tuple(row)
    assert doctor.id is not None
    found = free.get(doctor.id, Free()) if doctor.accepting else Free()
    return dto.DoctorRow(
        id=doctor.id,
        full_name=full_name(doctor.last_name, doctor.first_name, doctor.middle_name),
        specialty=specialty,
        post=doctor.post,
        branch=branch,
        room=room,
        rating=doctor.rating,
        accepting=doctor.accepting,
        free=found.count,
        nearest=found.nearest,
        experience_years=max(0, year - doctor.since_year) if doctor.since_year else 0,
        certificates=tuple(certificates.get(doctor.id, ())),
        reviews=doctor.reviews,
    )


def targets(
    session: Session,
    workplace: Workplace,
    text: str,
    limit: int,
    patient_id: int | None = None,
    branch_id: int | None = None,
) -> tuple[dto.BookingTarget, ...]:
    """Find specialties, doctors, services and branches by keyword, each with what is free (at one branch).

    What does not suit the person's age comes last and says so.
    """
    matches = match_targets(session, text, limit)
    if not matches:
        return ()  # most of what is typed into the search of people; counting what is free takes longest
    free = _free_by_target(session, workplace, branch_id)
    answer = []
    for match in matches:
        found = free[match.kind].get(match.id)
        if found is None and branch_id is not None and match.kind is dto.TargetKind.DOCTOR:
            continue  # of another branch
        found = found or Free()
        answer.append(
            dto.BookingTarget(match.kind, match.id, match.title, match.detail, found.count, found.nearest)
        )
    return _by_age(session, workplace, tuple(answer), patient_id)


def _free_by_target(
    session: Session, workplace: Workplace, branch_id: int | None
) -> dict[dto.TargetKind, dict[int, Free]]:
    """Count what is free with each doctor (of one branch), and add it up by specialty, service and branch."""
    free = free_by_doctor(session, workplace)
    counts: dict[dto.TargetKind, dict[int, Free]] = {kind: {} for kind in dto.TargetKind}
    statement = select(col(Doctor.id), col(Doctor.specialty_id), col(Doctor.branch_id), col(Doctor.accepting))
    for doctor_id, specialty_id, doctors_branch, accepting in session.execute(statement):
        if branch_id not in (None, doctors_branch):
            continue
        found = free.get(doctor_id, Free()) if accepting else Free()
        counts[dto.TargetKind.DOCTOR][doctor_id] = found
        for kind, number in (
            (dto.TargetKind.SPECIALTY, specialty_id),
            (dto.TargetKind.BRANCH, doctors_branch),
        ):
            counts[kind][number] = counts[kind].get(number, Free()) + found
    for service_id, specialty_id in session.execute(select(col(Service.id), col(Service.specialty_id))):
        of_specialty = counts[dto.TargetKind.SPECIALTY].get(specialty_id, Free())
        counts[dto.TargetKind.SERVICE][service_id] = of_specialty
    return counts


def _by_age(
    session: Session, workplace: Workplace, found: tuple[dto.BookingTarget, ...], patient_id: int | None
) -> tuple[dto.BookingTarget, ...]:
    born = (
        session.execute(select(col(Patient.birth_date)).where(col(Patient.id) == patient_id)).scalar()
        if patient_id is not None
        else None
    )
    if born is None:
        return found
    unsuitable = "child" if age_on(born, workplace.now().date()) >= ADULT else "adult"
    specialties = set(
        session.execute(select(col(Specialty.id)).where(col(Specialty.ages) == unsuitable)).scalars()
    )
    doctors_there = set(
        session.execute(select(col(Doctor.id)).where(col(Doctor.specialty_id).in_(specialties))).scalars()
    )
    services_there = set(
        session.execute(select(col(Service.id)).where(col(Service.specialty_id).in_(specialties))).scalars()
    )
    off = {
        dto.TargetKind.SPECIALTY: specialties,
        dto.TargetKind.DOCTOR: doctors_there,
        dto.TargetKind.SERVICE: services_there,
        dto.TargetKind.BRANCH: set[int](),
    }
    word = "принимает детей" if unsuitable == "child" else "принимает взрослых"
    last = [
        replace(target, detail=f"{target.detail} · {word}".removeprefix(" · "))
        for target in found
        if target.id in off[target.kind]
    ]
    return (*(target for target in found if target.id not in off[target.kind]), *last)


def _street(address: str) -> str:
    """Leave the town out: the registrar knows where she is."""
    town, separator, rest = address.partition(", ")
    return rest if separator and town.startswith("г.") else address


def greeting(session: Session, workplace: Workplace, *, demo: bool, people: int) -> dto.DeskGreeting:
    """Return what the top line says and what the grid's filters offer."""
    branches = session.execute(
        select(col(Branch.id), col(Branch.name), col(Branch.address)).order_by(col(Branch.id))
    ).all()
    here = next((row for row in branches if row[0] == workplace.branch_id), branches[0])
    services = session.execute(
        select(col(Service.id), col(Service.name), col(Service.minutes)).order_by(col(Service.name))
    )
    operator = operators.by_login(session, workplace.operator)
    return dto.DeskGreeting(
        clinic=workplace.clinic_name,
        branch_id=here[0],
        branch=_street(here[2]),
        desk=workplace.desk,
        operator=workplace.operator_name,
        now=workplace.now(),
        demo=demo,
        patients=people,
        branches=tuple((row[0], row[1]) for row in branches),
        services=tuple((row[0], row[1], row[2]) for row in services),
        login=workplace.operator,
        rights=frozenset(right.value for right in ROLES.get(workplace.role, ())),
        must_change=operator is not None and operator.must_change,
    )
