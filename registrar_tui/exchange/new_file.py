"""A file appears under its name whole or not at all, readable by its owner only."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from registrar_tui.errors import Refusal
from registrar_tui.exchange.source import shown
from registrar_tui.replacing import require_replaceable

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_REASONS: Final = {
    errno.EACCES: "нет права на запись",
    errno.EPERM: "нет права на запись",
    errno.EROFS: "диск доступен только для чтения",
    errno.ENOSPC: "на диске нет места",
    errno.EDQUOT: "исчерпана квота на диске",
    errno.ENOENT: "такой папки нет",
    errno.ENOTDIR: "часть пути — файл, а не папка",
    errno.ENAMETOOLONG: "слишком длинное имя",
}


class NewFile:
    """A private file beside its future place; `keep` gives it its name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with refusing(path):
            _require_place(path)
            self.temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
            os.close(os.open(self.temporary, _NEW, 0o600))

    def keep(self) -> None:
        """Settle the content on the disk and put the file in its place."""
        with refusing(self.path):
            descriptor = os.open(self.temporary, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            _require_place(self.path)
            self.temporary.replace(self.path)

    def discard(self) -> None:
        """Remove what was written; nothing happens after `keep`."""
        self.temporary.unlink(missing_ok=True)


@contextmanager
def new_file(path: Path) -> Iterator[NewFile]:
    """Yield a file to write; what was not kept vanishes."""
    made = NewFile(path)
    try:
        with refusing(path):
            yield made
    finally:
        made.discard()


def new_name(folder: Path, what: str, moment: datetime, suffix: str) -> Path:
    """Return a name of a file in a folder (made 0700) that no other moment has."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        raise Refusal("cannot_write", f"Папка {shown(folder)} не создана: проверьте права.") from error
    return folder / f"{what}-{moment:%Y%m%d-%H%M%S-%f}.{suffix}"


def require_place(path: Path) -> None:
    """Refuse a name that no file could get, before the work whose result it is to hold."""
    with refusing(path):
        _require_place(path)
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, "no such folder", str(path.parent))
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, "not writable", str(path.parent))


def _require_place(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise Refusal(
            "cannot_write", f"{shown(path)} — папка, ссылка или устройство: укажите другое имя.", field="out"
        )
    require_replaceable(path)


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn a disk that does not take a file into a Refusal `cannot_write` of one line."""
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"ошибка {error.errno}")
        raise Refusal(
            "cannot_write", f"Файл {shown(path)} не записан: {reason}. Укажите другое место.", field="out"
        ) from error
    except ValueError as error:
        if "null" not in str(error):
            raise
        raise Refusal(
            "cannot_write", "Недопустимый знак в имени файла: исправьте его.", field="out"
        ) from error
