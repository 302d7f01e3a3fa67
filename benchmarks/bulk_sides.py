"""One side of an import in a process of its own, so that its time and its peak of memory are its own.

`python -m benchmarks.bulk_sides ours|dry|floor DATABASE TABLE FOLDER` prints one line of JSON.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Side:
    """What one side took: seconds, processor seconds of the client, megabytes at the peak."""

    rows: int
    wall: float
    cpu: float
    rss: int

    @property
    def rate(self) -> float:
        """Return rows a second."""
        return self.rows / self.wall


def side(way: str, database: str, table: Path, folder: Path) -> Side:
    """Run one side; CalledProcessError with its words where it fails."""
    words = [sys.executable, "-m", "benchmarks.bulk_sides", way, database, str(table), str(folder)]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True)
    return Side(**json.loads(done.stdout.splitlines()[-1]))


def _ours(database: str, table: Path, folder: Path, *, dry: bool) -> int:
    """Import as `registrar import patients` does."""
    from registrar_tui import bootstrap
    from tests.integration.bases import settings

    bulk = bootstrap.build_bulk(settings(database, folder, "загрузка"))
    told: dict[str, Any] = bulk.import_patients(table, dry_run=dry)
    bulk.close()
    assert told["rejected"] == 0, told
    return int(told["read"])


def _measured(way: str, database: str, table: Path, folder: Path) -> Side:
    started, before = time.perf_counter(), time.process_time()
    if way == "floor":
        from benchmarks.bulk_floor import fill

        rows = fill(database, table)
    else:
        rows = _ours(database, table, folder, dry=way == "dry")
    return Side(rows, time.perf_counter() - started, time.process_time() - before, _peak())


def _peak() -> int:
    """Return the megabytes of this program's peak; `ru_maxrss` remembers the process it was forked from."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) >> 10


if __name__ == "__main__":
    _found = _measured(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    print(
        json.dumps({"rows": _found.rows, "wall": _found.wall, "cpu": _found.cpu, "rss": _found.rss}),
        flush=True,
    )
