"""The schedule: shift templates, published slots, and the claims that occupy them."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from registrar_tui.models.columns import UtcInstant, WallClock
from registrar_tui.vocabulary import SlotKind


class ShiftTemplate(SQLModel, table=True):
    """A doctor's weekly shift that slots are published from; versioned by its dates."""

    __tablename__ = "shift_template"

    id: int | None = Field(default=None, primary_key=True)
    doctor_id: int = Field(foreign_key="doctor.id", index=True)
    room_id: int = Field(foreign_key="room.id")
    weekday: int = Field(description="0 is Monday")
    starts: time
    ends: time
    break_starts: time | None = None
    break_ends: time | None = None
    minutes: int
    pattern: str = Field(
        default="[]",
        sa_column=Column(Text, nullable=False),
        description="JSON list of {kind, channels, release_hours}, repeated along the shift; empty: ordinary",
    )
    valid_from: date | None = None
    valid_until: date | None = None


class Slot(SQLModel, table=True):
    """One published interval (бирка); whether it is taken is told by its claim, not here."""

    __table_args__ = (
        UniqueConstraint("doctor_id", "starts_at"),
        Index("ix_slot_starts_at_doctor_id", "starts_at", "doctor_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    doctor_id: int = Field(foreign_key="doctor.id")
    branch_id: int = Field(foreign_key="branch.id")
    room_id: int = Field(foreign_key="room.id")
    starts_at: datetime = Field(sa_column=Column(WallClock, nullable=False))
    starts_utc: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    minutes: int
    kind: str = Field(default=SlotKind.ORDINARY.value)
    channels: str = Field(default="", description="channels that may book it, space separated; empty: all")
    released_at: datetime | None = Field(
        default=None,
        sa_column=Column(WallClock, nullable=True),
        description="from then on a slot of a special kind is open to everybody",
    )
    closed: bool = False
    close_reason: str = ""


class Claim(SQLModel, table=True):
    """What occupies a slot: a visit, or a desk's hold until an instant.

    The primary key is the guard against a double booking: a second claim of a slot has no place to stand.
    """

    __table_args__ = (
        CheckConstraint("(visit_id IS NULL) <> (held_by IS NULL)", name="visit_or_hold"),
        Index(
            "ix_claim_held_until",
            "held_until",
            sqlite_where=text("visit_id IS NULL"),
            postgresql_where=text("visit_id IS NULL"),
        ),
    )

    slot_id: int = Field(primary_key=True, foreign_key="slot.id", sa_column_kwargs={"autoincrement": False})
    visit_id: int | None = Field(default=None, foreign_key="visit.id", index=True)
    held_by: str | None = None
    held_until: datetime | None = Field(default=None, sa_column=Column(UtcInstant, nullable=True))
