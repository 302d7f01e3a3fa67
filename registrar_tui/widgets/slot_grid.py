"""The slot grid: doctors by time of one day, or one doctor by days, in a single Line API widget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from registrar_tui.services.dto import GridColumn, SlotCell, SlotGrid
from registrar_tui.widgets import grid_cursor
from registrar_tui.widgets.grid_cursor import Place
from registrar_tui.widgets.grid_drawing import (
    COMPONENTS,
    GRID_CSS,
    GUTTER,
    HEADER,
    GridView,
    draw_header,
    draw_row,
    draw_text,
)
from registrar_tui.widgets.grid_layout import NOTHING, lay_out, minute_of

NO_SLOTS: Final = "Приёма нет. PgDn — дальше по дням."
_MARGIN: Final = 1  # rows kept in sight beyond the cursor
_NOWHERE: Final = -1


class SlotGridView(ScrollView, can_focus=True, inherit_bindings=False):
    """Draw a `SlotGrid` and move a cursor over its slots.

    A movement repaints two lines; strips are kept until the data, the size or the theme changes. Days,
    filters and leaving the grid belong to the pane around it.
    """

    HELP = "Стрелки выбирают время и врача, Ctrl+↑↓ — свободное, Enter записывает, Space объясняет."
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"slot-grid--{component}" for component in COMPONENTS}
    DEFAULT_CSS = GRID_CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "Выше", id="grid.up", show=False),
        Binding("down", "step(1)", "Ниже", id="grid.down", show=False),
        Binding("left", "turn(-1)", "Врач слева", id="grid.left", show=False),
        Binding("right", "turn(1)", "Врач справа", id="grid.right", show=False),
        Binding("ctrl+up", "leap(-1)", "Свободное выше", id="grid.free_up", show=False),
        Binding("ctrl+down", "leap(1)", "Свободное ниже", id="grid.free_down", show=False),
        Binding("home", "edge(False)", "Первое время", id="grid.first", show=False),
        Binding("end", "edge(True)", "Последнее время", id="grid.last", show=False),
        Binding("enter", "choose", "Записать", id="grid.choose"),
        Binding("space", "question", "Почему", id="grid.question"),
        Binding("tab", "enter_column", "Неделя врача", id="grid.column"),
    ]

    @dataclass
    class SlotHighlighted(Message):
        """The cursor came to another slot; both are None on an empty grid."""

        grid: SlotGridView
        cell: SlotCell | None
        column: GridColumn | None

        @property
        def control(self) -> SlotGridView:
            """The grid that sent it."""
            return self.grid

    @dataclass
    class CellMessage(Message):
        """Something was asked of the slot under the cursor."""

        grid: SlotGridView
        cell: SlotCell
        column: GridColumn

        @property
        def control(self) -> SlotGridView:
            """The grid that sent it."""
            return self.grid

    class SlotChosen(CellMessage):
        """Enter on a slot that can be taken."""

    class SlotRefused(CellMessage):
        """Enter on a slot that cannot be taken."""

    class SlotQuestioned(CellMessage):
        """Space: why the slot is as it is, and what can be done."""

    @dataclass
    class ColumnEntered(Message):
        """Tab: the week of this doctor, or back to the doctors of the day."""

        grid: SlotGridView
        column: GridColumn

        @property
        def control(self) -> SlotGridView:
            """The grid that sent it."""
            return self.grid

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._slot_shown_once = False
        self._slot_view = GridView()
        self._slot_place: Place | None = None
        self._slot_wanted = 0  # the minute that left and right look for
        self._slot_strips: dict[tuple[int, int, int, bool], Strip] = {}
        self._slot_styles: dict[str, Style] = {}

    # --- what the pane asks -------------------------------------------------

    @property
    def cursor_column(self) -> GridColumn | None:
        """Return the column of the cursor; None on an empty grid."""
        return None if self._slot_place is None else self._slot_view.columns[self._slot_place[0]]

    @property
    def cursor_cell(self) -> SlotCell | None:
        """Return the slot under the cursor; None on an empty grid."""
        if self._slot_place is None or (column := self.cursor_column) is None:
            return None
        return column.cells[self._slot_place[1]]

    def show(self, grid: SlotGrid, *, keep_cursor: bool = False) -> None:
        """Show a grid with the cursor on its first suitable slot, else on its first slot.

        With `keep_cursor` the cursor stays on its slot (else near its time in its column), the scroll stays,
        and only the rows that look different are painted again.
        """
        before, old_place, old_cell = self._slot_view, self._slot_place, self.cursor_cell
        keep = keep_cursor and old_place is not None
        place = grid_cursor.kept(before.columns, old_place, grid.columns) if keep and old_place else None
        self._slot_place = place or grid_cursor.opening(grid)
        view = replace(before, columns=grid.columns, layout=lay_out(grid.columns))
        self._slot_spread(view if keep else replace(view, first=0))
        if not keep and self.scroll_offset.y:
            self.scroll_to(y=0, animate=False, force=True)
        self._slot_repaint(before, old_place, everything=not (keep and self._slot_shown_once))
        self._slot_shown_once = True
        cell = self.cursor_cell
        if not keep or cell is None or old_cell is None or cell.slot_id != old_cell.slot_id:
            self._slot_remember()
        if not keep or self._slot_place != old_place or view.layout.rows != before.layout.rows:
            self._slot_reveal()
        if not keep or cell != old_cell:
            self.post_message(self.SlotHighlighted(self, cell, self.cursor_column))

    def go_to(self, slot_id: int) -> bool:
        """Put the cursor on a slot; False if the slot is not in this grid."""
        place = grid_cursor.find(self._slot_view.columns, slot_id)
        if place is None:
            return False
        self._slot_move(place)
        self._slot_remember()
        return True

    # --- keys and mouse -----------------------------------------------------

    def action_step(self, by: int) -> None:
        """Go to the previous or next slot of the column."""
        if self._slot_place is not None:
            self._slot_move(grid_cursor.step(self._slot_view.columns, self._slot_place, by))
            self._slot_remember()

    def action_leap(self, by: int) -> None:
        """Go to the previous or next slot of the column that can be taken."""
        if self._slot_place is not None:
            self._slot_move(grid_cursor.leap(self._slot_view.columns, self._slot_place, by))
            self._slot_remember()

    def action_edge(self, last: bool) -> None:
        """Go to the first or last slot of the column."""
        if (column := self.cursor_column) is not None:
            self.action_step(len(column.cells) if last else -len(column.cells))

    def action_turn(self, by: int) -> None:
        """Go to the neighbouring column, to the slot nearest to the time the cursor was last set to."""
        if self._slot_place is not None:
            columns = self._slot_view.columns
            self._slot_move(grid_cursor.turn(columns, self._slot_place, by, self._slot_wanted))

    def action_choose(self) -> None:
        """Ask to book the slot, or tell that it cannot be taken."""
        cell, column = self.cursor_cell, self.cursor_column
        if cell is not None and column is not None:
            answer = self.SlotChosen if cell.bookable else self.SlotRefused
            self.post_message(answer(self, cell, column))

    def action_question(self) -> None:
        """Ask about the slot."""
        cell, column = self.cursor_cell, self.cursor_column
        if cell is not None and column is not None:
            self.post_message(self.SlotQuestioned(self, cell, column))

    def action_enter_column(self) -> None:
        """Ask for the week of the column's doctor, or for the day again."""
        if (column := self.cursor_column) is not None:
            self.post_message(self.ColumnEntered(self, column))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the slot under the mouse."""
        row = event.y - HEADER + self.scroll_offset.y
        column = self._slot_view.first + (event.x - GUTTER) // self._slot_view.width
        view = self._slot_view
        if (
            event.y < HEADER
            or event.x < GUTTER
            or row >= len(view.layout.rows)
            or column not in view.in_sight
        ):
            return
        if (owner := view.layout.owners[column][row]) != NOTHING:
            self._slot_move((column, owner))
            self._slot_remember()

    # --- the cursor on the screen -------------------------------------------

    def _slot_remember(self) -> None:
        if (cell := self.cursor_cell) is not None:
            self._slot_wanted = minute_of(cell)

    def _slot_move(self, place: Place) -> None:
        before, self._slot_place = self._slot_place, place
        if place == before:
            return
        self._slot_repaint_cursor(self._slot_view, before)
        self._slot_reveal()
        self.post_message(self.SlotHighlighted(self, self.cursor_cell, self.cursor_column))

    def _slot_reveal(self) -> None:
        """Bring the cursor in sight: by whole columns, and by a third of the page of rows.

        A row at a time would repaint everything at every step along the edge and show no row to come.
        """
        if self._slot_place is None:
            return
        view = self._slot_view.showing(self._slot_place[0])
        if view is not self._slot_view:
            self._slot_view = view
            self.refresh()
        row, top = self._slot_view.row_of(self._slot_place), self.scroll_offset.y
        height = self.size.height - HEADER
        if height <= 0:  # not laid out yet: the first resize comes here again
            return
        if row - top < _MARGIN:
            self.scroll_to(y=row - height // 3, animate=False, force=True)
        elif row - top > height - 1 - _MARGIN:
            self.scroll_to(y=row - height * 2 // 3, animate=False, force=True)

    def _slot_repaint(self, before: GridView, old_place: Place | None, *, everything: bool) -> None:
        """Repaint what differs from the view before."""
        self._slot_strips.clear()
        rows = None if everything else self._slot_view.rows_unlike(before)
        if rows is None:
            self.refresh()
            return
        for row in rows:
            self._slot_refresh_row(row)
        if self._slot_view.headings() != before.headings():
            self.refresh(Region(0, 0, self.size.width, HEADER))
        if self._slot_place != old_place:
            self._slot_repaint_cursor(before, old_place)

    def _slot_repaint_cursor(self, view: GridView, before: Place | None) -> None:
        """Repaint the row the cursor left (in the view it stood in), the row it is on, and the titles."""
        place = self._slot_place
        if before is not None:
            self._slot_refresh_row(view.row_of(before))
        if place is not None:
            self._slot_refresh_row(self._slot_view.row_of(place))
        if before is None or place is None or before[0] != place[0]:
            self.refresh(Region(0, 0, self.size.width, 1))

    def _slot_refresh_row(self, row: int) -> None:
        y = HEADER + row - self.scroll_offset.y
        if HEADER <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    # --- drawing ------------------------------------------------------------

    def _slot_spread(self, view: GridView) -> None:
        width = self.size.width
        self._slot_view = view.fitted(width)
        self._slot_strips.clear()
        self.virtual_size = Size(width, HEADER + len(view.layout.rows))

    def on_resize(self) -> None:
        """Spread the columns anew and keep the cursor in sight."""
        self._slot_spread(self._slot_view)
        self._slot_reveal()

    def notify_style_update(self) -> None:
        """Drop what was drawn with the old colours."""
        self._slot_styles.clear()
        self._slot_strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        """Draw one line of the widget: the fixed header, then rows from the scroll position on."""
        place, top = self._slot_place, self.scroll_offset.y
        if y < HEADER:
            line, here, thumb = y - HEADER, _NOWHERE if place is None else place[0], False
        else:
            line = y - HEADER + top
            here = place[0] if place is not None and self._slot_view.row_of(place) == line else _NOWHERE
            thumb = y - HEADER in self._slot_view.thumb(top, self.size.height - HEADER)
        key = (self._slot_view.first, line, here, thumb)
        strip = self._slot_strips.get(key)
        if strip is None:
            strip = self._slot_strips[key] = self._slot_draw(line, here, thumb)
        return strip

    def _slot_draw(self, line: int, here: int, thumb: bool) -> Strip:
        view = self._slot_view
        if not view.layout.rows and line == 0 and self._slot_shown_once:
            return draw_text(view, self._slot_style, NO_SLOTS)
        if line < 0:
            return draw_header(view, self._slot_style, line + HEADER, here)
        if line >= len(view.layout.rows):
            return draw_text(view, self._slot_style, "")
        cursor = self._slot_place if here != _NOWHERE else None
        return draw_row(view, self._slot_style, line, cursor, thumb=thumb)

    def _slot_style(self, component: str) -> Style:
        style = self._slot_styles.get(component)
        if style is None:
            style = self._slot_styles[component] = self.get_component_rich_style(f"slot-grid--{component}")
        return style
