"""Alembic's entry: runs in the connection and transaction that `storage.schema` opened."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlmodel import SQLModel

import registrar_tui.models  # noqa: F401 - registers the tables
from registrar_tui.models.columns import UtcInstant, WallClock


def render_item(kind: str, item: Any, _autogen: Any) -> str | Literal[False]:
    """Write our column types as plain SQLAlchemy, so that old migrations need no code of ours."""
    if kind == "type" and isinstance(item, WallClock | UtcInstant):
        return "sa.DateTime()"
    if kind == "type" and type(item).__name__ == "AutoString":
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=False,
    render_item=render_item,
)
context.run_migrations()
