"""Booking the first suitable slot, also when other desks want the same one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import col

from registrar_tui.errors import Refusal
from registrar_tui.models import Slot
from registrar_tui.services import booking, dto, visits
from registrar_tui.services.visits import SlotLost
from registrar_tui.vocabulary import Channel
from tests.integration.bases import Clinic, new_op
from tests.integration.tiny_clinic import (
    ABSENT,
    HEART,
    OTHER_THERAPIST,
    SLOTS_A_DAY,
    THERAPIST,
    slot_id,
)


def first_free(
    clinic: Clinic, patient: int = 1, specialty: str = "терапевт", op_id: str | None = None, **more: Any
) -> dto.VisitView:
    command = dto.BookFirstFree(op_id or new_op(), patient, specialty, **more)
    return clinic.desk().book_first_free(command)


def test_the_first_free_slot_in_time(clinic: Clinic) -> None:
    assert first_free(clinic).slot_id == slot_id(THERAPIST, 0, 0)
    assert first_free(clinic, 2).slot_id == slot_id(OTHER_THERAPIST, 0, 0)
    assert first_free(clinic, 3).slot_id == slot_id(THERAPIST, 0, 1)


def test_what_does_not_suit_is_passed_over(clinic: Clinic) -> None:
    unsuitable: list[dict[str, Any]] = [
        {"closed": True},
        {"kind": "referral"},
        {"kind": "reserve"},
        {"channels": "doctor"},
    ]
    for place, changes in enumerate(unsuitable):
        for doctor in (THERAPIST, OTHER_THERAPIST):
            clinic.set(Slot, slot_id(doctor, 0, place), **changes)
    assert first_free(clinic).slot_id == slot_id(THERAPIST, 0, 4)
    assert first_free(clinic, 2, channel=Channel.DOCTOR).slot_id == slot_id(THERAPIST, 0, 3)
    over = dto.Override("referral_required", "направление № 7")
    assert first_free(clinic, 3, overrides=(over,)).slot_id == slot_id(THERAPIST, 0, 1)


def test_the_persons_own_visits_are_respected(clinic: Clinic) -> None:
    clinic.book(slot_id(HEART, 0, 0), 1)  # 09:00-09:30
    assert first_free(clinic).slot_id == slot_id(THERAPIST, 0, 2)
    assert first_free(clinic).slot_id == slot_id(THERAPIST, 1, 0), "a second one only on another day"


def test_a_long_service_finds_room(clinic: Clinic) -> None:
    for doctor in (THERAPIST, OTHER_THERAPIST):
        clinic.book(slot_id(doctor, 0, 1), doctor + 1)
    visit = first_free(clinic, service="long")
    assert (visit.slot_id, visit.minutes) == (slot_id(THERAPIST, 0, 2), 40)


def test_nothing_free_and_nobody_of_that_name(clinic: Clinic) -> None:
    clinic.write(lambda session: session.execute(delete(Slot).where(col(Slot.doctor_id) != ABSENT)))
    for specialty in ("терапевт", "кардиолог", "астролог"):
        with pytest.raises(Refusal) as refused:
            first_free(clinic, specialty=specialty)
        assert refused.value.code == "not_found"


def test_a_slot_lost_to_another_desk_is_followed_by_the_next(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another desk books between the look and the claim, three times over."""
    real = booking.first_free_slot
    lost: list[int] = []

    def overtaken(*arguments: object) -> int:
        slot = real(*arguments)  # type: ignore[arg-type]
        if len(lost) < 3:
            lost.append(slot)
            clinic.book(slot, 10 + len(lost) - 1, desk="окно 2")
        return slot

    monkeypatch.setattr(booking, "first_free_slot", overtaken)
    visit = first_free(clinic)
    assert len(lost) == 3 and visit.slot_id not in lost and visit.status == "booked"


def test_a_slot_lost_at_the_last_moment_is_followed_by_the_next(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claim itself fails, after every rule has said yes."""
    real = visits.claim
    lost: list[int] = []

    def once_lost(session: object, workplace: object, slots: object, visit_id: int) -> None:
        if not lost:
            lost.append(slots[0].id)  # type: ignore[index]
            raise SlotLost(lost[0])
        real(session, workplace, slots, visit_id)  # type: ignore[arg-type]

    monkeypatch.setattr(booking, "claim", once_lost)
    assert first_free(clinic).status == "booked"
    assert lost == [slot_id(THERAPIST, 0, 0)]


def test_a_retry_gives_the_first_answer_even_when_nothing_is_free_any_more(clinic: Clinic) -> None:
    """The connection broke after the commit, and the visit took the last slot there was."""
    clinic.write(
        lambda session: session.execute(delete(Slot).where(col(Slot.id) != slot_id(THERAPIST, 0, 0)))
    )
    visit = first_free(clinic, op_id="once")
    assert first_free(clinic, op_id="once") == visit
    with pytest.raises(Refusal) as refused:
        first_free(clinic, patient=2, op_id="once")
    assert refused.value.code == "op_reused"


def test_the_search_looks_past_weeks_without_a_slot(clinic: Clinic) -> None:
    for place in range(SLOTS_A_DAY):
        clinic.set(Slot, slot_id(HEART, 0, place), closed=True)
    far = clinic.add_slot(70_001, HEART, datetime(2027, 2, 1, 9, 0))
    clinic.write(
        lambda session: session.execute(delete(Slot).where(col(Slot.doctor_id) == HEART, col(Slot.id) != far))
    )
    assert first_free(clinic, specialty="кардиолог").slot_id == far
