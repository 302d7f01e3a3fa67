"""Encryption at rest: no surname in the bytes, no way in without the key, no desk left in the old file."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from registrar_tui import bootstrap, maintenance
from registrar_tui.config import Config
from registrar_tui.errors import Refusal, StoreUnavailable, UsageError
from registrar_tui.storage import backup as storage_backup
from registrar_tui.storage import base_key, cipher, files, gate
from registrar_tui.storage.base_key import KEY_FILE_VARIABLE, BaseKey
from registrar_tui.storage.engine import open_engine, sqlite_driver
from tests.integration.bases import Clinic, settings

SURNAME = "Абрикосов".encode()


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_FILE_VARIABLE, raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


@pytest.fixture
def config(sqlite_clinic: Clinic) -> Config:
    """The tiny clinic with one booking, nobody in it."""
    sqlite_clinic.book(1101)
    sqlite_clinic.close()
    return settings(sqlite_clinic.database, sqlite_clinic.folder)


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new key, configured."""
    file = tmp_path / "base.key"
    maintenance.new_key(file)
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(file))
    return file


@pytest.fixture
def encrypted(config: Config, key_file: Path) -> Config:
    maintenance.encrypt(config)
    return config


def bytes_of(config: Config, tmp_path: Path) -> bytes:
    """Return the content of the base file, which nobody has open."""
    copy = tmp_path / "copied"
    shutil.copyfile(config.database, copy)
    return copy.read_bytes()


def leftovers(config: Config) -> list[str]:
    path = Path(config.database)
    return sorted(
        entry.name
        for entry in path.parent.iterdir()
        if entry.name.startswith(path.name) and not entry.name.endswith(".migrate.lock")
    )


def code_of(config: Config) -> str:
    with pytest.raises(StoreUnavailable) as refused:
        bootstrap.build(config)
    assert refused.value.exit_code == 4 and "\n" not in refused.value.message
    return refused.value.code


def test_an_encrypted_base_shows_nothing_and_works(config: Config, key_file: Path, tmp_path: Path) -> None:
    assert SURNAME in bytes_of(config, tmp_path)
    steps: list[int] = []
    answer = maintenance.encrypt(config, progress=lambda _what, done, _of: steps.append(done))
    assert answer["encrypted"] and steps == [1, 2, 3]
    content = bytes_of(config, tmp_path)
    assert SURNAME not in content and not content.startswith(b"SQLite format 3")
    assert stat.S_IMODE(Path(config.database).stat().st_mode) == 0o600
    assert leftovers(config) == [Path(config.database).name]
    clinic = Clinic(config.database, config.tickets.parent)
    assert clinic.book(1102, 2).id == 2
    clinic.close()
    assert maintenance.check(config)["problems"] == []
    engine = open_engine(config.database)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    engine.dispose()


def test_without_the_key_or_with_another_one_nobody_comes_in(
    encrypted: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.key"
    maintenance.new_key(other)
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(other))
    assert code_of(encrypted) == "wrong_key"
    monkeypatch.delenv(KEY_FILE_VARIABLE)
    assert code_of(encrypted) == "missing_key"
    assert capfd.readouterr().err == ""  # the cipher's own complaints would land on the desk's screen


def test_the_old_key_is_worth_nothing_after_rekey(
    encrypted: Config, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path / "new.key"
    maintenance.new_key(new)
    maintenance.rekey(encrypted, new)
    assert code_of(encrypted) == "wrong_key"
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(new))
    assert maintenance.check(encrypted)["problems"] == []
    with pytest.raises(Refusal) as same:
        maintenance.rekey(encrypted, new)
    assert same.value.code == "same_key"


