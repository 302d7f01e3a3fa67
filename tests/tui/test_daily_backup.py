"""A desk takes the day's backup by itself, and says in one line when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_tui import maintenance
from registrar_tui.app import app
from registrar_tui.storage.backup import FOLDER_VARIABLE
from tests.integration.bases import Clinic, settings
from tests.integration.real_clinic import RealClinic
from tests.tui.real_desk import open_real_desk


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the copies inside the test, and let nobody wait for the first one."""
    monkeypatch.setattr(app, "BACKUP_AFTER_SECONDS", 0.01)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "backups"))
    return tmp_path / "backups"


async def test_the_first_desk_of_the_day_takes_it_and_the_next_does_not(staffed: RealClinic) -> None:
    config = staffed.config()
    for _ in range(2):
        async with open_real_desk(config) as driver:
            await driver.sign_in("reg")
            await driver.until_desk()
            await driver.until(lambda: maintenance.backups(config), "the day's backup")
            await driver.app.workers.wait_for_complete()
            assert driver.notice == ""
    (made,) = maintenance.backups(config)
    assert maintenance.verify_backup(Path(made["file"]))["ok"]


async def test_a_desk_that_is_never_closed_asks_again(
    staffed: RealClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "BACKUP_CHECK_SECONDS", 0.3)
    config = staffed.config()
    async with open_real_desk(config) as driver:
        await driver.sign_in("reg")
        await driver.until(lambda: maintenance.backups(config), "the first backup")
        (made,) = maintenance.backups(config)
        for file in Path(made["file"]).parent.glob("*.db*"):
            file.unlink()
        await driver.until(lambda: maintenance.backups(config), "the next one")


async def test_a_backup_that_cannot_be_taken_is_told(staffed: RealClinic, folder: Path) -> None:
    folder.write_text("a file where the folder should be", encoding="utf-8")
    async with open_real_desk(staffed.config()) as driver:
        await driver.sign_in("reg")
        await driver.until_desk()
        await driver.until(lambda: "Суточная копия базы не сделана" in driver.notice, "the line")
        assert driver.notice.endswith("Сообщите администратору.") and driver.place == "search"


async def test_a_demo_base_has_none(sqlite_clinic: Clinic, tmp_path: Path, folder: Path) -> None:
    async with open_real_desk(settings(sqlite_clinic.database, tmp_path)) as driver:
        await driver.until_desk()
        await driver.pilot.pause(0.1)
        await driver.app.workers.wait_for_complete()
    assert not folder.exists()
