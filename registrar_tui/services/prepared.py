"""Statements of the hot path, built once and sent by the driver itself, in a session or in a bare reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Date, Dialect, Engine, Executable, PoolProxiedConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session

_ENTERED = "entered"

Converter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Sent:
    """What one database is sent for a statement."""

    text: str
    names: tuple[str, ...]
    named: bool
    constants: Mapping[str, Any]
    inward: Mapping[str, Converter]
    outward: tuple[tuple[int, Converter], ...]
    answers: bool
    count: int | None
    """Of different parameters, None where more may be given than it has a place for."""

    def filled(self, words: Mapping[str, Any]) -> Any:
        """Return the parameters in the driver's style; ValueError where they are not the statement's."""
        values = {**self.constants, **words}
        if self.count not in (None, len(values)):
            raise ValueError(f"{sorted(words)} is not what this was prepared for: {self.text}")
        for name, convert in self.inward.items():
            values[name] = convert(values[name])
        return values if self.named else [values[name] for name in self.names]


class Reading:
    """A short read without a session: one connection of the pool, for prepared questions alone.

    A session costs 50 us before its first question, which the question of a search itself does not.
    `storage.reading` says what it sees.
    """

    __slots__ = ("_pooled", "engine", "raw")

    def __init__(self, engine: Engine, pooled: PoolProxiedConnection) -> None:
        self.engine = engine
        self.raw: Any = pooled.dbapi_connection
        self._pooled = pooled

    @property
    def dialect(self) -> Dialect:
        """Return how the database is spoken to."""
        return self.engine.dialect

    def invalidate(self, error: BaseException) -> None:
        """Give the connection up."""
        self._pooled.invalidate(error)


Reader = Session | Reading


def engine_of(reader: Reader) -> Engine:
    """Return the engine whose base is read."""
    return reader.engine if isinstance(reader, Reading) else reader.get_bind().engine


class Prepared:
    """A statement with named parameters; SQLAlchemy writes its text and converts its values, no more.

    5 to 9 us a question on SQLite instead of 25 to 40. Errors are SQLAlchemy's own, so that a lost
    connection is one to everybody. An insert must always be given the same columns.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement: Any = statement
        self._sent: dict[str, Sent] = {}

    def run(self, reader: Reader, words: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Send it in the reader's transaction; returns every row, none of a statement that answers nothing.

        Nothing is flushed before it.
        """
        connection, raw = (reader, reader.raw) if isinstance(reader, Reading) else _entered(reader)
        sent = self.sent(connection, words)
        parameters = sent.filled(words)
        try:
            cursor = raw.execute(sent.text, parameters)
            rows = cursor.fetchall() if sent.answers else []
        except connection.dialect.loaded_dbapi.Error as error:
            if not isinstance(reader, Reading):
                reader.info.pop(_ENTERED, None)
            raise _wrapped(connection, raw, sent.text, error) from error
        return [_converted(row, sent.outward) for row in rows] if sent.outward else rows

    def first(self, reader: Reader, words: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """Return the first row, None where there is none."""
        rows = self.run(reader, words)
        return rows[0] if rows else None

    def sent(self, connection: Connection | Reading, words: Mapping[str, Any]) -> Sent:
        """Return what this database is sent, compiled at the first use."""
        name = connection.dialect.name
        if name not in self._sent:
            self._sent[name] = self._compiled(connection.dialect, list(words))
        return self._sent[name]

    def _compiled(self, dialect: Any, columns: list[str]) -> Sent:
        compiled = self._statement.compile(dialect=dialect, column_keys=columns)
        binds = compiled.binds
        inward = {name: _inward(bind.type, dialect) for name, bind in binds.items()}
        answered = getattr(self._statement, "exported_columns", ())
        outward = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in answered]
        return Sent(
            text=str(compiled),
            names=tuple(compiled.positiontup or ()),
            named=not dialect.positional,
            constants={name: bind.effective_value for name, bind in binds.items() if not bind.required},
            inward={name: convert for name, convert in inward.items() if convert is not None},
            outward=tuple((place, convert) for place, convert in enumerate(outward) if convert is not None),
            answers=bool(outward) or self._statement.is_select,
            count=len(binds),
        )


def _inward(kind: Any, dialect: Dialect) -> Converter | None:
    """Return what writes a value for the database, None where the driver takes it as it is."""
    if isinstance(kind, Date) and dialect.name == "sqlite":
        return date.isoformat  # the same text as SQLAlchemy writes, 20 times faster; a year has 365 days
    convert: Converter | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return convert


@dataclass(frozen=True, slots=True)
class _Entered:
    """The connection of a transaction, and the driver's own below it."""

    transaction: SessionTransaction
    connection: Connection
    raw: Any


def _entered(session: Session) -> tuple[Connection, Any]:
    """Return the connection of the transaction under way and the driver's own below it.

    Asking the session costs 10 us a statement, as much as many a statement does.
    """
    transaction = session.get_transaction()
    known: _Entered | None = session.info.get(_ENTERED)
    if known is not None and known.transaction is transaction and known.transaction.is_active:
        return known.connection, known.raw
    connection = session.connection()
    raw: Any = connection.connection.dbapi_connection
    if (transaction := session.get_transaction()) is not None:
        session.info[_ENTERED] = _Entered(transaction, connection, raw)
    return connection, raw


def _converted(row: tuple[Any, ...], outward: tuple[tuple[int, Converter], ...]) -> tuple[Any, ...]:
    values = list(row)
    for place, convert in outward:
        values[place] = convert(values[place])
    return tuple(values)


def _wrapped(connection: Connection | Reading, raw: Any, text: str, error: Exception) -> BaseException:
    """Return the driver's error as SQLAlchemy would have raised it, and give a lost connection up."""
    dialect: Any = connection.dialect
    lost = dialect.is_disconnect(error, raw, None)
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    )
