"""One open table on its way in, and how far it has come; knows no base."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from registrar_tui.errors import UsageError
from registrar_tui.exchange.reading import Table, opened, table_of
from registrar_tui.exchange.rejects import RejectFile
from registrar_tui.exchange.source import Source
from registrar_tui.services.imports.columns import Column, Layout, match_header

_REPORT_EVERY = 0.2


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a table stands; `done` of `total` are bytes of a CSV or rows of a sheet, 0 of 0 going out."""

    done: int
    total: int
    rows: int
    seconds: float
    stage: str = "rows"
    """`rows`, or `finishing`: what takes its time after the last row."""
    skipped: int = 0
    """How much of `done` an earlier run has read, and of `rows` the same: no measure of this run's pace."""
    skipped_rows: int = 0
    unread: tuple[str, ...] = ()
    """Headings that mean nothing to this kind of table, told once before the first row."""
    other_sheets: tuple[str, ...] = ()
    """Sheets that are not read, told with them."""

    @property
    def rate(self) -> float:
        """Return rows a second."""
        return (self.rows - self.skipped_rows) / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """Return the seconds that are left at this pace, None where nothing can be said yet."""
        read = self.done - self.skipped
        return (self.total - self.done) * self.seconds / read if read > 0 and self.seconds > 0 else None


Report = Callable[[Progress], None]


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
    skipped: tuple[int, int] = (0, 0)

    def skip(self, rows: int) -> None:
        """Begin after rows that an earlier run has done: the pace is measured from here."""
        self.skipped = (self.table.done, rows)
        self.started = time.monotonic()

    def tick(self, rows: int, *, stage: str = "rows", always: bool = False, of: int | None = None) -> None:
        """Tell how far it is, five times a second at most; `of` how many rows where all have been read."""
        now = time.monotonic()
        if self.report is None or (not always and now - self.reported < _REPORT_EVERY):
            return
        self.reported = now
        done, total, skipped = self.table.done, self.table.total, self.skipped
        if of is not None:
            done, total, skipped = rows, of, (self.skipped[1], self.skipped[1])
        self.report(Progress(done, total, rows, now - self.started, stage, *skipped))


@contextmanager
def opened_job(
    kind: str, columns: Sequence[Column], path: Path, rejects: Path | None, report: Report | None
) -> Iterator[Job]:
    """Open a table and find its columns; UsageError of one line where it is none."""
    with opened(path) as source:
        table = table_of(source, columns)
        layout = match_header(table.header, columns, source.name)
        if rejects is not None:
            require_other(path, rejects, "rejects")
        job = Job(kind, source, table, layout, RejectFile(rejects, layout), report, time.monotonic())
        if report is not None and (layout.unread() or table.other_sheets):
            report(Progress(0, table.total, 0, 0.0, unread=layout.unread(), other_sheets=table.other_sheets))
        try:
            yield job
        finally:
            job.rejects.discard()


def require_other(path: Path, target: Path, field: str) -> None:
    """Refuse to write over the table that is being read."""
    if target.exists() and target.samefile(path):
        raise UsageError("Результат нельзя писать в саму таблицу: укажите другой файл.", field=field)


def require_two(out: Path, rejects: Path | None) -> None:
    """Refuse one name for a result and for the rows that have none."""
    if rejects is not None and rejects.resolve() == out.resolve():
        raise UsageError("Результат и отклонённые строки — разные файлы: укажите другой.", field="rejects")
