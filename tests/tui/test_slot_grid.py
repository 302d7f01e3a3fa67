"""The slot grid under a registrar's fingers: keys, messages, and what stays when it is shown again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from textual.app import ComposeResult
from textual.events import MouseScrollDown

from registrar_tui.services.dto import SlotGrid, SlotMark
from registrar_tui.widgets.slot_grid import SlotGridView
from tests.tui.grid_clinic import CLINIC, EIGHT, Desk, Painted, cell, column, grid, lines, open_desk

# --- the cursor -------------------------------------------------------------


async def test_the_cursor_opens_on_the_first_suitable_slot() -> None:
    async with open_desk() as (app, _):
        assert app.at == 102
        assert app.said == [("highlighted", 102)]
        assert app.slots.cursor_column is CLINIC.columns[0]


async def test_without_a_suitable_slot_the_cursor_opens_on_the_first() -> None:
    async with open_desk(grid(column(1, 15, ""), column(2, 15, "bb"))) as (app, _):
        assert app.at == 200


async def test_up_and_down_stop_on_every_slot_and_hold_at_the_ends() -> None:
    async with open_desk() as (app, pilot):
        await pilot.press("up", "up", "up")
        assert app.at == 100
        await pilot.press(*["down"] * 9)
        assert app.at == 105
        assert [slot for said, slot in app.said if said == "highlighted"] == [102, 101, 100, *range(101, 106)]


async def test_ctrl_arrows_jump_to_what_can_be_taken() -> None:
    async with open_desk() as (app, pilot):
        await pilot.press("ctrl+down")
        assert app.at == 105, "over the busy slot and the one by referral"
        await pilot.press("ctrl+down")
        assert app.at == 105
        await pilot.press("ctrl+up", "ctrl+up")
        assert app.at == 102


async def test_home_and_end_go_to_the_ends_of_the_column() -> None:
    async with open_desk() as (app, pilot):
        await pilot.press("end")
        assert app.at == 105
        await pilot.press("home")
        assert app.at == 100


async def test_left_and_right_remember_the_wanted_time() -> None:
    async with open_desk() as (app, pilot):
        await pilot.press("end")  # 09:15
        await pilot.press("right")
        assert app.at == 203, "09:06 is nearest to 09:15"
        await pilot.press("right")
        assert app.at == 302, "09:00"
        await pilot.press("right")
        assert app.at == 302, "no column on the right"
        await pilot.press("left", "left")
        assert app.at == 105, "back on 09:15, though 09:00 and 09:06 were passed"


async def test_left_and_right_pass_over_a_column_without_slots() -> None:
    async with open_desk(grid(column(1, 15, "f"), column(2, 15, ""), column(3, 15, "f"))) as (app, pilot):
        await pilot.press("right")
        assert app.at == 300
        await pilot.press("left")
        assert app.at == 100


async def test_enter_chooses_only_what_can_be_taken() -> None:
    async with open_desk() as (app, pilot):
        await pilot.press("enter", "down", "enter", "space", "tab")
        assert app.said[1:] == [
            ("chosen", 102),
            ("highlighted", 103),
            ("refused", 103),
            ("questioned", 103),
            ("column", 1),
        ]


@pytest.mark.parametrize("mark", [mark for mark in SlotMark if mark is not SlotMark.FREE])
async def test_no_other_mark_is_chosen_unless_it_is_bookable(mark: SlotMark) -> None:
    taken = cell(1, 0, 15, mark)
    able = replace(taken, slot_id=2, starts_at=EIGHT + timedelta(minutes=15), bookable=True)
    async with open_desk(grid(replace(column(1, 15, ""), cells=(taken, able)))) as (app, pilot):
        await pilot.press("enter", "down", "enter")
        assert app.said == [("highlighted", 1), ("refused", 1), ("highlighted", 2), ("chosen", 2)]


@pytest.mark.parametrize("key", ["pageup", "pagedown", "ctrl+f", "escape", "shift+tab"])
async def test_keys_of_the_pane_are_left_to_the_pane(key: str) -> None:
    class Pane(Desk):
        heard: list[str] = []  # noqa: RUF012

        def on_key(self, event: object) -> None:
            self.heard.append(getattr(event, "key", ""))

    app = Pane(grid(column(1, 5, "f" * 60)))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
        assert key in app.heard
        assert (app.at, app.slots.scroll_offset.y) == (100, 0)


async def test_go_to_finds_a_slot_or_says_no() -> None:
    async with open_desk() as (app, _):
        assert app.slots.go_to(301)
        assert app.at == 301
        assert not app.slots.go_to(999)
        assert app.at == 301


async def test_a_click_puts_the_cursor_on_the_slot_under_it() -> None:
    async with open_desk() as (app, pilot):
        line = next(y for y, text in enumerate(lines(app.slots)) if "08:22" in text)
        x = lines(app.slots)[line].index("08:22")
        await pilot.click(SlotGridView, offset=(x, line))
        assert app.at == 201
        await pilot.click(SlotGridView, offset=(x, 0))
        await pilot.click(SlotGridView, offset=(x, 20))
        await pilot.click(SlotGridView, offset=(2, line))
        assert app.at == 201, "header, empty space and gutter are no slots"


# --- showing again ----------------------------------------------------------


def booked(shown: SlotGrid, slot_id: int, label: str = "Гусев") -> SlotGrid:
    """The same grid after another desk has booked a slot."""
    columns = tuple(
        replace(
            one,
            cells=tuple(
                replace(each, mark=SlotMark.BUSY, label=label, bookable=False)
                if each.slot_id == slot_id
                else each
                for each in one.cells
            ),
        )
        for one in shown.columns
    )
    return replace(shown, columns=columns)


async def test_keep_cursor_stays_on_the_slot_and_repaints_only_what_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tall = grid(column(1, 15, "f" * 60), column(2, 15, "f" * 60), first_suitable=100)
    async with open_desk(tall) as (app, pilot):
        app.slots.go_to(140)
        await pilot.pause()
        top = app.slots.scroll_offset.y
        painted = Painted(app.slots, monkeypatch)
        row = 139 - 100
        app.slots.show(booked(tall, 239), keep_cursor=True)
        await pilot.pause()
        assert app.at == 140
        assert app.slots.scroll_offset.y == top
        assert painted.lines == [2 + row - top]
        assert "■ 17:45 Гусев" in lines(app.slots)[2 + row - top]


async def test_keep_cursor_repaints_nothing_where_nothing_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk() as (app, pilot):
        painted = Painted(app.slots, monkeypatch)
        app.slots.show(replace(CLINIC, free_count=1, strip="портал 4"), keep_cursor=True)
        await pilot.pause()
        assert painted.lines == []
        assert app.said == [("highlighted", 102)], "the slot is the same, nothing new to say"


async def test_keep_cursor_tells_that_its_own_slot_was_taken() -> None:
    async with open_desk() as (app, pilot):
        app.slots.show(booked(CLINIC, 102), keep_cursor=True)
        await pilot.press("enter")
        assert app.said[1:] == [("highlighted", 102), ("refused", 102)]


async def test_keep_cursor_repaints_a_changed_title(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk() as (app, pilot):
        painted = Painted(app.slots, monkeypatch)
        renamed = replace(CLINIC.columns[1], title="Замена Р. Р.")
        app.slots.show(
            replace(CLINIC, columns=(CLINIC.columns[0], renamed, CLINIC.columns[2])), keep_cursor=True
        )
        await pilot.pause()
        assert painted.lines == [0, 1]
        assert "Замена Р. Р." in lines(app.slots)[0]


async def test_keep_cursor_goes_near_its_time_if_the_slot_is_gone() -> None:
    async with open_desk() as (app, pilot):
        first = CLINIC.columns[0]
        thinned = replace(first, cells=(first.cells[0], *first.cells[3:]))
        app.slots.show(replace(CLINIC, columns=(*CLINIC.columns[1:], thinned)), keep_cursor=True)
        assert app.at == 103, "08:45 of the same doctor, who now stands last"
        app.slots.show(grid(column(7, 15, "bf"), first_suitable=701), keep_cursor=True)
        assert app.at == 701, "the doctor is gone too"
        app.slots.show(grid(), keep_cursor=True)
        assert app.at is None
        await pilot.pause()
        assert app.said[-1] == ("highlighted", None)


async def test_keep_cursor_follows_its_slot_when_rows_are_inserted_above() -> None:
    late = column(1, 15, "f" * 60)
    afternoon = grid(replace(late, cells=late.cells[40:]))
    async with open_desk(afternoon) as (app, pilot):
        assert (app.at, app.slots.scroll_offset.y) == (140, 0)
        app.slots.show(grid(late), keep_cursor=True)
        await pilot.pause()
        assert app.at == 140
        assert sum("[· 18:00" in text for text in lines(app.slots)) == 1


async def test_keep_cursor_leaves_the_view_where_the_wheel_has_taken_it() -> None:
    tall = grid(column(1, 15, "f" * 60))
    async with open_desk(tall) as (app, pilot):
        await pilot._post_mouse_events([MouseScrollDown] * 3, SlotGridView, offset=(20, 9), times=1)
        await pilot.pause()
        top = app.slots.scroll_offset.y
        assert top > 0
        app.slots.show(booked(tall, 105), keep_cursor=True)
        await pilot.pause()
        assert (app.at, app.slots.scroll_offset.y) == (100, top)
        await pilot.press("down")
        assert sum("[· 08:15" in text for text in lines(app.slots)) == 1, "a key comes back to the cursor"


async def test_a_grid_may_be_filled_before_it_is_mounted() -> None:
    class Early(Desk):
        def compose(self) -> ComposeResult:
            view = SlotGridView()
            view.show(CLINIC)
            yield view

    app = Early(None)
    async with app.run_test(size=(80, 24)):
        assert app.at == 102
        assert any("[· 08:30" in text for text in lines(app.slots))


async def test_showing_another_day_starts_from_its_first_suitable_slot() -> None:
    tall = grid(column(1, 15, "f" * 60), first_suitable=159)
    async with open_desk(tall) as (app, pilot):
        await pilot.pause()
        assert app.slots.scroll_offset.y > 0
        app.slots.show(replace(tall, first_suitable=100))
        await pilot.pause()
        assert (app.at, app.slots.scroll_offset.y) == (100, 0)
