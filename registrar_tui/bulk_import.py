"""Carrying a table into the base: an open table, batches that are resumed, rejects, progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from registrar_tui.errors import UsageError
from registrar_tui.exchange.reading import Table, opened, table_of
from registrar_tui.exchange.rejects import RejectFile
from registrar_tui.exchange.source import Source
from registrar_tui.services import bulk
from registrar_tui.services.imports.columns import Column, Layout, match_header
from registrar_tui.services.imports.rows import Reject, Row
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.session import Store

Report = Callable[[bulk.Progress], None]
Numbered = Iterator[tuple[int, Row]]
_REPORT_EVERY = 0.2
STRETCH = 5000


@dataclass(slots=True)
class Job:
    """One open table on its way in."""

    kind: str
    source: Source
    table: Table
    layout: Layout
    rejects: RejectFile
    report: Report | None
    started: float
    reported: float = 0.0

    def tick(self, rows: int, *, stage: str = "rows", always: bool = False) -> None:
        """Tell how far it is, five times a second at most."""
        now = time.monotonic()
        if self.report is None or (not always and now - self.reported < _REPORT_EVERY):
            return
        self.reported = now
        self.report(bulk.Progress(self.table.done, self.table.total, rows, now - self.started, stage))


@contextmanager
def opened_job(
    kind: str, columns: Sequence[Column], path: Path, rejects: Path | None, report: Report | None
) -> Iterator[Job]:
    """Open a table and find its columns; UsageError of one line where it is none."""
    with opened(path) as source:
        table = table_of(source)
        layout = match_header(table.header, columns, source.name)
        if rejects is not None and rejects.exists() and rejects.samefile(path):
            raise UsageError("Отклонённые строки нельзя писать в сам файл: укажите другой.", field="rejects")
        job = Job(kind, source, table, layout, RejectFile(rejects, layout), report, time.monotonic())
        try:
            yield job
        finally:
            job.rejects.discard()


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
        if standing.rejected == 0:
            for _ in islice(rows, done):
                pass
            return rows
        while done and (chunk := list(islice(rows, min(STRETCH, done)))):
            done -= len(chunk)
            with self.store.read() as session:
                first, last = chunk[0][0], chunk[-1][0]
                self.keep_rejects(chunk, bulk.rejects_between(session, standing.batch_id, first, last))
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
