"""What a desk wrote about itself: one line before each command and one after it.

`T ns op kind first second` was asked, `A ns op visit slot` was acknowledged, `R ns op code` was refused,
`E ns op code message` could not be done. A line is one `write` of an open file, so it outlives a SIGKILL of
the desk. Times are of the machine's monotonic clock, common to all processes.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["book", "move", "cancel"]
KINDS: tuple[Kind, ...] = ("book", "move", "cancel")


@dataclass(frozen=True, slots=True)
class Command:
    """One command as asked: book (patient, slot), move (visit, slot) or cancel (visit, its slot)."""

    op_id: str
    kind: Kind
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """A command with what the desk was told; `mark` is A, R, E, or "" where the desk died before."""

    command: Command
    asked: int
    mark: str = ""
    answered: int | None = None
    visit: int = 0
    slot: int = 0
    code: str = ""
    message: str = ""


class DeskJournal:
    """The writing end."""

    def __init__(self, file: Path) -> None:
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, mark: str, *words: object) -> None:
        """Append one line at once."""
        line = " ".join([mark, str(time.monotonic_ns()), *(str(word) for word in words)])
        os.write(self._file, f"{line}\n".encode())


def read_journal(file: Path) -> list[Attempt]:
    """Return the attempts of one desk process in their order; a desk does one thing at a time.

    A line across two pages of the file is seen half while it is written, and a kill may leave it so: only
    whole lines are read.
    """
    attempts: list[Attempt] = []
    written = file.read_bytes() if file.exists() else b""
    for line in written[: written.rfind(b"\n") + 1].decode().splitlines():
        mark, moment, op_id, *rest = line.split(" ", 5)
        if mark == "T":
            kind = next(kind for kind in KINDS if kind == rest[0])
            attempts.append(Attempt(Command(op_id, kind, int(rest[1]), int(rest[2])), int(moment)))
            continue
        asked = attempts[-1]
        assert asked.command.op_id == op_id and not asked.mark, f"an answer without its question: {line}"
        attempts[-1] = _answered(asked, mark, int(moment), rest)
    return attempts


def _answered(asked: Attempt, mark: str, moment: int, rest: list[str]) -> Attempt:
    if mark == "A":
        return Attempt(asked.command, asked.asked, mark, moment, visit=int(rest[0]), slot=int(rest[1]))
    message = " ".join(rest[1:])
    return Attempt(asked.command, asked.asked, mark, moment, code=rest[0], message=message)


def unanswered(file: Path) -> Command | None:
    """Return the command a desk died in, None where it died between two."""
    attempts = read_journal(file)
    return attempts[-1].command if attempts and not attempts[-1].mark else None
