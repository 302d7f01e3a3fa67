"""Cards that are alike at the desk: the warning before saving, the list, the merge and its undo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from registrar_tui.errors import Refusal, StoreUnavailable
from registrar_tui.screens.form import FormPane
from registrar_tui.screens.similar import SimilarPane
from registrar_tui.services import dto
from tests.tui.desk_driver import DeskDriver, open_desk
from tests.tui.fake_merging import like
from tests.tui.fake_services import HOSTILE, FakeServices

ALREADY = "Такой пациент, возможно, уже есть"


def form(driver: DeskDriver) -> FormPane:
    """The form pane."""
    pane = driver.pane(FormPane)
    assert isinstance(pane, FormPane)
    return pane


def similar(driver: DeskDriver) -> SimilarPane:
    """The pane of similar cards."""
    pane = driver.pane(SimilarPane)
    assert isinstance(pane, SimilarPane)
    return pane


async def fill_new(driver: DeskDriver) -> None:
    """Come to an empty form with a name in it."""
    await driver.press(*"новиков")
    await driver.press("insert")
    await driver.until_place("form")
    form(driver).lines["first_name"].value = "Пётр"


async def open_similar(driver: DeskDriver) -> SimilarPane:
    """Open the first person's card and the cards that are like it."""
    await driver.press(*"иванов", "enter")
    await driver.until_place("card")
    await driver.until_seen("Поздняя отмена")
    await driver.press("ctrl+d")
    await driver.until_place("similar")
    pane = similar(driver)
    await driver.until(lambda: pane.cards.rows, "the list")
    return pane


@contextmanager
def rights(clinic: FakeServices, *names: str) -> Iterator[None]:
    """Let the operator have these rights."""
    greeting = replace(clinic.greeting(), rights=frozenset(names))
    clinic.greeting = lambda: greeting  # type: ignore[method-assign]
    yield


@pytest.fixture
def alike(clinic: FakeServices) -> FakeServices:
    """A clinic where everybody is like two cards; the operator may merge."""
    clinic.alike = (like(2, "Иванова Ивета"), like(5, HOSTILE, "weak"))
    with rights(clinic, "find", "open-card", "edit-card", "merge"):
        return clinic


async def test_a_new_card_like_another_is_saved_by_a_second_key(alike: FakeServices) -> None:
    async with open_desk(alike) as driver:
        await fill_new(driver)
        await driver.press("ctrl+s")
        await driver.until_place("warned")
        await driver.until_seen(ALREADY)
        picture = driver.picture()
        assert "вероятно: те же ФИО, тот же телефон" in picture and "возможно" in picture
        assert "Enter это он" in driver.key_line and "Ctrl+S сохранить" in driver.key_line
        assert alike.called("register_patient") == []
        await driver.press("ctrl+s")
        await driver.until_place("card")
        assert len(alike.called("register_patient")) == len(alike.called("draft_duplicates")) == 1


@pytest.mark.parametrize("cards", [1, 2, 9])
async def test_the_cards_that_are_there_are_seen_before_saving(alike: FakeServices, cards: int) -> None:
    alike.alike = tuple(like(2 + number, "Иванова Ивета") for number in range(cards))
    async with open_desk(alike, (80, 24)) as driver:
        for _again in range(2):
            await fill_new(driver)
            await driver.press("ctrl+s")
            await driver.until_place("warned")
            await driver.until_seen("▸ № 2")
            lines = driver.picture().splitlines()
            row = next(line for line in lines if "▸" in line)
            assert "Иванова Ивета" in row and "12.05.1958" in row
            assert sum("Иванова Ивета" in line for line in lines) == min(cards, 5)
            assert any("Фамилия" in line for line in lines)
            await driver.press("escape", "escape", "escape", "escape")
            await driver.until_place("search")


async def test_the_card_that_is_there_is_opened_instead(alike: FakeServices) -> None:
    async with open_desk(alike) as driver:
        await fill_new(driver)
        await driver.press("ctrl+s")
        await driver.until_place("warned")
        await driver.press("down", "up", "enter")
        await driver.until_place("card")
        await driver.until_seen("Иванова Ивета Сергеевна")
        assert alike.called("register_patient") == []
        await driver.press("escape")
        await driver.until_place("search")


