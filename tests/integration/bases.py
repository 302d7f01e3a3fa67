"""Where the tests' databases live, and the desks opened on them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, insert
from sqlmodel import Session, SQLModel

from registrar_tui import bootstrap
from registrar_tui.clock import Clock, FixedClock
from registrar_tui.config import Config
from registrar_tui.desk_services import DeskServices
from registrar_tui.models import Slot
from registrar_tui.services import dto
from registrar_tui.services.dto_merge import MergePatients, MergeView
from registrar_tui.storage.engine import open_engine
from registrar_tui.storage.session import Store
from registrar_tui.vocabulary import Channel, Initiator
from tests.integration import tiny_clinic

Answer = TypeVar("Answer")
PG_VARIABLE = "REGISTRAR_TEST_PG_URL"
PG_SKIPPED = f"PostgreSQL tests skipped: {PG_VARIABLE} is not set"
_numbers = itertools.count(1)


def new_op() -> str:
    """Return an op_id that nobody has used."""
    return f"op-{next(_numbers)}"


@contextmanager
def own_schema(server: str, name: str) -> Iterator[str]:
    """Yield the URL of an empty PostgreSQL schema that is dropped afterwards."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP SCHEMA IF EXISTS "{name}" CASCADE')
        connection.execute(f'CREATE SCHEMA "{name}"')
        try:
            yield f"{server}?options=-csearch_path%3D{name}"
        finally:
            connection.execute(f'DROP SCHEMA "{name}" CASCADE')


def settings(database: str, folder: Path, desk: str = "окно 1", *, branch: int | None = None) -> Config:
    """Return the settings of one desk."""
    return Config(
        database=database,
        desk=desk,
        operator=None,
        tickets=folder / "tickets",
        keys=folder / "keys",
        token_file=folder / "session",
        branch=branch,
    )


class Clinic:
    """A base with its clock, the desks opened on it, and a way past the use-cases."""

    def __init__(self, database: str, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.clock = FixedClock(tiny_clinic.MORNING)
        self._desks: dict[str, DeskServices] = {}
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """An engine beside the desks' own ones."""
        if self._engine is None:
            self._engine = open_engine(self.database)
        return self._engine

    def desk(
        self, name: str = "окно 1", *, branch: int | None = None, clock: Clock | None = None
    ) -> DeskServices:
        """Return the use-cases of a desk; the same name gives the same desk."""
        key = f"{name}/{branch}"
        if key not in self._desks:
            config = settings(self.database, self.folder, name, branch=branch)
            self._desks[key] = bootstrap.build(config, clock=clock or self.clock)
        return self._desks[key]

    def advance(self, **step: float) -> None:
        """Move the clock of every desk on."""
        self.clock.advance(timedelta(**step))

    def write(self, work: Callable[[Session], Answer]) -> Answer:
        """Change the base behind the use-cases' back."""
        return Store(self.engine, "test").write(work)

    def add(self, *rows: SQLModel) -> None:
        """Add rows behind the use-cases' back."""
        self.write(lambda session: session.add_all(rows))

    def add_slot(self, identifier: int, doctor: int, moment: datetime, **changes: object) -> int:
        """Publish one more slot."""
        self.add_slots([tiny_clinic.slot_row(identifier, doctor, moment, **changes)])
        return identifier

    def add_slots(self, rows: list[dict[str, Any]]) -> None:
        """Publish more slots."""
        self.write(lambda session: session.execute(insert(Slot), rows))

    def set(self, table: type[SQLModel], identifier: int, **values: object) -> None:
        """Change one row behind the use-cases' back."""

        def work(session: Session) -> None:
            row = session.get(table, identifier)
            assert row is not None
            for name, value in values.items():
                setattr(row, name, value)

        self.write(work)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Look at the rows themselves."""
        with Session(self.engine) as session:
            yield session

    def book(
        self,
        slot: int,
        patient: int = 1,
        *,
        desk: str = "окно 1",
        service: str | None = None,
        channel: Channel = Channel.DESK,
        override: str | None = None,
        op_id: str | None = None,
    ) -> dto.VisitView:
        """Book with the arguments most tests leave alone."""
        overrides = (dto.Override(override, "по направлению врача"),) if override else ()
        command = dto.BookVisit(op_id or new_op(), patient, slot, service, channel, overrides)
        return self.desk(desk).book(command)

    def move(
        self,
        visit: int,
        slot: int,
        *,
        desk: str = "окно 1",
        by: Initiator = Initiator.PATIENT,
        override: str | None = None,
    ) -> dto.VisitView:
        """Move with the arguments most tests leave alone."""
        overrides = (dto.Override(override, "просьба врача"),) if override else ()
        return self.desk(desk).move(dto.MoveVisit(new_op(), visit, slot, by, overrides))

    def cancel(
        self,
        visit: int,
        *,
        desk: str = "окно 1",
        reason: str = "patient-request",
        by: Initiator = Initiator.PATIENT,
    ) -> dto.VisitView:
        """Cancel with the arguments most tests leave alone."""
        return self.desk(desk).cancel(dto.CancelVisit(new_op(), visit, reason, by))

    def undo(self, *, desk: str = "окно 1") -> dto.VisitView:
        """Take back the last booking, move or cancellation of a desk."""
        done = self.desk(desk).undo(op_id=new_op())
        assert isinstance(done, dto.VisitView)
        return done

    def merge(self, survivor: int, retired: int, *, desk: str = "окно 1") -> MergeView:
        """Merge with the arguments most tests leave alone."""
        return self.desk(desk).merge_patients(MergePatients(new_op(), survivor, retired, "одна и та же"))

    def close(self) -> None:
        """Give every connection back."""
        for desk in self._desks.values():
            desk.close()
        self._desks.clear()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
