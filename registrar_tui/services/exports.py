"""Rows on their way out, a stretch of short reads at a time: a long one would pin the log of every desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.models import (
    Branch,
    Claim,
    Doctor,
    IdentityDocument,
    Patient,
    Policy,
    Room,
    Slot,
    Specialty,
    Visit,
)
from registrar_tui.services.imports.columns import Column
from registrar_tui.services.imports.patients import COLUMNS as PATIENT_COLUMNS
from registrar_tui.services.visits import number_of
from registrar_tui.services.wording import full_name
from registrar_tui.validators.identity_document import BIRTH_CERTIFICATE, PASSPORT
from registrar_tui.validators.snils import format_snils
from registrar_tui.vocabulary import CHANNEL_LABELS, SLOT_KIND_LABELS, VISIT_STATUS_LABELS, SlotStatus

STRETCH: Final = 2000
_DOCUMENTS: Final = (PASSPORT, BIRTH_CERTIFICATE)
"""What an import reads in the column of passports; by any other number it would refuse the person."""
Rows = list[tuple[int, list[str]]]
"""Cells of rows behind their ids."""
SLOT_STATE_LABELS: Final[dict[str, str]] = {
    SlotStatus.BUSY_UNAVAILABLE: "закрыт",
    SlotStatus.BUSY: "занят",
    SlotStatus.FREE: "свободен",
}
SLOT_COLUMNS: Final = (
    Column("slot_id", "Слот"),
    Column("doctor", "Врач"),
    Column("specialty", "Специальность"),
    Column("branch", "Филиал"),
    Column("room", "Кабинет"),
    Column("date", "Дата"),
    Column("time", "Время"),
    Column("minutes", "Минут"),
    Column("kind", "Вид"),
    Column("state", "Состояние"),
)
VISIT_COLUMNS: Final = (
    Column("visit", "Талон"),
    Column("date", "Дата"),
    Column("time", "Время"),
    Column("minutes", "Минут"),
    Column("doctor", "Врач"),
    Column("specialty", "Специальность"),
    Column("branch", "Филиал"),
    Column("room", "Кабинет"),
    Column("patient_id", "Пациент №"),
    Column("patient", "Пациент"),
    Column("birth_date", "Дата рождения"),
    Column("phone", "Телефон"),
    Column("state", "Состояние"),
    Column("channel", "Канал"),
)


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a schedule or of visits, both included; None: no bound."""

    first: date | None = None
    last: date | None = None

    def of(self, column: Any) -> list[Any]:
        """Return the conditions that leave only the rows of these days."""
        found = []
        if self.first is not None:
            found.append(column >= datetime.combine(self.first, time.min))
        if self.last is not None:
            found.append(column <= datetime.combine(self.last, time.max))
        return found


def stretches(
    read: Callable[[Callable[[Session], Rows]], Rows], of: Callable[[Session, int], Rows]
) -> Iterator[list[str]]:
    """Yield rows stretch by stretch; `of` reads those after an id, `read` opens a short read."""
    last = 0
    while True:
        rows = read(partial(_read_after, of, last))
        if not rows:
            return
        for _, cells in rows:
            yield cells
        last = rows[-1][0]


def _read_after(of: Callable[[Session, int], Rows], after: int, session: Session) -> Rows:
    return of(session, after)


def patients(session: Session, after: int) -> Rows:
    """Return people after an id with their latest document and policy; phones without a plus."""
    found = session.execute(
        select(
            col(Patient.id),
            col(Patient.last_name),
            col(Patient.first_name),
            col(Patient.middle_name),
            col(Patient.birth_date),
            col(Patient.birth_precision),
            col(Patient.sex),
            col(Patient.snils),
            col(Patient.phone),
            col(Patient.email),
        )
        .where(col(Patient.id) > after, col(Patient.merged_into_id).is_(None))
        .order_by(col(Patient.id))
        .limit(STRETCH)
    ).all()
    if not found:
        return []
    between = (after + 1, found[-1][0])
    documents = _latest(session, IdentityDocument, between, _DOCUMENTS)
    policies = _latest(session, Policy, between)
    return [
        (
            row[0],
            [
                row[1],
                row[2],
                row[3],
                _birth(row[4], row[5]),
                "м" if row[6] == "M" else "ж",
                format_snils(row[7]) if row[7] else "",
                policies.get(row[0], ""),
                documents.get(row[0], ""),
                (row[8] or "").removeprefix("+"),
                row[9] or "",
            ],
        )
        for row in found
    ]


