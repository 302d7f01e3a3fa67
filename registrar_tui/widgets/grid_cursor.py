"""Where the cursor of the slot grid goes: every movement as a function of columns and place."""

from __future__ import annotations

from collections.abc import Sequence

from registrar_tui.services.dto import GridColumn, SlotGrid
from registrar_tui.widgets.grid_layout import minute_of, nearest

Columns = Sequence[GridColumn]
Place = tuple[int, int]
"""(column, cell in the column)."""


def find(columns: Columns, slot_id: int | None) -> Place | None:
    """Return the place of a slot, None if it is not in view."""
    for index, column in enumerate(columns):
        for position, cell in enumerate(column.cells):
            if cell.slot_id == slot_id:
                return index, position
    return None


def opening(grid: SlotGrid) -> Place | None:
    """Return the place of the first suitable slot, else of the first slot there is."""
    if (place := find(grid.columns, grid.first_suitable)) is not None:
        return place
    return next(((index, 0) for index, column in enumerate(grid.columns) if column.cells), None)


def kept(before: Columns, place: Place, columns: Columns) -> Place | None:
    """Return where the same slot stands now, else the slot nearest in time in the same column."""
    old = before[place[0]]
    cell = old.cells[place[1]]
    if (same := find(columns, cell.slot_id)) is not None:
        return same
    for index, column in enumerate(columns):
        if (column.doctor_id, column.day) == (old.doctor_id, old.day):
            position = nearest(column.cells, minute_of(cell))
            return None if position is None else (index, position)
    return None


def step(columns: Columns, place: Place, by: int) -> Place:
    """Return the previous or next slot of the column; the ends hold."""
    column, position = place
    return column, max(0, min(len(columns[column].cells) - 1, position + by))


def leap(columns: Columns, place: Place, by: int) -> Place:
    """Return the previous or next slot of the column that can be taken; stays if there is none."""
    column, position = place
    cells = columns[column].cells
    ahead = range(position + 1, len(cells)) if by > 0 else range(position - 1, -1, -1)
    return next(((column, index) for index in ahead if cells[index].bookable), place)


def turn(columns: Columns, place: Place, by: int, wanted: int) -> Place:
    """Return the slot nearest to the wanted minute in the next column that has slots; stays at the edge."""
    ahead = range(place[0] + 1, len(columns)) if by > 0 else range(place[0] - 1, -1, -1)
    for index in ahead:
        if (position := nearest(columns[index].cells, wanted)) is not None:
            return index, position
    return place
