"""The frame of the desk: opening the base, help, palette, the key table, sizes, what is imported when."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from itertools import combinations
from pathlib import Path

import pytest
from textual import events
from textual.binding import Binding

from registrar_tui.app import keymap
from registrar_tui.app.app import LOG_FILE, RegistrarApp, run_desk
from registrar_tui.app.shortcut import PLACE_TITLES
from registrar_tui.config import Config, load_config
from registrar_tui.errors import RegistrarError, StoreUnavailable
from registrar_tui.screens.failures import FailureLog
from registrar_tui.screens.grid import GridPane
from registrar_tui.screens.lookup import Lookup
from registrar_tui.screens.search import SearchPane
from registrar_tui.screens.words import grouped, plural, short_name
from registrar_tui.services import dto
from registrar_tui.widgets.patient_list import masked_phone, shown_phone
from registrar_tui.widgets.row_list import Column, fit, lay_out_columns
from registrar_tui.widgets.status_line import KeyHint, fitting_hints
from tests.tui.desk_driver import DeskDriver, open_desk
from tests.tui.fake_services import NOW, FakeServices


class SlowClinic(FakeServices):
    """A clinic whose base opens when the test says so, after the given failures."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.open = threading.Event()
        self.troubles: list[Exception] = []

    def greeting(self) -> dto.DeskGreeting:
        """Wait, fail, or answer."""
        self.open.wait(10)
        if self.troubles:
            raise self.troubles.pop(0)
        return super().greeting()


# --- opening the base -------------------------------------------------------------


async def test_keys_typed_before_the_base_is_open_are_obeyed_when_it_is() -> None:
    clinic = SlowClinic()
    app = RegistrarApp(services=clinic)
    async with app.run_test(size=(110, 36)) as pilot:
        driver = DeskDriver(app, pilot)
        await driver.press(*"иванов", "enter")
        assert "○ открываю базу" in driver.picture()
        assert "иванов" in driver.picture()
        clinic.open.set()
        await driver.until_place("card")
        await driver.until_seen("Иванов Иван Петрович")
        await driver.until_seen("● связь")


@pytest.mark.parametrize("key", ["f5", "enter"])
async def test_a_base_that_does_not_open_is_one_calm_line_and_one_key_tries_again(key: str) -> None:
    clinic = SlowClinic()
    clinic.troubles = [StoreUnavailable("База не найдена: проверьте путь."), KeyError("secret")]
    clinic.open.set()
    app = RegistrarApp(services=clinic)
    async with app.run_test(size=(110, 36)) as pilot:
        driver = DeskDriver(app, pilot)
        await driver.until(lambda: "База не найдена: проверьте путь. F5 — открыть ещё раз" in driver.notice)
        await driver.press(*"ива")
        assert "База не найдена" in driver.notice
        await driver.press(key)
        await driver.until(lambda: "Внутренняя ошибка" in driver.notice, "the second failure")
        assert "secret" not in driver.picture()
        await driver.press(key)
        await driver.until_seen("● связь")
        await driver.until_seen("Иванов Иван Петрович")


async def test_services_are_built_in_a_thread_and_a_refusal_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[tuple[Config, str]] = []
    module = type(sys)("registrar_tui.bootstrap")

    def build(config: Config) -> FakeServices:
        built.append((config, threading.current_thread().name))
        if len(built) == 1:
            raise RegistrarError("no_branch", "В базе нет ни одного филиала.")
        return FakeServices()

    module.build = build  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "registrar_tui.bootstrap", module)
    import registrar_tui

    monkeypatch.setattr(registrar_tui, "bootstrap", module, raising=False)
    config = load_config(database=str(tmp_path / "a.db"))
    app = RegistrarApp(config)
    async with app.run_test(size=(110, 36)) as pilot:
        driver = DeskDriver(app, pilot)
        await driver.until(lambda: "В базе нет ни одного филиала." in driver.notice)
        await driver.press("f5")
        await driver.until_seen("● связь")
    assert [told for told, _ in built] == [config, config]
    assert threading.current_thread().name not in {name for _, name in built}


def test_the_failure_log_says_where_and_never_whose(tmp_path: Path) -> None:
    log = FailureLog(tmp_path / LOG_FILE)
    try:
        raise KeyError("Иванов Иван 45 03 123456")
    except KeyError as failure:
        error = log.record("book", failure)
    written = (tmp_path / LOG_FILE).read_text(encoding="utf-8")
    assert "KeyError" in written
    assert "test_desk_frame.py" in written
    assert "Иванов" not in written + error.message
    assert (tmp_path / LOG_FILE).stat().st_mode & 0o777 == 0o600
    assert LOG_FILE in error.message


