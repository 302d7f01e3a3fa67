"""Cancelling with its 24 hours, and taking the last action back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from registrar_tui.errors import Refusal, UsageError
from registrar_tui.models import Patient, RuleSetting, Slot
from registrar_tui.vocabulary import CANCEL_REASONS, RESCHEDULED, Channel, Initiator
from tests.integration.bases import Clinic, new_op
from tests.integration.invariants import broken_invariants
from tests.integration.tiny_clinic import HEART, MONDAY, OTHER_THERAPIST, THERAPIST, slot_id

HERE, THERE = "окно 1", "окно 2"


def sound(clinic: Clinic) -> None:
    with clinic.read() as session:
        assert broken_invariants(session) == []


def self_booking_until(clinic: Clinic, patient: int = 1) -> object:
    with clinic.read() as session:
        row = session.get(Patient, patient)
        assert row is not None
        return row.self_booking_until


@pytest.mark.parametrize("reason", CANCEL_REASONS)
def test_a_cancelled_slot_is_free_at_once(clinic: Clinic, reason: str) -> None:
    visit = clinic.book(slot_id(THERAPIST, 2, 0))
    cancelled = clinic.cancel(visit.id, reason=reason)
    assert (cancelled.status, cancelled.late) == ("cancelled", False)
    history = clinic.desk().visit(visit.id).history
    assert [(event.what, event.reason) for event in history] == [("booked", None), ("cancelled", reason)]
    assert clinic.book(slot_id(THERAPIST, 2, 0), 2, desk=THERE).status == "booked"
    sound(clinic)


@pytest.mark.parametrize("reason", ["", "nothing", RESCHEDULED, "PATIENT-REQUEST"])
def test_a_reason_is_one_of_the_list(clinic: Clinic, reason: str) -> None:
    visit = clinic.book(slot_id(THERAPIST, 2, 0))
    with pytest.raises(UsageError) as refused:
        clinic.cancel(visit.id, reason=reason)
    assert refused.value.field == "reason"
    assert clinic.desk().visit(visit.id).status == "booked"


def test_less_than_24_hours_is_late_and_closes_self_booking(clinic: Clinic) -> None:
    clinic.advance(hours=1)
    exactly = clinic.book(slot_id(THERAPIST, 1, 0))
    assert clinic.cancel(exactly.id).late is False
    assert self_booking_until(clinic) is None
    visit = clinic.book(slot_id(THERAPIST, 1, 0))
    clinic.advance(seconds=1)
    assert clinic.cancel(visit.id).late is True
    assert self_booking_until(clinic) == MONDAY + timedelta(days=31), "30 days from the day of the visit"
    with pytest.raises(Refusal) as refused:
        clinic.book(slot_id(THERAPIST, 2, 0), channel=Channel.APP)
    assert refused.value.code == "late_restriction"
    told = {warning.code: warning.message for warning in clinic.desk().patient_card(1).warnings}
    assert ".." not in told["late_restriction"]
    assert clinic.desk().patient_card(1).past[0].note == "отменён поздно"


def test_the_clinic_is_never_late(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 0))
    cancelled = clinic.cancel(visit.id, by=Initiator.CLINIC, reason="doctor-absent")
    assert cancelled.late is False and self_booking_until(clinic) is None
    assert clinic.desk().patient_card(1).past[0].note == "отменён клиникой"


def test_the_length_of_the_restriction_is_the_clinics_own(clinic: Clinic) -> None:
    clinic.add(
        RuleSetting(code="late_restriction", valid_from=MONDAY, basis="приказ № 5", parameters='{"days": 7}')
    )
    visit = clinic.book(slot_id(THERAPIST, 0, 0))
    clinic.cancel(visit.id)
    assert self_booking_until(clinic) == MONDAY + timedelta(days=7)


def test_a_visit_that_has_begun_is_not_cancelled(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 0))
    clinic.advance(hours=1)
    with pytest.raises(Refusal) as refused:
        clinic.cancel(visit.id)
    assert refused.value.code == "past_slot"
    assert clinic.desk().visit(visit.id).status == "booked"


def test_a_cancelled_visit_is_not_cancelled_again(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 2, 0))
    clinic.cancel(visit.id)
    with pytest.raises(Refusal) as refused:
        clinic.cancel(visit.id)
    assert refused.value.code == "wrong_status"


def test_a_patient_who_has_come_may_still_leave(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 7))
    clinic.desk().arrive(str(visit.id), op_id=new_op())
    assert clinic.cancel(visit.id).status == "cancelled"
    restored = clinic.undo()
    assert restored.status == "arrived", "undo returns to the very state before"
    sound(clinic)


def test_undo_of_a_booking(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 0), service="long")
    undone = clinic.undo()
    assert (undone.id, undone.status) == (visit.id, "entered-in-error")
    assert [event.what for event in clinic.desk().visit(visit.id).history] == ["booked", "undone"]
    for place in range(3):
        assert clinic.book(slot_id(THERAPIST, 0, place), 2 + place, desk=THERE).status == "booked"
    sound(clinic)


def test_undo_of_a_cancellation(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 0), service="long")
    clinic.cancel(visit.id)
    assert self_booking_until(clinic) is not None
    restored = clinic.undo()
    assert (restored.status, restored.late) == ("booked", False)
    assert self_booking_until(clinic) is None
    assert clinic.desk().verify_ticket(visit.ticket_code).verdict == "ok"
    sound(clinic)


def test_undo_of_one_late_cancellation_keeps_the_other(clinic: Clinic) -> None:
    first, second = clinic.book(slot_id(THERAPIST, 0, 0)), clinic.book(slot_id(HEART, 0, 4))
    clinic.cancel(first.id)
    clinic.cancel(second.id)
    clinic.undo()
    assert self_booking_until(clinic) == MONDAY + timedelta(days=30)
    assert clinic.desk().visit(second.id).status == "booked"


@pytest.mark.parametrize("shared", [0, 1, 2])
def test_undo_of_a_move(clinic: Clinic, shared: int) -> None:
    old = clinic.book(slot_id(THERAPIST, 2, 0), service="long")
    target = slot_id(THERAPIST, 2, 3 - shared)
    new = clinic.move(old.id, target)
    back = clinic.undo()
    assert (back.id, back.status, back.replaced_by_id) == (old.id, "booked", None)
    assert clinic.desk().visit(new.id).status == "entered-in-error"
    assert clinic.desk().verify_ticket(new.ticket_code).verdict == "cancelled"
    assert clinic.move(old.id, target).status == "booked"
    sound(clinic)


def test_undo_again_takes_back_the_action_before(clinic: Clinic) -> None:
    first = clinic.book(slot_id(THERAPIST, 2, 0), 1)
    second = clinic.book(slot_id(THERAPIST, 2, 1), 2)
    assert [clinic.undo().id, clinic.undo().id] == [second.id, first.id]
    with pytest.raises(Refusal) as refused:
        clinic.undo()
    assert refused.value.code == "nothing_to_undo"
    sound(clinic)


def test_one_undo_twice_by_its_number_is_one_undo(clinic: Clinic) -> None:
    clinic.book(slot_id(THERAPIST, 2, 0), 1)
    second = clinic.book(slot_id(THERAPIST, 2, 1), 2)
    answers = [clinic.desk().undo(op_id="undo once").as_dict() for _ in range(2)]
    assert [answer["id"] for answer in answers] == [second.id, second.id]


def test_a_move_and_its_booking_are_taken_back_step_by_step(clinic: Clinic) -> None:
    old = clinic.book(slot_id(THERAPIST, 2, 0))
    clinic.move(old.id, slot_id(THERAPIST, 2, 5))
    assert clinic.undo().status == "booked"
    with pytest.raises(Refusal) as refused:
        clinic.undo()
    assert refused.value.code == "stale_edit", "the visit has been worked on since it was booked"
    sound(clinic)


def test_undo_when_the_slot_is_taken_meanwhile(clinic: Clinic) -> None:
    cancelled = clinic.book(slot_id(THERAPIST, 2, 0), 1)
    clinic.cancel(cancelled.id)
    clinic.book(slot_id(THERAPIST, 2, 0), 2, desk=THERE)
    with pytest.raises(Refusal) as refused:
        clinic.undo()
    assert refused.value.code == "slot_taken"
    assert clinic.desk().visit(cancelled.id).status == "cancelled"
    sound(clinic)


def test_undo_of_a_move_when_the_old_slot_is_taken_meanwhile(clinic: Clinic) -> None:
    old = clinic.book(slot_id(THERAPIST, 2, 0), 1)
    new = clinic.move(old.id, slot_id(THERAPIST, 2, 5))
    clinic.book(slot_id(THERAPIST, 2, 0), 2, desk=THERE)
    with pytest.raises(Refusal) as refused:
        clinic.undo()
    assert refused.value.code == "slot_taken"
    assert clinic.desk().visit(new.id).status == "booked"
    sound(clinic)


def test_undo_when_another_desk_holds_the_slot(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 2, 0), 1)
    clinic.cancel(visit.id)
    clinic.desk(THERE).offer(slot_id(THERAPIST, 2, 0), 2)
    with pytest.raises(Refusal) as refused:
        clinic.undo()
    assert refused.value.code == "slot_taken"
    clinic.advance(minutes=3)
    assert clinic.undo().status == "booked"
    sound(clinic)


@pytest.mark.parametrize("what", ["arrived", "cancelled", "moved"])
def test_undo_when_another_desk_has_worked_on_the_visit(clinic: Clinic, what: str) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 7))
    if what == "arrived":
        clinic.desk(THERE).arrive(str(visit.id), op_id=new_op())
    elif what == "cancelled":
        clinic.cancel(visit.id, desk=THERE)
    else:
        clinic.move(visit.id, slot_id(THERAPIST, 2, 0), desk=THERE, by=Initiator.CLINIC)
    with pytest.raises(Refusal) as refused:
        clinic.undo(desk=HERE)
    assert refused.value.code == "stale_edit" and visit.number in refused.value.message
    sound(clinic)


def test_undo_of_a_move_whose_new_visit_was_worked_on(clinic: Clinic) -> None:
    old = clinic.book(slot_id(THERAPIST, 2, 0))
    new = clinic.move(old.id, slot_id(THERAPIST, 2, 5))
    clinic.cancel(new.id, desk=THERE)
    with pytest.raises(Refusal) as refused:
        clinic.undo(desk=HERE)
    assert refused.value.code == "stale_edit" and new.number in refused.value.message
    sound(clinic)


@pytest.mark.parametrize(
    ("slot", "code"),
    [(slot_id(OTHER_THERAPIST, 2, 7), "duplicate_visit"), (slot_id(HEART, 2, 0), "overlap")],
)
@pytest.mark.parametrize("action", ["cancel", "move"])
def test_undo_when_the_patient_has_other_plans_by_now(
    clinic: Clinic, action: str, slot: int, code: str
) -> None:
    """Another desk has booked the person for that time since: two visits at once must not come back."""
    visit = clinic.book(slot_id(THERAPIST, 2, 0))
    if action == "cancel":
        clinic.cancel(visit.id, desk=HERE)
    else:
        clinic.move(visit.id, slot_id(THERAPIST, 1, 7), desk=HERE)
    clinic.book(slot, desk=THERE)
    with pytest.raises(Refusal) as refused:
        clinic.undo(desk=HERE)
    assert refused.value.code == code
    sound(clinic)


@pytest.mark.parametrize("action", ["cancel", "move"])
def test_undo_returns_to_what_was_overridden_before(clinic: Clinic, action: str) -> None:
    """A visit that was booked beside another one on purpose comes back beside it."""
    clinic.book(slot_id(HEART, 2, 0))
    visit = clinic.book(slot_id(THERAPIST, 2, 0), override="overlap")
    if action == "cancel":
        clinic.cancel(visit.id)
    else:
        clinic.move(visit.id, slot_id(THERAPIST, 2, 7))
    assert clinic.undo().status == "booked"
    sound(clinic)


def test_undo_does_not_return_to_a_slot_closed_meanwhile(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 2, 0))
    clinic.cancel(visit.id, by=Initiator.CLINIC, reason="doctor-absent")
    clinic.set(Slot, slot_id(THERAPIST, 2, 0), closed=True, close_reason="врач болен")
    with pytest.raises(Refusal) as refused:
        clinic.undo()
    assert refused.value.code == "slot_closed"
    sound(clinic)


def test_undo_does_not_return_to_the_past(clinic: Clinic) -> None:
    clinic.advance(minutes=45)
    visit = clinic.book(slot_id(THERAPIST, 0, 0))
    clinic.cancel(visit.id)
    clinic.advance(minutes=15)
    with pytest.raises(Refusal) as refused:
        clinic.undo()
    assert refused.value.code == "past_slot"


@pytest.mark.parametrize(("minutes", "possible"), [(29, True), (30, False)])
def test_undo_has_half_an_hour(clinic: Clinic, minutes: int, possible: bool) -> None:
    clinic.book(slot_id(THERAPIST, 2, 0))
    clinic.advance(minutes=minutes)
    if possible:
        assert clinic.undo().status == "entered-in-error"
        return
    with pytest.raises(Refusal) as refused:
        clinic.undo()
    assert refused.value.code == "nothing_to_undo" and "30 минут" in refused.value.message


def test_a_desk_takes_back_only_its_own(clinic: Clinic) -> None:
    clinic.book(slot_id(THERAPIST, 2, 0), desk=HERE)
    with pytest.raises(Refusal) as refused:
        clinic.undo(desk=THERE)
    assert refused.value.code == "nothing_to_undo"
    assert clinic.undo(desk=HERE).status == "entered-in-error"
