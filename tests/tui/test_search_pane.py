"""The search line answers with what one may be booked for, and begins a new card where nobody is found."""

from __future__ import annotations

from registrar_tui.errors import StoreUnavailable
from registrar_tui.screens.form import FormPane
from registrar_tui.screens.grid import GridPane
from registrar_tui.screens.search import SearchPane
from registrar_tui.screens.target import TargetPane
from registrar_tui.services.dto import GridQuery, TargetKind
from tests.tui.desk_driver import DeskDriver, open_desk
from tests.tui.fake_services import FakeServices


def search(driver: DeskDriver) -> SearchPane:
    """The search pane."""
    pane = driver.pane(SearchPane)
    assert isinstance(pane, SearchPane)
    return pane


def query(driver: DeskDriver) -> GridQuery:
    """The query of the grid in front."""
    pane = driver.pane(GridPane)
    assert isinstance(pane, GridPane)
    assert pane.query_now is not None
    return pane.query_now


async def test_a_specialty_chosen_first_waits_for_its_person(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("кард")
        await driver.until_seen("К кому записать")
        await driver.until_seen("▸ кардиолог")
        assert "специальность" in driver.picture()
        assert "Никто не найден. Ins — новый пациент." in driver.picture()
        await driver.press("enter")
        await driver.until_seen("→ кардиолог, Esc — не нужно")
        assert search(driver).line.value == ""
        assert driver.notice == "К кому: кардиолог. Найдите пациента и нажмите F3."
        await driver.type("иванов")
        await driver.press("f3")
        await driver.until_place("grid")
        assert (query(driver).kind, query(driver).target_id) == (TargetKind.SPECIALTY, 1)
        assert query(driver).patient_id == 1
        await driver.press("f2")
        await driver.type("петрова")
        await driver.press("f3")
        await driver.until_place("target")  # it was for one person
        assert "Esc — не нужно" not in driver.picture()


async def test_the_card_looked_at_on_the_way_keeps_the_choice(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("тера")
        await driver.until_seen("▸ терапевт")
        await driver.press("enter")
        await driver.type("иванов")
        await driver.press("enter")
        await driver.until_place("card")
        await driver.press("f3")
        await driver.until_place("grid")
        assert (query(driver).kind, query(driver).target_id) == (TargetKind.SPECIALTY, 2)


async def test_letters_on_the_card_choose_another_target(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("тера")
        await driver.until_seen("▸ терапевт")
        await driver.press("enter")
        await driver.type("иванов")
        await driver.press("enter")
        await driver.until_place("card")
        await driver.press("к")
        await driver.until_place("target")
        await driver.press("escape", "f3")
        await driver.until_place("target")


async def test_escape_forgets_what_was_chosen_first(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("кард")
        await driver.until_seen("▸ кардиолог")
        await driver.press("enter")
        await driver.until_seen("→ кардиолог")
        await driver.type("ива")
        await driver.press("escape")
        await driver.until_seen("→ кардиолог")
        await driver.press("escape")
        await driver.until(lambda: "→ кардиолог" not in driver.picture(), "the choice to go")
        await driver.type("иванов")
        await driver.press("f3")
        await driver.until_place("target")


async def test_a_text_that_fits_both_shows_people_first_and_the_cursor_stays_with_them(
    clinic: FakeServices,
) -> None:
    clinic.doctors_by_id[4].name = "Петрова Т. Т."
    gate = clinic.gate("find_targets")
    async with open_desk(clinic) as driver:
        await driver.type("петрова")
        await driver.until_seen("▸ Петрова Анна Ильинична")
        gate.set()
        await driver.until_seen("Петрова Т. Т.")
        lines = driver.picture().splitlines()
        places = [
            next(place for place, line in enumerate(lines) if text in line)
            for text in ("▸ Петрова Анна", "К кому записать", "Петрова Т. Т.")
        ]
        assert places == sorted(places)
        await driver.press("down", "enter")
        await driver.until_seen("→ Петрова Т. Т., Esc — не нужно")


async def test_targets_of_an_older_text_are_not_shown(clinic: FakeServices) -> None:
    gate = clinic.gate("find_targets")
    async with open_desk(clinic) as driver:
        await driver.type("кард")
        await driver.until(lambda: clinic.called("find_targets"), "the question of targets")
        await driver.type("иванов")
        await driver.until_seen("Иванов Иван")
        gate.set()
        await driver.until(lambda: len(clinic.called("find_targets")) == 2, "the second question")
        await driver.pilot.pause(0.1)
        assert "кардиолог" not in driver.picture()


async def test_digits_and_two_letters_ask_for_no_target(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        for text in ("ив", "иванов 58", "12.05.1958"):
            await driver.type(text)
            await driver.until(lambda text=text: clinic.called("find_patients")[-1:] == [(text,)], text)  # type: ignore[misc]
        await driver.pilot.pause(0.2)
    assert clinic.called("find_targets") == []


async def test_a_broken_list_of_targets_leaves_the_people(clinic: FakeServices) -> None:
    clinic.fail["find_targets"].append(StoreUnavailable("База не отвечает."))
    clinic.fail["prepare_search"].append(StoreUnavailable("База не отвечает."))
    async with open_desk(clinic) as driver:
        await driver.type("иванов")
        await driver.until(lambda: clinic.called("find_targets"), "the question of targets")
        await driver.until_seen("▸ Иванов Иван")
        await driver.pilot.pause(0.05)
        assert driver.notice == ""


async def test_a_branch_chosen_first_narrows_the_targets_and_the_grid(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("филиал")
        await driver.until_seen("▸ Филиал № 2")
        await driver.press("enter")
        await driver.type("иванов")
        await driver.press("f3")
        await driver.until_place("target")
        await driver.until_seen("к кому записать? · Филиал № 2")
        await driver.type("кард")
        await driver.press("enter")
        await driver.until_place("grid")
        assert (query(driver).kind, query(driver).branch_id) == (TargetKind.SPECIALTY, 2)


async def test_a_branch_is_chosen_among_the_targets_too(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("иванов")
        await driver.press("f3")
        await driver.until_place("target")
        await driver.type("филиал")
        await driver.press("enter")
        await driver.until_seen("к кому записать? · Филиал № 2")
        pane = driver.pane(TargetPane)
        assert isinstance(pane, TargetPane)
        assert pane.line.value == ""
        await driver.type("кард")
        await driver.press("enter")
        await driver.until_place("grid")
        assert query(driver).branch_id == 2


async def test_enter_where_nobody_is_found_begins_a_card_filled_from_the_text(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("новиков")
        await driver.press("enter")
        await driver.until_place("form")
        form = driver.pane(FormPane)
        assert isinstance(form, FormPane)
        assert form.lines["last_name"].value == "Новиков"
        await driver.press("escape", "escape")
        assert driver.place == "search"
        assert search(driver).line.value == "новиков"


async def test_a_text_with_nothing_in_it_begins_no_card(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("???")
        await driver.press("enter")
        await driver.until(lambda: "наберите фамилию" in driver.notice, "the advice")
        assert driver.place == "search"


async def test_the_search_gets_ready_once_the_base_is_open(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.until(lambda: clinic.called("prepare_search"), "the preparation")
    assert len(clinic.called("prepare_search")) == 1
