"""The slot grid: doctors of a day, or one doctor by days."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Branch, Claim, Doctor, Patient, Room, Service, Specialty, Visit
from registrar_tui.services import availability, dto
from registrar_tui.services.rules.base import SlotFacts
from registrar_tui.services.rules.rulebook import Rulebook, load_rulebook
from registrar_tui.services.slots import JudgedSlot, asker_for, judge_all, patient_facts, slots_of
from registrar_tui.services.wording import WEEKDAYS_SHORT, short_name
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import Channel, SlotKind

WEEK = 7
_KIND_LABELS = {
    SlotKind.REFERRAL: "напр.",
    SlotKind.RESERVE: "резерв",
    SlotKind.SAME_DAY: "день в день",
    SlotKind.REPEAT: "повторный",
    SlotKind.PAID: "платно",
    SlotKind.URGENT: "неотложно",
}
_STRIP = ((Channel.PORTAL, "портал"), (Channel.DESK, "регистратура"), (Channel.DOCTOR, "врач"))


@dataclass(frozen=True, slots=True)
class _Header:
    """What stands over a doctor's column."""

    name: str
    room: str
    branch: str


def grid(session: Session, workplace: Workplace, query: dto.GridQuery) -> dto.SlotGrid:
    """Draw the grid of a query; `not_found` for an unknown target."""
    rulebook = load_rulebook(session, workplace.now().date())
    title, doctors, service = _target(session, workplace, query)
    patient = (
        patient_facts(session, query.patient_id, since=workplace.now())
        if query.patient_id is not None
        else None
    )
    asker = asker_for(
        workplace,
        query.channel,
        patient=patient,
        paid=service is not None and service.paid,
        minutes=service.minutes if service else None,
    )
    nearest = availability.first_suitable(session, rulebook, asker, doctors, accept_minutes=query.minutes)
    day = query.day or (nearest.starts_at.date() if nearest else workplace.now().date())
    week = _week_doctor(query) is not None
    first = datetime.combine(day, time.min)
    slots = slots_of(session, doctors, first, first + timedelta(days=WEEK if week else 1))
    judged = [
        entry
        for entry in judge_all(rulebook, asker, slots)
        if query.minutes is None or entry.slot.minutes == query.minutes
    ]
    place = {doctor: number for number, doctor in enumerate(doctors)}
    suitable = [entry.slot for entry in judged if entry.verdict is None]
    suitable.sort(key=lambda slot: (slot.starts_at, place[slot.doctor_id]))
    return dto.SlotGrid(
        title=title,
        day=day,
        columns=_columns(session, workplace, query, judged, doctors, week=week),
        free_count=len(suitable),
        first_suitable=suitable[0].id if suitable else None,
        nearest=nearest.starts_at if nearest else None,
        strip=_strip(rulebook, workplace, judged),
        services=_services(session, doctors),
        doctors=tuple((doctor, header.name) for doctor, header in _headers(session, doctors).items()),
        stale_at=_stale_at(workplace, [entry.slot for entry in judged]),
    )


def _stale_at(workplace: Workplace, slots: Sequence[SlotFacts]) -> datetime | None:
    """Return when these slots look different although nobody has committed anything."""
    now, utc = workplace.now(), workplace.utc()
    moments = [slot.starts_at for slot in slots]
    moments += [slot.released_at for slot in slots if slot.released_at is not None]
    moments += [
        now + (slot.held_until - utc)
        for slot in slots
        if slot.held_until is not None and slot.taken(utc, workplace.desk)
    ]
    return min((moment for moment in moments if moment > now), default=None)


def _services(session: Session, doctors: Sequence[int]) -> tuple[tuple[int, str, int], ...]:
    """Return what the filter offers: services of the doctors' specialties, by name."""
    specialties = select(col(Doctor.specialty_id)).where(col(Doctor.id).in_(list(doctors)))
    statement = (
        select(col(Service.id), col(Service.name), col(Service.minutes))
        .where(col(Service.specialty_id).in_(specialties))
        .order_by(col(Service.name))
    )
    return tuple((row[0], row[1], row[2]) for row in session.execute(statement))