def test_a_failure_log_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = FailureLog(tmp_path / "file" / LOG_FILE).record("book", ValueError())
    assert error.code == "internal"


def test_a_crash_of_the_desk_shows_no_variables(clinic: FakeServices) -> None:
    app = RegistrarApp(services=clinic)
    told: list[str] = []
    app.panic = lambda *lines: told.extend(str(line) for line in lines)  # type: ignore[method-assign]
    patient = "Иванов Иван Петрович"
    try:
        raise ValueError(patient)
    except ValueError:
        app._fatal_error()
    assert len(told) == 1
    assert told[0].startswith("Программа остановилась из-за внутренней ошибки.")
    assert patient not in told[0]


def test_the_base_is_let_go_when_the_desk_closes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clinic: FakeServices
) -> None:
    def run(app: RegistrarApp) -> None:
        app.desk.services = clinic
        app.exit(0)

    monkeypatch.setattr(RegistrarApp, "run", run)
    assert run_desk(load_config(database=str(tmp_path / "a.db"))) == 0
    assert clinic.called("close") == [()]


# --- keys ---------------------------------------------------------------------------


async def test_keys_that_a_widget_takes_are_not_overtaken(clinic: FakeServices) -> None:
    """Down and Enter in one burst book the slot below, not the one the cursor has left."""
    async with open_desk(clinic) as driver:
        await driver.type("иванов")
        await driver.press("enter")
        await driver.until_place("card")
        await driver.press("f3", *"кард", "enter")
        await driver.until_place("grid")
        pane = driver.pane(GridPane)
        assert isinstance(pane, GridPane)
        await driver.until(lambda: pane.grid is not None, "the grid")
        await driver.press("down", "down", "right", "enter")
        await driver.until_seen("«23.11, 10:12")
        await driver.press("enter")
        await driver.until(lambda: len(clinic.visits) == 1, "the booking")


