"""Запись: the slot grid of a day or of one doctor's week, its days and filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, Literal

from textual import on
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Static

from registrar_tui.screens.answers import GridDrawn, SlotExplained
from registrar_tui.screens.booking import BookingPane, Stage
from registrar_tui.screens.grid_filter import fields_of, filtered
from registrar_tui.screens.grid_head import GridHead
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.pane import Command, Person, command
from registrar_tui.services.dto import GridQuery, SlotGrid, TargetKind, VisitRow
from registrar_tui.widgets.filter_line import FilterLine
from registrar_tui.widgets.slot_grid import SlotGridView

LEGEND: Final = "· свободно  ■ занято  ~ держат  ! направление  ● этот пациент  × закрыто"
_Again = Literal["anew", "refreshed"]
"""What a read asked for during another one is to do with the cursor."""
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)


class GridPane(BookingPane):
    """Choose a slot for one person; what other desks take is seen within half a second."""

    NAME = "grid"
    DEFAULT_CSS = """
    #grid-legend { height: 1; padding: 0 1; color: $foreground-muted; text-wrap: nowrap; }
    SlotGridView { height: 1fr; }
    """
    LIVE = True

    def __init__(self) -> None:
        super().__init__()
        self.head = GridHead()
        self.view = SlotGridView(id="slots")
        self.filter = FilterLine(id="grid-filter")
        self.query_now: GridQuery | None = None
        self.grid: SlotGrid | None = None
        self._title = ""
        self._number = 0
        self._drawing = False
        self._draw_again: _Again | None = None
        self._aim: int | None = None
        self._said_at: int | None = None
        self._bookable_here = False
        self._turning = False

    def compose(self) -> ComposeResult:
        """Lay out the heading, the quota strip, the filter, the grid, its legend and the confirmation."""
        yield self.head
        yield self.filter
        yield self.view
        yield Static(LEGEND, markup=False, id="grid-legend")
        yield self.confirm

    # --- the desk's view of the pane ----------------------------------------

    @property
    def place(self) -> str:
        """The grid, its filter, or the slot being confirmed."""
        if self.stage is not Stage.BROWSING:
            return "confirm"
        return "filter" if self.filter.display else "grid"

    def focus_target(self) -> Widget:
        """The grid takes the keys unless the filter or a confirmation is open."""
        if self.stage is not Stage.BROWSING:
            return self.confirm.reason if self.confirm.reason.display else self.confirm
        return self.filter if self.filter.display else self.view

    def focus_grid(self) -> None:
        """Give the keys back to the grid."""
        self.screen.set_focus(self.focus_target())

    def note_said(self) -> None:
        """Remember the slot under the cursor: the lines go when the cursor does."""
        cell = self.view.cursor_cell
        self._said_at = None if cell is None else cell.slot_id

    def service_id(self) -> int | None:
        """Return the service aimed at or filtered by."""
        query = self.query_now
        if query is None:
            return None
        return query.target_id if query.kind is TargetKind.SERVICE else query.service_id

    def commands(self) -> Mapping[str, Command]:
        """What can be done in the grid as it stands."""
        if self.place == "confirm":
            return self.booking_commands()
        if self.place == "filter":
            return {"filter.close": self.close_filter, **self.filter.commands()}
        commands: dict[str, Command] = dict(self.way_commands())
        if self.person is not None:
            commands["grid.target"] = command(self.desk.open_target, self.person)
        if self.query_now is not None:
            commands["grid.previous"] = command(self.turn_days, -1)
            commands["grid.next"] = command(self.turn_days, 1)
            commands["grid.nearest"] = self.go_nearest
            commands["grid.filter"] = self.open_filter
        if self.view.cursor_cell is not None:
            commands["grid.choose" if self.view.cursor_cell.bookable else "grid.why"] = self.choose
            commands["grid.explain"] = self.explain
            commands.update(self._movements())
            week = self.query_now is not None and self.query_now.doctor_id is not None
            commands["grid.doctors" if week else "grid.week"] = self.turn_week
        if self.desk.last_visit is not None:
            commands["visit.ticket"] = command(self.desk.open_ticket, self.desk.last_visit.id)
        return commands

    def _movements(self) -> Mapping[str, Command]:
        view = self.view
        return {
            "grid.up": command(view.action_step, -1),
            "grid.down": command(view.action_step, 1),
            "grid.left": command(view.action_turn, -1),
            "grid.right": command(view.action_turn, 1),
            "grid.free_up": command(view.action_leap, -1),
            "grid.free_down": command(view.action_leap, 1),
            "grid.first": command(view.action_edge, False),
            "grid.last": command(view.action_edge, True),
        }

    # --- what is shown --------------------------------------------------------

    def aim(self, person: Person, query: GridQuery, title: str, move: VisitRow | None = None) -> None:
        """Open the grid for a person, or for a visit that is being moved."""
        if self.stage in (Stage.OFFERING, Stage.OFFERED):
            self.release()
        if self.person != person or self._title != title:
            self.grid = None
            self.view.show(SlotGrid(title, self.desk.now().date(), (), 0, None, None))
        self.person, self.query_now, self._title, self.move = person, query, title, move
        self.filter.display = False
        self.confirm.clear()
        self.head.opening(person, title)
        self._turning = True
        self._draw(keep=False)

    def shown(self) -> None:
        """Look again: the grid may have changed while it was out of sight."""
        self.renew()

    def renew(self) -> None:
        """Read the same view again and leave the cursor where it is."""
        if self.query_now is not None:
            self._draw(keep=True)

    def stale(self, now: datetime) -> bool:
        """A hold has run out, or a slot has opened or begun: no other desk commits anything then."""
        grid = self.grid
        return grid is not None and grid.stale_at is not None and now >= grid.stale_at

    def turn_days(self, by: int) -> None:
        """PgUp, PgDn: the day or the week before or after."""
        query = self.query_now
        if query is None or self.grid is None:
            return
        step = _WEEK if query.doctor_id is not None else _DAY
        self._change(replace(query, day=(query.day or self.grid.day) + step * by))

    def go_nearest(self) -> None:
        """The first day that has a suitable slot."""
        if self.query_now is not None:
            self._change(replace(self.query_now, day=None))

    def turn_week(self) -> None:
        """Tab: the week of the doctor, or the day of all again; the cursor keeps its slot."""
        query, cell, column = self.query_now, self.view.cursor_cell, self.view.cursor_column
        if query is None or cell is None or column is None:
            return
        self._aim = cell.slot_id
        doctor_id = column.doctor_id if query.doctor_id is None else None
        self._change(replace(query, doctor_id=doctor_id, day=column.day))

    def choose(self) -> None:
        """Enter: hold the slot under the cursor, or say why it cannot be taken."""
        if self._turning:
            return  # the registrar means the day that is still being read, not the one in sight
        cell = self.view.cursor_cell
        if cell is not None and cell.bookable:
            self.begin_offer(cell.slot_id)
        else:
            self.explain()

    def explain(self) -> None:
        """Space: whose the slot is, or why it cannot be taken."""
        cell, person = self.view.cursor_cell, self.person
        if cell is None:
            return
        slot_id, person_id = cell.slot_id, None if person is None else person.id
        self.ask(
            "explain_slot",
            lambda services: services.explain_slot(slot_id, person_id),
            lambda explanation: SlotExplained(slot_id, explanation),
        )

    def open_filter(self) -> None:
        """Ctrl+F: the filter line."""
        query, grid, greeting = self.query_now, self.grid, self.desk.greeting
        if query is None or grid is None or greeting is None:
            return
        self.confirm.clear()
        self.filter.set_fields(fields_of(query, grid, greeting.branches))
        self.filter.display = True
        self.focus_grid()
        self.desk.keys_changed()

    def close_filter(self) -> None:
        """Enter, Esc: back to the grid; what was chosen stays."""
        self.filter.display = False
        self.focus_grid()
        self.desk.keys_changed()

    def _change(self, query: GridQuery) -> None:
        self.query_now = query
        self.confirm.clear()
        self._turning = True
        self._draw(keep=False)

    def _draw(self, *, keep: bool) -> None:
        query = self.query_now
        if query is None:
            return
        if self._drawing:
            if not keep:
                self._draw_again = "anew"
            elif self._draw_again is None:
                self._draw_again = "refreshed"
            return
        self._drawing = True
        self._number += 1
        number = self._number
        self.ask(
            "grid",
            lambda services: services.grid(query),
            lambda grid: GridDrawn(number, grid, keep),
            number,
        )

    # --- answers ----------------------------------------------------------------

    @on(GridDrawn)
    def _grid_drawn(self, message: GridDrawn) -> None:
        message.stop()
        self._drawing = False
        again, self._draw_again = self._draw_again, None
        if again != "anew":
            self._show(message.grid, keep=message.live)
        if again is not None:
            self._draw(keep=again == "refreshed")

    def _show(self, grid: SlotGrid, *, keep: bool) -> None:
        self.grid = grid
        if self.query_now is not None:
            self.query_now = replace(self.query_now, day=grid.day)
        self.view.show(grid, keep_cursor=keep)
        if self._aim is not None:
            self.view.go_to(self._aim)
            self._aim = None
        self._turning = False
        if self.query_now is not None and self.person is not None:
            self.head.show(self.person, grid, self.query_now, self.desk.greeting, self.move)
        self.desk.keys_changed()

    def failed(self, failure: CallFailed) -> None:
        """Say why there is no grid or no explanation; booking has its own words."""
        if failure.call == "grid":
            self._drawing, self._draw_again, self._turning = False, None, False
        super().failed(failure)

    @on(FilterLine.FilterChanged)
    def _filter_changed(self, message: FilterLine.FilterChanged) -> None:
        message.stop()
        if self.query_now is not None:
            self._change(filtered(self.query_now, message.name, message.value))

    @on(SlotExplained)
    def _slot_explained(self, message: SlotExplained) -> None:
        message.stop()
        cell = self.view.cursor_cell
        if self.stage is Stage.BROWSING and cell is not None and cell.slot_id == message.number:
            self.confirm.say(message.explanation.text, ways=message.explanation.ways_out)
            self.note_said()
            self.desk.keys_changed()

    @on(SlotGridView.SlotHighlighted)
    def _slot_highlighted(self, message: SlotGridView.SlotHighlighted) -> None:
        message.stop()
        slot_id = None if message.cell is None else message.cell.slot_id
        bookable = message.cell is not None and message.cell.bookable
        if bookable is not self._bookable_here:
            self._bookable_here = bookable
            self.desk.keys_changed()
        if self.stage is Stage.BROWSING and self.confirm.text and slot_id != self._said_at:
            self.confirm.clear()
            self.desk.keys_changed()
