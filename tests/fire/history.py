"""The histories of slots, gathered from the journals of desks that were killed or went home."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from registrar_tui.config import is_url
from registrar_tui.storage.engine import sqlite_driver
from tests.fire import arena
from tests.fire.desk_child import DeskPlan, processes, wait_until_stopped
from tests.fire.journal import Attempt, DeskJournal, read_journal, unanswered
from tests.fire.linearize import NEVER, Step, is_linearizable

_PATIENTS = 40
_COMMAND = 0.003
"""Seconds a naive command takes: else a hundred thousand would be given before one is caught in it."""
_SCRATCH = "CREATE TABLE scratch_booking (id INTEGER PRIMARY KEY, slot_id INTEGER NOT NULL)"
_SCRATCH_PG = "CREATE TABLE scratch_booking (id SERIAL PRIMARY KEY, slot_id INTEGER NOT NULL)"


@dataclass
class Histories:
    """The steps on every slot."""

    slots: dict[int, list[Step]] = field(default_factory=lambda: defaultdict(list))

    @property
    def steps(self) -> int:
        """Return how many steps there are."""
        return sum(len(steps) for steps in self.slots.values())

    def wrong_slots(self) -> list[int]:
        """Return the slots whose history no order explains."""
        return [slot for slot, steps in sorted(self.slots.items()) if not is_linearizable(steps)]


def record_histories(
    database: str,
    folder: Path,
    work: Callable[[DeskPlan], None],
    *,
    desks: int = 6,
    slots: int = 8,
    commands: int = 300,
) -> list[list[Attempt]]:
    """Let desks fight over few slots until they have given so many commands; half are killed before.

    All are killed in the middle of a command: nothing is left open between two.
    """
    context: Any = processes()
    people = arena.patient_ids(_PATIENTS * desks)
    plans = [
        DeskPlan(
            database,
            folder,
            f"окно {number}",
            folder / f"history-{number}.log",
            number,
            tuple(arena.slot_ids(slots)),
            tuple(people[number::desks]),
        )
        for number in range(desks)
    ]
    started = [context.Process(target=work, args=(plan,), daemon=True) for plan in plans]
    for process in started:
        process.start()
    try:
        for number, (process, plan) in enumerate(zip(started, plans, strict=True), 1):
            share = number if number <= desks // 2 else desks
            _wait_for_commands(plans, commands * share // desks)
            _kill_in_a_command(process, plan.journal)
    finally:
        for process in started:
            process.kill()
            process.join()
    return [read_journal(plan.journal) for plan in plans]


def _wait_for_commands(plans: Sequence[DeskPlan], count: int, timeout: float = 300.0) -> None:
    """A count and not a time: a crowded machine does little in a second. Every desk has begun."""
    deadline = time.monotonic() + timeout
    while True:
        given = [len(read_journal(plan.journal)) for plan in plans]
        if all(given) and sum(given) >= count:
            return
        assert time.monotonic() < deadline, "the desks do not work"
        time.sleep(0.02)


def _kill_in_a_command(process: BaseProcess, journal: Path, timeout: float = 120.0) -> None:
    """Stop the desk, look whether it was in a command, and kill it there; else let it go on for a moment."""
    assert process.pid is not None
    deadline = time.monotonic() + timeout
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        wait_until_stopped(process.pid)
        if unanswered(journal) is not None:
            process.kill()
            return
        os.kill(process.pid, signal.SIGCONT)
        assert time.monotonic() < deadline, "the desk is never in a command"
        time.sleep(0.003)


def histories(
    desks: Sequence[Sequence[Attempt]], answers: Mapping[str, Mapping[str, Any]], final: Mapping[int, int]
) -> Histories:
    """Build the steps of every slot; `answers` are what the base keeps, `final` the last owners."""
    found = Histories()
    homes: dict[int, int] = {}
    for attempt in (attempt for desk in desks for attempt in desk):
        if attempt.mark == "A" and attempt.command.kind != "cancel":
            homes[attempt.visit] = attempt.slot
    for number, attempt in enumerate(attempt for desk in desks for attempt in desk):
        kept = answers.get(attempt.command.op_id, {})
        for slot, step in _steps(attempt, homes, int(kept.get("id", -1 - number))):
            found.slots[slot].append(step)
    now = time.monotonic_ns()
    for slot, steps in found.slots.items():
        steps.append(Step(now, now, "read", final.get(slot)))
    return found


def _steps(attempt: Attempt, homes: Mapping[int, int], unsaid: int) -> Iterable[tuple[int, Step]]:
    """Yield what one command did to which slot; a move touches two."""
    command = attempt.command
    told = attempt.mark == "A"
    ended = attempt.answered if told and attempt.answered is not None else NEVER
    if attempt.mark == "R":
        if attempt.code == "slot_taken" and attempt.answered is not None:
            yield command.second, Step(attempt.asked, attempt.answered, "busy")
        return
    if command.kind != "cancel":
        yield command.second, Step(attempt.asked, ended, "take", attempt.visit if told else unsaid)
    if command.kind == "cancel":
        yield command.second, Step(attempt.asked, ended, "free", command.first)
    elif command.kind == "move":
        yield homes[command.first], Step(attempt.asked, ended, "free", command.first)


def prepare_scratch(database: str) -> None:
    """Make the table of the negative control: no claim, no key over the slot."""
    connection = connect_naively(database)
    connection.execute(_SCRATCH_PG if is_url(database) else _SCRATCH)
    connection.close()


def connect_naively(database: str) -> Any:
    """Open a connection where every statement is its own transaction, as Python's drivers begin."""
    if is_url(database):
        import psycopg

        return psycopg.connect(database, autocommit=True)
    return sqlite_driver().connect(database, timeout=30, isolation_level=None)


