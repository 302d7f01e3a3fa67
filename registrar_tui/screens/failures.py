"""The record of what should never happen: where it broke, never whose data it was."""

from __future__ import annotations

import os
from pathlib import Path

from registrar_tui.errors import RegistrarError

INTERNAL = "internal"


class FailureLog:
    """Write unexpected failures to a private file; None keeps no file.

    An exception's text may quote a row of the base, so only its type and the places it passed are written.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def record(self, call: str, failure: BaseException) -> RegistrarError:
        """Write one failure and return the line the registrar reads."""
        path = self.written(failure, call)
        where = "" if path is None else f" Подробности: {path}."
        return RegistrarError(
            INTERNAL, f"Внутренняя ошибка: действие не выполнено. Повторите его ещё раз.{where}"
        )

    def written(self, failure: BaseException, call: str = "desk") -> Path | None:
        """Write one failure; returns the file, None where there is none or it cannot be written."""
        if self._path is None:
            return None
        import traceback

        from registrar_tui.clock import SystemClock

        frames = " < ".join(
            f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
            for frame in reversed(traceback.extract_tb(failure.__traceback__))
        )
        line = (
            f"{SystemClock().utc().isoformat(timespec='seconds')} {call} {type(failure).__name__} {frames}\n"
        )
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
            handle = os.open(self._path, flags, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8") as file:
                file.write(line)
        except OSError:
            return None
        return self._path
