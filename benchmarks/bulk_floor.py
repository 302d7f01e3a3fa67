"""The floor of an import: the bare driver's best way with the same rows into the same tables.

The table is parsed by `csv` and not validated; rows go in first, by `executemany` in one transaction or by
COPY, keys and indexes are made afterwards. What the search needs beside (folded names, the surname
dictionary) is left out or copied as it stands.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable
from sqlmodel import SQLModel

import registrar_tui.models  # noqa: F401 - registers the tables
from registrar_tui.config import is_url
from registrar_tui.storage.engine import sqlite_driver

_SHARE: Final = 5000
_PATIENT: Final = (
    *("id", "last_name", "first_name", "middle_name", "birth_date", "birth_precision", "sex", "snils", "enp"),
    *("phone", "phone_confirmed", "email", "address", "version", "created_at", "last_key", "first_key"),
    *("middle_key", "first_initial", "middle_initial", "phone_reversed"),
)
_DOCUMENT: Final = ("id", "patient_id", "kind", "series", "number", "number_key", "issuer", "issuer_code")
_POLICY: Final = ("id", "patient_id", "kind", "series", "number", "insurer")
_COLUMNS: Final = {
    "patient": _PATIENT,
    "identity_document": (*_DOCUMENT, "verification"),
    "policy": (*_POLICY, "verification"),
}
_BRANCH: Final = "branch"
"""An empty table that a key of the cards points to."""
_CREATED: Final = "2026-11-23 00:00:00.000000"
# SQLAlchemy has left these constructors without types.
_UNTYPED: Any = postgresql
_ADD: Any = AddConstraint
Rows = Iterator[tuple[Any, ...]]


def fill(database: str, table: Path) -> int:
    """Put the rows of a table into a new base; returns how many."""
    return _postgres(database, table) if is_url(database) else _sqlite(database, table)


def _tables() -> list[Table]:
    return [SQLModel.metadata.tables[name] for name in _COLUMNS]


def _shares(table: Path) -> Iterator[tuple[int, dict[str, Rows]]]:
    """Yield how many rows stood before, and the rows of each table, share by share."""
    read = 0
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=";")
        next(rows)
        while share := list(islice(rows, _SHARE)):
            yield (
                len(share),
                {
                    "patient": _people(share, read + 1),
                    "identity_document": (
                        (number, number, "14", "", row[7], row[7], "", "", "not-shown")
                        for number, row in enumerate(share, read + 1)
                        if row[7]
                    ),
                    "policy": (
                        (number, number, "П", "", row[6], "", "not-shown")
                        for number, row in enumerate(share, read + 1)
                        if row[6]
                    ),
                },
            )
            read += len(share)


def _people(share: Sequence[list[str]], first: int) -> Rows:
    """Yield rows as they stand; the search columns are copies: the indexes must hold something."""
    for number, row in enumerate(share, first):
        born = f"{row[3][6:]}-{row[3][3:5]}-{row[3][:2]}"
        enp = row[6] if len(row[6]) == 16 else None
        yield (
            *(
                number,
                row[0],
                row[1],
                row[2],
                born,
                "day",
                row[4],
                row[5] or None,
                enp,
                row[8] or None,
                False,
            ),
            *(row[9] or None, "", 1, _CREATED, row[0], row[1], row[2], row[1][:1], row[2][:1]),
            row[8][::-1] or None,
        )


def _sqlite(database: str, table: Path) -> int:
    dialect = sqlite.dialect()
    connection = sqlite_driver().connect(database, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")
    for made in _tables():
        connection.execute(str(CreateTable(made).compile(dialect=dialect)))
    statements = {
        name: f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
        for name, columns in _COLUMNS.items()
    }
    read = 0
    for count, rows in _shares(table):
        for name, statement in statements.items():
            connection.executemany(statement, rows[name])
        read += count
    for made in _tables():
        for index in made.indexes:
            connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
    connection.execute("COMMIT")
    connection.close()
    return read


def _postgres(database: str, table: Path) -> int:
    import psycopg

    read = 0
    with psycopg.connect(database) as connection, connection.cursor() as cursor:
        for name in (_BRANCH, *_COLUMNS):
            cursor.execute(_bare_table(name))
        for count, rows in _shares(table):
            for name, columns in _COLUMNS.items():
                with cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
                    for row in rows[name]:
                        copy.write_row(row)
            read += count
        for statement in _afterwards():
            cursor.execute(statement)
    return read


def _bare_table(name: str) -> str:
    columns = ", ".join(
        f"{column.name} {column.type.compile(dialect=_UNTYPED.dialect())}"
        for column in SQLModel.metadata.tables[name].columns
    )
    return f"CREATE TABLE {name} ({columns})"


def _afterwards() -> Iterator[str]:
    """Yield what a table has beside its rows: the primary key first, foreign keys last."""
    dialect, add = _UNTYPED.dialect(), _ADD
    for made in (SQLModel.metadata.tables[_BRANCH], *_tables()):
        yield str(add(made.primary_key).compile(dialect=dialect))
    for made in _tables():
        yield from (str(CreateIndex(index).compile(dialect=dialect)) for index in made.indexes)
    for made in _tables():
        yield from (str(add(key).compile(dialect=dialect)) for key in made.foreign_key_constraints)
