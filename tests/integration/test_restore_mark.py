"""A restore takes entries of the journal away: it says so itself, and nothing else may hide behind it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registrar_tui import maintenance
from registrar_tui.config import Config
from registrar_tui.errors import NotAllowed
from registrar_tui.services import operators
from registrar_tui.storage.anchors import FILE
from registrar_tui.storage.backup import FOLDER_VARIABLE
from registrar_tui.storage.base_key import KEY_FILE_VARIABLE
from tests.integration.bases import Clinic
from tests.integration.real_clinic import CheapHasher, RealClinic
from tests.integration.test_audit import faults, past_the_triggers


@pytest.fixture
def real(clinic: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RealClinic]:
    """A working base with its staff."""
    yield from _working(clinic, monkeypatch, tmp_path)


@pytest.fixture
def real_file(sqlite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RealClinic]:
    """The same in a file only."""
    yield from _working(sqlite_clinic, monkeypatch, tmp_path)


def _working(clinic: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[RealClinic]:
    cheap = CheapHasher()
    monkeypatch.setattr(operators, "_hasher", lambda: cheap)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "backups"))
    operators._nobodys_hash.cache_clear()
    real = RealClinic(clinic).staffed()
    yield real
    real.close()
    operators._nobodys_hash.cache_clear()


def taken(real: RealClinic) -> Path:
    real.clinic.advance(seconds=1)
    return Path(maintenance.backup(real.config(), clock=real.clock)["file"])


def restored(real: RealClinic, file: Path) -> dict[str, Any]:
    real.clinic.advance(seconds=1)
    by = real.office("adm").writer
    answer = maintenance.restore(real.config(), file, force=True, by=by, clock=real.clock)
    real.clinic.advance(seconds=1)
    assert answer["unmarked"] is None
    return answer


def work(real: RealClinic, entries: int = 3) -> None:
    desk = real.desk("reg")
    for patient in range(1, entries + 1):
        desk.patient_card(patient)


def marks(real: RealClinic) -> Path:
    return real.config().keys / FILE


def test_a_restore_to_an_older_state_is_told_and_no_alarm(real: RealClinic) -> None:
    work(real)
    backup = taken(real)
    work(real, 4)
    assert faults(real) == []  # an anchor that remembers what the copy lacks
    before = len(real.entries()) + 1  # the administrator's own sign-in
    answer = restored(real, backup)
    after = real.entries()
    assert after[-1]["action"] == "base-restored" and after[-1]["operator"] == "adm"
    assert json.loads(after[-1]["detail"])["copy"] == backup.name
    verdict = real.office("aud").verify_journal()
    assert (verdict["ok"], verdict["problems"]) == (True, [])
    (told,) = verdict["restores"]
    assert (told["operator"], told["desk"], told["copy"]) == ("adm", "окно 1", backup.name)
    assert (told["before"], told["after"]) == (before, len(after))
    assert told["kept"] == Path(answer["safety_copy"]).name
    work(real)
    assert faults(real) == []


def test_the_state_before_may_come_back_and_go_again(real: RealClinic) -> None:
    work(real)
    backup = taken(real)
    work(real)
    assert faults(real) == []
    first = restored(real, backup)
    work(real, 5)
    assert faults(real) == []
    second = restored(real, Path(first["safety_copy"]))
    work(real)
    assert faults(real) == []
    restored(real, Path(second["safety_copy"]))
    work(real)
    assert faults(real) == []
    assert len(real.office("aud").verify_journal()["restores"]) == 3


def test_what_the_mark_does_not_name_is_missed(real: RealClinic) -> None:
    """A cut after the restore, down to the very entries that the restore left."""
    work(real)
    backup = taken(real)
    work(real)
    assert faults(real) == []
    restored(real, backup)
    left = len(real.entries())
    work(real)
    assert faults(real) == []
    past_the_triggers(
        real, lambda connection: connection.execute(text(f"DELETE FROM audit_entry WHERE id > {left}"))
    )
    past_the_triggers(
        real,
        lambda connection: connection.execute(
            text("DELETE FROM audit_entry WHERE number > (SELECT max(number) FROM audit_entry) - 2")
        ),
    )
    assert "audit_truncated" in faults(real)


def test_the_entry_of_the_restore_cannot_be_taken_away(real: RealClinic) -> None:
    work(real)
    backup = taken(real)
    work(real)
    restored(real, backup)
    past_the_triggers(
        real,
        lambda connection: connection.execute(text("DELETE FROM audit_entry WHERE action = 'base-restored'")),
    )
    # The auditor's own sign-in may have taken the place of the entry.
    assert set(faults(real)) & {"audit_truncated", "audit_replaced"}


def test_a_copied_mark_hides_no_other_cut(real_file: RealClinic) -> None:
    real = real_file
    work(real)
    backup = taken(real)
    work(real)
    restored(real, backup)
    mark = marks(real).read_bytes().splitlines(keepends=True)[-1]
    left = len(real.entries())
    work(real)
    assert faults(real) == []
    past_the_triggers(
        real, lambda connection: connection.execute(text(f"DELETE FROM audit_entry WHERE number > {left}"))
    )
    assert faults(real) == ["audit_truncated"]
    with marks(real).open("ab") as file:
        file.write(mark)
    assert sorted(faults(real)) == ["audit_mark_forged", "audit_truncated"]


def test_a_mark_without_the_key_explains_nothing(real_file: RealClinic) -> None:
    from registrar_tui.services import audit
    from registrar_tui.storage.anchors import RestoreFacts, read_book, write_mark

    real = real_file
    work(real)
    assert faults(real) == []
    gone = [head for then in read_book(real.config().keys, b"").anchors.values() for head in then]
    past_the_triggers(
        real, lambda connection: connection.execute(text("DELETE FROM audit_entry WHERE number > 3"))
    )
    with real.clinic.read() as session:
        heads = audit.heads(session)
    facts = RestoreFacts("2026-11-23T09:00:00+00:00", "adm", "окно 1", "b.db", "ab", "", 9, 3)
    write_mark(real.config().keys, bytes(32), facts, heads, gone)
    assert sorted(faults(real)) == ["audit_mark_forged", "audit_truncated"]


def test_a_restore_past_the_program_is_a_cut(real_file: RealClinic, tmp_path: Path) -> None:
    """Somebody lays an old file in place of the base: there is no mark, so the anchor tells."""
    real = real_file
    work(real)
    backup = taken(real)
    work(real)
    assert faults(real) == []
    real.close()
    real.clinic.close()
    real._opened.clear()
    for suffix in ("", "-wal", "-shm"):
        Path(real.clinic.database + suffix).unlink(missing_ok=True)
    shutil.copyfile(backup, real.clinic.database)
    assert faults(real) == ["audit_truncated"]


def test_everybody_signs_in_again(real: RealClinic) -> None:
    """A session that was ended since the copy was taken must not come back with it."""
    token = real.sign_in("reg")
    desk = real.desk_of(token)
    backup = taken(real)
    real.office("adm").set_active("reg", active=False)
    restored(real, backup)
    with pytest.raises(NotAllowed):
        desk.patient_card(1)
    with pytest.raises(NotAllowed):
        real.desk_of(token)
    real.desk("reg").patient_card(1)


def test_a_restore_without_keys_says_that_it_is_unmarked(real_file: RealClinic) -> None:
    backup = taken(real_file)
    (real_file.config().keys / "journal.key").unlink()
    answer = maintenance.restore(real_file.config(), backup, clock=real_file.clock)
    assert "Ключей клиники нет" in answer["unmarked"]


def test_a_base_nobody_could_sign_in_to(real_file: RealClinic) -> None:
    """The base was gone: who restored it is not known, the computer is."""
    real = real_file
    work(real)
    backup = taken(real)
    work(real)
    assert faults(real) == []
    real.close()
    real.clinic.close()
    real._opened.clear()
    for suffix in ("", "-wal", "-shm"):
        Path(real.clinic.database + suffix).unlink(missing_ok=True)
    answer = maintenance.restore(real.config("окно 9"), backup, clock=real.clock)
    assert answer["unmarked"] is None and answer["safety_copy"] is None
    verdict = real.office("aud").verify_journal()
    assert verdict["ok"]
    assert (verdict["restores"][0]["operator"], verdict["restores"][0]["desk"]) == ("", "окно 9")


def test_a_copied_base_verifies_with_the_copied_keys(real_file: RealClinic, tmp_path: Path) -> None:
    real = real_file
    work(real)
    assert faults(real) == []
    to = tmp_path / "copy"
    to.mkdir()
    maintenance.copy(real.config(), str(to / "clinic.db"))
    shutil.copytree(real.config().keys, to / "keys")
    other = RealClinic.__new__(RealClinic)
    other.clinic, other.clock, other._opened = Clinic(str(to / "clinic.db"), to), real.clock, []
    work(other)
    assert faults(other) == []
    assert len(other.entries()) > len(real.entries())
    other.close()
    other.clinic.close()


def test_encryption_changes_no_entry(
    real_file: RealClinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = real_file
    work(real)
    assert faults(real) == []
    for name in ("one.key", "two.key"):
        maintenance.new_key(tmp_path / name)
    steps: list[tuple[str, Any]] = [
        ("one.key", lambda config: maintenance.encrypt(config)),
        ("two.key", lambda config: _rekeyed(config, tmp_path)),
        ("two.key", lambda config: maintenance.decrypt(config)),
    ]
    for name, step in steps:
        real.close()
        real.clinic.close()
        real._opened.clear()
        if name == "one.key":
            monkeypatch.setenv(KEY_FILE_VARIABLE, str(tmp_path / name))
        step(real.config())
        monkeypatch.setenv(KEY_FILE_VARIABLE, str(tmp_path / name))
        assert faults(real) == []
        work(real)
    assert faults(real) == []


def _rekeyed(config: Config, folder: Path) -> None:
    maintenance.rekey(config, folder / "two.key")
