"""Rows of the slot grid: every slot has one start row of its own, rows follow the time."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_tui.services.dto import GridColumn, SlotCell, SlotMark
from registrar_tui.widgets.grid_layout import (
    MAX_COLUMN,
    MIN_COLUMN,
    NOTHING,
    ROOMY_COLUMN,
    GridLayout,
    clock_text,
    column_fit,
    lay_out,
    minute_of,
    nearest,
    row_step,
)

DAY = date(2026, 11, 24)
MIDNIGHT = datetime(2026, 11, 24)

Schedule = list[tuple[int, int]]
"""(start in minutes from midnight, length in minutes), rising."""


def column(schedule: Schedule) -> GridColumn:
    cells = tuple(
        SlotCell(number, MIDNIGHT + timedelta(minutes=start), minutes, SlotMark.FREE, "", True)
        for number, (start, minutes) in enumerate(schedule)
    )
    return GridColumn(doctor_id=1, day=DAY, title="", subtitle="", cells=cells)


@st.composite
def separate(draw: st.DrawFn) -> Schedule:
    """Slots that do not overlap, with breaks between them."""
    schedule, time = [], draw(st.integers(0, 600))
    for pause, minutes in draw(st.lists(st.tuples(st.integers(0, 90), st.integers(5, 75)), max_size=20)):
        if time + pause + minutes > 24 * 60:
            break
        schedule.append((time + pause, minutes))
        time += pause + minutes
    return schedule


crowded = st.dictionaries(st.integers(0, 24 * 60 - 1), st.integers(1, 120), max_size=30).map(
    lambda starts: sorted(starts.items())
)


def check_law(columns: list[GridColumn]) -> GridLayout:
    layout = lay_out(columns)
    assert list(layout.rows) == sorted(set(layout.rows))
    for index, each in enumerate(columns):
        starts = layout.starts[index]
        assert len(starts) == len(each.cells)
        assert list(starts) == sorted(set(starts)), "starts share a row or stand out of order"
        begun = [row for row in range(len(layout.rows)) if layout.is_start(index, row)]
        assert begun == list(starts)
        for cell, row in zip(each.cells, starts, strict=True):
            assert layout.rows[row] <= minute_of(cell)
            assert row + 1 == len(layout.rows) or minute_of(cell) < layout.rows[row + 1]
    return layout


@given(st.lists(separate(), max_size=6))
def test_each_slot_has_one_start_row_of_its_own(schedules: list[Schedule]) -> None:
    layout = check_law([column(schedule) for schedule in schedules])
    slots = [slot for schedule in schedules for slot in schedule]
    if slots:
        step = row_step(min(minutes for _, minutes in slots))
        assert layout.rows == tuple(range(layout.rows[0], layout.rows[-1] + 1, step)), "rows are not even"


@given(st.lists(crowded, max_size=4))
def test_overlapping_slots_keep_the_law(schedules: list[Schedule]) -> None:
    check_law([column(schedule) for schedule in schedules])


@given(st.lists(separate(), min_size=1, max_size=4))
def test_a_slot_reaches_over_the_rows_of_its_time_and_no_others(schedules: list[Schedule]) -> None:
    columns = [column(schedule) for schedule in schedules]
    layout = lay_out(columns)
    for index, each in enumerate(columns):
        for row, minute in enumerate(layout.rows):
            owner = layout.owners[index][row]
            if layout.is_start(index, row):
                continue
            covering = [
                number
                for number, cell in enumerate(each.cells)
                if minute_of(cell) < minute < minute_of(cell) + cell.minutes
            ]
            assert ([] if owner == NOTHING else [owner]) == covering


@given(st.lists(separate(), min_size=1, max_size=4))
def test_no_row_stands_before_the_first_slot_or_after_the_last(schedules: list[Schedule]) -> None:
    columns = [column(schedule) for schedule in schedules]
    layout = lay_out(columns)
    starts = {row for column_starts in layout.starts for row in column_starts}
    if layout.rows:
        assert {0, len(layout.rows) - 1} <= starts


@pytest.mark.parametrize(
    ("shortest", "step"),
    [(90, 60), (60, 60), (45, 30), (22, 20), (18, 15), (15, 15), (14, 10), (9, 5), (5, 5), (3, 3), (0, 1)],
)
def test_the_step_is_the_largest_not_longer_than_the_shortest_slot(shortest: int, step: int) -> None:
    assert row_step(shortest) == step


def test_odd_schedules_side_by_side() -> None:
    fourteen = column([(480 + 14 * number, 14) for number in range(4)])
    thirty = column([(480, 30), (510, 30)])
    layout = lay_out([fourteen, thirty])
    assert [clock_text(minute) for minute in layout.rows] == ["08:00", "08:10", "08:20", "08:30", "08:40"]
    assert layout.starts == ((0, 1, 2, 4), (0, 3))
    assert layout.owners == ((0, 1, 2, 2, 3), (0, 0, 0, 1, 1))


def test_an_extra_slot_over_another_gets_a_row_of_its_own_time() -> None:
    doubled = column([(540, 15), (547, 15), (555, 15)])
    layout = lay_out([doubled, column([(540, 15), (555, 15)])])
    assert [clock_text(minute) for minute in layout.rows] == ["09:00", "09:07", "09:15"]
    assert layout.starts == ((0, 1, 2), (0, 2))


def test_a_view_without_slots_has_no_rows() -> None:
    assert lay_out([]) == GridLayout()
    assert lay_out([column([]), column([])]) == GridLayout(starts=((), ()), owners=((), ()))


def test_nearest_prefers_the_earlier_of_two() -> None:
    cells = column([(480, 15), (510, 15)]).cells
    assert [nearest(cells, minute) for minute in (0, 494, 495, 496, 1400)] == [0, 0, 0, 1, 1]
    assert nearest((), 480) is None


@given(st.integers(-20, 400), st.integers(0, 60))
def test_columns_fit_whole(width: int, columns: int) -> None:
    shown, cells = column_fit(width, columns)
    assert 1 <= shown <= max(1, columns)
    if width >= MIN_COLUMN and columns:
        assert shown * cells <= width
        assert MIN_COLUMN <= cells <= MAX_COLUMN
        assert shown == columns or (shown + 1) * ROOMY_COLUMN > width


def test_columns_are_narrowed_only_to_show_all() -> None:
    assert column_fit(72, 4) == (4, 18)
    assert column_fit(102, 6) == (6, 17), "six fit if narrowed"
    assert column_fit(102, 20) == (5, 20), "not all fit: surnames stay whole"
    assert column_fit(102, 2) == (2, 26)
