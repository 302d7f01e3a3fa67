"""How long something takes on a machine that may stand still meanwhile."""

from __future__ import annotations

import threading
import time

_TICK = 0.02
_LONGEST = 0.05
"""Seconds a tick counts at most: a longer one was the machine's."""


class OwnTime:
    """Counts the seconds in which this process could run; a context manager.

    For limits from above: a machine that stood still for three seconds has proved nothing.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.stood_still = 0.0
        """Seconds that are not counted."""
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def _tick(self) -> None:
        before = time.monotonic()
        while not self._over.wait(_TICK):
            now = time.monotonic()
            self.seconds += min(now - before, _LONGEST)
            self.stood_still += max(now - before - _LONGEST, 0.0)
            before = now

    def __enter__(self) -> OwnTime:
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._ticker.join()
