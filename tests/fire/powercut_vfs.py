"""A disk that forgets: an apsw file layer that knows what has been synced and what a power cut would drop.

It shows SQLite a healthy disk. At any moment `Disk.after_cut` tells what would be found when the power comes
back: everything synced, and of the rest nothing or a random part, some of it torn in the middle of a write.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apsw

NAME = "powercut"
_SECTOR = 512

Change = tuple[int, bytes | None]
"""Offset and what was written there; None: the file was cut to that length."""


@dataclass
class _File:
    safe: bytearray = field(default_factory=bytearray)
    unsafe: list[Change] = field(default_factory=list)


class Disk:
    """What stands on the plates, and what is only in a cache."""

    def __init__(self, moment: Callable[[], None]) -> None:
        self._files: dict[str, _File] = {}
        self._moment = moment
        """Called before every write and sync: any of them may be the last one."""
        self.syncs = 0

    def opened(self, name: str) -> None:
        """Take a file as it lies there as safe."""
        if name not in self._files:
            path = Path(name)
            self._files[name] = _File(bytearray(path.read_bytes() if path.exists() else b""))

    def changed(self, name: str, change: Change) -> None:
        """Note a write that nobody has synced."""
        self._moment()
        self._files[name].unsafe.append(change)

    def synced(self, name: str) -> None:
        """Make everything written to a file so far safe."""
        self._moment()
        file = self._files[name]
        for change in file.unsafe:
            _apply(file.safe, change)
        file.unsafe.clear()
        self.syncs += 1

    def after_cut(self, folder: Path, chance: random.Random | None) -> None:
        """Write what a cut at this moment leaves; without `chance` everything un-synced is gone."""
        for name, file in self._files.items():
            left = bytearray(file.safe)
            for change in file.unsafe if chance is not None else ():
                assert chance is not None
                if chance.random() < 0.5:
                    _apply(left, _torn(change, chance))
            (folder / Path(name).name).write_bytes(left)


def _torn(change: Change, chance: random.Random) -> Change:
    offset, data = change
    if data is None or len(data) <= _SECTOR or chance.random() < 0.8:
        return change
    return offset, data[: _SECTOR * chance.randrange(1, len(data) // _SECTOR + 1)]


def _apply(content: bytearray, change: Change) -> None:
    offset, data = change
    if data is None:
        del content[offset:]
        return
    content.extend(b"\0" * (offset - len(content)))
    content[offset : offset + len(data)] = data


class ForgetfulFile(apsw.VFSFile):
    """One file of the forgetful disk."""

    def __init__(self, disk: Disk, filename: Any, flags: list[int]) -> None:
        super().__init__("", filename, flags)
        self._disk = disk
        self._name = filename if isinstance(filename, str) else filename.filename()
        disk.opened(self._name)

    def xWrite(self, data: Any, offset: int) -> None:
        """Write, and remember that it is not safe."""
        self._disk.changed(self._name, (offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        """Cut, and remember that it is not safe."""
        self._disk.changed(self._name, (newsize, None))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        """Make the file safe; the real disk need not be troubled."""
        self._disk.synced(self._name)


class ForgetfulVfs(apsw.VFS):
    """Opens every file on one forgetful disk."""

    def __init__(self, disk: Disk) -> None:
        super().__init__(NAME, "")
        self._disk = disk

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        """Open a file; temporary ones are not the disk's business."""
        if name is None:
            return apsw.VFSFile("", name, flags)
        return ForgetfulFile(self._disk, name, flags)


class _Answer:
    """A cursor as the bare driver wants it."""

    def __init__(self, rows: list[Any], lastrowid: int) -> None:
        self._rows = rows
        self.description = rows or None
        self.lastrowid = lastrowid

    def fetchall(self) -> list[Any]:
        return self._rows


class ApswConnection:
    """An apsw connection with the few methods of a DB-API one that the bare driver calls."""

    def __init__(self, file: Path, *, synchronous: str, checkpoint: int) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE
        self._connection = apsw.Connection(str(file), flags=flags, vfs=NAME)
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            f"wal_autocheckpoint={checkpoint}",
            "foreign_keys=ON",
            "secure_delete=ON",
            "temp_store=MEMORY",
        ):
            self._connection.execute(f"PRAGMA {pragma}")

    def execute(self, statement: str, parameters: Any = ()) -> _Answer:
        """Run one statement to its end."""
        rows = self._connection.execute(statement, parameters).fetchall()
        return _Answer(rows, self._connection.last_insert_rowid())

    def commit(self) -> None:
        """End the transaction."""
        self._connection.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction."""
        self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
