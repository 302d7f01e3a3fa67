"""Carrying a table into the base: batches that are resumed, rejects, progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from sqlmodel import Session

from registrar_tui.errors import Refusal, UsageError
from registrar_tui.exchange.reading import Table, opened, table_of
from registrar_tui.exchange.rejects import RejectFile
from registrar_tui.exchange.source import Source
from registrar_tui.services import bulk
from registrar_tui.services.imports import loading, patient_batch
from registrar_tui.services.imports.columns import Column, Layout, match_header
from registrar_tui.services.imports.patient_batch import BatchLost, Outcome
from registrar_tui.services.imports.patients import Person, PersonReader
from registrar_tui.services.imports.rehearsal import Rehearsal
from registrar_tui.services.imports.rows import Reject, Row, reject_of
from registrar_tui.services.operations import AlreadyDone
from registrar_tui.services.visits import SlotLost
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.bulk_write import BulkWriter, scratch_session
from registrar_tui.storage.session import Store

Report = Callable[[bulk.Progress], None]
Numbered = Iterator[tuple[int, Row]]
Settle = Callable[[Session, Layout, list[str], str], bool]
SMALL, LARGE, FIRST = 25, 1000, 250
"""Rows of one transaction into a base where people work."""
HOLD = 0.04
"""Seconds a transaction should hold the write lock: a desk then waits for two of them at worst."""
PAUSE = 0.005
_REPORT_EVERY = 0.2
_STRETCH = 5000
_LOST_TRIES = 3


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
    """Carries one table into one base; what was done stays done when it is cut short."""

    def __init__(self, store: Store, workplace: Workplace, job: Job) -> None:
        self._store, self._workplace, self._job = store, workplace, job
        self._reader = PersonReader(job.layout, workplace.now().date())
        self._size = FIRST

    # --- people ---------------------------------------------------------------

    def patients(self) -> dict[str, Any]:
        """Import people: at once into an empty base, in short transactions into a living one."""
        standing = self._begin()
        if standing.rows_done == 0:
            standing = self._load(standing) or standing
        rows = self._after(standing)
        while chunk := list(islice(rows, self._size)):
            self._job.source.require_unchanged()
            standing = self._live(standing, chunk)
            self._job.tick(standing.rows_done)
        return self._finish(standing)

    def rehearse(self) -> dict[str, Any]:
        """Tell what an import would do, without a write."""
        standing = bulk.Standing(0)
        with scratch_session(self._store.engine) as session:
            rehearsal = Rehearsal(session)
            rows = enumerate(self._job.table.rows(), 1)
            while chunk := list(islice(rows, LARGE)):
                self._job.source.require_unchanged()
                people, rejects = self._checked(chunk)
                outcome = rehearsal.apply(people)
                rejects |= outcome.rejects
                standing = _after(standing, len(chunk), outcome, rejects)
                self._keep_rejects(chunk, rejects)
                self._job.tick(standing.rows_done)
        return result(standing, self._job.rejects.keep())

    def _checked(
        self, chunk: Sequence[tuple[int, Row]]
    ) -> tuple[list[tuple[int, Person]], dict[int, Reject]]:
        people: list[tuple[int, Person]] = []
        rejects: dict[int, Reject] = {}
        for place, row in chunk:
            found = (row.problem,) if row.problem is not None else self._reader.read(row.cells)
            if isinstance(found, Person):
                people.append((place, found))
            else:
                rejects[place] = reject_of(found)
        return people, rejects

    def _load(self, standing: bulk.Standing) -> bulk.Standing | None:
        """Load everything in one transaction if nobody is in the base yet, else None."""
        with self._store.read() as session:
            if not loading.is_empty(session):
                return None

        def work(session: Session) -> bulk.Standing | None:
            writer = BulkWriter(session)
            if not loading.is_empty(session):
                return None
            loader = loading.Loader(session, writer, self._workplace.utc())
            rows = enumerate(self._job.table.rows(), 1)
            read = rejected = 0
            while chunk := list(islice(rows, _STRETCH)):
                self._job.source.require_unchanged()
                people, rejects = self._checked(chunk)
                for place, person in people:
                    loader.add(place, person)
                bulk.store_rejects(session, standing.batch_id, rejects)
                read += len(chunk)
                rejected += len(rejects)
                self._job.tick(read)
            self._job.tick(read, stage="finishing", always=True)
            loader.finish()
            outcome = loader.outcome
            after = replace(standing, rows_done=read, added=outcome.added, updated=outcome.updated)
            after.rejected = rejected + len(outcome.rejects)
            bulk.advance(session, self._workplace, self._job.kind, standing, after, outcome.rejects)
            return after

        return self._store.write(work)

    def _live(self, standing: bulk.Standing, chunk: list[tuple[int, Row]]) -> bulk.Standing:
        people, rejects = self._checked(chunk)
        before = time.perf_counter()
        held: list[float] = []

        def work(session: Session) -> tuple[bulk.Standing, dict[int, Reject]]:
            writer = BulkWriter(session)
            held[:] = [time.perf_counter()]
            outcome = patient_batch.apply(session, writer, people, self._workplace.utc())
            told = rejects | outcome.rejects
            after = _after(standing, len(chunk), outcome, told)
            bulk.advance(session, self._workplace, self._job.kind, standing, after, told)
            return after, told

        after, told = self._tried(work, standing, chunk)
        if told is not None:
            self._keep_rejects(chunk, told)
        self._pace(time.perf_counter() - (held[0] if held else before), len(chunk))
        return after

    def _tried(
        self,
        work: Callable[[Session], tuple[bulk.Standing, dict[int, Reject]]],
        standing: bulk.Standing,
        chunk: list[tuple[int, Row]],
    ) -> tuple[bulk.Standing, dict[int, Reject] | None]:
        """Run a batch; one that loses a race is read anew, then halved, and a single row rejected."""
        for _ in range(_LOST_TRIES):
            try:
                return self._store.write(work)
            except BatchLost:
                time.sleep(PAUSE)
        if len(chunk) == 1:
            reject = Reject("keys_conflict", "policy", "Номер этой строки уже у другого человека: сверьте.")
            after = _after(standing, 1, Outcome(), {chunk[0][0]: reject})

            def refuse(session: Session) -> None:
                bulk.advance(session, self._workplace, self._job.kind, standing, after, {chunk[0][0]: reject})

            self._store.write(refuse)
            return after, {chunk[0][0]: reject}
        half = len(chunk) // 2
        return self._live(self._live(standing, chunk[:half]), chunk[half:]), None

    def _pace(self, held: float, rows: int) -> None:
        """Keep transactions short on any disk, and leave the desks their turn."""
        if held > HOLD:
            self._size = max(SMALL, rows // 2)
        elif held < HOLD / 2 and rows == self._size:
            self._size = min(LARGE, self._size + self._size // 4)
        time.sleep(max(PAUSE, held / 8))

    # --- doctors, schedule, visits ----------------------------------------------

    def rows(self, settle: Settle, fingerprint: str) -> dict[str, Any]:
        """Import rows each in its own transaction; one that was done before counts as updated."""
        standing = self._begin()
        for place, row in self._after(standing):
            self._job.source.require_unchanged()
            standing = self._one(standing, place, row, settle, fingerprint)
            self._job.tick(standing.rows_done)
        return self._finish(standing)

    def rehearse_rows(self, settle: Settle) -> dict[str, Any]:
        """Tell what an import of rows would do: done in one transaction that is taken back."""
        standing = bulk.Standing(0)

        def work(session: Session) -> None:
            nonlocal standing
            standing = bulk.Standing(0)
            for row in self._job.table.rows():
                added, reject = False, None
                try:
                    with session.begin_nested():
                        added = self._settled(session, row, settle, f"rehearsal:{row.line}")
                except (Refusal, UsageError, SlotLost) as refused:
                    reject = self._why(row, refused)
                    self._job.rejects.add(row, reject)
                standing = _counted(standing, added, reject)
            raise _TakenBack

        with suppress(_TakenBack):
            self._store.write(work)
        return result(standing, self._job.rejects.keep())

    def _one(
        self, standing: bulk.Standing, place: int, row: Row, settle: Settle, fingerprint: str
    ) -> bulk.Standing:
        def work(session: Session) -> bulk.Standing:
            session.connection()
            added = self._settled(session, row, settle, f"import:{fingerprint[:32]}:{row.line}")
            after = _counted(standing, added, None)
            bulk.move(session, self._workplace, standing, after)
            return after

        reject: Reject | None = None
        try:
            return self._store.write(work)
        except AlreadyDone:
            after = _counted(standing, False, None)
        except (Refusal, UsageError, SlotLost) as refused:
            if isinstance(refused, Refusal) and refused.code == "import_running":
                raise
            reject = self._why(row, refused)
            self._job.rejects.add(row, reject)
            after = _counted(standing, False, reject)

        def mark(session: Session) -> None:
            bulk.move(session, self._workplace, standing, after)
            if reject is not None:
                bulk.store_rejects(session, standing.batch_id, {place: reject})

        self._store.write(mark)
        return after

    def _settled(self, session: Session, row: Row, settle: Settle, op_id: str) -> bool:
        if row.problem is not None:
            raise Refusal(row.problem.code, row.problem.message, field=row.problem.field)
        return settle(session, self._job.layout, row.cells, op_id)

    def _why(self, row: Row, refused: Refusal | UsageError | SlotLost) -> Reject:
        """Return the rule's code, with the nearest free time where one is offered."""
        if isinstance(refused, SlotLost):
            return Reject("slot_taken", "time", f"Строка {row.line}: это время только что заняли.")
        slots = [way.text for way in refused.ways_out if way.kind == "slot"]
        hint = f" Ближайшее свободное: {slots[0]}." if slots else ""
        return Reject(refused.code, refused.field or "", refused.message + hint)

    # --- beginning and end --------------------------------------------------------

    def _begin(self) -> bulk.Standing:
        fingerprint = self._job.source.fingerprint()
        self._job.source.require_unchanged()
        return self._store.write(
            lambda session: bulk.begin(session, self._workplace, self._job.kind, fingerprint)
        )

    def _after(self, standing: bulk.Standing) -> Numbered:
        """Skip what is done, writing its rejects anew: the table of rejects is always whole."""
        rows = enumerate(self._job.table.rows(), 1)
        done = standing.rows_done
        while done and (chunk := list(islice(rows, min(_STRETCH, done)))):
            done -= len(chunk)
            with self._store.read() as session:
                first, last = chunk[0][0], chunk[-1][0]
                self._keep_rejects(chunk, bulk.rejects_between(session, standing.batch_id, first, last))
        return rows

    def _keep_rejects(self, chunk: Sequence[tuple[int, Row]], rejects: dict[int, Reject]) -> None:
        if rejects:
            for place, row in chunk:
                if place in rejects:
                    self._job.rejects.add(row, rejects[place])

    def _finish(self, standing: bulk.Standing) -> dict[str, Any]:
        self._job.source.require_unchanged()
        file = self._job.rejects.keep()
        self._store.write(lambda session: bulk.finish(session, self._workplace, self._job.kind, standing))
        self._job.tick(standing.rows_done, stage="finishing", always=True)
        return result(standing, file)


class _TakenBack(Exception):
    """Ends a rehearsal so that its transaction is rolled back."""


def _after(standing: bulk.Standing, rows: int, outcome: Outcome, rejects: dict[int, Reject]) -> bulk.Standing:
    return bulk.Standing(
        standing.batch_id,
        standing.rows_done + rows,
        standing.added + outcome.added,
        standing.updated + outcome.updated,
        standing.rejected + len(rejects),
    )


def _counted(standing: bulk.Standing, added: bool, reject: Reject | None) -> bulk.Standing:
    outcome = Outcome(added=int(added), updated=int(not added and reject is None))
    return _after(standing, 1, outcome, {} if reject is None else {0: reject})
