"""`python -m benchmarks.bulk [ROWS]`: carrying people in, against the bare driver's best way in the same run.

Floor: the same table parsed by `csv`, without validation, into the same tables of a bare SQLite file by
`executemany` in one transaction, the indexes built afterwards. Each side runs in its own process, so that
its peak of memory is its own. The desk's wait is that of one booking after another while rows go into a base
where people are already.
"""

from __future__ import annotations

import csv
import json
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

TODAY = date(2026, 11, 23)
HEADER = [
    "Фамилия",
    "Имя",
    "Отчество",
    "Дата рождения",
    "Пол",
    "СНИЛС",
    "Полис",
    "Паспорт",
    "Телефон",
    "E-mail",
]
_SHARE = 5000


def make_table(file: Path, rows: int) -> None:
    """Write a table of generated people."""
    from registrar_tui.validators.snils import format_snils
    from seed.people import people

    with file.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out, delimiter=";")
        writer.writerow(HEADER)
        for person in people(rows, random_seed=1, today=TODAY):
            document, policy = person.document, person.policy
            number = "" if policy is None else policy.number
            if policy is not None and policy.series:
                number = f"{policy.series} № {policy.number}"
            known = document is not None and document.kind in ("3", "14")
            writer.writerow(
                [
                    *(person.last_name, person.first_name, person.middle_name),
                    f"{person.birth_date:%d.%m.%Y}",
                    "м" if person.sex == "M" else "ж",
                    format_snils(person.snils) if person.snils else "",
                    number,
                    f"{document.series} {document.number}" if document is not None and known else "",
                    person.phone or "",
                    person.email or "",
                ]
            )


def make_base(database: Path) -> None:
    """Make a clinic without people."""
    from registrar_tui import bootstrap

    bootstrap.create(_config(database), demo=True, patients=0, doctors=20, days=5, today=TODAY)


def _config(database: Path) -> Any:
    from registrar_tui.config import Config

    folder = database.parent
    return Config(
        database=str(database),
        desk="загрузка",
        operator=None,
        tickets=folder / "tickets",
        keys=folder / "keys",
        token_file=folder / "session",
    )


def ours(database: Path, table: Path, *, dry: bool = False) -> dict[str, Any]:
    """Import as `registrar import patients` does."""
    from registrar_tui import bootstrap

    bulk = bootstrap.build_bulk(_config(database))
    return bulk.import_patients(table, dry_run=dry)


def floor(database: Path, table: Path) -> dict[str, Any]:
    """Put the same rows into the same tables without a look at them; indexes afterwards."""
    from sqlalchemy.dialects import sqlite
    from sqlalchemy.schema import CreateIndex, CreateTable
    from sqlmodel import SQLModel

    import registrar_tui.models  # noqa: F401 - registers the tables
    from registrar_tui.storage.engine import sqlite_driver

    tables = [SQLModel.metadata.tables[name] for name in ("patient", "identity_document", "policy")]
    dialect = sqlite.dialect()
    connection = sqlite_driver().connect(str(database), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN IMMEDIATE")
    for made in tables:
        connection.execute(str(CreateTable(made).compile(dialect=dialect)))
    read = 0
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=";")
        next(rows)
        while share := list(islice(rows, _SHARE)):
            connection.executemany(_PATIENT, _bare_patients(share, read + 1))
            connection.executemany(
                _DOCUMENT, [(read + n, row[7], row[7]) for n, row in enumerate(share, 1) if row[7]]
            )
            connection.executemany(_POLICY, [(read + n, row[6]) for n, row in enumerate(share, 1) if row[6]])
            read += len(share)
    for made in tables:
        for index in made.indexes:
            connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
    connection.execute("COMMIT")
    connection.close()
    return {"read": read}


_PATIENT = "INSERT INTO patient VALUES (" + ",".join("?" * 24) + ")"
_DOCUMENT = (
    "INSERT INTO identity_document"
    " (patient_id, kind, series, number, number_key, issuer, issuer_code, verification)"
    " VALUES (?, '14', '', ?, ?, '', '', 'not-shown')"
)
_POLICY = (
    "INSERT INTO policy (patient_id, kind, series, number, insurer, verification)"
    " VALUES (?, 'П', '', ?, '', 'not-shown')"
)


def _bare_patients(share: list[list[str]], first: int) -> Iterator[tuple[Any, ...]]:
    """Yield rows as they stand; the search columns are copies: the indexes must hold something."""
    for number, row in enumerate(share, first):
        enp = row[6] if len(row[6]) == 16 else None
        yield (
            *(number, row[0], row[1], row[2], row[3], "day", row[4], row[5] or None, enp, row[8] or None, 0),
            *(row[9] or None, "", None, None, None, 1, "2026-11-23 00:00:00.000000"),
            *(row[0], row[1], row[2], row[1][:1], row[2][:1], row[8][::-1] or None),
        )


