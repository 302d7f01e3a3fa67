"""What work leaves on the disk is private, whatever the umask; secrets that are not private are refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.cli.end_to_end.demo_base import refused
from tests.cli.end_to_end.real_base import RealBase, password_of
from tests.cli.harness import Registrar


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The mask of a careless host: without care every new file is readable and writable for all."""
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> dict[str, str]:
    """Return what anybody but the owner has any right to, with its mode."""
    found = {}
    for path in folder.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077:
            found[str(path.relative_to(folder))] = oct(mode)
    return found


def test_everything_a_clinic_writes_is_private(
    registrar: Registrar,
    typed_in: Callable[[str | bytes], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    open_umask: None,
) -> None:
    folder = tmp_path / "clinic"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("REGISTRAR_DB", str(folder / "new.db"))
    monkeypatch.setenv("REGISTRAR_BACKUPS", str(folder / "backups"))
    monkeypatch.setenv("REGISTRAR_TOKEN_FILE", str(folder / "own" / "token"))

    def call(*line: str) -> None:
        answer = registrar(*line, "--json")
        assert answer.code in (0, 1), (line, answer.err)

    typed_in(password_of("boss"))
    call("init", "--clinic", "Поликлиника", "--branch", "Корпус", "--admin", "boss", "--password-stdin")
    typed_in(password_of("boss"))
    call("operator", "login", "boss", "--password-stdin")
    call("db", "backup")
    call("db", "backup", "--out", str(folder / "own" / "b.db"))
    call("db", "new-key", "--out", str(folder / "own" / "base.key"))
    call("db", "restore", str(folder / "own" / "b.db"), "--force")
    typed_in(password_of("boss"))
    call("operator", "login", "boss", "--password-stdin")
    typed_in(password_of("oleg"))
    call("operator", "add", "oleg", "--role", "auditor", "--password-stdin")
    typed_in(password_of("oleg"))
    call("operator", "login", "oleg", "--password-stdin")
    typed_in("собственный пароль")
    call("operator", "password", "oleg", "--password-stdin")
    typed_in("собственный пароль")
    call("operator", "login", "oleg", "--password-stdin")
    call("audit", "verify")
    call("audit", "export", "--out", str(folder / "own" / "journal.csv"))
    names = {path.name for path in folder.rglob("*")}
    assert {"new.db", "journal.key", "ticket-1.key", "journal-anchors.jsonl", "token", "b.db"} <= names
    assert {"base.key", "journal.csv", "b.db.json"} <= names
    assert open_to_others(folder) == {}


def test_tickets_and_exports_are_private_too(
    real: RealBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_umask: None
) -> None:
    folder = tmp_path / "out"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("REGISTRAR_TICKETS", str(folder / "tickets"))
    real.becomes("vera")
    patient = real.somebody()
    visit = real("book", "--patient", str(patient), "--slot", str(real.free_slot(patient)), "--print")
    assert visit.code == 0, visit.err
    day = visit.json["starts_at"][:10]
    assert real("ticket", "print", str(visit.json["id"]), "--out", str(folder / "t.pdf")).code == 0
    assert real("ticket", "batch", "--date", day, "--out", str(folder / "day.pdf")).code == 0
    assert len(list(folder.rglob("*.pdf"))) == 3
    assert open_to_others(folder) == {}


@pytest.mark.parametrize("name", ["journal.key", "ticket-1.key"])
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_could_read_is_refused(real: RealBase, name: str, mode: int) -> None:
    key = real.path.with_name("clinic-keys") / name
    key.chmod(mode)
    told = refused(real.login("anna"), "keys_unavailable", 4)["message"]
    assert told.endswith(f"chmod 600 {key}.") and "\n" not in told
    key.chmod(0o600)
    assert real.login("anna").code == 0


def test_a_key_that_is_a_link_is_refused(real: RealBase, tmp_path: Path) -> None:
    key = real.path.with_name("clinic-keys") / "journal.key"
    key.rename(tmp_path / "elsewhere.key")
    key.symlink_to(tmp_path / "elsewhere.key")
    refused(real.login("anna"), "keys_unavailable", 4)


def test_a_traceback_shows_no_number_of_a_person(real: RealBase, monkeypatch: pytest.MonkeyPatch) -> None:
    from registrar_tui.services import search

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(
            "СНИЛС 112-233-445 95, тел. +79161234567, ЕНП 7758840848000012, 24.11.2026 в 09:45"
        )

    real.becomes("anna")
    monkeypatch.setenv("REGISTRAR_DEBUG", "1")
    monkeypatch.setattr(search, "find_patients", broken)
    told = real("find", "ан")
    assert told.code == 70 and "RuntimeError" in told.err
    for number in ("112-233-445", "9161234567", "7758840848000012"):
        assert number not in told.err
    assert "24.11.2026 в 09:45" in told.err


def test_a_ticket_code_is_of_no_use_to_the_auditor(real: RealBase) -> None:
    real.becomes("anna")
    patient = real.somebody()
    visit = real("book", "--patient", str(patient), "--slot", str(real.free_slot(patient))).json
    real.becomes("oleg")
    shown = real("visit", "show", str(visit["id"])).json
    assert shown["ticket_code"] == "·" * 16 + visit["ticket_code"][-4:]
    assert visit["ticket_code"] not in str(shown)


def test_an_administrator_asks_no_slots_for_a_person(real: RealBase) -> None:
    real.becomes("boss")
    day = date.today().isoformat()
    assert real("slot", "list", "--specialty", "терапевт", "--from", day).code == 0
    refused(real("slot", "list", "--specialty", "терапевт", "--patient", "1"), "not_allowed", 5)
