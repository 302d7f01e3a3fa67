"""Every slot behaves as one register, however many desks fight over it and are killed meanwhile."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from sqlmodel import Session

from registrar_tui.storage.engine import open_engine
from tests.fire import arena
from tests.fire.desk_child import run_desk
from tests.fire.history import Histories, book_naively, histories, prepare_scratch, record_histories
from tests.fire.linearize import NEVER, Step, is_linearizable
from tests.fire.proofs import read_traces, wait_for_writers

pytestmark = pytest.mark.slow
SLOTS = 8
DESKS = 6


def recorded(store_url: str, folder: Path) -> Histories:
    arena.build_arena(store_url, slots=SLOTS, patients=40 * DESKS)
    desks = record_histories(store_url, folder, run_desk, desks=DESKS, slots=SLOTS)
    engine = open_engine(store_url)
    with engine.connect() as connection:
        wait_for_writers(connection)
    with Session(engine) as session:
        traces = read_traces(session)
    engine.dispose()
    final = {slot: visit for visit, (_, held) in traces.visits.items() for slot in held}
    assert sum(not attempt.mark for desk in desks for attempt in desk) >= DESKS // 2
    return histories(desks, traces.answers, final)


def test_the_history_of_every_slot_can_be_put_in_order(store_url: str, tmp_path: Path) -> None:
    found = recorded(store_url, tmp_path)
    assert found.steps > 50 and len(found.slots) == SLOTS
    assert found.wrong_slots() == []


def test_the_checker_flags_desks_that_look_and_then_write(store_url: str, tmp_path: Path) -> None:
    prepare_scratch(store_url)
    naively = partial(book_naively, desks=DESKS)
    desks = record_histories(store_url, tmp_path, naively, desks=DESKS, slots=2)
    naive = histories(desks, {}, {})
    for steps in naive.slots.values():
        steps.pop()  # the last look belongs to the real tables
    assert naive.wrong_slots() != []


@pytest.mark.parametrize(
    ("steps", "fits"),
    [
        ([Step(0, 2, "take", 1), Step(1, 3, "busy")], True),
        ([Step(0, 2, "take", 1), Step(3, 4, "take", 2)], False),
        ([Step(0, 1, "busy"), Step(2, 3, "take", 1)], False),
        ([Step(0, 1, "take", 1), Step(2, 3, "free", 1), Step(4, 5, "take", 2)], True),
        ([Step(0, 1, "take", 1), Step(2, 3, "free", 2)], False),
        ([Step(0, 1, "take", 1), Step(2, NEVER, "free", 1), Step(9, 10, "take", 2)], True),
        ([Step(0, 1, "take", 1), Step(2, NEVER, "free", 1), Step(9, 10, "busy")], True),
        ([Step(0, NEVER, "take", 1), Step(5, 6, "busy"), Step(7, 8, "read", 1)], True),
        ([Step(0, NEVER, "take", 1), Step(5, 6, "busy"), Step(7, 8, "read", None)], False),
        ([Step(0, 1, "take", 1), Step(2, 3, "read", None)], False),
    ],
)
def test_the_checker_itself(steps: list[Step], fits: bool) -> None:
    assert is_linearizable(steps) is fits
