"""Desks racing for slots on both stores, against the bare driver with the same statements.

`race`: 8 processes, 500 bookings each, over 2,000 slots, every slot wanted twice. The floor replays the
    statements the service sends (captured from a real booking) with the same transactions, durability and
    waiting for the lock; both run in this run, one after the other.
`desks at work`: 16 processes that think between bookings, 150 bookings a second together.
"""

from __future__ import annotations

import functools
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.table import Row, Series
from tests.fire import arena
from tests.fire.bare_driver import BareRacer, capture
from tests.fire.race import Lane, Racer, Result, ServiceRacer, contended_lanes, race_faults, run_race
from tests.integration.bases import PG_VARIABLE

STORES = ("sqlite", "postgresql")
RATIO = 2.0  # times per booking; 0.5 of the floor's throughput
HUMAN_RATE = 150.0


@dataclass(frozen=True)
class Size:
    """How big a race is."""

    desks: int = 8
    bookings: int = 500
    slots: int = 2000

    @property
    def people(self) -> int:
        """Return how many patients it needs, with two for the sample."""
        return self.desks * self.bookings + 2


RACE = Size()
HUMANS = Size(16, 100, 1600)


def run() -> Iterator[Row]:
    """Measure each store that is at hand."""
    for store in STORES:
        server = os.environ.get(PG_VARIABLE, "")
        if store != "sqlite" and not server:
            yield Row(f"{store} race", RATIO, note=f"{PG_VARIABLE} is not set")
            continue
        yield race_row(store, server)
        yield human_row(store, server)


def race_row(store: str, server: str, size: Size = RACE) -> Row:
    """Race the service, then the floor; seconds a booking, all desks together."""
    with _base(store, server, size) as (database, folder):
        ours = run_race(_lanes(database, folder, size), ServiceRacer)
        faults = list(race_faults(database, ours, slots=size.slots))
    with _base(store, server, size) as (database, folder):
        floor = run_race(_lanes(database, folder, size), _floor(database, folder, size))
    note = (
        f"{ours.rate:.0f}/s of {floor.rate:.0f}/s = {ours.rate / floor.rate:.2f}; won {len(ours.won)}, "
        f"taken {ours.taken}, other errors {len(ours.errors)}, faults {len(faults)}; "
        f"longest wait {max(ours.waits) * 1000:.0f} ms (floor {max(floor.waits) * 1000:.0f}), "
        f"fairness {ours.fairness:.2f} (floor {floor.fairness:.2f})"
    )
    return Row(f"{store} race, s/booking", RATIO, _each(ours), _each(floor), note)


def human_row(store: str, server: str, size: Size = HUMANS) -> Row:
    """Let desks book at a human load, the service and then the floor."""
    think = size.desks / HUMAN_RATE

    def lanes(database: str, folder: Path) -> list[Lane]:
        return [replace(lane, think=think) for lane in _lanes(database, folder, size)]

    with _base(store, server, size) as (database, folder):
        ours = run_race(lanes(database, folder), ServiceRacer)
        faults = list(race_faults(database, ours, slots=size.slots))
    with _base(store, server, size) as (database, folder):
        floor = run_race(lanes(database, folder), _floor(database, folder, size))
    note = (
        f"{ours.rate:.0f}/s; p99 {ours.wait(0.99) * 1000:.0f} ms (target 50, "
        f"floor {floor.wait(0.99) * 1000:.0f}), longest {max(ours.waits) * 1000:.0f} ms; faults {len(faults)}"
    )
    return Row(f"{store} desks at work", RATIO, Series(tuple(ours.waits)), Series(tuple(floor.waits)), note)


def _floor(database: str, folder: Path, size: Size) -> Callable[[Lane], Racer]:
    sample = capture(database, folder, slots=size.slots + 1, patients=size.people)
    return functools.partial(BareRacer, sample=sample)


def _lanes(database: str, folder: Path, size: Size) -> list[Lane]:
    people = arena.patient_ids(size.people - 2)
    return contended_lanes(
        database, folder, people, desks=size.desks, bookings=size.bookings, slots=size.slots
    )


def _each(result: Result) -> Series:
    return Series((result.wall / result.attempts,))


@contextmanager
def _base(store: str, server: str, size: Size) -> Iterator[tuple[str, Path]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with arena.place_for(store, folder, server, f"bench_store_{os.getpid()}") as database:
            arena.build_arena(database, slots=size.slots + 1, patients=size.people)
            yield database, folder
