"""A desk in a real terminal with its grid open sees what other desks do, and what time does, by itself."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from benchmarks.pty_probe import PtyProbe
from registrar_tui import bootstrap
from registrar_tui.clock import ShiftedClock
from registrar_tui.models import Claim
from registrar_tui.services.holds import HOLD
from registrar_tui.vocabulary import Initiator
from tests.fire.desk_child import processes
from tests.integration import tiny_clinic
from tests.integration.bases import Clinic, settings
from tests.integration.tiny_clinic import THERAPIST, slot_id

pytestmark = pytest.mark.slow
LIMIT = 5.0
"""Seconds; measured are 0.5 (`python -m benchmarks live`). The fastest of several is held against it."""
FIRST, SECOND, THIRD = (slot_id(THERAPIST, 0, place) for place in range(3))
_PATIENCE = 120.0
_GUTTER = 8  # cells before the first doctor's glyph
_PAGE_DOWN = "\x1b[6~"
_SHORT_HOLDS = (4.0, 8.0, 16.0, 32.0, 64.0)
"""Seconds that are left of the three minutes, by the clock of the desk that looks on: one that looks away for
so long has seen nothing, and is shown a longer hold."""


@pytest.fixture
def watcher(clinic: Clinic, tmp_path: Path) -> Iterator[PtyProbe]:
    """Open a desk in a terminal on the therapists' day, with the cursor two slots below the first."""
    environment = {
        "REGISTRAR_DB": clinic.database,
        "REGISTRAR_NOW": "2026-11-23T08:00",
        "REGISTRAR_DESK": "окно 9",
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    command = [sys.executable, "-m", "registrar_tui"]
    with PtyProbe(command, environment=environment) as probe:
        for keys, shown in (
            ("", "● связь"),
            ("вас", "Васильков"),
            ("\x1bOR", "к кому записать"),
            ("тер", "терапевт"),
            ("\r", "[· 09:00"),
            ("\x1b[B\x1b[B", "[· 09:30"),
        ):
            probe.send(keys)
            assert probe.see(has(shown), _PATIENCE) is not None, f"no {shown}\n{probe.text()}"
        probe.settle()
        yield probe


def has(text: str) -> Callable[[list[str]], bool]:
    """Return what tells whether a text is on the screen."""
    return lambda lines: any(text in line for line in lines)


def column(*words: str) -> Callable[[list[str]], bool]:
    """Return what tells whether all these are in the first doctor's column."""
    return lambda lines: all(any(line[_GUTTER:].startswith(word) for line in lines) for word in words)


def sees(probe: PtyProbe, *words: str) -> float:
    """Wait until the column has all these, and return the seconds; the cursor is still where it was."""
    began = time.monotonic()
    seen_at = probe.see(column(*words), _PATIENCE)
    assert seen_at is not None, f"no {words}\n{probe.text()}"
    assert has("[· 09:30")(probe.screen.display), f"the cursor has moved\n{probe.text()}"
    return seen_at - began


def test_what_another_desk_does_is_seen_and_the_cursor_stays(clinic: Clinic, watcher: PtyProbe) -> None:
    other = clinic.desk("окно 2", clock=ShiftedClock(tiny_clinic.MORNING))
    before = watcher.painted_bytes
    other.offer(FIRST, 1)
    took = [sees(watcher, "~ 09:00 окно 2")]
    visit = clinic.book(FIRST, 1, desk="окно 2")
    took.append(sees(watcher, "■ 09:00 Абрикосов"))
    moved = clinic.move(visit.id, SECOND, desk="окно 2", by=Initiator.CLINIC)
    took.append(sees(watcher, "· 09:00", "■ 09:15 Абрикосов"))
    clinic.cancel(moved.id, desk="окно 2")
    took.append(sees(watcher, "· 09:00", "· 09:15"))
    assert min(took) < LIMIT
    watcher.settle()
    four_changes = watcher.painted_bytes - before
    watcher.send(_PAGE_DOWN)
    assert watcher.see(has("24.11.2026"), _PATIENCE) is not None
    # Measured: 340 bytes a change, 7180 the grid of another day, which may come in pieces.
    enough = before + four_changes + 10 * four_changes / 4
    painted = watcher.see(lambda _: watcher.painted_bytes > enough, _PATIENCE)
    assert painted is not None, "a change paints its own lines only"


def _hold_and_wait(database: str, folder: Path, watching: float, seconds: float, told: Path) -> None:
    watched = timedelta(seconds=time.monotonic() - watching + seconds)
    clock = ShiftedClock(tiny_clinic.MORNING + watched - HOLD)
    desk = bootstrap.build(settings(database, folder, "окно 3"), clock=clock)
    desk.offer(FIRST, 2)
    told.touch()
    signal.pause()


def _hold_and_die(clinic: Clinic, watcher: PtyProbe, seconds: float) -> None:
    context: Any = processes()
    told = clinic.folder / f"held-{seconds}"
    plan = (clinic.database, clinic.folder, watcher.started, seconds, told)
    holder = context.Process(target=_hold_and_wait, args=plan)
    holder.start()
    while not told.exists():
        assert holder.exitcode is None
        time.sleep(0.01)
    os.kill(holder.pid, signal.SIGKILL)
    holder.join()


def test_a_killed_desks_hold_ends_on_the_open_grid(clinic: Clinic, watcher: PtyProbe) -> None:
    """Nothing is committed when it ends: the desk that looks on must know by the time."""
    for seconds in _SHORT_HOLDS:
        _hold_and_die(clinic, watcher, seconds)
        if watcher.see(column("~ 09:00 окно 3"), seconds) is not None:
            break
    sees(watcher, "~ 09:00 окно 3")
    sees(watcher, "· 09:00")
    with clinic.read() as session:
        assert session.execute(select(col(Claim.held_by))).scalars().all() == ["окно 3"]
