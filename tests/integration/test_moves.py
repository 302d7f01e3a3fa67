"""Moving a visit: the new slots first, then the old ones, one transaction, a linked pair."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlmodel import col

from registrar_tui.errors import Refusal
from registrar_tui.models import Claim, Visit
from registrar_tui.vocabulary import Initiator
from tests.integration.bases import Clinic
from tests.integration.invariants import broken_invariants
from tests.integration.tiny_clinic import HEART, MONDAY, OTHER_THERAPIST, THERAPIST, slot_id, starts


def claims(clinic: Clinic) -> dict[int, int]:
    with clinic.read() as session:
        rows = session.execute(select(col(Claim.slot_id), col(Claim.visit_id)))
        return {row[0]: row[1] for row in rows}


def sound(clinic: Clinic) -> None:
    with clinic.read() as session:
        assert broken_invariants(session) == []


def test_a_move_leaves_a_linked_pair(clinic: Clinic) -> None:
    old = clinic.book(slot_id(THERAPIST, 1, 7))
    new = clinic.move(old.id, slot_id(OTHER_THERAPIST, 2, 0))
    assert (new.status, new.previous_visit_id, new.doctor_id) == ("booked", old.id, OTHER_THERAPIST)
    assert (new.starts_at, new.room) == (starts(OTHER_THERAPIST, 2, 0), "401")
    former = clinic.desk().visit(old.id)
    assert (former.status, former.replaced_by_id, former.late) == ("cancelled", new.id, False)
    assert [event.what for event in former.history] == ["booked", "moved-to"]
    assert [event.what for event in clinic.desk().visit(new.id).history] == ["moved-from"]
    assert claims(clinic) == {slot_id(OTHER_THERAPIST, 2, 0): new.id}
    with clinic.read() as session:
        row = session.get(Visit, old.id)
        assert row is not None and row.cancel_reason == "rescheduled"
    sound(clinic)


def test_the_ticket_of_the_moved_visit_says_so(clinic: Clinic) -> None:
    old = clinic.book(slot_id(THERAPIST, 1, 7))
    new = clinic.move(old.id, slot_id(THERAPIST, 2, 0))
    check = clinic.desk().verify_ticket(old.ticket_code)
    assert (check.verdict, check.visit_id, check.valid) == ("moved", old.id, False)
    assert clinic.desk().verify_ticket(new.ticket_code).verdict == "wrong-day"


def test_a_move_to_a_taken_slot_changes_nothing(clinic: Clinic) -> None:
    old = clinic.book(slot_id(THERAPIST, 1, 7))
    clinic.book(slot_id(THERAPIST, 2, 0), 2)
    before = claims(clinic)
    with pytest.raises(Refusal) as refused:
        clinic.move(old.id, slot_id(THERAPIST, 2, 0))
    assert refused.value.code == "slot_taken" and claims(clinic) == before
    ways = [way.slot_id for way in refused.value.ways_out if way.kind == "slot"]
    assert len(ways) == 3 and all(way is not None for way in ways)
    assert clinic.move(old.id, ways[0] or 0).status == "booked"
    sound(clinic)


@pytest.mark.parametrize("place", [1, 2], ids=["two slots shared", "one slot shared"])
def test_a_longer_visit_moves_over_its_own_slots(clinic: Clinic, place: int) -> None:
    old = clinic.book(slot_id(THERAPIST, 2, 0), service="long")
    new = clinic.move(old.id, slot_id(THERAPIST, 2, place))
    assert claims(clinic) == {slot_id(THERAPIST, 2, place + step): new.id for step in range(3)}
    back = clinic.move(new.id, slot_id(THERAPIST, 2, 0))
    assert claims(clinic) == {slot_id(THERAPIST, 2, step): back.id for step in range(3)}
    sound(clinic)


def test_a_longer_visit_does_not_move_over_somebody_else(clinic: Clinic) -> None:
    old = clinic.book(slot_id(THERAPIST, 2, 0), service="long")
    clinic.book(slot_id(THERAPIST, 2, 4), 2)
    with pytest.raises(Refusal) as refused:
        clinic.move(old.id, slot_id(THERAPIST, 2, 2))
    assert refused.value.code == "slot_taken"
    assert clinic.move(old.id, slot_id(THERAPIST, 2, 1)).status == "booked"
    sound(clinic)


def test_the_same_day_is_no_duplicate_of_itself(clinic: Clinic) -> None:
    old = clinic.book(slot_id(THERAPIST, 2, 0))
    assert clinic.move(old.id, slot_id(OTHER_THERAPIST, 2, 0)).status == "booked"


def test_a_move_into_another_visit_of_the_day_is_a_duplicate(clinic: Clinic) -> None:
    old = clinic.book(slot_id(THERAPIST, 1, 7))
    clinic.book(slot_id(THERAPIST, 2, 0))
    with pytest.raises(Refusal) as refused:
        clinic.move(old.id, slot_id(OTHER_THERAPIST, 2, 7))
    assert refused.value.code == "duplicate_visit"
    assert clinic.move(old.id, slot_id(OTHER_THERAPIST, 2, 7), override="duplicate_visit").id
    sound(clinic)


def test_the_same_slot_and_another_specialty_are_refused(clinic: Clinic) -> None:
    old = clinic.book(slot_id(THERAPIST, 2, 0))
    for slot, code in ((slot_id(THERAPIST, 2, 0), "same_slot"), (slot_id(HEART, 2, 0), "other_specialty")):
        with pytest.raises(Refusal) as refused:
            clinic.move(old.id, slot)
        assert (refused.value.code, refused.value.field) == (code, "slot")


def test_inside_24_hours_the_clinic_decides(clinic: Clinic) -> None:
    clinic.advance(hours=1)
    exactly = clinic.book(slot_id(THERAPIST, 1, 0), 1)  # 24 hours to the minute
    assert clinic.move(exactly.id, slot_id(THERAPIST, 2, 0)).status == "booked"
    for patient, by, override, allowed in (
        (2, Initiator.PATIENT, None, False),
        (3, Initiator.PATIENT, "too_late_to_move", True),
        (4, Initiator.CLINIC, None, True),
    ):
        visit = clinic.book(slot_id(THERAPIST, 0, patient), patient)
        target = slot_id(THERAPIST, 2, patient)
        if allowed:
            moved = clinic.move(visit.id, target, by=by, override=override)
            assert moved.previous_visit_id == visit.id
            continue
        with pytest.raises(Refusal) as refused:
            clinic.move(visit.id, target, by=by)
        assert (refused.value.code, refused.value.field) == ("too_late_to_move", "visit")
    events = clinic.desk().visit(exactly.id).history
    assert events[-1].reason is None
    sound(clinic)


def test_the_reason_of_a_late_move_is_kept_on_both_visits(clinic: Clinic) -> None:
    old = clinic.book(slot_id(THERAPIST, 0, 0))
    new = clinic.move(old.id, slot_id(THERAPIST, 2, 0), override="too_late_to_move")
    for visit in (old.id, new.id):
        assert clinic.desk().visit(visit).history[-1].reason == "too_late_to_move: просьба врача"


@pytest.mark.parametrize("what", ["cancelled", "moved", "arrived", "undone"])
def test_only_a_booked_visit_is_moved(clinic: Clinic, what: str) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 0))
    if what == "cancelled":
        clinic.cancel(visit.id)
    elif what == "moved":
        clinic.move(visit.id, slot_id(THERAPIST, 1, 0), by=Initiator.CLINIC)
    elif what == "arrived":
        clinic.desk().arrive(str(visit.id), op_id="arrive")
    else:
        clinic.undo()
    with pytest.raises(Refusal) as refused:
        clinic.move(visit.id, slot_id(THERAPIST, 2, 0), by=Initiator.CLINIC)
    assert refused.value.code == "wrong_status"
    assert ("№" in refused.value.message) is (what == "moved"), "the successor is named"
    sound(clinic)


def test_a_chain_of_moves_keeps_every_link(clinic: Clinic) -> None:
    visits = [clinic.book(slot_id(THERAPIST, 1, 7))]
    for place in range(3):
        visits.append(clinic.move(visits[-1].id, slot_id(THERAPIST, 2, place)))
    assert [visit.previous_visit_id for visit in visits[1:]] == [visit.id for visit in visits[:-1]]
    assert MONDAY not in {visit.starts_at.date() for visit in visits}
    sound(clinic)


def test_an_unknown_visit_or_slot(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 1, 7))
    for number, slot, field in ((999, slot_id(THERAPIST, 2, 0), "visit"), (visit.id, 999, "slot")):
        with pytest.raises(Refusal) as refused:
            clinic.move(number, slot)
        assert (refused.value.code, refused.value.field) == ("not_found", field)
