"""Opening a table whatever its form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from registrar_tui.errors import UsageError
from registrar_tui.exchange.csv_table import CsvTable
from registrar_tui.exchange.encoding import UTF16_MARKS
from registrar_tui.exchange.source import Source
from registrar_tui.exchange.xlsx_table import MAGIC, XlsxTable
from registrar_tui.services.imports.columns import Column

Table = CsvTable | XlsxTable
_OTHER_FORMS: Final = (
    b"%PDF",
    b"\xd0\xcf\x11\xe0",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"SQLite format",
    b"\x1f\x8b",
)


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a file to read a table from."""
    source = Source(path)
    try:
        yield source
    finally:
        source.close()


def table_of(source: Source, columns: Sequence[Column] = ()) -> Table:
    """Return the table in a file, headed by the row that names these columns; else UsageError of one line."""
    head = source.head(4096)
    if not head.strip():
        raise UsageError(
            f"Файл {source.name} пуст: укажите таблицу с заголовком.", field="file", code="not_a_table"
        )
    if head.startswith(MAGIC):
        return XlsxTable(source, columns)
    if head.startswith(UTF16_MARKS):
        raise UsageError(
            f"{source.name} в кодировке UTF-16: сохраните его как «CSV UTF-8».",
            field="file",
            code="not_a_table",
        )
    if head.startswith(_OTHER_FORMS):
        raise UsageError(
            f"{source.name} — не таблица: нужен CSV или XLSX без пароля (старый XLS сохраните как XLSX).",
            field="file",
            code="not_a_table",
        )
    return CsvTable(source, columns)
