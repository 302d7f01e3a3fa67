"""How a bound LIMIT is written for SQLite."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler


class LimitCompiler(SQLiteCompiler):
    """Writes `LIMIT ? + 0` where SQLAlchemy writes `LIMIT ?`.

    SQLite reads a bare parameter after LIMIT while it plans, and from then on plans the statement anew at
    every execution: 10 to 100 us each, more than most statements of a search take.
    """

    def limit_clause(self, select: Any, **words: Any) -> str:
        """Return the clause; an offset nobody asked for is left out."""
        limit, offset = select._limit_clause, select._offset_clause
        shown = "-1" if limit is None else self.process(limit, **words)
        if isinstance(limit, BindParameter):
            shown += " + 0"
        text = f"\n LIMIT {shown}"
        return text if offset is None else f"{text} OFFSET {self.process(offset, **words)}"
