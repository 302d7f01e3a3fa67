"""The tiny clinic in a PostgreSQL schema, put back as it was for every test by one question to the server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlmodel import SQLModel

from registrar_tui.storage.engine import open_engine
from tests.integration import tiny_clinic
from tests.integration.bases import own_schema


class TinySchema:
    """A schema that holds the tiny clinic, and beside it one with a copy of its rows.

    Filling it by 80 statements of its own took 60-120 ms a test, copying inside the server takes 10.
    """

    def __init__(self, url: str, copy: str) -> None:
        self.url = url
        tiny_clinic.migrate(url)
        engine = open_engine(url)
        tiny_clinic.fill(engine)
        engine.dispose()
        with psycopg.connect(url) as connection:
            self._script = ";\n".join(_statements(connection, copy))

    def put_back(self) -> None:
        """Delete every row and bring the clinic's own back, with the numbers its sequences stood at."""
        with psycopg.connect(self.url) as connection:
            connection.execute(self._script.encode())


@contextmanager
def own_tiny_schema(server: str, name: str) -> Iterator[TinySchema]:
    """Yield the tiny clinic in a schema that is dropped afterwards."""
    copy = f"{name}_whole"
    with own_schema(server, copy), own_schema(server, name) as url:
        yield TinySchema(url, copy)


def _statements(connection: psycopg.Connection, copy: str) -> Iterator[str]:
    """Copy the rows as they are, and yield what brings them back."""
    tables = SQLModel.metadata.sorted_tables
    # The events and the journal refuse a DELETE by a trigger; replicas fire none.
    yield "SET LOCAL session_replication_role = replica"
    yield "SET LOCAL synchronous_commit = off"
    # A truncate of this many small tables takes 0.3 s.
    yield from (f'DELETE FROM "{table.name}"' for table in reversed(tables))
    for table in tables:
        connection.execute(f'CREATE TABLE "{copy}"."{table.name}" AS TABLE "{table.name}"'.encode())
        yield f'INSERT INTO "{table.name}" SELECT * FROM "{copy}"."{table.name}"'
    for table in tables:
        if "id" in table.c:
            asked = f"SELECT pg_get_serial_sequence('{table.name}', 'id')".encode()
            (sequence,) = connection.execute(asked).fetchone() or (None,)
            stands = connection.execute(f"SELECT last_value, is_called FROM {sequence}".encode()).fetchone()
            assert stands is not None
            yield f"SELECT setval('{sequence}', {stands[0]}, {stands[1]})"