def _week_doctor(query: dto.GridQuery) -> int | None:
    if query.doctor_id is not None:
        return query.doctor_id
    return query.target_id if query.kind is dto.TargetKind.DOCTOR else None


def _target(
    session: Session, workplace: Workplace, query: dto.GridQuery
) -> tuple[str, list[int], Service | None]:
    """Return the title, the doctors and the service (None: a plain visit, as long as the slot)."""
    service_id = query.target_id if query.kind is dto.TargetKind.SERVICE else query.service_id
    service = session.get(Service, service_id) if service_id is not None else None
    if service_id is not None and service is None:
        raise Refusal("not_found", f"Услуги № {service_id} нет: выберите другую.", field="service")
    doctor_id = _week_doctor(query)
    if doctor_id is not None:
        doctor = session.get(Doctor, doctor_id)
        if doctor is None:
            raise Refusal("not_found", f"Врача № {doctor_id} нет: выберите другого.", field="doctor")
        name = short_name(doctor.last_name, doctor.first_name, doctor.middle_name)
        title = f"{_specialty_name(session, doctor.specialty_id)} {name}"
        return _with_service(title, service), [doctor_id], service
    specialty_id = query.target_id if query.kind is dto.TargetKind.SPECIALTY else None
    if specialty_id is None:
        assert service is not None
        specialty_id = service.specialty_id
    statement = select(col(Doctor.id)).where(col(Doctor.specialty_id) == specialty_id)
    if query.branch_id is not None:
        statement = statement.where(col(Doctor.branch_id) == query.branch_id)
    own_first = (col(Doctor.branch_id) != workplace.branch_id, col(Doctor.branch_id), col(Doctor.last_name))
    doctors = list(session.execute(statement.order_by(*own_first)).scalars())
    title = _with_service(_specialty_name(session, specialty_id), service)
    return title, doctors, service


def _with_service(title: str, service: Service | None) -> str:
    return f"{title} · {service.name}, {service.minutes} мин" if service else title


def _specialty_name(session: Session, specialty_id: int) -> str:
    specialty = session.get(Specialty, specialty_id)
    if specialty is None:
        raise Refusal("not_found", f"Специальности № {specialty_id} нет: выберите другую.", field="specialty")
    return specialty.name


def _columns(
    session: Session,
    workplace: Workplace,
    query: dto.GridQuery,
    judged: Sequence[JudgedSlot],
    doctors: Sequence[int],
    *,
    week: bool,
) -> tuple[dto.GridColumn, ...]:
    names = _occupants(session, [entry.slot.id for entry in judged if entry.slot.visit_id is not None])
    headers = _headers(session, doctors)
    grouped: dict[tuple[date, int], list[JudgedSlot]] = defaultdict(list)
    for entry in judged:
        grouped[(entry.slot.starts_at.date(), entry.slot.doctor_id)].append(entry)
    order = {doctor: place for place, doctor in enumerate(doctors)}
    columns = []
    for day, doctor_id in sorted(grouped, key=lambda key: (key[0], order[key[1]])):
        entries = grouped[(day, doctor_id)]
        away = entries[0].slot.branch_id != workplace.branch_id
        title, subtitle = _column_words(headers[doctor_id], day, entries, week=week, away=away)
        cells = tuple(_cell(workplace, entry, query.patient_id, names) for entry in entries)
        columns.append(dto.GridColumn(doctor_id, day, title, subtitle, cells))
    return tuple(columns)


def _column_words(
    header: _Header, day: date, entries: Sequence[JudgedSlot], *, week: bool, away: bool
) -> tuple[str, str]:
    minutes = min(entry.slot.minutes for entry in entries)
    room = f"каб. {header.room} · {minutes} мин"
    if away:  # the caller must not go to the wrong building
        room = f"{branch_mark(header.branch)} каб. {header.room} · {minutes}м"
    if not week:
        return header.name, room
    free = sum(entry.verdict is None for entry in entries)
    return f"{WEEKDAYS_SHORT[day.weekday()]} {day:%d.%m}", f"свободно {free}" if free else "нет мест"


