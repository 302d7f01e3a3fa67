"""Carrying a table into the base: what was done before is skipped, its rejects are written anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from registrar_tui.bulk.job import Job
from registrar_tui.services import bulk
from registrar_tui.services.imports.rows import Reject, Row
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.session import Store

Numbered = Iterator[tuple[int, Row]]
STRETCH = 5000


def result(standing: bulk.Standing, rejects_file: str | None) -> dict[str, Any]:
    """Return the shape of the command line contract."""
    return {
        "read": standing.rows_done,
        "added": standing.added,
        "updated": standing.updated,
        "rejected": standing.rejected,
        "rejects_file": rejects_file,
    }


class Importer:
    """One table on its way into one base; what was done stays done when it is cut short."""

    def __init__(self, store: Store, workplace: Workplace, job: Job) -> None:
        self.store, self.workplace, self.job = store, workplace, job

    def begin(self) -> bulk.Standing:
        """Return how far this content has come before."""
        fingerprint = self.job.source.fingerprint()
        self.job.source.require_unchanged()
        return self.store.write(
            lambda session: bulk.begin(session, self.workplace, self.job.kind, fingerprint)
        )

    def after(self, standing: bulk.Standing) -> Numbered:
        """Skip what is done, writing its rejects anew: the table of rejects is always whole."""
        rows = enumerate(self.job.table.rows(), 1)
        done = standing.rows_done
        while done and (chunk := list(islice(rows, min(STRETCH, done)))):
            done -= len(chunk)
            if standing.rejected == 0:
                continue
            with self.store.read() as session:
                first, last = chunk[0][0], chunk[-1][0]
                self.keep_rejects(chunk, bulk.rejects_between(session, standing.batch_id, first, last))
        self.job.skip(standing.rows_done)
        return rows

    def keep_rejects(self, chunk: Sequence[tuple[int, Row]], rejects: dict[int, Reject]) -> None:
        """Write the rejected rows of a stretch."""
        if rejects:
            for place, row in chunk:
                if place in rejects:
                    self.job.rejects.add(row, rejects[place])

    def finish(self, standing: bulk.Standing) -> dict[str, Any]:
        """Put the rejects in their place, then close the import: a kill between the two repeats the first."""
        self.job.source.require_unchanged()
        file = self.job.rejects.keep()
        self.store.write(lambda session: bulk.finish(session, self.workplace, self.job.kind, standing))
        self.job.tick(standing.rows_done, stage="finishing", always=True)
        return result(standing, file)
