"""The columns a table may have, recognised by their Russian or English heading in any case and order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from registrar_tui.errors import UsageError
from registrar_tui.plain import plain
from registrar_tui.services.imports.rows import ERROR_COLUMNS

_SHOWN = 60


class Column(NamedTuple):
    """One column: its key is the English heading and the key of JSON Lines."""

    key: str
    title: str
    required: bool = False
    others: tuple[str, ...] = ()
    """Further headings people give it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the known columns stand in a table; unknown columns are carried along and not read."""

    header: tuple[str, ...]
    places: dict[str, int]

    def place(self, key: str) -> int | None:
        """Return the place of a column, None where the table has none."""
        return self.places.get(key)

    def text(self, cells: Sequence[str], key: str) -> str:
        """Return a cell without outer blanks, empty where the table has no such column."""
        place = self.places.get(key)
        return "" if place is None else cells[place].strip()

    def unread(self) -> tuple[str, ...]:
        """Return the headings of columns that are carried along only."""
        known = {*self.places.values()}
        return tuple(
            name.strip()
            for place, name in enumerate(self.header)
            if place not in known and name.strip() not in ("", *ERROR_COLUMNS)
        )

    def own(self) -> list[int]:
        """Return the places of the table's own columns: without those that a former import has added."""
        return [place for place, name in enumerate(self.header) if name.strip() not in ERROR_COLUMNS]


def match_header(header: Sequence[str], columns: Sequence[Column], file: str) -> Layout:
    """Find the known columns; UsageError `not_a_table`, `columns_missing` or `column_twice`."""
    places: dict[str, int] = {}
    for place, key in enumerate(_keys(header, columns)):
        if key is None:
            continue
        if key in places:
            one, other = (plain(header[at].strip())[:_SHOWN] for at in (places[key], place))
            twice = f"столбец «{one}» стоит дважды" if one == other else f"«{one}» и «{other}» — одно и то же"
            raise UsageError(f"{file}: {twice}, оставьте один столбец.", field="file", code="column_twice")
        places[key] = place
    missing = [column.title for column in columns if column.required and column.key not in places]
    if not places:
        raise UsageError(
            f"{file} — не таблица со столбцами ({', '.join(missing)}): образец даёт import --template.",
            field="file",
            code="not_a_table",
        )
    if missing:
        raise UsageError(
            f"{file}: нет обязательных столбцов ({', '.join(missing)}), образец даёт import --template.",
            field="file",
            code="columns_missing",
        )
    return Layout(tuple(header), places)


def heading_among(rows: Iterable[Sequence[str]], columns: Sequence[Column]) -> int:
    """Return which of a table's first rows is its heading: the first one, unless titles stand above it.

    Only a row too short to be data is taken for a title: of a table that was sorted together with its heading
    nothing may be left out.
    """
    required = {column.key for column in columns if column.required}
    for place, cells in enumerate(rows):
        if required <= set(_keys(cells, columns)):
            return place
        if sum(bool(cell.strip()) for cell in cells) >= len(required):
            break
    return 0


def _names(column: Column) -> tuple[str, ...]:
    return (column.key, column.title, *column.others)


def _keys(header: Sequence[str], columns: Sequence[Column]) -> list[str | None]:
    """Return the key of each heading; «№» tells «Пациент №» from «Пациент» and says nothing elsewhere."""
    names = {_fold(name): column.key for column in columns for name in _names(column)}
    return [names.get(_fold(heading)) or names.get(_fold(heading.replace("№", ""))) for heading in header]


def _fold(heading: str) -> str:
    return "".join(sign for sign in heading.casefold().replace("ё", "е") if sign.isalnum() or sign == "№")
