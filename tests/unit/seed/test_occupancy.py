"""Occupancy: near days are fuller, channels are allowed ones, only the past has outcomes."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

import pytest

from registrar_tui.vocabulary import Channel, SlotKind, VisitStatus
from seed.clinic import SlotSeed, load_clinic, shift_slots
from seed.occupancy import Taken, decide, occupancy, share_taken

MONDAY = date(2026, 11, 23)
SLOT = SlotSeed(
    shift_slots(load_clinic().doctors[0].shifts[0], MONDAY)[0].starts_at,
    15,
    SlotKind.ORDINARY,
    tuple(Channel),
    None,
)


def many(day_offset: int, popularity: float, slot: SlotSeed = SLOT, started: bool = False) -> list[Taken]:
    random = Random(5)
    found = (
        decide(random, slot, day_offset=day_offset, popularity=popularity, started=started)
        for _ in range(4000)
    )
    return [taken for taken in found if taken]


@pytest.mark.parametrize(("day_offset", "share"), [(0, 0.85), (13, 0.20), (20, 0.20), (-1, 0.88)])
def test_share_of_a_usual_specialty(day_offset: int, share: float) -> None:
    assert share_taken(day_offset, 0.75) == pytest.approx(share)
    assert len(many(day_offset, 0.75)) / 4000 == pytest.approx(share, abs=0.03)


def test_later_days_and_unpopular_specialties_are_emptier() -> None:
    by_day = [share_taken(offset, 0.8) for offset in range(14)]
    assert by_day == sorted(by_day, reverse=True)
    assert share_taken(3, 0.3) < share_taken(3, 0.9)
    assert share_taken(0, 1.0) < 1.0


def test_only_allowed_channels_book() -> None:
    narrow = SlotSeed(SLOT.starts_at, 15, SlotKind.REPEAT, (Channel.DOCTOR, Channel.DESK), 48)
    assert {taken.channel for taken in many(2, 1.0, narrow)} == {Channel.DOCTOR, Channel.DESK}
    assert all(taken.repeat for taken in many(2, 1.0, narrow))
    used = Counter(taken.channel for taken in many(2, 1.0))
    assert {Channel.PHONE, Channel.DESK, Channel.PORTAL, Channel.APP, Channel.CALLCENTRE} <= set(used)
    assert used[Channel.PHONE] > used[Channel.APP]


def test_future_is_booked_and_past_has_outcomes() -> None:
    assert {taken.status for taken in many(3, 1.0)} == {VisitStatus.BOOKED}
    assert {taken.status for taken in many(0, 1.0)} == {VisitStatus.BOOKED}
    past = Counter(taken.status for taken in many(-3, 1.0))
    assert set(past) == {VisitStatus.FULFILLED, VisitStatus.NOSHOW, VisitStatus.CANCELLED}
    assert past[VisitStatus.FULFILLED] > 0.8 * past.total()
    begun = {taken.status for taken in many(0, 1.0, started=True)}
    assert begun == {VisitStatus.FULFILLED, VisitStatus.ARRIVED, VisitStatus.BOOKED}
    for taken in many(-3, 1.0):
        assert taken.holds_slot == (taken.status is not VisitStatus.CANCELLED)


def test_a_coming_visit_was_booked_today_at_the_latest() -> None:
    assert all(taken.booked_days_before >= 6 for taken in many(6, 1.0))
    assert all(taken.booked_days_before >= 0 for taken in many(-2, 1.0))


def test_same_day_slots_open_on_their_day_only() -> None:
    same_day = SlotSeed(SLOT.starts_at, 15, SlotKind.SAME_DAY, (Channel.DESK,), None)
    assert not many(1, 1.0, same_day)
    assert many(0, 1.0, same_day)


def test_a_day_is_decided_the_same_way_twice_and_slot_by_slot() -> None:
    slots = shift_slots(load_clinic().doctors[0].shifts[0], MONDAY)
    whole = occupancy(Random(9), slots, day_offset=0, popularity=0.9, started=5)
    assert whole == occupancy(Random(9), slots, day_offset=0, popularity=0.9, started=5)
    assert whole != occupancy(Random(10), slots, day_offset=0, popularity=0.9, started=5)
    shorter = occupancy(Random(9), slots[:4], day_offset=0, popularity=0.9, started=5)
    assert shorter == {place: taken for place, taken in whole.items() if place < 4}
    assert all(taken.status is VisitStatus.BOOKED for place, taken in whole.items() if place >= 5)


def test_the_whole_clinic_is_full_today_and_open_in_two_weeks() -> None:
    clinic = load_clinic()
    popularity = {specialty.code: specialty.popularity for specialty in clinic.specialties}
    shares = []
    for day_offset, day in ((0, MONDAY), (11, date(2026, 12, 4))):
        slots = taken = 0
        for number, doctor in enumerate(clinic.doctors):
            own = [slot for shift in doctor.shifts for slot in shift_slots(shift, day)]
            wanted = popularity[doctor.specialty]
            slots += len(own)
            taken += len(occupancy(Random(number), own, day_offset=day_offset, popularity=wanted))
        shares.append(taken / slots)
    assert 0.78 < shares[0] < 0.9
    assert 0.2 < shares[1] < 0.4
