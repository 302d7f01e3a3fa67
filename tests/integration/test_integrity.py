"""`db check` finds each kind of damage by its name, on both stores, and nothing in a sound base."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from registrar_tui import bootstrap, maintenance
from registrar_tui.config import is_url
from registrar_tui.services.dto_merge import MergePatients
from registrar_tui.storage import integrity, schema
from registrar_tui.storage.engine import open_engine
from tests.integration.bases import Clinic, new_op, own_schema, settings

GUARD_OFF = {
    "sqlite": "DROP TRIGGER visit_event_no_{verb}",
    "postgresql": "ALTER TABLE visit_event DISABLE TRIGGER USER",
}
GUARD_ON = {"postgresql": "ALTER TABLE visit_event ENABLE TRIGGER USER"}


def found(clinic: Clinic, *, thorough: bool = True) -> dict[str, Any]:
    return maintenance.check(settings(clinic.database, clinic.folder), thorough=thorough)


def codes(clinic: Clinic) -> set[str]:
    answer = found(clinic)
    assert answer["ok"] is (not answer["problems"])
    return {problem["code"] for problem in answer["problems"]}


def run(clinic: Clinic, *statements: str) -> None:
    """Damage the rows past every guard: foreign keys and triggers off."""

    def work(session: Session) -> None:
        if is_url(clinic.database):
            session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            session.execute(text(statement))

    clinic.write(work)


@pytest.fixture
def worked(clinic: Clinic) -> Clinic:
    """A base in which every kind of change has been made."""
    first = clinic.book(1101)
    clinic.book(1102, 2, service="long")
    moved = clinic.book(1107, 3)
    clinic.move(moved.id, 1108)
    clinic.cancel(first.id)
    clinic.book(4101, 4)
    clinic.undo()
    clinic.desk().offer(1101, 5)
    clinic.desk().merge_patients(MergePatients(new_op(), 9, 10, "одна карта"))
    return clinic


def test_a_sound_base_has_no_problems(worked: Clinic) -> None:
    answer = found(worked)
    assert answer["problems"] == [] and answer["ok"] and answer["checked"] > 100
    assert found(worked, thorough=False)["ok"]


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_the_demo_clinic_has_no_problems(store: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    def check(database: str) -> None:
        config = settings(database, tmp_path)
        bootstrap.create(config, demo=True, patients=60, doctors=8, days=3, today=date(2026, 11, 23))
        assert maintenance.check(config)["problems"] == []

    if store == "sqlite":
        check(str(tmp_path / "demo.db"))
        return
    with own_schema(request.getfixturevalue("pg_server"), "registrar_demo_check") as url:
        check(url)


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        ("DELETE FROM claim WHERE visit_id = 2", "visit_without_claim"),
        ("UPDATE claim SET visit_id = 1 WHERE visit_id = 2", "claim_not_active"),
        ("UPDATE claim SET slot_id = 2101 WHERE slot_id = 1103", "claim_other_doctor"),
        ("UPDATE visit SET status = 'booked' WHERE id = 1", "history_differs"),
        ("UPDATE visit SET late = NOT late WHERE id = 2", "history_differs"),
        ("DELETE FROM claim WHERE slot_id = 1103", "history_differs"),
        (
            "UPDATE visit SET starts_at = (SELECT starts_at FROM visit WHERE id = 4) WHERE id = 2",
            "double_booking",
        ),
        ("UPDATE op SET result = ''", "op_without_result"),
        ("UPDATE patient SET last_key = 'x' WHERE id = 7", "search_keys"),
        ("UPDATE patient SET first_initial = 'я' WHERE id = 7", "search_keys"),
        ("UPDATE patient SET attached_branch_id = 2 WHERE id = 7", "patient_branch"),
        (
            "INSERT INTO attachment (patient_id, branch_id, status, district, reason)"
            " VALUES (7, 1, 'active', '', '')",
            "patient_branch",
        ),
        ("UPDATE surname SET people = 2 WHERE id = 3", "surname_counts"),
        ("UPDATE patient SET last_key = 'абрикосов' WHERE id = 7", "surname_unborne"),
        ("DELETE FROM surname_deletion WHERE surname_id = 3", "surname_keys"),
        ("DELETE FROM surname_trigram WHERE surname_id = 3 AND trigram = 'вас'", "surname_keys"),
        ("DELETE FROM audit_entry WHERE number = 2", "journal_gap"),
        ("UPDATE patient SET merged_into_id = 11 WHERE id = 12", "merge_unrecorded"),
        ("UPDATE patient SET merged_into_id = 11 WHERE id = 2", "merged_with_visit"),
        ("UPDATE patient SET merged_into_id = 23 - id WHERE id IN (11, 12)", "merge_chain"),
        ("UPDATE patient SET merged_into_id = NULL WHERE id = 10", "merge_lost"),
        ("DROP INDEX ix_visit_starts_at", "missing_index"),
    ],
)
def test_each_damage_has_its_name(worked: Clinic, damage: str, code: str) -> None:
    statements = [damage]
    if "audit_entry" in damage and not is_url(worked.database):
        statements.insert(0, "DROP TRIGGER audit_entry_no_delete")
    run(worked, *statements)
    try:
        assert code in codes(worked)
    finally:
        if damage.startswith("DROP INDEX"):
            run(worked, "CREATE INDEX ix_visit_starts_at ON visit (starts_at)")


@pytest.mark.parametrize(
    ("damage", "verb", "code"),
    [
        ("DELETE FROM visit_event WHERE visit_id = 2", "delete", "visit_without_history"),
        ("DELETE FROM visit_event WHERE visit_id = 1 AND what = 'booked'", "delete", "history_broken"),
        ("UPDATE visit_event SET after = '{}' WHERE visit_id = 2", "update", "history_differs"),
        ("UPDATE visit_event SET after = 'x' WHERE visit_id = 2", "update", "history_differs"),
    ],
)
def test_a_history_that_was_rewritten_is_found(worked: Clinic, damage: str, verb: str, code: str) -> None:
    dialect = worked.engine.dialect.name
    run(worked, GUARD_OFF[dialect].format(verb=verb), damage)
    try:
        assert code in codes(worked)
    finally:
        if dialect in GUARD_ON:
            run(worked, GUARD_ON[dialect])


@pytest.mark.parametrize("revision", schema.REVISIONS[:-1])
def test_a_base_of_an_older_program_is_told_as_such(store_url: str, tmp_path: Path, revision: str) -> None:
    engine = open_engine(store_url, create=True)
    with schema.migration_connection(engine) as connection:
        schema.migrate(connection, revision)
    engine.dispose()
    problems = maintenance.check(settings(store_url, tmp_path))["problems"]
    assert [problem["code"] for problem in problems] == ["old_schema"]


def test_a_guard_that_was_taken_off_is_found(worked: Clinic) -> None:
    dialect = worked.engine.dialect.name
    for verb in ("update", "delete") if dialect == "sqlite" else ("",):
        run(worked, GUARD_OFF[dialect].format(verb=verb))
    try:
        assert codes(worked) == {"missing_guard"}
    finally:
        if dialect in GUARD_ON:
            run(worked, GUARD_ON[dialect])


def test_a_row_that_points_nowhere_is_found(worked: Clinic) -> None:
    if is_url(worked.database):
        run(worked, "UPDATE visit SET patient_id = 999 WHERE id = 2")
    else:
        engine = worked.engine
        pooled = engine.raw_connection()
        driver: Any = pooled.driver_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("UPDATE visit SET patient_id = 999 WHERE id = 2")
        pooled.close()
        engine.dispose()
    assert "foreign_key" in codes(worked)


def test_a_page_that_was_overwritten_is_found(sqlite_clinic: Clinic) -> None:
    sqlite_clinic.close()
    path = Path(sqlite_clinic.database)
    content = bytearray(path.read_bytes())
    content[4096 * 20 : 4096 * 22] = b"\x5a" * 8192
    path.write_bytes(content)
    assert codes(sqlite_clinic) == {"corrupt"}


def test_many_problems_of_a_kind_are_counted_and_not_all_listed(
    sqlite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(integrity, "_SHOWN", 5)
    run(sqlite_clinic, "UPDATE patient SET first_initial = 'я'")
    problems = [entry for entry in found(sqlite_clinic)["problems"] if entry["code"] == "search_keys"]
    assert len(problems) == 6 and problems[-1]["message"] == "И ещё таких же: 7."


def test_a_check_names_no_person(worked: Clinic) -> None:
    run(worked, "UPDATE patient SET first_initial = 'я'", "UPDATE surname SET people = 5")
    told = " ".join(problem["message"] for problem in found(worked)["problems"])
    assert told and not any(name in told.lower() for name in ("абрикосов", "берёзкин", "иван"))


def test_desks_book_while_the_base_is_checked(sqlite_clinic: Clinic) -> None:
    booked: list[int] = []

    def book(_title: str, done: int, _of: int) -> None:
        if done < 3:
            booked.append(sqlite_clinic.book(1101 + done, done + 1).id)

    step: Callable[[str, int, int], None] = book
    answer = maintenance.check(settings(sqlite_clinic.database, sqlite_clinic.folder), progress=step)
    assert answer["ok"] and len(booked) == 3
