"""A scanner types like a hand, only faster: its Enter must not confirm what happens to be on the screen."""

from __future__ import annotations

from typing import Final

from textual import events

LEAST_DIGITS: Final = 10
"""A policy has 16 digits, the code of a ticket 20; no place outside a line to type into takes so many."""
LONGEST_GAP: Final = 0.05
"""Seconds between the keys of a scanner; a fast hand needs 0.08."""


class ScanWatch:
    """Follows the keys; a run of fast digits with Enter at its end is a scanned code."""

    def __init__(self) -> None:
        self._digits = ""
        self._at = 0.0

    def ended_by(self, key: events.Key) -> str | None:
        """Return the code that this key ends, None for any other key."""
        digits, near = self._digits, key.time - self._at <= LONGEST_GAP
        self._digits, self._at = "", key.time
        if key.key in ("enter", "ctrl+j"):
            return digits if near and len(digits) >= LEAST_DIGITS else None
        if key.character is not None and key.character.isdecimal():
            self._digits = digits + key.character if near else key.character
        return None
