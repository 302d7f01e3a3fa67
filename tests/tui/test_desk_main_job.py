"""The main job: from a phone call to a printed ticket, in six keys beyond the letters."""

from __future__ import annotations

import threading
from datetime import datetime

from textual import events

from registrar_tui.errors import Refusal, StoreUnavailable
from registrar_tui.screens.grid import GridPane
from registrar_tui.screens.search import SearchPane
from registrar_tui.screens.target import TargetPane
from registrar_tui.services import dto
from registrar_tui.services.dto import SlotMark, TargetKind
from tests.tui.desk_driver import DeskDriver, open_desk
from tests.tui.fake_services import FakeServices


async def to_card(driver: DeskDriver, text: str = "иванов") -> None:
    """Find a person and open the card."""
    await driver.press("f2")
    await driver.type(text)
    await driver.press("enter")
    await driver.until_place("card")


async def to_grid(driver: DeskDriver, target: str = "кард") -> None:
    """Find a person and open the grid of a target."""
    await to_card(driver)
    await driver.press("f3")
    await driver.type(target)
    await driver.press("enter")
    await driver.until_place("grid")
    await driver.until(lambda: grid(driver).grid is not None, "the grid to be drawn")


async def to_offer(driver: DeskDriver) -> None:
    """Go on until the sentence to read out is there."""
    await to_grid(driver)
    await driver.press("enter")
    await driver.until_seen("кабинет 214")


def grid(driver: DeskDriver) -> GridPane:
    """The grid pane."""
    pane = driver.pane(GridPane)
    assert isinstance(pane, GridPane)
    return pane


