"""A program in a real pty: send a key, see when the screen has changed.

Time runs from the write of the key to the arrival of the last output chunk that changed the screen; they are
only stamped while they arrive and are read by a terminal emulator afterwards.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

import pyte

Chunk = tuple[float, bytes]
"""(arrival on the monotonic clock in seconds, output)."""
Seen = Callable[[list[str]], bool]
"""Tells by the lines of the screen whether the change has come."""

_ENVIRONMENT = {
    "TERM": "xterm-256color",
    "COLORTERM": "truecolor",
    "LANG": "C.UTF-8",
    "TEXTUAL_ANIMATIONS": "none",
}


_LIMIT = 2.0
_START_LIMIT = 120.0  # a crowded machine
_KITTY = re.compile(rb"\x1b\[[<>=?]\d*u|\x1b\[\?\d+\$p")


class ProbeError(RuntimeError):
    """The program under measurement ended or never painted what was waited for."""


class Typed(NamedTuple):
    """When each letter was sent, and the lines of the screen after each chunk of the answer."""

    sent: list[float]
    screens: list[tuple[float, list[str]]]

    def until(self, since: float, seen: Seen) -> float | None:
        """Return the seconds from a moment to the first screen that `seen` is true of; None where none is."""
        return next((at - since for at, lines in self.screens if at >= since and seen(lines)), None)


class PtyProbe:
    """One program in a pty of `columns` x `lines`; a context manager that ends it."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        columns: int = 110,
        lines: int = 36,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.painted_bytes = 0
        """Bytes the program has written so far."""
        self._stream = pyte.ByteStream(self.screen)
        variables = {**os.environ, **_ENVIRONMENT, **(environment or {})}
        self.started = time.monotonic()
        self._child, self._master = pty.fork()
        if self._child == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.execvpe(command[0], list(command), variables)

    def __enter__(self) -> PtyProbe:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program and reap it."""
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        os.close(self._master)

    def press(self, keys: str, *, seen: Seen | None = None, quiet: float = 0.03) -> float | None:
        """Send keys and return the seconds until the last change of the screen, None if nothing changed.

        With `seen` it is the chunk that first makes `seen` true of the lines. The answer is complete when
        nothing has arrived for `quiet` seconds after the first output, or nothing at all for two seconds.
        """
        before = self._picture()
        sent = time.monotonic()
        os.write(self._master, keys.encode())
        changed: float | None = None
        for arrived, data in self._collect(quiet, _LIMIT):
            self._feed(data)
            if seen is not None:
                if seen(self.screen.display):
                    return arrived - sent
            elif (picture := self._picture()) != before:
                before, changed = picture, arrived - sent
        return changed

    def send(self, keys: str) -> float:
        """Send keys and return the moment; what comes of them is read by `see`."""
        sent = time.monotonic()
        os.write(self._master, keys.encode())
        return sent

    def see(self, seen: Seen, limit: float, *, beside: Sequence[PtyProbe] = ()) -> float | None:
        """Return when the chunk arrived that made `seen` true, None if none did within `limit` seconds.

        The programs `beside` are read meanwhile: one whose terminal is full stands still.
        """
        end = time.monotonic() + limit
        if seen(self.screen.display):
            return time.monotonic()
        while (rest := end - time.monotonic()) > 0:
            for probe in select.select([self, *beside], [], [], rest)[0]:
                arrived, data = probe._take()
                probe._feed(data)
                if probe is self and seen(self.screen.display):
                    return arrived
        return None

    def cpu_seconds(self) -> float:
        """Return the processor time the program has used so far, its own and the system's for it."""
        fields = Path(f"/proc/{self._child}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def fileno(self) -> int:
        """Return what to wait on for output."""
        return self._master

    def type(self, text: str, gaps: Sequence[float], after: float) -> Typed:
        """Send a letter every so many seconds whatever is answered, then listen for `after` seconds."""
        sent: list[float] = []
        chunks: list[Chunk] = []
        for letter, gap in zip(text, gaps, strict=True):
            sent.append(time.monotonic())
            os.write(self._master, letter.encode())
            chunks += self._collect_until(sent[-1] + gap)
        chunks += self._collect_until(time.monotonic() + after)
        screens = []
        for arrived, data in chunks:
            self._feed(data)
            screens.append((arrived, list(self.screen.display)))
        return Typed(sent, screens)

    def first_paint(self, seen: Seen) -> float:
        """Return the seconds from the start of the process until `seen` is true of the lines."""
        end = self.started + _START_LIMIT  # a cursor that blinks on another screen is no sign of life
        while time.monotonic() < end and (chunks := self._collect(0.15, _START_LIMIT)):
            for arrived, data in chunks:
                self._feed(data)
                if seen(self.screen.display):
                    return arrived - self.started
        raise ProbeError("nothing was painted:\n" + self.text())

    def settle(self, quiet: float = 0.4, limit: float = 2.0) -> None:
        """Read on until the program is silent for `quiet` seconds, or for `limit`: cursors blink on."""
        end = time.monotonic() + limit
        while time.monotonic() < end and (chunks := self._collect(quiet, quiet)):
            for _, data in chunks:
                self._feed(data)

    def text(self) -> str:
        """Return what stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display)

    def _feed(self, data: bytes) -> None:
        # pyte would print the tail of the kitty request as text.
        self._stream.feed(_KITTY.sub(b"", data))

    def _collect(self, quiet: float, limit: float) -> list[Chunk]:
        chunks: list[Chunk] = []
        end = time.monotonic() + limit
        while (chunk := self._read(min(end, time.monotonic() + quiet) if chunks else end)) is not None:
            chunks.append(chunk)
        return chunks

    def _collect_until(self, end: float) -> list[Chunk]:
        chunks: list[Chunk] = []
        while (chunk := self._read(end)) is not None:
            chunks.append(chunk)
        return chunks

    def _read(self, deadline: float) -> Chunk | None:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        return self._take() if ready else None

    def _take(self) -> Chunk:
        arrived = time.monotonic()
        try:
            data = os.read(self._master, 1 << 16)
        except OSError as gone:  # the child has closed its side
            raise ProbeError("the program ended:\n" + self.text()) from gone
        self.painted_bytes += len(data)
        return arrived, data

    def _picture(self) -> list[list[tuple[str, str, str, bool, bool]]]:
        """Return characters with their attributes: a highlight may move without changing a letter."""
        return [
            [
                (cell.data, cell.fg, cell.bg, cell.reverse, cell.bold)
                for cell in (self.screen.buffer[y][x] for x in range(self.screen.columns))
            ]
            for y in range(self.screen.lines)
        ]
