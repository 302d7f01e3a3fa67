"""The floor of a race: the statements one booking sends, replayed through the driver alone.

They are captured from a real booking, so they are exactly the service's own, in the same transactions with
the same durability and the same waiting for the write lock. What is left out is what we add: rules, sessions,
values turned into the columns' types, answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import Engine, event, insert
from sqlmodel import Session

from registrar_tui.config import is_url
from registrar_tui.errors import Refusal
from registrar_tui.models import Visit
from registrar_tui.services import dto
from registrar_tui.services.prepared import Prepared
from registrar_tui.storage.engine import begin_immediate, sqlite_driver, write_engine
from registrar_tui.storage.sequences import advance_sequences
from tests.fire.arena import FIRST_DOCTOR, open_desk, patient_ids, slot_ids, slot_start
from tests.fire.race import Lane
from tests.integration import tiny_clinic

_DESK = "окно образец"
_OP = "op-of-the-sample"
_EARLIER_VISIT = 5_000_000  # the sample's number must not occur in another meaning
_SLOTS_OF_A_DOCTOR = 200
_TAKEN_BY = 13  # column of the slot queries that tells the visit which stands there
_STAMP = "%Y-%m-%d %H:%M:%S.%f"

Statement = tuple[str, Any]


@dataclass(frozen=True)
class Sample:
    """The statements of one booking: its transaction, and what is read when the slot was lost."""

    patient: int
    slot: int
    visit: int
    examined: int
    """How many statements of the transaction stand before the slot is known to be free."""
    write: list[Statement]
    lost: list[Statement]

    @property
    def doctor(self) -> int:
        """Return whose slot it is."""
        return doctor_of(self.slot)

    def times(self) -> Iterator[tuple[Any, datetime]]:
        """Yield what in the statements is a time of the slot, as it stands there and as a moment."""
        for _, parameters in (*self.write, *self.lost):
            for value in parameters.values() if isinstance(parameters, Mapping) else parameters:
                moment = _moment(value)
                if moment and abs(moment - slot_start(self.slot)) < timedelta(days=1):
                    yield value, moment


def doctor_of(slot: int) -> int:
    """Return the doctor of a slot of the arena."""
    return FIRST_DOCTOR + (slot - slot_ids(1)[0]) // _SLOTS_OF_A_DOCTOR


def _moment(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value
    stamp = isinstance(value, str) and len(value) == len("2026-11-30 08:00:00.000000") and value[-7] == "."
    return datetime.strptime(value, _STAMP) if stamp else None


def capture(database: str, folder: Path, *, slots: int, patients: int) -> Sample:
    """Book the arena's last slot for its last person, and again for another, and keep what was sent."""
    desk = open_desk(database, folder, _DESK)
    slot, (loser, patient) = slot_ids(slots)[-1], patient_ids(patients)[-2:]
    engine = desk._store.engine
    with write_engine(engine).begin() as connection:
        connection.execute(insert(Visit), [_earlier_visit(patient, slot)])
        advance_sequences(connection)
    with _overheard(engine) as sent:
        view = desk.book(dto.BookVisit(_OP, patient, slot))
        try:
            desk.book(dto.BookVisit(_OP + "-2", loser, slot))
        except Refusal:
            write, refused, lost = sent
    desk.close()
    return Sample(patient, slot, view.id, len(refused), write, lost)


@contextmanager
def _overheard(engine: Engine) -> Iterator[list[list[Statement]]]:
    """Yield what is sent from now on, a list for each transaction."""
    sent: list[list[Statement]] = []
    real = Prepared.run

    def run(statement: Prepared, session: Session, words: Mapping[str, Any]) -> Any:
        form = statement.sent(session.connection(), words)
        sent[-1].append((form.text, form.filled(words)))
        return real(statement, session, words)

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent[-1].append((statement, parameters))

    event.listen(engine, "begin", lambda _connection: sent.append([]), insert=True)
    event.listen(engine, "before_cursor_execute", hear)
    with mock.patch.object(Prepared, "run", run):
        yield sent
    event.remove(engine, "before_cursor_execute", hear)


