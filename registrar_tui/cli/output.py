"""The one place that writes: data to stdout, narration to stderr, always UTF-8, never as markup."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from registrar_tui.plain import plain, plain_json

Cells = Sequence[str]
_BLOCK = 1 << 20
_DUMB = ("dumb", "unknown")


class Output:
    """Writes the answer of one command in the form that was asked for."""

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self._out = _in_utf8(sys.stdout)
        self._err = _in_utf8(sys.stderr)

    @property
    def to_terminal(self) -> bool:
        """Tell whether a person reads stdout right now."""
        return self._out is not None and self._out.isatty()

    @property
    def shows_progress(self) -> bool:
        """Tell whether a progress bar would be seen and not be noise in a log; a dumb terminal draws none."""
        drawn = os.environ.get("TERM", "").casefold() not in _DUMB
        return not self.quiet and self._err is not None and self._err.isatty() and drawn

    def answer(self, shape: Any, *lines: str) -> None:
        """Write one object as JSON, or as short lines for a person."""
        if self.as_json:
            self._write(json_line(shape))
        else:
            for line in lines:
                self._write(plain(line) + "\n")

    def table(self, shapes: Iterable[Any], headings: Cells, rows: Iterable[Cells]) -> None:
        """Write a list as JSON, as columns on a terminal, or aligned and tab-separated in a pipe."""
        if self.as_json:
            self._write(json_line(list(shapes)))
            return
        safe = [[plain(cell) for cell in row] for row in rows]
        if self.to_terminal:
            self._draw(headings, safe)
        else:
            self._write(tab_separated([list(headings), *safe]))

    def stream(self, headings: Cells, items: Iterable[tuple[Any, Cells]]) -> int:
        """Write a list of any length while it is being found, one item (shape, cells) at a time.

        The same JSON list as `table` writes; for a person columns with a tab between them. Their number.
        """
        told = 0
        self._write("[" if self.as_json else tab_separated([list(headings)]))
        for shape, cells in items:
            if self.as_json:
                self._write(("," if told else "") + json_line(shape).rstrip("\n"))
            else:
                self._write("\t".join(plain(cell) for cell in cells) + "\n")
            told += 1
        if self.as_json:
            self._write("]\n")
        return told

    def raw(self, content: bytes) -> None:
        """Write bytes (a ticket file) to stdout as they are."""
        if self._out is not None:
            self._out.flush()
            self._out.buffer.write(content)

    def pour(self, file: Path) -> None:
        """Write a whole file to stdout, a megabyte at a time."""
        with file.open("rb") as content:
            while block := content.read(_BLOCK):
                self.raw(block)

    def narrate(self, line: str) -> None:
        """Tell a person what is going on, unless asked to be quiet."""
        if not self.quiet:
            self.complain(line)

    def complain(self, line: str) -> None:
        """Write one line to stderr, whatever it contains."""
        if self._err is not None:
            self._err.write(plain(line) + "\n")
            self._err.flush()

    def flush(self) -> None:
        """Push out what is buffered, so that a full disk or a gone reader is met here and not at exit."""
        if self._out is not None:
            self._out.flush()

    def _write(self, text: str) -> None:
        if self._out is not None:
            self._out.write(text)

    def _draw(self, headings: Cells, rows: list[list[str]]) -> None:
        # 40 ms of import that only a person at a terminal pays.
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for heading in headings:
            table.add_column(Text(heading), overflow="fold")
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        Console(file=self._out, markup=False, emoji=False, highlight=False).print(table)


def json_line(shape: Any) -> str:
    """Return compact JSON on one line that commands no terminal."""
    return plain_json(json.dumps(shape, ensure_ascii=False, separators=(",", ":"))) + "\n"


def tab_separated(rows: list[list[str]]) -> str:
    """Return rows with a tab between cells; all but the last column padded, so that columns also line up."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = (
        "\t".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    )
    return "".join(f"{line}\n" for line in lines)


def _in_utf8(stream: TextIO | None) -> TextIO | None:
    # None: the process was started with this stream closed. A lone surrogate (an argument that is not UTF-8)
    # is written as an escape, which also happens to be its JSON spelling.
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    return stream
