"""Sending a ticket file to a print queue of the system by the `lp` program, without a shell."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from registrar_tui.errors import Refusal
from registrar_tui.plain import plain

TIMEOUT_SECONDS: Final = 15.0
# What CUPS allows in a queue or queue/instance name; no leading dash, so it can never be an option.
_QUEUE: Final = re.compile(r"[^\s#\-\x00-\x1f\x7f][^\s#\x00-\x1f\x7f]{0,126}")
_REASON_LENGTH: Final = 160


def send_to_printer(file: Path, printer: str, number: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
    """Queue a written ticket on a printer; the file stays whatever happens.

    The name of the job is the ticket number only: it is shown to everybody in the queue. `Refusal`: no `lp`
    (`printing_unavailable`), a name that is no queue, a refusal or silence of the queue (`printer_failed`).
    """
    if not _QUEUE.fullmatch(printer):
        raise Refusal(
            "printer_failed", f"«{plain(printer)[:60]}» — не имя принтера. {_kept(file)}", field="printer"
        )
    program = shutil.which("lp")
    if program is None:
        raise Refusal("printing_unavailable", f"В системе нет программы печати lp. {_kept(file)}")
    title = f"Талон № {''.join(character for character in number if character.isdigit())}"
    # Scaled pages lose the whole dots of the QR.
    scaling = ["-o", "print-scaling=none"] if file.suffix == ".pdf" else []
    command = [program, "-d", printer, "-t", title, *scaling, str(file.absolute())]
    try:
        done = subprocess.run(  # noqa: S603 - a list, no shell; the queue name is checked above
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        message = f"Принтер «{printer}» не ответил за {timeout:g} с. {_kept(file)}"
        raise Refusal("printer_failed", message, field="printer") from error
    except OSError as error:
        raise Refusal("printing_unavailable", f"Программа печати lp не запускается. {_kept(file)}") from error
    if done.returncode != 0:
        said = plain(done.stderr.decode("utf-8", "replace").strip())[:_REASON_LENGTH] or "причина не названа"
        message = f"Принтер «{plain(printer)}» не принял талон ({said}). {_kept(file)}"
        raise Refusal("printer_failed", message, field="printer")


def _kept(file: Path) -> str:
    return f"Талон сохранён: {plain(str(file))}."
