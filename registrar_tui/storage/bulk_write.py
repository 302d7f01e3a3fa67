"""Many rows at once: `executemany` of the SQLite driver, COPY of PostgreSQL, indexes dropped and rebuilt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, Index, Table, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel

from registrar_tui.storage import gate, patience

# The kinds in the order they are made again: primary keys first, foreign keys need those.
_KEYS = text(
    "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE contype::text = :kind AND conrelid = to_regclass(:table)"
    " AND confrelid <> to_regclass('branch') ORDER BY conname"
)
_NEXT = text("SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)")
_SET = text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :last)")


class BulkWriter:
    """One session's way for bulk rows; values are those SQLAlchemy would be given."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()
        self._sqlite = self._connection.dialect.name == "sqlite"
        self._dropped: list[Index] = []
        self._keys: list[str] = []
        self._tables: Sequence[str] = ()
        self._alone: dict[str, int] = {}
        """The next id of tables that are locked for this writer."""

    def reserve(self, table: str, count: int) -> Sequence[int]:
        """Return ids nobody else will take: SQLite's writer is alone, PostgreSQL has a sequence.

        Of a table that is locked for this writer the sequence is asked once, and told where it ends.
        """
        if self._sqlite:
            highest = self._connection.execute(text(f"SELECT max(id) FROM {table}")).scalar() or 0  # noqa: S608
            return range(highest + 1, highest + 1 + count)
        if table in self._alone:
            first = self._alone[table] or self._next(table, 1)[0]
            self._alone[table] = first + count
            return range(first, first + count)
        return self._next(table, count)

    def _next(self, table: str, count: int) -> list[int]:
        return list(self._connection.execute(_NEXT, {"table": table, "count": count}).scalars())

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows given as tuples in the order of `columns`."""
        if not rows:
            return
        target = SQLModel.metadata.tables[table]
        converted = self._converted(target, columns, rows)
        names = ", ".join(f'"{name}"' for name in columns)
        with self._wrapped():
            self._send(table, names, len(columns), converted)

    def _send(self, table: str, names: str, width: int, converted: Sequence[Sequence[Any]]) -> None:
        driver: Any = self._connection.connection.dbapi_connection
        if self._sqlite:
            marks = ", ".join("?" * width)
            driver.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', converted)  # noqa: S608
            return
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
            for row in converted:
                copy.write_row(row)

    @contextmanager
    def _wrapped(self) -> Iterator[None]:
        """Give the driver's errors the shape SQLAlchemy's have: the store knows what to say of those."""
        base = self._connection.dialect.loaded_dbapi.Error
        try:
            yield
        except base as error:
            raise DBAPIError.instance(
                None, None, error, base, hide_parameters=True, dialect=self._connection.dialect
            ) from error

    def _converted(
        self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> Sequence[Sequence[Any]]:
        """Turn dates and instants into what the driver stores, column by column; most columns stay."""
        dialect = self._connection.dialect
        ways: list[tuple[int, Callable[[Any], Any], dict[Any, Any]]] = []
        for place, name in enumerate(columns):
            processor = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
            if processor is not None:
                ways.append((place, processor, {}))
        if not ways:
            return rows
        turned = []
        for row in rows:
            values = list(row)
            for place, way, known in ways:
                value = values[place]
                if value not in known:
                    known[value] = way(value)
                values[place] = known[value]
            turned.append(values)
        return turned

    def drop_indexes(self, tables: Sequence[str], meanwhile: Callable[[], None] | None = None) -> None:
        """Drop the indexes of tables, on PostgreSQL their foreign keys too, until `build_indexes`.

        All in the caller's transaction: whoever comes after a kill finds every index and no row. PostgreSQL
        locks the tables out of everybody's reach until then, so the gate is closed: the desks hear why, which
        takes half a second that `meanwhile` may use.
        """
        self._tables = tables
        if not self._sqlite:
            gate.close_postgres_gate(self._connection, meanwhile)
            self._drop_keys(tables)
        for table in tables:
            for index in sorted(SQLModel.metadata.tables[table].indexes, key=lambda index: str(index.name)):
                index.drop(self._connection)
                self._dropped.append(index)
        if not self._sqlite:
            patience.wait_for_ever(self._connection)  # an index of a million rows may take its time

    def _drop_keys(self, tables: Sequence[str]) -> None:
        """Drop foreign keys, and primary keys of more than a number; those of one are kept for the locks.

        Checked once at the end a foreign key takes 1 µs a row, row by row 10. That to the branch stays: to
        take it off is to lock the branches, which every desk reads; new cards name none.
        """
        numbered = {table for table in tables if "id" in SQLModel.metadata.tables[table].c}
        self._alone |= dict.fromkeys(numbered, 0)
        for kind, some in (("f", tables), ("p", [table for table in tables if table not in numbered])):
            for table in some:
                found = self._connection.execute(_KEYS, {"table": table, "kind": kind}).all()
                for name, definition in found:
                    self._connection.execute(text(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"'))
                    self._keys.append(f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}')

    def build_indexes(self) -> None:
        """Build what was dropped, the last dropped first; sequences go on after the ids that were taken.

        The planner is told at once what it has, roughly: until the server looks by itself, a minute later or
        never, it would read through whole tables.
        """
        for table, number in self._alone.items():
            if number:
                self._connection.execute(_SET, {"table": table, "last": number - 1})
        self._alone.clear()
        while self._dropped:
            self._dropped[-1].create(self._connection)
            self._dropped.pop()
        while self._keys:
            self._connection.execute(text(self._keys[-1]))
            self._keys.pop()
        if self._tables and not self._sqlite:
            self._connection.execute(text("SET LOCAL default_statistics_target = 30"))
            self._connection.execute(text("ANALYZE " + ", ".join(self._tables)))
            self._tables = ()


@contextmanager
def scratch_session(engine: Engine) -> Iterator[Session]:
    """Yield a session that keeps one connection, whose temporary tables lie on disk and not in memory."""
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            driver.execute("PRAGMA temp_store=FILE")
        try:
            with Session(connection, expire_on_commit=False) as session:
                yield session
        finally:
            connection.rollback()
            if sqlite:
                driver.execute("PRAGMA temp_store=MEMORY")  # drops every temporary table
            else:
                connection.exec_driver_sql("DISCARD TEMP")
                connection.commit()
