"""The locked desk: nothing of a patient in sight, no way past the password, nothing typed lost."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.pty_probe import PtyProbe
from registrar_tui.app import idle
from registrar_tui.app.app import IDLE_CHECK_SECONDS, RegistrarApp
from registrar_tui.app.idle import Idleness
from registrar_tui.app.themes import THEMES
from registrar_tui.config import load_config
from registrar_tui.errors import StoreUnavailable, UsageError
from registrar_tui.screens.form import FormPane
from registrar_tui.screens.search import SearchPane
from registrar_tui.services import dto
from tests.integration.real_clinic import RealClinic, password_of
from tests.tui.fake_services import NOW, FakeServices
from tests.tui.real_desk import EntryDriver, FakeDoor, open_real_desk

LOCKED = "Рабочее место закрыто"
NAMES = ("Иванов", "Иващенко", "Петрова", "Карлсон", "12.05.1958", "+7 916", "7758", "Кузьмин")
PASSWORD = "верный пароль"


class WorkingClinic(FakeServices):
    """The clinic in memory, as a base where people sign in."""

    def greeting(self) -> dto.DeskGreeting:
        """Say who works here."""
        return replace(super().greeting(), demo=False, login="sok")


@asynccontextmanager
async def open_lockable(services: FakeServices, door: FakeDoor | None = None) -> AsyncIterator[EntryDriver]:
    """Open the desk on a clinic in memory, with a door where it has one."""
    app = RegistrarApp(services=services)
    app.desk.door = door
    async with app.run_test(size=(110, 36)) as pilot:
        driver = EntryDriver(app, pilot)
        await driver.until_desk()
        yield driver


async def lock(driver: EntryDriver) -> None:
    """Press F12 and see nothing of anybody."""
    await driver.press("f12")
    await driver.until_entry(LOCKED)
    nothing_in_sight(driver)


def nothing_in_sight(driver: EntryDriver) -> None:
    picture = driver.picture()
    assert LOCKED in picture
    assert [name for name in NAMES if name in picture] == []
    assert [name for name in NAMES if name in f"{driver.app.title} {driver.app.sub_title}"] == []


async def open_grid(driver: EntryDriver) -> None:
    await driver.type("иванов")
    await driver.press("enter")
    await driver.until_place("card")
    await driver.press("f3", *"кард", "enter")
    await driver.until_seen("[· 09:45")


# --- what is hidden, and what stands afterwards ----------------------------------------------


@pytest.mark.parametrize("place", ["search", "card", "grid", "today", "form", "help"])
async def test_every_pane_is_hidden_and_stands_as_it_was(clinic: FakeServices, place: str) -> None:
    clinic.add_visit(2, clinic.slot_at(4, NOW.replace(day=24, hour=8, minute=0)).id)
    async with open_lockable(clinic) as driver:
        await driver.type("ива")
        await driver.until_seen("Иващенко")
        match place:
            case "card" | "form":
                await driver.press("enter")
                await driver.until_seen("Паспорт")
            case "grid":
                await open_grid(driver)
            case "today" | "help":
                await driver.press("f5" if place == "today" else "f1")
        if place == "form":
            await driver.press("f4")
            await driver.until_place("form")
            await driver.type("Кузьмин")
        await driver.until_place(place)
        await driver.app.workers.wait_for_complete()  # nothing is on its way to the screen any more
        await driver.until(lambda: True)
        before, focused = driver.picture(), driver.app.focused
        await lock(driver)
        await driver.press("f2", "f5", "f12", "ctrl+p", "escape", "ctrl+z", *"ххх", "tab", "f1")
        nothing_in_sight(driver)
        await driver.press("enter")
        await driver.until_desk()
        await driver.until(lambda: driver.picture() == before, "the same picture")
        assert (driver.place, driver.app.focused) == (place, focused)


async def test_what_was_typed_in_a_form_is_saved_after_the_lock(clinic: FakeServices) -> None:
    async with open_lockable(clinic) as driver:
        await driver.type("иванов")
        await driver.press("enter")
        await driver.until_seen("Паспорт")
        await driver.press("f4")
        await driver.until_place("form")
        await driver.type("Кузьмин")
        await lock(driver)
        await driver.press("enter")
        await driver.until_desk()
        form = driver.pane(FormPane)
        assert isinstance(form, FormPane)
        assert form.lines["last_name"].value == "Кузьмин"
        await driver.press("ctrl+s")
        await driver.until(lambda: clinic.patients[1].draft.last_name == "Кузьмин", "the saved card")


async def test_a_held_slot_is_given_back_when_the_lock_falls(clinic: FakeServices) -> None:
    async with open_lockable(clinic) as driver:
        await open_grid(driver)
        await driver.press("enter")
        await driver.until_place("confirm")
        await driver.until_seen("кабинет 214")
        held = [slot for slot in clinic.all_slots.values() if slot.held_by == "окно 2"]
        assert len(held) == 1
        await lock(driver)
        await driver.until(lambda: held[0].held_by is None, "the release")
        await driver.press("enter")
        await driver.until_desk()
        assert driver.place == "grid"
        await driver.until_seen("[· 09:45")
    assert clinic.called("book") == []


async def test_a_held_slot_behind_the_help_is_given_back_too(clinic: FakeServices) -> None:
    async with open_lockable(clinic) as driver:
        await open_grid(driver)
        await driver.press("enter")
        await driver.until_seen("кабинет 214")
        await driver.press("f1")
        await driver.until_place("help")
        await lock(driver)
        await driver.until(lambda: len(clinic.called("release")) == 1, "the release")


async def test_an_answer_that_comes_under_the_lock_is_kept_for_later(clinic: FakeServices) -> None:
    async with open_lockable(clinic) as driver:
        await open_grid(driver)
        await driver.press("enter")
        await driver.until_seen("кабинет 214")
        gate = clinic.gate("book")
        await driver.press("enter")
        await lock(driver)
        gate.set()
        await driver.until(lambda: len(clinic.visits) == 1, "the booking")
        await driver.until(lambda: "Талон 0412" in driver.notice, "the notice under the lock")
        await driver.press("f2", *"ххх")
        nothing_in_sight(driver)
        await driver.press("enter")
        await driver.until_desk()
        await driver.until_seen("✓ Талон 0412")


async def test_nothing_is_read_or_painted_while_the_desk_is_locked(clinic: FakeServices) -> None:
    clinic.add_visit(2, clinic.slot_at(4, NOW.replace(day=24, hour=8, minute=0)).id)
    async with open_lockable(clinic) as driver:
        await driver.press("f5")
        await driver.until_seen("Сегодня")
        await driver.until(lambda: clinic.called("change_stamp"), "the first look")
        await lock(driver)
        await driver.app.workers.wait_for_complete()  # what was asked before the lock
        asked = (len(clinic.called("day_list")), len(clinic.called("change_stamp")))
        clinic.stamp += 1
        await driver.pilot.pause(1.2)
        nothing_in_sight(driver)
        assert (len(clinic.called("day_list")), len(clinic.called("change_stamp"))) == asked
        await driver.press("enter")
        await driver.until_desk()
        await driver.until(lambda: len(clinic.called("day_list")) > asked[0], "another look at the day")


async def test_ctrl_q_leaves_a_locked_desk(clinic: FakeServices) -> None:
    async with open_lockable(clinic) as driver:
        await lock(driver)
        await driver.press("ctrl+q")
        await driver.until(lambda: not driver.app.is_running, "the end")


async def test_the_palette_locks_too(clinic: FakeServices) -> None:
    async with open_lockable(clinic) as driver:
        await driver.press("ctrl+p", *"закрыть рабочее", "enter")
        await driver.until_entry(LOCKED)


def test_a_terminal_keeps_no_name_on_its_screen_or_in_its_title() -> None:
    """What the terminal was sent, read by a terminal: neither screen nor window title names anybody."""
    with _Recorder([sys.executable, "-m", "tests.tui.run_fake_desk"]) as terminal:
        terminal.first_paint(lambda lines: any("● связь" in line for line in lines))
        terminal.press("ива")
        terminal.until("Иващенко")
        terminal.received.clear()
        terminal.press("\x1b[24~")
        terminal.until(LOCKED)
        terminal.press("\x1b[15~")
        terminal.settle(1.2, 3)
        shown = terminal.text() + terminal.screen.title + terminal.screen.icon_name
        assert [name for name in NAMES if name in shown] == []
        assert [name for name in NAMES if name.encode() in b"".join(terminal.received)] == []


class _Recorder(PtyProbe):
    """Keeps what the terminal was sent, byte by byte."""

    def __init__(self, command: Sequence[str]) -> None:
        self.received: list[bytes] = []
        super().__init__(command)

    def __enter__(self) -> _Recorder:
        return self

    def until(self, words: str) -> None:
        end = time.monotonic() + 120
        while words not in self.text():
            assert time.monotonic() < end, f"never {words!r}\n{self.text()}"
            self.settle(0.2, 0.5)

    def _feed(self, data: bytes) -> None:
        self.received.append(data)
        super()._feed(data)


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_the_lock_is_opaque_in_every_theme(clinic: FakeServices, theme: str) -> None:
    """A screen below an opaque one is drawn by nobody; an export draws what would shine through."""
    async with open_lockable(clinic) as driver:
        driver.app.theme = theme
        await driver.type("ива")
        await driver.until_seen("Иващенко")
        assert "Иващенко" in driver.app.export_screenshot()
        await lock(driver)
        assert driver.app.screen.styles.background.a == 1
        exported = driver.app.export_screenshot()
        assert "открыть" in exported
        assert [name for name in NAMES if name in exported] == []


# --- the password -----------------------------------------------------------------------------


async def test_only_the_password_of_who_works_here_opens() -> None:
    door = FakeDoor(PASSWORD)
    async with open_lockable(WorkingClinic(), door) as driver:
        await driver.type("ива")
        await driver.until_seen("Иващенко")
        await lock(driver)
        await driver.press("enter")
        assert driver.told == "Заполните это поле."
        await driver.press(*"мимо", "enter")
        await driver.until(lambda: driver.told == "Имя или пароль неверны.", "the refusal")
        assert driver.typed("password") == ""
        nothing_in_sight(driver)
        await driver.press(*PASSWORD, "enter")
        await driver.until_desk()
        await driver.until_seen("Иващенко")
    assert door.tried == [("sok", "мимо"), ("sok", PASSWORD)]


async def test_a_base_that_is_away_keeps_the_desk_locked() -> None:
    door = FakeDoor(PASSWORD)
    door.troubles = [StoreUnavailable("База недоступна: подождите.")]
    async with open_lockable(WorkingClinic(), door) as driver:
        await lock(driver)
        await driver.press(*PASSWORD, "enter")
        await driver.until(lambda: driver.told == "База недоступна: подождите.", "the refusal")
        await driver.press(*PASSWORD, "enter")
        await driver.until_desk()


async def test_wrong_passwords_at_the_lock_count_like_those_at_the_sign_in(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await driver.sign_in("reg")
        await driver.until_desk()
        await lock(driver)
        for _ in range(5):
            await driver.press(*"мимо", "enter")
            await driver.until(lambda: driver.typed("password") == "", "the refusal")
        assert "Следующая попытка — через 30 с." in driver.told
        await driver.press(*password_of("reg"), "enter")
        await driver.until(lambda: driver.told.startswith("Вход закрыт"), "the wait")
        nothing_in_sight(driver)
        assert driver.app.screen is not driver.desk
    assert staffed.actions()[-7:-1] == ["sign-in-failed"] * 5 + ["sign-in-locked"]


async def test_a_real_desk_is_unlocked_by_a_new_session(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await driver.sign_in("reg")
        await driver.until_desk()
        await driver.press(*"абрик")
        await driver.until_seen("Абрикосов")
        await driver.press("f12")
        await driver.until_entry(LOCKED)
        assert "Абрикосов" not in driver.picture()
        await driver.press(*password_of("reg"), "enter")
        await driver.until_desk()
        await driver.until_seen("Абрикосов")
    actions = staffed.actions()
    assert actions.count("searched") == 1, "it was on its way into the journal when the lock fell"
    assert [action for action in actions if action != "searched"][-3:] == [
        *("signed-in", "signed-in", "signed-out")
    ]


# --- nobody at the keys -------------------------------------------------------------------------


class Hands:
    """A clock that tests set; it counts how often it was looked at."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.seconds

    async def are_looked_at(self, driver: EntryDriver) -> None:
        """Wait until the desk has asked twice by itself how late it is."""
        before = self.looks
        await driver.until(lambda: self.looks >= before + 2, "a look at the clock")


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    """The clock of a desk that looks at it twenty times a second."""
    monkeypatch.setattr("registrar_tui.app.app.IDLE_CHECK_SECONDS", 0.05)
    return Hands()


