"""How long nobody has touched the desk."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds_awake_or_asleep() -> float:
    """Return a monotonic clock that also counts the time a computer was suspended, where there is one.

    A lid that was closed for an hour must find the desk locked; `time.monotonic` stands still meanwhile.
    """
    boot_time: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


class Idleness:
    """Counts from the last touch; 0 minutes never end."""

    def __init__(self, minutes: int, now: Callable[[], float] = seconds_awake_or_asleep) -> None:
        self._limit = minutes * 60
        self._now = now
        self._touched_at = now()

    def touched(self) -> None:
        """Take note of a key or the mouse."""
        self._touched_at = self._now()

    @property
    def over(self) -> bool:
        """Whether nobody has been here for too long."""
        return self._limit > 0 and self._now() - self._touched_at >= self._limit
