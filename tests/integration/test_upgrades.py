"""A base of every released revision with a clinic's work in it is brought up and worked in at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, column, insert, inspect, select, table, text
from sqlmodel import Session, SQLModel

from registrar_tui import bootstrap, maintenance
from registrar_tui.clock import FixedClock
from registrar_tui.models import Operator
from registrar_tui.services import audit, dto
from registrar_tui.services.holds import HOLD
from registrar_tui.storage import schema
from registrar_tui.storage.backup import FOLDER_VARIABLE
from registrar_tui.storage.engine import open_engine
from registrar_tui.storage.integrity import check_base
from registrar_tui.storage.key_files import demo_keys
from tests.integration import tiny_clinic
from tests.integration.bases import Clinic, settings
from tests.integration.invariants import broken_invariants
from tests.integration.tiny_clinic import HEART, THERAPIST, slot_id

Rows = dict[str, list[dict[str, Any]]]
FREE = slot_id(THERAPIST, 1, 5)


@pytest.fixture
def worked(sqlite_clinic: Clinic) -> Rows:
    """Return every row of a clinic that has booked, moved, cancelled, seen a patient and holds a slot."""
    first, second = sqlite_clinic.book(slot_id(THERAPIST, 1, 0)), sqlite_clinic.book(slot_id(HEART, 2, 1), 2)
    sqlite_clinic.book(slot_id(THERAPIST, 0, 0), 3)
    sqlite_clinic.move(first.id, slot_id(THERAPIST, 1, 2))
    sqlite_clinic.cancel(second.id)
    sqlite_clinic.desk().patient_card(4)
    sqlite_clinic.desk("окно 2").offer(slot_id(THERAPIST, 2, 3), 5)
    with sqlite_clinic.engine.connect() as connection:
        return {
            each.name: [dict(row) for row in connection.execute(select(each)).mappings()]
            for each in SQLModel.metadata.sorted_tables
        }


def base_of(database: str, revision: str, rows: Rows) -> Rows:
    """Make a base of a former revision and put into it what it can hold; returns that."""
    engine = open_engine(database, create=True)
    kept: Rows = {}
    with schema.migration_connection(engine) as connection:
        schema.migrate(connection, revision)
        if connection.dialect.name == "postgresql":  # a moved visit points at a later one
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        there = set(inspect(connection).get_table_names())
        for each in SQLModel.metadata.sorted_tables:
            if each.name in there:
                kept[each.name] = _insert(connection, each.name, rows[each.name])
    engine.dispose()
    return kept


def _insert(connection: Connection, name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    columns = {found["name"] for found in inspect(connection).get_columns(name)}
    model = SQLModel.metadata.tables[name]
    kept = [{key: value for key, value in row.items() if key in columns} for row in rows]
    if kept:
        former = table(name, *(column(key, model.c[key].type) for key in kept[0]))
        connection.execute(insert(former), kept)
    if "id" in columns and connection.dialect.name == "postgresql":
        last = f"(SELECT coalesce(max(id), 0) + 1 FROM {name})"
        connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {last}, false)"))
    return kept


def held(engine: Engine, kept: Rows) -> Rows:
    """Read the same columns back."""
    found: Rows = {}
    with engine.connect() as connection:
        for name, rows in kept.items():
            model = SQLModel.metadata.tables[name]
            columns = [model.c[key] for key in rows[0]] if rows else [*model.c]
            found[name] = [dict(row) for row in connection.execute(select(*columns)).mappings()]
    return found


def in_order(rows: Rows) -> dict[str, list[str]]:
    return {name: sorted(str(sorted(row.items())) for row in each) for name, each in rows.items()}


@pytest.mark.parametrize("revision", schema.REVISIONS[:-1])
def test_a_base_in_use_comes_up_from_every_revision(
    store_url: str, tmp_path: Path, worked: Rows, revision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "backups"))
    if revision == "0001":  # before the roles; the upgrade gives the demo operator its own
        worked["operator"][0]["role"] = "registrar"
    kept = base_of(store_url, revision, worked)
    assert len(kept["visit"]) == 4 and len(kept["visit_event"]) >= 5 and len(kept["claim"]) == 3
    config = settings(store_url, tmp_path)
    clock = FixedClock(tiny_clinic.MORNING)
    desk = bootstrap.build(config, clock=clock)
    (copy,) = maintenance.backups(config)
    assert copy["made_before"] == schema.HEAD and f"-{revision}-" in copy["file"]
    engine = open_engine(store_url)
    found = held(engine, kept)
    kept["operator"][0]["role"] = "demo"
    assert in_order(found) == in_order(kept)
    assert desk.book(dto.BookVisit("after", 6, FREE)).slot_id == FREE
    clock.advance(HOLD)
    assert desk.book(dto.BookVisit("after the hold", 7, slot_id(THERAPIST, 2, 3))).status == "booked"
    with Session(engine) as session:
        assert schema.current_revision(session.connection()) == schema.HEAD
        assert check_base(session.connection(), lambda *_: None)["problems"] == []
        assert broken_invariants(session) == []
        assert audit.verify(session, demo_keys("s").journal, {})[1] == ()
        assert session.get_one(Operator, 1).failures == 0
    engine.dispose()
    desk.close()


def test_cards_get_the_branch_of_their_attachment(store_url: str, worked: Rows) -> None:
    told = [(1, 2, "active"), (2, 1, "review"), (3, 1, "refused"), (5, 2, "refused"), (5, 1, "active")]
    told += [(4, 1, "active"), (4, 2, "active"), (4, 1, "review")]
    worked["attachment"] = [
        {"id": number, "patient_id": person, "branch_id": branch, "status": status}
        | {"district": "", "since": None, "reason": ""}
        for number, (person, branch, status) in enumerate(told, 1)
    ]
    kept = base_of(store_url, "0007", worked)
    schema.upgrade(store_url, "test", with_backup=False)
    engine = open_engine(store_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, attached_branch_id FROM patient"))
        found = {number: branch for number, branch in rows if branch is not None}
        assert found == {1: 2, 4: 2, 5: 1}, "the newest of several active ones"
        assert check_base(connection, lambda *_: None)["problems"] == []
    assert in_order(held(engine, kept)) == in_order(kept)
    engine.dispose()


def test_every_released_revision_is_tried() -> None:
    files = (Path(schema.__file__).parent / "migrations" / "versions").glob("[0-9]*.py")
    assert sorted(file.name[:4] for file in files) == list(schema.REVISIONS)
