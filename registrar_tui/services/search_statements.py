"""The statements of the search: written once, spelt once for each database, then run as the driver's text.

Core takes 60-100 µs to run a statement it has cached, more with a list of values; the same text handed to the
driver takes 15 µs, and a search runs half a dozen. Values are always bound, never written into the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam
from sqlmodel import Session

_WIDTHS: Final = (1, 2, 4, 8, 16, 40, 100, 250, 400)
MOST_LISTED: Final = _WIDTHS[-1]


class _Spelling(NamedTuple):
    """A statement for one database; `order` is None where its driver takes values by name."""

    text: str
    order: tuple[str, ...] | None
    given: dict[str, Any]
    dates_as_text: bool


class Question:
    """One SELECT with its bound values; dates of SQLite come back as the text they are stored as."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._spellings: dict[str, _Spelling] = {}

    def rows(self, session: Session, values: dict[str, Any]) -> Sequence[Row[Any]]:
        """Return every row of the answer."""
        connection = session.connection()
        spelling = self._spellings.get(connection.dialect.name) or self._spell(connection)
        if spelling.dates_as_text:
            values = {
                name: value.isoformat() if isinstance(value, date) else value
                for name, value in values.items()
            }
        if spelling.order is None:
            return connection.exec_driver_sql(spelling.text, {**spelling.given, **values}).all()
        given = spelling.given
        bound = tuple([values[name] if name in values else given[name] for name in spelling.order])
        return connection.exec_driver_sql(spelling.text, bound).all()

    def first_column(self, session: Session, values: dict[str, Any]) -> list[Any]:
        """Return the first value of every row."""
        return [row[0] for row in self.rows(session, values)]

    def _spell(self, connection: Connection) -> _Spelling:
        dialect = connection.dialect
        compiled: Any = self._statement.compile(
            dialect=dialect, compile_kwargs={"render_postcompile": True}
        )
        order = tuple(compiled.positiontup) if compiled.positiontup is not None else None
        spelling = _Spelling(str(compiled), order, dict(compiled.params), dialect.name == "sqlite")
        self._spellings[dialect.name] = spelling
        return spelling


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
