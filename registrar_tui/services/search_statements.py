"""The statements of the search: a search runs half a dozen, some with a list of values.

Core takes 60-100 µs to run a statement it has cached, more with a list, and the driver itself 5. Values are
always bound, never written into the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Date, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from registrar_tui.services.prepared import Prepared, Sent

_WIDTHS: Final = (1, 2, 4, 8, 16, 40, 100, 250, 400)
MOST_LISTED: Final = _WIDTHS[-1]
Value = TypeVar("Value")


class Question(Prepared):
    """One SELECT; values it has no place for are passed over, and SQLite's dates come back as stored text."""

    def _compiled(self, dialect: Any, columns: list[str]) -> Sent:
        return replace(super()._compiled(dialect, columns), outward=(), count=None)


class next_day(FunctionElement[date]):
    """The day after a day."""

    type = Date()
    inherit_cache = True


@compiles(next_day, "sqlite")
def _sqlite_day(element: next_day, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, '+1 day')"


@compiles(next_day, "postgresql")
def _postgresql_day(element: next_day, compiler: Any, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} + 1)"


def width(size: int) -> int:
    """Return the length of the list, one of a few, that holds so many values: few texts stay prepared."""
    return next((step for step in _WIDTHS if step >= size), _WIDTHS[-1])


def among(column: Any, name: str, places: int) -> ColumnElement[bool]:
    """Return `column IN (…)` with so many places, to be filled by `listed`."""
    condition: ColumnElement[bool] = column.in_([bindparam(f"{name}_{place}") for place in range(places)])
    return condition


def in_lists(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Yield values in lists none of which is longer than a statement takes."""
    return (values[start : start + MOST_LISTED] for start in range(0, len(values), MOST_LISTED))


def listed(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """Return the values of a list (`MOST_LISTED` of them at most), the last one repeated up to its width."""
    last = values[-1]
    return {
        f"{name}_{place}": values[place] if place < len(values) else last
        for place in range(width(len(values)))
    }
