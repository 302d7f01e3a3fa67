"""The floor of a race: the statements one booking sends, replayed through the driver alone.

They are captured from a real booking, so they are exactly the service's own, in the same transactions with
the same durability and the same way of waiting for the write lock. What is left out is what we add: rules,
ORM, answers.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert

from registrar_tui.config import is_url
from registrar_tui.errors import Refusal
from registrar_tui.models import Visit
from registrar_tui.services import dto
from registrar_tui.storage.engine import sqlite_driver, write_engine
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
    """The statements of one booking: the look before, the transaction, and what a lost slot costs more."""

    patient: int
    slot: int
    visit: int
    look: list[Statement]
    write: list[Statement]
    lost: list[Statement]

    @property
    def examined(self) -> int:
        """Return how many statements of the transaction stand before the slot is known to be free."""
        return len(self.look)


def capture(database: str, folder: Path, *, slots: int, patients: int) -> Sample:
    """Book the arena's last slot for its last person, and again for another, and keep what was sent."""
    desk = open_desk(database, folder, _DESK)
    slot, (loser, patient) = slot_ids(slots)[-1], patient_ids(patients)[-2:]
    engine = desk._store.engine
    with write_engine(engine).begin() as connection:
        connection.execute(insert(Visit), [_earlier_visit(patient, slot)])
        advance_sequences(connection)
    sent: list[list[Statement]] = []
    event.listen(engine, "begin", lambda _connection: sent.append([]))
    event.listen(
        engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, parameters, _context, _many: sent[-1].append((statement, parameters)),
    )
    view = desk.book(dto.BookVisit(_OP, patient, slot))
    look, write = sent
    sent.clear()
    try:
        desk.book(dto.BookVisit(_OP + "-2", loser, slot))
    except Refusal:
        lost = sent[0][len(look) :]
    desk.close()
    return Sample(patient, slot, view.id, look, write, lost)


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
        self._sqlite = not is_url(lane.database)
        self._connection = connection or _connect(lane.database)
        self._last: tuple[int, str] = (0, "")

    def take(self, op_id: str, patient: int, slot: int) -> str:
        """Do what the service does: look, then look again and write under the lock."""
        words = self._words(op_id, patient, slot)
        self._begin(write=False)
        if self._taken(self._sample.look, words):
            self._run(self._sample.lost, words)
            self._connection.rollback()
            return "slot_taken"
        self._connection.rollback()
        self._begin(write=True)
        head, tail = self._split()
        if self._taken(head, words):
            self._run(self._sample.lost, words)
            self._connection.rollback()
            return "slot_taken"
        try:
            self._run(tail, words)
        except Exception as error:
            self._connection.rollback()
            if "unique" in str(error).lower():
                return "slot_taken"
            raise
        self._connection.commit()
        return "won"

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _split(self) -> tuple[list[Statement], list[Statement]]:
        """Part the transaction where the service has asked its rules."""
        statements = self._sample.write
        return statements[: self._sample.examined], statements[self._sample.examined :]

    def _words(self, op_id: str, patient: int, slot: int) -> dict[Any, Any]:
        sample = self._sample
        doctor = FIRST_DOCTOR + (slot - slot_ids(1)[0]) // _SLOTS_OF_A_DOCTOR
        sample_doctor = FIRST_DOCTOR + (sample.slot - slot_ids(1)[0]) // _SLOTS_OF_A_DOCTOR
        return {
            sample.patient: patient,
            sample.slot: slot,
            sample_doctor: doctor,
            _OP: op_id,
            _DESK: self._desk,
            "shift": slot_start(slot) - slot_start(sample.slot),
        }

    def _begin(self, *, write: bool) -> None:
        if not self._sqlite:
            return
        if not write:
            self._connection.execute("BEGIN")
            return
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite_driver().OperationalError as error:
                if "locked" not in str(error):
                    raise
                time.sleep(random.uniform(0.0005, 0.004))

    def _taken(self, statements: Sequence[Statement], words: dict[Any, Any]) -> bool:
        taken = False
        for statement, row in self._run(statements, words):
            if row is not None and len(row) > _TAKEN_BY and "claim.visit_id" in statement:
                taken = taken or row[_TAKEN_BY] is not None
        return taken

    def _run(self, statements: Sequence[Statement], words: dict[Any, Any]) -> list[tuple[str, Any]]:
        answered = []
        for statement, parameters in statements:
            filled = _filled(parameters, words, self._sample.slot)
            if statement.startswith("INSERT INTO audit_entry"):
                filled = self._numbered(filled)
            cursor = self._connection.execute(statement, filled)
            rows = cursor.fetchall() if cursor.description else []
            row = rows[0] if rows else None
            if statement.startswith("INSERT INTO visit "):
                words[self._sample.visit] = row[0] if row else cursor.lastrowid
            if statement.startswith("SELECT number, mac"):
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
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("PRAGMA busy_timeout=20")
    return connection


def _filled(value: Any, words: Mapping[Any, Any], sample_slot: int) -> Any:
    """Put this attempt's numbers, names and times where the sample has its own."""
    if isinstance(value, Mapping):
        return {key: _filled(one, words, sample_slot) for key, one in value.items()}
    if isinstance(value, tuple):
        return tuple(_filled(one, words, sample_slot) for one in value)
    if isinstance(value, int):
        return words.get(value, value)
    if isinstance(value, datetime):
        return _shifted(value, words["shift"], sample_slot)
    return _filled_text(value, words, sample_slot) if isinstance(value, str) else value


def _filled_text(value: str, words: Mapping[Any, Any], sample_slot: int) -> str:
    if value in words:
        return str(words[value])
    if len(value) == len("2026-11-30 08:00:00.000000") and value[4] == "-" and value[-7] == ".":
        moved = _shifted(datetime.strptime(value, _STAMP), words["shift"], sample_slot)
        return moved.strftime(_STAMP)
    if value.startswith(("{", "book ")):
        for old, new in words.items():
            if old != "shift":
                value = value.replace(json.dumps(old), json.dumps(new))
    return value


def _shifted(moment: datetime, shift: timedelta, sample_slot: int) -> datetime:
    """Only what lies near the sample's slot belongs to it; the rest is the clock's."""
    near = abs(moment.replace(tzinfo=None) - slot_start(sample_slot)) < timedelta(days=1)
    return moment + shift if near else moment