def meet(folder: Path, point: str, who: str, desks: int, timeout: float = 120.0) -> None:
    """Wait until so many desks have come to the same point, so that a double is no matter of luck."""
    (folder / f"{point}-{who}").touch()
    deadline = time.monotonic() + timeout
    while len(list(folder.glob(f"{point}-*"))) < desks:
        assert time.monotonic() < deadline, "a desk does not come"
        time.sleep(0.005)


def book_naively(plan: DeskPlan, *, desks: int) -> None:
    """Look whether the slot is free, then write the booking: the mistake the claim's key forbids.

    All begin with the same slot; nobody writes before all have seen it free, nor goes on before all have it.
    """
    connection = connect_naively(plan.database)
    mark = "%s" if is_url(plan.database) else "?"
    journal = DeskJournal(plan.journal)
    chance = random.Random(plan.seed)
    own: dict[int, int] = {}
    number = 0
    while True:
        number += 1
        op_id = f"{plan.journal.stem}-{number}"
        if own and chance.random() < 0.5:
            visit = chance.choice(list(own))
            journal.write("T", op_id, "cancel", visit, own[visit])
            time.sleep(_COMMAND)
            connection.execute(f"DELETE FROM scratch_booking WHERE id = {mark}", (visit,))
            journal.write("A", op_id, visit, own.pop(visit))
            continue
        slot = plan.slots[0] if number == 1 else chance.choice(plan.slots)
        journal.write("T", op_id, "book", plan.patients[0], slot)
        found = connection.execute(
            f"SELECT id FROM scratch_booking WHERE slot_id = {mark}", (slot,)
        ).fetchone()
        time.sleep(_COMMAND)
        if found:
            journal.write("R", op_id, "slot_taken")
            continue
        if number == 1:
            meet(plan.folder, "looked", plan.journal.stem, desks)
        insert = f"INSERT INTO scratch_booking (slot_id) VALUES ({mark}) RETURNING id"
        visit = connection.execute(insert, (slot,)).fetchone()[0]
        own[visit] = slot
        journal.write("A", op_id, visit, slot)
        if number == 1:
            meet(plan.folder, "wrote", plan.journal.stem, desks)
