"""Care of a working base by the commands themselves."""

from __future__ import annotations

import os
import pty
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.end_to_end.demo_base import refused
from tests.cli.end_to_end.real_base import RealBase, change
from tests.integration.bases import PG_SKIPPED, own_schema

SERVER = os.environ.get("REGISTRAR_TEST_PG_URL")


def noted(real: RealBase) -> list[str]:
    """Return what the journal says of the base's care, newest first; the administrator stays signed in."""
    real.becomes("oleg")
    rows = real("audit", "list").json
    real.becomes("boss")
    return [row["action"] for row in rows if row["action"].startswith(("backup", "base"))]


def booked(real: RealBase) -> str:
    """Book somebody, as anna; the administrator is signed in again afterwards."""
    clinic = real.becomes("anna")
    patient = real.somebody()
    visit = clinic.book(patient, real.free_slot(patient))
    real.becomes("boss")
    return str(visit["id"])


def shown(real: RealBase, visit: str) -> int:
    real.becomes("anna")
    code = real("visit", "show", visit).code
    real.becomes("boss")
    return code


def test_backup_and_restore(real: RealBase, tmp_path: Path) -> None:
    real.becomes("boss")
    taken = real("db", "backup", "--out", "b.db")
    assert (taken.code, list(taken.json)) == (0, ["file", "sha256", "bytes"])
    file = tmp_path / "b.db"
    assert file.stat().st_mode & 0o777 == 0o600 and file.stat().st_size == taken.json["bytes"]
    assert "clinic-keys" in taken.err
    assert real("db", "verify", "b.db").json["ok"]
    visit = booked(real)
    assert real("db", "restore", "b.db").code == 1, "the live base knows of a booking that the copy lacks"
    assert shown(real, visit) == 0
    restored = real("db", "restore", "b.db", "--force")
    assert restored.code == 0, restored.err
    assert Path(restored.json["safety_copy"]).exists()
    assert shown(real, visit) == 1
    assert real("db", "check").json["ok"]
    assert noted(real)[0] == "base-restored"


def test_backups_are_listed_and_a_base_that_is_gone_comes_back(real: RealBase) -> None:
    visit = booked(real)
    file = real("db", "backup").json["file"]
    assert [row["file"] for row in real("db", "backups").json] == [file]
    real.path.unlink()
    refused(real("db", "backup"), "no_database", 4)
    answer = real("db", "restore", file)
    assert (answer.code, answer.json["safety_copy"]) == (0, None)
    assert shown(real, visit) == 0


