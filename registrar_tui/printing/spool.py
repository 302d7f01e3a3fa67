"""Ticket files: personal data on disk, so nobody else reads them and no name of theirs comes from a person.

A file in the tickets folder is named by digits only, created new (O_EXCL, no link followed, 0600) relative to
the open folder; a file the user names is written beside its place and renamed into it.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from registrar_tui.errors import Refusal
from registrar_tui.plain import plain
from registrar_tui.replacing import require_replaceable

# Windows has neither; there a profile folder is private by its own rights.
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
_DIRECTORY: Final = getattr(os, "O_DIRECTORY", 0)
_BINARY: Final = getattr(os, "O_BINARY", 0)
_RELATIVE: Final = os.open in os.supports_dir_fd
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW | _BINARY
_MOST_COPIES: Final = 1_000_000

_REASONS: Final = {
    errno.EACCES: "нет права на запись",
    errno.EPERM: "нет права на запись",
    errno.EROFS: "диск доступен только для чтения",
    errno.ENOSPC: "на диске нет места",
    errno.EDQUOT: "исчерпана квота на диске",
    errno.ENOENT: "такой папки нет",
    errno.ENOTDIR: "часть пути — файл, а не папка",
    errno.ELOOP: "это ссылка, а не сама папка",
    errno.ENAMETOOLONG: "слишком длинное имя",
    errno.EEXIST: "имя занято файлом",
}


def spool_ticket(folder: Path, number: str, day: date, data: bytes, *, suffix: str = "pdf") -> Path:
    """Write a new copy of a ticket into `folder` (created 0700) and return its path.

    The name is `0412-20261124.pdf`, then `0412-20261124-2.pdf` and on: no copy replaces another. `Refusal`
    `cannot_write` in every trouble; nothing half written stays.
    """
    stem = f"{_digits(number)}-{day:%Y%m%d}"
    ending = "".join(character for character in suffix if character.isascii() and character.isalnum())
    with _refusing(folder), _opened(_created(folder)) as place:
        for name in _names(stem, ending):
            try:
                place.write_new(name, data)
            except FileExistsError:
                continue
            return folder / name
    raise Refusal("cannot_write", f"В папке {_shown(folder)} слишком много копий талона: уберите старые.")


def write_out(out: Path, data: bytes) -> Path:
    """Write `data` to the file the user named, whole or not at all, readable by its owner only.

    A ticket or a table there is replaced, any other file refused (`already_exists`); a folder, a link or a
    device is refused (`cannot_write`), as is a missing or read-only folder.
    """
    with _refusing(out):
        name = out.name
        if name in ("", ".."):
            raise Refusal("cannot_write", f"«{_shown(out)}» — папка: допишите имя файла.", field="out")
        with _opened(out.parent, follow=True) as place:
            _refuse_special(out, place.mode(name))
            temporary = f".{secrets.token_hex(8)}.tmp"
            place.write_new(temporary, data, durable=True)
            place.rename(temporary, name)
    return out


@dataclass(frozen=True, slots=True)
class _Place:
    """An open folder; names are resolved in it even if its path is changed meanwhile."""

    path: Path
    handle: int | None

    def mode(self, name: str) -> int | None:
        """Return the mode of what has this name, None if nothing has."""
        try:
            return os.stat(self._name(name), dir_fd=self.handle, follow_symlinks=False).st_mode
        except FileNotFoundError:
            return None

    def write_new(self, name: str, data: bytes, *, durable: bool = False) -> None:
        """Create a file that did not exist; it vanishes again if it cannot be written whole."""
        descriptor = os.open(self._name(name), _NEW, 0o600, dir_fd=self.handle)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                if durable:
                    os.fsync(descriptor)
        except BaseException:
            os.unlink(self._name(name), dir_fd=self.handle)
            raise

    def rename(self, old: str, new: str) -> None:
        """Put a written file in the place of another in one step."""
        try:
            os.replace(self._name(old), self._name(new), src_dir_fd=self.handle, dst_dir_fd=self.handle)
        except OSError:
            os.unlink(self._name(old), dir_fd=self.handle)
            raise

    def _name(self, name: str) -> str:
        return name if self.handle is not None else str(self.path / name)


@contextmanager
def _opened(folder: Path, *, follow: bool = False) -> Iterator[_Place]:
    if not _RELATIVE:
        yield _Place(folder, None)
        return
    handle = os.open(folder, os.O_RDONLY | _DIRECTORY | (0 if follow else _NO_FOLLOW))
    try:
        yield _Place(folder, handle)
    finally:
        os.close(handle)


def _created(folder: Path) -> Path:
    if folder.is_symlink():
        raise OSError(errno.ELOOP, "the tickets folder is a link")
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _names(stem: str, ending: str) -> Iterator[str]:
    yield f"{stem}.{ending}"
    for copy in range(2, _MOST_COPIES):
        yield f"{stem}-{copy}.{ending}"


def _digits(number: str) -> str:
    return "".join(character for character in number if character in "0123456789")[:20] or "0"


def _refuse_special(out: Path, mode: int | None) -> None:
    if mode is None:
        return
    if stat.S_ISREG(mode):
        require_replaceable(out)
        return
    if stat.S_ISDIR(mode):
        raise Refusal("cannot_write", f"«{_shown(out)}» — папка: допишите имя файла.", field="out")
    raise Refusal(
        "cannot_write",
        f"«{_shown(out)}» — ссылка или устройство, а не файл: укажите другое имя.",
        field="out",
    )


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"ошибка {error.errno}")
    except ValueError:  # a NUL in the path
        reason = "недопустимый знак в имени"
    else:
        return
    message = f"Талон не записан в «{_shown(path)}»: {reason}. Укажите другую папку."
    raise Refusal("cannot_write", message, field="out")


def _shown(path: Path) -> str:
    return plain(str(path))[:200]
