"""What the office has answered to its panes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from registrar_tui.services.protocol_office import JournalLine, SavedJournal


@dataclass(eq=False, repr=False)
class JournalRead(Message):
    """Entries of the journal were read."""

    number: int
    lines: tuple[JournalLine, ...]


@dataclass(eq=False, repr=False)
class JournalVerified(Message):
    """The journal was recomputed."""

    verdict: dict[str, Any]


@dataclass(eq=False, repr=False)
class JournalSaved(Message):
    """The journal was written to a file."""

    saved: SavedJournal


@dataclass(eq=False, repr=False)
class OperatorsListed(Message):
    """The operators were read, and the roles they may have."""

    rows: list[dict[str, Any]]
    roles: tuple[tuple[str, str], ...]


@dataclass(eq=False, repr=False)
class OperatorChanged(Message):
    """An operator was added or changed; `told` says so in Russian."""

    row: dict[str, Any]
    told: str
