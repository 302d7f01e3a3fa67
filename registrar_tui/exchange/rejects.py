"""Rows that were not taken: the same table with the reasons behind, to be mended and imported again."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path

from registrar_tui.exchange.new_file import new_file, refusing
from registrar_tui.exchange.writing import TableWriter, form_of, writer_of
from registrar_tui.services.imports.columns import Layout
from registrar_tui.services.imports.rows import ERROR_COLUMNS, Reject, Row


class RejectFile:
    """Appears with the first reject; `keep` puts it in its place. `path` None: rejects are counted only."""

    def __init__(self, path: Path | None, layout: Layout) -> None:
        self._path = path
        self._places = layout.own()
        self._titles = [*(layout.header[place] for place in self._places), *ERROR_COLUMNS]
        self._stack = ExitStack()
        self._writer: TableWriter | None = None
        self._rows_stack = ExitStack()

    def add(self, row: Row, reject: Reject) -> None:
        """Write one row with its reason; `cannot_write` where the disk does not take it."""
        if self._path is None:
            return
        with refusing(self._path):
            self._add(self._path, row, reject)

    def _add(self, path: Path, row: Row, reject: Reject) -> None:
        if self._writer is None:
            self._file = self._stack.enter_context(new_file(path))
            keys = [*self._titles]
            writer = writer_of(form_of(path), self._file.temporary, keys, self._titles)
            self._writer = self._rows_stack.enter_context(writer)
        cells = row.cells + [""] * (len(self._places) - len(row.cells))
        own = [cells[place] if place < len(cells) else "" for place in self._places]
        self._writer.write([*own, reject.code, reject.field, reject.message])

    def keep(self) -> str | None:
        """Complete the table and return its name, None where nothing was rejected."""
        if self._path is None or self._writer is None:
            return None
        with refusing(self._path):
            self._rows_stack.close()
        self._file.keep()
        self._stack.close()
        return str(self._path)

    def discard(self) -> None:
        """Leave nothing half written."""
        with self._stack, suppress(OSError):  # a disk that is full has been told of
            self._rows_stack.close()
