"""A file being read: known by its content, and watched for changes while it is read."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import IO, Final

from registrar_tui.errors import UsageError
from registrar_tui.plain import plain

_CHUNK: Final = 1 << 20
_SHOWN: Final = 200


class Source:
    """One open regular file; every trouble is a UsageError of one line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = shown(path)
        try:
            mode = path.stat().st_mode
            if stat.S_ISDIR(mode):
                raise UsageError(f"{self.name} — папка: укажите файл таблицы.", field="file", code="folder")
            if not stat.S_ISREG(mode):
                raise UsageError(f"{self.name} — не файл: укажите файл таблицы.", field="file")
            self.file: IO[bytes] = path.open("rb")
        except FileNotFoundError as error:
            raise UsageError(
                f"Файла {self.name} нет: проверьте имя и папку.", field="file", code="no_file"
            ) from error
        except (OSError, ValueError) as error:
            raise UsageError(f"Файл {self.name} не читается: проверьте имя и права.", field="file") from error
        status = os.fstat(self.file.fileno())
        self.size = status.st_size
        self._identity = _identity(status)

    def head(self, size: int) -> bytes:
        """Return the beginning of the file."""
        self.file.seek(0)
        return self.read(size)

    def read(self, size: int = _CHUNK) -> bytes:
        """Read on; a disk that fails is a UsageError."""
        try:
            return self.file.read(size)
        except OSError as error:
            raise UsageError(f"Файл {self.name} не читается: проверьте диск.", field="file") from error

    def first_foreign_sample(self, size: int) -> bytes:
        """Return the first stretch with letters beyond ASCII, else the beginning."""
        self.file.seek(0)
        first = block = self.read(size)
        while block:
            if not block.isascii():
                return block if block is first else block[block.find(b"\n") + 1 :]
            block = self.read(size)
        return first

    def fingerprint(self) -> str:
        """Return SHA-256 of the content in hex: the same content is the same import, whatever its name."""
        digest = hashlib.sha256()
        self.file.seek(0)
        while block := self.read():
            digest.update(block)
        return digest.hexdigest()

    def require_unchanged(self) -> None:
        """Refuse to go on when the file was changed, replaced or removed since it was opened."""
        try:
            status = self.path.stat()
        except OSError as error:
            raise UsageError(
                f"Файл {self.name} исчез во время чтения: верните его и повторите, работа продолжится.",
                field="file",
                code="file_gone",
            ) from error
        if _identity(status) != self._identity:
            raise UsageError(
                f"Файл {self.name} изменился во время чтения: дождитесь конца записи и повторите.",
                field="file",
                code="file_changed",
            )

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def shown(path: Path) -> str:
    """Return a path for a message; a hostile name may not command the terminal."""
    return f"«{plain(str(path))[:_SHOWN]}»"


def _identity(status: os.stat_result) -> tuple[int, int, int, int]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
