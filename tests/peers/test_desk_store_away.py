"""The store goes away between the offer and Enter: one line, the choice stays, and it is booked once."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing import forkserver
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, col

from registrar_tui.models import Op, Visit
from registrar_tui.screens.grid import GridPane
from registrar_tui.storage import engine, patience
from registrar_tui.storage.engine import open_engine
from tests.fire import arena
from tests.fire.own_time import OwnTime
from tests.fire.pg_cluster import Cluster
from tests.integration.bases import Clinic, settings
from tests.integration.invariants import broken_invariants
from tests.peers.test_disk_faults import lock_holder, small_disk
from tests.tui.desk_driver import DeskDriver
from tests.tui.real_desk import EntryDriver, open_real_desk

pytestmark = pytest.mark.slow
BUSY = "База занята другим окном"
NO_ROOM = "На диске базы нет места"
NO_ANSWER = "Сервер PostgreSQL не отвечает"
AGAIN = "Enter — повторить: дважды не запишет."
_PATIENCE = 120.0


@asynccontextmanager
async def desk_at_enter(database: str, folder: Path) -> AsyncIterator[EntryDriver]:
    """Open the real desk with a slot held and read out: Enter would book it."""
    async with open_real_desk(settings(database, folder)) as driver:
        await driver.until_desk()
        await driver.press(*"василь", "f3")
        await driver.until_place("target")
        await driver.type("терапевт")
        await driver.press("enter")
        await driver.until(lambda: driver.place == "grid" and "free" in marks(driver), "the grid")
        await driver.press("enter")
        await until_seen(driver, "«Понедельник, 23 ноября, 9 часов ровно")
        yield driver


def marks(driver: DeskDriver) -> set[str]:
    pane = driver.pane(GridPane)
    assert isinstance(pane, GridPane)
    return {cell.mark.value for column in pane.grid.columns for cell in column.cells} if pane.grid else set()


async def until_seen(driver: DeskDriver, *texts: str) -> str:
    """Wait for one of these, longer than for a fake: a store has its own patience."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        picture = driver.picture()
        for text in texts:
            if text in picture:
                return text
        assert time.monotonic() < deadline, f"never {texts}\n{picture}"
        await driver.pilot.pause(0.02)


async def refused_twice(driver: DeskDriver, line: str) -> None:
    """Press Enter twice; the line stands once, and what was read out still stands over it."""
    for _ in range(2):
        await driver.press("enter")
        await until_seen(driver, AGAIN)
        await driver.until(lambda: "confirm.book" in driver.desk.commands(), "Enter to be offered again")
    picture = driver.picture()
    assert picture.count(line) == picture.count(AGAIN) == 1, picture
    assert "«Понедельник, 23 ноября, 9 часов ровно" in picture and driver.place == "confirm"


async def booked_by_enter(driver: DeskDriver) -> None:
    """Enter once more; the ticket is told."""
    await driver.press("enter")
    await until_seen(driver, "✓ Талон")
    await until_seen(driver, "● 09:00 Васильков")


def once_in(database: str) -> None:
    """Hold against the rows that there is one booking, whole."""
    opened = open_engine(database)
    with Session(opened) as rows:
        assert rows.execute(select(func.count(col(Visit.id)))).scalar_one() == 1
        booked = select(func.count()).select_from(Op).where(col(Op.request).startswith("book"))
        assert rows.execute(booked).scalar_one() == 1
        assert broken_invariants(rows) == []
    opened.dispose()


@pytest.fixture(autouse=True)
def morning(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is eight in the morning of the tiny clinic's first day."""
    monkeypatch.setenv("REGISTRAR_NOW", "2026-11-23T08:00")


async def test_a_file_locked_by_another_process(
    sqlite_clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forkserver.ensure_running()  # it cannot be started while the desk has the terminal
    async with desk_at_enter(sqlite_clinic.database, tmp_path) as driver:
        with lock_holder(sqlite_clinic.database, tmp_path):
            monkeypatch.setattr(engine, "BUSY_DEADLINE", 0.5)
            await refused_twice(driver, BUSY)
        monkeypatch.setattr(engine, "BUSY_DEADLINE", _PATIENCE)
        await booked_by_enter(driver)
    once_in(sqlite_clinic.database)


async def test_a_full_disk(sqlite_clinic: Clinic, tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    with small_disk(place, "4m"):
        database = place / "clinic.db"
        database.write_bytes(Path(sqlite_clinic.database).read_bytes())
        async with desk_at_enter(str(database), tmp_path) as driver:
            filler = place / "filler"
            with pytest.raises(OSError), filler.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            await refused_twice(driver, NO_ROOM)
            filler.unlink()
            await booked_by_enter(driver)
        once_in(str(database))


async def test_a_server_stopped_and_started(cluster: Cluster, database: str, tmp_path: Path) -> None:
    url = cluster.url(database)
    arena.build_arena(url, slots=1, patients=1)
    async with desk_at_enter(url, tmp_path) as driver:
        cluster.kill()
        await until_seen(driver, "○ нет связи")
        await refused_twice(driver, NO_ANSWER)
        cluster.start()
        await until_seen(driver, "● связь")  # without a key
        await booked_by_enter(driver)
    once_in(url)


async def test_a_server_that_does_not_answer(cluster: Cluster, database: str, tmp_path: Path) -> None:
    """Stopped by SIGSTOP it takes what is sent and says nothing: only the desk's own patience ends that."""
    url = cluster.url(database)
    arena.build_arena(url, slots=1, patients=1)
    async with desk_at_enter(url, tmp_path) as driver:
        cluster.freeze()
        try:
            with OwnTime() as waited:
                await driver.press("enter")
                await driver.press("f1")
                await driver.until_place("help")  # it is not frozen with its server
                await driver.press("escape")
                told = await until_seen(driver, "Жду ответа базы", AGAIN)
                await until_seen(driver, AGAIN)
            assert told == "Жду ответа базы" or waited.stood_still > 3, "the machine has slept through it"
            assert "Жду ответа базы" not in driver.picture()
            assert waited.seconds < patience.ANSWER_SECONDS + patience.CONNECT_SECONDS + 3
            await until_seen(driver, "○ нет связи")
        finally:
            cluster.thaw()
        await until_seen(driver, "● связь")
        await booked_by_enter(driver)
    once_in(url)
