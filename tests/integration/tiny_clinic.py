"""A clinic of two branches, four doctors and three days, small enough to be built for every test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Engine, insert
from sqlmodel import SQLModel

from registrar_tui.clock import to_utc
from registrar_tui.models import (
    Branch,
    Doctor,
    Operator,
    Patient,
    Room,
    Service,
    Setting,
    ShiftTemplate,
    Slot,
    Specialty,
    Surname,
    SurnameDeletion,
    SurnameTrigram,
)
from registrar_tui.services import surname_index
from registrar_tui.services.search_keys import patient_keys
from registrar_tui.storage import schema
from registrar_tui.storage.engine import open_engine, write_engine
from registrar_tui.storage.sequences import advance_sequences

ZONE = "Europe/Moscow"
MONDAY = date(2026, 11, 23)
DAYS = 3
OPENS = time(9, 0)
MORNING = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
"""08:00 of the first day by the clinic's clock, an hour before the first slot."""

THERAPIST, HEART, NERVES, OTHER_THERAPIST, ABSENT = 1, 2, 3, 4, 5
"""Doctors: 15, 30, 14 and 15 minutes; the last one does not receive."""
SLOTS_A_DAY = 8
_MINUTES = {THERAPIST: 15, HEART: 30, NERVES: 14, OTHER_THERAPIST: 15, ABSENT: 20}
_SPECIALTY = {THERAPIST: 1, HEART: 2, NERVES: 3, OTHER_THERAPIST: 1, ABSENT: 2}
_BRANCH = {THERAPIST: 1, HEART: 1, NERVES: 2, OTHER_THERAPIST: 2, ABSENT: 1}
_SURNAMES = (
    "Абрикосов",
    "Берёзкин",
    "Васильков",
    "Груздев",
    "Дубравин",
    "Ёлкин",
    "Жасминов",
    "Земляникин",
    "Ирисов",
    "Калинин",
    "Ландышев",
    "Малинин",
)
PATIENTS = len(_SURNAMES)
GAP = 5
"""This slot of the second therapist's day is missing, so a longer visit cannot reach over it."""


def slot_id(doctor: int, day: int, place: int) -> int:
    """Return the id of a doctor's slot: day and place in it from 0."""
    return doctor * 1000 + day * 100 + place + 1


def starts(doctor: int, day: int, place: int) -> datetime:
    """Return the wall-clock start of a slot."""
    first = datetime.combine(MONDAY + timedelta(days=day), OPENS)
    return first + timedelta(minutes=_MINUTES[doctor] * place)


def slot_row(identifier: int, doctor: int, moment: datetime, **changes: Any) -> dict[str, Any]:
    """Return a row of the slot table."""
    row = {
        "id": identifier,
        "doctor_id": doctor,
        "branch_id": _BRANCH[doctor],
        "room_id": doctor,
        "starts_at": moment,
        "starts_utc": to_utc(moment, ZONE),
        "minutes": _MINUTES[doctor],
        "kind": "ordinary",
        "channels": "",
        "released_at": None,
        "closed": False,
        "close_reason": "",
    }
    return row | changes


def migrate(database: str) -> None:
    """Create the tables of an empty base."""
    engine = open_engine(database, create=True)
    with schema.migration_connection(engine) as connection:
        schema.migrate(connection)
    engine.dispose()


def fill(engine: Engine) -> None:
    """Write the whole clinic into an empty base."""
    with write_engine(engine).begin() as connection:
        for table, rows in _rows():
            connection.execute(insert(table), rows)
        advance_sequences(connection)


def _rows() -> Iterator[tuple[type[SQLModel], list[dict[str, Any]]]]:
    facts = {"clinic_id": "tiny", "clinic_name": "Поликлиника", "demo": "1", "demo_secret": "s"}
    yield Setting, [{"key": key, "value": value} for key, value in facts.items()]
    yield Operator, [{"login": "demo", "name": "Соколова А. П.", "role": "demo", "active": True}]
    yield from _places()
    yield from _staff()
    yield (
        Slot,
        [
            slot_row(slot_id(doctor, day, place), doctor, starts(doctor, day, place))
            for doctor in _MINUTES
            for day in range(DAYS)
            for place in range(SLOTS_A_DAY)
            if (doctor, place) != (OTHER_THERAPIST, GAP)
        ],
    )
    yield from _people()


def _places() -> Iterator[tuple[type[SQLModel], list[dict[str, Any]]]]:
    names = {1: ("Поликлиника № 1", "ул. Лесная, 5"), 2: ("Филиал № 2", "ул. Речная, 8")}
    yield (
        Branch,
        [
            {"id": number, "name": name, "address": address, "timezone": ZONE, "phone": "", "paid": False}
            | {"transport": "", "parking": "", "equipment": ""}
            for number, (name, address) in names.items()
        ],
    )
    yield (
        Room,
        [
            {"id": doctor, "branch_id": branch, "number": f"{doctor}01", "floor": "2"}
            for doctor, branch in _BRANCH.items()
        ],
    )
    words = {1: ("therapist", "терапевт"), 2: ("cardiologist", "кардиолог"), 3: ("neurologist", "невролог")}
    yield (
        Specialty,
        [
            {"id": number, "code": code, "name": name, "synonyms": "", "narrow": number > 1}
            | {"ages": "any", "bring": ""}
            for number, (code, name) in words.items()
        ],
    )
    services = {"short": (1, 15), "long": (1, 40), "heart": (2, 30), "heart-long": (2, 60)}
    yield (
        Service,
        [
            {"id": number, "code": code, "name": f"приём {code}", "specialty_id": specialty}
            | {"minutes": minutes, "repeat": False, "paid": False}
            for number, (code, (specialty, minutes)) in enumerate(services.items(), 1)
        ],
    )


def _staff() -> Iterator[tuple[type[SQLModel], list[dict[str, Any]]]]:
    names = {
        THERAPIST: "Белова",
        HEART: "Орлова",
        NERVES: "Ким",
        OTHER_THERAPIST: "Зуева",
        ABSENT: "Рябова",
    }
    yield (
        Doctor,
        [
            {"id": doctor, "last_name": name, "first_name": "Анна", "middle_name": "Петровна"}
            | {"specialty_id": _SPECIALTY[doctor], "branch_id": _BRANCH[doctor], "room_id": doctor}
            | {"post": "врач", "reviews": 0, "accepting": doctor != ABSENT}
            for doctor, name in names.items()
        ],
    )
    yield (
        ShiftTemplate,
        [
            {"doctor_id": doctor, "room_id": doctor, "weekday": weekday, "starts": OPENS, "ends": time(11, 0)}
            | {"minutes": _MINUTES[doctor], "pattern": "[]"}
            for doctor in (THERAPIST, HEART)
            for weekday in range(5)
        ],
    )


def _people() -> Iterator[tuple[type[SQLModel], list[dict[str, Any]]]]:
    people = [
        {
            "id": number,
            "last_name": surname,
            "first_name": "Иван",
            "middle_name": "Петрович",
            "birth_date": date(1950 + number, 5, number),
            "birth_precision": "day",
            "sex": "M",
            "phone_confirmed": False,
            "address": "",
            "version": 1,
            "created_at": MORNING,
            **patient_keys(surname, "Иван", "Петрович", None),
        }
        for number, surname in enumerate(_SURNAMES, 1)
    ]
    yield Patient, people
    index = surname_index.bulk_rows({str(row["last_key"]): 1 for row in people})
    yield from ((Surname, index.surnames), (SurnameDeletion, index.deletions))
    yield SurnameTrigram, index.trigrams
