"""The slot grid: doctors of a day, or one doctor by days, and the list of slots for scripts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Branch, Claim, Doctor, Patient, Room, Service, Specialty, Visit
from registrar_tui.services import availability, dto
from registrar_tui.services.rules.rulebook import Rulebook, load_rulebook
from registrar_tui.services.slots import Asker, JudgedSlot, asker_for, judge_all, patient_facts, slots_of
from registrar_tui.services.target_search import find_specialty
from registrar_tui.services.wording import WEEKDAYS_SHORT, day_short, short_name
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import Channel, SlotKind, SlotStatus

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
    title, doctors, minutes = _target(session, query)
    patient = (
        patient_facts(session, query.patient_id, since=workplace.now())
        if query.patient_id is not None
        else None
    )
    asker = asker_for(workplace, query.channel, patient=patient, minutes=minutes)
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
    suitable = [entry.slot for entry in judged if entry.verdict is None]
    return dto.SlotGrid(
        title=title,
        day=day,
        columns=_columns(session, workplace, query, judged, doctors, week=week),
        free_count=len(suitable),
        first_suitable=suitable[0].id if suitable else None,
        nearest=nearest.starts_at if nearest else None,
        strip=_strip(rulebook, workplace, judged),
    )


def _week_doctor(query: dto.GridQuery) -> int | None:
    if query.doctor_id is not None:
        return query.doctor_id
    return query.target_id if query.kind is dto.TargetKind.DOCTOR else None


def _target(session: Session, query: dto.GridQuery) -> tuple[str, list[int], int | None]:
    """Return the title, the doctors and the length in minutes (None: as long as the slot)."""
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
        return _with_service(title, service), [doctor_id], service.minutes if service else None
    specialty_id = query.target_id if query.kind is dto.TargetKind.SPECIALTY else None
    if specialty_id is None:
        assert service is not None
        specialty_id = service.specialty_id
    statement = select(col(Doctor.id)).where(col(Doctor.specialty_id) == specialty_id)
    if query.branch_id is not None:
        statement = statement.where(col(Doctor.branch_id) == query.branch_id)
    doctors = list(session.execute(statement.order_by(col(Doctor.last_name))).scalars())
    title = _with_service(_specialty_name(session, specialty_id), service)
    return title, doctors, service.minutes if service else None


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
        title, subtitle = _column_words(headers[doctor_id], day, entries, week=week)
        cells = tuple(_cell(workplace, entry, query.patient_id, names) for entry in entries)
        columns.append(dto.GridColumn(doctor_id, day, title, subtitle, cells))
    return tuple(columns)


def _column_words(
    header: _Header, day: date, entries: Sequence[JudgedSlot], *, week: bool
) -> tuple[str, str]:
    minutes = min(entry.slot.minutes for entry in entries)
    room = f"каб. {header.room} · {minutes} мин"
    if not week:
        return header.name, room
    free = sum(entry.verdict is None for entry in entries)
    return f"{WEEKDAYS_SHORT[day.weekday()]} {day:%d.%m}", f"свободно {free}" if free else "нет мест"


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
    specialty_id = find_specialty(session, query.specialty)
    if specialty_id is None:
        raise Refusal(
            "not_found",
            f"Специальности «{query.specialty[:40]}» нет: уточните название.",
            field="specialty",
        )
    return list(availability.doctors_of(session, specialty_id))


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
    from registrar_tui.services.booking import refusal
    from registrar_tui.services.slots import slot_by_id

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
    return dto.SlotExplanation(text, refused.ways_out)


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
