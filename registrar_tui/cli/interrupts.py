"""Ctrl+C that is heard wherever the program happens to be.

The interpreter raises KeyboardInterrupt between any two instructions. One press in twenty meets an import in
the callback of a weak reference, which can raise nothing: the press would be lost and a traceback printed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_AGAIN_AFTER: Final = 0.005
"""Seconds until the callback is left."""


@contextmanager
def interrupts_heard() -> Iterator[None]:
    """Repeat an interrupt that could not be raised; other failures of callbacks are told as before."""
    before = sys.unraisablehook

    def told(failure: Any) -> None:
        if issubclass(failure.exc_type, KeyboardInterrupt):
            _again()
        else:
            before(failure)

    sys.unraisablehook = told
    try:
        yield
    finally:
        sys.unraisablehook = before


class Ended(KeyboardInterrupt):
    """The terminal was closed, or the system ends the program."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def endings_heard() -> Iterator[None]:
    """End as Ctrl+C does: what was half written is people's data, and is taken away.

    A signal that is ignored (`nohup`) stays ignored. Not for the desk, whose terminal has its own ways.
    """
    import signal

    def end(number: int, _frame: object) -> None:
        raise Ended(number)

    heard = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    heard = [one for one in heard if signal.getsignal(one) is signal.SIG_DFL]
    for one in heard:
        signal.signal(one, end)
    try:
        yield
    finally:
        for one in heard:
            signal.signal(one, signal.SIG_DFL)


def _again() -> None:
    from signal import SIGINT
    from threading import Timer

    # A signal and not a flag of the interpreter: the command may be waiting in a system call.
    timer = Timer(_AGAIN_AFTER, os.kill, (os.getpid(), SIGINT))
    timer.daemon = True
    timer.start()
