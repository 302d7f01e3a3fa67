"""Lines of the slot grid as styled strips: glyph, time and label of each slot, cut by cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from registrar_tui.plain import plain
from registrar_tui.services.dto import GridColumn, SlotCell, SlotMark
from registrar_tui.widgets.grid_cursor import Place
from registrar_tui.widgets.grid_layout import MIN_COLUMN, NOTHING, GridLayout, clock_text, column_fit

GUTTER: Final = 7
HEADER: Final = 2
EDGE: Final = 1
"""The last cell of a row is the thumb's: a scroll costs 4 ms of work, with a scrollbar widget it costs 7."""
GLYPHS: Final[dict[SlotMark, str]] = {
    SlotMark.FREE: "·",
    SlotMark.BUSY: "■",
    SlotMark.HELD: "~",
    SlotMark.CLOSED: "×",
    SlotMark.REFERRAL: "!",
    SlotMark.OWN: "●",
    SlotMark.PAST: "×",
}
_THUMB: Final = "▐"
_REACH: Final = "│"  # a long slot on the rows below its start
_NO_LAYOUT: Final = GridLayout()
# Bright only where the slot can be taken; every other mark looks the same either way.
_NEEDS_RIGHT: Final = frozenset({SlotMark.FREE, SlotMark.REFERRAL})

COMPONENTS: Final = (
    *(mark.value for mark in SlotMark),
    "unsuitable",
    "cursor",
    "cursor-refused",
    "title",
    "title-here",
    "subtitle",
    "time",
    "hour",
    "empty",
    "reach",
    "thumb",
)
GRID_CSS: Final = """
SlotGridView {
    background: $background;
    color: $foreground;
    overflow-x: hidden;
    overflow-y: auto;
    scrollbar-size-vertical: 0;
    & > .slot-grid--free { color: $foreground; }
    & > .slot-grid--referral { color: $text-warning; }
    & > .slot-grid--own { color: $text-accent; text-style: bold; }
    & > .slot-grid--held { color: $foreground-muted; text-style: italic; }
    & > .slot-grid--busy { color: $foreground-disabled; }
    & > .slot-grid--unsuitable { color: $foreground-muted; }
    & > .slot-grid--closed { color: $foreground-disabled; }
    & > .slot-grid--past { color: $foreground-disabled; }
    & > .slot-grid--title { color: $foreground; text-style: bold; }
    & > .slot-grid--title-here { color: $text-accent; text-style: bold underline; }
    & > .slot-grid--subtitle { color: $foreground-muted; }
    & > .slot-grid--time { color: $foreground-muted; }
    & > .slot-grid--hour { color: $foreground; text-style: bold; }
    & > .slot-grid--reach { color: $foreground-disabled; }
    & > .slot-grid--thumb { color: $foreground-disabled; }
    & > .slot-grid--empty { color: $foreground-muted; }
    & > .slot-grid--cursor { color: $text-accent; text-style: bold; }
    & > .slot-grid--cursor-refused { color: $foreground-muted; text-style: bold; }
    &:focus > .slot-grid--cursor { text-style: bold reverse; }
    &:focus > .slot-grid--cursor-refused { text-style: bold reverse; }
}
"""

StyleOf = Callable[[str], Style]
"""Gives the style of a component class by the part of its name after `slot-grid--`."""
Piece = tuple[str, str]
"""(component, text)."""


