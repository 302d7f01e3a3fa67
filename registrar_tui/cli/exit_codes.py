"""What the exit code of a command means; part of the command line contract."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """0 to 5 are the contract's; the others follow sysexits.h and the 128 + signal convention of shells."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    PARTLY = 3
    STORE = 4
    NOT_ALLOWED = 5
    INTERNAL = 70
    INTERRUPTED = 130
    READER_GONE = 141
