"""Files of bases beside the live one: made for their owner only, on the disk before they get their name.

Never for the live file while this process has it open: closing any descriptor of it drops SQLite's locks.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from registrar_tui.errors import StoreUnavailable

_SUFFIXES = ("", "-wal", "-shm", "-journal")
_CHUNK = 1 << 20
_ABANDONED = 24 * 3600  # seconds nobody has written to it; no backup or restore takes a day


def make_folder(folder: Path) -> None:
    """Make a folder for copies (0700) where there is none."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _trouble(f"Папку {folder} создать нельзя: проверьте права или укажите другое место.") from error


def create_private(path: Path) -> None:
    """Make an empty file that only its owner can read; one that stands is an error."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
    except OSError as error:
        raise _trouble(f"Файл {path} создать нельзя: проверьте права и место на диске.") from error


def write_private(path: Path, content: str) -> None:
    """Write a small text file (0600) that is whole under its name or not there."""
    part = path.with_name(f".{path.name}.part")
    discard(part)
    try:
        create_private(part)
        part.write_text(content, encoding="utf-8")
        put_in_place(part, path)
    finally:
        discard(part)


def put_in_place(part: Path, path: Path) -> None:
    """Give a finished file its name once it is on the disk."""
    sync(part)
    part.replace(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of(path: Path) -> str:
    """Return the checksum of a file in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def discard(path: Path) -> None:
    """Remove a base that nobody has open, with its logs."""
    for suffix in _SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def discard_abandoned(folder: Path, pattern: str) -> None:
    """Remove unfinished files of killed processes: whole bases, perhaps no longer encrypted ones."""
    for file in folder.glob(pattern):
        if time.time() - file.stat().st_mtime > _ABANDONED:
            discard(file)


def same_base(path: Path, database: str) -> bool:
    """Tell whether a path is the live file itself or one of its logs; nothing is opened."""
    live = Path(database)
    return any(
        path.resolve() == live.with_name(live.name + suffix).resolve()
        or (path.exists() and live.exists() and path.samefile(live))
        for suffix in _SUFFIXES
    )


def _trouble(message: str) -> StoreUnavailable:
    return StoreUnavailable(message, code="read_only")
