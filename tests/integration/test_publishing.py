"""Publishing slots from templates: once, and only where the template says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from registrar_tui.models import ShiftTemplate, Slot
from registrar_tui.services.publishing import publish
from tests.integration.bases import Clinic
from tests.integration.tiny_clinic import HEART, MONDAY, THERAPIST

NEXT_MONDAY = MONDAY + timedelta(days=7)


def starts(clinic: Clinic, doctor: int, first: date = NEXT_MONDAY) -> list[str]:
    with clinic.read() as session:
        rows = session.execute(
            select(col(Slot.starts_at))
            .where(col(Slot.doctor_id) == doctor, col(Slot.starts_at) >= datetime.combine(first, time.min))
            .order_by(col(Slot.starts_at))
        )
        return [f"{moment:%d %H:%M}" for moment in rows.scalars()]


def test_publishing_twice_changes_nothing(clinic: Clinic) -> None:
    assert clinic.write(lambda session: publish(session, NEXT_MONDAY, 7)) == 5 * (8 + 4)
    first = starts(clinic, THERAPIST), starts(clinic, HEART)
    assert first[0][:9] == [
        "30 09:00",
        "30 09:15",
        "30 09:30",
        "30 09:45",
        "30 10:00",
        "30 10:15",
        "30 10:30",
        "30 10:45",
        "01 09:00",
    ]
    assert clinic.write(lambda session: publish(session, NEXT_MONDAY, 7)) == 0
    assert (starts(clinic, THERAPIST), starts(clinic, HEART)) == first


def test_only_the_missing_days_are_added(clinic: Clinic) -> None:
    clinic.write(lambda session: publish(session, NEXT_MONDAY, 2))
    assert clinic.write(lambda session: publish(session, NEXT_MONDAY, 5)) == 3 * (8 + 4)


def test_existing_slots_are_left_alone(clinic: Clinic) -> None:
    """Three days of the tiny clinic are there: eight of each doctor, the template gives 8 and 4."""
    with clinic.read() as session:
        before = session.execute(select(func.count()).select_from(Slot)).scalar_one()
    assert clinic.write(lambda session: publish(session, MONDAY, 3)) == 0
    with clinic.read() as session:
        assert session.execute(select(func.count()).select_from(Slot)).scalar_one() == before


def test_a_template_has_its_dates_and_weekday(clinic: Clinic) -> None:
    def limit(session: Session) -> None:
        for template in session.execute(select(ShiftTemplate)).scalars():
            template.valid_from = NEXT_MONDAY + timedelta(days=1)
            template.valid_until = NEXT_MONDAY + timedelta(days=2)

    clinic.write(limit)
    assert clinic.write(lambda session: publish(session, NEXT_MONDAY, 14)) == 2 * (8 + 4)
    assert {start[:2] for start in starts(clinic, HEART)} == {"01", "02"}
    assert clinic.write(lambda session: publish(session, NEXT_MONDAY + timedelta(days=5), 2)) == 0


def test_published_slots_carry_the_instant(clinic: Clinic) -> None:
    clinic.write(lambda session: publish(session, NEXT_MONDAY, 1))
    with clinic.read() as session:
        for slot in session.execute(select(Slot)).scalars():
            assert slot.starts_utc.replace(tzinfo=None) + timedelta(hours=3) == slot.starts_at
