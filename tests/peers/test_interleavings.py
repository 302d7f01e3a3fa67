"""All 34,650 orders in which three desks can send four statements each to one SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registrar_tui.storage.engine import sqlite_driver
from tests.integration import tiny_clinic

pytestmark = pytest.mark.slow
DESKS = 3
SLOT = tiny_clinic.slot_id(tiny_clinic.THERAPIST, 0, 0)
_UNTIL = "2026-11-23 06:00:00.000000"
BOOKING = (
    "BEGIN IMMEDIATE",
    "SELECT visit_id FROM claim WHERE slot_id = :slot",
    "INSERT INTO claim (slot_id, held_by, held_until) VALUES (:slot, :desk, :until)",
    "COMMIT",
)
# The mistake of Python's own driver: the look stands outside the transaction, and nothing guards the slot.
NAIVE = (
    "SELECT desk FROM scratch WHERE slot = :slot",
    "BEGIN IMMEDIATE",
    "INSERT INTO scratch (slot, desk) VALUES (:slot, :desk)",
    "COMMIT",
)


def orders(left: tuple[int, ...] = (4,) * DESKS, head: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Yield every order of the desks' statements: who speaks next."""
    if not any(left):
        yield head
    for desk, count in enumerate(left):
        if count:
            rest = tuple(other - (number == desk) for number, other in enumerate(left))
            yield from orders(rest, (*head, desk))


class Desks:
    """Three connections that never wait."""

    def __init__(self, file: Path) -> None:
        driver = sqlite_driver()
        self._busy, self._broken = driver.OperationalError, driver.IntegrityError
        self._connections = [driver.connect(str(file), timeout=0, isolation_level=None) for _ in range(DESKS)]
        for connection in self._connections:
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA synchronous=OFF")  # no power is cut here

    def play(self, order: tuple[int, ...], statements: tuple[str, ...]) -> list[int]:
        """Run one order; returns the desks that were told of success."""
        place = [0] * DESKS
        out = [False] * DESKS
        for desk in order:
            if not out[desk]:
                out[desk] = not self._say(desk, statements[place[desk]])
                place[desk] += 1
        return [desk for desk in range(DESKS) if not out[desk]]

    def _say(self, desk: int, statement: str) -> bool:
        connection = self._connections[desk]
        words = {"slot": SLOT, "desk": f"окно {desk}", "until": _UNTIL}
        try:
            row = connection.execute(statement, words if ":" in statement else {}).fetchone()
        except (self._busy, self._broken):
            row = ("refused",)
        if row is None:
            return True
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return False

    def rows(self, table: str) -> list[Any]:
        """Return what stands, and clear it."""
        first = self._connections[0]
        found = [row[0] for row in first.execute(f"SELECT * FROM {table}")]
        first.execute(f"DELETE FROM {table}")
        return found

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


@pytest.fixture
def desks(tiny_file: Path, tmp_path: Path) -> Iterator[Desks]:
    file = tmp_path / "orders.db"
    file.write_bytes(tiny_file.read_bytes())
    playing = Desks(file)
    yield playing
    playing.close()


def test_in_every_order_exactly_one_desk_gets_the_slot(desks: Desks) -> None:
    count = 0
    for order in orders():
        winners = desks.play(order, BOOKING)
        assert len(winners) == 1, order
        assert desks.rows("claim") == [SLOT], order
        count += 1
    assert count == 34_650


def test_without_the_key_some_orders_book_twice(desks: Desks) -> None:
    desks._connections[0].execute("CREATE TABLE scratch (slot INTEGER, desk TEXT)")
    doubles = 0
    for number, order in enumerate(orders()):
        if number % 50 == 0:
            told = len(desks.play(order, NAIVE))
            assert len(desks.rows("scratch")) == told
            doubles += told > 1
    assert doubles > 100
