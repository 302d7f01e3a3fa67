"""Imports under way: how far each file has come, and which of its rows were not taken."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Text, text
from sqlmodel import Field, SQLModel

from registrar_tui.models.columns import UtcInstant


class ImportBatch(SQLModel, table=True):
    """One import of one content; each batch of rows moves `rows_done` in its own transaction."""

    __tablename__ = "import_batch"
    __table_args__ = (
        Index(
            "uq_import_batch_running",
            "kind",
            "fingerprint",
            unique=True,
            sqlite_where=text("state = 'running'"),
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    fingerprint: str = Field(description="SHA-256 of the file")
    state: str = Field(default="running", description="running or finished")
    rows_done: int = 0
    added: int = 0
    updated: int = 0
    rejected: int = 0
    operator: str
    desk: str
    started_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))


class ImportReject(SQLModel, table=True):
    """A row of a running import that was not taken; removed when its table of rejects is written."""

    __tablename__ = "import_reject"

    batch_id: int = Field(primary_key=True, foreign_key="import_batch.id")
    place: int = Field(primary_key=True, description="place in the table, from 1")
    code: str
    field: str
    message: str = Field(sa_column=Column(Text, nullable=False))
