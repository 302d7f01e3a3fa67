"""What the desk needs to know of the key table, which belongs to the app above it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from registrar_tui.widgets.status_line import KeyHint


class KeyTable(Protocol):
    """The keys in words, by place."""

    def stands_in(self, name: str, place: str) -> bool:
        """Tell whether a command has its key in a place."""
        ...

    def hints(self, place: str, available: Collection[str]) -> tuple[KeyHint, ...]:
        """Return the bottom line of a place: what is available of it, in its order."""
        ...

    def help_of(self, place: str) -> tuple[str, Sequence[tuple[str, Sequence[tuple[str, str]]]]]:
        """Return the title of a place and its keys in sections of (key, what it does)."""
        ...
