"""Eight desk processes want the same slots; the whole race (8 x 500) is `python -m benchmarks store`."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from registrar_tui.storage.engine import open_engine
from tests.fire import arena
from tests.fire.history import connect_naively, prepare_scratch
from tests.fire.race import (
    Lane,
    MeetingRacer,
    Racer,
    Result,
    ServiceRacer,
    UnguardedRacer,
    contended_lanes,
    race_faults,
    run_race,
)

pytestmark = pytest.mark.slow
DESKS = 8
BOOKINGS = 40
SLOTS = DESKS * BOOKINGS // 2


def race(database: str, folder: Path, racer: Callable[[Lane], Racer]) -> Result:
    people = arena.patient_ids(DESKS * BOOKINGS)
    lanes = contended_lanes(database, folder, people, desks=DESKS, bookings=BOOKINGS, slots=SLOTS)
    return run_race(lanes, racer)


def test_every_slot_goes_to_exactly_one_desk(store_url: str, tmp_path: Path) -> None:
    arena.build_arena(store_url, slots=SLOTS, patients=DESKS * BOOKINGS)
    result = race(store_url, tmp_path, ServiceRacer)
    assert list(race_faults(store_url, result, slots=SLOTS)) == []
    assert (len(result.won), result.taken, result.errors) == (SLOTS, DESKS * BOOKINGS - SLOTS, [])


def test_the_same_race_without_the_key_books_twice(store_url: str, tmp_path: Path) -> None:
    prepare_scratch(store_url)
    result = race(store_url, tmp_path, partial(UnguardedRacer, desks=DESKS))
    connection = connect_naively(store_url)
    booked = Counter(row[0] for row in connection.execute("SELECT slot_id FROM scratch_booking").fetchall())
    connection.close()
    assert max(booked.values()) > 1 and booked.total() == len(result.won) > SLOTS


def test_the_use_cases_themselves_book_twice_once_the_key_is_gone(pg_server: str, tmp_path: Path) -> None:
    """On SQLite the write lock alone would still hold the line; PostgreSQL shows that the key does it."""
    with arena.place_for("postgresql", tmp_path, pg_server, f"registrar_no_key_{os.getpid()}") as database:
        arena.build_arena(database, slots=SLOTS, patients=DESKS * BOOKINGS)
        engine = open_engine(database)
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE claim DROP CONSTRAINT pk_claim"))
        engine.dispose()
        result = race(database, tmp_path, partial(MeetingRacer, desks=DESKS))
        faults = [fault for fault in race_faults(database, result, slots=SLOTS) if "booked twice" in fault]
    assert faults != [] and len(result.won) > SLOTS
