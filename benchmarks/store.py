"""Desks racing for slots on both stores, against the bare driver with the same statements.

`race`: 8 processes, 500 bookings each, over 2,000 slots, every slot wanted twice. The floor replays the
    statements the service sends (captured from a real booking) with the same transactions, durability and
    waiting for the lock. Both have a base of their own and take turns, so that a busy machine slows both;
    the CPU time of a booking (with the server's) is told beside, because neighbours change it least.
`desks at work`: 16 processes that think between bookings, 150 bookings a second together.
`journal`: the same bookings with and without their entry in the journal; the switch is here alone.
"""

from __future__ import annotations

import functools
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.table import Row, Series
from registrar_tui.services import audit
from tests.fire import arena
from tests.fire.bare_driver import BareRacer, capture
from tests.fire.race import Lane, Racer, Result, ServiceRacer, contended_lanes, race_faults, run_race
from tests.integration.bases import PG_VARIABLE

STORES = ("sqlite", "postgresql")
RATIO = 2.0  # times per booking; 0.5 of the floor's throughput
JOURNAL = {"sqlite": 1.3, "postgresql": 2.5}  # 30 % of a booking; 0.4 of the throughput of eight desks
HUMAN_RATE = 150.0
TURNS = 2

MakeRacer = Callable[[Lane], Racer]


@dataclass(frozen=True)
class Size:
    """How big a race is."""

    desks: int = 8
    bookings: int = 500
    slots: int = 2000
    think: float = 0.0

    @property
    def people(self) -> int:
        """Return how many patients it needs, with two for the sample."""
        return self.desks * self.bookings + 2


RACE = Size()
HUMANS = Size(16, 100, 1600, think=16 / HUMAN_RATE)
JOURNALLED = Size(8, 250, 2000)


class UnjournalledRacer(ServiceRacer):
    """The real use-cases without the journal: what it costs is the difference."""

    def take(self, op_id: str, patient: int, slot: int) -> str:
        """Book and write no entry."""
        with mock.patch.object(audit, "append", _nothing):
            return super().take(op_id, patient, slot)


def _nothing(*_words: Any, **_settings: Any) -> None:
    pass


def run() -> Iterator[Row]:
    """Measure each store that is at hand."""
    for store in STORES:
        server = os.environ.get(PG_VARIABLE, "")
        if store != "sqlite" and not server:
            yield Row(f"{store} race", RATIO, note=f"{PG_VARIABLE} is not set")
            continue
        yield race_row(store, server)
        yield human_row(store, server)
        yield journal_row(store, server)


def race_row(store: str, server: str, size: Size = RACE) -> Row:
    """Race the service and the floor; seconds a booking, all desks together."""
    ours, floor, faults = _by_turns(store, server, size, _floor)
    note = (
        f"{ours.rate:.0f}/s of {floor.rate:.0f}/s = {ours.rate / floor.rate:.2f} (target 0.5); "
        f"{_cpu(ours, floor)}; won {len(ours.won)}, taken {ours.taken}, "
        f"other errors {len(ours.errors)}, faults {len(faults)}; "
        f"{_waits(ours)}, floor {_waits(floor)}; longest target 500; "
        f"fairness {ours.fairness:.2f} (target 0.5, floor {floor.fairness:.2f})"
    )
    return Row(f"{store} race, s/booking", RATIO, _each(ours), _each(floor), note)


def human_row(store: str, server: str, size: Size = HUMANS) -> Row:
    """Let desks book at a human load, the service and the floor."""
    ours, floor, faults = _by_turns(store, server, size, _floor)
    note = (
        f"{ours.rate:.0f}/s, {_cpu(ours, floor)}; {_waits(ours)}, floor {_waits(floor)}; p99 target 50; "
        f"faults {len(faults)}"
    )
    return Row(f"{store} desks at work", RATIO, Series(tuple(ours.waits)), Series(tuple(floor.waits)), note)