@pytest.mark.parametrize("fault", ["cut", "flipped", "foreign", "absent"])
def test_what_is_no_sound_copy(real: RealBase, tmp_path: Path, fault: str) -> None:
    real.becomes("boss")
    real("db", "backup", "--out", "b.db")
    file = tmp_path / "b.db"
    content = bytearray(file.read_bytes())
    match fault:
        case "cut":
            file.write_bytes(content[: len(content) // 2])
        case "flipped":
            content[len(content) // 2] ^= 1
            file.write_bytes(content)
        case "foreign":
            file.write_bytes(b"not a base " * 1000)
        case "absent":
            file.unlink()
    before = real.path.read_bytes()
    verdict = real("db", "verify", "b.db")
    assert (verdict.code, verdict.json["ok"]) == (1, False)
    assert real("db", "restore", "b.db").code in (1, 2, 4)
    assert real.path.read_bytes() == before


def test_check_finds_what_is_wrong(real: RealBase) -> None:
    real.becomes("boss")
    assert real("db", "check").json["ok"]
    change(real.path, "DELETE FROM claim WHERE slot_id = (SELECT min(slot_id) FROM claim)")
    for line in ("db check", "db check --quick"):
        verdict = real(*line.split())
        assert verdict.code == 1
        assert verdict.json["problems"] and set(verdict.json["problems"][0]) == {"code", "message"}


def test_copy_to_another_file_and_work_there(real: RealBase, tmp_path: Path) -> None:
    visit = booked(real)
    answer = real("db", "copy", "--to", str(tmp_path / "new.db"))
    assert answer.code == 0, answer.err
    assert list(answer.json) == ["to", "tables", "rows", "checksums"]
    assert "new-keys" in answer.err
    refused(real("db", "copy", "--to", str(tmp_path / "new.db")), "already_exists")
    (tmp_path / "clinic-keys").rename(tmp_path / "new-keys")
    there = ("--db", str(tmp_path / "new.db"))
    real.typed_in("anna-длинный-пароль")
    assert real("operator", "login", "anna", "--password-stdin", *there).code == 0
    assert real("visit", "show", visit, *there).json["id"] == int(visit)


def test_copy_to_a_server_and_back(real: RealBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not SERVER:
        pytest.skip(PG_SKIPPED)
    visit = booked(real)
    with own_schema(SERVER, f"registrar_cli_copy_{os.getpid()}") as url:
        out = real("db", "copy", "--to", url)
        assert out.code == 0, out.err
        assert real("db", "copy", "--to", url).code == 1, "a base that stands is never written over"
        (tmp_path / "data" / "registrar").mkdir(parents=True, exist_ok=True)
        (tmp_path / "clinic-keys").rename(tmp_path / "data" / "registrar" / "keys")
        monkeypatch.setenv("REGISTRAR_DB", url)
        real.becomes("anna")
        assert real("visit", "show", visit).json["id"] == int(visit)
        real.becomes("oleg")
        assert real("audit", "verify").json["ok"]
        real.becomes("boss")
        assert real("db", "check").json["ok"]
        back = real("db", "copy", "--to", str(tmp_path / "back.db"))
    assert back.code == 0, back.err
    same = ("visit", "visit_event", "claim", "slot", "patient")
    assert {name: back.json["checksums"][name] for name in same} == {
        name: out.json["checksums"][name] for name in same
    }


def test_encryption(real: RealBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = booked(real)
    assert real("db", "encrypt").error["code"] == "key_unavailable"
    assert real("db", "new-key", "--out", "one.key").code == 0
    assert (tmp_path / "one.key").stat().st_mode & 0o777 == 0o600
    assert real("db", "new-key", "--out", "one.key").code == 1
    monkeypatch.setenv("REGISTRAR_DB_KEY_FILE", str(tmp_path / "one.key"))
    made = real("db", "encrypt")
    assert made.code == 0, made.err
    assert made.json["encrypted"] and not real.path.read_bytes().startswith(b"SQLite format 3")
    assert shown(real, visit) == 0
    refused(real("db", "encrypt"), "already_encrypted")
    real("db", "new-key", "--out", "two.key")
    assert real("db", "rekey", "--key-file", str(tmp_path / "two.key")).code == 0
    monkeypatch.setenv("REGISTRAR_DB_KEY_FILE", str(tmp_path / "one.key"))
    assert real("visit", "show", visit).code == 4
    monkeypatch.setenv("REGISTRAR_DB_KEY_FILE", str(tmp_path / "two.key"))
    assert shown(real, visit) == 0
    assert real("db", "decrypt").json["encrypted"] is False
    assert real.path.read_bytes().startswith(b"SQLite format 3")
    assert noted(real) == ["base-decrypted", "base-rekeyed", "base-encrypted"]


def test_progress_is_seen_by_nobody_in_a_pipe(real: RealBase) -> None:
    real.becomes("boss")
    answer = real("db", "backup", "--quiet")
    assert answer.err == ""


def on_a_terminal(*arguments: str) -> tuple[int, str]:
    """Run a command on a terminal of its own; returns its exit code and all that was drawn."""
    child, terminal = pty.fork()
    if child == 0:
        command = [sys.executable, "-m", "registrar_tui", *arguments]
        os.execve(command[0], command, {**os.environ, "TERM": "xterm-256color"})
    drawn = b""
    with suppress(OSError):  # the terminal ends with its last program
        while data := os.read(terminal, 4096):
            drawn += data
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), drawn.decode()


@pytest.mark.parametrize(("command", "stage"), [("backup", "Копия"), ("check", "Связи строк")])
def test_a_person_at_a_terminal_sees_progress(real: RealBase, command: str, stage: str) -> None:
    real.becomes("boss")
    code, drawn = on_a_terminal("db", command)
    assert code == 0 and stage in drawn and "━" in drawn and "100 %" in drawn, drawn
    assert "\x1b[2K" in drawn.rpartition("100 %")[2], "the bar goes when the work is done"
    assert on_a_terminal("--quiet", "db", command)[1].count("━") == 0
