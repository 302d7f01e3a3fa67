"""Desk processes that work while something happens to their store, and ask again what was not answered."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fire import arena
from tests.fire.desk_child import DeskPlan, processes, run_desk
from tests.fire.journal import Attempt, read_journal

SLOTS = 48
PATIENTS = 40  # of each desk
_PATIENCE = 300.0  # seconds; a crowded machine


class Shift:
    """Some desks at work."""

    def __init__(self, plans: Sequence[DeskPlan]) -> None:
        context: Any = processes()
        self._plans = plans
        self._processes = [context.Process(target=run_desk, args=(plan,), daemon=True) for plan in plans]

    def begin(self) -> None:
        """Start the desks and wait until each has done something."""
        for process in self._processes:
            process.start()
        self.wait_for_more(1)

    def answered(self) -> list[int]:
        """Return how many commands each desk has had an answer to."""
        return [sum(attempt.mark in ("A", "R") for attempt in desk) for desk in self.attempts()]

    def wait_for_more(self, count: int) -> None:
        """Wait until every desk has had that many more answers."""
        wanted = [done + count for done in self.answered()]
        deadline = time.monotonic() + _PATIENCE
        while any(done < more for done, more in zip(self.answered(), wanted, strict=True)):
            assert time.monotonic() < deadline, f"the desks do not go on: {self.complaints()}"
            assert self.alive(), f"a desk ended: {self.complaints()}"
            time.sleep(0.05)

    def wait_for_complaints(self) -> None:
        """Wait until every desk has been told once more that the store is away."""
        wanted = [count + 1 for count in self._refused()]
        deadline = time.monotonic() + _PATIENCE
        while any(told < more for told, more in zip(self._refused(), wanted, strict=True)):
            assert time.monotonic() < deadline, "the desks do not complain"
            time.sleep(0.05)

    def _refused(self) -> list[int]:
        return [sum(attempt.mark == "E" for attempt in desk) for desk in self.attempts()]

    def successes(self) -> int:
        """Return how many commands were acknowledged, all desks together."""
        return sum(attempt.mark == "A" for desk in self.attempts() for attempt in desk)

    def alive(self) -> bool:
        """Tell whether every desk is still there: an error is no reason to end."""
        return all(process.exitcode is None for process in self._processes)

    def attempts(self) -> list[list[Attempt]]:
        """Return what each desk has asked and was told so far."""
        return [read_journal(plan.journal) for plan in self._plans]

    def complaints(self) -> set[tuple[str, str]]:
        """Return the errors the desks were told: code and line."""
        found = (attempt for desk in self.attempts() for attempt in desk if attempt.mark == "E")
        return {(attempt.code, attempt.message) for attempt in found}

    def end(self) -> None:
        """Kill the desks."""
        for process in self._processes:
            process.kill()
            process.join()


@contextmanager
def working_desks(database: str, folder: Path, *, desks: int = 3) -> Iterator[Shift]:
    """Yield desks at work on an arena that is already built."""
    people = arena.patient_ids(PATIENTS * desks)
    shift = Shift(
        [
            DeskPlan(
                database,
                folder,
                f"окно {number}",
                folder / f"shift-{number}.log",
                number,
                tuple(arena.slot_ids(SLOTS)),
                tuple(people[number::desks]),
                persistent=True,
            )
            for number in range(desks)
        ]
    )
    try:
        shift.begin()
        yield shift
    finally:
        shift.end()


def build(database: str, *, desks: int = 3) -> None:
    """Build the arena of a shift."""
    arena.build_arena(database, slots=SLOTS, patients=PATIENTS * desks)
