"""Where each slot of a grid stands: rows by time, one slot start a row in every column."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from registrar_tui.services.dto import GridColumn, SlotCell

_STEPS: Final = (60, 30, 20, 15, 10, 5, 4, 3, 2, 1)
NOTHING: Final = -1
MIN_COLUMN: Final = 16
ROOMY_COLUMN: Final = 18  # «■ 08:00 Абрамова» between the brackets: most surnames whole
MAX_COLUMN: Final = 26


def minute_of(cell: SlotCell) -> int:
    """Return the start of a slot in minutes from midnight."""
    return cell.starts_at.hour * 60 + cell.starts_at.minute


def clock_text(minute: int) -> str:
    """Return `HH:MM` of a minute of the day; 1440 is midnight again."""
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"


def row_step(shortest: int) -> int:
    """Return the row height in minutes for the shortest slot in view.

    Two starts in one column are at least `shortest` apart, so with a step not longer than that they never
    fall into one row (14-minute schedules get rows of 10 minutes).
    """
    return next((step for step in _STEPS if step <= shortest), _STEPS[-1])


@dataclass(frozen=True, slots=True)
class GridLayout:
    """Rows of a grid; `owners[column][row]` is an index into the column's cells or `NOTHING`.

    `rows` are minutes from midnight, rising; `starts[column][cell]` is the row a slot starts in.
    """

    rows: tuple[int, ...] = ()
    starts: tuple[tuple[int, ...], ...] = ()
    owners: tuple[tuple[int, ...], ...] = ()

    def is_start(self, column: int, row: int) -> bool:
        """Tell whether a slot starts in this row (else it reaches down from above, or there is none)."""
        owner = self.owners[column][row]
        return owner != NOTHING and self.starts[column][owner] == row


def lay_out(columns: Sequence[GridColumn]) -> GridLayout:
    """Lay out columns whose cells stand in order of distinct starts.

    A slot laid over another (an extra one of a senior registrar) gets a row of its own at its own time
    instead of making every row of the grid shorter.
    """
    times = [[minute_of(cell) for cell in column.cells] for column in columns]
    if not any(times):
        return GridLayout(starts=((),) * len(columns), owners=((),) * len(columns))
    step = row_step(min(cell.minutes for column in columns for cell in column.cells))
    rows = _rows(times, step)
    starts = tuple(tuple(bisect_right(rows, minute) - 1 for minute in column) for column in times)
    owners = tuple(_owners(column.cells, begun, rows) for column, begun in zip(columns, starts, strict=True))
    return GridLayout(rows, starts, owners)


def _rows(times: Iterable[Sequence[int]], step: int) -> tuple[int, ...]:
    minutes = [minute for column in times for minute in column]
    rows = set(range(min(minutes) // step * step, max(minutes) + 1, step))
    for column in times:
        rows.update(late for early, late in pairwise(column) if late // step == early // step)
    return tuple(sorted(rows))


def _owners(cells: Sequence[SlotCell], starts: Sequence[int], rows: Sequence[int]) -> tuple[int, ...]:
    owners = [NOTHING] * len(rows)
    for index, (cell, start) in enumerate(zip(cells, starts, strict=True)):
        end = bisect_left(rows, minute_of(cell) + cell.minutes)
        for row in range(start, max(end, start + 1)):
            owners[row] = index
    return tuple(owners)


def nearest(cells: Sequence[SlotCell], minute: int) -> int | None:
    """Return the index of the slot nearest to a minute of the day, the earlier of two; None if empty."""
    if not cells:
        return None
    return min(range(len(cells)), key=lambda index: (abs(minute_of(cells[index]) - minute), index))


def column_fit(width: int, columns: int) -> tuple[int, int]:
    """Return (columns shown whole, width of each) for the cells left beside the time gutter.

    Columns are narrowed to `MIN_COLUMN` only if that brings all of them in sight.
    """
    narrowest = MIN_COLUMN if columns * MIN_COLUMN <= width else ROOMY_COLUMN
    shown = max(1, min(columns, width // narrowest))
    return shown, max(1, min(MAX_COLUMN, width // shown))
