"""A process that carries tables of people and of visits into the base until it is killed.

It works through its tables in turn and writes one line for each that is in; after the last one it begins with
the first again, which must change nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from registrar_tui import bootstrap
from registrar_tui.bulk.services import BulkServices
from registrar_tui.clock import ShiftedClock
from registrar_tui.exchange.reading import opened
from registrar_tui.validators.snils import format_snils, snils_control
from tests.fire import arena
from tests.fire.journal import DeskJournal
from tests.integration import tiny_clinic
from tests.integration.bases import settings

Kind = Literal["patients", "visits"]
KINDS: tuple[Kind, ...] = ("patients", "visits")
ROWS: dict[Kind, int] = {"patients": 1500, "visits": 60}
_A_DAY = arena.SLOTS_A_DAY
_WEEK = arena.SLOTS_A_DAY * arena.DAYS
_HEADERS: dict[Kind, str] = {
    "patients": "Фамилия;Имя;Отчество;Дата рождения;Пол;СНИЛС",
    "visits": "Пациент №;Врач;Дата;Время",
}
_SURNAMES = ("Боровой", "Вишневой", "Грачёв", "Дятлов", "Зимин", "Луговой", "Осокин")
_BORN = date(1930, 1, 1)


@dataclass(frozen=True)
class ImportPlan:
    """What one importing process does."""

    database: str
    folder: Path
    kind: Kind
    tables: int
    slots: tuple[int, ...] = ()
    """Of the tables of visits, one a row; nobody else books them."""
    patients: tuple[int, ...] = ()
    """As many as have a visit on one day."""

    def table(self, number: int) -> Path:
        """Return where a table lies."""
        return self.folder / f"{self.kind}-{number}.csv"

    def journal(self, life: int) -> Path:
        """Return where a process notes which tables are in."""
        return self.folder / f"import-{self.kind}-{life}.log"


def visit_of(plan: ImportPlan, row: int) -> tuple[int, int]:
    """Return patient and slot of a row, counted through all tables; nobody comes twice on a day."""
    week, place = divmod(row, _WEEK)
    return plan.patients[week * _A_DAY + place % _A_DAY], plan.slots[row]


def snils_of(row: int) -> str:
    """Return the eleven digits of a row's person."""
    base = f"{200_000_000 + row}"
    return base + snils_control(base)


def _lines(plan: ImportPlan, number: int) -> Iterator[str]:
    count = ROWS[plan.kind]
    for row in range(number * count, (number + 1) * count):
        if plan.kind == "patients":
            born = _BORN + timedelta(days=row)
            words = (_SURNAMES[row % len(_SURNAMES)], "Пётр", "Ильич", f"{born:%d.%m.%Y}", "м")
            yield ";".join((*words, format_snils(snils_of(row))))
        else:
            patient, slot = visit_of(plan, row)
            starts = arena.slot_start(slot)
            yield f"{patient};{arena.slot_doctor(slot)};{starts:%d.%m.%Y};{starts:%H:%M}"


def write_tables(plan: ImportPlan) -> None:
    """Write every table of a plan."""
    for number in range(plan.tables):
        lines = [_HEADERS[plan.kind], *_lines(plan, number)]
        plan.table(number).write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")


def fingerprint(file: Path) -> str:
    """Return what the operations of a table's rows are named by."""
    with opened(file) as source:
        return source.fingerprint()


def carry_in(plan: ImportPlan, bulk: BulkServices, number: int) -> dict[str, Any]:
    """Import one table."""
    work = bulk.import_patients if plan.kind == "patients" else bulk.import_visits
    return work(plan.table(number))


def open_bulk(plan: ImportPlan) -> BulkServices:
    """Open the base to import into."""
    config = settings(plan.database, plan.folder, f"загрузка {plan.kind}")
    return bootstrap.build_bulk(config, clock=ShiftedClock(tiny_clinic.MORNING))


def run_imports(plan: ImportPlan, life: int, first: int) -> None:
    """Import table after table from `first` on, for ever."""
    bulk = open_bulk(plan)
    journal = DeskJournal(plan.journal(life))
    journal.write("B")
    number = first
    while True:
        done = carry_in(plan, bulk, number % plan.tables)
        journal.write("D", number, done["added"], done["updated"], done["rejected"])
        number += 1


def tables_in(journal: Path) -> list[tuple[int, int]]:
    """Return the tables a process has said are in, counted through all rounds, with their rejected rows."""
    words = (line.split() for line in journal.read_text(encoding="utf-8").splitlines())
    return [(int(said[2]), int(said[5])) for said in words if said[0] == "D"]
