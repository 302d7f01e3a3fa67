"""What a shift template gives on a day."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from registrar_tui.models import ShiftTemplate
from registrar_tui.services.publishing import SlotPlan, planned

DAY = date(2026, 11, 23)


def template(**changes: Any) -> ShiftTemplate:
    values: dict[str, Any] = {
        "doctor_id": 1,
        "room_id": 1,
        "weekday": 0,
        "starts": time(9, 0),
        "ends": time(10, 0),
        "minutes": 15,
    }
    return ShiftTemplate(**(values | changes))


def clock_times(plans: list[SlotPlan]) -> list[str]:
    return [f"{plan.starts_at:%H:%M}" for plan in plans]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["09:00", "09:15", "09:30", "09:45"]),
        ({"minutes": 45}, ["09:00"]),
        ({"minutes": 60}, ["09:00"]),
        ({"minutes": 61}, []),
        ({"minutes": 14}, ["09:00", "09:14", "09:28", "09:42"]),
        ({"ends": time(9, 59)}, ["09:00", "09:15", "09:30"]),
        ({"break_starts": time(9, 15), "break_ends": time(9, 30)}, ["09:00", "09:30", "09:45"]),
        ({"break_starts": time(9, 20), "break_ends": time(9, 25)}, ["09:00", "09:25", "09:40"]),
        ({"break_starts": time(9, 0), "break_ends": time(9, 40)}, ["09:40"]),
        ({"break_starts": time(9, 45), "break_ends": time(10, 0)}, ["09:00", "09:15", "09:30"]),
        ({"break_starts": time(9, 20)}, ["09:00", "09:15", "09:30", "09:45"]),
    ],
)
def test_slots_cross_neither_the_break_nor_the_end(changes: dict[str, object], expected: list[str]) -> None:
    assert clock_times(list(planned(template(**changes), DAY))) == expected


def test_the_pattern_repeats_along_the_shift() -> None:
    pattern = (
        '[{"kind": "ordinary", "channels": ["desk", "portal"], "release_hours": null},'
        ' {"kind": "reserve", "channels": [], "release_hours": 24}, {}]'
    )
    plans = list(planned(template(pattern=pattern), DAY))
    assert [plan.kind for plan in plans] == ["ordinary", "reserve", "ordinary", "ordinary"]
    assert [plan.channels for plan in plans] == ["desk portal", "", "", "desk portal"]
    assert [plan.released_at for plan in plans] == [None, datetime(2026, 11, 22, 9, 15), None, None]
    assert {plan.minutes for plan in plans} == {15}
