"""A list of rows with a cursor, drawn line by line: patients, targets, visits, commands."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from registrar_tui.plain import plain

_MARK: Final = " ▸ "
_NO_MARK: Final = "   "
_GAP: Final = 2
_ELLIPSIS: Final = "…"


class Column(NamedTuple):
    """One column: `least` to `most` cells wide; a narrow list drops the highest `rank` (0 stays)."""

    title: str
    least: int
    most: int
    rank: int = 0
    right: bool = False


class Row(NamedTuple):
    """One line; `tone` is muted, warn, stop, done or empty, a row with `heading` cannot be chosen."""

    key: Hashable
    cells: tuple[str, ...]
    tone: str = ""
    heading: bool = False


def fit(text: str, width: int, *, right: bool = False) -> str:
    """Return foreign text as exactly `width` cells, cut with an ellipsis."""
    safe = plain(text)
    length = cell_len(safe)
    if length > width:
        return set_cell_size(safe, max(width - 1, 0)) + _ELLIPSIS[:width]
    return " " * (width - length) + safe if right else safe + " " * (width - length)


def lay_out_columns(columns: Sequence[Column], width: int) -> tuple[tuple[int, int], ...]:
    """Return (index, cells) of the columns that fit into `width`, the spare cells shared from the left."""
    shown = list(range(len(columns)))
    while len(shown) > 1 and _least(columns, shown) > width:
        dropped = max(shown, key=lambda index: (columns[index].rank, index))
        if columns[dropped].rank == 0:
            break
        shown.remove(dropped)
    spare = max(width - _least(columns, shown), 0)
    laid = []
    for index in shown:
        extra = min(spare, columns[index].most - columns[index].least)
        spare -= extra
        laid.append((index, min(columns[index].least + extra, width)))
    return tuple(laid)


def _least(columns: Sequence[Column], shown: Sequence[int]) -> int:
    return sum(columns[index].least for index in shown) + _GAP * (len(shown) - 1)


class RowList(ScrollView, can_focus=False):
    """Rows under fixed titles; the focus stays with the line above, which moves the cursor by `step`.

    `show` repaints in place; nothing is mounted for a row (20 rows cost about 2 ms).
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "row-list--muted",
        "row-list--warn",
        "row-list--stop",
        "row-list--done",
        "row-list--cursor",
    }
    DEFAULT_CSS = """
    RowList {
        height: 1fr;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & > .row-list--muted { color: $foreground-muted; }
        & > .row-list--warn { color: $text-warning; }
        & > .row-list--stop { color: $text-error; }
        & > .row-list--done { color: $text-success; }
        & > .row-list--cursor { text-style: bold; background: $input-selection-background; }
    }
    """

    @dataclass(eq=False, repr=False)
    class RowHighlighted(Message):
        """The cursor came to another row; None: the list is empty."""

        row_list: RowList
        row: Row | None

        @property
        def control(self) -> RowList:
            """The list that sent it."""
            return self.row_list

    def __init__(self, columns: Sequence[Column], *, titles: bool = True, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._list_columns = tuple(columns)
        self._list_head = 1 if titles else 0
        self._list_rows: tuple[Row, ...] = ()
        self._list_cursor: int | None = None
        self._list_laid: tuple[tuple[int, int], ...] = ()
        self._list_width = -1
        self._list_styles: dict[str, Style] = {}

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows as shown."""
        return self._list_rows

    @property
    def current(self) -> Row | None:
        """The row under the cursor."""
        return None if self._list_cursor is None else self._list_rows[self._list_cursor]

    def show(self, rows: Sequence[Row], *, keep: bool = False) -> None:
        """Draw rows; with `keep` the cursor stays on the row of the same key, else it goes to the first."""
        before, lines = self.current, max(len(rows), len(self._list_rows)) + self._list_head
        self._list_rows = tuple(rows)
        found = None
        if keep and before is not None:
            found = next((i for i, row in enumerate(rows) if row.key == before.key and not row.heading), None)
        self._list_cursor = self._selectable(0, 1) if found is None else found
        self._measure()
        self._reveal()
        self.refresh(Region(0, 0, self.size.width, min(lines, self.size.height)))
        self.post_message(self.RowHighlighted(self, self.current))

    def step(self, rows: int) -> None:
        """Move the cursor by rows, stopping at the ends and passing over headings."""
        if self._list_cursor is None:
            return
        wanted = min(max(self._list_cursor + rows, 0), len(self._list_rows) - 1)
        direction = 1 if rows > 0 else -1
        self._set_cursor(self._selectable(wanted, direction))

    def page(self, direction: int) -> None:
        """Move the cursor by a screenful."""
        self.step(direction * max(self.size.height - self._list_head - 1, 1))

    def go_to(self, key: Hashable) -> bool:
        """Put the cursor on the row of a key; False: there is none."""
        for index, row in enumerate(self._list_rows):
            if row.key == key and not row.heading:
                self._set_cursor(index)
                return True
        return False

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines; the style of a tone is worked out once for all of them, which is half of the work."""
        self._list_styles.clear()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Draw one line: the titles on top, then the rows that are scrolled to."""
        width = self.size.width
        if width != self._list_width:
            self._list_width = width
            self._list_laid = lay_out_columns(self._list_columns, max(width - len(_MARK) - 1, 1))
        if y < self._list_head:
            titles = tuple(column.title for column in self._list_columns)
            return self._strip(_NO_MARK, titles, self._list_style("muted"))
        index = self.scroll_offset.y + y - self._list_head
        if not 0 <= index < len(self._list_rows):
            return Strip.blank(width, self._list_style(""))
        return self._row_strip(index)

    def on_resize(self, _event: events.Resize) -> None:
        """Keep the cursor in sight."""
        self._measure()
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to a clicked row: the mouse is allowed, never needed."""
        index = self.scroll_offset.y + event.y - self._list_head
        if event.y >= self._list_head and 0 <= index < len(self._list_rows):
            self._set_cursor(self._selectable(index, 1))

    def _row_strip(self, index: int) -> Strip:
        row = self._list_rows[index]
        if row.heading:
            return self._heading_strip(row.cells[0])
        style = self._list_style(row.tone)
        if index != self._list_cursor:
            return self._strip(_NO_MARK, row.cells, style)
        return self._strip(_MARK, row.cells, style + self._cursor_style())

    def _heading_strip(self, title: str) -> Strip:
        style = self._list_style("muted")
        return Strip([Segment(fit(_NO_MARK + title, self.size.width), style)], self.size.width)

    def _strip(self, mark: str, cells: tuple[str, ...], style: Style) -> Strip:
        parts = [mark]
        for place, (index, width) in enumerate(self._list_laid):
            if place:
                parts.append(" " * _GAP)
            parts.append(fit(cells[index], width, right=self._list_columns[index].right))
        return Strip([Segment(set_cell_size("".join(parts), self.size.width), style)], self.size.width)

    def _list_style(self, tone: str) -> Style:
        if tone not in self._list_styles:
            self._list_styles[tone] = (
                self.get_component_rich_style(f"row-list--{tone}") if tone else self.rich_style
            )
        return self._list_styles[tone]

    def _cursor_style(self) -> Style:
        component = self.get_component_rich_style("row-list--cursor")
        return Style(bgcolor=component.bgcolor, bold=True)

    def _selectable(self, start: int, direction: int) -> int | None:
        for step in (direction, -direction):
            index = start
            while 0 <= index < len(self._list_rows):
                if not self._list_rows[index].heading:
                    return index
                index += step
        return None

    def _measure(self) -> None:
        """Tell how far the list may be scrolled; rows that fit leave the layout of the screen as it is."""
        height = len(self._list_rows) + self._list_head
        self.virtual_size = Size(0, height if height > self.size.height else 0)

    def _set_cursor(self, index: int | None) -> None:
        if index is None or index == self._list_cursor:
            return
        before, self._list_cursor = self._list_cursor, index
        self._reveal()
        for changed in (before, index):
            if changed is not None:
                self._refresh_row(changed)
        self.post_message(self.RowHighlighted(self, self.current))

    def _refresh_row(self, index: int) -> None:
        y = index + self._list_head - self.scroll_offset.y
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _reveal(self) -> None:
        cursor, room = self._list_cursor, self.size.height - self._list_head
        if cursor is None or room <= 0:
            return
        top = self.scroll_offset.y
        # The first selectable row brings the heading above it into view.
        wanted = min(top, cursor if cursor > 1 else 0)
        wanted = max(wanted, cursor - room + 1)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, immediate=True, force=True)