async def test_back_to_the_fields_and_what_is_changed_is_compared_anew(alike: FakeServices) -> None:
    async with open_desk(alike) as driver:
        await fill_new(driver)
        await driver.press("ctrl+s")
        await driver.until_place("warned")
        await driver.press("escape")
        await driver.until_place("form")
        assert ALREADY not in driver.picture()
        assert form(driver).lines["first_name"].value == "Пётр"
        form(driver).lines["phone"].value = "8 916 000-00-00"
        await driver.press("ctrl+s")
        await driver.until_place("warned")
        assert len(alike.called("draft_duplicates")) == 2 and alike.called("register_patient") == []


async def test_nobody_alike_costs_no_key(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await fill_new(driver)
        await driver.press("ctrl+s")
        await driver.until_place("card")
        assert len(clinic.called("register_patient")) == 1


async def test_a_wrong_field_comes_before_the_warning(alike: FakeServices) -> None:
    async with open_desk(alike) as driver:
        await fill_new(driver)
        form(driver).lines["snils"].value = "123"
        await driver.press("ctrl+s")
        await driver.until_seen("СНИЛС: нужно 11 цифр.")
        assert driver.place == "form" and ALREADY not in driver.picture()


async def test_a_number_that_is_taken_stays_a_refusal(alike: FakeServices) -> None:
    refusal = Refusal("duplicate_patient", "Такой СНИЛС уже у пациента № 2.", field="snils")
    alike.fail["draft_duplicates"] = [refusal, refusal]
    async with open_desk(alike) as driver:
        await fill_new(driver)
        for _ in range(2):
            await driver.press("ctrl+s")
            await driver.until_seen("Такой СНИЛС уже у пациента № 2.")
            assert driver.place == "form"
        assert alike.called("register_patient") == []


async def test_an_answer_lost_after_saving_is_not_taken_for_a_duplicate(alike: FakeServices) -> None:
    """The card is there already: a second look would find it and warn of itself."""
    alike.alike = ()
    alike.fail_after["register_patient"] = [StoreUnavailable("Связь потеряна: повторите.")]
    async with open_desk(alike) as driver:
        await fill_new(driver)
        await driver.press("ctrl+s")
        await driver.until_seen("Связь потеряна")
        alike.alike = (like(6, "Новиков Пётр"),)
        await driver.press("ctrl+s")
        await driver.until_place("card")
        first, second = alike.called("register_patient")
        assert first == second and len(alike.called("draft_duplicates")) == 1


async def test_an_edit_that_names_nobody_else_is_not_compared(alike: FakeServices) -> None:
    async with open_desk(alike) as driver:
        await driver.press(*"иванов", "enter")
        await driver.until_seen("Поздняя отмена")
        await driver.press("f4")
        await driver.until_place("form")
        form(driver).lines["address"].value = "ул. Новая, 1"
        await driver.press("ctrl+s")
        await driver.until_place("card")
        assert alike.called("draft_duplicates") == []
        await driver.until_seen("Поздняя отмена")
        await driver.press("f4")
        await driver.until_place("form")
        form(driver).lines["first_name"].value = "Пётр"
        await driver.press("ctrl+s")
        await driver.until_place("warned")
        ((draft, own_id),) = alike.called("draft_duplicates")
        assert isinstance(draft, dto.PatientDraft) and (draft.first_name, own_id) == ("Пётр", 1)


async def test_the_list_names_reasons_and_opens_a_card(alike: FakeServices) -> None:
    async with open_desk(alike) as driver:
        await open_similar(driver)
        await driver.until_seen("2 похожие карточки")
        picture = driver.picture()
        assert "Иванова Ивета" in picture and "но другой СНИЛС" in picture
        assert "\x1b" not in picture and "\u202e" not in picture and "[red]" in picture
        await driver.press("enter")
        await driver.until_place("card")
        await driver.until_seen("Иванова Ивета Сергеевна")


async def test_a_merge_is_confirmed_by_one_line_and_taken_back(alike: FakeServices) -> None:
    async with open_desk(alike) as driver:
        await open_similar(driver)
        await driver.press("f6")
        await driver.until_place("merging")
        await driver.until_seen("3 приёма, 1 документ")
        picture = driver.picture()
        for told in (
            "Останется № 1",
            "Против: другой СНИЛС",
            "останется на № 2: СНИЛС",
            "Приёмы в одно время",
        ):
            assert told in picture, told
        await driver.press("enter")
        await driver.until_place("card")
        await driver.until_seen("Карточка № 2 объединена с № 1")
        ((command,),) = alike.called("merge_patients")
        assert command == alike.merges[0]
        assert (alike.merges[0].survivor_id, alike.merges[0].retired_id) == (1, 2)
        assert alike.merges[0].reason == "те же ФИО, тот же телефон"
        assert (alike.merges[0].survivor_version, alike.merges[0].retired_version) == (1, 4)
        await driver.press("ctrl+z")
        await driver.until_seen("Карточка № 2 снова отделена от № 1")
        assert alike.merges == []


async def test_the_other_card_may_stay_and_both_may(alike: FakeServices) -> None:
    async with open_desk(alike) as driver:
        pane = await open_similar(driver)
        await driver.press("f6")
        await driver.until_place("merging")
        await driver.press("tab")
        await driver.until(lambda: pane.plan is not None and pane.plan.survivor_id == 2, "the other plan")
        await driver.until_seen("Останется № 2")
        await driver.press("escape")
        await driver.until_place("similar")
        assert alike.called("merge_patients") == [] and "Останется" not in driver.picture()


async def test_a_merge_needs_a_reason(alike: FakeServices) -> None:
    async with open_desk(alike) as driver:
        pane = await open_similar(driver)
        await driver.press("f6")
        await driver.until_place("merging")
        pane.box.reason.value = " "
        await driver.press("enter")
        await driver.until_seen("Напишите, почему это один человек")
        assert driver.place == "merging" and alike.called("merge_patients") == []


async def test_a_merge_lost_on_its_way_is_sent_again_and_done_once(alike: FakeServices) -> None:
    alike.fail_after["merge_patients"] = [StoreUnavailable("Связь потеряна.")]
    async with open_desk(alike) as driver:
        await open_similar(driver)
        await driver.press("f6")
        await driver.until_place("merging")
        await driver.press("enter")
        await driver.until_seen("Enter — повторить: дважды не объединит.")
        await driver.press("enter")
        await driver.until_place("card")
        assert len(alike.called("merge_patients")) == 2 and len(alike.merges) == 1


async def test_a_card_that_was_changed_meanwhile_is_planned_anew(alike: FakeServices) -> None:
    alike.fail["merge_patients"] = [Refusal("stale_edit", "Карточку № 2 тем временем изменили.")]
    async with open_desk(alike) as driver:
        await open_similar(driver)
        await driver.press("f6")
        await driver.until_place("merging")
        await driver.press("enter")
        await driver.until_seen("тем временем изменили")
        assert driver.place == "similar" and alike.merges == []


async def test_who_may_not_merge_is_told_who_may(alike: FakeServices) -> None:
    with rights(alike, "find", "open-card", "edit-card"):
        async with open_desk(alike) as driver:
            await open_similar(driver)
            await driver.until_seen("Объединить может старший регистратор")
            assert "объединить" not in driver.key_line
            await driver.press("f6")
            await driver.pilot.pause(0.05)
            assert driver.place == "similar" and alike.called("merge_plan") == []


async def test_nobody_alike_is_said(alike: FakeServices) -> None:
    alike.alike = ()
    async with open_desk(alike) as driver:
        await driver.press(*"иванов", "enter")
        await driver.until_seen("Поздняя отмена")
        await driver.press("ctrl+d")
        await driver.until_seen("Похожих карточек нет.")
        await driver.press("escape")
        await driver.until_place("card")


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_it_fits_narrow_and_wide(alike: FakeServices, size: tuple[int, int]) -> None:
    async with open_desk(alike, size) as driver:
        await open_similar(driver)
        await driver.press("f6")
        await driver.until_place("merging")
        await driver.until_seen("Останется № 1")
        assert "F1" in driver.picture()
