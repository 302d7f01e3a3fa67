"""Reading the first sheet of a workbook that is not hidden as rows of text."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any, Final

from registrar_tui.errors import UsageError
from registrar_tui.exchange.csv_lines import LONGEST_CELL
from registrar_tui.exchange.csv_table import row_problem
from registrar_tui.exchange.heading import HEADING_WITHIN
from registrar_tui.exchange.neutral import restored
from registrar_tui.exchange.source import Source
from registrar_tui.services.imports.columns import Column, heading_among
from registrar_tui.services.imports.rows import Row

MAGIC: Final = b"PK\x03\x04"
_LARGEST: Final = 144 << 20
"""Bytes unpacked, about 260,000 people: the reader holds a sheet in memory, 1.1 bytes for each of these, and
an import has 350 MB in all. A larger one is asked for as CSV, which takes the same for ten and a million."""
_MOST_CELLS: Final = 8 << 20
"""Cells, 24 bytes each: every row of a sheet eight columns wide."""
_FILLED: Final = re.compile(rb'r="([A-Z]{1,3})([0-9]{1,7})"[^>/]*>')
"""A cell that has something in it: one that is only painted ends at once."""
_LONGEST_TAG: Final = 200
_HEADER_WITHIN: Final = 100
_CONTROL: Final = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Without tab and breaks: an address of two lines is text."""


class XlsxTable:
    """One sheet: `header`, and `rows` from the first one after it; `done` of `total` rows are read."""

    def __init__(self, source: Source, columns: Sequence[Column] = ()) -> None:
        self._source = source
        self._sheet, self.other_sheets = _sheet(source)
        self.done, self.total = 0, int(self._sheet.total_height)
        self._first, self.header = self._header(columns)
        self._key = [cell.casefold() for cell in self.header]

    def rows(self) -> Iterator[Row]:
        """Yield every row in order; blank rows at the end are no rows."""
        blank: list[int] = []
        for number, values in enumerate(self._sheet.iter_rows(), 1):
            self.done = number
            if number <= self._first:
                continue
            cells = [cell_text(value) for value in values]
            if not any(cells):
                blank.append(number)
                continue
            yield from (row_problem(line, [""] * len(self.header), "row_empty") for line in blank)
            blank.clear()
            yield self._row(number, cells)

    def _row(self, number: int, cells: list[str]) -> Row:
        width = len(self.header)
        rest, cells = cells[width:], cells[:width]
        if any(len(cell) > LONGEST_CELL for cell in cells):
            return row_problem(number, [cell[:LONGEST_CELL] for cell in cells], "cell_too_long")
        if any(rest):
            return row_problem(number, cells + rest, "row_cells", width)
        if "\x00" in "".join(cells):
            return row_problem(number, cells, "row_nul")
        if any(not cell.isprintable() and _CONTROL.search(cell) for cell in cells):
            return row_problem(number, cells, "row_control")
        if [cell.strip().casefold() for cell in cells] == self._key:
            return row_problem(number, cells, "row_header")
        cells = [restored(cell) for cell in cells]
        if any(cell.lstrip().startswith(("=", "@")) for cell in cells):
            return row_problem(number, cells, "cell_formula")
        return Row(number, cells)

    def _header(self, columns: Sequence[Column]) -> tuple[int, list[str]]:
        found: list[tuple[int, list[str]]] = []
        for number, values in enumerate(islice(self._sheet.iter_rows(), _HEADER_WITHIN), 1):
            cells = [cell_text(value).strip() for value in values]
            if any(cells) and len(found) < HEADING_WITHIN:
                found.append((number, cells))
        if found:
            number, cells = found[heading_among((cells for _, cells in found), columns)]
            while not cells[-1]:
                cells.pop()
            return number, cells
        raise UsageError(
            f"{self._source.name}: первый лист пуст, образец даёт import --template.",
            field="file",
            code="not_a_table",
        )


def _sheet(source: Source) -> tuple[Any, tuple[str, ...]]:
    """Return the first sheet that is not hidden, and the names of the others."""
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetVisibleEnum

    try:
        source.file.seek(0)
        with zipfile.ZipFile(source.file) as archive:
            _require_workbook(archive, source.name)
        source.file.seek(0)
        book = CalamineWorkbook.from_filelike(source.file)
        shown = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
        first, *others = shown or book.sheet_names
        return book.get_sheet_by_name(first), tuple(others)
    except PasswordError as error:
        raise UsageError(f"{source.name} закрыт паролем: сохраните без пароля.", field="file") from error
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UsageError(
            f"{source.name} — не таблица XLSX или повреждён: сохраните его заново или как CSV.",
            field="file",
            code="not_a_table",
        ) from error


def _require_workbook(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse what the reader would take too much memory for, or what is another program's workbook."""
    names = archive.namelist()
    if "content.xml" in names or "xl/workbook.bin" in names:
        raise UsageError(
            f"{name} — таблица ODS или XLSB: сохраните её как XLSX или CSV.", field="file", code="not_a_table"
        )
    if sum(member.file_size for member in archive.infolist()) > _LARGEST:
        raise UsageError(
            f"{name} слишком велик для XLSX: сохраните его как CSV.", field="file", code="too_large"
        )
    for sheet in names:
        if sheet.casefold().startswith("xl/worksheets/") and _cells(archive, sheet) > _MOST_CELLS:
            raise UsageError(
                f"{name}: далеко за таблицей есть заполненная ячейка, удалите лишнее или сохраните как CSV.",
                field="file",
                code="too_large",
            )


def _cells(archive: zipfile.ZipFile, sheet: str) -> int:
    """Return how many cells the reader makes room for: the whole rectangle up to the farthest ones."""
    columns: set[bytes] = set()
    last, rest = 0, b""
    with archive.open(sheet) as content:
        while block := content.read(1 << 20):
            block = rest + block
            found = _FILLED.findall(block)
            if found:
                columns.update(letters for letters, _ in found)
                last = max(last, int(found[-1][1]))
            rest = block[-_LONGEST_TAG:]
    return last * max(map(_column, columns), default=0)


def _column(letters: bytes) -> int:
    """Return the number of a column: A is 1, XFD 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def cell_text(value: Any) -> str:
    """Return a cell as it would be typed: whole numbers without «.0», dates and times in ISO."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "да" if value else "нет"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        midnight = value.time() == time.min
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat(timespec="minutes")
    if isinstance(value, timedelta):
        minutes = int(value.total_seconds()) // 60
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    return str(value)
