"""Reading CSV nobody vouches for: every line becomes a row or a row with the reason why it is none.

A clean block is split by the C string methods (1 µs a row); only a block with quotes, control
characters or foreign bytes is looked at line by line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from registrar_tui.errors import UsageError
from registrar_tui.exchange.csv_lines import LONGEST_CELL, Foreign, damage, unbalanced, unquoted
from registrar_tui.exchange.encoding import detect
from registrar_tui.exchange.heading import csv_heading
from registrar_tui.exchange.neutral import restored
from registrar_tui.exchange.source import Source
from registrar_tui.services.imports.columns import Column
from registrar_tui.services.imports.rows import Row, broken

_LONGEST_LINE: Final = 8 << 20
_LONGEST_RECORD: Final = 100
"""Lines of one record: a cell may have line breaks, a forgotten quote must not eat the file."""
_BLOCK: Final = 1 << 16
"""Bytes, some 400 people: how far a table is can be told no finer than by blocks."""
_SAMPLE: Final = 1 << 18
_ODD_BYTES: Final = bytes([*range(9), *range(11, 32), 127, *b'"='])
_ODD_UTF8: Final = re.compile(rb"\xc2[\x80-\x9f]|\xef\xbf\xbd")
# Bytes of another encoding among those of this one; Russian text has no such runs.
_FOREIGN: Final = {
    "cp1251": re.compile(
        rb"(?:[\xd0\xd1][\x80-\xbf]){3}|[\x80\x81\x83\x86-\x8f][\xa0-\xaf\xe0-\xef]{2}"
        rb"|[\xa0-\xaf](?:[\xa0-\xaf](?<!\xa0\xa0)){3}"  # no-break spaces stand in runs, «аа» does not
    ),
    "cp866": re.compile(rb"[\xb0-\xdf]"),
}
_MESSAGES: Final = {
    "row_empty": "пустая строка.",
    "row_header": "повтор заголовка таблицы, удалите строку.",
    "row_cells": "ячеек {found}, а столбцов {wanted}: проверьте разделители.",
    "row_quotes": "кавычка без пары: закройте её или удалите.",
    "row_nul": "нулевой байт, строка повреждена: выгрузите её заново.",
    "row_control": "управляющий знак в тексте: выгрузите строку заново.",
    "row_encoding": "знаки в другой кодировке: выгрузите строку заново.",
    "cell_too_long": f"ячейка длиннее {LONGEST_CELL} знаков.",
    "cell_formula": "ячейка начинается с формулы: оставьте значение.",
}


def row_problem(line: int, cells: list[str], code: str, wanted: int = 0) -> Row:
    """Return a row that cannot be taken, with its reason."""
    words = _MESSAGES[code].format(found=len(cells), wanted=wanted)
    return Row(line, cells, broken(code, f"Строка {line}: {words}"))


class CsvTable:
    """One CSV file: `header`, and `rows` from the first one after it; `done` of `total` bytes are read."""

    other_sheets: tuple[str, ...] = ()

    def __init__(self, source: Source, columns: Sequence[Column] = ()) -> None:
        self._source = source
        self.encoding = detect(source.first_foreign_sample(_SAMPLE))
        head = source.head(_SAMPLE)
        self._break = b"\r" if b"\n" not in head and b"\r" in head else b"\n"
        self._head_lines, self.delimiter, self.header = self._heading(head, columns)
        self._key = [cell.casefold() for cell in self.header]
        mark = self.delimiter.encode()
        self._quoted = (mark + b"'", b"\n'")
        self._at = (mark + b"@", mark + b" @", b"\n@")
        self.done, self.total = 0, source.size

    def rows(self) -> Iterator[Row]:
        """Yield every row in order; blank lines at the end are no rows."""
        line = self._head_lines
        blank = 0
        for row in self._all_rows(line):
            if row is None:
                blank += 1
                continue
            if blank:
                before = row.line - blank
                yield from (self._odd(before + place, [""] * len(self.header)) for place in range(blank))
                blank = 0
            yield row

    def _all_rows(self, line: int) -> Iterator[Row | None]:
        """Yield rows, None for each blank line."""
        width, first, delimiter = len(self.header), self._key[0], self.delimiter
        blocks = self._blocks()
        for lines in blocks:
            if not isinstance(lines, list):
                for text in lines.split("\n"):
                    line += 1
                    cells = text.split(delimiter)
                    if (
                        len(cells) == width
                        and cells[0]
                        and len(text) <= LONGEST_CELL
                        and cells[0].casefold() != first
                    ):
                        yield Row(line, cells)
                    else:
                        yield self._judged(line, text, cells)
                continue
            place = 0
            while place < len(lines):
                taken, row = self._careful(line + 1, lines, place, blocks)
                yield row
                line += taken
                place += taken

    def _careful(
        self, line: int, lines: list[str], place: int, blocks: Iterator[str | list[str]]
    ) -> tuple[int, Row | None]:
        """Return how many lines a row takes, and the row."""
        text = lines[place]
        code = damage(text)
        if not code and len(text) > LONGEST_CELL and max(map(len, text.split(self.delimiter))) > LONGEST_CELL:
            code = "cell_too_long"
        if code:
            return 1, row_problem(line, self._fitted(text.split(self.delimiter)), code)
        if '"' not in text:
            return 1, self._judged(line, text, text.split(self.delimiter))
        taken = 1
        record = text
        while unbalanced(record) and taken < _LONGEST_RECORD:
            if place + taken >= len(lines):
                more = next(blocks, None)
                if more is None:
                    break
                lines += more if isinstance(more, list) else more.split("\n")
            following = lines[place + taken]
            if following.count(self.delimiter) >= len(self.header) - 1 or damage(following):
                break  # a whole row of its own: the quote before it was never closed
            record += "\n" + following
            taken += 1
        cells = unquoted(record, self.delimiter)
        if cells is None or (taken > 1 and len(cells) != len(self.header)):
            return 1, row_problem(line, self._fitted(text.split(self.delimiter)), "row_quotes")
        return taken, self._judged(line, record, cells)

    def _judged(self, line: int, text: str, cells: list[str]) -> Row | None:
        """Return the row of cells that were split without trouble, None for a blank one."""
        if not text.strip(f" \t{self.delimiter}"):
            return None
        return self._odd(line, cells)

    def _odd(self, line: int, cells: list[str]) -> Row:
        width = len(self.header)
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            cells = cells[:width]
        if len(cells) < width and not any(self.header[len(cells) :]):
            cells = cells + [""] * (width - len(cells))
        if any(len(cell) > LONGEST_CELL for cell in cells):
            return row_problem(line, self._fitted(cells), "cell_too_long")
        if len(cells) != width:
            return row_problem(line, cells, "row_cells", width)
        if not any(cells):
            return row_problem(line, cells, "row_empty")
        if [cell.strip(" \ufeff").casefold() for cell in cells] == self._key:
            return row_problem(line, cells, "row_header")
        cells = [restored(cell) for cell in cells]
        if any(cell.lstrip(" ").startswith(("=", "@")) for cell in cells):
            return row_problem(line, cells, "cell_formula")
        return Row(line, cells)

    def _fitted(self, cells: list[str]) -> list[str]:
        """Keep what a row of rejects can carry; a megabyte in a cell helps nobody to mend it."""
        return [cell if len(cell) <= LONGEST_CELL else cell[:LONGEST_CELL] for cell in cells]

    def _heading(self, head: bytes, columns: Sequence[Column]) -> tuple[int, str, list[str]]:
        """Return how many lines the heading and what stands above it take, the delimiter, the cells."""
        found = csv_heading(self._in_lines(head).decode(self.encoding, "replace").split("\n"), columns)
        if found is not None:
            return found
        raise UsageError(
            f"{self._source.name} — не таблица: нужен CSV или XLSX (образец: import --template).",
            field="file",
            code="not_a_table",
        )

    def _in_lines(self, raw: bytes) -> bytes:
        """Return lines that end in a line feed; a file rewritten as text twice has two returns before it."""
        if self._break == b"\r":
            return raw.replace(b"\r", b"\n")
        if b"\r" not in raw:
            return raw
        return raw.replace(b"\r\r\n", b"\n").replace(b"\r\n", b"\n").removesuffix(b"\r").removesuffix(b"\r")

    def _blocks(self) -> Iterator[str | list[str]]:
        """Yield the lines after the header: a clean block as one text, any other as a list of lines."""
        skip = self._head_lines
        for raw in self._raw_blocks():
            text = self._decoded(raw)
            if skip:
                lines = text if isinstance(text, list) else text.split("\n")
                text, skip = lines[skip:], max(0, skip - len(lines))
                if not text:
                    continue
            yield text

    def _raw_blocks(self) -> Iterator[bytes]:
        """Yield whole lines, a block a time, without the last line break."""
        self._source.file.seek(0)
        rest = b""
        self.done = 0
        while block := self._source.read(_BLOCK):
            self.done += len(block)
            cut = block.rfind(self._break)
            if cut < 0:
                rest = rest + block if len(rest) <= _LONGEST_LINE else rest
                continue
            yield rest + block[:cut]
            rest = block[cut + 1 :]
        if rest:
            yield rest

    def _decoded(self, raw: bytes) -> str | list[str]:
        """Return a block as one text if nothing in it needs a closer look, else as lines."""
        raw = self._in_lines(raw)
        clean = self._clean(raw)
        foreign = _FOREIGN.get(self.encoding)
        if foreign is None:
            try:
                text = raw.decode(self.encoding)
            except UnicodeDecodeError:
                return [line.decode("utf-8", "replace") for line in raw.split(b"\n")]
            return text if clean else text.split("\n")
        if not foreign.search(raw):
            text = raw.decode(self.encoding, "replace")
            return text if clean and "\ufffd" not in text else text.split("\n")
        return [
            Foreign(line.decode(self.encoding, "replace"))
            if foreign.search(line)
            else line.decode(self.encoding, "replace")
            for line in raw.split(b"\n")
        ]

    def _clean(self, raw: bytes) -> bool:
        """Tell whether nothing in a block needs a closer look: a few passes of C, 0.2 µs a row."""
        if len(raw.translate(None, _ODD_BYTES)) != len(raw) or raw.startswith((b"'", b"@")):
            return False
        if b"'" in raw and any(mark in raw for mark in self._quoted):
            return False
        if any(mark in raw for mark in self._at):
            return False
        # In UTF-8 the C1 controls begin with C2, U+FFFD with EF.
        unicode = self.encoding == "utf-8-sig" and (b"\xc2" in raw or b"\xef" in raw)
        return not (unicode and _ODD_UTF8.search(raw))
