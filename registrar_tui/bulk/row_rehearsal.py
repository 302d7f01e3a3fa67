"""What an import of rows would do: each is settled in a transaction that is taken back.

Rows that may meet (the same person, the same doctor's day) share a transaction, in the order of the table;
others do not: one transaction for all would let no desk write until the table ends.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from registrar_tui.bulk.importing import result
from registrar_tui.bulk.rows import RowImporter, Settle, counted
from registrar_tui.errors import Refusal, UsageError
from registrar_tui.services import bulk
from registrar_tui.services.imports.columns import Layout
from registrar_tui.services.imports.rows import Reject, Row
from registrar_tui.services.operations import AlreadyDone
from registrar_tui.services.visits import SlotLost

Strands = Callable[[Session, Layout, list[str]], set[Hashable]]
"""What a row has to do with; rows that share none of it cannot meet. Raises what `Settle` would."""
PAUSE = 0.005
"""Seconds between two transactions: a desk that waits gets its turn."""
_STRETCH = 200


@dataclass(slots=True)
class _Outcome:
    """What would become of one row."""

    added: bool = False
    reject: Reject | None = None


class RowRehearsal(RowImporter):
    """Rows of one table, tried and taken back."""

    def rehearse(self, settle: Settle, strands: Strands) -> dict[str, Any]:
        """Tell what an import of rows would do, without a write that stays."""
        rows = list(self.job.table.rows())
        outcomes: dict[int, _Outcome] = {}
        done = 0
        for group in self._groups(rows, strands):
            self.job.source.require_unchanged()
            outcomes |= self._tried(rows, group, settle)
            done += len(group)
            self.job.tick(done, of=len(rows))
            time.sleep(PAUSE)
        standing = bulk.Standing(0)
        for place, row in enumerate(rows):
            outcome = outcomes[place]
            if outcome.reject is not None:
                self.job.rejects.add(row, outcome.reject)
            standing = counted(standing, outcome.added, outcome.reject)
        return result(standing, self.job.rejects.keep())

    def _groups(self, rows: Sequence[Row], strands: Strands) -> list[list[int]]:
        """Return the places of rows that may meet, group by group."""
        groups = _Groups(len(rows))
        for start in range(0, len(rows), _STRETCH):
            with self.store.read() as session:
                for place in range(start, min(start + _STRETCH, len(rows))):
                    row = rows[place]
                    # A row that is refused for what it says itself meets nobody.
                    with suppress(Refusal, UsageError):
                        if row.problem is None:
                            groups.join(place, strands(session, self.job.layout, row.cells))
        return groups.all()

    def _tried(self, rows: Sequence[Row], group: Sequence[int], settle: Settle) -> dict[int, _Outcome]:
        outcomes: dict[int, _Outcome] = {}

        def work(session: Session) -> None:
            for place in group:
                outcomes[place] = self._outcome(session, rows[place], settle)
            raise _TakenBack

        with suppress(_TakenBack):
            self.store.write(work)
        return outcomes

    def _outcome(self, session: Session, row: Row, settle: Settle) -> _Outcome:
        try:
            with session.begin_nested():
                return _Outcome(added=self.settled(session, row, settle, f"rehearsal:{row.line}"))
        except AlreadyDone:
            return _Outcome()
        except (Refusal, UsageError, SlotLost) as refused:
            return _Outcome(reject=self.why(row, refused))


class _Groups:
    """Places joined by what they share."""

    def __init__(self, count: int) -> None:
        self._above = list(range(count))
        self._first: dict[Hashable, int] = {}

    def join(self, place: int, strands: set[Hashable]) -> None:
        """Put a place together with those that have any of its strands."""
        for strand in strands:
            one, other = self._top(self._first.setdefault(strand, place)), self._top(place)
            self._above[max(one, other)] = min(one, other)

    def all(self) -> list[list[int]]:
        """Return the groups, each in order, by their first places."""
        found: dict[int, list[int]] = defaultdict(list)
        for place in range(len(self._above)):
            found[self._top(place)].append(place)
        return list(found.values())

    def _top(self, place: int) -> int:
        while self._above[place] != place:
            self._above[place] = self._above[self._above[place]]
            place = self._above[place]
        return place


class _TakenBack(Exception):
    """Ends a rehearsal so that its transaction is rolled back."""
