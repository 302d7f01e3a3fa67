"""The search line answers with what one may be booked for, and begins a new card where nobody is found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual import events

from registrar_tui.errors import StoreUnavailable
from registrar_tui.screens.form import FormPane
from registrar_tui.screens.found_words import _narrower
from registrar_tui.screens.grid import GridPane
from registrar_tui.screens.search import SearchPane
from registrar_tui.screens.target import TargetPane
from registrar_tui.services.dto import GridQuery, PatientPage, TargetKind
from registrar_tui.widgets.search_line import MAX_TEXT
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


async def test_the_key_line_says_what_enter_does_now(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        assert "Enter" not in driver.key_line and "F3" not in driver.key_line
        await driver.type("иванов")
        await driver.until(lambda: "Enter карточка   F3 записать" in driver.key_line)
        await driver.type("пупкозавров")
        await driver.until_seen("Никто не найден. Enter — новый пациент.")
        await driver.until(lambda: driver.key_line.startswith("Enter новый пациент   F5"), driver.key_line)
        await driver.type("кард")
        await driver.until_seen("▸ кардиолог")
        await driver.until(lambda: driver.key_line.startswith("Enter выбрать   Ins новый пациент   F5"))
        await driver.type("***")
        await driver.until_seen("Наберите фамилию, дату рождения или номер.")
        await driver.until(lambda: driver.key_line.startswith("Ins новый пациент   F5"), driver.key_line)


async def test_keys_follow_the_cursor_from_people_to_targets(clinic: FakeServices) -> None:
    clinic.doctors_by_id[4].name = "Петрова Т. Т."
    async with open_desk(clinic) as driver:
        await driver.type("петрова")
        await driver.until_seen("Петрова Т. Т.")
        await driver.until(lambda: "Enter карточка   F3 записать" in driver.key_line)
        await driver.press("down")
        await driver.until(lambda: "Enter выбрать   Ins" in driver.key_line)


@pytest.mark.parametrize("size", [(80, 24), (110, 36)])
async def test_where_nobody_is_found_what_was_tried_is_told_in_full(
    clinic: FakeServices, size: tuple[int, int]
) -> None:
    text = (
        "пупкозавров-задунайский василий иннокентьевич двенадцатого мая тысяча девятьсот пятьдесят восьмого"
    )
    async with open_desk(clinic, size) as driver:
        await driver.type(text)
        await driver.until_seen("Никто не найден")
        told = " ".join(driver.picture().split())
        assert f"ищу: «{text}…»" in told


async def test_a_narrow_desk_shows_the_text_and_what_was_understood_whole(clinic: FakeServices) -> None:
    text = "Иванов Иван Петрович, двенадцатое мая"
    row = clinic._patient_row(clinic.patients[1])
    page = PatientPage((row,), f"ищу: «{text}…»", 1)
    clinic.find_patients = lambda *_texts, **_options: page  # type: ignore[method-assign]
    async with open_desk(clinic, (80, 24)) as driver:
        await driver.type(text)
        await driver.until_seen(f"▏{text}")
        await driver.until_seen(f"ищу: «{text}…»")


async def test_enter_ahead_of_the_targets_waits_for_them(clinic: FakeServices) -> None:
    gate = clinic.gate("find_targets")
    async with open_desk(clinic) as driver:
        await driver.press(*"кард", "enter")
        await driver.until_seen("Никто не найден")
        await driver.pilot.pause(0.1)
        assert driver.place == "search"
        gate.set()
        await driver.until_seen("→ кардиолог, Esc — не нужно")


async def test_enter_begins_a_card_where_the_text_names_no_target_either(clinic: FakeServices) -> None:
    clinic.fail["find_targets"].append(StoreUnavailable("База не отвечает."))
    async with open_desk(clinic) as driver:
        for _failed_then_empty in range(2):
            await driver.press(*"пупкозавров", "enter")
            await driver.until_place("form")
            await driver.press("escape", "escape", "escape")
            await driver.until_place("search")


async def test_a_new_card_ahead_of_the_answer_has_the_typed_name(clinic: FakeServices) -> None:
    gate = clinic.gate("find_patients")
    async with open_desk(clinic) as driver:
        await driver.press(*"новиков", "insert")
        await driver.pilot.pause(0.1)
        gate.set()
        await driver.until_place("form")
        form = driver.pane(FormPane)
        assert isinstance(form, FormPane)
        assert form.lines["last_name"].value == "Новиков"


@pytest.mark.parametrize("key", ["f2", "f5"])
async def test_a_key_that_leaves_the_form_warns_before_what_is_typed_is_lost(
    clinic: FakeServices, key: str
) -> None:
    async with open_desk(clinic) as driver:
        await driver.press(*"новиков", "insert")
        await driver.until_place("form")
        await driver.press(key)
        await driver.pilot.pause(0.05)
        assert driver.place == "form" and "Не сохранено" in driver.notice
        await driver.press(key)
        await driver.until_place({"f2": "search", "f5": "today"}[key])


async def test_a_narrow_card_shows_the_date_of_birth_whole(clinic: FakeServices) -> None:
    known = clinic.patient_card(1)
    card = replace(known, attachment="прикреплён: Филиал № 2 «Заречный», участок 1")
    clinic.patient_card = lambda *_of, **_options: card  # type: ignore[method-assign]
    async with open_desk(clinic, (80, 24)) as driver:
        await driver.press(*"иванов", "enter")
        await driver.until_place("card")
        await driver.until_seen("(12.05.1958)")


async def test_a_pasted_text_too_long_for_the_line_is_cut(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("иванов ")
        driver.app.post_message(events.Paste("я" * 5000))
        await driver.until(lambda: len(search(driver).line.value) == MAX_TEXT, "the paste")
        assert search(driver).line.value.startswith("иванов яя")


def test_many_are_narrowed_by_what_was_not_typed_yet() -> None:
    assert [_narrower(text) for text in ("ива", "1958", "ива 58")] == [
        "наберите дату или год рождения",
        "наберите фамилию",
        "наберите имя и отчество",
    ]
