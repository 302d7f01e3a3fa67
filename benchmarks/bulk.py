"""`python -m benchmarks bulk`: carrying people in, against the bare driver's best way in the same run.

`empty`: a whole table into a base without people; the floor is `bulk_floor`. The target is 0.4 of its rate.
`live`: into a base where people are, while a desk books one visit after another; none may wait over 150 ms.
`memory`: the peak of a dry run, and of a workbook of a tenth of the rows (100,000 at most).
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.bulk_desk import booked
from benchmarks.bulk_sides import Side, side
from benchmarks.bulk_tables import STORES, make_clinic, place_for, sizes, table_of
from benchmarks.table import Row, Series
from tests.integration.bases import PG_VARIABLE

RATE: Final = 0.4
WAIT: Final = 0.150
MEMORY: Final = 350
_GROUP_ROWS: Final = 50_000
_SHEET_ROWS: Final = 100_000
_ALONE_SECONDS: Final = 5.0
PARTS: Final = ("empty", "live", "memory")


def run() -> Iterator[Row]:
    """Measure each store that is at hand on a small table; a million is asked for by `bulk --rows`."""
    with tempfile.TemporaryDirectory(prefix="registrar-bulk-") as name:
        for store in STORES:
            if store == "postgres" and not os.environ.get(PG_VARIABLE):
                yield Row(f"{store} import", 1 / RATE, note=f"{PG_VARIABLE} is not set")
                continue
            yield _empty_row(store, Path(name), _GROUP_ROWS)
            yield _live_row(store, Path(name), _GROUP_ROWS)


def _empty_row(store: str, folder: Path, rows: int) -> Row:
    ours, floor, size, indexes = into_empty(store, folder, rows)
    note = (
        f"{ours.rate:.0f}/s of {floor.rate:.0f}/s = {ours.rate / floor.rate:.2f} (target {RATE}), "
        f"processor {floor.cpu / ours.cpu:.2f}; peak {ours.rss} MB (floor {floor.rss}, target {MEMORY}); "
        f"base {size:.0f} MB, indexes {_megabytes(indexes)}"
    )
    return Row(f"{store} import, empty base", 1 / RATE, Series((ours.wall,)), Series((floor.wall,)), note)


def _live_row(store: str, folder: Path, rows: int) -> Row:
    imported, waits, alone = beside_a_desk(store, folder, rows // 2, rows)
    note = (
        f"longest of {len(waits)} bookings against {WAIT * 1000:.0f} ms; p99 {_part(waits, 0.99):.0f}, "
        f"without an import {_part(alone, 0.99):.0f} ms; imported {imported.rate:.0f}/s"
    )
    return Row(f"{store} booking beside it", 1.0, Series((waits[-1],)), Series((WAIT,)), note)


def into_empty(store: str, folder: Path, rows: int) -> tuple[Side, Side, float, float | None]:
    """Return our side, the floor's, and the megabytes of our base and of its indexes."""
    table = table_of(folder, rows)
    with place_for(store, folder, "floor") as database:
        floor = side("floor", database, table, folder)
    with place_for(store, folder, "ours") as database:
        make_clinic(database, folder)
        ours = side("ours", database, table, folder)
        return ours, floor, *sizes(database)


def beside_a_desk(store: str, folder: Path, rows: int, people: int) -> tuple[Side, list[float], list[float]]:
    """Import into a base of so many people while a desk books; waits with the import and without."""
    table, first = table_of(folder, rows), table_of(folder, people, seed=2)
    with place_for(store, folder, "live") as database:
        make_clinic(database, folder)
        side("ours", database, first, folder)
        alone = booked(database, folder, lambda: time.sleep(_ALONE_SECONDS))
        imported: list[Side] = []
        waits = booked(database, folder, lambda: imported.append(side("ours", database, table, folder)))
        return imported[0], waits, alone


def _part(rising: Sequence[float], part: float) -> float:
    return rising[min(len(rising) - 1, int(len(rising) * part))] * 1000


def _megabytes(size: float | None) -> str:
    return "not told by this SQLite" if size is None else f"{size:.0f} MB"


def main(arguments: Sequence[str]) -> int:
    """Print the parts of one store that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks bulk")
    parser.add_argument("--rows", type=int, default=_GROUP_ROWS)
    parser.add_argument("--people", type=int, default=200_000, help="already in the live base")
    parser.add_argument("--store", choices=STORES, default="sqlite")
    parser.add_argument("--part", choices=PARTS, action="append", help="all where none is named")
    parser.add_argument("--folder", type=Path, help="where tables are kept for the next run")
    options = parser.parse_args(arguments)
    if options.store == "postgres" and not os.environ.get(PG_VARIABLE):
        parser.error(f"{PG_VARIABLE} must name a server")
    with tempfile.TemporaryDirectory(prefix="registrar-bulk-") as name:
        folder = options.folder or Path(name)
        folder.mkdir(exist_ok=True)
        print(f"{options.store}, {options.rows:,} rows")
        parts = options.part or PARTS
        if "empty" in parts:
            _print_empty(options.store, folder, options.rows)
        if "live" in parts:
            _print_live(options.store, folder, options.rows, options.people)
        if "memory" in parts:
            _print_memory(options.store, folder, options.rows)
    return 0


def _print_empty(store: str, folder: Path, rows: int) -> None:
    ours, floor, size, indexes = into_empty(store, folder, rows)
    _print_head()
    _print_side("floor", floor)
    _print_side("into an empty base", ours)
    print(
        f"rate {ours.rate / floor.rate:.2f} of the floor's by wall, {floor.cpu / ours.cpu:.2f} by processor"
        f" (target {RATE}); base {size:.0f} MB, of it indexes {_megabytes(indexes)}",
        flush=True,
    )


def _print_live(store: str, folder: Path, rows: int, people: int) -> None:
    imported, waits, alone = beside_a_desk(store, folder, rows, people)
    _print_head()
    _print_side(f"beside {people:,} people", imported)
    for what, found in (("no import", alone), ("an import beside", waits)):
        print(
            f"booking, {what}: n {len(found)}, p50 {_part(found, 0.5):.1f} ms, p99 {_part(found, 0.99):.1f}, "
            f"longest {found[-1] * 1000:.1f} (target {WAIT * 1000:.0f})",
            flush=True,
        )


def _print_memory(store: str, folder: Path, rows: int) -> None:
    _print_head()
    with place_for(store, folder, "dry") as database:
        make_clinic(database, folder)
        _print_side("dry run", side("dry", database, table_of(folder, rows), folder))
        for count in sorted({min(rows, _SHEET_ROWS) // 4, min(rows, _SHEET_ROWS)}):
            sheet = table_of(folder, count, form="xlsx")
            _print_side(f"dry run, {count:,} of XLSX", side("dry", database, sheet, folder))
        _print_side(f"import, {count:,} of XLSX", side("ours", database, sheet, folder))


def _print_head() -> None:
    print(f"{'':28}{'wall s':>9}{'cpu s':>9}{'rows/s':>9}{'peak MB':>9}")


def _print_side(name: str, one: Side) -> None:
    over = "" if one.rss <= MEMORY else "  OVER"
    print(f"{name:28}{one.wall:9.1f}{one.cpu:9.1f}{one.rate:9.0f}{one.rss:9}{over}", flush=True)
