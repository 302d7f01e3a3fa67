"""The token of a signed-in operator between two commands of one user: a file nobody else reads."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from registrar_tui.errors import NotAllowed


def read_token(file: Path) -> str | None:
    """Return the token, None where there is none; NotAllowed where others could have read it."""
    # A pipe in its place would be waited for.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(file, flags)
    except OSError:
        return None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            return None
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise NotAllowed(f"Файл входа {file} открыт другим: удалите его и войдите снова.")
        return os.read(descriptor, 512).decode("ascii", "replace").strip() or None
    finally:
        os.close(descriptor)


def write_token(file: Path, token: str) -> None:
    """Write the token (0600) in place of an earlier one."""
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise NotAllowed(f"Файл входа {file} не записан: проверьте права папки.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(token + "\n")


def forget_token(file: Path) -> None:
    """Remove the token."""
    file.unlink(missing_ok=True)
