"""Booking, on both stores: one slot, several in a row, twice the same operation, every refusal."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from registrar_tui.clock import to_utc
from registrar_tui.errors import NotAllowed, Refusal, UsageError
from registrar_tui.models import Claim, Patient, Slot, Visit
from registrar_tui.services import dto
from registrar_tui.vocabulary import Channel
from tests.integration.bases import Clinic, new_op
from tests.integration.invariants import broken_invariants
from tests.integration.tiny_clinic import (
    ABSENT,
    GAP,
    HEART,
    MONDAY,
    NERVES,
    OTHER_THERAPIST,
    THERAPIST,
    ZONE,
    slot_id,
    slot_row,
    starts,
)


def claims(clinic: Clinic, visit: int) -> list[int]:
    with clinic.read() as session:
        found = session.execute(select(col(Claim.slot_id)).where(col(Claim.visit_id) == visit))
        return sorted(found.scalars())


def visits(clinic: Clinic) -> int:
    with clinic.read() as session:
        return int(session.execute(select(func.count()).select_from(Visit)).scalar_one())


def sound(clinic: Clinic) -> None:
    with clinic.read() as session:
        assert broken_invariants(session) == []


def ways_out_can_be_booked(clinic: Clinic, refused: Refusal, patient: int) -> list[int]:
    """Book each slot offered, taking the booking back in between; return their ids."""
    slots = [way.slot_id for way in refused.ways_out if way.kind == "slot"]
    for slot in slots:
        assert slot is not None
        assert clinic.book(slot, patient).slot_id == slot
        clinic.undo()
    return [slot for slot in slots if slot is not None]


def test_an_ordinary_booking_is_a_visit_a_claim_and_an_event(clinic: Clinic) -> None:
    wanted = slot_id(THERAPIST, 1, 2)
    visit = clinic.book(wanted, 3, channel=Channel.PHONE)
    assert (visit.status, visit.patient_id, visit.doctor_id, visit.slot_id) == (
        "booked",
        3,
        THERAPIST,
        wanted,
    )
    assert (visit.starts_at, visit.minutes, visit.room) == (starts(THERAPIST, 1, 2), 15, "101")
    assert visit.channel == "phone" and visit.number == f"{visit.id:04d}" and len(visit.ticket_code) == 20
    assert claims(clinic, visit.id) == [wanted]
    shown = clinic.desk().visit(visit.id)
    assert [(event.what, event.who) for event in shown.history] == [("booked", "demo, окно 1")]
    with clinic.read() as session:
        row = session.get(Visit, visit.id)
        assert row is not None and row.starts_utc == to_utc(row.starts_at, ZONE)
    sound(clinic)


def test_a_longer_service_takes_the_slots_that_follow(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 1), service="long")
    assert visit.minutes == 40
    assert claims(clinic, visit.id) == [slot_id(THERAPIST, 0, place) for place in (1, 2, 3)]
    for place in (1, 2, 3):
        with pytest.raises(Refusal) as refused:
            clinic.book(slot_id(THERAPIST, 0, place), 2)
        assert refused.value.code == "slot_taken"
    assert clinic.book(slot_id(THERAPIST, 0, 4), 2).status == "booked"
    sound(clinic)


@pytest.mark.parametrize(
    ("doctor", "place"),
    [(OTHER_THERAPIST, GAP - 2), (OTHER_THERAPIST, GAP - 1), (THERAPIST, 6)],
    ids=["gap", "right before the gap", "end of the day"],
)
def test_a_longer_service_does_not_reach_over_a_gap(clinic: Clinic, doctor: int, place: int) -> None:
    with pytest.raises(Refusal) as refused:
        clinic.book(slot_id(doctor, 0, place), service="long")
    assert refused.value.code == "slot_taken"
    slots = [way.slot_id for way in refused.value.ways_out if way.kind == "slot"]
    assert len(slots) == 3
    assert clinic.book(slots[0] or 0, service="long").minutes == 40
    sound(clinic)


def test_a_longer_service_needs_every_slot_of_its_chain(clinic: Clinic) -> None:
    clinic.book(slot_id(THERAPIST, 0, 3), 2)
    with pytest.raises(Refusal) as refused:
        clinic.book(slot_id(THERAPIST, 0, 1), service="long")
    assert refused.value.code == "slot_taken"
    assert visits(clinic) == 1


def test_a_taken_slot_offers_the_three_nearest(clinic: Clinic) -> None:
    clinic.book(slot_id(THERAPIST, 0, 3), 2)
    with pytest.raises(Refusal) as refused:
        clinic.book(slot_id(THERAPIST, 0, 3))
    assert (refused.value.code, refused.value.field) == ("slot_taken", "slot")
    assert refused.value.basis and refused.value.exit_code == 1
    nearest = {slot_id(THERAPIST, 0, place) for place in (2, 4)}
    offered = ways_out_can_be_booked(clinic, refused.value, 1)
    assert len(offered) == 3 and nearest <= set(offered)
    sound(clinic)


def test_one_visit_a_day_and_specialty_offers_other_days(clinic: Clinic) -> None:
    clinic.book(slot_id(THERAPIST, 0, 0))
    with pytest.raises(Refusal) as refused:
        clinic.book(slot_id(OTHER_THERAPIST, 0, 7))
    assert (refused.value.code, refused.value.field) == ("duplicate_visit", "patient")
    offered = ways_out_can_be_booked(clinic, refused.value, 1)
    assert len(offered) == 3
    with clinic.read() as session:
        days = session.execute(select(col(Slot.starts_at)).where(col(Slot.id).in_(offered))).scalars()
        assert MONDAY not in {moment.date() for moment in days}
    assert clinic.book(slot_id(THERAPIST, 1, 0)).status == "booked", "another day is no duplicate"
    assert clinic.book(slot_id(HEART, 0, 5)).status == "booked", "another specialty is no duplicate"


def test_other_days_are_found_behind_a_day_full_of_free_slots(clinic: Clinic) -> None:
    """A large specialty has hundreds of free slots on the day that cannot help."""
    dawn = datetime(2026, 11, 24, 1, 0)
    clinic.add_slots(
        [slot_row(50_000 + n, HEART, dawn + timedelta(minutes=n), minutes=1) for n in range(300)]
    )
    clinic.book(50_000)
    with pytest.raises(Refusal) as refused:
        clinic.book(50_150)
    assert refused.value.code == "duplicate_visit"
    assert len([way for way in refused.value.ways_out if way.kind == "slot"]) == 3


@pytest.mark.parametrize(
    ("code", "doctor", "place"), [("duplicate_visit", OTHER_THERAPIST, 7), ("overlap", HEART, 0)]
)
def test_a_rule_may_be_gone_against_with_a_reason(clinic: Clinic, code: str, doctor: int, place: int) -> None:
    clinic.book(slot_id(THERAPIST, 0, 0))
    wanted = slot_id(doctor, 0, place)
    with pytest.raises(Refusal) as refused:
        clinic.book(wanted)
    assert refused.value.code == code
    assert refused.value.ways_out[-1].kind == "action" and code in refused.value.ways_out[-1].text
    visit = clinic.book(wanted, override=code)
    assert clinic.desk().visit(visit.id).history[0].reason == f"{code}: по направлению врача"
    sound(clinic)


def test_an_override_wants_a_reason_and_an_overridable_rule(clinic: Clinic) -> None:
    wanted = slot_id(THERAPIST, 0, 0)
    with pytest.raises(UsageError) as unreasoned:
        clinic.desk().book(dto.BookVisit(new_op(), 1, wanted, overrides=(dto.Override("overlap", " "),)))
    assert unreasoned.value.field == "reason"
    clinic.book(wanted, 2)
    for code in ("slot_taken", "past_slot", "no_such_rule"):
        with pytest.raises(NotAllowed) as refused:
            clinic.book(wanted, override=code)
        assert refused.value.exit_code == 5
    assert visits(clinic) == 1


def test_a_closed_slot_says_why(clinic: Clinic) -> None:
    wanted = slot_id(THERAPIST, 0, 0)
    clinic.set(Slot, wanted, closed=True, close_reason="санитарный час")
    with pytest.raises(Refusal) as refused:
        clinic.book(wanted)
    assert refused.value.code == "slot_closed" and "санитарный час" in refused.value.message
    assert wanted not in ways_out_can_be_booked(clinic, refused.value, 1)


def test_a_doctor_who_does_not_receive(clinic: Clinic) -> None:
    with pytest.raises(Refusal) as refused:
        clinic.book(slot_id(ABSENT, 0, 0))
    assert refused.value.code == "slot_closed" and "не принимает" in refused.value.message
    assert len(ways_out_can_be_booked(clinic, refused.value, 1)) == 3


def test_the_past_is_not_booked(clinic: Clinic) -> None:
    clinic.advance(hours=1)
    with pytest.raises(Refusal) as refused:
        clinic.book(slot_id(THERAPIST, 0, 0))
    assert refused.value.code == "past_slot", "a slot that starts this minute has begun"
    assert len(ways_out_can_be_booked(clinic, refused.value, 1)) == 3
    assert clinic.book(slot_id(THERAPIST, 0, 1)).status == "booked"


@pytest.mark.parametrize(
    ("channel", "days"),
    [(Channel.DESK, 120), (Channel.PHONE, 120), (Channel.PORTAL, 14), (Channel.SMS, 14)],
)
def test_each_channel_has_its_horizon(clinic: Clinic, channel: Channel, days: int) -> None:
    last = datetime(2026, 11, 23, 18, 0) + timedelta(days=days)
    inside = clinic.add_slot(90_001, THERAPIST, last)
    outside = clinic.add_slot(90_002, THERAPIST, last + timedelta(days=1))
    with pytest.raises(Refusal) as refused:
        clinic.book(outside, channel=channel)
    assert refused.value.code == "beyond_horizon"
    assert clinic.book(inside, channel=channel).channel == channel


def test_a_slot_is_open_to_its_channels_until_it_is_released(clinic: Clinic) -> None:
    wanted = slot_id(THERAPIST, 1, 0)
    clinic.set(Slot, wanted, channels="desk phone", released_at=datetime(2026, 11, 23, 12, 0))
    with pytest.raises(Refusal) as refused:
        clinic.book(wanted, channel=Channel.PORTAL)
    assert refused.value.code == "channel_closed"
    assert len([way for way in refused.value.ways_out if way.kind == "slot"]) == 3
    clinic.advance(hours=4)
    assert clinic.book(wanted, channel=Channel.PORTAL).channel == "portal"


def test_a_referral_slot_wants_the_referral_as_its_reason(clinic: Clinic) -> None:
    wanted = slot_id(HEART, 0, 0)
    clinic.set(Slot, wanted, kind="referral")
    with pytest.raises(Refusal) as refused:
        clinic.book(wanted)
    assert (refused.value.code, refused.value.field) == ("referral_required", "referral")
    assert "202н" in (refused.value.basis or "")
    visit = clinic.book(wanted, override="referral_required")
    assert "referral_required: " in (clinic.desk().visit(visit.id).history[0].reason or "")


def test_a_reserve_opens_by_the_clock(clinic: Clinic) -> None:
    wanted = slot_id(THERAPIST, 1, 0)
    clinic.set(Slot, wanted, kind="reserve", released_at=datetime(2026, 11, 23, 8, 30))
    with pytest.raises(Refusal) as refused:
        clinic.book(wanted)
    assert refused.value.code == "slot_not_released" and "23.11 08:30" in refused.value.message
    clinic.advance(minutes=30)
    assert clinic.book(wanted).status == "booked"


def test_a_same_day_slot_opens_on_its_day(clinic: Clinic) -> None:
    wanted = slot_id(THERAPIST, 1, 0)
    clinic.set(Slot, wanted, kind="same-day")
    with pytest.raises(Refusal) as refused:
        clinic.book(wanted)
    assert refused.value.code == "slot_not_released" and ".." not in refused.value.message
    clinic.advance(hours=16)
    assert clinic.book(wanted).status == "booked"


def test_after_a_late_cancellation_the_desk_still_books(clinic: Clinic) -> None:
    clinic.set(Patient, 1, self_booking_until=MONDAY + timedelta(days=2))
    with pytest.raises(Refusal) as refused:
        clinic.book(slot_id(THERAPIST, 1, 0), channel=Channel.PORTAL)
    assert refused.value.code == "late_restriction"
    assert clinic.book(slot_id(THERAPIST, 1, 0)).status == "booked"
    clinic.advance(days=2)
    assert clinic.book(slot_id(THERAPIST, 2, 4), channel=Channel.PORTAL).status == "booked"


@pytest.mark.parametrize(
    ("slot", "patient", "service", "field"),
    [(999, 1, None, "slot"), (slot_id(NERVES, 0, 0), 999, None, "patient")]
    + [
        (slot_id(NERVES, 0, 0), 1, word, "service")
        for word in ("nothing", "0", "²", "9" * 30, "2147483648", "x" * 5000)
    ],
)
def test_what_is_not_there_is_not_found(
    clinic: Clinic, slot: int, patient: int, service: str | None, field: str
) -> None:
    with pytest.raises(Refusal) as refused:
        clinic.book(slot, patient, service=service)
    assert (refused.value.code, refused.value.field) == ("not_found", field)
    assert len(refused.value.message) < 200


def test_a_merged_card_names_the_one_to_use(clinic: Clinic) -> None:
    clinic.set(Patient, 2, merged_into_id=1)
    with pytest.raises(Refusal) as refused:
        clinic.book(slot_id(NERVES, 0, 0), 2)
    assert refused.value.code == "not_found" and "№ 1" in refused.value.message
