"""Backups: whole while desks book, verified, private, and each fault of a file called by its name."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from registrar_tui import maintenance
from registrar_tui.clock import FixedClock
from registrar_tui.config import Config
from registrar_tui.errors import Refusal, StoreUnavailable
from registrar_tui.storage import backup as storage_backup
from registrar_tui.storage import files, schema
from registrar_tui.storage.backup import FOLDER_VARIABLE
from registrar_tui.storage.engine import open_engine
from registrar_tui.storage.manifest import manifest_file
from tests.integration import busy_desk
from tests.integration.bases import Clinic, settings

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the default folder of a server's backups inside the test."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "backups"))
    return tmp_path / "backups"


def config(clinic: Clinic) -> Config:
    return settings(clinic.database, clinic.folder)


def good_backup(clinic: Clinic) -> Path:
    clinic.book(1101)
    return Path(maintenance.backup(config(clinic))["file"])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_backup_says_what_and_where_it_is(clinic: Clinic, own_folder: Path) -> None:
    clinic.book(1101)
    seen: list[tuple[str, int, int]] = []
    made = maintenance.backup(
        config(clinic), clock=FixedClock(NOON), progress=lambda *step: seen.append(step)
    )
    file = Path(made["file"])
    assert file.parent == own_folder and file.name.endswith(f"-20261123T120000Z-{schema.HEAD}.db")
    assert made["bytes"] == file.stat().st_size and len(made["sha256"]) == 64
    assert seen and seen[-1][1] == seen[-1][2]
    assert mode(file) == 0o600 and mode(manifest_file(file)) == 0o600 and mode(own_folder) == 0o700
    assert sorted(entry.name for entry in own_folder.iterdir()) == [file.name, f"{file.name}.json"]
    assert maintenance.verify_backup(file) == {"ok": True, "checked": 3, "problems": []}
    assert [entry["file"] for entry in maintenance.backups(config(clinic))] == [str(file)]


def test_a_backup_goes_where_it_is_told(clinic: Clinic, tmp_path: Path) -> None:
    wanted = tmp_path / "copy.db"
    assert maintenance.backup(config(clinic), out=wanted)["file"] == str(wanted)
    inside = tmp_path / "folder"
    inside.mkdir()
    assert Path(maintenance.backup(config(clinic), out=inside)["file"]).parent == inside
    for taken in (wanted, Path(clinic.database)):
        if taken.exists():
            with pytest.raises(Refusal) as refused:
                maintenance.backup(config(clinic), out=taken)
            assert refused.value.code == "already_exists"
    with pytest.raises(StoreUnavailable) as absent:
        maintenance.backup(config(clinic), out=tmp_path / "nowhere" / "copy.db")
    assert absent.value.code == "read_only"


def test_a_backup_under_load_has_every_booking_acknowledged_before_it(clinic: Clinic, tmp_path: Path) -> None:
    busy_desk.add_slots(clinic)
    with (
        busy_desk.desk_process(clinic.database, tmp_path) as process,
        busy_desk.desk_thread(clinic.database, tmp_path) as thread,
    ):
        for desk in (process, thread):
            desk.wait_for(20)
        before = {*process.booked, *thread.booked}
        made = maintenance.backup(config(clinic))
        for desk in (process, thread):
            desk.wait_for_more(5)
        assert not process.others and not thread.others
    restored = str(tmp_path / "restored.db")
    answer = maintenance.restore(settings(restored, tmp_path), Path(made["file"]))
    assert answer["safety_copy"] is None and answer["ops"] >= len(before)
    assert before <= busy_desk.stored_ops(restored)
    assert maintenance.check(settings(restored, tmp_path))["problems"] == []


def _truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _bit_flipped(file: Path) -> None:
    content = bytearray(file.read_bytes())
    place = content.index("Абрикосов".encode())
    content[place + 1] ^= 1  # another letter of a surname: SQLite itself has nothing against it
    file.write_bytes(content)


def _longer(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\0" * 4096)


def _foreign(file: Path) -> None:
    file.unlink()
    manifest_file(file).unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE claim (a)")
        connection.execute("CREATE TABLE alembic_version (version_num)")
    connection.close()


def _newer(file: Path) -> None:
    manifest_file(file).unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()


def _text(file: Path) -> None:
    manifest_file(file).unlink()
    file.write_text("Фамилия;Имя\n" * 512, encoding="utf-8")


def _gone(file: Path) -> None:
    file.unlink()


def _orphan(file: Path) -> None:
    manifest_file(file).unlink()


def _broken_links(file: Path) -> None:
    manifest_file(file).unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE visit SET doctor_id = 77777")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (_truncated, "truncated"),
        (_bit_flipped, "damaged"),
        (_longer, "damaged"),
        (_foreign, "foreign_database"),
        (_newer, "newer_schema"),
        (_text, "not_a_backup"),
        (_gone, "not_found"),
        (_orphan, "no_manifest"),
        (_broken_links, "foreign_keys"),
    ],
)
def test_a_bad_backup_is_refused_by_the_name_of_its_fault(
    sqlite_clinic: Clinic, spoil: Callable[[Path], None], code: str
) -> None:
    file = good_backup(sqlite_clinic)
    spoil(file)
    found = maintenance.verify_backup(file)
    assert not found["ok"] and [problem["code"] for problem in found["problems"]] == [code]
    before = busy_desk.stored_ops(sqlite_clinic.database)
    with pytest.raises((Refusal, StoreUnavailable)) as refused:
        maintenance.restore(config(sqlite_clinic), file)
    assert refused.value.code == code and refused.value.message.endswith(".")
    assert busy_desk.stored_ops(sqlite_clinic.database) == before


def test_a_truncated_backup_without_its_manifest_is_still_called_truncated(sqlite_clinic: Clinic) -> None:
    file = good_backup(sqlite_clinic)
    manifest_file(file).unlink()
    _truncated(file)
    assert maintenance.verify_backup(file)["problems"][0]["code"] == "truncated"


def test_a_manifest_that_lies_is_found(sqlite_clinic: Clinic) -> None:
    file = good_backup(sqlite_clinic)
    content = json.loads(manifest_file(file).read_text(encoding="utf-8"))
    content["stamp"]["ops"] += 5
    manifest_file(file).write_text(json.dumps(content), encoding="utf-8")
    assert maintenance.verify_backup(file)["problems"][0]["code"] == "damaged"


def test_the_daily_backup_is_made_once_a_day_and_not_on_a_demo_base(clinic: Clinic) -> None:
    clock = FixedClock(NOON)
    assert maintenance.daily_backup_if_due(config(clinic), clock=clock) is None
    clinic.write(lambda session: session.execute(text("UPDATE setting SET value = '0' WHERE key = 'demo'")))
    assert maintenance.daily_backup_if_due(config(clinic), clock=clock) is not None
    clock.advance(timedelta(hours=23))
    assert maintenance.daily_backup_if_due(config(clinic), clock=clock) is None
    clock.advance(timedelta(hours=2))
    assert maintenance.daily_backup_if_due(config(clinic), clock=clock) is not None
    assert len(maintenance.backups(config(clinic))) == 2


def test_one_of_two_desks_makes_the_daily_backup(sqlite_clinic: Clinic, own_folder: Path) -> None:
    own_folder.mkdir()
    with storage_backup._alone(own_folder) as alone:
        assert alone
        assert storage_backup.daily_backup(sqlite_clinic.database, "test") is None
    assert storage_backup.daily_backup(sqlite_clinic.database, "test") is not None


def test_a_migration_begins_with_a_backup(store_url: str, tmp_path: Path) -> None:
    former = schema.REVISIONS[-2]
    engine = open_engine(store_url, create=True)
    with schema.migration_connection(engine) as connection:
        schema.migrate(connection, former)
        connection.execute(text("INSERT INTO setting (key, value) VALUES ('clinic_id', 'old')"))
    engine.dispose()
    assert schema.upgrade(store_url, "test") == schema.HEAD
    (made,) = maintenance.backups(settings(store_url, tmp_path))
    assert made["made_before"] == schema.HEAD and f"-{former}-" in made["file"]
    assert maintenance.verify_backup(Path(made["file"]))["ok"]
    restored = str(tmp_path / "old.db")
    assert maintenance.restore(settings(restored, tmp_path), Path(made["file"]))["revision"] == schema.HEAD


def test_a_migration_without_room_for_its_backup_is_not_begun(
    sqlite_clinic: Clinic, own_folder: Path, tmp_path: Path
) -> None:
    own_folder.write_text("a file where the folder should be", encoding="utf-8")
    file = tmp_path / "old.db"
    engine = open_engine(str(file), create=True)
    with schema.migration_connection(engine) as connection:
        schema.migrate(connection, schema.REVISIONS[-2])
    engine.dispose()
    with pytest.raises(StoreUnavailable) as refused:
        schema.upgrade(str(file), "test")
    assert refused.value.code == "read_only"
    engine = open_engine(str(file))
    with engine.connect() as reading:
        assert schema.current_revision(reading) == schema.REVISIONS[-2]
    engine.dispose()


def test_a_full_disk_leaves_no_half_backup(
    sqlite_clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    folder = tmp_path / "full"
    folder.mkdir()
    monkeypatch.setattr(files, "sync", full)
    with pytest.raises(StoreUnavailable) as refused:
        maintenance.backup(config(sqlite_clinic), out=folder)
    assert refused.value.code == "disk_full" and list(folder.iterdir()) == []


def test_what_a_killed_process_left_is_cleared_up_after_a_day(
    sqlite_clinic: Clinic, own_folder: Path
) -> None:
    own_folder.mkdir()
    path = Path(sqlite_clinic.database)
    left = [
        own_folder / ".clinic-1-120000.part",
        path.with_name(".restore-1.db"),
        path.with_name(f"{path.name}.recoded"),
    ]
    fresh = own_folder / ".clinic-2-120000.part"
    for file in (*left, fresh):
        file.write_bytes(b"x")
    for file in left:
        os.utime(file, (0, 0))
    maintenance.backup(config(sqlite_clinic))
    assert not any(file.exists() for file in left)
    assert fresh.exists() and path.exists()


def test_an_interrupted_backup_stops_and_leaves_nothing(
    sqlite_clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_backup, "_HANDLER_STEPS", 20)
    folder = tmp_path / "stopped"
    folder.mkdir()

    def stop(_what: str, _done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        maintenance.backup(config(sqlite_clinic), out=folder, progress=stop)
    assert list(folder.iterdir()) == []
    assert maintenance.backup(config(sqlite_clinic), out=folder)["bytes"] > 0