async def test_enter_right_after_a_turn_of_days_does_not_take_the_day_before(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.type("иванов")
        await driver.press("enter")
        await driver.until_place("card")
        await driver.press("f3", *"кард", "enter")
        await driver.until_seen("[· 09:45")
        gate = clinic.gate("grid")
        await driver.press("pagedown", "enter")
        assert driver.place == "grid"
        gate.set()
        await driver.until_seen("вт 24.11.2026")
        assert clinic.called("offer") == []


async def test_an_enter_that_waits_is_dropped_when_the_registrar_goes_on(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        gate = clinic.gate("find_patients")
        await driver.type("иванов")
        await driver.press("enter", "f5")
        gate.set()
        await driver.until_seen("Сегодня")
        await driver.pilot.pause(0.1)
        assert driver.place == "today"


async def test_a_move_that_is_found_too_late_does_not_take_the_registrar_back(clinic: FakeServices) -> None:
    clinic.add_visit(1, clinic.slot_at(1, NOW.replace(day=24, hour=10, minute=15)).id)
    async with open_desk(clinic) as driver:
        await driver.type("иванов")
        await driver.press("enter")
        await driver.until_seen("Предстоящие приёмы")
        gate = clinic.gate("visit")
        await driver.press("f6", "f2")
        gate.set()
        await driver.pilot.pause(0.1)
        assert driver.place == "search"


async def test_ctrl_c_does_not_close_the_desk(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.press("f5")
        await driver.until_place("today")
        await driver.press("ctrl+c")
        assert driver.app.is_running


async def test_help_tells_the_keys_of_the_place_in_russian(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.press("f1")
        await driver.until_place("help")
        picture = driver.picture()
        assert "Справка: поиск пациента" in picture
        assert "завести карточку с тем, что набрано" in picture
        assert "отменить последнюю запись, перенос, отмену или объединение" in picture
        await driver.press("escape")
        assert driver.place == "search"


async def test_the_palette_finds_an_action_in_either_layout_and_obeys_it(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.press("ctrl+p")
        await driver.until_place("palette")
        assert "Приёмы сегодня: отметить приход" in driver.picture()
        await driver.press(*"ghb`vs")
        await driver.until(lambda: "Закончить работу" not in driver.picture(), "fewer rows")
        await driver.press("enter")
        await driver.until_place("today")
        await driver.press("escape")
        assert driver.place == "search"


async def test_the_palette_opens_under_the_russian_layout(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        driver.app.post_message(events.Key("ctrl+з", None))
        await driver.until_place("palette")


async def test_the_palette_says_where_an_action_is_when_it_is_not_here(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.press("ctrl+p", *"перенести", "enter")
        await driver.until(lambda: "карточка пациента, сегодня" in driver.notice, "the place")
        assert driver.place == "palette"


async def test_quitting_from_the_palette(clinic: FakeServices) -> None:
    async with open_desk(clinic) as driver:
        await driver.press("ctrl+p", *"закончить", "enter")
        await driver.until(lambda: not driver.app.is_running, "the end")


def test_the_key_table_has_one_row_an_action_and_every_place_a_title() -> None:
    ids = [row.id for row in keymap.TABLE]
    assert len(ids) == len(set(ids))
    assert all("." in name for name in ids)
    assert {place for row in keymap.TABLE for place in row.places} == set(PLACE_TITLES)
    assert all(row.text for row in keymap.TABLE if row.label)


def test_one_key_means_one_thing_in_one_place() -> None:
    """Rows that share a key and a place are states of which only one is offered at a time."""
    exclusive = {
        frozenset(pair)
        for pair in (
            ("grid.choose", "grid.why"),
            ("grid.week", "grid.doctors"),
            ("search.clear", "desk.back"),
            *combinations(("search.open", "search.aim", "search.begin", "search.nobody"), 2),
            ("today.clear", "desk.back"),
        )
    }
    rows = [row for row in keymap.TABLE if row.id != "desk.retry"]
    for index, row in enumerate(rows):
        for other in rows[index + 1 :]:
            shared = set(row.keys.split(",")) & set(other.keys.split(","))
            where = set(row.places) & set(other.places)
            here = not (row.id.startswith("desk.") and other.id.startswith("desk."))
            if shared and where and here:
                assert frozenset((row.id, other.id)) in exclusive, (row.id, other.id, shared, where)


def test_letters_are_bound_in_both_alphabets() -> None:
    for row in keymap.TABLE:
        letters = [key for key in row.keys.split(",") if len(key) == 1 and key.isalpha()]
        latin = [key for key in letters if key.isascii()]
        assert len(latin) * 2 == len(letters), row.id


def test_every_row_is_bound_with_its_id() -> None:
    bound = keymap.bindings()
    assert all(isinstance(binding, Binding) and binding.priority for binding in bound)
    assert [binding.id for binding in bound] == [row.id for row in keymap.TABLE if row.keys]
    # Only what product.md puts into the palette alone has no key.
    assert [row.id for row in keymap.TABLE if not row.keys] == ["desk.journal", "desk.operators"]


# --- sizes ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_main_job_in_every_size(clinic: FakeServices, size: tuple[int, int]) -> None:
    async with open_desk(clinic, size) as driver:
        await driver.type("иванов")
        await driver.press("enter")
        await driver.until_seen("Паспорт")
        assert "Соколова А. П." in driver.picture()
        await driver.press("f3", *"кард", "enter")
        await driver.until_seen("· 09:45")
        await driver.press("enter")
        await driver.until_seen("кабинет 214")
        await driver.press("enter")
        await driver.until_seen("✓ Талон 0412 печатается. Ctrl+Z отменить")
        assert all(len(line) <= size[0] for line in driver.picture().splitlines())


async def test_a_narrow_list_keeps_the_person_and_the_reason_and_drops_the_rest(clinic: FakeServices) -> None:
    async with open_desk(clinic, (80, 24)) as driver:
        await driver.type("ива")
        await driver.until_seen("Иванова Ивета Сергеевна")
        assert "12.05.1958" in driver.picture()
        assert "Почему" in driver.picture()
        assert "Полис" not in driver.picture()
        assert isinstance(driver.pane(SearchPane), SearchPane)


def test_columns_are_dropped_by_rank_and_spare_cells_shared_from_the_left() -> None:
    columns = (Column("a", 10, 20), Column("b", 5, 5, rank=1), Column("c", 5, 5, rank=2))
    assert lay_out_columns(columns, 40) == ((0, 20), (1, 5), (2, 5))
    assert lay_out_columns(columns, 20) == ((0, 13), (1, 5))
    assert lay_out_columns(columns, 8) == ((0, 8),)


def test_text_is_cut_by_cells() -> None:
    assert fit("Иванов", 4) == "Ива…"
    assert fit("日本語", 4) == "日 …"
    assert fit("12", 4, right=True) == "  12"
    assert fit("a\x1b[2Jb", 6) == "a\N{REPLACEMENT CHARACTER}[2Jb"


def test_a_narrow_line_of_keys_drops_the_least_important() -> None:
    hints = [KeyHint("F1", "справка", 3), KeyHint("Enter", "да", 0), KeyHint("F9", "талон", 1)]
    assert [hint.label for hint in fitting_hints(hints, 20, 2)] == ["Enter", "F9"]
    assert fitting_hints(hints, 60, 3) == hints


# --- words ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phone", "masked", "shown"),
    [
        ("+79161234567", "+7 916 ···-45-67", "+7 916 123-45-67"),
        ("8 (916) 123-45-67", "+7 916 ···-45-67", "+7 916 123-45-67"),
        ("+375291112233", "··· 2233", "+375291112233"),
    ],
)
def test_phones_are_masked_in_lists(phone: str, masked: str, shown: str) -> None:
    assert masked_phone(phone) == masked
    assert shown_phone(phone) == shown
    assert masked_phone(None) == "—"


def test_russian_numbers_and_names() -> None:
    assert [plural(n, "год", "года", "лет") for n in (1, 2, 5, 11, 21, 68, 112)] == [
        "1 год",
        "2 года",
        "5 лет",
        "11 лет",
        "21 год",
        "68 лет",
        "112 лет",
    ]
    assert grouped(1_000_214) == "1\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}214"
    assert short_name("Иванов Иван Петрович") == "Иванов И. П."
    assert short_name("Шер") == "Шер"
    assert short_name("") == ""


# --- the lookup ---------------------------------------------------------------------------


def test_one_question_at_a_time_and_the_newest_text_next() -> None:
    lookup = Lookup()
    lookup.typed("и")
    first = lookup.next_question()
    assert first is not None
    lookup.typed("ив")
    assert lookup.next_question() is None
    assert not lookup.answered(first.number)
    second = lookup.next_question()
    assert second is not None
    assert (second.text, second.number > first.number) == ("ив", True)
    assert lookup.answered(second.number)
    assert lookup.next_question() is None


def test_enter_waits_for_one_answer_only() -> None:
    lookup = Lookup()
    lookup.typed("ив")
    lookup.await_answer()
    question = lookup.next_question()
    assert question is not None
    assert lookup.answered(question.number)
    assert lookup.take_awaited()
    assert not lookup.take_awaited()


def test_a_failed_question_drops_the_waiting_enter_and_may_be_asked_again() -> None:
    lookup = Lookup()
    lookup.typed("ив")
    lookup.await_answer()
    question = lookup.next_question()
    assert question is not None
    assert lookup.failed(question.number)
    assert not lookup.take_awaited()
    assert lookup.next_question() is not None


# --- import cost ----------------------------------------------------------------------------


def test_the_desk_is_painted_before_anything_heavy_is_imported() -> None:
    heavy = ("sqlalchemy", "sqlmodel", "reportlab", "qrcode", "phonenumbers", "pydantic", "typer")
    lazy = ("form", "ticket", "help", "cancel", "today", "card", "target", "grid", "answers")
    later = ("app.palette", "bootstrap", "services.dto", "widgets.row_list")
    unwanted = [*heavy, *(f"registrar_tui.screens.{name}" for name in lazy)]
    unwanted += [f"registrar_tui.{name}" for name in later]
    code = (
        "import sys, registrar_tui.app.app\n"
        f"print(','.join(name for name in {unwanted!r} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    assert done.stdout.strip() == ""


async def test_settings_or_services_but_not_both(clinic: FakeServices) -> None:
    await asyncio.sleep(0)
    with pytest.raises(ValueError, match="either"):
        RegistrarApp()


async def test_a_key_line_drawn_while_the_program_closes_breaks_nothing() -> None:
    """Closing takes the panes out one by one, with what they asked for still on its way."""
    async with open_desk(FakeServices()) as driver:
        desk = driver.app.desk
        await driver.type("ива")
        await driver.until_seen("Иванов")
        await driver.press("enter")
        await driver.until_place("card")
        assert desk.current is not None
        place = desk.current
        await place.remove()
        assert desk.current is place and not place.is_attached
        desk._draw_keys()
        assert "desk.quit" in desk.commands()