def _measured(way: str, database: str, table: str) -> None:
    """Run one side in this process and print what it took."""
    started, before = time.perf_counter(), time.process_time()
    ways: dict[str, Callable[[], dict[str, Any]]] = {
        "ours": lambda: ours(Path(database), Path(table)),
        "dry": lambda: ours(Path(database), Path(table), dry=True),
        "floor": lambda: floor(Path(database), Path(table)),
    }
    told = ways[way]()
    told |= {"wall": time.perf_counter() - started, "cpu": time.process_time() - before}
    told["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(told))


def _side(way: str, database: Path, table: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.bulk", "--side", way, str(database), str(table)]
    done = subprocess.run(command, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _desk(database: str, stop: Any, waits: Any) -> None:
    """Book and cancel one slot after another, and tell how long each booking waited."""
    from datetime import datetime
    from uuid import uuid4

    from registrar_tui import bootstrap
    from registrar_tui.clock import FixedClock, to_utc
    from registrar_tui.services import dto

    clock = FixedClock(to_utc(datetime(2026, 11, 23, 7, 0), "Europe/Moscow"))
    desk = bootstrap.build(_config(Path(database)), clock=clock)
    slots = [slot.id for slot in desk.slots(dto.SlotQuery(free_only=True)) if slot.bookable]
    patients = [row.id for row in desk.find_patients("ив", limit=50).rows]
    found: list[float] = []
    while not stop.is_set():
        slot, patient = slots[len(found) % len(slots)], patients[len(found) % len(patients)]
        started = time.perf_counter()
        visit = desk.book(dto.BookVisit(uuid4().hex, patient, slot))
        found.append(time.perf_counter() - started)
        desk.cancel(dto.CancelVisit(uuid4().hex, visit.id, "booking-mistake"))
        time.sleep(0.02)
    waits.put(found)


def beside_a_desk(folder: Path, rows: int) -> tuple[dict[str, Any], list[float], list[float]]:
    """Import into a base where people are, while a desk books; returns counts and waits with and without."""
    base, table = folder / "live.db", folder / "live.csv"
    make_base(base)
    make_table(folder / "first.csv", rows // 4)
    ours(base, folder / "first.csv")
    make_table(table, rows)
    alone = _booked(base, lambda: time.sleep(5))
    counts: dict[str, Any] = {}
    waits = _booked(base, lambda: counts.update(_side("ours", base, table)))
    return counts, waits, alone


def _booked(base: Path, work: Callable[[], Any]) -> list[float]:
    context = multiprocessing.get_context("spawn")
    stop, waits = context.Event(), context.Queue()
    desk = context.Process(target=_desk, args=(str(base), stop, waits))
    desk.start()
    time.sleep(2)
    work()
    stop.set()
    found: list[float] = waits.get()
    desk.join()
    return sorted(found)


def main(rows: int) -> None:
    """Print the table of one size."""
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as name:
        folder = Path(name)
        table = folder / "people.csv"
        make_table(table, rows)
        print(f"{rows} rows, {table.stat().st_size >> 20} MB of CSV")
        make_base(folder / "ours.db")
        bare = _side("floor", folder / "floor.db", table)
        first = _side("ours", folder / "ours.db", table)
        print(f"{'':24}{'wall s':>9}{'cpu s':>9}{'rows/s':>9}{'RSS MB':>9}{'file MB':>9}")
        _line("floor", bare, folder / "floor.db")
        _line("into an empty base", first, folder / "ours.db")
        print(
            f"rate: {bare['wall'] / first['wall']:.2f} of the floor"
            f" (cpu {bare['cpu'] / first['cpu']:.2f}), target 0.4"
        )
        print(f"of ours, indexes: {_indexes(folder / 'ours.db')}")
        _line("dry run on it", _side("dry", folder / "ours.db", table), folder / "ours.db")
        counts, waits, alone = beside_a_desk(folder, max(rows // 10, 2000))
        _line("into a living base", counts, folder / "live.db")
        for what, found in (("no import", alone), ("an import beside", waits)):
            p99 = found[int(len(found) * 0.99)]
            print(
                f"booking, {what}: n {len(found)}, p50 {found[len(found) // 2] * 1000:.1f} ms, "
                f"p99 {p99 * 1000:.1f}, most {found[-1] * 1000:.1f} (target 150)"
            )


def _line(name: str, side: dict[str, Any], file: Path) -> None:
    rate = side["read"] / side["wall"]
    size = file.stat().st_size >> 20
    print(f"{name:24}{side['wall']:9.1f}{side['cpu']:9.1f}{rate:9.0f}{side['rss']:9}{size:9}", flush=True)


def _indexes(file: Path) -> str:
    """Return the megabytes of each index of people, where the driver can tell."""
    from registrar_tui.storage.engine import sqlite_driver

    connection = sqlite_driver().connect(str(file))
    try:
        sizes = connection.execute(
            "SELECT name, sum(pgsize) / 1048576 FROM dbstat GROUP BY name ORDER BY 2 DESC LIMIT 16"
        ).fetchall()
    except sqlite_driver().Error:
        return "not told by this driver"
    finally:
        connection.close()
    return ", ".join(f"{name} {size} MB" for name, size in sizes)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--side"]:
        _measured(*sys.argv[2:5])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
