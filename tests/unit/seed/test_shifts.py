"""A shift template expands to slots that fit its hours."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import pairwise

from registrar_tui.vocabulary import Channel, SlotKind
from seed.clinic import ShiftSeed, SlotMix, load_clinic, shift_slots

MONDAY = date(2026, 11, 23)
OPEN = SlotMix(SlotKind.ORDINARY, tuple(Channel), None)
RESERVE = SlotMix(SlotKind.RESERVE, (Channel.DESK,), 24)


def test_slots_follow_each_other_and_the_pattern_repeats() -> None:
    shift = ShiftSeed((0,), time(8), time(9), 15, None, (OPEN, OPEN, RESERVE))
    slots = shift_slots(shift, MONDAY)
    assert [slot.starts_at for slot in slots] == [
        datetime(2026, 11, 23, 8, minute) for minute in (0, 15, 30, 45)
    ]
    assert [slot.kind for slot in slots] == ["ordinary", "ordinary", "reserve", "ordinary"]
    assert slots[2].channels == (Channel.DESK,)
    assert slots[2].released_hours == 24


def test_other_weekdays_are_empty() -> None:
    shift = ShiftSeed((0, 2), time(8), time(9), 15, None, (OPEN,))
    served = [shift_slots(shift, MONDAY + timedelta(days=day)) for day in range(7)]
    assert [bool(slots) for slots in served] == [True, False, True, False, False, False, False]


def test_a_slot_crosses_neither_lunch_nor_the_end() -> None:
    shift = ShiftSeed((0,), time(8), time(10), 22, (time(8, 30), time(9)), (OPEN,))
    starts = [slot.starts_at.time() for slot in shift_slots(shift, MONDAY)]
    assert starts == [time(8), time(9), time(9, 22)]


def test_slots_of_every_doctor_stay_in_the_shift_and_never_overlap() -> None:
    minutes: set[int] = set()
    saturdays = 0
    for doctor in load_clinic().doctors:
        for day in (MONDAY + timedelta(days=offset) for offset in range(14)):
            slots = [(slot, shift) for shift in doctor.shifts for slot in shift_slots(shift, day)]
            for slot, shift in slots:
                end = slot.starts_at + timedelta(minutes=slot.minutes)
                assert datetime.combine(day, shift.start) <= slot.starts_at
                assert end <= datetime.combine(day, shift.end)
                if shift.lunch:
                    assert not (slot.starts_at.time() < shift.lunch[1] and end.time() > shift.lunch[0])
                minutes.add(slot.minutes)
            ordered = sorted(slot.starts_at for slot, _ in slots)
            assert all(
                later - earlier >= timedelta(minutes=slots[0][0].minutes)
                for earlier, later in pairwise(ordered)
            )
            saturdays += bool(slots) and day.weekday() == 5
    assert {14, 15, 18, 20, 22, 30, 45} <= minutes
    assert saturdays


def test_every_doctor_works_and_long_days_have_lunch() -> None:
    for doctor in load_clinic().doctors:
        fortnight = [
            slot
            for offset in range(14)
            for shift in doctor.shifts
            for slot in shift_slots(shift, MONDAY + timedelta(days=offset))
        ]
        assert len(fortnight) >= 40, doctor.last_name
        for shift in doctor.shifts:
            hours = shift.end.hour - shift.start.hour
            assert shift.lunch or hours <= 6, doctor.last_name
