"""Whatever stands where the base should be: one Russian line, exit 4, nothing written."""

from __future__ import annotations

import ctypes
import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from registrar_tui import bootstrap
from registrar_tui.errors import Refusal, RegistrarError, StoreUnavailable
from registrar_tui.services import demo
from registrar_tui.storage.engine import sqlite_driver
from tests.integration.bases import Clinic, settings

LIBC = ctypes.CDLL(None)
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2  # linux/prctl.h, linux/capability.h


def fingerprint(folder: Path) -> dict[str, str]:
    """Return every file below a folder with the hash of its content."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@contextmanager
def untouched(folder: Path) -> Iterator[None]:
    before = fingerprint(folder)
    yield
    assert fingerprint(folder) == before


def one_line(error: RegistrarError) -> None:
    assert error.exit_code == 4
    assert "\n" not in error.message and error.message[-1] == "." and len(error.message) < 300
    assert any("а" <= letter <= "я" for letter in error.message.lower())
    assert "Traceback" not in error.message and "sqlalche" not in error.message


def _missing(file: Path) -> str:
    return "no_database"


def _folder(file: Path) -> str:
    file.mkdir()
    return "store_unavailable"


def _text_file(file: Path) -> str:
    file.write_text("Фамилия;Имя\n" * 500, encoding="utf-8")
    return "foreign_database"


def _short_text_file(file: Path) -> str:
    file.write_text("x", encoding="utf-8")
    return "no_database"  # what SQLite takes for an empty base


def _empty_file(file: Path) -> str:
    file.touch()
    return "no_database"


def _foreign_sqlite(file: Path) -> str:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE claim (x)")
    connection.close()
    return "foreign_database"


def _foreign_wal_sqlite(file: Path) -> str:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE notes (x)")
    connection.close()
    return "foreign_database"


def _foreign_alembic_sqlite(file: Path) -> str:
    """Another program that uses Alembic, too, and even has a table of that name."""
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.execute("CREATE TABLE claim (x)")
    connection.close()
    return "foreign_database"


def _no_tables(file: Path) -> str:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE gone (x)")
        connection.execute("DROP TABLE gone")
    connection.close()
    return "no_database"


@pytest.mark.parametrize(
    "prepare",
    [
        _missing,
        _folder,
        _text_file,
        _short_text_file,
        _empty_file,
        _foreign_sqlite,
        _foreign_wal_sqlite,
        _foreign_alembic_sqlite,
        _no_tables,
    ],
)
def test_what_is_no_base_is_refused_and_left_alone(tmp_path: Path, prepare: Callable[[Path], str]) -> None:
    file = tmp_path / "base.db"
    code = prepare(file)
    with untouched(tmp_path), pytest.raises(StoreUnavailable) as refused:
        bootstrap.build(settings(str(file), tmp_path))
    one_line(refused.value)
    assert refused.value.code == code


def test_a_name_too_long(tmp_path: Path) -> None:
    config = settings(str(tmp_path / ("я" * 300)), tmp_path)
    for attempt in (
        lambda: bootstrap.build(config),
        lambda: bootstrap.create(config, demo=True),
        lambda: bootstrap.prepare_demo(config),
    ):
        with untouched(tmp_path), pytest.raises(StoreUnavailable) as refused:
            attempt()
        assert refused.value.exit_code == 4 and refused.value.message.endswith(".")


def test_a_missing_folder(tmp_path: Path) -> None:
    config = settings(str(tmp_path / "nowhere" / "base.db"), tmp_path)
    for attempt in (lambda: bootstrap.build(config), lambda: bootstrap.create(config, demo=True)):
        with untouched(tmp_path), pytest.raises(StoreUnavailable) as refused:
            attempt()
        one_line(refused.value)
        assert not (tmp_path / "nowhere").exists()


# --- our own base, spoilt


def spoil(file: Path, start: int) -> None:
    """Overwrite everything from a page on with noise."""
    size = file.stat().st_size
    with file.open("r+b") as handle:
        handle.seek(start)
        handle.write(os.urandom(size - start))


@pytest.mark.parametrize("start", [4096, 3 * 4096])
def test_garbage_in_the_middle_of_the_file(sqlite_clinic: Clinic, start: int) -> None:
    spoil(Path(sqlite_clinic.database), start)
    with pytest.raises(StoreUnavailable) as refused:
        desk = sqlite_clinic.desk()
        desk.doctors()
        desk.patient_card(1)
        sqlite_clinic.book(1101)
    one_line(refused.value)
    assert refused.value.code == "corrupt"


def test_a_destroyed_header(sqlite_clinic: Clinic) -> None:
    file = Path(sqlite_clinic.database)
    content = bytearray(file.read_bytes())
    content[:16] = b"\x00" * 16
    file.write_bytes(content)
    with untouched(file.parent), pytest.raises(StoreUnavailable) as refused:
        sqlite_clinic.desk()
    one_line(refused.value)


def test_a_newer_schema_is_left_to_the_newer_program(clinic: Clinic) -> None:
    """What an older program meets after somebody else has upgraded the base."""
    with clinic.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    clinic.close()
    try:
        with pytest.raises(StoreUnavailable) as refused:
            clinic.desk()
        one_line(refused.value)
        assert refused.value.code == "newer_schema"
    finally:
        from registrar_tui.storage.schema import HEAD

        with clinic.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})
    assert clinic.desk().greeting().patients == 12


def test_a_base_locked_for_too_long_is_busy(sqlite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    from registrar_tui.storage import engine

    desk = sqlite_clinic.desk()
    monkeypatch.setattr(engine, "BUSY_DEADLINE", 0.3)
    blocker = sqlite_driver().connect(sqlite_clinic.database, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreUnavailable) as refused:
            sqlite_clinic.book(1101)
        assert refused.value.code == "busy"
        one_line(refused.value)
        assert desk.doctors(), "readers are never kept out"
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()
    assert sqlite_clinic.book(1101).status == "booked"


# --- creating


def test_init_on_an_existing_base_is_refused(clinic: Clinic) -> None:
    clinic.close()
    config = settings(clinic.database, clinic.folder)
    for demo_wanted in (True, False):
        with pytest.raises(Refusal) as refused:
            bootstrap.create(config, demo=demo_wanted)
        assert (refused.value.code, refused.value.exit_code) == ("already_exists", 1)
    assert clinic.desk().greeting().patients == 12
    assert not clinic.folder.joinpath("keys").exists()


def test_init_on_any_existing_file_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    for name in ("empty.db", "text.db"):
        file = tmp_path / name
        file.write_text("" if name == "empty.db" else "важное", encoding="utf-8")
        with untouched(tmp_path), pytest.raises(Refusal) as refused:
            bootstrap.create(settings(str(file), tmp_path), demo=True)
        assert refused.value.code == "already_exists"


def test_a_failing_build_leaves_nothing_behind(store_url: str, tmp_path: Path) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("the power went out")

    config = settings(store_url, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "occupy", failing)
        with pytest.raises(RuntimeError, match="power"):
            bootstrap.create(config, demo=True, patients=5, doctors=2, days=1)
    left = {file.name for file in tmp_path.iterdir()} - {"registrar.db.migrate.lock"}
    assert left == set(), "no base, no half of one, no log"
    with pytest.raises(StoreUnavailable) as refused:
        bootstrap.build(config)
    assert refused.value.code == "no_database"
    assert bootstrap.create(config, demo=True, patients=5, doctors=2, days=1)["patients"] == 5


def test_a_killed_build_leaves_no_base_and_the_next_one_succeeds(tmp_path: Path) -> None:
    file = tmp_path / "base.db"
    arguments = [sys.executable, "-m", "registrar_tui", "init", "--demo", "--db", str(file), "--patients"]
    victim = subprocess.Popen([*arguments, "200000"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    fresh = tmp_path / "base.db.new"
    while victim.poll() is None and not (fresh.exists() and fresh.stat().st_size > 0):
        pass
    victim.kill()
    victim.wait()
    assert not file.exists()
    done = subprocess.run([*arguments, "20", "--doctors", "2"], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    assert file.exists() and not fresh.exists()
