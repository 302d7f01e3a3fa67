"""Every pane of the desk: its keys, what it says, what it keeps when the core says no."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from textual import events

from registrar_tui.errors import Refusal, StoreUnavailable, WayOut
from registrar_tui.screens.cancel import CancelPane, initiator_of, rule_in_words
from registrar_tui.screens.form import FIELDS, FormPane
from registrar_tui.screens.grid import GridPane
from registrar_tui.screens.search import SearchPane
from registrar_tui.screens.ticket import TicketPane
from registrar_tui.screens.today import TodayPane
from registrar_tui.services import dto
from registrar_tui.vocabulary import Initiator
from tests.tui.desk_driver import DeskDriver, open_desk
from tests.tui.fake_services import HOSTILE, NOW, FakeServices, Visit

TOMORROW = datetime(2026, 11, 24, 10, 15)


def booked(clinic: FakeServices, moment: datetime = TOMORROW, patient_id: int = 1) -> Visit:
    """Put a visit to the cardiologist Орлова into the clinic."""
    return clinic.add_visit(patient_id, clinic.slot_at(1, moment).id)


def seen_today(clinic: FakeServices, hour: int, minute: int, patient_id: int) -> Visit:
    """Put a visit of today into the clinic, also one whose time has passed."""
    slot = clinic.slot_at(4, NOW.replace(hour=hour, minute=minute))
    moment, slot.starts_at = slot.starts_at, NOW + timedelta(days=60)
    visit = clinic.add_visit(patient_id, slot.id)
    slot.starts_at = moment
    return visit


async def to_card(driver: DeskDriver) -> None:
    """Open the card of Иванов and wait for what it says."""
    await driver.type("иванов")
    await driver.press("enter")
    await driver.until_seen("Паспорт")


async def to_grid(driver: DeskDriver) -> GridPane:
    """Open the cardiologists' grid for Иванов."""
    await to_card(driver)
    await driver.press("f3", *"кард", "enter")
    await driver.until_place("grid")
    pane = driver.pane(GridPane)
    assert isinstance(pane, GridPane)
    await driver.until(lambda: pane.grid is not None, "the grid")
    return pane


# --- search and card ----------------------------------------------------------


