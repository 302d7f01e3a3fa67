"""Local rules as data."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Column, Text
from sqlmodel import Field, SQLModel


class RuleSetting(SQLModel, table=True):
    """Parameters of one rule from a day on; the class with the same code checks it."""

    __tablename__ = "rule_setting"

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(index=True)
    valid_from: date
    enabled: bool = True
    basis: str
    override_role: str | None = Field(default=None, description="who may go against it; None: nobody")
    parameters: str = Field(default="{}", sa_column=Column(Text, nullable=False))