@dataclass(frozen=True, slots=True)
class GridView:
    """What of the grid is in sight: whole columns from `first` on, all `width` cells wide."""

    columns: tuple[GridColumn, ...] = ()
    layout: GridLayout = _NO_LAYOUT
    first: int = 0
    shown: int = 1
    width: int = MIN_COLUMN
    line: int = 0
    """Cells of a whole line, the time gutter included."""

    @property
    def in_sight(self) -> range:
        """Return the indices of the columns in sight."""
        return range(self.first, min(self.first + self.shown, len(self.columns)))

    def fitted(self, line: int) -> GridView:
        """Return the same columns spread over a line of so many cells, never scrolled past the last one."""
        shown, width = column_fit(line - GUTTER - EDGE, len(self.columns))
        first = max(0, min(self.first, len(self.columns) - shown))
        return replace(self, first=first, shown=shown, width=width, line=line)

    def showing(self, column: int) -> GridView:
        """Return the view scrolled by whole columns, no farther than needed to have `column` in sight."""
        first = max(min(self.first, column), column - self.shown + 1)
        return self if first == self.first else replace(self, first=first)

    def row_of(self, place: Place) -> int:
        """Return the row the slot at this place starts in."""
        return self.layout.starts[place[0]][place[1]]

    def headings(self) -> list[tuple[str, str]]:
        """Return the titles and subtitles of the columns in sight."""
        return [(self.columns[index].title, self.columns[index].subtitle) for index in self.in_sight]

    def thumb(self, top: int, height: int) -> range:
        """Return which of `height` body lines carry the scroll thumb; none if all rows are in sight."""
        total = len(self.layout.rows)
        if total <= height:
            return range(0)
        length = max(1, height * height // total)
        begin = round(top * (height - length) / (total - height))
        return range(begin, begin + length)

    def rows_unlike(self, other: GridView) -> frozenset[int] | None:
        """Return the rows drawn otherwise than in `other`, None if the two have no rows in common."""
        if self._frame() != other._frame():
            return None
        rows = range(len(self.layout.rows))
        return frozenset(row for row in rows if self._cells(row) != other._cells(row))

    def _frame(self) -> tuple[object, ...]:
        return self.layout.rows, len(self.columns), self.first, self.shown, self.width, self.line

    def _cells(self, row: int) -> list[tuple[SlotCell, bool] | None]:
        owners = [(index, self.layout.owners[index][row]) for index in self.in_sight]
        return [
            None if owner == NOTHING else (self.columns[index].cells[owner], self.layout.is_start(index, row))
            for index, owner in owners
        ]


def fit(text: str, cells: int) -> str:
    """Return foreign text made plain and cut or padded to exactly `cells` terminal cells."""
    safe = plain(text)
    excess = cell_len(safe) - cells
    if excess > 0:
        return set_cell_size(safe, cells - 1) + "…" if cells > 0 else ""
    return safe + " " * -excess


def cell_text(cell: SlotCell) -> str:
    """Return the words of a slot: its glyph, its own start, its label."""
    return f"{GLYPHS[cell.mark]} {cell.starts_at:%H:%M} {cell.label}"


def draw_header(view: GridView, style_of: StyleOf, line: int, here: int | None) -> Strip:
    """Draw one of the two fixed lines; `here` is the column of the cursor."""
    pieces: list[Piece] = [("time", _range_text(view, line))]
    for index in view.in_sight:
        column = view.columns[index]
        if line == 0:
            component = "title-here" if index == here else "title"
            pieces += [("subtitle", " "), *_underlined(component, column.title, view.width - 1)]
        else:
            pieces.append(("subtitle", " " + _fit_subtitle(column.subtitle, view.width - 1)))
    return _strip(pieces, style_of, view.line)


def _fit_subtitle(text: str, cells: int) -> str:
    """Close up the middle dots before cutting: «каб. 201·15 мин» is read, «каб. 201 · 15…» is not."""
    return fit(text if cell_len(text) <= cells else text.replace(" · ", "·"), cells)


def _underlined(component: str, title: str, cells: int) -> Iterable[Piece]:
    text = fit(title, cells)
    words = text.rstrip(" ")
    yield component, words
    yield "subtitle", " " * (len(text) - len(words))


def _range_text(view: GridView, line: int) -> str:
    """Say in the corner which columns are in sight, if not all are."""
    if len(view.columns) <= view.shown:
        return " " * GUTTER
    if line:
        return fit(f" из {len(view.columns)}", GUTTER)
    before = "‹" if view.first else " "
    after = "›" if view.in_sight.stop < len(view.columns) else " "
    return fit(f"{before}{view.first + 1}–{view.in_sight.stop}{after}", GUTTER)


def draw_row(
    view: GridView, style_of: StyleOf, row: int, cursor: Place | None, *, thumb: bool = False
) -> Strip:
    """Draw one row of time; `cursor` is given only to the row its slot starts in."""
    minute = view.layout.rows[row]
    pieces: list[Piece] = [
        ("hour" if minute % 60 == 0 else "time", f" {clock_text(minute)} "),
    ]
    for index in view.in_sight:
        owner = view.layout.owners[index][row]
        if owner == NOTHING:
            pieces.append(("time", " " * view.width))
            continue
        cell = view.columns[index].cells[owner]
        if not view.layout.is_start(index, row):
            pieces.append(("reach", " " + fit(_REACH, view.width - 1)))
        elif cursor == (index, owner):
            component = "cursor" if cell.bookable else "cursor-refused"
            pieces.append((component, f"[{fit(cell_text(cell), view.width - 2)}]"))
        else:
            pieces.append((_component(cell), f" {fit(cell_text(cell), view.width - 2)} "))
    if thumb:
        used = GUTTER + view.width * len(view.in_sight)
        pieces += [("time", " " * (view.line - EDGE - used)), ("thumb", _THUMB)]
    return _strip(pieces, style_of, view.line)


def draw_text(view: GridView, style_of: StyleOf, text: str) -> Strip:
    """Draw one calm line where there is no slot to show."""
    return _strip([("empty", f" {text}")], style_of, view.line)


def _component(cell: SlotCell) -> str:
    return "unsuitable" if cell.mark in _NEEDS_RIGHT and not cell.bookable else cell.mark.value


def _strip(pieces: Iterable[Piece], style_of: StyleOf, width: int) -> Strip:
    """Join neighbours of one style (fewer bytes to the terminal) and pad to the line."""
    joined: list[tuple[str, str]] = []
    for component, text in pieces:
        if joined and joined[-1][0] == component:
            joined[-1] = (component, joined[-1][1] + text)
        elif text:
            joined.append((component, text))
    strip = Strip([Segment(text, style_of(component)) for component, text in joined])
    return strip.adjust_cell_length(width, style_of("time"))