async def test_search_says_what_it_understood_and_how_many_there_are(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("ива")
        await driver.until_seen("3 из 1\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}214")
        await driver.until_seen("ищу: «ива…»")
        picture = driver.picture()
        assert " ▸ Иванов Иван Петрович" in picture
        assert "+7 916 ···-45-67" in picture
        assert "7758 8408 4800 0012" in picture
        assert "нет полиса" in picture
        await driver.press("down", "enter")
        await driver.until_seen("Иванова Ивета Сергеевна")


async def test_names_of_strangers_are_plain_text(clinic: FakeServices) -> None:
    visit = clinic.add_visit(5, clinic.slot_at(1, NOW.replace(hour=10, minute=0)).id)
    clinic.all_slots[visit.slot.id + 1].held_by = HOSTILE
    async with open_desk(clinic) as driver:
        await driver.type("пётр")
        await driver.until_seen("[red]Обычный[/] \N{REPLACEMENT CHARACTER}[2J")
        await driver.press("enter")
        await driver.until_seen("Предстоящие приёмы")
        await driver.press("f9")
        await driver.until_seen("Талон 0412")
        await driver.press("f5")
        await driver.until_seen("Сегодня")
        await driver.press("f3", *"кард", "enter")
        await driver.until_place("grid")
        await driver.until_seen("● 10:00 [red]")
        assert "\x1b" not in driver.picture()
        assert "\u202e" not in driver.picture()


async def test_escape_empties_the_search_line_and_never_leaves_the_desk(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("ива")
        await driver.until_seen("Иванов Иван")
        await driver.press("escape", "escape", "escape")
        await driver.until(lambda: "Иванов Иван" not in driver.picture(), "the rows to go")
        assert driver.place == "search"
        assert driver.app.is_running


async def test_another_persons_card_shows_nothing_of_the_one_before(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.until_seen("Поздняя отмена 14.11")
        gate = clinic.gate("patient_card")
        await driver.press("f2")
        await driver.type("петрова")
        await driver.press("enter")
        await driver.until_place("card")
        assert "Поздняя отмена" not in driver.picture()
        assert "112-233-445 95" not in driver.picture()
        gate.set()
        await driver.until_seen("112-233-445 95")


async def test_escape_goes_back_one_place_at_a_time(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_grid(driver)
        places = []
        for _ in range(4):
            await driver.press("escape")
            places.append(driver.place)
    assert places == ["target", "card", "search", "search"]


async def test_a_visit_of_the_card_is_repeated_with_its_doctor(clinic: FakeServices) -> None:
    booked(clinic)
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.press("enter")
        await driver.until_place("grid")
        pane = driver.pane(GridPane)
        assert isinstance(pane, GridPane)
        assert pane.query_now is not None
        assert pane.query_now.doctor_id == 1
        assert pane.move is None


# --- the grid -------------------------------------------------------------------


async def test_days_turn_and_come_back_to_the_nearest(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_grid(driver)
        await driver.press("pagedown", "pagedown")
        await driver.until_seen("ср 25.11.2026")
        await driver.press("pageup")
        await driver.until_seen("вт 24.11.2026")
        await driver.press("т")
        await driver.until_seen("пн 23.11.2026")


async def test_tab_shows_the_week_of_the_doctor_and_the_same_slot(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        pane = await to_grid(driver)
        await driver.press("right")
        before = pane.view.cursor_cell
        assert before is not None
        await driver.press("tab")
        await driver.until_seen("пн 23.11 — пт 27.11")
        assert "Tab все врачи" in driver.key_line
        assert pane.view.cursor_cell == before
        await driver.press("tab")
        await driver.until_seen("Орлова Н. В.")
        assert pane.view.cursor_cell == before


async def test_the_filter_is_set_in_place_by_arrows_and_letters(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        pane = await to_grid(driver)
        await driver.press("ctrl+f")
        await driver.until_place("filter")
        assert "длительность ‹ любая ›" in driver.picture()
        await driver.press("3")
        await driver.until(lambda: pane.query_now and pane.query_now.minutes == 30, "30 minutes")
        await driver.press("right", "п")
        await driver.until(lambda: pane.query_now and pane.query_now.service_id == 2, "the service")
        await driver.press("enter")
        await driver.until_place("grid")
        await driver.until_seen("30 мин · Первичный приём")
        await driver.until(lambda: pane.view.cursor_cell and pane.view.cursor_cell.minutes == 30, "Ким")
        await driver.press("enter")
        await driver.until(lambda: clinic.called("offer"), "the offer")
    assert clinic.called("offer")[0][2] == 2


async def test_the_filter_opens_under_the_russian_layout(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_grid(driver)
        driver.app.post_message(events.Key("ctrl+а", None))
        await driver.until_place("filter")


async def test_an_empty_branch_says_so_and_leads_on(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        pane = await to_grid(driver)
        await driver.press("ctrl+f", "right", "right", "right", "п")
        await driver.until(lambda: pane.query_now and pane.query_now.branch_id == 2, "the branch")
        await driver.until_seen("Приёма нет")
        assert "свободных нет" in driver.picture()


# --- move and cancel ----------------------------------------------------------------


async def test_a_visit_is_cut_and_pasted_on_a_free_slot(clinic: FakeServices) -> None:
    visit = booked(clinic)
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.press("f6")
        await driver.until_seen("вырезано: вт 24.11 10:15")
        await driver.press("enter")
        await driver.until_seen("«23.11, 09:45")
        await driver.press("enter")
        await driver.until(lambda: "Перенесено на пн 23.11 09:45" in driver.notice, "the move")
        await driver.until(lambda: "вырезано" not in driver.picture(), "nothing to be cut any more")
    (command,) = clinic.called("move")[0]
    assert isinstance(command, dto.MoveVisit)
    assert command.visit_id == visit.id
    assert clinic.called("offer")[0][3] == visit.id
    assert clinic.called("book") == []


async def test_a_visit_is_cancelled_for_a_reason_chosen_by_number(clinic: FakeServices) -> None:
    visit = booked(clinic, NOW.replace(hour=11, minute=0))
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.press("f8")
        await driver.until_seen("меньше 24 часов: отмена поздняя")
        await driver.press("7")
        await driver.until_seen("пациенту не засчитывается")
        await driver.press("2", "enter")
        await driver.until(lambda: "Приём отменён, талон 0412" in driver.notice, "the notice")
        assert "Отмена поздняя" in driver.notice
        assert driver.place == "card"
        await driver.until_seen("отменён поздно")
        await driver.press("ctrl+z")
        await driver.until(lambda: "Возвращено: запись 0412" in driver.notice, "the undo")
    (command,) = clinic.called("cancel")[0]
    assert command == dto.CancelVisit(
        command.op_id,  # type: ignore[attr-defined]
        visit.id,
        "patient-ill",
        Initiator.PATIENT,
    )


async def test_a_cancellation_is_repeated_with_the_same_mark(clinic: FakeServices) -> None:
    booked(clinic)
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.press("f8")
        await driver.until_place("cancel")
        clinic.fail_after["cancel"].append(StoreUnavailable("База не отвечает."))
        await driver.press("enter")
        await driver.until(lambda: "Enter — повторить" in driver.notice, "the failure")
        await driver.press("enter")
        await driver.until_place("card")
    first, second = (arguments[0] for arguments in clinic.called("cancel"))
    assert first == second


async def test_escape_leaves_a_visit_as_it_was(clinic: FakeServices) -> None:
    booked(clinic)
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.press("f8")
        await driver.until_place("cancel")
        await driver.press("escape")
        assert driver.place == "card"
        assert isinstance(driver.pane(CancelPane), CancelPane)
    assert clinic.called("cancel") == []


@pytest.mark.parametrize(
    ("hours", "reason", "said"),
    [
        (72, "patient-request", "До приёма 3 дня: отмена своевременная"),
        (24, "patient-request", "До приёма 24 часа: отмена своевременная"),
        (23.9, "patient-request", "До приёма 23 часа, меньше 24 часов: отмена поздняя"),
        (0.5, "patient-ill", "До приёма 30 минут, меньше"),
        (-1, "patient-request", "Время приёма уже наступило"),
        (0.5, "doctor-absent", "пациенту не засчитывается"),
    ],
)
def test_the_rule_of_24_hours_in_words(hours: float, reason: str, said: str) -> None:
    visit = dto.VisitRow(1, "1", 1, "", "", "", "", NOW + timedelta(hours=hours), 15, "booked", "")
    assert said in rule_in_words(visit, reason, NOW)[0]


def test_mistakes_of_the_clinic_are_not_the_patients() -> None:
    assert initiator_of("booking-mistake") is Initiator.CLINIC
    assert initiator_of("patient-ill") is Initiator.PATIENT


# --- ticket ---------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["enter", "p", "з"])
async def test_a_ticket_is_shown_and_printed_again(clinic: FakeServices, key: str) -> None:
    booked(clinic)
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.press("f9")
        await driver.until_seen("вторник, 24.11.2026 в 10:15")
        assert "кабинет 214, 2 этаж" in driver.picture()
        await driver.until_seen("█▀▀▀▀▀█")
        await driver.press(key)
        await driver.until_seen("talon-0412.pdf")
    assert clinic.called("print_ticket") == [(412,)]


async def test_a_failed_print_may_be_tried_again(clinic: FakeServices) -> None:
    booked(clinic)
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.press("f9")
        await driver.until_seen("вторник, 24.11.2026")
        clinic.fail["print_ticket"].append(Refusal("cannot_print", "Нет бумаги."))
        await driver.press("p")
        await driver.until(lambda: "Нет бумаги" in driver.notice, "the failure")
        await driver.press("p")
        await driver.until_seen("talon-0412.pdf")
        assert isinstance(driver.pane(TicketPane), TicketPane)


# --- today -----------------------------------------------------------------------------


async def test_today_counts_and_marks_what_nobody_has_told(clinic: FakeServices) -> None:
    seen_today(clinic, 8, 0, 2)
    seen_today(clinic, 8, 15, 3).status = "arrived"
    seen_today(clinic, 10, 15, 1)
    async with open_desk(clinic) as driver:
        await driver.press("f5")
        await driver.until_seen("ждём 1 · пришли 1 · без отметки 1")
        picture = driver.picture()
        assert "? без отметки" in picture
        assert "✓ пришёл" in picture
        assert " ▸ 10:15  Иванов" in picture
        await driver.press("tab", "tab")
        await driver.until_seen("показаны: без отметки")
        assert "Иванова Ивета" in driver.picture()
        assert "Иващенко" not in driver.picture()


async def test_a_visit_that_is_over_is_marked_when_its_time_comes(clinic: FakeServices) -> None:
    """Nobody commits anything then: the list must know by the clock."""
    visit = seen_today(clinic, 8, 0, 2)
    visit.slot.starts_at = NOW - timedelta(minutes=visit.slot.doctor.minutes) + timedelta(seconds=2)
    async with open_desk(clinic) as driver:
        await driver.press("f5")
        await driver.until_seen("ждём 1 · пришли 0")
        assert "? без отметки" not in driver.picture()
        await driver.until_seen("? без отметки")


async def test_the_keys_are_those_of_the_visit_under_the_cursor(clinic: FakeServices) -> None:
    seen_today(clinic, 10, 15, 1)
    seen_today(clinic, 10, 30, 2).status = "cancelled"
    async with open_desk(clinic) as driver:
        await driver.press("f5")
        await driver.until(lambda: "F8 отменить" in driver.key_line, "the keys of a booked visit")
        await driver.press("down")
        await driver.until(
            lambda: "F8 отменить" not in driver.key_line, "a cancelled one cannot be cancelled"
        )
        await driver.press("up")
        await driver.until(lambda: "F8 отменить" in driver.key_line, "back on the booked one")


async def test_the_keys_of_a_card_are_those_of_its_visit(clinic: FakeServices) -> None:
    booked(clinic)
    clinic.add_visit(1, clinic.slot_at(1, datetime(2026, 11, 24, 10, 30)).id, "cancelled")
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.until(lambda: "F6 перенести" in driver.key_line, "the keys of a booked visit")
        await driver.press("down")
        await driver.until(lambda: "F6 перенести" not in driver.key_line, "a cancelled one stays where it is")


async def test_enter_marks_the_visit_under_the_cursor(clinic: FakeServices) -> None:
    visit = seen_today(clinic, 10, 15, 1)
    async with open_desk(clinic) as driver:
        await driver.press("f5")
        await driver.until_seen("Иванов Иван")
        await driver.press("enter")
        await driver.until(lambda: "Талон 0412: пациент пришёл, приём в 10:15" in driver.notice, "the mark")
    assert visit.status == "arrived"


async def test_a_scanned_code_and_a_typed_number_mark_an_arrival(clinic: FakeServices) -> None:
    first, second = seen_today(clinic, 10, 15, 1), seen_today(clinic, 10, 30, 2)
    async with open_desk(clinic) as driver:
        await driver.press("f5")
        await driver.until_seen("Иванова Ивета")
        await driver.press(*f"{first.id:020d}", "enter")
        await driver.until(lambda: "Талон 0412: пациент пришёл" in driver.notice, "the scan")
        await driver.press(*"413", "enter")
        await driver.until(lambda: "Талон 0413: пациент пришёл" in driver.notice, "the number")
    assert [code for code, _ in clinic.called("arrive")] == [f"{first.id:020d}", str(second.id)]


async def test_a_refused_ticket_says_its_verdict_and_the_line_is_ready_again(clinic: FakeServices) -> None:
    seen_today(clinic, 10, 15, 1)
    async with open_desk(clinic) as driver:
        await driver.press("f5")
        await driver.until_seen("Иванов Иван")
        clinic.fail["arrive"].append(
            Refusal("moved", "Приём перенесён.", ways_out=(WayOut("action", "Назовите новое время."),))
        )
        await driver.type("99999")
        await driver.press("enter")
        await driver.until(lambda: driver.notice == "Приём перенесён. Назовите новое время.", "the verdict")
        await driver.press("4", "1", "2")
        pane = driver.pane(TodayPane)
        assert isinstance(pane, TodayPane)
        assert pane.line.value == "412"


async def test_a_lost_arrival_is_repeated_with_the_same_mark(clinic: FakeServices) -> None:
    seen_today(clinic, 10, 15, 1)
    async with open_desk(clinic) as driver:
        await driver.press("f5")
        await driver.until_seen("Иванов Иван")
        clinic.fail_after["arrive"].append(StoreUnavailable("База не отвечает."))
        await driver.press("enter")
        await driver.until(lambda: "Enter — повторить" in driver.notice, "the failure")
        await driver.press("enter")
        await driver.until(lambda: "пациент пришёл" in driver.notice, "the mark")
    assert clinic.called("arrive")[0] == clinic.called("arrive")[1]


async def test_letters_narrow_the_day(clinic: FakeServices) -> None:
    seen_today(clinic, 10, 15, 1)
    seen_today(clinic, 10, 30, 4)
    async with open_desk(clinic) as driver:
        await driver.press("f5")
        await driver.until_seen("Петрова")
        await driver.type("анна")
        await driver.until(lambda: "Иванов Иван" not in driver.picture(), "only Петрова")
        await driver.press("escape")
        await driver.until_seen("Иванов Иван")
        assert driver.place == "today"


# --- the form -----------------------------------------------------------------------------


def form(driver: DeskDriver) -> FormPane:
    """The form pane."""
    pane = driver.pane(FormPane)
    assert isinstance(pane, FormPane)
    return pane


def test_the_form_has_every_field_of_a_card() -> None:
    assert [name for name, _, _ in FIELDS] == list(dto.PatientDraft.__dataclass_fields__)


async def test_a_new_patient_is_filled_from_the_query_and_saved(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("новиков")
        await driver.until_seen("Никто не найден")
        await driver.press("insert")
        await driver.until_place("form")
        assert form(driver).lines["last_name"].value == "Новиков"
        assert driver.app.focused is form(driver).lines["first_name"].input
        await driver.press(*"Пётр", "enter", "enter", "enter", *"м", "ctrl+s")
        await driver.until_place("card")
        await driver.until_seen("Новиков Пётр")
        await driver.press("escape")
        assert driver.place == "search"
        await driver.until_seen("▸ Новиков Пётр")
    (draft, _) = clinic.called("register_patient")[0]
    assert isinstance(draft, dto.PatientDraft)
    assert draft.sex == "M"


async def test_wrong_fields_are_told_under_them_and_nothing_typed_is_lost(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.press("insert")
        await driver.until_place("form")
        form(driver).lines["last_name"].value = "Новиков"
        form(driver).lines["snils"].value = "123"
        await driver.press("ctrl+s")
        await driver.until_seen("Укажите имя.")
        await driver.until_seen("СНИЛС: нужно 11 цифр.")
        assert form(driver).lines["snils"].value == "123"
        assert driver.app.focused is form(driver).lines["first_name"].input
        await driver.press("П")
        await driver.until(lambda: "Укажите имя" not in driver.picture(), "the problem to go")


async def test_saving_under_the_russian_layout(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.press("insert")
        await driver.until_place("form")
        driver.app.post_message(events.Key("ctrl+ы", None))
        await driver.until(lambda: clinic.called("draft_duplicates"), "the save")


async def test_a_lost_answer_is_saved_once(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.press("insert")
        await driver.until_place("form")
        form(driver).lines["first_name"].value = "Пётр"
        clinic.fail_after["register_patient"].append(StoreUnavailable("База не отвечает."))
        await driver.press("ctrl+s")
        await driver.until(lambda: "Ctrl+S — повторить" in driver.notice, "the failure")
        await driver.press("ctrl+s")
        await driver.until_place("card")
    marks = [op_id for _, op_id in clinic.called("register_patient")]
    assert marks[0] == marks[1]
    assert len(clinic.patients) == 6


async def test_a_change_on_another_desk_is_shown_beside_what_was_typed(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.press("f4")
        await driver.until_place("form")
        clinic.edit_patient(
            1, 1, dto.PatientDraft("Иванов", "Иван", "Петрович", phone="+79990000000"), op_id="x"
        )
        form(driver).lines["email"].value = "a@b.ru"
        await driver.press("ctrl+s")
        await driver.until_seen("на другом окне теперь: +79990000000")
        assert form(driver).lines["email"].value == "a@b.ru"
        await driver.press("ctrl+s")
        await driver.until_place("card")
    assert clinic.patients[1].draft.email == "a@b.ru"


async def test_leaving_a_changed_form_is_asked_once(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.press("f4")
        await driver.until_place("form")
        form(driver).lines["phone"].value = "1"
        await driver.press("escape")
        assert driver.place == "form"
        assert "Не сохранено" in driver.notice
        await driver.press("escape")
        assert driver.place == "card"


async def test_an_untouched_form_is_left_at_once(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await to_card(driver)
        await driver.press("f4")
        await driver.until_place("form")
        await driver.press("escape")
        assert driver.place == "card"
        assert isinstance(driver.pane(SearchPane), SearchPane)
