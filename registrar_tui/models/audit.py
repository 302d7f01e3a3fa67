"""The append-only journal: who did or saw what, chained by hashes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

from registrar_tui.models.columns import UtcInstant


class AuditEntry(SQLModel, table=True):
    """One entry: ids and codes only, no names, so that erasing a person leaves the chain whole.

    `mac` is HMAC-SHA256 over the previous entry's `mac` and this entry's canonical text. On SQLite there is
    one chain, on PostgreSQL one a desk: a single chain would make eight desks wait for each other.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("chain", "number"),
        Index("ix_audit_entry_object", "object_kind", "object_id"),
        Index("ix_audit_entry_at", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    chain: str
    number: int = Field(description="place in its chain, from 1")
    at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    operator: str
    role: str
    desk: str
    action: str
    object_kind: str = ""
    object_id: int | None = None
    op_id: str = ""
    reason: str = Field(default="", sa_column=Column(Text, nullable=False))
    detail: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    mac: str
