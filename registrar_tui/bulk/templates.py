"""What may be imported: the columns of each table, and an empty table to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from registrar_tui.errors import Refusal, UsageError
from registrar_tui.exchange.new_file import new_file
from registrar_tui.exchange.source import shown
from registrar_tui.exchange.writing import form_of, writer_of
from registrar_tui.services.imports import doctors, patients, schedule, visits
from registrar_tui.services.imports.columns import Column

ImportKind = Literal["patients", "doctors", "schedule", "visits", "cancellations"]
TABLES: Final[dict[ImportKind, tuple[tuple[Column, ...], tuple[str, ...]]]] = {
    "patients": (patients.COLUMNS, patients.EXAMPLE),
    "doctors": (doctors.COLUMNS, doctors.EXAMPLE),
    "schedule": (schedule.COLUMNS, schedule.EXAMPLE),
    "visits": (visits.COLUMNS, visits.EXAMPLE),
    "cancellations": (visits.CANCEL_COLUMNS, visits.CANCEL_EXAMPLE),
}
"""The columns of a table, and a row that shows how they are filled."""


def write_template(kind: ImportKind, out: Path) -> dict[str, Any]:
    """Write an empty table with every column that is understood, in the form the name asks for.

    Returns `{"file", "columns", "example"}`; the example is told and not written, or it would be imported.
    A file that is there is never replaced: it may be the filled table itself (`already_exists`).
    """
    columns, example = TABLES[kind]
    form = form_of(out)
    if form == "jsonl":
        raise UsageError("Таблица для загрузки — CSV или XLSX: назовите файл так.", field="file")
    if out.exists():
        raise Refusal("already_exists", f"{shown(out)} уже есть: укажите новое имя.", field="file")
    keys, titles = [column.key for column in columns], [column.title for column in columns]
    with new_file(out) as file:
        with writer_of(form, file.temporary, keys, titles):
            pass
        file.keep()
    return {
        "file": str(out),
        "columns": titles,
        "example": {title: cell for title, cell in zip(titles, example, strict=True) if cell},
    }
