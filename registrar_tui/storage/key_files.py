"""The clinic's secrets as files (0600 in a folder 0700), never in the database.

`ticket-N.key` signs ticket codes, `journal.key` chains the journal.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from registrar_tui.errors import StoreUnavailable

KEY_BYTES = 32
_LONGEST = 4096  # a key file is one line; whatever is longer is something else
_TICKET = re.compile(r"ticket-([0-9])\.key")
_JOURNAL = "journal.key"


@dataclass(frozen=True, slots=True)
class ClinicKeys:
    """The keys of one clinic; ticket keys by their id (0-9)."""

    tickets: Mapping[int, bytes] = field(repr=False)
    journal: bytes = field(repr=False)


def create_keys(folder: Path) -> None:
    """Write the first keys of a clinic; those that stand are kept."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("ticket-1.key", _JOURNAL):
            _write_new(folder / name)
    except OSError as error:
        raise StoreUnavailable(
            f"Ключи клиники не записаны в {folder}: проверьте права папки.", code="keys_unavailable"
        ) from error


def _write_new(file: Path) -> None:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(KEY_BYTES) + "\n")


def read_keys(folder: Path) -> ClinicKeys:
    """Return the clinic's keys; StoreUnavailable where one is absent or cannot be read."""
    tickets = {
        int(match[1]): _read(file)
        for file in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if (match := _TICKET.fullmatch(file.name))
    }
    if not tickets or not (folder / _JOURNAL).is_file():
        raise StoreUnavailable(
            f"Ключей клиники нет в {folder}: перенесите папку с компьютера, где создана база.",
            code="keys_unavailable",
        )
    return ClinicKeys(tickets, _read(folder / _JOURNAL))


def _read(file: Path) -> bytes:
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(descriptor, encoding="ascii") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            key = bytes.fromhex(stream.read(_LONGEST).strip())
    except (OSError, ValueError) as error:
        key = b""
        cause: Exception | None = error
    else:
        cause = None
        if os.name == "posix" and mode & 0o077:
            raise StoreUnavailable(
                f"Ключ {file} открыт другим: выполните chmod 600 {file}.", code="keys_unavailable"
            )
    if len(key) != KEY_BYTES:
        raise StoreUnavailable(
            f"Ключ {file} не читается: восстановите его из копии.", code="keys_unavailable"
        ) from cause
    return key


def demo_keys(secret: str) -> ClinicKeys:
    """Return the keys of a demo clinic, derived from its settings: it has nothing to protect."""

    def derived(purpose: str) -> bytes:
        return hashlib.sha256(f"registrar demo {purpose} {secret}".encode()).digest()

    return ClinicKeys({1: derived("ticket")}, derived("journal"))
