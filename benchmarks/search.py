"""`python -m benchmarks search`: the whole search of the desk against the bare driver with the same answer.

Time is that of the processor: of this thread, and on PostgreSQL of the server's process beside it where the
system tells it; a wall clock on a busy machine measures its neighbours. Wall time is printed too.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from benchmarks.search_base import BRANCH, TODAY, opened, people
from benchmarks.search_floor import Floor
from benchmarks.search_kinds import KINDS, Kind, Sample
from benchmarks.search_sizes import print_sizes
from benchmarks.table import Row, Series
from registrar_tui.services import surname_memory
from registrar_tui.services.search import find_patients
from registrar_tui.storage.session import Store

_LIMIT: Final = 20
_SEED: Final = 7
_WARM_UP: Final = 20
_GROUP_PATIENTS: Final = 50_000
_GROUP_SAMPLES: Final = 100


_Step = tuple[Callable[[], None], list[float], list[float]]


class Timed(NamedTuple):
    """One kind of query: processor and wall seconds of ours and of the floor, and how often they agree."""

    kind: Kind
    ours: list[float]
    floor: list[float]
    ours_wall: list[float]
    floor_wall: list[float]
    same: float


def run() -> Iterator[Row]:
    """Measure every kind on a small SQLite base; a million is asked for by `search --patients`."""
    with opened("sqlite", int(os.environ.get("REGISTRAR_BENCH_PATIENTS", _GROUP_PATIENTS))) as store:
        for timed in measured(store, _GROUP_SAMPLES):
            note = f"processor time, p99 {_percentile(timed.ours, 0.99) * 1000:.1f} ms"
            yield Row(
                f"search: {timed.kind.name}",
                2.0,
                Series(tuple(timed.ours)),
                Series(tuple(timed.floor)),
                note,
            )


def measured(store: Store, samples: int, names: Sequence[str] = ()) -> Iterator[Timed]:
    """Time ours and the floor by turns, kind by kind, each query once in a store as warm as its last ones.

    `names` are those of the kinds wanted; none means all.
    """
    everyone = people(store)
    floor = Floor(store.engine, [one.last_key for one in everyone])
    clock = _Clock(store)
    with store.read() as session:
        surname_memory.prepare(session)  # as the desk does once it is connected
    gc.collect()
    gc.freeze()
    for kind in KINDS:
        if names and kind.name not in names:
            continue
        chooser = Random(f"{_SEED} {kind.name}")
        made = [
            sample for one in chooser.choices(everyone, k=20 * samples) if (sample := kind.make(one, chooser))
        ]
        yield _timed(store, floor, clock, kind, made[: samples + _WARM_UP])


def _timed(store: Store, floor: Floor, clock: _Clock, kind: Kind, made: list[Sample]) -> Timed:
    timed = Timed(kind, [], [], [], [], 0.0)
    same = 0
    for place, sample in enumerate(made):
        found: list[list[int]] = [[], []]

        def ours(text: str = sample.text, into: list[list[int]] = found) -> None:
            with store.ask() as reader:
                page = find_patients(reader, text, limit=_LIMIT, today=TODAY, branch_id=BRANCH)
            into[0] = [row.id for row in page.rows]

        def bare(sample: Sample = sample, into: list[list[int]] = found) -> None:
            into[1] = [row.id for row in floor.answer(kind.floor, sample, _LIMIT)]

        # The second to ask finds the pages in memory: they take the first place by turns.
        steps: list[tuple[Callable[[], None], list[float], list[float]]] = [
            (ours, timed.ours, timed.ours_wall),
            (bare, timed.floor, timed.floor_wall),
        ]
        for work, processor, wall in steps if place % 2 else steps[::-1]:
            spent = clock.spent(work, floor.server_pid if work is bare else None)
            if place >= _WARM_UP:
                processor.append(spent[0])
                wall.append(spent[1])
        same += place >= _WARM_UP and set(found[1]) <= set(found[0])
    return timed._replace(same=same / max(1, len(timed.ours)))


class _Clock:
    """Processor time of this thread and of the server's processes of a store, where the system shows it."""

    def __init__(self, store: Store) -> None:
        self._pid: int | None = None
        if store.engine.dialect.name == "postgresql":
            with store.read() as session:
                self._pid = int(session.connection().exec_driver_sql("SELECT pg_backend_pid()").scalar() or 0)

    def spent(self, work: Callable[[], None], pid: int | None) -> tuple[float, float]:
        """Return processor and wall seconds of the work; `pid` is the server's process if not the store's."""
        server = pid or self._pid
        before = _of_process(server)
        wall, own = time.perf_counter(), time.thread_time()
        work()
        own, wall = time.thread_time() - own, time.perf_counter() - wall
        return own + _of_process(server) - before, wall


def _of_process(pid: int | None) -> float:
    if pid is None:
        return 0.0
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    except OSError:
        return 0.0


def _percentile(samples: Sequence[float], part: float) -> float:
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


_HEAD: Final = (
    f"{'kind':<28}{'n':>5}{'p50':>8}{'p99':>8}{'target':>8}{'bare p50':>10}{'p99':>8}{'ratio':>7}"
    f"{'wall p50':>10}{'p99':>8}{'same':>7}"
)


def _line(timed: Timed) -> str:
    ours, floor, wall = timed.ours, timed.floor, timed.ours_wall
    p50, p99 = _percentile(ours, 0.5), _percentile(ours, 0.99)
    bare = _percentile(floor, 0.5)
    over = "  OVER" if p99 * 1000 > timed.kind.target or p50 > 2 * bare else ""
    return (
        f"{timed.kind.name:<28}{len(ours):>5}{p50 * 1000:>8.2f}{p99 * 1000:>8.2f}{timed.kind.target:>8g}"
        f"{bare * 1000:>10.2f}{_percentile(floor, 0.99) * 1000:>8.2f}{p50 / bare if bare else 0:>7.2f}"
        f"{_percentile(wall, 0.5) * 1000:>10.2f}{_percentile(wall, 0.99) * 1000:>8.2f}"
        f"{timed.same:>7.0%}{over}"
    )


def main(arguments: Sequence[str]) -> int:
    """Print the table of one store; milliseconds, targets are for p99 of processor time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks search")
    parser.add_argument("--patients", type=int, default=200_000)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--base", default="", help="an existing demo base instead of a new one")
    parser.add_argument("--samples", type=int, default=300)
    parser.add_argument("--kind", action="append", default=[], help="measure this kind only; may be repeated")
    options = parser.parse_args(arguments)
    if options.store == "postgres" and not (options.base or os.environ.get("REGISTRAR_TEST_PG_URL")):
        parser.error("REGISTRAR_TEST_PG_URL must name a server, or --base a base")
    with opened(options.store, options.patients, options.base) as store:
        print(_HEAD, flush=True)
        for timed in measured(store, options.samples, options.kind):
            print(_line(timed), flush=True)
        print_sizes(store)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
