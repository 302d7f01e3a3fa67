"""Writing tables row by row: CSV for Excel, XLSX whose text stays text, JSON Lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from io import BufferedWriter, FileIO
from pathlib import Path
from tempfile import TemporaryDirectory
from traceback import clear_frames
from types import MappingProxyType, TracebackType
from typing import Any, Final, Literal, Protocol, Self

from registrar_tui.exchange.neutral import neutral
from registrar_tui.plain import plain, plain_json

Form = Literal["csv", "xlsx", "jsonl"]
Values = Mapping[str, Callable[[str], object]]
_SHEET_ROWS: Final = 1_000_000
_LONGEST_CELL: Final = 32_767


class TableWriter(Protocol):
    """Takes rows of text; leaving the block completes the file."""

    def write(self, cells: Sequence[str]) -> None:
        """Write one row."""
        ...

    def __enter__(self) -> Self:
        """Write the heading."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Complete the file."""
        ...


class CsvWriter:
    """UTF-8 with a mark and `;`: what Excel opens by a double click."""

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        self._path, self._titles = path, titles

    def write(self, cells: Sequence[str]) -> None:
        """Write one row; no cell begins with a formula."""
        self._writer.writerow([neutral(cell) for cell in cells])

    def __enter__(self) -> Self:
        """Write the heading."""
        self._file = self._path.open("w", encoding="utf-8-sig", newline="", errors="replace")
        self._writer: Any = csv.writer(self._file, delimiter=";", lineterminator="\r\n")
        self.write(self._titles)
        return self

    def __exit__(self, *_: object) -> None:
        """Complete the file."""
        self._file.close()


class XlsxWriter:
    """A workbook in constant memory; a sheet holds a million rows, the next ones go on another."""

    def __init__(self, path: Path, titles: Sequence[str]) -> None:
        self._path, self._titles = path, titles
        self._row = self._sheets = 0

    def write(self, cells: Sequence[str]) -> None:
        """Write one row of text cells."""
        if self._row > _SHEET_ROWS:
            self._begin_sheet()
        for place, cell in enumerate(cells):
            if cell:
                self._sheet.write_string(self._row, place, plain(cell)[:_LONGEST_CELL])
        self._row += 1

    def _begin_sheet(self) -> None:
        self._sheets += 1
        self._sheet = self._book.add_worksheet(f"Лист {self._sheets}")
        self._row = 0
        self.write(self._titles)

    def __enter__(self) -> Self:
        """Write the heading."""
        from xlsxwriter import Workbook  # type: ignore[import-untyped]

        # The rows of a sheet wait in files of their own: a folder takes all of them away, whatever happens.
        self._waiting = TemporaryDirectory(prefix=".", dir=self._path.parent, ignore_cleanup_errors=True)
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": self._waiting.name,
        }
        self._file = BufferedWriter(_FailsOnce(self._path, "wb"))
        self._book: Any = Workbook(self._file, options)
        self._begin_sheet()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Complete the file; OSError where the disk does not take it."""
        from xlsxwriter.exceptions import FileCreateError  # type: ignore[import-untyped]

        with self._waiting, self._file:
            if kind is not None:
                return
            try:
                self._book.close()
            except FileCreateError as failure:
                clear_frames(failure.args[0].__traceback__)  # the archive goes while its file is open
                raise failure.args[0] from None


class _FailsOnce(FileIO):
    """A file that tells of a full disk once: an archive that is given up would write its end once more."""

    def write(self, data: Any, /) -> int:
        """Write; after a failure take what comes and write nothing."""
        try:
            return len(data) if self._failed else super().write(data)
        except OSError:
            self._failed = True
            raise

    _failed = False


class JsonWriter:
    """One object a line, keys in English; an empty cell is null, others as `values` read them."""

    def __init__(self, path: Path, keys: Sequence[str], values: Values) -> None:
        self._path, self._keys = path, keys
        self._readers = [values.get(key, str) for key in keys]

    def write(self, cells: Sequence[str]) -> None:
        """Write one row."""
        shape = {
            key: reader(cell) if cell else None
            for key, reader, cell in zip(self._keys, self._readers, cells, strict=True)
        }
        self._file.write(plain_json(json.dumps(shape, ensure_ascii=False)) + "\n")

    def __enter__(self) -> Self:
        """Open the file."""
        self._file = self._path.open("w", encoding="utf-8", newline="")
        return self

    def __exit__(self, *_: object) -> None:
        """Complete the file."""
        self._file.close()


def writer_of(
    form: Form,
    path: Path,
    keys: Sequence[str],
    titles: Sequence[str],
    values: Values = MappingProxyType({}),
) -> TableWriter:
    """Return a writer of one form; `titles` head a table, `keys` and `values` make the JSON."""
    if form == "jsonl":
        return JsonWriter(path, keys, values)
    return CsvWriter(path, titles) if form == "csv" else XlsxWriter(path, titles)


def form_of(path: Path) -> Form:
    """Return the form a file's name asks for; CSV where it asks for none."""
    suffix = path.suffix.casefold()
    return "xlsx" if suffix == ".xlsx" else "jsonl" if suffix == ".jsonl" else "csv"
