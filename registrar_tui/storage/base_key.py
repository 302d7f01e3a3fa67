"""The key of an encrypted base: where it is found, and opening a file with it.

A raw 256-bit key, so that opening costs 0.3 ms instead of the 127 ms of a passphrase. It is never in a URL,
never in the arguments of a command. Order: the file named by `REGISTRAR_DB_KEY_FILE` (0600), a credential of
systemd, the keyring of a desktop. It protects disks and backups, not a machine whose root is hostile, and is
no certified means.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from registrar_tui.errors import Refusal, StoreUnavailable

KEY_FILE_VARIABLE = "REGISTRAR_DB_KEY_FILE"
CREDENTIAL = "registrar-db-key"
KEYRING_SERVICE, KEYRING_NAME = "registrar", "db-key"
_HEX = re.compile(r"[0-9a-fA-F]{64}")
_LONGEST = 4096  # a key file is one line; whatever is longer is something else
_PAGE = 4096


@dataclass(frozen=True, slots=True)
class BaseKey:
    """One raw key; `repr` never shows it."""

    hex: str = field(repr=False)

    @property
    def literal(self) -> str:
        """Return what `PRAGMA key` and `ATTACH … KEY` take."""
        return f"x'{self.hex}'"

    @property
    def fingerprint(self) -> str:
        """Return what tells this key from another without telling the key."""
        return hashlib.sha256(f"registrar base key {self.hex}".encode()).hexdigest()[:16]


def configured_key() -> BaseKey | None:
    """Return the key this machine is given in a file or a credential, None where there is neither."""
    named = os.environ.get(KEY_FILE_VARIABLE)
    if named:
        return read_key_file(Path(named))
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and (Path(folder) / CREDENTIAL).exists():
        # systemd guards the folder itself, and shows its access list as group bits of the file.
        return _read(Path(folder) / CREDENTIAL, private=False)
    return None


def any_key() -> BaseKey | None:
    """Return the configured key, else the keyring's: asking it is slow, so only where a key is needed."""
    return configured_key() or _keyring_key()


def read_key_file(file: Path) -> BaseKey:
    """Return the key of a file that nobody else may read; StoreUnavailable says what is wrong with it."""
    return _read(file, private=True)


def create_key_file(file: Path) -> BaseKey:
    """Write a new random key (0600); a file that stands is refused."""
    key = BaseKey(secrets.token_hex(32))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise Refusal("already_exists", f"Файл {file} уже есть: укажите другой.", field="out") from error
    except OSError as error:
        raise _trouble(f"Ключ в {file} не записан: проверьте папку и права.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(key.hex + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return key


def _read(file: Path, *, private: bool) -> BaseKey:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, encoding="ascii", errors="replace") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            content = stream.read(_LONGEST).strip()
    except OSError as error:
        raise _trouble(f"Ключ базы {file} не читается: проверьте путь и права.") from error
    if private and stat.S_IMODE(mode) & 0o077:
        raise _trouble(f"Ключ базы {file} открыт другим: выполните chmod 600 {file}.")
    return _parsed(content, str(file))


def _keyring_key() -> BaseKey | None:
    if find_spec("keyring") is None:
        return None
    keyring: Any = import_module("keyring")
    try:
        content = keyring.get_password(KEYRING_SERVICE, KEYRING_NAME)
    except keyring.errors.KeyringError:  # on a host without a desktop there is none to ask
        return None
    return _parsed(content.strip(), "в связке ключей") if content else None


def _parsed(content: str, where: str) -> BaseKey:
    if not _HEX.fullmatch(content):
        raise _trouble(f"Ключ базы {where} испорчен: нужны 64 шестнадцатеричных знака.")
    return BaseKey(content.lower())


def _trouble(message: str) -> StoreUnavailable:
    return StoreUnavailable(message, code="key_unavailable")


def open_with_key(
    path: Path,
    connect: Callable[[], Any],
    driver_error: type[Exception],
    keys: Sequence[BaseKey | None] | None = None,
) -> tuple[Any, BaseKey | None]:
    """Open a base with the first key that reads it (None: no key); returns the connection and that key.

    Without `keys` these are the configured one, none, the keyring's. StoreUnavailable where none fits.
    """
    given = [configured_key(), None] if keys is None else list(keys)
    tried: list[BaseKey | None] = []
    while given:
        key = given.pop(0)
        if key not in tried:
            tried.append(key)
            connection = connect()
            if _reads(connection, key, driver_error):
                return connection, key
            connection.close()
        if not given and keys is None:
            keys, given = (), [_keyring_key()]
    raise _no_key_fits(path, tried)


def _reads(connection: Any, key: BaseKey | None, driver_error: type[Exception]) -> bool:
    try:
        # SQLCipher would write of each key that does not fit to stderr, into the desk's screen.
        connection.execute("PRAGMA cipher_log_level = NONE")
        if key is not None:
            connection.execute(f'PRAGMA key = "{key.literal}"')
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except driver_error as error:
        if "not a database" in str(error) or "encrypted" in str(error):
            return False
        connection.close()
        raise
    return True


def _no_key_fits(path: Path, tried: Sequence[BaseKey | None]) -> StoreUnavailable:
    size = path.stat().st_size
    if size < _PAGE or size % _PAGE:
        return StoreUnavailable(
            f"Файл {path} — не база registrar: укажите другой файл.", code="foreign_database"
        )
    if any(key is not None for key in tried):
        return StoreUnavailable(
            f"Ключ не подходит к базе {path}: укажите тот, которым она зашифрована.", code="wrong_key"
        )
    return StoreUnavailable(
        f"Файл {path} — не база registrar или зашифрован: укажите ключ в {KEY_FILE_VARIABLE}.",
        code="missing_key",
    )
