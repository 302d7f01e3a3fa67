"""What has happened to a question put to the core; workers post these, panes answer to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from registrar_tui.errors import RegistrarError
    from registrar_tui.services import dto, dto_merge
    from registrar_tui.services.protocol import Services


@dataclass(eq=False, repr=False)
class CallFailed(Message):
    """A call named `call` was refused or broke; `number` is that of its request."""

    call: str
    number: int
    error: RegistrarError


@dataclass(eq=False, repr=False)
class AdmissionLost(Message):
    """Who works here may not any more; `services` are those that said so."""

    error: RegistrarError
    services: Services | None


@dataclass(eq=False, repr=False)
class StillAdmitted(Message):
    """Who works here still may."""


@dataclass(eq=False, repr=False)
class ConnectionChanged(Message):
    """The base stopped answering, or answers again."""

    connected: bool


@dataclass(eq=False, repr=False)
class RetryRequested(Message):
    """The registrar asks to open the base once more after a failed start."""


@dataclass(eq=False, repr=False)
class EntryPassed(Message):
    """What an entry screen asked for was given; the app goes on."""


@dataclass(eq=False, repr=False)
class OtherOperatorAsked(Message):
    """At the locked desk somebody else wants to sign in."""


@dataclass(eq=False, repr=False)
class PatientsFound(Message):
    """The search answered; None: nothing was asked for."""

    number: int
    page: dto.PatientPage | None


@dataclass(eq=False, repr=False)
class SearchPrepared(Message):
    """What the search keeps in memory was read."""


@dataclass(eq=False, repr=False)
class MoveAimed(Message):
    """The grid was found on which a visit is moved, or repeated if not `moving`."""

    visit: dto.VisitRow
    query: dto.GridQuery
    moving: bool


@dataclass(eq=False, repr=False)
class ActionUndone(Message):
    """The last booking, move, cancellation or merge of this desk was taken back."""

    done: dto.VisitView | dto_merge.MergeView


@dataclass(eq=False, repr=False)
class TicketPrinted(Message):
    """A ticket was written to a file (and sent to the printer if one is set)."""

    visit_id: int
    path: Path


@dataclass(eq=False, repr=False)
class StampRead(Message):
    """The base told its change stamp."""

    stamp: object