def test_a_decrypted_base_needs_no_key(
    encrypted: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maintenance.decrypt(encrypted)
    monkeypatch.delenv(KEY_FILE_VARIABLE)
    assert SURNAME in bytes_of(encrypted, tmp_path)
    assert maintenance.check(encrypted)["problems"] == []


def test_doing_it_twice_is_refused(encrypted: Config) -> None:
    with pytest.raises(Refusal) as twice:
        maintenance.encrypt(encrypted)
    assert twice.value.code == "already_encrypted"
    maintenance.decrypt(encrypted)
    with pytest.raises(Refusal) as plain:
        maintenance.decrypt(encrypted)
    assert plain.value.code == "not_encrypted"


def test_a_backup_is_encrypted_with_the_same_key(
    encrypted: Config, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(maintenance.backup(encrypted)["file"])
    assert SURNAME not in file.read_bytes()
    assert maintenance.verify_backup(file)["ok"]
    new = tmp_path / "new.key"
    maintenance.new_key(new)
    maintenance.rekey(encrypted, new)
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(new))
    assert maintenance.verify_backup(file)["problems"][0]["code"] == "wrong_key"
    with pytest.raises(StoreUnavailable) as refused:
        maintenance.restore(encrypted, file)
    assert refused.value.code == "wrong_key"
    assert maintenance.verify_backup(file, key_file=key_file)["ok"]
    answer = maintenance.restore(encrypted, file, key_file=key_file)
    assert answer["visits"] == 1 and SURNAME not in bytes_of(encrypted, tmp_path)
    assert maintenance.check(encrypted)["problems"] == []


def test_the_progress_of_an_encrypted_backup(encrypted: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_backup, "_HANDLER_STEPS", 20)
    seen: list[tuple[str, int, int]] = []
    made = maintenance.backup(encrypted, progress=lambda *step: seen.append(step))
    assert len(seen) > 10 and all(0 <= done <= of for _, done, of in seen)
    assert abs(seen[-1][2] - made["bytes"]) < 2**17


def test_a_plain_backup_goes_into_an_encrypted_base_and_stays_secret(
    config: Config, key_file: Path, tmp_path: Path
) -> None:
    file = Path(maintenance.backup(config)["file"])
    maintenance.encrypt(config)
    answer = maintenance.restore(config, file)
    assert SURNAME not in bytes_of(config, tmp_path)
    assert SURNAME not in Path(answer["safety_copy"]).read_bytes()
    assert maintenance.check(config)["problems"] == []


def test_a_flipped_bit_in_an_encrypted_backup_is_not_called_a_wrong_key(encrypted: Config) -> None:
    file = Path(maintenance.backup(encrypted)["file"])
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    assert maintenance.verify_backup(file)["problems"][0]["code"] == "damaged"


CHILD = """
import sys
from sqlalchemy import text
from registrar_tui.storage.engine import open_engine
engine = open_engine(sys.argv[1])
with engine.connect() as connection:
    connection.execute(text("SELECT count(*) FROM visit")).scalar()
print("idle", flush=True)
sys.stdin.read()
"""


def test_an_idle_desk_of_another_process_stops_the_encryption(config: Config, key_file: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, config.database], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdout.readline().strip() == b"idle"
        with pytest.raises(Refusal) as refused:
            maintenance.encrypt(config)
        process.kill()
    assert refused.value.code == "desks_connected" and "закройте" in refused.value.message
    assert SURNAME in Path(config.database).read_bytes()
    maintenance.encrypt(config)  # and when it has gone, nothing stands in the way


def test_nobody_comes_in_while_the_file_is_changed(
    config: Config, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    put = files.put_in_place

    def look(part: Path, path: Path) -> None:
        told.append(code_of(config))
        put(part, path)
        told.append(code_of(config))

    monkeypatch.setattr(files, "put_in_place", look)
    maintenance.encrypt(config)
    assert told == ["maintenance", "maintenance"]
    assert maintenance.check(config)["ok"]


def test_a_file_that_came_out_different_changes_nothing(
    config: Config, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = cipher._export

    def lossy(connection: Any, target: Path, key: BaseKey | None) -> None:
        export(connection, target, key)
        spoiled, _ = cipher.raw_connection(target, [key])
        spoiled.execute("UPDATE patient SET first_name = 'Пётр' WHERE id = 3")
        spoiled.close()

    monkeypatch.setattr(cipher, "_export", lossy)
    before = bytes_of(config, tmp_path)
    with pytest.raises(StoreUnavailable) as refused:
        maintenance.encrypt(config)
    assert refused.value.code == "corrupt"
    assert bytes_of(config, tmp_path)[100:] == before[100:]
    assert leftovers(config) == [Path(config.database).name]
    assert maintenance.check(config)["ok"]


def test_a_new_base_is_encrypted_where_a_key_is_configured(key_file: Path, tmp_path: Path) -> None:
    config = settings(str(tmp_path / "new.db"), tmp_path)
    bootstrap.create(config, demo=True, patients=20, doctors=4, days=1)
    assert not bytes_of(config, tmp_path).startswith(b"SQLite format 3")
    bootstrap.build(config).close()


def test_a_backup_of_a_server_is_encrypted_too(
    pg_clinic: Clinic, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = settings(pg_clinic.database, tmp_path)
    file = Path(maintenance.backup(config, out=tmp_path / "server.db")["file"])
    assert SURNAME not in file.read_bytes() and maintenance.verify_backup(file)["ok"]
    with pytest.raises(UsageError):
        maintenance.encrypt(config)


# --- where the key is found -------------------------------------------------------


def test_a_key_file_others_can_read_is_refused(encrypted: Config, key_file: Path) -> None:
    key_file.chmod(0o640)
    assert code_of(encrypted) == "key_unavailable"


@pytest.mark.parametrize("content", ["", "secret", "g" * 64, "ab" * 33])
def test_what_is_no_key_is_refused(config: Config, key_file: Path, content: str) -> None:
    key_file.write_text(content, encoding="ascii")
    assert code_of(config) == "key_unavailable"


def test_a_missing_key_file_is_refused(config: Config, key_file: Path) -> None:
    key_file.unlink()
    assert code_of(config) == "key_unavailable"


def test_a_link_to_a_key_is_refused(config: Config, key_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = key_file.with_name("link.key")
    link.symlink_to(key_file)
    monkeypatch.setenv(KEY_FILE_VARIABLE, str(link))
    assert code_of(config) == "key_unavailable"


def test_the_credential_of_a_service_is_found(
    encrypted: Config, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    shutil.copyfile(key_file, credentials / base_key.CREDENTIAL)
    monkeypatch.delenv(KEY_FILE_VARIABLE)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    assert maintenance.check(encrypted)["ok"]


def test_the_keyring_is_asked_last_and_only_for_an_encrypted_base(
    encrypted: Config, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    content = key_file.read_text(encoding="ascii").strip()

    def keyring() -> BaseKey:
        asked.append("keyring")
        return BaseKey(content)

    monkeypatch.setattr(base_key, "_keyring_key", keyring)
    maintenance.check(encrypted)
    assert asked == []
    monkeypatch.delenv(KEY_FILE_VARIABLE)
    assert maintenance.check(encrypted)["ok"] and asked == ["keyring"]
    plain = settings(str(tmp_path / "plain.db"), tmp_path)
    asked.clear()
    bootstrap.create(plain, demo=True, patients=20, doctors=4, days=1)
    maintenance.check(plain)
    assert asked == []


def test_a_key_never_shows_itself(key_file: Path) -> None:
    key = base_key.read_key_file(key_file)
    assert key.hex not in repr(key) and key.hex not in key.fingerprint
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    with pytest.raises(Refusal) as again:
        maintenance.new_key(key_file)
    assert again.value.code == "already_exists"


def test_without_the_cipher_nothing_is_promised(
    config: Config, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    monkeypatch.setattr(cipher, "sqlite_driver", lambda: sqlite3)
    with pytest.raises(StoreUnavailable) as refused:
        maintenance.encrypt(config)
    assert refused.value.code == "no_cipher"
    assert sqlite_driver() is not sqlite3


def test_the_entrance_of_a_folder_is_shared_by_those_who_come_in(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with gate.entrance(path), gate.entrance(path):
        assert not list(tmp_path.iterdir())
    with gate.closed_entrance(path), pytest.raises(StoreUnavailable) as refused, gate.entrance(path):
        pass
    assert refused.value.code == "maintenance"
