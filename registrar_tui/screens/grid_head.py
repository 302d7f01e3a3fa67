"""The two lines over the grid: for whom, what and when; how much of it is free."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from registrar_tui.plain import plain
from registrar_tui.screens.grid_filter import filters_in_words
from registrar_tui.screens.pane import Person
from registrar_tui.screens.words import day_and_time, full_day, short_day
from registrar_tui.services.dto import DeskGreeting, GridQuery, SlotGrid, VisitRow
from registrar_tui.widgets.status_line import SplitLine


class GridHead(Vertical):
    """Heading and quota strip of the grid pane."""

    DEFAULT_CSS = "GridHead { height: 2; }"

    def __init__(self) -> None:
        super().__init__()
        self._what = SplitLine()
        self._strip = SplitLine()

    def compose(self) -> ComposeResult:
        """Lay out both lines."""
        yield self._what
        yield self._strip

    def opening(self, person: Person, title: str) -> None:
        """Name the person and the target while the grid is being read."""
        self._what.show(Content.assemble((plain(person.short), "bold"), f" → {plain(title)}"))
        self._strip.show("")

    def show(
        self,
        person: Person,
        grid: SlotGrid,
        query: GridQuery,
        greeting: DeskGreeting | None,
        cut: VisitRow | None,
    ) -> None:
        """Draw the lines; `cut` is a visit that is being moved."""
        narrowed = plain(filters_in_words(query, grid, greeting))
        what = Content.assemble(
            (plain(person.short), "bold"), f" → {plain(grid.title)} · {_period(grid, query)} · {narrowed}"
        )
        moved = "" if cut is None else f"вырезано: {day_and_time(cut.starts_at)}"
        self._what.show(what, Content.assemble((moved, "$text-warning")))
        self._strip.show(Content.assemble((plain(grid.strip), "$foreground-muted")), _free_words(grid))


def _period(grid: SlotGrid, query: GridQuery) -> str:
    if query.doctor_id is None or not grid.columns:
        return full_day(grid.day)
    return f"{short_day(grid.columns[0].day)} — {short_day(grid.columns[-1].day)}"


def _free_words(grid: SlotGrid) -> str:
    free = f"{grid.free_count} свободно" if grid.free_count else "свободных нет"
    if grid.nearest is None:
        return f"{free} · ближайшего нет"
    here = grid.nearest.date() == grid.day
    return f"{free} · ближайшее: {f'{grid.nearest:%H:%M}' if here else day_and_time(grid.nearest)}"
