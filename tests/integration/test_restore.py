"""Restoring while desks work: nothing acknowledged is lost without a word, every desk goes on by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from registrar_tui import maintenance
from registrar_tui.config import Config, is_url
from registrar_tui.errors import Refusal, StoreUnavailable, UsageError
from registrar_tui.storage import gate, restore_file
from registrar_tui.storage.backup import FOLDER_VARIABLE
from registrar_tui.storage.engine import open_engine
from registrar_tui.storage.manifest import manifest_file
from tests.integration import busy_desk
from tests.integration.bases import Clinic, own_schema, settings


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the default folder of a server's backups inside the test."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "backups"))
    return tmp_path / "backups"


def config(clinic: Clinic) -> Config:
    return settings(clinic.database, clinic.folder)


def taken(clinic: Clinic) -> Path:
    return Path(maintenance.backup(config(clinic))["file"])


def visits(database: str) -> list[int]:
    engine = open_engine(database)
    with engine.connect() as connection:
        found = list(connection.execute(text("SELECT id FROM visit ORDER BY id")).scalars())
    engine.dispose()
    return found


def test_a_restore_brings_the_state_back_and_keeps_the_present_one(clinic: Clinic) -> None:
    first = clinic.book(1101)
    backup = taken(clinic)
    second = clinic.book(1102, 2)
    answer = maintenance.restore(config(clinic), backup, force=True)
    assert (answer["visits"], answer["ops"]) == (1, 1)
    assert visits(clinic.database) == [first.id]
    assert maintenance.check(config(clinic))["problems"] == []
    # The desk that was open all the time goes on, with ids nobody else has.
    third = clinic.book(1103, 3)
    assert third.id == second.id and visits(clinic.database) == [first.id, third.id]
    # And what stood there before is a backup like any other.
    maintenance.restore(config(clinic), Path(answer["safety_copy"]), force=True)
    assert visits(clinic.database) == [first.id, second.id]


def test_a_backup_older_than_the_base_needs_force(clinic: Clinic) -> None:
    clinic.book(1101)
    backup = taken(clinic)
    maintenance.restore(config(clinic), backup)  # nothing has happened since
    clinic.book(1102, 2)
    with pytest.raises(Refusal) as refused:
        maintenance.restore(config(clinic), backup)
    assert refused.value.code == "backup_older" and "операций: 1" in refused.value.message
    assert len(visits(clinic.database)) == 2
    assert clinic.book(1103, 3).id  # the gate is open again


def test_a_cancellation_counts_as_work_too(sqlite_clinic: Clinic) -> None:
    visit = sqlite_clinic.book(1101)
    backup = taken(sqlite_clinic)
    sqlite_clinic.cancel(visit.id)
    with pytest.raises(Refusal) as refused:
        maintenance.restore(config(sqlite_clinic), backup)
    assert refused.value.code == "backup_older"


def test_the_backup_of_another_clinic_needs_force(sqlite_clinic: Clinic) -> None:
    backup = taken(sqlite_clinic)
    sqlite_clinic.write(
        lambda session: session.execute(text("UPDATE setting SET value = 'b' WHERE key = 'clinic_id'"))
    )
    with pytest.raises(Refusal) as refused:
        maintenance.restore(config(sqlite_clinic), backup)
    assert refused.value.code == "other_clinic"


def test_the_live_file_is_not_taken_for_a_backup(sqlite_clinic: Clinic, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    os.link(sqlite_clinic.database, link)
    for file in (Path(sqlite_clinic.database), link, Path(f"{sqlite_clinic.database}-wal")):
        with pytest.raises(UsageError):
            maintenance.restore(config(sqlite_clinic), file)


def test_a_backup_without_its_manifest_needs_force(sqlite_clinic: Clinic) -> None:
    sqlite_clinic.book(1101)
    backup = taken(sqlite_clinic)
    manifest_file(backup).unlink()
    with pytest.raises(Refusal) as refused:
        maintenance.restore(config(sqlite_clinic), backup)
    assert refused.value.code == "no_manifest"
    assert maintenance.restore(config(sqlite_clinic), backup, force=True)["visits"] == 1


def test_no_acknowledged_booking_is_lost_without_a_word(clinic: Clinic, tmp_path: Path) -> None:
    busy_desk.add_slots(clinic)
    backup = taken(clinic)
    with (
        busy_desk.desk_process(clinic.database, tmp_path, pause=0.005) as process,
        busy_desk.desk_thread(clinic.database, tmp_path) as thread,
    ):
        for desk in (process, thread):
            desk.wait_for(15)
        answer = maintenance.restore(config(clinic), backup, force=True)
        for desk in (process, thread):
            desk.wait_for_more(15)  # both go on by themselves, and nobody has opened anything anew
    acknowledged = {*process.booked, *thread.booked}
    present = busy_desk.stored_ops(clinic.database)
    aside = busy_desk.stored_ops(answer["safety_copy"])
    assert acknowledged <= present | aside, "an acknowledged booking is nowhere"
    assert len(aside) >= 30 and len(present - aside) >= 30 and not present & aside
    assert set(process.others) | set(thread.others) <= {"maintenance", "busy", "store_unavailable"}
    assert maintenance.check(config(clinic))["problems"] == []


def test_desks_are_told_maintenance_while_the_gate_is_closed(clinic: Clinic) -> None:
    clinic.book(1101)
    time.sleep(gate.PEEK_EVERY + 0.1)
    if is_url(clinic.database):
        engine = open_engine(clinic.database)
        with engine.connect() as connection, connection.begin():
            gate.close_postgres_gate(connection)
            _refused_but_reading(clinic)
        engine.dispose()
    else:
        with gate.closed_gate(Path(clinic.database)):
            _refused_but_reading(clinic)
    assert clinic.book(1102, 2).id


def _refused_but_reading(clinic: Clinic) -> None:
    with pytest.raises(StoreUnavailable) as told:
        clinic.book(1102, 2)
    assert told.value.code == "maintenance" and told.value.exit_code == 4
    assert clinic.desk().visit(1).status == "booked"


def test_a_killed_administrator_leaves_no_closed_gate(sqlite_clinic: Clinic) -> None:
    path = Path(sqlite_clinic.database)
    gate.gate_file(path).touch()  # what a process leaves that had no time to remove it
    assert sqlite_clinic.book(1101).id
    with gate.closed_gate(path):
        assert gate.is_closed(path)
    assert not gate.gate_file(path).exists()


def test_two_administrators_do_not_meet(sqlite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_PATIENCE", 0.1)
    backup = taken(sqlite_clinic)
    with gate.closed_gate(Path(sqlite_clinic.database)), pytest.raises(StoreUnavailable) as refused:
        maintenance.restore(config(sqlite_clinic), backup)
    assert refused.value.code == "maintenance"


def test_readers_see_the_restore_whole_or_not_at_all(sqlite_clinic: Clinic) -> None:
    for slot, patient in ((1101, 1), (1102, 2), (1103, 3)):
        sqlite_clinic.book(slot, patient)
    backup = taken(sqlite_clinic)
    for slot, patient in ((1104, 4), (1105, 5)):
        sqlite_clinic.book(slot, patient)
    seen: set[tuple[int, int]] = set()
    over = threading.Event()

    def read() -> None:
        engine = open_engine(sqlite_clinic.database)
        while not over.is_set():
            with engine.connect() as connection:
                counts = "SELECT (SELECT count(*) FROM visit), (SELECT count(*) FROM claim)"
                row = connection.execute(text(counts)).one()
                seen.add((row[0], row[1]))
        engine.dispose()

    def until_seen(counts: tuple[int, int]) -> None:
        give_up = time.monotonic() + 60
        while counts not in seen and time.monotonic() < give_up:
            time.sleep(0.005)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        until_seen((5, 5))
        maintenance.restore(config(sqlite_clinic), backup, force=True)
        until_seen((3, 3))
    finally:
        over.set()
        reader.join()
    assert seen == {(5, 5), (3, 3)}


def test_a_restore_that_fails_its_check_gives_the_former_state_back(
    sqlite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_clinic.book(1101)
    backup = taken(sqlite_clinic)
    sqlite_clinic.book(1102, 2)

    def unsound(*_: object, **__: object) -> None:
        raise Refusal("unsound", "База не проходит проверку.")

    monkeypatch.setattr(restore_file, "require_sound", unsound)
    with pytest.raises(StoreUnavailable) as failed:
        maintenance.restore(config(sqlite_clinic), backup, force=True)
    assert failed.value.code == "restore_failed"
    assert len(visits(sqlite_clinic.database)) == 2
    assert sqlite_clinic.book(1103, 3).id


def test_a_backup_whose_rows_make_no_sense_needs_force(sqlite_clinic: Clinic) -> None:
    visit = sqlite_clinic.book(1101)
    sqlite_clinic.write(lambda session: session.execute(text("DELETE FROM claim")))
    backup = taken(sqlite_clinic)
    with pytest.raises(Refusal) as refused:
        maintenance.restore(config(sqlite_clinic), backup)
    assert refused.value.code == "unsound"
    assert maintenance.restore(config(sqlite_clinic), backup, force=True)["visits"] == 1
    assert visits(sqlite_clinic.database) == [visit.id]


@pytest.mark.parametrize("damage", ["header", "middle"])
def test_a_broken_base_is_replaced_with_force_and_kept_aside(sqlite_clinic: Clinic, damage: str) -> None:
    sqlite_clinic.book(1101)
    backup = taken(sqlite_clinic)
    sqlite_clinic.close()
    path = Path(sqlite_clinic.database)
    content = bytearray(path.read_bytes())
    start = 0 if damage == "header" else 4096
    content[start : start + 4096 * 3] = b"\x5a" * (4096 * 3)
    path.write_bytes(content)
    with pytest.raises((StoreUnavailable, Refusal)):
        maintenance.restore(config(sqlite_clinic), backup)
    answer = maintenance.restore(config(sqlite_clinic), backup, force=True)
    assert b"\x5a" * 8192 in Path(answer["safety_copy"]).read_bytes()
    assert maintenance.check(config(sqlite_clinic))["problems"] == []
    assert len(visits(sqlite_clinic.database)) == 1


def test_a_broken_base_that_a_desk_has_open_is_not_put_aside(sqlite_clinic: Clinic) -> None:
    backup = taken(sqlite_clinic)
    sqlite_clinic.close()
    path = Path(sqlite_clinic.database)
    path.write_bytes(b"\x5a" * path.stat().st_size)
    child = (  # holds what an open connection of SQLite holds
        "import fcntl, sys; f = open(sys.argv[1], 'rb+'); "
        "fcntl.lockf(f, fcntl.LOCK_SH, 510, 0x40000002); print('in', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", child, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdout.readline()
        with pytest.raises(Refusal) as refused:
            maintenance.restore(config(sqlite_clinic), backup, force=True)
        process.kill()
    assert refused.value.code == "desks_connected"


def test_a_server_base_is_restored_into_a_new_schema(
    pg_clinic: Clinic, pg_server: str, tmp_path: Path
) -> None:
    pg_clinic.book(1101)
    backup = taken(pg_clinic)
    with own_schema(pg_server, f"registrar_restored_{os.getpid()}") as url:
        answer = maintenance.restore(settings(url, tmp_path), backup)
        assert answer["safety_copy"] is None and visits(url) == visits(pg_clinic.database)
        assert maintenance.check(settings(url, tmp_path))["problems"] == []


def test_progress_is_told(sqlite_clinic: Clinic) -> None:
    seen: list[tuple[str, int, int]] = []
    maintenance.restore(config(sqlite_clinic), taken(sqlite_clinic), progress=lambda *step: seen.append(step))
    stages = {stage for stage, _, _ in seen}
    assert "Восстановление" in stages and "Проверка" in stages
    assert all(0 <= done <= of for _, done, of in seen)
