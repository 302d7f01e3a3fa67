"""What the core has answered to the panes that are made when they are first needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from registrar_tui.services import dto, dto_merge


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
class TicketCollected(Message):
    """What a ticket says was read."""

    number: int
    ticket: dto.TicketView


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
class PatientSaved(Message):
    """A card was created or changed."""

    card: dto.PatientCard
    created: bool


@dataclass(eq=False, repr=False)
class CardReread(Message):
    """The card another desk has changed was read again, so that the form can show the difference."""

    card: dto.PatientCard


@dataclass(eq=False, repr=False)
class DraftCompared(Message):
    """Cards like the draft that is about to be saved were looked for."""

    draft: dto.PatientDraft
    rows: tuple[dto_merge.DuplicateRow, ...]


@dataclass(eq=False, repr=False)
class SimilarFound(Message):
    """Cards like a person's were found."""

    number: int
    rows: tuple[dto_merge.DuplicateRow, ...]


@dataclass(eq=False, repr=False)
class MergePlanned(Message):
    """What a merge would do was read."""

    number: int
    plan: dto_merge.MergePlan


@dataclass(eq=False, repr=False)
class CardsMerged(Message):
    """Two cards were made one."""

    view: dto_merge.MergeView
