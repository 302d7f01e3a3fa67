"""The tables an import is measured with, and the bases they go into."""

from __future__ import annotations

import csv
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from registrar_tui import bootstrap
from registrar_tui.config import is_url
from registrar_tui.services.imports.patients import COLUMNS
from registrar_tui.storage.engine import open_engine
from registrar_tui.validators.snils import format_snils
from seed.people import PersonSeed, people
from tests.integration.bases import PG_VARIABLE, own_schema, settings

TODAY: Final = date(2026, 11, 23)
STORES: Final = ("sqlite", "postgres")
HEADER: Final = [column.title for column in COLUMNS]
_SIZES_PG: Final = text(
    "SELECT sum(pg_total_relation_size(relid)), sum(pg_indexes_size(relid)) FROM pg_stat_user_tables"
    " WHERE schemaname = current_schema()"
)
_SIZES_SQLITE: Final = (
    "SELECT sum(pgsize), sum(iif(name IN (SELECT name FROM sqlite_master WHERE type = 'index'), pgsize, 0))"
    " FROM dbstat"
)


def table_of(folder: Path, rows: int, *, seed: int = 1, form: str = "csv") -> Path:
    """Return a table of so many generated people, made once a folder."""
    file = folder / f"people-{rows}-{seed}.{form}"
    if not file.exists():
        half = file.with_suffix(".half")
        (_write_csv if form == "csv" else _write_xlsx)(half, rows, seed)
        half.rename(file)
    return file


def _write_csv(file: Path, rows: int, seed: int) -> None:
    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(HEADER)
        writer.writerows(_cells(rows, seed))


def _write_xlsx(file: Path, rows: int, seed: int) -> None:
    import xlsxwriter  # type: ignore[import-untyped]

    book = xlsxwriter.Workbook(str(file), {"constant_memory": True, "strings_to_numbers": False})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER)
    for number, cells in enumerate(_cells(rows, seed), 1):
        sheet.write_row(number, 0, cells)
    book.close()


def _cells(rows: int, seed: int) -> Iterator[list[str]]:
    for person in islice(people(rows, random_seed=seed, today=TODAY), rows):
        yield _row(person)


def _row(person: PersonSeed) -> list[str]:
    document, policy = person.document, person.policy
    number = "" if policy is None else policy.number
    if policy is not None and policy.series:
        number = f"{policy.series} № {policy.number}"
    known = document is not None and document.kind in ("3", "14")
    return [
        *(person.last_name, person.first_name, person.middle_name),
        f"{person.birth_date:%d.%m.%Y}",
        "м" if person.sex == "M" else "ж",
        format_snils(person.snils) if person.snils else "",
        number,
        f"{document.series} {document.number}" if document is not None and known else "",
        person.phone or "",
        person.email or "",
    ]


@contextmanager
def place_for(store: str, folder: Path, name: str) -> Iterator[str]:
    """Yield a place for a base, removed afterwards: a file, or a schema of REGISTRAR_TEST_PG_URL."""
    if store == "postgres":
        with own_schema(os.environ[PG_VARIABLE], f"bench_bulk_{os.getpid()}_{name}") as url:
            yield url
        return
    file = folder / f"{name}-{os.getpid()}.db"
    try:
        yield str(file)
    finally:
        for left in folder.glob(f"{file.name}*"):
            left.unlink()


def make_clinic(database: str, folder: Path) -> None:
    """Make a clinic without people."""
    bootstrap.create(
        settings(database, folder, "загрузка"), demo=True, patients=0, doctors=20, days=5, today=TODAY
    )


def sizes(database: str) -> tuple[float, float | None]:
    """Return megabytes of the whole base and of its indexes, None where this Python's SQLite has no dbstat.

    Nobody else may have the base open.
    """
    if is_url(database):
        engine = open_engine(database)
        with engine.connect() as connection:
            whole, indexes = connection.execute(_SIZES_PG).one()
        engine.dispose()
        return float(whole) / (1 << 20), float(indexes) / (1 << 20)
    size = Path(database).stat().st_size / (1 << 20)
    # The driver of the product is built without dbstat; the base is at rest, so another library may look.
    connection_: Any = sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)
    try:
        return size, connection_.execute(_SIZES_SQLITE).fetchone()[1] / (1 << 20)
    except sqlite3.Error:
        return size, None
    finally:
        connection_.close()
