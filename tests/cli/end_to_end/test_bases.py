"""Bases that are absent, foreign, torn, newer, or already there."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.end_to_end.demo_base import NOW, Clinic, build, refused
from tests.cli.harness import Registrar


def test_same_arguments_give_the_same_data(built: Path, tmp_path: Path, clinic: Clinic) -> None:
    again = build(tmp_path)
    for line in ("find ан --limit 50", "doctor list", "slot list --specialty эндокринолог", "visit list"):
        first = clinic(*line.split())
        second = clinic(*line.split(), "--db", str(again))
        assert first.out == second.out, line


def test_existing_base_is_refused_and_untouched(base: Path, registrar: Registrar) -> None:
    before = base.read_bytes()
    refused(registrar("init", "--demo", "--db", str(base), "--json"), "already_exists")
    assert base.read_bytes() == before


@pytest.fixture
def no_bases(base: Path, tmp_path: Path) -> dict[str, bytes]:
    """Files that are not a base of ours, by name."""
    folder = tmp_path / "strange"
    folder.mkdir()
    (folder / "noise.db").write_bytes(b"\x00\x01 no base at all" * 400)
    (folder / "empty.db").write_bytes(b"")
    with sqlite3.connect(folder / "foreign.db") as connection:
        connection.execute("CREATE TABLE customers (id INTEGER)")
    connection.close()
    torn = bytearray(base.read_bytes())
    torn[4096 : 4096 * 30] = os.urandom(4096 * 29)
    (folder / "torn.db").write_bytes(torn)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("line", ["find ан", "visit list", "book --patient 1 --slot 1", "rule list"])
def test_what_is_no_base_is_told_in_one_line(
    registrar: Registrar, no_bases: dict[str, bytes], tmp_path: Path, line: str
) -> None:
    for name in (*no_bases, "absent.db", "no/such/folder.db", "."):
        answer = registrar(*line.split(), "--db", str(tmp_path / "strange" / name), "--json")
        assert answer.code == 4, (name, answer)
        assert answer.error["message"] == answer.err.rstrip("\n")
    assert not (tmp_path / "strange" / "absent.db").exists()


@pytest.mark.parametrize("name", ["noise.db", "empty.db", "foreign.db", "torn.db"])
def test_what_is_no_base_is_not_written_to(
    registrar: Registrar, no_bases: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    file = tmp_path / "strange" / name
    for line in ("find ан", "book --patient 1 --slot 1", "db upgrade"):
        registrar(*line.split(), "--db", str(file))
    assert file.read_bytes() == no_bases[name]


def test_newer_schema(base: Path, registrar: Registrar) -> None:
    with sqlite3.connect(base) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    answer = registrar("find", "ан", "--json")
    assert (answer.code, answer.error["code"]) == (4, "newer_schema")


def test_unreachable_server(registrar: Registrar) -> None:
    answer = registrar("find", "ан", "--db", "postgresql://u:secret@127.0.0.1:1/none", "--json")
    assert answer.code == 4
    assert "secret" not in answer.out + answer.err


@pytest.mark.parametrize("url", ["mysql://host/db", "postgresql://[", "://", "http://x"])
def test_addresses_that_are_no_base(registrar: Registrar, url: str) -> None:
    assert registrar("find", "ан", "--db", url, "--json").code in (2, 4)


def test_set_clock_is_for_the_demo_only(
    registrar: Registrar, base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRAR_NOW", "yesterday")
    assert registrar("find", "ан", "--json").error["field"] == "REGISTRAR_NOW"
    monkeypatch.setenv("REGISTRAR_NOW", NOW)
    working = str(tmp_path / "working.db")
    assert registrar("init", "--db", working).code == 0
    answer = registrar("find", "ан", "--db", working, "--json")
    assert answer.code in (4, 5)


def test_upgrade(base: Path, registrar: Registrar, tmp_path: Path) -> None:
    answer = registrar("db", "upgrade", "--json")
    assert answer.code == 0
    assert answer.json["revision"]
    assert registrar("db", "upgrade", "--db", str(tmp_path / "absent.db")).code == 4


def test_read_only_folder(base: Path, tmp_path: Path) -> None:
    """Root may write anywhere, so the right is taken away by the mode and checked only for others."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    folder = tmp_path / "shut"
    folder.mkdir()
    shutil.copy(base, folder / "clinic.db")
    folder.chmod(0o500)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "registrar_tui", "init", "--db", str(folder / "new.db"), "--json"],
            env=os.environ,
            capture_output=True,
            timeout=300,
        )
    finally:
        folder.chmod(0o700)
    assert done.returncode == 4