async def test_the_desk_locks_itself_after_ten_minutes(clinic: FakeServices, hands: Hands) -> None:
    async with open_lockable(clinic) as driver:
        driver.app.idle = Idleness(10, hands)
        await driver.type("ива")
        await driver.until_seen("Иващенко")
        hands.seconds += 599
        await hands.are_looked_at(driver)
        assert driver.app.screen is driver.desk
        await driver.press("end")
        hands.seconds += 599
        await hands.are_looked_at(driver)
        assert driver.app.screen is driver.desk, "a key begins the ten minutes anew"
        hands.seconds += 1
        await driver.until_entry(LOCKED)
        nothing_in_sight(driver)
        hands.seconds += 5000
        await driver.press("enter")
        await driver.until_desk()
        await hands.are_looked_at(driver)
        assert driver.app.screen is driver.desk, "the key that unlocks is a touch"


async def test_the_first_key_after_a_suspended_computer_meets_the_lock(clinic: FakeServices) -> None:
    hands = Hands()
    async with open_lockable(clinic) as driver:
        driver.app.idle = Idleness(10, hands)
        await driver.type("ива")
        await driver.until_seen("Иващенко")
        hands.seconds += 36_000
        await driver.press("enter")
        await driver.until_entry(LOCKED)
        assert driver.place == "search"
    assert clinic.called("patient_card") == []


