"""The power goes at any write or sync: what was acknowledged is there when it comes back.

A kill does not test this: the kernel of a killed process still writes its pages.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from registrar_tui.storage.engine import sqlite_driver
from tests.fire import arena
from tests.fire.bare_driver import BareRacer, Sample, capture
from tests.fire.powercut_vfs import ApswConnection, Disk, ForgetfulVfs
from tests.fire.race import Lane

pytestmark = pytest.mark.slow
SLOTS = 400
MOMENTS_BETWEEN_CUTS = 70  # writes and syncs; a booking makes about thirty


@dataclass
class Toll:
    """What a run of cuts came to."""

    cuts: int = 0
    acknowledged: int = 0
    """Counted at every cut anew."""
    lost: int = 0
    faults: list[str] = field(default_factory=list)


class PowerCuts:
    """Books until the power has gone often enough."""

    def __init__(self, file: Path, sample: Sample, *, synchronous: str, checkpoint: int) -> None:
        self._chance = random.Random(checkpoint)
        self._next = self._chance.randrange(MOMENTS_BETWEEN_CUTS)
        self._folder = file.parent
        self._disk = Disk(self._moment)
        self._vfs = ForgetfulVfs(self._disk)
        self._connection = ApswConnection(file, synchronous=synchronous, checkpoint=checkpoint)
        lane = Lane(str(file), file.parent, 1, ())
        self._racer = BareRacer(lane, sample, self._connection)
        self._told: list[str] = []
        self._over = False
        self.toll = Toll()

    def run(self, cuts: int) -> Toll:
        """Book slot after slot; the cuts fall where they fall."""
        wishes = zip(arena.patient_ids(SLOTS), arena.slot_ids(SLOTS), strict=True)
        for number, (patient, slot) in enumerate(wishes):
            if self.toll.cuts >= cuts:
                break
            assert self._racer.take(f"cut-{number}", patient, slot) == "won"
            self._told.append(f"cut-{number}")
        self._over = True
        self._racer.close()
        self._vfs.unregister()
        return self.toll

    def _moment(self) -> None:
        self._next -= 1
        if self._next > 0 or not self._told or self._over:
            return
        self._next = self._chance.randrange(1, MOMENTS_BETWEEN_CUTS)
        self.toll.cuts += 1
        folder = self._folder / f"cut-{self.toll.cuts}"
        folder.mkdir()
        self._disk.after_cut(folder, self._chance if self.toll.cuts % 2 else None)
        self._examine(folder / "arena.db")

    def _examine(self, file: Path) -> None:
        connection = sqlite_driver().connect(str(file), isolation_level=None)
        whole = connection.execute("PRAGMA integrity_check").fetchone()[0]
        done = {row[0] for row in connection.execute(_WHOLE)}
        started = {row[0] for row in connection.execute("SELECT op_id FROM op WHERE op_id LIKE 'cut-%'")}
        connection.close()
        lost = set(self._told) - done
        self.toll.acknowledged += len(self._told)
        self.toll.lost += len(lost)
        if whole != "ok" or started != done or len(done - set(self._told)) > 1:
            self.toll.faults.append(f"{file.parent.name}: {whole}, half-done {started ^ done}")


_WHOLE = """
    SELECT op.op_id FROM op
    JOIN visit_event ON visit_event.op_id = op.op_id
    JOIN audit_entry ON audit_entry.op_id = op.op_id
    JOIN visit ON visit.id = visit_event.visit_id AND visit.status = 'booked'
    JOIN claim ON claim.visit_id = visit.id AND claim.slot_id = visit.slot_id
    WHERE op.op_id LIKE 'cut-%' AND op.result <> ''
"""


@pytest.fixture
def base(tmp_path: Path) -> tuple[Path, Sample]:
    """Return a base that nothing has open, with the statements of one booking."""
    file = tmp_path / "arena.db"
    arena.build_arena(str(file), slots=SLOTS + 1, patients=SLOTS + 2)
    return file, capture(str(file), tmp_path, slots=SLOTS + 1, patients=SLOTS + 2)


@pytest.mark.parametrize("checkpoint", [1000, 20])
def test_our_settings_lose_nothing_that_was_acknowledged(base: tuple[Path, Sample], checkpoint: int) -> None:
    toll = PowerCuts(*base, synchronous="FULL", checkpoint=checkpoint).run(100)
    assert (toll.cuts >= 100, toll.lost, toll.faults) == (True, 0, [])
    assert toll.acknowledged > 1000


def test_the_canary_with_normal_sync_loses_some(base: tuple[Path, Sample]) -> None:
    toll = PowerCuts(*base, synchronous="NORMAL", checkpoint=1000).run(40)
    assert toll.lost > 0


def test_a_booking_is_synced_before_it_is_acknowledged(sqlite_clinic: Any) -> None:
    """What the two tests above set by hand is what the program sets."""
    raw = sqlite_clinic.desk()._store.engine.raw_connection()
    asked = {
        name: raw.cursor().execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    }
    raw.close()
    assert asked == {"journal_mode": "wal", "synchronous": 2}
