"""Importing processes that are killed half-way and run again; at the end every row must be there once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import Session, col

from registrar_tui.models import ImportBatch, Op, Patient
from registrar_tui.storage.engine import open_engine
from registrar_tui.storage.integrity import check_base
from tests.fire import arena, import_child
from tests.fire.import_child import ROWS, ImportPlan, visit_of
from tests.fire.journal import Attempt, Command


class ImportLife:
    """One importer with its successors: each goes on with the table its predecessor died in."""

    def __init__(self, plan: ImportPlan) -> None:
        import_child.write_tables(plan)
        self.plan = plan
        self.lives = 0
        self.finished = 0
        """Tables that were said to be in, counted through all rounds."""
        self.cut_short = 0
        """Lives that ended in a table of which some rows were in already."""
        self.faults: list[str] = []

    def process(self, processes: Any) -> tuple[BaseProcess, Path]:
        """Return the next process and the journal it will write."""
        self._hear()
        journal = self.plan.journal(self.lives)
        words = (self.plan, self.lives, self.finished)
        self.lives += 1
        return processes.Process(target=import_child.run_imports, args=words, daemon=True), journal

    def _hear(self) -> None:
        if self.lives == 0:
            return
        for number, rejected in import_child.tables_in(self.plan.journal(self.lives - 1)):
            self.finished = max(self.finished, number + 1)
            if rejected:
                self.faults.append(f"{self.plan.kind}-{number}: {rejected} good rows were rejected")
        self.cut_short += self.is_half_done()

    def is_half_done(self) -> bool:
        """Tell whether some rows of a table are in, and not all."""
        engine = open_engine(self.plan.database)
        try:
            with engine.connect() as connection:
                return _half_done(connection, self.plan.kind)
        finally:
            engine.dispose()

    def finish(self) -> None:
        """Run the table that was being imported once more, to its end; then every row must be there once."""
        self._hear()
        bulk = import_child.open_bulk(self.plan)
        done = import_child.carry_in(self.plan, bulk, self.finished % self.plan.tables)
        bulk.close()
        self.finished += 1
        if done["rejected"]:
            self.faults.append(f"the rerun of {self.plan.kind} rejected {done['rejected']} good rows")
        engine = open_engine(self.plan.database)
        try:
            with Session(engine) as session:
                self.faults += self._not_once(session)
        finally:
            engine.dispose()

    def _rows(self) -> range:
        return range(min(self.finished, self.plan.tables) * ROWS[self.plan.kind])

    def _not_once(self, session: Session) -> Iterator[str]:
        if self.plan.kind == "patients":
            found = Counter(session.execute(select(col(Patient.snils))).scalars())
            wanted = {import_child.snils_of(row): 1 for row in self._rows()}
            found.pop(None, None)
        else:
            ops = session.execute(select(col(Op.op_id)).where(col(Op.op_id).like("import:%"))).scalars()
            found = Counter(ops)
            wanted = {attempt.command.op_id: 1 for attempt in self.attempts()}
        for key in set(wanted) | set(found):
            if found[key] != wanted.get(key, 0):
                yield f"{self.plan.kind}: {key} is there {found[key]} times, not {wanted.get(key, 0)}"

    def attempts(self) -> list[Attempt]:
        """Return the rows of visits as what a desk would have asked for; of people there are none."""
        if self.plan.kind == "patients":
            return []
        names = [import_child.fingerprint(self.plan.table(number))[:32] for number in range(self.plan.tables)]
        found = []
        for row in self._rows():
            table, line = divmod(row, ROWS["visits"])
            command = Command(f"import:{names[table]}:{line + 2}", "book", *visit_of(self.plan, row))
            found.append(Attempt(command, 0))
        return found


def _half_done(connection: Connection, kind: str) -> bool:
    running = select(col(ImportBatch.rows_done)).where(
        col(ImportBatch.kind) == kind, col(ImportBatch.state) == "running"
    )
    return any(
        0 < rows < ROWS["patients" if kind == "patients" else "visits"]
        for rows in connection.execute(running).scalars()
    )


def plans(database: str, folder: Path, tables: int, first_slot: int, first_patient: int) -> list[ImportPlan]:
    """Return one plan for each kind of table; the arena's slots and people from these on are theirs."""
    slots, people = (
        arena.slot_ids(first_slot + slots_for(tables)),
        arena.patient_ids(first_patient + people_for(tables)),
    )
    return [
        ImportPlan(database, folder, "patients", tables),
        ImportPlan(
            database, folder, "visits", tables, tuple(slots[first_slot:]), tuple(people[first_patient:])
        ),
    ]


def slots_for(tables: int) -> int:
    """Return how many slots the tables of visits need: whole weeks of doctors."""
    week = arena.SLOTS_A_DAY * arena.DAYS
    return -(-tables * ROWS["visits"] // week) * week


def people_for(tables: int) -> int:
    """Return how many people the tables of visits need."""
    return slots_for(tables) // arena.DAYS


def check_faults(database: str) -> list[str]:
    """Return what `db check` finds."""
    engine = open_engine(database)
    try:
        with engine.connect() as connection:
            found = check_base(connection, lambda _what, _done, _of: None)
    finally:
        engine.dispose()
    return [f"db check: {problem['code']} {problem['message']}" for problem in found["problems"]]
