"""A scan that comes while the desk asks something else is looked for and confirms nothing."""

from __future__ import annotations

import pytest
from textual import events

from registrar_tui.app import scans
from registrar_tui.app.scans import LEAST_DIGITS, ScanWatch
from tests.tui.desk_driver import DeskDriver, open_desk
from tests.tui.fake_services import FakeServices

POLICY = "5052800847361358"


@pytest.fixture
def slow_scanner(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a crowded machine seconds may pass between two keys of a test."""
    monkeypatch.setattr(scans, "LONGEST_GAP", 3600.0)


async def come_to_card(clinic: FakeServices, driver: DeskDriver) -> None:
    """Open the first person's card, on a visit to come."""
    clinic.add_visit(1, clinic.slot_at(1, clinic.now.replace(day=24, hour=10, minute=15)).id)
    await driver.press(*"иванов", "enter")
    await driver.until_place("card")
    await driver.until(lambda: "F8 отменить" in driver.key_line, "the visits")


@pytest.mark.usefixtures("slow_scanner")
async def test_a_scan_on_the_card_finds_its_owner(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await come_to_card(clinic, driver)
        await driver.press(*POLICY, "enter")
        await driver.until(lambda: clinic.called("find_patients")[-1] == (POLICY,), "the search")
        assert driver.place != "grid"


@pytest.mark.usefixtures("slow_scanner")
async def test_a_scan_cancels_nothing(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await come_to_card(clinic, driver)
        await driver.press("f8")
        await driver.until_place("cancel")
        await driver.press(*POLICY, "enter")
        await driver.until(lambda: clinic.called("find_patients")[-1] == (POLICY,), "the search")
        assert "начатое здесь не выполнено" in driver.notice
        assert clinic.called("cancel") == []


@pytest.mark.usefixtures("slow_scanner")
async def test_a_scan_books_nothing_and_gives_the_slot_back(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.press(*"иванов", "f3")
        await driver.until_place("target")
        await driver.press(*"кард", "enter")
        await driver.until_place("grid")
        await driver.until_seen("· 09:45")
        await driver.press("enter")
        await driver.until_place("confirm")
        await driver.press(*POLICY, "enter")
        await driver.until(lambda: clinic.called("find_patients")[-1] == (POLICY,), "the search")
        await driver.until(lambda: clinic.called("release"), "the slot to be given back")
        assert clinic.called("book") == []


@pytest.mark.usefixtures("slow_scanner")
async def test_a_scan_into_a_line_is_the_lines(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.press("f5")
        await driver.until_place("today")
        await driver.press(*POLICY, "enter")
        await driver.until(lambda: clinic.called("arrive"), "the arrival")
        assert driver.place == "today"


@pytest.mark.parametrize(("gap", "digits", "code"), [(0.01, 10, True), (0.1, 16, False), (0.01, 9, False)])
def test_only_many_fast_digits_are_a_scan(gap: float, digits: int, code: bool) -> None:
    watch, typed = ScanWatch(), POLICY[:digits]
    ends = []
    for place, key in enumerate([*typed, "enter"]):
        event = events.Key(key, None if key == "enter" else key)
        event.time = place * gap
        ends.append(watch.ended_by(event))
    assert ends[-1] == (typed if code else None)
    assert len(typed) != LEAST_DIGITS or code
