"""Operators of the desk."""

from __future__ import annotations

from sqlmodel import Field, SQLModel


class Operator(SQLModel, table=True):
    """A named person who works at the desk; `role` decides what is allowed."""

    id: int | None = Field(default=None, primary_key=True)
    login: str = Field(unique=True)
    name: str
    role: str = Field(default="registrar", description="registrar, senior, administrator or auditor")
    active: bool = True
