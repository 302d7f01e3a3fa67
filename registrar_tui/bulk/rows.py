"""Carrying rows of few into the base, each in its own transaction: doctors, shifts, visits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from registrar_tui.bulk.importing import Importer
from registrar_tui.errors import Refusal, UsageError
from registrar_tui.services import bulk
from registrar_tui.services.imports.columns import Layout
from registrar_tui.services.imports.rows import Reject, Row
from registrar_tui.services.operations import AlreadyDone
from registrar_tui.services.visits import SlotLost

Settle = Callable[[Session, Layout, list[str], str], bool]
"""Writes one row under an operation id; tells whether it is new, raises why it is not taken."""


class RowImporter(Importer):
    """Rows of one table."""

    def run(self, settle: Settle, fingerprint: str) -> dict[str, Any]:
        """Import rows each in its own transaction; one that was done before counts as updated."""
        standing = self.begin()
        # Bytes say little here: a day's table is one block, and its rows take 10 ms each.
        count = sum(1 for _ in self.job.table.rows())
        for place, row in self.after(standing):
            self.job.source.require_unchanged()
            standing = self._one(standing, place, row, settle, fingerprint)
            self.job.tick(standing.rows_done, of=count)
        return self.finish(standing)

    def _one(
        self, standing: bulk.Standing, place: int, row: Row, settle: Settle, fingerprint: str
    ) -> bulk.Standing:
        def work(session: Session) -> bulk.Standing:
            session.connection()
            added = self.settled(session, row, settle, f"import:{fingerprint[:32]}:{row.line}")
            after = counted(standing, added, None)
            bulk.move(session, self.workplace, standing, after)
            return after

        reject: Reject | None = None
        try:
            return self.store.write(work)
        except AlreadyDone:
            after = counted(standing, False, None)
        except (Refusal, UsageError, SlotLost) as refused:
            if isinstance(refused, Refusal) and refused.code == "import_running":
                raise
            reject = self.why(row, refused)
            self.job.rejects.add(row, reject)
            after = counted(standing, False, reject)

        def mark(session: Session) -> None:
            bulk.move(session, self.workplace, standing, after)
            if reject is not None:
                bulk.store_rejects(session, standing.batch_id, {place: reject})

        self.store.write(mark)
        return after

    def settled(self, session: Session, row: Row, settle: Settle, op_id: str) -> bool:
        """Write one row; raises why it is not taken."""
        if row.problem is not None:
            raise Refusal(row.problem.code, row.problem.message, field=row.problem.field)
        return settle(session, self.job.layout, row.cells, op_id)

    def why(self, row: Row, refused: Refusal | UsageError | SlotLost) -> Reject:
        """Return the rule's code, with the nearest free time where one is offered."""
        if isinstance(refused, SlotLost):
            return Reject("slot_taken", "time", f"Строка {row.line}: это время только что заняли.")
        slots = [way.text for way in refused.ways_out if way.kind == "slot"]
        hint = f" Ближайшее свободное: {slots[0]}." if slots else ""
        return Reject(refused.code, refused.field or "", refused.message + hint)


def counted(standing: bulk.Standing, added: bool, reject: Reject | None) -> bulk.Standing:
    """Return the counts after one more row."""
    return bulk.Standing(
        standing.batch_id,
        standing.rows_done + 1,
        standing.added + int(added),
        standing.updated + int(not added and reject is None),
        standing.rejected + int(reject is not None),
    )
