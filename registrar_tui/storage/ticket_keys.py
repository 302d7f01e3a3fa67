"""The secrets that sign ticket codes: files of the clinic, never in the database."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from registrar_tui.errors import StoreUnavailable

KEY_BYTES = 32
_NAME = re.compile(r"ticket-([0-9])\.key")


def create_key(folder: Path) -> None:
    """Write the first key of a clinic (folder 0700, file 0600); an existing one is kept."""
    if read_keys(folder):
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / "ticket-1.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise StoreUnavailable(
            f"Ключ талонов не записан в {folder}: проверьте права папки.", code="keys_unavailable"
        ) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES) + "\n")


def read_keys(folder: Path) -> Mapping[int, bytes]:
    """Return the keys by their id (0-9); an unreadable one is StoreUnavailable."""
    keys: dict[int, bytes] = {}
    if not folder.is_dir():
        return keys
    for file in sorted(folder.iterdir()):
        match = _NAME.fullmatch(file.name)
        if match is None:
            continue
        try:
            key = bytes.fromhex(file.read_text(encoding="ascii").strip())
        except (OSError, ValueError, UnicodeDecodeError) as error:
            raise StoreUnavailable(
                f"Ключ талонов {file} не читается: восстановите его из копии.", code="keys_unavailable"
            ) from error
        if len(key) == KEY_BYTES:
            keys[int(match[1])] = key
    return keys


def demo_key(secret: str) -> Mapping[int, bytes]:
    """Return the key of a demo clinic, derived from its settings: its tickets need no protection."""
    return {1: hashlib.sha256(f"registrar demo ticket {secret}".encode()).digest()}