def journal_row(store: str, server: str) -> Row:
    """Book with and without the journal: one desk on SQLite, where writes queue anyway, eight on a server."""
    if store == "sqlite":
        return _journal_of_one(store, server)
    ours, bare, faults = _by_turns(store, server, JOURNALLED, lambda *_: UnjournalledRacer)
    note = (
        f"{JOURNALLED.desks} desks: {ours.rate:.0f}/s of {bare.rate:.0f}/s without a journal = "
        f"{ours.rate / bare.rate:.2f} (target 0.4); {_cpu(ours, bare)}; faults {len(faults)}"
    )
    return Row(f"{store} journal", JOURNAL[store], _each(ours), _each(bare), note)


def _journal_of_one(store: str, server: str) -> Row:
    """Let one process book in turn with and without, booking by booking on one base."""
    size = Size(2, 600, 1200)
    with _base(store, server, size, "journal") as (database, folder):
        lanes = _lanes(database, folder, size)
        desks = (ServiceRacer(lanes[0]), UnjournalledRacer(lanes[1]))
        waits: tuple[list[float], list[float]] = ([], [])
        cpu = [0.0, 0.0]
        for number, wishes in enumerate(zip(*(lane.wishes for lane in lanes), strict=True)):
            for side, (patient, slot) in enumerate(wishes):
                began, used = time.monotonic(), time.process_time()
                assert desks[side].take(f"journal-{side}-{number}", patient, slot) == "won"
                if number:  # the first writes the statements
                    waits[side].append(time.monotonic() - began)
                    cpu[side] += time.process_time() - used
        for desk in desks:
            desk.close()
    note = f"one desk; CPU {cpu[0] / len(waits[0]) * 1000:.2f} ms of {cpu[1] / len(waits[1]) * 1000:.2f}"
    return Row(f"{store} journal", JOURNAL[store], Series(tuple(waits[0])), Series(tuple(waits[1])), note)


def _by_turns(
    store: str, server: str, size: Size, floor_of: Callable[[str, Path, Size], MakeRacer]
) -> tuple[Result, Result, list[str]]:
    """Run the service and something else, each on its own base, turn by turn; returns our faults as well."""
    ours, floor = Result(), Result()
    with _base(store, server, size, "ours") as here, _base(store, server, size, "floor") as there:
        other = floor_of(*there, size)
        sides = ((ours, _lanes(*here, size), ServiceRacer), (floor, _lanes(*there, size), other))
        count = -(-size.bookings // TURNS)
        for first in range(0, size.bookings, count):
            for result, lanes, racer in sides:
                result.add(run_race([lane.turn(first, count) for lane in lanes], racer))
        return ours, floor, list(race_faults(here[0], ours, slots=size.slots))


def _floor(database: str, folder: Path, size: Size) -> MakeRacer:
    sample = capture(database, folder, slots=size.slots + 1, patients=size.people)
    return functools.partial(BareRacer, sample=sample)


def _lanes(database: str, folder: Path, size: Size) -> list[Lane]:
    people = arena.patient_ids(size.people - 2)
    lanes = contended_lanes(
        database, folder, people, desks=size.desks, bookings=size.bookings, slots=size.slots
    )
    return [replace(lane, think=size.think) for lane in lanes]


def _each(result: Result) -> Series:
    return Series((result.wall / result.attempts,))


def _cpu(ours: Result, floor: Result) -> str:
    each, bare = (result.cpu / result.attempts * 1000 for result in (ours, floor))
    return f"CPU {each:.2f} ms of {bare:.2f} = {bare / each:.2f}"


def _waits(result: Result) -> str:
    points = [result.wait(share) * 1000 for share in (0.5, 0.95, 0.99)] + [max(result.waits) * 1000]
    first = f", a desk's first {max(result.firsts) * 1000:.0f}"
    return "p50/p95/p99/longest " + "/".join(f"{point:.0f}" for point in points) + f" ms{first}"


@contextmanager
def _base(store: str, server: str, size: Size, name: str) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with arena.place_for(store, folder, server, f"bench_{name}_{os.getpid()}") as database:
            arena.build_arena(database, slots=size.slots + 1, patients=size.people)
            yield database, folder
