"""A base to fight over: the tiny clinic with many more slots and people, and desks opened on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from registrar_tui import bootstrap
from registrar_tui.clock import ShiftedClock
from registrar_tui.desk_services import DeskServices
from registrar_tui.models import Doctor, Patient, Slot, Surname, SurnameDeletion, SurnameTrigram
from registrar_tui.services import surname_index
from registrar_tui.services.search_keys import patient_keys
from registrar_tui.storage import changes, engine, patience, reading, session
from registrar_tui.storage.engine import open_engine, write_engine
from registrar_tui.storage.sequences import advance_sequences
from tests.integration import tiny_clinic
from tests.integration.bases import own_schema, settings

FIRST_DOCTOR = 101
SLOTS_A_DAY = 40
DAYS = 5
_MINUTES = 15
_FIRST_SLOT = 100_000
_FIRST_PATIENT = 10_000
_SURNAME = "Полевой"
_ALL_TIME = 300.0  # seconds


def slot_ids(count: int) -> list[int]:
    """Return the ids of the arena's slots; all lie days ahead, so no rule but `slot_taken` stands."""
    return list(range(_FIRST_SLOT, _FIRST_SLOT + count))


def patient_ids(count: int) -> list[int]:
    """Return the ids of the arena's people."""
    return list(range(_FIRST_PATIENT, _FIRST_PATIENT + count))


def slot_start(slot_id: int) -> datetime:
    """Return the wall-clock start of an arena slot."""
    place = (slot_id - _FIRST_SLOT) % (SLOTS_A_DAY * DAYS)
    day = tiny_clinic.MONDAY + timedelta(days=7 + place // SLOTS_A_DAY)
    return datetime.combine(day, time(8)) + timedelta(minutes=_MINUTES * (place % SLOTS_A_DAY))


def slot_doctor(slot_id: int) -> int:
    """Return whose an arena slot is."""
    return FIRST_DOCTOR + (slot_id - _FIRST_SLOT) // (SLOTS_A_DAY * DAYS)


def build_arena(database: str, *, slots: int, patients: int) -> None:
    """Create the tables and fill them: as many therapists as the slots need, each with 200 of them."""
    tiny_clinic.migrate(database)
    opened = open_engine(database)
    tiny_clinic.fill(opened)
    doctors = range(FIRST_DOCTOR, FIRST_DOCTOR + -(-slots // (SLOTS_A_DAY * DAYS)))
    with write_engine(opened).begin() as connection:
        connection.execute(insert(Doctor), [_doctor(number) for number in doctors])
        connection.execute(insert(Slot), [_slot(number) for number in slot_ids(slots)])
        connection.execute(insert(Patient), [_patient(number) for number in patient_ids(patients)])
        _write_surname(connection, patients)
        advance_sequences(connection)
    opened.dispose()


def _write_surname(connection: Connection, people: int) -> None:
    key = str(patient_keys(_SURNAME, "Иван", "Петрович", None)["last_key"])
    index = surname_index.bulk_rows({key: people}, tiny_clinic.PATIENTS + 1)
    connection.execute(insert(Surname), index.surnames)
    connection.execute(insert(SurnameDeletion), index.deletions)
    connection.execute(insert(SurnameTrigram), index.trigrams)


def _doctor(number: int) -> dict[str, Any]:
    names = {"id": number, "last_name": f"Врач{number}", "first_name": "Анна", "middle_name": "Петровна"}
    place = {"specialty_id": 1, "branch_id": 1, "room_id": 1}
    return names | place | {"post": "врач", "reviews": 0, "accepting": True}


def _slot(number: int) -> dict[str, Any]:
    doctor = slot_doctor(number)
    own = {"branch_id": 1, "room_id": 1, "minutes": _MINUTES}
    return tiny_clinic.slot_row(number, tiny_clinic.THERAPIST, slot_start(number), doctor_id=doctor, **own)


def _patient(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "last_name": _SURNAME,
        "first_name": "Иван",
        "middle_name": "Петрович",
        "birth_date": date(1980, 5, 1),
        "birth_precision": "day",
        "sex": "M",
        "phone_confirmed": False,
        "address": "",
        "version": 1,
        "created_at": tiny_clinic.MORNING,
        **patient_keys(_SURNAME, "Иван", "Петрович", None),
    }


def take_all_time() -> None:
    """Let this process wait for locks and answers as long as it takes; for processes of their own.

    A crowded machine may keep a desk waiting longer than a registrar should wait.
    """
    engine.BUSY_DEADLINE = _ALL_TIME
    for module in (patience, session, reading, changes):
        vars(module)["ANSWER_SECONDS"] = _ALL_TIME


def open_desk(database: str, folder: Path, name: str) -> DeskServices:
    """Open a desk whose clock runs on from the clinic's morning."""
    return bootstrap.build(settings(database, folder, name), clock=ShiftedClock(tiny_clinic.MORNING))


@contextmanager
def place_for(store: str, folder: Path, server: str, name: str) -> Iterator[str]:
    """Yield where a new base goes: a file in the folder, or a schema of its own that is dropped after."""
    if store == "sqlite":
        yield str(folder / "arena.db")
        return
    with own_schema(server, name) as url:
        yield url