def _birth(day: date, precision: str) -> str:
    if precision == "day":
        return f"{day:%d.%m.%Y}"
    return f"--.{day:%m.%Y}" if precision == "month" else f"--.--.{day:%Y}"


def _latest(
    session: Session,
    table: type[IdentityDocument] | type[Policy],
    between: tuple[int, int],
    kinds: Sequence[str] = (),
) -> dict[int, str]:
    """Return the newest document of each person of a stretch: the last one read stands.

    One that came with a merge yields to the card's own.
    """
    of_kinds = [col(table.kind).in_(kinds)] if kinds else []
    rows = session.execute(
        select(col(table.patient_id), col(table.series), col(table.number))
        .where(col(table.patient_id) >= between[0], col(table.patient_id) <= between[1], *of_kinds)
        .order_by(col(table.came_from_id).is_(None), col(table.id))
    )
    # Without the sign the digits of an old policy would be read back as the number of a blank.
    sign = " № " if table is Policy else " "
    return {row[0]: f"{row[1]}{sign}{row[2]}" if row[1] else row[2] for row in rows}


def slots(session: Session, after: int, span: Span) -> Rows:
    """Return published slots after an id, and whether each is taken; whose it is stands in the visits."""
    statement = (
        select(Slot, Doctor, col(Specialty.name), col(Branch.name), col(Room.number), col(Claim.visit_id))
        .join(Doctor, col(Doctor.id) == col(Slot.doctor_id))
        .join(Specialty, col(Specialty.id) == col(Doctor.specialty_id))
        .join(Branch, col(Branch.id) == col(Slot.branch_id))
        .join(Room, col(Room.id) == col(Slot.room_id))
        .outerjoin(Claim, col(Claim.slot_id) == col(Slot.id))
        .where(col(Slot.id) > after, *span.of(col(Slot.starts_at)))
        .order_by(col(Slot.id))
        .limit(STRETCH)
    )
    return [
        (
            slot.id,
            [
                str(slot.id),
                full_name(doctor.last_name, doctor.first_name, doctor.middle_name),
                specialty,
                branch,
                room,
                f"{slot.starts_at:%d.%m.%Y}",
                f"{slot.starts_at:%H:%M}",
                str(slot.minutes),
                SLOT_KIND_LABELS.get(slot.kind, slot.kind),
                SLOT_STATE_LABELS[_slot_status(slot, visit_id)],
            ],
        )
        for slot, doctor, specialty, branch, room, visit_id in session.execute(statement)
    ]


def _slot_status(slot: Slot, visit_id: int | None) -> SlotStatus:
    if slot.closed:
        return SlotStatus.BUSY_UNAVAILABLE
    return SlotStatus.FREE if visit_id is None else SlotStatus.BUSY


def visits(session: Session, after: int, span: Span) -> Rows:
    """Return visits after an id with their people."""
    statement = (
        select(Visit, Doctor, Patient, col(Specialty.name), col(Branch.name), col(Room.number))
        .join(Doctor, col(Doctor.id) == col(Visit.doctor_id))
        .join(Patient, col(Patient.id) == col(Visit.patient_id))
        .join(Specialty, col(Specialty.id) == col(Visit.specialty_id))
        .join(Branch, col(Branch.id) == col(Visit.branch_id))
        .join(Room, col(Room.id) == col(Visit.room_id))
        .where(col(Visit.id) > after, *span.of(col(Visit.starts_at)))
        .order_by(col(Visit.id))
        .limit(STRETCH)
    )
    return [
        (
            visit.id,
            [
                number_of(visit.id),
                f"{visit.starts_at:%d.%m.%Y}",
                f"{visit.starts_at:%H:%M}",
                str(visit.minutes),
                full_name(doctor.last_name, doctor.first_name, doctor.middle_name),
                specialty,
                branch,
                room,
                str(visit.patient_id),
                full_name(patient.last_name, patient.first_name, patient.middle_name),
                _birth(patient.birth_date, patient.birth_precision),
                (patient.phone or "").removeprefix("+"),
                VISIT_STATUS_LABELS.get(visit.status, visit.status),
                CHANNEL_LABELS.get(visit.channel, visit.channel),
            ],
        )
        for visit, doctor, patient, specialty, branch, room in session.execute(statement)
    ]


KINDS: Final[dict[str, tuple[Column, ...]]] = {
    "patients": PATIENT_COLUMNS,
    "schedule": SLOT_COLUMNS,
    "visits": VISIT_COLUMNS,
}
