"""The office as the desk sees it: who may come in, who works here, and the journal.

Every method may block, is called from a worker thread, and may raise `registrar_tui.errors.RegistrarError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class JournalQuery:
    """Which entries are wanted; `last` is the last day, `patient_id` means the card and every visit."""

    first: date | None = None
    last: date | None = None
    operator: str | None = None
    patient_id: int | None = None


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry in words; `at` is the branch's clock."""

    id: int
    at: str
    operator: str
    desk: str
    action: str
    about: str
    reason: str
    detail: str
    place: str
    """The chain and the place in it."""


@dataclass(frozen=True, slots=True)
class SavedJournal:
    """A file the journal was written to."""

    path: Path
    entries: int


class Office(Protocol):
    """What the administrator and the auditor do; `bootstrap.build_office` returns an object of this shape."""

    def journal_lines(self, query: JournalQuery, *, limit: int) -> tuple[JournalLine, ...]:
        """Return entries, newest first; looking is written down too."""
        ...

    def verify_journal(self) -> dict[str, Any]:
        """Recompute every chain: `{"ok", "checked", "problems": [{"code", "message"}]}`.

        `restores` is there where the base has ever been restored: `[{"at", "operator", "copy", …}]`.
        """
        ...

    def save_journal(self, query: JournalQuery) -> SavedJournal:
        """Write entries in order of writing into a new CSV file of the tickets folder."""
        ...

    def operators(self) -> list[dict[str, Any]]:
        """List the operators in the shape of `operator list`."""
        ...

    def roles(self) -> tuple[tuple[str, str], ...]:
        """Return (code, name) of the roles an operator may have."""
        ...

    def add_operator(self, login: str, name: str, role: str, password: str) -> dict[str, Any]:
        """Add an operator with a password to be changed at the first sign-in."""
        ...

    def set_password(self, login: str, password: str) -> dict[str, Any]:
        """Set a password; every session of the operator ends."""
        ...

    def set_role(self, login: str, role: str) -> dict[str, Any]:
        """Change an operator's role; the last administrator stays one."""
        ...

    def set_active(self, login: str, *, active: bool) -> dict[str, Any]:
        """Block or unblock an operator."""
        ...

    def close(self) -> None:
        """Give every connection back."""
        ...


class Door(Protocol):
    """Who comes in at this desk; the token of a session is kept in memory only."""

    desk: str
    """The name of this workplace."""
    login: str
    """The login to offer, empty where none is known."""

    def nobody_yet(self) -> bool:
        """Tell whether the base has no operator: then the first administrator is made here."""
        ...

    def found(self, login: str, name: str, password: str) -> None:
        """Make the first administrator and sign in as one."""
        ...

    def sign_in(self, login: str, password: str) -> None:
        """Open a session; NotAllowed says why not, and wrong passwords count."""
        ...

    def change_password(self, login: str, password: str) -> None:
        """Change one's own password and go on with a new session."""
        ...

    def office(self) -> Office:
        """Return the office of whoever has signed in, opened when first asked for."""
        ...

    def close(self) -> None:
        """End the session and give every connection back."""
        ...
