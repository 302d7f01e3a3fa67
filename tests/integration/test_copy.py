"""The whole base from SQLite to PostgreSQL and back: every row, compared by count and checksum."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registrar_tui import bootstrap, maintenance
from registrar_tui.config import Config
from registrar_tui.errors import Refusal, StoreUnavailable
from registrar_tui.storage import copying
from registrar_tui.storage.engine import open_engine, write_engine
from tests.integration.bases import Clinic, own_schema, settings

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A small demo clinic; nobody writes to it."""
    folder = tmp_path_factory.mktemp("demo")
    config = settings(str(folder / "demo.db"), folder)
    bootstrap.create(config, demo=True, patients=60, doctors=8, days=3, today=TODAY)
    return config


@pytest.fixture
def empty_schema(pg_server: str) -> Iterator[str]:
    with own_schema(pg_server, f"registrar_copy_{os.getpid()}") as url:
        yield url


def rows_of(database: str) -> dict[str, Any]:
    """Return every table as plain sorted rows, told without the code under test."""
    engine = open_engine(database)
    with engine.connect() as connection:
        tables = copying.tables_of(connection)
        found = {
            table.name: sorted(map(repr, map(tuple, connection.execute(table.select())))) for table in tables
        }
    engine.dispose()
    return found


def test_there_and_back_is_the_same_base(demo_file: Config, empty_schema: str, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    there = maintenance.copy(demo_file, empty_schema, progress=lambda *step: seen.append(step))
    back = maintenance.copy(settings(empty_schema, tmp_path), str(tmp_path / "back.db"))
    assert there["checksums"] == back["checksums"] and there["rows"] == back["rows"] > 1000
    original = rows_of(demo_file.database)
    assert rows_of(empty_schema) == original == rows_of(str(tmp_path / "back.db"))
    for place in (empty_schema, str(tmp_path / "back.db")):
        assert maintenance.check(settings(place, tmp_path))["problems"] == []
    assert seen[-1] == ("Сверка", there["rows"], there["rows"])
    assert [done for stage, done, _ in seen if stage == "Копирование"][-1] == there["rows"]
    assert "postgres@" in there["to"] and (tmp_path / "back.db").stat().st_mode & 0o777 == 0o600


def test_the_copy_is_worked_in_at_once(sqlite_clinic: Clinic, empty_schema: str, tmp_path: Path) -> None:
    moved = sqlite_clinic.book(1101)
    sqlite_clinic.move(moved.id, 1102)  # a visit that points forward to another
    maintenance.copy(settings(sqlite_clinic.database, tmp_path), empty_schema)
    there = Clinic(empty_schema, tmp_path)
    visit = there.book(1103, 2)
    assert visit.id == 3  # the sequence is past the rows that came
    there.undo()
    there.close()
    assert maintenance.check(settings(empty_schema, tmp_path))["problems"] == []


def test_awkward_text_survives(sqlite_clinic: Clinic, empty_schema: str, tmp_path: Path) -> None:
    awkward = "\\N\\.\t'\"\n\r{}%s\u2028Ё🩺\\x41"
    sqlite_clinic.write(
        lambda session: session.execute(text("UPDATE patient SET address = :a"), {"a": awkward})
    )
    maintenance.copy(settings(sqlite_clinic.database, tmp_path), empty_schema)
    assert rows_of(empty_schema) == rows_of(sqlite_clinic.database)


def test_a_base_that_is_there_is_not_overwritten(demo_file: Config, clinic: Clinic) -> None:
    with pytest.raises(Refusal) as refused:
        maintenance.copy(demo_file, clinic.database)
    assert refused.value.code == "already_exists"


def test_a_value_the_other_side_cannot_hold_leaves_nothing_behind(
    sqlite_clinic: Clinic, empty_schema: str, tmp_path: Path
) -> None:
    sqlite_clinic.write(
        lambda session: session.execute(text("UPDATE patient SET address = 'a' || char(0) WHERE id = 3"))
    )
    with pytest.raises(Refusal) as refused:
        maintenance.copy(settings(sqlite_clinic.database, tmp_path), empty_schema)
    assert refused.value.code == "copy_failed" and "patient" in refused.value.message
    with pytest.raises(StoreUnavailable) as empty:
        maintenance.check(settings(empty_schema, tmp_path))
    assert empty.value.code == "no_database"


@pytest.mark.parametrize("target", ["sqlite", "postgresql"])
def test_a_row_changed_on_the_way_is_found(
    target: str,
    demo_file: Config,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = copying._written

    def spoiling(table: Any, source: Any, sink: Any, digest: Any) -> Iterator[int]:
        yield from written(table, source, sink, digest)
        if table.name == "doctor":
            sink.execute(text("UPDATE doctor SET post = 'другая' WHERE id = 5"))

    monkeypatch.setattr(copying, "_written", spoiling)
    sqlite = target == "sqlite"
    place = str(tmp_path / "new.db") if sqlite else request.getfixturevalue("empty_schema")
    with pytest.raises(Refusal) as refused:
        maintenance.copy(demo_file, place)
    assert refused.value.code == "copy_differs" and "doctor" in refused.value.message
    assert not sqlite or not Path(place).exists()


def test_the_checksum_knows_rows_and_not_their_order(sqlite_clinic: Clinic) -> None:
    engine = write_engine(open_engine(sqlite_clinic.database))
    with engine.begin() as connection:
        table = next(table for table in copying.tables_of(connection) if table.name == "setting")
        first = copying.checksum_of(connection, table)
        rows = [dict(row) for row in connection.execute(table.select()).mappings()]
        connection.execute(table.delete())
        connection.execute(table.insert(), rows[::-1])
        assert copying.checksum_of(connection, table) == first
        connection.execute(table.insert(), {"key": "x", "value": ""})
        assert copying.checksum_of(connection, table) != first
        connection.execute(text("UPDATE setting SET key = '', value = 'x' WHERE key = 'x'"))
        swapped = copying.checksum_of(connection, table)
        assert swapped.rows == first.rows + 1 and swapped != first
    engine.dispose()
