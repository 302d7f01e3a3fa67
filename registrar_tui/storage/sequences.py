"""Generated ids after rows that brought their own."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlmodel import SQLModel


def advance_sequences(connection: Connection) -> None:
    """Move PostgreSQL's sequences past the highest id of every table; SQLite needs nothing."""
    if connection.dialect.name != "postgresql":
        return
    for table in SQLModel.metadata.sorted_tables:
        if "id" not in table.c:
            continue
        connection.execute(
            text(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "  # noqa: S608 - our own names
                f"coalesce(max(id), 1), max(id) IS NOT NULL) FROM {table.name}"
            )
        )
