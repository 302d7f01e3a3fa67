"""Visits, their append-only events, and the operations that were done once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Text
from sqlmodel import Field, SQLModel

from registrar_tui.models.columns import UtcInstant, WallClock


class Visit(SQLModel, table=True):
    """A booking of one patient with one doctor; time and length are copied from the slots at booking."""

    __table_args__ = (
        Index("ix_visit_patient_id_starts_at", "patient_id", "starts_at"),
        Index("ix_visit_starts_at", "starts_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    patient_id: int = Field(foreign_key="patient.id")
    doctor_id: int = Field(foreign_key="doctor.id")
    specialty_id: int = Field(foreign_key="specialty.id")
    branch_id: int = Field(foreign_key="branch.id")
    room_id: int = Field(foreign_key="room.id")
    slot_id: int = Field(foreign_key="slot.id", description="the first of its slots")
    service_id: int | None = Field(default=None, foreign_key="service.id")
    starts_at: datetime = Field(sa_column=Column(WallClock, nullable=False))
    starts_utc: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    minutes: int
    status: str
    channel: str
    booked_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    arrived_at: datetime | None = Field(default=None, sa_column=Column(UtcInstant, nullable=True))
    cancel_reason: str | None = None
    cancelled_by: str | None = Field(default=None, description="patient or clinic")
    late: bool = Field(default=False, description="cancelled by the patient less than 24 hours before")
    previous_visit_id: int | None = Field(default=None, foreign_key="visit.id")
    replaced_by_id: int | None = Field(default=None, foreign_key="visit.id")
    version: int = 1


class VisitEvent(SQLModel, table=True):
    """One change of a visit; `after` holds every mutable field, so that the events replay to the row."""

    __tablename__ = "visit_event"

    id: int | None = Field(default=None, primary_key=True)
    visit_id: int = Field(foreign_key="visit.id", index=True)
    at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    what: str
    operator: str
    desk: str = Field(index=True)
    channel: str
    reason: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    before: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    after: str = Field(sa_column=Column(Text, nullable=False))
    op_id: str = Field(index=True)


class Op(SQLModel, table=True):
    """One operation asked for by a front end and its first answer; a retry gets the same answer."""

    op_id: str = Field(primary_key=True)
    at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    desk: str
    request: str = Field(sa_column=Column(Text, nullable=False))
    result: str = Field(sa_column=Column(Text, nullable=False))