async def test_six_keys_from_call_to_ticket(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_offer(driver)
        await driver.press("enter")
        await driver.until(lambda: "Талон 0412 печатается. Ctrl+Z отменить" in driver.notice, "the notice")
        await driver.until(lambda: clinic.called("print_ticket"), "the print")
    assert driver.pressed == ["f2", "enter", "f3", "enter", "enter", "enter"]
    (command,) = clinic.called("book")[0]
    assert isinstance(command, dto.BookVisit)
    assert (command.patient_id, clinic.visits[412].slot.doctor.name) == (1, "Орлова Н. В.")


async def test_grid_opens_on_the_first_suitable_slot_with_the_keys_in_it(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_grid(driver)
        pane = grid(driver)
        assert driver.app.focused is pane.view
        assert pane.grid is not None
        assert pane.view.cursor_cell is not None
        assert pane.view.cursor_cell.slot_id == pane.grid.first_suitable
        assert pane.view.cursor_cell.starts_at == datetime(2026, 11, 23, 9, 45)


async def test_letters_on_the_card_begin_the_choice_of_target(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.press("к", "а", "р")
        await driver.until_place("target")
        pane = driver.pane(TargetPane)
        assert isinstance(pane, TargetPane)
        assert pane.line.value == "кар"
        await driver.press("enter")
        await driver.until_place("grid")


async def test_a_burst_of_keys_is_obeyed_in_its_order(clinic: FakeServices) -> None:
    """A fast hand or a macro: no key may land in the pane before it."""
    async with open_desk(clinic) as driver:
        await driver.press("f2", *"иванов", "enter")
        await driver.until_place("card")
        await driver.press("f3", *"тера", "enter")
        await driver.until_place("grid")
        await driver.until_seen("Белова")


async def test_enter_typed_ahead_waits_for_the_answer_to_the_text_as_typed(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        first = clinic.gate("find_patients")
        await driver.type("и")
        await driver.until(lambda: clinic.called("find_patients"), "the first question")
        await driver.type("петрова")
        await driver.press("enter")
        assert driver.place == "search"
        first.set()
        await driver.until_place("card")
        await driver.until_seen("Петрова Анна Ильинична")
    assert [text for (text,) in clinic.called("find_patients")] == ["и", "петрова"]


async def test_enter_typed_ahead_is_dropped_when_the_text_changes(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        gate = clinic.gate("find_patients")
        await driver.type("иванов")
        await driver.press("enter")
        await driver.type("петрова")
        gate.set()
        await driver.until_seen("Петрова Анна")
        assert driver.place == "search"


async def test_stale_answers_are_not_shown(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        slow = clinic.gate("find_patients")
        await driver.type("иванов")
        await driver.until(lambda: clinic.called("find_patients"), "the slow question")
        await driver.type("петрова")
        slow.set()
        await driver.until_seen("Петрова Анна")
        pane = driver.pane(SearchPane)
        assert isinstance(pane, SearchPane)
        assert pane.people is not None
        assert [row.key for row in pane.people.rows] == [4]


async def test_a_pause_in_typing_asks_once(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        for text in ("и", "ив", "ива"):
            line = driver.app.focused
            assert line is not None
            await driver.type(text)
        await driver.until_seen("Иващенко")
    assert [text for (text,) in clinic.called("find_patients")] == ["ива"]


async def test_enter_in_the_target_line_waits_too(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_card(driver)
        slow = clinic.gate("find_targets")
        await driver.press("f3")
        await driver.type("невр")
        await driver.press("enter")
        assert driver.place == "target"
        slow.set()
        await driver.until_place("grid")
        await driver.until_seen("Гусев")


async def test_enter_does_not_book_twice(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_offer(driver)
        gate = clinic.gate("book")
        await driver.press("enter", "enter", "enter")
        gate.set()
        await driver.until(lambda: "печатается" in driver.notice, "the booking")
    assert len(clinic.called("book")) == 1
    assert len(clinic.visits) == 1


async def test_enter_before_the_sentence_is_read_out_does_not_book(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_grid(driver)
        gate = clinic.gate("offer")
        await driver.press("enter", "enter")
        gate.set()
        await driver.until_seen("кабинет 214")
        assert driver.place == "confirm"
    assert clinic.called("book") == []


async def test_escape_gives_the_slot_back(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_offer(driver)
        slot = grid(driver).view.cursor_cell
        assert slot is not None
        await driver.press("escape")
        await driver.until(lambda: clinic.called("release") == [(slot.slot_id,)], "the release")
        assert driver.place == "grid"
        assert driver.app.focused is grid(driver).view


async def test_escape_before_the_offer_comes_gives_the_slot_back_when_it_does(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_grid(driver)
        gate = clinic.gate("offer")
        await driver.press("enter", "escape")
        assert driver.place == "grid"
        gate.set()
        await driver.until(lambda: len(clinic.called("release")) == 1, "the release")
        assert all(slot.held_by != "окно 2" for slot in clinic.all_slots.values())


async def test_going_elsewhere_gives_the_slot_back_but_help_does_not(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_offer(driver)
        await driver.press("f1")
        await driver.until_place("help")
        await driver.press("escape")
        await driver.until_place("confirm")
        assert clinic.called("release") == []
        await driver.press("f2")
        await driver.until(lambda: len(clinic.called("release")) == 1, "the release")


async def test_quitting_gives_the_slot_back(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_offer(driver)
        await driver.press("ctrl+q")
    assert len(clinic.called("release")) == 1
    assert driver.app.return_value == 0


async def test_a_taken_slot_is_refused_in_place_with_ways_out_that_book(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_grid(driver)
        cell = grid(driver).view.cursor_cell
        assert cell is not None
        clinic.take_elsewhere(cell.slot_id)
        await driver.press("enter")
        await driver.until_seen("Выбранное время уже занято.")
        await driver.until_seen("■ 09:45 Абрамова")
        assert " 1 23.11 10:00 Орлова" in driver.picture()
        assert "взять предложенное" in driver.key_line
        await driver.press("2")
        await driver.until_seen("«23.11, 10:15")
        await driver.press("enter")
        await driver.until(lambda: len(clinic.visits) == 1, "the booking of the way out")
        assert clinic.visits[412].slot.starts_at == datetime(2026, 11, 23, 10, 15)


async def test_a_slot_taken_while_it_was_read_out_is_refused_in_place(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_offer(driver)
        cell = grid(driver).view.cursor_cell
        assert cell is not None
        clinic.take_elsewhere(cell.slot_id)
        await driver.press("enter")
        await driver.until_seen("Выбранное время уже занято.")
        assert driver.place == "grid"
        assert clinic.visits == {}


async def test_a_lost_answer_is_retried_with_the_same_mark(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_offer(driver)
        clinic.fail_after["book"].append(StoreUnavailable("База не отвечает: проверьте сеть."))
        # The watch must not find the base again before anybody has looked.
        clinic.fail["change_stamp"] += [StoreUnavailable("База не отвечает: проверьте сеть.")] * 100
        await driver.press("enter")
        await driver.until_seen("База не отвечает")
        await driver.until_seen("○ нет связи")
        clinic.fail["change_stamp"].clear()
        await driver.press("enter")
        await driver.until(lambda: "печатается" in driver.notice, "the retry")
        await driver.until_seen("● связь")
    first, second = (arguments[0] for arguments in clinic.called("book"))
    assert isinstance(first, dto.BookVisit)
    assert first == second
    assert len(clinic.visits) == 1


async def test_a_fault_of_the_core_is_one_line_and_the_desk_lives_on(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_card(driver)
        clinic.fail["find_targets"].append(KeyError("Иванов"))
        await driver.press("f3")
        await driver.until(lambda: "Внутренняя ошибка" in driver.notice, "the line")
        assert "Иванов" not in driver.notice
        await driver.type("кард")
        await driver.press("enter")
        await driver.until_place("grid")


async def test_a_ticket_that_does_not_print_keeps_the_booking(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_offer(driver)
        clinic.fail["print_ticket"].append(Refusal("cannot_print", "Принтер не отвечает."))
        await driver.press("enter")
        await driver.until(lambda: "талон не напечатан: Принтер не отвечает" in driver.notice, "the notice")
        assert len(clinic.visits) == 1
        await driver.until_seen("● 09:45 Иванов")


async def test_undo_takes_the_booking_back(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_offer(driver)
        await driver.press("enter")
        await driver.until(lambda: "печатается" in driver.notice, "the booking")
        await driver.press("ctrl+z")
        await driver.until(lambda: "Запись 0412" in driver.notice, "the undo")
        await driver.until_seen("· 09:45")
        await driver.press("down")
        assert driver.notice == ""


async def test_undo_under_the_russian_layout(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        driver.app.post_message(events.Key("ctrl+я", None))
        await driver.until(lambda: "Отменять нечего" in driver.notice, "the undo")


async def test_an_override_needs_a_reason_and_sends_it(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_grid(driver)
        offer = clinic.offer

        def refused(
            slot_id: int, patient_id: int, *, service_id: int | None = None, move_of: int | None = None
        ) -> dto.BookingOffer:
            held = offer(slot_id, patient_id, service_id=service_id, move_of=move_of)
            return dto.BookingOffer(
                held.slot_id,
                held.patient_id,
                held.sentence,
                held.warnings,
                held.held_until,
                refusal="Нет направления.",
                override="referral_required",
            )

        clinic.offer = refused  # type: ignore[method-assign]
        await driver.press("enter")
        await driver.until_seen("! Нет направления.")
        await driver.press("enter")
        assert "основание" in driver.notice
        await driver.type("острая боль")
        await driver.press("enter")
        await driver.until(lambda: len(clinic.visits) == 1, "the booking")
    (command,) = clinic.called("book")[0]
    assert isinstance(command, dto.BookVisit)
    assert command.overrides == (dto.Override("referral_required", "острая боль"),)


async def test_other_desks_are_seen_without_a_key_and_the_cursor_stays(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_grid(driver)
        await driver.press("down")
        before = grid(driver).view.cursor_cell
        assert before is not None
        other = clinic.slot_at(3, datetime(2026, 11, 23, 10, 30))
        clinic.take_elsewhere(other.id, "Гусев")
        await driver.until_seen("■ 10:30 Гусев")
        after = grid(driver).view.cursor_cell
        assert after is not None
        assert after.slot_id == before.slot_id


async def test_a_service_as_target_is_booked_as_that_service(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_grid(driver, "элек")
        query = grid(driver).query_now
        assert query is not None
        assert (query.kind, query.target_id) == (TargetKind.SERVICE, 1)
        await driver.press("enter")
        await driver.until_seen("кабинет 214")
        await driver.press("enter")
        await driver.until(lambda: len(clinic.visits) == 1, "the booking")
    (command,) = clinic.called("book")[0]
    assert isinstance(command, dto.BookVisit)
    assert command.service == "1"


async def test_space_explains_in_place_and_the_cursor_takes_it_away(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_grid(driver)
        pane = grid(driver)
        busy = clinic.slot_at(1, datetime(2026, 11, 23, 9, 0))
        busy.mark = SlotMark.BUSY
        busy.label = "Сидоров"
        pane.view.go_to(busy.id)
        await driver.press("space")
        await driver.until_seen("Время взять нельзя: Сидоров.")
        await driver.press("down")
        await driver.until(lambda: "взять нельзя" not in driver.picture(), "the explanation to go")


def test_no_call_is_made_from_the_event_loop() -> None:
    """Every question runs in a worker's thread."""
    seen: list[str] = []

    class Watched(FakeServices):
        def greeting(self) -> dto.DeskGreeting:
            seen.append(threading.current_thread().name)
            return super().greeting()

    import asyncio

    async def run() -> None:
        async with open_desk(Watched()):
            seen.append(threading.current_thread().name)

    asyncio.run(run())
    assert seen[0] != seen[1]
