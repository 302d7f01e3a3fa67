"""What a rule sees and answers; rules are pure, so the grid and the booking ask the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from registrar_tui.vocabulary import ACTIVE_STATUSES, COUNTED_STATUSES, Channel


class Operation(StrEnum):
    """What is being done; a rule says which of them it applies to."""

    BOOK = "book"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """A slot with what occupies it."""

    id: int
    doctor_id: int
    specialty_id: int
    branch_id: int
    room_id: int
    starts_at: datetime
    minutes: int
    kind: str
    channels: str
    released_at: datetime | None
    closed: bool
    close_reason: str
    accepting: bool
    visit_id: int | None
    held_by: str | None
    held_until: datetime | None

    @property
    def ends_at(self) -> datetime:
        """Return the wall-clock end."""
        return self.starts_at + timedelta(minutes=self.minutes)

    def taken(self, now_utc: datetime, desk: str) -> bool:
        """Tell whether a visit or another desk's live hold stands on it."""
        if self.visit_id is not None:
            return True
        return self.held(now_utc) and self.held_by != desk

    def held(self, now_utc: datetime) -> bool:
        """Tell whether a hold stands on it now; an expired one is no hold."""
        return self.held_until is not None and self.held_until > now_utc


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """A visit of the same person, as far as rules need it."""

    id: int
    specialty_id: int
    doctor_id: int
    slot_id: int
    starts_at: datetime
    minutes: int
    status: str

    @property
    def ends_at(self) -> datetime:
        """Return the wall-clock end."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def active(self) -> bool:
        """Tell whether it holds its slots."""
        return self.status in ACTIVE_STATUSES

    @property
    def counted(self) -> bool:
        """Tell whether it counts as the day's visit."""
        return self.status in COUNTED_STATUSES


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """A person, as far as rules need it."""

    id: int
    self_booking_until: date | None
    visits: tuple[VisitFacts, ...]


@dataclass(frozen=True, slots=True)
class RuleContext:
    """One question to the rules; times are the branch's wall-clock unless named UTC."""

    operation: Operation
    now: datetime
    now_utc: datetime
    desk: str
    channel: Channel
    slot: SlotFacts
    minutes: int
    patient: PatientFacts | None = None
    moving: VisitFacts | None = None
    by_clinic: bool = False
    paid: bool = False
    """The wished service is paid for, so a paid slot is the right one."""

    @property
    def ends_at(self) -> datetime:
        """Return the wall-clock end of the wished visit."""
        return self.slot.starts_at + timedelta(minutes=self.minutes)

    def other_visits(self) -> tuple[VisitFacts, ...]:
        """Return the person's visits without the one being moved."""
        if self.patient is None:
            return ()
        moving = self.moving.id if self.moving else None
        return tuple(visit for visit in self.patient.visits if visit.id != moving)


class Rule:
    """One local rule; `check` returns the Russian refusal, or None where nothing stands against it."""

    code: ClassVar[str]
    title: ClassVar[str]
    basis: ClassVar[str]
    override_role: ClassVar[str | None] = None
    field_name: ClassVar[str | None] = "slot"
    operations: ClassVar[frozenset[Operation]] = frozenset(Operation)
    parameters: ClassVar[Mapping[str, Any]] = {}

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Return one Russian sentence that refuses, or None."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule that refuses, and how."""

    code: str
    message: str
    basis: str
    field: str | None
    override_role: str | None = None
