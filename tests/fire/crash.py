"""Desks and importers are killed at their work, hundreds of times; then the base must keep every promise.

`python -m tests.fire.crash --kills 300 --store sqlite|postgres` is the long run.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlmodel import Session

from registrar_tui.storage.engine import open_engine
from tests.fire import arena, import_life
from tests.fire.desk_child import DeskPlan, processes, run_desk, wait_until_stopped
from tests.fire.import_life import ImportLife, check_faults
from tests.fire.journal import Attempt, Command, read_journal, unanswered
from tests.fire.proofs import faults_of, read_traces, wait_for_writers
from tests.integration.bases import PG_VARIABLE

DESKS = 4
SLOTS = 48
KILLS_A_TABLE = 6
"""An importer gets a sixth of the kills, so that it does not run out of new tables."""
_IMPORTS_FROM = arena.SLOTS_A_DAY * arena.DAYS
PATIENTS = 24  # of each desk
LIFE = (0.25, 0.7)  # seconds from the first command to the kill
_LEAST = 3  # acknowledged commands of a desk's life: a crowded machine does little in a quarter of a second
_PATIENCE = 300.0  # seconds


@dataclass
class Toll:
    """What a run came to."""

    kills: int = 0
    acknowledged: int = 0
    refused: int = 0
    unavailable: int = 0
    open: int = 0
    """Commands a desk died in."""
    durable_unsaid: int = 0
    """Of these, done in the base although nobody was told: the case the op_id is for."""
    retried: int = 0
    repeated: int = 0
    """Retries of a command that had been done, answered with its first answer."""
    import_kills: int = 0
    tables: int = 0
    """Tables that were imported to their end, over all rounds."""
    cut_short: int = 0
    """Kills that left a table half in, so that the next import had to go on with it."""
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


@dataclass
class _Life:
    """One desk with its successors."""

    number: int
    slots: tuple[int, ...]
    patients: tuple[int, ...]
    journals: list[Path] = field(default_factory=list)
    done_unsaid: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    """What the base kept of each command a desk died in, before anybody retried it."""


@dataclass
class _Victim:
    """Whoever works until killed: a desk or an importer."""

    life: _Life | ImportLife
    process: BaseProcess | None = None
    dies_at: float = 0.0


class CrashRun:
    """Starts desks and importers, kills them in turn, starts their successors, and proves the base."""

    def __init__(
        self,
        database: str,
        folder: Path,
        *,
        kills: int,
        seed: int = 1,
        life: tuple[float, float] = LIFE,
    ) -> None:
        self._database = database
        self._folder = folder
        self._kills = kills
        self._chance = random.Random(seed)
        self._life = life
        self._processes: Any = processes()
        tables = max(2, kills // KILLS_A_TABLE)
        slots = _IMPORTS_FROM + import_life.slots_for(tables)
        own = PATIENTS * DESKS
        arena.build_arena(database, slots=slots, patients=own + import_life.people_for(tables))
        people = arena.patient_ids(own)
        self._desks = [
            _Life(number, tuple(arena.slot_ids(SLOTS)), tuple(people[number::DESKS]))
            for number in range(DESKS)
        ]
        plans = import_life.plans(database, folder, tables, _IMPORTS_FROM, own)
        self._imports = [ImportLife(plan) for plan in plans]
        self._victims = [_Victim(desk) for desk in self._desks] + [_Victim(one) for one in self._imports]
        self.toll = Toll()

    def run(self) -> Toll:
        """Kill as many as planned, then prove."""
        began = time.monotonic()
        try:
            for victim in self._victims:
                self._start(victim)
            while self.toll.kills < self._kills - len(self._victims):
                next_one = min(self._victims, key=lambda victim: victim.dies_at)
                time.sleep(max(0.0, next_one.dies_at - time.monotonic()))
                self._let_it_work(next_one)
                self._kill(next_one)
                self._start(next_one)
        finally:
            for victim in self._victims:
                self._kill(victim)
        for imports in self._imports:
            imports.finish()
        self.toll.seconds = time.monotonic() - began
        self._prove()
        return self.toll

    def _start(self, victim: _Victim) -> None:
        life = victim.life
        if isinstance(life, ImportLife):
            victim.process, journal = life.process(self._processes)
        else:
            victim.process, journal = self._desk_process(life)
        victim.process.start()
        _wait_for_first_word(journal, victim.process)
        victim.dies_at = time.monotonic() + self._chance.uniform(*self._life)

    def _desk_process(self, desk: _Life) -> tuple[BaseProcess, Path]:
        last = self._last_of(desk)
        retried = last if self._chance.random() < 0.5 else None
        journal = self._folder / f"desk{desk.number}-{len(desk.journals)}.log"
        desk.journals.append(journal)
        plan = DeskPlan(
            self._database,
            self._folder,
            f"окно {desk.number}",
            journal,
            self._chance.randrange(2**31),
            desk.slots,
            desk.patients,
            retried,
        )
        return self._processes.Process(target=run_desk, args=(plan,), daemon=True), journal

    def _last_of(self, desk: _Life) -> Command | None:
        """Return the command a desk died in; the base is asked first whether it was done."""
        last = unanswered(desk.journals[-1]) if desk.journals else None
        if last is not None:
            desk.done_unsaid[last.op_id] = self._answers().get(last.op_id)
        return last

    def _answers(self) -> dict[str, dict[str, Any]]:
        engine = open_engine(self._database)
        try:
            with engine.connect() as connection:
                wait_for_writers(connection)
            with Session(engine) as session:
                return read_traces(session).answers
        finally:
            engine.dispose()

    def _let_it_work(self, victim: _Victim) -> None:
        """Put the kill off until it proves something: a desk has done a little, an importer is half-way.

        An importer that was cut short once dies at any moment.
        """
        deadline = time.monotonic() + _PATIENCE
        life, process = victim.life, victim.process
        assert process is not None and process.pid is not None
        while process.exitcode is None:
            os.kill(process.pid, signal.SIGSTOP)
            wait_until_stopped(process.pid)
            if isinstance(life, ImportLife):
                enough = life.cut_short > 0 or life.is_half_done()
            else:
                enough = sum(attempt.mark == "A" for attempt in read_journal(life.journals[-1])) >= _LEAST
            if enough:
                return
            os.kill(process.pid, signal.SIGCONT)
            assert time.monotonic() < deadline, f"{life} does not get on"
            time.sleep(0.01)

    def _kill(self, victim: _Victim) -> None:
        if victim.process is None:
            return
        if victim.process.exitcode is not None:
            self.toll.faults.append(f"{victim.life} ended by itself: {victim.process.exitcode}")
        victim.process.kill()
        victim.process.join()
        victim.process = None
        self.toll.kills += 1
        self.toll.import_kills += isinstance(victim.life, ImportLife)

    def _prove(self) -> None:
        lives = [[read_journal(file) for file in desk.journals] for desk in self._desks]
        desks = [[attempt for journal in life for attempt in journal] for life in lives]
        imported = [imports.attempts() for imports in self._imports]
        self.toll.faults += [*faults_of(self._database, [*desks, *imported]), *check_faults(self._database)]
        for imports in self._imports:
            self.toll.faults += imports.faults
            self.toll.tables += imports.finished
            self.toll.cut_short += imports.cut_short
        self._count(desks)
        for journal in (journal for life in lives for journal in life):
            if any(not attempt.mark for attempt in journal[:-1]):
                self.toll.faults.append("a desk died in more than one command")
        answers = self._answers()
        for desk, attempts in zip(self._desks, desks, strict=True):
            self._judge_retries(desk, attempts, answers)

    def _count(self, desks: Sequence[Sequence[Attempt]]) -> None:
        for attempt in (attempt for desk in desks for attempt in desk):
            self.toll.acknowledged += attempt.mark == "A"
            self.toll.refused += attempt.mark == "R"
            self.toll.unavailable += attempt.mark == "E"
            self.toll.open += attempt.mark == ""
            if attempt.mark == "E":
                self.toll.faults.append(f"{attempt.command.op_id}: {attempt.code} {attempt.message}")
            if attempt.mark == "R" and attempt.code != "slot_taken":
                self.toll.faults.append(f"{attempt.command} was refused as {attempt.code}")

    def _judge_retries(
        self, desk: _Life, attempts: Sequence[Attempt], answers: dict[str, dict[str, Any]]
    ) -> None:
        """A retry of what had been done may only repeat the first answer, and the answer stays as it was."""
        for op_id, before in desk.done_unsaid.items():
            tries = [attempt for attempt in attempts if attempt.command.op_id == op_id]
            self.toll.durable_unsaid += before is not None
            self.toll.retried += len(tries) > 1
            if before is None:
                continue
            if answers.get(op_id) != before:
                self.toll.faults.append(f"{op_id}: the first answer {before} became {answers.get(op_id)}")
            for again in tries[1:]:
                self.toll.repeated += again.mark == "A"
                if again.mark in ("R", "E") or (again.mark and again.visit != before["id"]):
                    self.toll.faults.append(f"{op_id} had been done and its retry got {again}")


def _wait_for_first_word(journal: Path, process: BaseProcess, timeout: float = _PATIENCE) -> None:
    deadline = time.monotonic() + timeout
    while not (journal.exists() and journal.stat().st_size):
        if process.exitcode is not None:
            raise AssertionError(f"the desk of {journal.name} ended with {process.exitcode}")
        if time.monotonic() > deadline:
            raise AssertionError(f"the desk of {journal.name} said nothing for {timeout:.0f} s")
        time.sleep(0.005)


def main(words: Sequence[str]) -> int:
    """Run the long harness and print its figures; 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fire.crash")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(words)
    server = os.environ.get(PG_VARIABLE, "")
    if asked.store == "postgres" and not server:
        parser.error(f"set {PG_VARIABLE}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with arena.place_for(asked.store, folder, server, f"crash_{os.getpid()}") as database:
            toll = CrashRun(database, folder, kills=asked.kills, seed=asked.seed).run()
    for fault in toll.faults:
        print("FAULT", fault)
    print(asked.store, {name: value for name, value in vars(toll).items() if name != "faults"})
    print(f"{len(toll.faults)} faults")
    return 1 if toll.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
