"""The schema is what the models say, on both databases, and every connection works under the same terms."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

import registrar_tui.models  # noqa: F401 - registers the tables
from registrar_tui.storage import schema
from registrar_tui.storage.engine import (
    APPLICATION_ID,
    open_engine,
    sqlite_driver,
    wal_reset_safe,
    write_engine,
)
from tests.integration import tiny_clinic
from tests.integration.bases import Clinic


@pytest.fixture
def migrated(store_url: str) -> Engine:
    tiny_clinic.migrate(store_url)
    return open_engine(store_url)


def test_head_is_alembics_own() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [schema.HEAD]
    assert [script.revision for script in reversed(list(scripts.walk_revisions()))] == list(schema.REVISIONS)


def test_the_migrated_schema_is_that_of_the_models(migrated: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with migrated.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_name": _without_version_table}
        )
        differences = compare_metadata(context, SQLModel.metadata)
    migrated.dispose()
    assert differences == []


def _without_version_table(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and name == "alembic_version")


def test_the_comparison_can_find_a_difference(migrated: Engine) -> None:
    """Negative control: a dropped index and a foreign column must be told."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with migrated.begin() as connection:
        connection.execute(text("DROP INDEX ix_visit_starts_at"))
        connection.execute(text("ALTER TABLE slot ADD COLUMN surplus integer"))
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_name": _without_version_table})
        kinds = {difference[0] for difference in compare_metadata(context, SQLModel.metadata)}
    migrated.dispose()
    assert kinds == {"add_index", "remove_column"}


def test_constraints_that_alembic_does_not_compare(migrated: Engine) -> None:
    inspector = inspect(migrated)
    assert inspector.get_pk_constraint("claim")["constrained_columns"] == ["slot_id"]
    assert {check["name"] for check in inspector.get_check_constraints("claim")} == {"ck_claim_visit_or_hold"}
    for table in SQLModel.metadata.sorted_tables:
        primary = inspector.get_pk_constraint(table.name)["constrained_columns"]
        assert primary == [column.name for column in table.primary_key], table.name
        nullable = {column["name"]: column["nullable"] for column in inspector.get_columns(table.name)}
        assert nullable == {column.name: column.nullable for column in table.columns}, table.name
    migrated.dispose()


def test_every_index_of_the_models_is_there(migrated: Engine) -> None:
    """Alembic does not see indexes of expressions on SQLite."""
    sqlite = "SELECT name FROM sqlite_master WHERE type = 'index'"
    postgres = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
    with migrated.connect() as connection:
        names = set(connection.execute(text(sqlite if migrated.name == "sqlite" else postgres)).scalars())
    migrated.dispose()
    wanted = {index.name for table in SQLModel.metadata.sorted_tables for index in table.indexes}
    assert "ix_policy_end" in wanted
    assert wanted <= names


def test_migrating_twice_changes_nothing(store_url: str) -> None:
    tiny_clinic.migrate(store_url)
    tiny_clinic.migrate(store_url)
    engine = open_engine(store_url)
    with engine.connect() as connection:
        assert schema.current_revision(connection) == schema.HEAD
    engine.dispose()
    assert schema.upgrade(store_url, "test") == schema.HEAD


def test_our_file_is_told_from_others(sqlite_clinic: Clinic) -> None:
    with sqlite_clinic.engine.connect() as connection:
        assert connection.execute(text("PRAGMA application_id")).scalar_one() == APPLICATION_ID


@pytest.mark.parametrize("writes", [False, True])
def test_every_pooled_connection_works_under_the_same_terms(sqlite_clinic: Clinic, writes: bool) -> None:
    engine = write_engine(sqlite_clinic.engine) if writes else sqlite_clinic.engine
    opened = [engine.raw_connection() for _ in range(8)]
    wanted = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "trusted_schema": 0,
        "secure_delete": 1,
        "temp_store": 2,
    }
    try:
        for connection in opened:
            cursor = connection.cursor()
            found = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted}
            assert found == wanted
    finally:
        for connection in opened:
            connection.close()


def test_the_terms_still_hold_after_a_migration(sqlite_clinic: Clinic) -> None:
    with schema.migration_connection(sqlite_clinic.engine) as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 0
    with sqlite_clinic.engine.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1


def test_foreign_keys_are_enforced(clinic: Clinic) -> None:
    from sqlalchemy.exc import IntegrityError

    with pytest.raises(IntegrityError), clinic.engine.begin() as connection:
        connection.execute(text("INSERT INTO claim (slot_id, held_by) VALUES (424242, 'x')"))


def test_a_claim_is_a_visits_or_a_hold(clinic: Clinic) -> None:
    from sqlalchemy.exc import IntegrityError

    visit = clinic.book(1101)
    for columns, values in (("slot_id", "1102"), ("slot_id, visit_id, held_by", f"1102, {visit.id}, 'x'")):
        with pytest.raises(IntegrityError), clinic.engine.begin() as connection:
            connection.execute(text(f"INSERT INTO claim ({columns}) VALUES ({values})"))


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 44, 9), True),
        ((3, 45, 0), False),
        ((3, 46, 1), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 0), False),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 0), True),
        ((4, 0, 0), True),
    ],
)
def test_the_gate_against_the_wal_reset_bug(version: tuple[int, ...], safe: bool) -> None:
    assert wal_reset_safe(version) is safe


def test_the_driver_is_the_patched_one(sqlite_clinic: Clinic) -> None:
    assert sqlite_driver().__name__ == "sqlcipher3.dbapi2"
    assert wal_reset_safe(tuple(int(part) for part in sqlite_driver().sqlite_version.split(".")))
    raw = sqlite_clinic.engine.raw_connection()
    assert type(raw.dbapi_connection).__module__.startswith("sqlcipher3")
    raw.close()


def test_a_vulnerable_sqlite_gets_no_wal(sqlite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    from registrar_tui.storage import engine as opening

    sqlite_clinic.close()
    monkeypatch.setattr(opening, "wal_reset_safe", lambda _: False)
    assert "sqlcipher3" in (opening.driver_warning() or "")
    with sqlite_clinic.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar_one() == "delete"
        assert connection.execute(text("PRAGMA synchronous")).scalar_one() == 3


def test_only_the_owner_reads_a_new_base(tmp_path: Path) -> None:
    from registrar_tui import bootstrap
    from tests.integration.bases import settings

    old = os.umask(0)
    try:
        bootstrap.create(settings(str(tmp_path / "a.db"), tmp_path), demo=False)
    finally:
        os.umask(old)
    engine = open_engine(str(tmp_path / "a.db"))
    with write_engine(engine).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.glob("a.db*")}
    engine.dispose()
    assert {"a.db", "a.db-wal", "a.db-shm"} <= set(modes) and set(modes.values()) == {0o600}
    for file in (tmp_path / "keys").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


def test_six_processes_create_one_base(store_url: str, tmp_path: Path) -> None:
    arguments = ["init", "--demo", "--patients", "10", "--doctors", "2", "--days", "1", "--json"]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "registrar_tui", *arguments, "--db", store_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    answers = [process.communicate(timeout=300) for process in running]
    codes = sorted(process.returncode for process in running)
    told = [answer[0].decode() + answer[1].decode() for answer in answers]
    assert codes == [0, 1, 1, 1, 1, 1], told
    assert sum("already_exists" in line for line in told) == 5
    engine = open_engine(store_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM patient")).scalar_one() == 10
    engine.dispose()