def _earlier_visit(patient: int, slot: int) -> dict[str, Any]:
    where = {"doctor_id": FIRST_DOCTOR, "specialty_id": 1, "branch_id": 1, "room_id": 1, "slot_id": slot}
    when = {"starts_at": slot_start(slot), "starts_utc": tiny_clinic.MORNING, "minutes": 15}
    state = {"status": "entered-in-error", "channel": "desk", "booked_at": tiny_clinic.MORNING, "late": False}
    return {"id": _EARLIER_VISIT, "patient_id": patient, "version": 1, **where, **when, **state}


class BareRacer:
    """Takes slots by the sample's statements through a driver connection of its own."""

    def __init__(self, lane: Lane, sample: Sample, connection: Any = None) -> None:
        self._desk = f"окно {lane.number}"
        self._sample = sample
        self._times = dict(sample.times())
        self._sqlite = not is_url(lane.database)
        self._connection = connection or _connect(lane.database)
        self._last: tuple[int, str] = (0, "")

    def take(self, op_id: str, patient: int, slot: int) -> str:
        """Do what the service does: look and write under the lock, and read on where the slot is lost."""
        words = self._words(op_id, patient, slot)
        head, tail = self._split()
        self._begin(write=True)
        try:
            lost = self._taken(head, words)
            if not lost:
                self._run(tail, words)
        except Exception as error:
            if "unique" not in str(error).lower():
                raise
            lost = True
        if not lost:
            self._connection.commit()
            return "won"
        self._connection.rollback()
        self._begin(write=False)
        self._run(self._sample.lost, words)
        self._connection.rollback()
        return "slot_taken"

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _split(self) -> tuple[list[Statement], list[Statement]]:
        """Part the transaction where the service has asked its rules."""
        statements = self._sample.write
        return statements[: self._sample.examined], statements[self._sample.examined :]

    def _words(self, op_id: str, patient: int, slot: int) -> dict[Any, Any]:
        """Return this attempt's numbers, names and times by the sample's own; JSON stays as it is."""
        sample = self._sample
        shift = slot_start(slot) - slot_start(sample.slot)
        words: dict[Any, Any] = {stamp: moment + shift for stamp, moment in self._times.items()}
        if self._sqlite:
            words = {stamp: moment.isoformat(" ", "microseconds") for stamp, moment in words.items()}
        return words | {
            sample.patient: patient,
            sample.slot: slot,
            sample.doctor: doctor_of(slot),
            _OP: op_id,
            _DESK: self._desk,
        }

    def _begin(self, *, write: bool) -> None:
        if not self._sqlite:
            return
        if write:
            begin_immediate(sqlite_driver(), self._connection)
        else:
            self._connection.execute("BEGIN")

    def _taken(self, statements: Sequence[Statement], words: dict[Any, Any]) -> bool:
        taken = False
        for statement, row in self._run(statements, words):
            if row is not None and len(row) > _TAKEN_BY and "claim.visit_id" in statement:
                taken = taken or row[_TAKEN_BY] is not None
        return taken

    def _run(self, statements: Sequence[Statement], words: dict[Any, Any]) -> list[tuple[str, Any]]:
        answered = []
        for statement, parameters in statements:
            filled = _filled(parameters, words)
            if statement.startswith("INSERT INTO audit_entry"):
                filled = self._numbered(filled)
            cursor = self._connection.execute(statement, filled)
            rows = cursor.fetchall() if cursor.description else []
            row = rows[0] if rows else None
            if statement.startswith("INSERT INTO visit "):
                ((words[self._sample.visit],),) = rows
            if statement.startswith("SELECT audit_entry.number"):
                self._last = row or (0, "")
            answered.append((statement, row))
        return answered

    def _numbered(self, filled: Any) -> Any:
        """The journal's place is the only value that depends on an answer."""
        if isinstance(filled, Mapping):
            return {**filled, "number": self._last[0] + 1}
        return (filled[0], self._last[0] + 1, *filled[2:])


def _connect(database: str) -> Any:
    if is_url(database):
        import psycopg

        return psycopg.connect(database, prepare_threshold=None)
    driver = sqlite_driver()
    connection = driver.connect(database, timeout=0.02, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    for pragma in ("trusted_schema=OFF", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA busy_timeout=20")
    return connection


def _filled(parameters: Any, words: Mapping[Any, Any]) -> Any:
    """Put this attempt's values where the sample has its own."""
    if isinstance(parameters, Mapping):
        return {name: words.get(value, value) for name, value in parameters.items()}
    return tuple(words.get(value, value) for value in parameters)
