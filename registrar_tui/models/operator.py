"""Operators of the desk and their sessions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from registrar_tui.models.columns import UtcInstant


class Operator(SQLModel, table=True):
    """A named person who works at the desk; `role` decides what is allowed."""

    id: int | None = Field(default=None, primary_key=True)
    login: str = Field(unique=True)
    name: str
    role: str = Field(default="registrar", description="a key of services.permissions.ROLES")
    active: bool = True
    password_hash: str | None = Field(default=None, description="argon2id; None: nobody signs in with it")
    must_change: bool = Field(default=False, description="the password was set by somebody else")
    failures: int = Field(default=0, description="wrong passwords in a row")
    locked_until: datetime | None = Field(default=None, sa_column=Column(UtcInstant, nullable=True))


class OperatorSession(SQLModel, table=True):
    """A signed-in operator: the token itself is known to its holder only."""

    __tablename__ = "operator_session"

    token_hash: str = Field(primary_key=True, description="SHA-256 of the token")
    operator_id: int = Field(foreign_key="operator.id", index=True)
    desk: str
    issued_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    expires_at: datetime = Field(sa_column=Column(UtcInstant, nullable=False))
    revoked: bool = False
