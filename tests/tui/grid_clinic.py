"""A small clinic in the slot grid, and an app that keeps what the grid says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Static

from registrar_tui.app.themes import register_themes
from registrar_tui.services.dto import GridColumn, SlotCell, SlotGrid, SlotMark
from registrar_tui.widgets.slot_grid import SlotGridView

DAY = date(2026, 11, 24)
EIGHT = datetime(2026, 11, 24, 8)
NAMES = ("Орлова Н. В.", "Зайцев П. П.", "Ким Л. А.", "Белова Т. С.")
BOOKABLE = {SlotMark.FREE}


def cell(slot_id: int, start: int, minutes: int, mark: SlotMark, label: str = "") -> SlotCell:
    starts_at = EIGHT + timedelta(minutes=start)
    return SlotCell(slot_id, starts_at, minutes, mark, label, mark in BOOKABLE)


def column(number: int, minutes: int, marks: str, *, labels: str = "") -> GridColumn:
    """Make a column from letters: f free, b busy, h held, c closed, r referral, o own, p past."""
    by_letter = {mark.value[0]: mark for mark in SlotMark}
    cells = [
        cell(100 * number + index, index * minutes, minutes, by_letter[letter], labels)
        for index, letter in enumerate(marks)
    ]
    return GridColumn(number, DAY, NAMES[number % 4], f"каб. {200 + number} · {minutes} мин", tuple(cells))


def grid(*columns: GridColumn, first_suitable: int | None = None) -> SlotGrid:
    free = sum(each.bookable for one in columns for each in one.cells)
    return SlotGrid("вт 24.11.2026", DAY, columns, free, first_suitable, None)


CLINIC = grid(column(1, 15, "bbfbrf"), column(2, 22, "hfcb"), column(3, 30, "opf"), first_suitable=102)


class Desk(App[None]):
    """The grid between the lines of a pane; keeps what the grid said."""

    def __init__(self, shown: SlotGrid | None = CLINIC) -> None:
        super().__init__(driver_class=PaintingDriver)
        self.shown = shown
        self.said: list[tuple[str, int | None]] = []

    def compose(self) -> ComposeResult:
        yield Static("наверху")
        yield SlotGridView(id="slots")
        yield Static("внизу")

    def on_mount(self) -> None:
        register_themes(self)
        if self.shown is not None:
            self.slots.show(self.shown)
        self.slots.focus()

    @property
    def slots(self) -> SlotGridView:
        return self.query_one(SlotGridView)

    def on_slot_grid_view_slot_highlighted(self, event: SlotGridView.SlotHighlighted) -> None:
        assert event.control is self.slots
        self.said.append(("highlighted", event.cell.slot_id if event.cell else None))

    def on_slot_grid_view_slot_chosen(self, event: SlotGridView.SlotChosen) -> None:
        self.said.append(("chosen", event.cell.slot_id))

    def on_slot_grid_view_slot_refused(self, event: SlotGridView.SlotRefused) -> None:
        self.said.append(("refused", event.cell.slot_id))

    def on_slot_grid_view_slot_questioned(self, event: SlotGridView.SlotQuestioned) -> None:
        self.said.append(("questioned", event.cell.slot_id))

    def on_slot_grid_view_column_entered(self, event: SlotGridView.ColumnEntered) -> None:
        self.said.append(("column", event.column.doctor_id))

    @property
    def at(self) -> int | None:
        """The slot under the cursor."""
        return self.slots.cursor_cell.slot_id if self.slots.cursor_cell else None


class PaintingDriver(HeadlessDriver):
    """Paints like a real terminal driver, into a list."""

    painted: list[str]

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.__dict__.setdefault("painted", []).append(data)


@asynccontextmanager
async def open_desk(
    shown: SlotGrid | None = CLINIC, *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Desk, Pilot[None]]]:
    app = Desk(shown)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def lines(view: SlotGridView) -> list[str]:
    """The widget's lines as text, each exactly as wide as the widget."""
    drawn = [view.render_line(y) for y in range(view.size.height)]
    assert {strip.cell_length for strip in drawn} == {view.size.width}
    for strip in drawn:
        assert cell_len(strip.text) == view.size.width
    return [strip.text for strip in drawn]


class Painted:
    """Counts which lines of the widget are drawn."""

    def __init__(self, view: SlotGridView, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[int] = []
        original = view.render_line

        def counting(y: int) -> Strip:
            self.lines.append(y)
            return original(y)

        monkeypatch.setattr(view, "render_line", counting)
