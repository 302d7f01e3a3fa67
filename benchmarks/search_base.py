"""The base a search is measured on: the demo clinic of so many patients, and its people in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote

from sqlalchemy import text

from registrar_tui.services.search_keys import fold
from registrar_tui.storage.engine import open_engine
from registrar_tui.storage.session import Store

TODAY: Final = date(2026, 11, 23)
BRANCH: Final = 1
_SCHEMA: Final = "registrar_benchmark"
_PEOPLE: Final = text(
    "SELECT id, last_name, first_name, middle_name, birth_date, snils, enp, phone FROM patient"
    " WHERE merged_into_id IS NULL ORDER BY id"
)


class Someone(NamedTuple):
    """One card as the generator of queries sees it; the keys are folded names."""

    id: int
    last: str
    first: str
    middle: str
    born: date
    snils: str | None
    enp: str | None
    phone: str | None
    last_key: str
    first_key: str
    middle_key: str


@contextmanager
def opened(store: str, patients: int, base: str = "") -> Iterator[Store]:
    """Open `base`, or make a demo base of so many patients and remove it afterwards.

    `store` is sqlite or postgres; PostgreSQL is that of REGISTRAR_TEST_PG_URL, a schema of its own.
    """
    with tempfile.TemporaryDirectory(prefix="registrar-search-") as folder:
        place = base or _place(store, Path(folder))
        if not base:
            _make(place, patients)
        opened_store = Store(open_engine(place), "benchmark")
        try:
            yield opened_store
        finally:
            opened_store.close()
            if store == "postgres" and not base:
                _schema("DROP SCHEMA IF EXISTS {} CASCADE")


def _place(store: str, folder: Path) -> str:
    if store == "sqlite":
        return str(folder / "search.db")
    _schema("DROP SCHEMA IF EXISTS {} CASCADE")
    _schema("CREATE SCHEMA {}")
    url = os.environ["REGISTRAR_TEST_PG_URL"]
    return f"{url}{'&' if '?' in url else '?'}options={quote('-csearch_path=' + _SCHEMA)}"


def _schema(statement: str) -> None:
    engine = open_engine(os.environ["REGISTRAR_TEST_PG_URL"])
    with engine.begin() as connection:
        connection.execute(text(statement.format(_SCHEMA)))
    engine.dispose()


def _make(place: str, patients: int) -> None:
    print(f"a demo base of {patients:,} patients is being made…", file=sys.stderr, flush=True)
    options = ["--demo", "--patients", str(patients), "--today", TODAY.isoformat(), "--db", place]
    subprocess.run(
        [sys.executable, "-m", "registrar_tui", "init", *options], check=True, stdout=subprocess.DEVNULL
    )


def people(store: Store) -> list[Someone]:
    """Return every living card, in the order of its number."""
    with store.read() as session:
        rows = session.connection().execute(_PEOPLE).all()
    return [
        Someone(
            row.id,
            row.last_name,
            row.first_name,
            row.middle_name,
            row.birth_date if isinstance(row.birth_date, date) else date.fromisoformat(row.birth_date),
            row.snils,
            row.enp,
            row.phone,
            fold(row.last_name),
            fold(row.first_name),
            fold(row.middle_name),
        )
        for row in rows
    ]
