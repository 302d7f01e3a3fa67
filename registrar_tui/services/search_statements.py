"""The statements of the search: written once, spelt once for each database, then run by its driver.

Core takes 60-100 µs to run a statement it has cached, more with a list of values, and the driver itself 5: a
search runs half a dozen. Values are always bound, never written into the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import SessionTransaction
from sqlmodel import Session

_WIDTHS: Final = (1, 2, 4, 8, 16, 40, 100, 250, 400)
MOST_LISTED: Final = _WIDTHS[-1]
_ENTERED: Final = "search_connection"


class _Spelling(NamedTuple):
    """A statement for one database; `order` is None where its driver takes values by name."""

    text: str
    order: tuple[str, ...] | None
    given: dict[str, Any]
    driver_error: type[Exception]


class _Entered(NamedTuple):
    """The connection of a transaction, and the driver's own below it."""

    transaction: SessionTransaction
    connection: Connection
    raw: Any


class Question:
    """One SELECT with its bound values; SQLite's dates come back as the text they are stored as."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._spellings: dict[str, _Spelling] = {}

    def rows(self, session: Session, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """Return every row of the answer; DBAPIError as from any statement of SQLAlchemy."""
        connection, raw = _entered(session)
        spelling = self._spellings.get(connection.dialect.name) or self._spell(connection)
        bound: Any = {**spelling.given, **values}
        if spelling.order is not None:
            bound = [_stored(bound[name]) for name in spelling.order]
        cursor = raw.cursor()
        try:
            cursor.execute(spelling.text, bound)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows
        except spelling.driver_error as error:
            session.info.pop(_ENTERED, None)
            raise _wrapped(connection, spelling, error) from error
        finally:
            cursor.close()

    def _spell(self, connection: Connection) -> _Spelling:
        dialect = connection.dialect
        compiled: Any = self._statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        order = tuple(compiled.positiontup) if compiled.positiontup is not None else None
        spelling = _Spelling(str(compiled), order, dict(compiled.params), dialect.loaded_dbapi.Error)
        self._spellings[dialect.name] = spelling
        return spelling


def _entered(session: Session) -> tuple[Connection, Any]:
    """Return the connection of the transaction under way and the driver's own below it.

    Asking the session costs 10 µs a statement, as much as many a statement does.
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


def _stored(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _wrapped(connection: Connection, spelling: _Spelling, error: Exception) -> BaseException:
    dialect = connection.dialect
    raw: Any = connection.connection.dbapi_connection
    lost = dialect.is_disconnect(error, raw, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(error)
    return DBAPIError.instance(
        spelling.text,
        None,
        error,
        spelling.driver_error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    )


def width(size: int) -> int:
    """Return the length of the list, one of a few, that holds so many values: few texts stay prepared."""
    return next((step for step in _WIDTHS if step >= size), _WIDTHS[-1])


def among(column: Any, name: str, places: int) -> ColumnElement[bool]:
    """Return `column IN (…)` with so many places, to be filled by `listed`."""
    condition: ColumnElement[bool] = column.in_([bindparam(f"{name}_{place}") for place in range(places)])
    return condition


def listed(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """Return the values of a list, the last one repeated up to its width."""
    last = values[-1]
    return {
        f"{name}_{place}": values[place] if place < len(values) else last
        for place in range(width(len(values)))
    }
