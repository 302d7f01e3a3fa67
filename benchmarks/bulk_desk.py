"""A desk in a process of its own that books and cancels all the time, and how long each booking waited."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from registrar_tui import bootstrap
from registrar_tui.clock import FixedClock, to_utc
from registrar_tui.services import dto
from tests.integration.bases import settings

_THINK: Final = 0.02
_WARM_UP: Final = 5


def _work(database: str, folder: str, ready: Any, stop: Any, waits: Any) -> None:
    """Book one slot after another for one person after another, and take each booking back."""
    clock = FixedClock(to_utc(datetime(2026, 11, 23, 7, 0), "Europe/Moscow"))
    desk = bootstrap.build(settings(database, Path(folder), "окно"), clock=clock)
    slots = [slot.id for slot in desk.slots(dto.SlotQuery(free_only=True)) if slot.bookable]
    patients = [row.id for row in desk.find_patients("ив", limit=50).rows]
    found: list[float] = []
    while not stop.is_set():
        place = len(found)
        started = time.perf_counter()
        visit = desk.book(
            dto.BookVisit(uuid4().hex, patients[place % len(patients)], slots[place % len(slots)])
        )
        found.append(time.perf_counter() - started)
        desk.cancel(dto.CancelVisit(uuid4().hex, visit.id, "booking-mistake"))
        if place == _WARM_UP:
            ready.set()
        time.sleep(_THINK)
    waits.put(found[_WARM_UP:])


def booked(database: str, folder: Path, work: Callable[[], Any]) -> list[float]:
    """Let a desk book while something is done; returns the seconds of each booking, rising."""
    context = multiprocessing.get_context("spawn")
    ready, stop, waits = context.Event(), context.Event(), context.Queue()
    desk = context.Process(target=_work, args=(database, str(folder), ready, stop, waits))
    desk.start()
    try:
        assert ready.wait(60), "the desk has not begun"
        work()
    finally:
        stop.set()
    found: list[float] = waits.get(timeout=60)
    desk.join()
    return sorted(found)
