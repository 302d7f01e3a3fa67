"""A desk process that books, moves and cancels over contended slots until it is killed or told to stop."""

from __future__ import annotations

import multiprocessing
import random
import time
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from pathlib import Path

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.desk_services import DeskServices
from registrar_tui.errors import Refusal, RegistrarError
from registrar_tui.models import Visit
from registrar_tui.services import dto
from registrar_tui.storage.engine import open_engine
from registrar_tui.vocabulary import ACTIVE_STATUSES, Initiator
from tests.fire.arena import open_desk, take_all_time
from tests.fire.journal import Command, DeskJournal

_MOST_VISITS = 6
_REASON = "patient-request"
# The driver and the importer are imported when needed, which would cost every process half a second.
_PRELOADED = [
    "tests.fire.desk_child",
    "tests.fire.import_child",
    "sqlalchemy.dialects.postgresql.psycopg",
    "psycopg",
]


@dataclass(frozen=True)
class DeskPlan:
    """What one desk process does; its people are its own, its slots everybody's."""

    database: str
    folder: Path
    desk: str
    journal: Path
    seed: int
    slots: tuple[int, ...]
    patients: tuple[int, ...]
    retried: Command | None = None
    """The command its predecessor died in, to be asked again with the same op_id."""
    commands: int | None = None
    persistent: bool = False
    """Ask again, with the same op_id, what could not be done because the store was away."""


def processes() -> BaseContext:
    """Return the way desk processes are started: forked from a clean process that has the imports done."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def wait_until_stopped(pid: int) -> None:
    """Wait until a process that was sent SIGSTOP stands: it may run on for a moment."""
    while Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] not in "TZX":
        time.sleep(0.001)


def run_desk(plan: DeskPlan) -> None:
    """Work as the plan says."""
    take_all_time()
    desk = open_desk(plan.database, plan.folder, plan.desk)
    _Registrar(plan, desk).work()
    desk.close()


class _Registrar:
    """Knows her people's visits, and chooses the next command by chance."""

    def __init__(self, plan: DeskPlan, desk: DeskServices) -> None:
        self._plan = plan
        self._desk = desk
        self._journal = DeskJournal(plan.journal)
        self._chance = random.Random(plan.seed)
        self._visits: dict[int, tuple[int, int]] = {}
        """Active visits: patient and slot by visit."""

    def work(self) -> None:
        if self._plan.retried is not None:
            self.do(self._plan.retried)
        self._take_over()
        done = 0
        while self._plan.commands is None or done < self._plan.commands:
            command = self._next(f"{self._plan.journal.stem}-{done}")
            while not self.do(command) and self._plan.persistent:
                time.sleep(0.1)
            done += 1

    def _take_over(self) -> None:
        engine = open_engine(self._plan.database)
        with Session(engine) as session:
            rows = session.execute(
                select(col(Visit.id), col(Visit.patient_id), col(Visit.slot_id)).where(
                    col(Visit.patient_id).in_(self._plan.patients), col(Visit.status).in_(ACTIVE_STATUSES)
                )
            )
            self._visits = {row[0]: (row[1], row[2]) for row in rows}
        engine.dispose()

    def _next(self, op_id: str) -> Command:
        slot = self._chance.choice(self._plan.slots)
        draw = self._chance.random()
        if not self._visits or (draw < 0.5 and len(self._visits) < _MOST_VISITS):
            busy = {patient for patient, _ in self._visits.values()}
            patient = self._chance.choice([one for one in self._plan.patients if one not in busy])
            return Command(op_id, "book", patient, slot)
        visit = self._chance.choice(list(self._visits))
        own = self._visits[visit][1]
        if draw < 0.75 and slot != own:
            return Command(op_id, "move", visit, slot)
        return Command(op_id, "cancel", visit, own)

    def do(self, command: Command) -> bool:
        """Give one command; returns whether the store answered."""
        self._journal.write("T", command.op_id, command.kind, command.first, command.second)
        try:
            view = ask(self._desk, command)
        except Refusal as refused:
            self._journal.write("R", command.op_id, refused.code)
            return True
        except RegistrarError as error:
            self._journal.write("E", command.op_id, error.code, str(error))
            return False
        self._journal.write("A", command.op_id, view.id, view.slot_id)
        if command.kind != "book":
            self._visits.pop(command.first, None)
        if command.kind != "cancel":
            self._visits[view.id] = (view.patient_id, view.slot_id)
        return True


def ask(desk: DeskServices, command: Command) -> dto.VisitView:
    """Give a command to a desk."""
    if command.kind == "book":
        return desk.book(dto.BookVisit(command.op_id, command.first, command.second))
    if command.kind == "move":
        return desk.move(dto.MoveVisit(command.op_id, command.first, command.second, Initiator.PATIENT))
    return desk.cancel(dto.CancelVisit(command.op_id, command.first, _REASON, Initiator.PATIENT))
