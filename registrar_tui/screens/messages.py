"""What has happened to a question put to the core; workers post these, panes answer to them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from registrar_tui.errors import RegistrarError
    from registrar_tui.services import dto


@dataclass(eq=False, repr=False)
class CallFailed(Message):
    """A call named `call` was refused or broke; `number` is that of its request."""

    call: str
    number: int
    error: RegistrarError


@dataclass(eq=False, repr=False)
class ConnectionChanged(Message):
    """The base stopped answering, or answers again."""

    connected: bool


@dataclass(eq=False, repr=False)
class RetryRequested(Message):
    """The registrar asks to open the base once more after a failed start."""


@dataclass(eq=False, repr=False)
class PatientsFound(Message):
    """The search answered."""

    number: int
    page: dto.PatientPage


@dataclass(eq=False, repr=False)
class CardOpened(Message):
    """A person's card was read."""

    number: int
    card: dto.PatientCard


@dataclass(eq=False, repr=False)
class TargetsFound(Message):
    """Specialties, doctors and services were found."""

    number: int
    targets: tuple[dto.BookingTarget, ...]


@dataclass(eq=False, repr=False)
class GridDrawn(Message):
    """The slot grid was read; `live` marks a refresh after another desk's change."""

    number: int
    grid: dto.SlotGrid
    live: bool


@dataclass(eq=False, repr=False)
class MoveAimed(Message):
    """The grid was found on which a visit is moved, or repeated if not `moving`."""

    visit: dto.VisitRow
    query: dto.GridQuery
    moving: bool


@dataclass(eq=False, repr=False)
class SlotExplained(Message):
    """Space was answered."""

    number: int
    explanation: dto.SlotExplanation


@dataclass(eq=False, repr=False)
class SlotOffered(Message):
    """A slot is held for this desk."""

    number: int
    offer: dto.BookingOffer


@dataclass(eq=False, repr=False)
class SlotReleased(Message):
    """A held slot was given back."""


@dataclass(eq=False, repr=False)
class VisitBooked(Message):
    """A visit was written, or moved if `moved` is set."""

    visit: dto.VisitView
    moved: bool


@dataclass(eq=False, repr=False)
class VisitCancelled(Message):
    """A visit was cancelled."""

    visit: dto.VisitView


@dataclass(eq=False, repr=False)
class ActionUndone(Message):
    """The last booking, move or cancellation of this desk was taken back."""

    visit: dto.VisitView


@dataclass(eq=False, repr=False)
class TicketCollected(Message):
    """What a ticket says was read."""

    number: int
    ticket: dto.TicketView


@dataclass(eq=False, repr=False)
class TicketPrinted(Message):
    """A ticket was written to a file (and sent to the printer if one is set)."""

    visit_id: int
    path: Path


@dataclass(eq=False, repr=False)
class DayListed(Message):
    """The visits of a day were read."""

    number: int
    day: dto.DayList


@dataclass(eq=False, repr=False)
class ArrivalRecorded(Message):
    """A patient was marked as arrived."""

    visit: dto.VisitView


@dataclass(eq=False, repr=False)
class StampRead(Message):
    """The base told its change stamp."""

    stamp: object


@dataclass(eq=False, repr=False)
class PatientSaved(Message):
    """A card was created or changed."""

    card: dto.PatientCard
    created: bool


@dataclass(eq=False, repr=False)
class CardReread(Message):
    """The card another desk has changed was read again, so that the form can show the difference."""

    card: dto.PatientCard