async def test_zero_minutes_never_lock_and_a_form_is_not_locked(staffed: RealClinic, hands: Hands) -> None:
    async with open_real_desk(staffed.config()) as driver:
        driver.app.idle = Idleness(1, hands)
        await driver.until_entry("Вход")
        hands.seconds += 600
        await hands.are_looked_at(driver)
        await driver.sign_in("reg")
        await driver.until_desk()
        driver.app.idle = Idleness(0, hands)
        hands.seconds += 1_000_000
        await asyncio.sleep(0.3)  # six checks, and none of them asks the clock
        assert driver.app.screen is driver.desk
        assert isinstance(driver.desk.current, SearchPane)


def test_idle_minutes_are_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGISTRAR_IDLE_MINUTES", raising=False)
    assert load_config(database="a.db").idle_minutes == 10
    settings = tmp_path / "settings.toml"
    settings.write_text("idle_minutes = 3\n", encoding="utf-8")
    assert load_config(database="a.db", file=settings).idle_minutes == 3
    monkeypatch.setenv("REGISTRAR_IDLE_MINUTES", "0")
    assert load_config(database="a.db", file=settings).idle_minutes == 0
    for wrong in ("-1", "five", "1441", "9" * 5000, "١"):
        monkeypatch.setenv("REGISTRAR_IDLE_MINUTES", wrong)
        with pytest.raises(UsageError, match="от 0 \\(никогда\\) до 1440") as told:
            load_config(database="a.db")
        assert told.value.field == "idle_minutes"


def test_the_desk_counts_by_the_setting_and_by_a_clock_nobody_sets_back(tmp_path: Path) -> None:
    assert IDLE_CHECK_SECONDS <= 1
    app = RegistrarApp(replace(load_config(database=str(tmp_path / "a.db")), idle_minutes=7))
    assert app.idle._limit == 420
    began = time.monotonic()
    first, second = idle.seconds_awake_or_asleep(), idle.seconds_awake_or_asleep()
    assert 0 <= second - first <= time.monotonic() - began + 0.1, "it counts seconds"


def test_the_names_looked_for_are_those_of_the_clinic() -> None:
    """Else nothing would be proved."""
    people = " ".join(patient.name for patient in FakeServices().patients.values())
    assert all(name in people for name in ("Иванов", "Иващенко", "Петрова", "Карлсон"))