def branch_mark(name: str) -> str:
    """Return «№2» of «Филиал № 2 …», else the first letters of the name: it must fit a column."""
    number = re.search(r"№\s*(\d+)", name)
    return f"№{number[1]}" if number else name[:4].rstrip() + "."


def _headers(session: Session, doctors: Sequence[int]) -> dict[int, _Header]:
    statement = (
        select(
            col(Doctor.id),
            col(Doctor.last_name),
            col(Doctor.first_name),
            col(Doctor.middle_name),
            col(Room.number),
            col(Branch.name),
        )
        .join(Room, col(Room.id) == col(Doctor.room_id))
        .join(Branch, col(Branch.id) == col(Doctor.branch_id))
        .where(col(Doctor.id).in_(list(doctors)))
    )
    return {
        row[0]: _Header(short_name(row[1], row[2], row[3]), row[4], row[5])
        for row in session.execute(statement)
    }


def _occupants(session: Session, slot_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Return whose each taken slot is: patient id and surname."""
    if not slot_ids:
        return {}
    statement = (
        select(col(Claim.slot_id), col(Visit.patient_id), col(Patient.last_name))
        .join(Visit, col(Visit.id) == col(Claim.visit_id))
        .join(Patient, col(Patient.id) == col(Visit.patient_id))
        .where(col(Claim.slot_id).in_(list(slot_ids)))
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(statement)}


def _cell(
    workplace: Workplace,
    entry: JudgedSlot,
    patient_id: int | None,
    names: dict[int, tuple[int, str]],
) -> dto.SlotCell:
    slot, verdict = entry.slot, entry.verdict
    mark, label = _mark(workplace, entry, patient_id, names.get(slot.id))
    takeable = verdict is None or (verdict.override_role is not None and slot.visit_id is None)
    return dto.SlotCell(slot.id, slot.starts_at, slot.minutes, mark, label, takeable)


def _mark(
    workplace: Workplace, entry: JudgedSlot, patient_id: int | None, occupant: tuple[int, str] | None
) -> tuple[dto.SlotMark, str]:
    slot = entry.slot
    if occupant is not None:
        own = patient_id is not None and occupant[0] == patient_id
        return (dto.SlotMark.OWN if own else dto.SlotMark.BUSY), occupant[1]
    if slot.starts_at <= workplace.now():
        return dto.SlotMark.PAST, ""
    if slot.taken(workplace.utc(), workplace.desk):
        return dto.SlotMark.HELD, slot.held_by or ""
    label = _KIND_LABELS.get(SlotKind(slot.kind), "")
    if entry.verdict is None:
        return dto.SlotMark.FREE, label
    if entry.verdict.code == "referral_required":
        return dto.SlotMark.REFERRAL, label
    if entry.verdict.code in ("duplicate_visit", "overlap"):
        return dto.SlotMark.FREE, label
    return dto.SlotMark.CLOSED, label or slot.close_reason


def _strip(rulebook: Rulebook, workplace: Workplace, judged: Sequence[JudgedSlot]) -> str:
    """Say how many slots of the view are open to whom, and when the next ones are released."""
    slots = [entry.slot for entry in judged]
    parts = []
    for channel, word in _STRIP:
        asker = asker_for(workplace, channel)
        free = sum(entry.verdict is None for entry in judge_all(rulebook, asker, slots))
        parts.append(f"{word} {free}")
    now = workplace.now()
    releases = [
        slot.released_at
        for slot in slots
        if slot.visit_id is None and slot.released_at is not None and slot.released_at > now
    ]
    opens = f" (ещё откроются {min(releases):%d.%m %H:%M})" if releases else ""
    return " · ".join(parts) + opens
