"""From an exception to what the user sees: one Russian line, a JSON object if asked, an exit code."""

from __future__ import annotations

import errno
import os
import traceback

from registrar_tui.cli.exit_codes import ExitCode
from registrar_tui.cli.output import Output
from registrar_tui.errors import RegistrarError, UsageError

DEBUG_VARIABLE = "REGISTRAR_DEBUG"

_SYSTEM_WORDS = {
    errno.ENOENT: "нет такого файла или папки",
    errno.EACCES: "нет прав доступа",
    errno.EPERM: "нет прав доступа",
    errno.ENOSPC: "на диске нет места",
    errno.EROFS: "диск доступен только для чтения",
    errno.EISDIR: "это папка, а нужен файл",
    errno.ENOTDIR: "часть пути не является папкой",
    errno.ENAMETOOLONG: "слишком длинное имя",
}


class InternalError(RegistrarError):
    """A fault of the program itself (exit 70)."""

    exit_code = ExitCode.INTERNAL


def explained(error: Exception) -> RegistrarError:
    """Return any exception as an error that a user can read; the text of an unknown one is not shown.

    It may carry a patient's data or English; its kind is enough for a report, and the traceback is one
    environment variable away.
    """
    if isinstance(error, RegistrarError):
        return error
    if isinstance(error, OSError) and error.errno in _SYSTEM_WORDS:
        subject = f"Файл {error.filename}" if error.filename else "Вывод не записан"
        return UsageError(f"{subject}: {_SYSTEM_WORDS[error.errno]}.", code="file_unavailable")
    return InternalError(
        "internal",
        f"Внутренняя ошибка ({type(error).__name__}): повторите команду с {DEBUG_VARIABLE}=1 "
        "и передайте вывод разработчикам.",
    )


def report(error: Exception, output: Output) -> int:
    """Tell the user, return the exit code; a traceback only with `REGISTRAR_DEBUG=1`, its numbers masked.

    Raises OSError where stdout takes nothing more: stderr has been told by then.
    """
    told = explained(error)
    if os.environ.get(DEBUG_VARIABLE) == "1" and told is not error:
        from registrar_tui.services.masking import numbers

        told_all = numbers("".join(traceback.format_exception(error)))
        for line in told_all.splitlines():
            output.complain(line)
    output.complain(sentence(told))
    if output.as_json:
        output.answer({"error": told.as_dict()})
        output.flush()
    return int(told.exit_code)


def sentence(error: RegistrarError) -> str:
    """Return the message and the ways out of a refusal as one line."""
    ways = [
        way.text if way.slot_id is None else f"{way.text} (бирка {way.slot_id})" for way in error.ways_out
    ]
    return f"{error.message} Можно: {'; '.join(ways)}." if ways else error.message
