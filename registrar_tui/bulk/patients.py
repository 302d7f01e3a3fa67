"""Carrying people into the base: at once where nobody is, in short transactions beside working desks."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain, islice
from typing import Any

from sqlmodel import Session

from registrar_tui.bulk.importing import STRETCH, Importer, result
from registrar_tui.bulk.job import Job
from registrar_tui.services import bulk
from registrar_tui.services.imports import loading, patient_batch
from registrar_tui.services.imports.patient_batch import BatchLost, Outcome
from registrar_tui.services.imports.patients import Person, PersonReader
from registrar_tui.services.imports.rehearsal import Rehearsal
from registrar_tui.services.imports.rows import Reject, Row, reject_of
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.bulk_write import BulkWriter, scratch_session
from registrar_tui.storage.session import Store

SMALL, LARGE, FIRST = 25, 1000, 100
"""Rows of one transaction into a base where people work."""
HOLD = 0.03
"""Seconds a transaction should hold the write lock: a desk then waits for two of them at worst."""
_AIM = 0.75 * HOLD
PAUSE = 0.012
"""Seconds between two of them: longer than a waiting desk sleeps between two tries (10 ms in SQLite itself),
or it would sleep through its turn, and again through the next."""
_LOST_TRIES = 3


AHEAD = 6
"""Stretches read before a server's desks have all seen that the base is closed: half a second's work."""
Stretch = tuple[int, list[tuple[int, Person]], dict[int, Reject]]
"""How many rows, and what they hold by their places: people and refusals."""


class PatientImporter(Importer):
    """People of one table."""

    def __init__(self, store: Store, workplace: Workplace, job: Job) -> None:
        super().__init__(store, workplace, job)
        self._reader = PersonReader(job.layout, workplace.now().date())
        self._size = FIRST

    def run(self) -> dict[str, Any]:
        """Import people: at once into an empty base, in short transactions into a living one."""
        standing = self.begin()
        if standing.rows_done == 0 and (loaded := self._load(standing)) is not None:
            if loaded.rejected:
                self.after(loaded)
            return self.finish(loaded)
        rows = self.after(standing)
        while chunk := list(islice(rows, self._size)):
            self.job.source.require_unchanged()
            standing = self._live(standing, chunk)
            self.job.tick(standing.rows_done)
        return self.finish(standing)

    def rehearse(self) -> dict[str, Any]:
        """Tell what an import would do, without a write."""
        standing = bulk.Standing(0)
        with scratch_session(self.store.engine) as session:
            rehearsal = Rehearsal(session)
            rows = enumerate(self.job.table.rows(), 1)
            while chunk := list(islice(rows, LARGE)):
                self.job.source.require_unchanged()
                people, rejects = self._checked(chunk)
                outcome = rehearsal.apply(people)
                rejects |= outcome.rejects
                standing = _after(standing, len(chunk), outcome, rejects)
                self.keep_rejects(chunk, rejects)
                self.job.tick(standing.rows_done)
        return result(standing, self.job.rejects.keep())

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
        with self.store.read() as session:
            if not loading.is_empty(session):
                return None

        def work(session: Session) -> bulk.Standing | None:
            writer = BulkWriter(session)
            if not loading.is_empty(session):
                return None
            stretches, ahead = self._stretches(), list[Stretch]()
            loader = loading.Loader(
                session, writer, self.workplace.utc(), lambda: ahead.extend(islice(stretches, AHEAD))
            )
            read = rejected = 0
            for rows, people, rejects in chain(_taken(ahead), stretches):
                for place, person in people:
                    loader.add(place, person)
                bulk.store_rejects(session, standing.batch_id, rejects)
                read += rows
                rejected += len(rejects)
                self.job.tick(read)
            self.job.tick(read, stage="finishing", always=True)
            loader.finish()
            self.job.source.require_unchanged()  # while it can all be taken back
            outcome = loader.outcome
            after = replace(standing, rows_done=read, added=outcome.added, updated=outcome.updated)
            after.rejected = rejected + len(outcome.rejects)
            bulk.advance(session, self.workplace, self.job.kind, standing, after, outcome.rejects)
            return after

        with _no_collector():
            return self.store.write(work)

    def _stretches(self) -> Iterator[Stretch]:
        """Yield the table read and checked, so many rows at a time."""
        rows = enumerate(self.job.table.rows(), 1)
        while chunk := list(islice(rows, STRETCH)):
            self.job.source.require_unchanged()
            yield len(chunk), *self._checked(chunk)

    def _live(self, standing: bulk.Standing, chunk: list[tuple[int, Row]]) -> bulk.Standing:
        people, rejects = self._checked(chunk)
        before = time.perf_counter()
        held: list[float] = []

        def work(session: Session) -> tuple[bulk.Standing, dict[int, Reject]]:
            writer = BulkWriter(session)
            held[:] = [time.perf_counter()]
            outcome = patient_batch.apply(session, writer, people, self.workplace.utc())
            told = rejects | outcome.rejects
            after = _after(standing, len(chunk), outcome, told)
            bulk.advance(session, self.workplace, self.job.kind, standing, after, told)
            return after, told

        after, told = self._tried(work, standing, chunk)
        if told is not None:
            self.keep_rejects(chunk, told)
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
                return self.store.write(work)
            except BatchLost:
                time.sleep(PAUSE)
        if len(chunk) == 1:
            reject = Reject("keys_conflict", "policy", "Номер этой строки уже у другого человека: сверьте.")
            after = _after(standing, 1, Outcome(), {chunk[0][0]: reject})

            def refuse(session: Session) -> None:
                bulk.advance(session, self.workplace, self.job.kind, standing, after, {chunk[0][0]: reject})

            self.store.write(refuse)
            return after, {chunk[0][0]: reject}
        half = len(chunk) // 2
        return self._live(self._live(standing, chunk[:half]), chunk[half:]), None

    def _pace(self, held: float, rows: int) -> None:
        """Keep transactions short on any disk, and leave the desks their turn."""
        if held > HOLD or rows == self._size:
            # In proportion: halving would stay at the least rows wherever a commit alone takes half of it.
            step = min(max(_AIM / max(held, PAUSE), 0.5), 1.25)
            self._size = min(LARGE, max(SMALL, round(rows * step)))
        time.sleep(max(PAUSE, held / 8))


def _taken(stretches: list[Stretch]) -> Iterator[Stretch]:
    """Yield what was read ahead and keep none of it."""
    while stretches:
        yield stretches.pop(0)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Millions of tuples without a cycle among them: looking for cycles takes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _after(standing: bulk.Standing, rows: int, outcome: Outcome, rejects: dict[int, Reject]) -> bulk.Standing:
    return bulk.Standing(
        standing.batch_id,
        standing.rows_done + rows,
        standing.added + outcome.added,
        standing.updated + outcome.updated,
        standing.rejected + len(rejects),
    )
