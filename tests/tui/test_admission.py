"""The open desk whose operator may not work any more: hidden at once, kept for the same operator only."""

from __future__ import annotations

import pytest

from registrar_tui.screens.form import FormPane
from tests.integration.real_clinic import RealClinic, password_of
from tests.tui.real_desk import EntryDriver, open_real_desk

NAMES = ("Абрикосов", "абрик", "Кузьмин")


@pytest.fixture
def often_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk asks whether it may work six times as often as it does, and the test waits the less."""
    monkeypatch.setattr("registrar_tui.screens.link.ADMISSION_SECONDS", 0.3)


async def open_card(driver: EntryDriver, login: str = "reg") -> None:
    """Sign in and open a person's card."""
    await driver.sign_in(login)
    await driver.until_desk()
    await driver.press(*"абрик")
    await driver.until_seen("Абрикосов")
    await driver.press("enter")
    await driver.until_place("card")
    await driver.until_seen("СНИЛС")


async def type_in_the_form(driver: EntryDriver) -> None:
    """Open the form of the card and change the surname."""
    await driver.press("f4")
    await driver.until_place("form")
    await driver.type("Кузьмин")


async def until_thrown_out(driver: EntryDriver, told: str) -> None:
    """Wait for the sign-in screen, with the reason and nothing of any patient."""
    await driver.until_entry("Вход")
    await driver.until_seen(told)
    picture = driver.picture()
    assert [name for name in NAMES if name in picture] == []
    assert driver.typed("login") == "reg" and driver.typed("password") == ""


@pytest.mark.parametrize("change", ["blocked", "role", "password"])
async def test_an_idle_desk_notices_by_itself(
    staffed: RealClinic, change: str, request: pytest.FixtureRequest
) -> None:
    if change != "blocked":  # which is found out at the desk's own pace
        request.getfixturevalue("often_asked")
    async with open_real_desk(staffed.config()) as driver:
        await open_card(driver)
        office = staffed.office("adm")
        match change:
            case "blocked":
                office.set_active("reg", active=False)
                told = "Вам закрыт вход"
            case "role":
                office.set_role("reg", "auditor")
                told = "Ваша роль изменена"
            case _:
                office.set_password("reg", "другой пароль")
                told = "Вход закончился"
        await until_thrown_out(driver, told)


async def test_the_next_action_is_not_done(staffed: RealClinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registrar_tui.screens.link.ADMISSION_SECONDS", 3600.0)
    async with open_real_desk(staffed.config()) as driver:
        await open_card(driver)
        await type_in_the_form(driver)
        staffed.office("adm").set_active("reg", active=False)
        await driver.press("ctrl+s")
        await until_thrown_out(driver, "Вам закрыт вход")
        await driver.press(*password_of("reg"), "enter")
        await driver.until(lambda: "Имя или пароль неверны" in driver.told, "the refusal")
    assert "card-changed" not in staffed.actions()


@pytest.mark.usefixtures("often_asked")
async def test_what_was_typed_is_there_for_the_same_operator(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await open_card(driver)
        await type_in_the_form(driver)
        staffed.office("adm").set_password("reg", "дан начальником")
        await until_thrown_out(driver, "Вход закончился")
        await driver.press(*"дан начальником", "enter")
        await driver.until_entry("Новый пароль")
        await driver.press(*"мой собственный", "enter", *"мой собственный", "enter")
        await driver.until_desk()
        await driver.until_place("form")
        form = driver.pane(FormPane)
        assert isinstance(form, FormPane) and form.lines["last_name"].value == "Кузьмин"
        assert driver.notice == ""
        await driver.press("ctrl+s")
        await driver.until(lambda: "card-changed" in staffed.actions(), "the saved card")


@pytest.mark.usefixtures("often_asked")
@pytest.mark.parametrize("login", ["sen", "aud", "adm"])
async def test_nothing_is_left_for_another_operator(staffed: RealClinic, login: str) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await open_card(driver)
        await type_in_the_form(driver)
        staffed.office("adm").set_active("reg", active=False)
        await until_thrown_out(driver, "Вам закрыт вход")
        await driver.press("up", *login, "enter", *password_of(login), "enter")
        await driver.until_desk()
        await driver.until(lambda: driver.place in ("search", "journal", "operators"), "their own place")
        assert [name for name in NAMES if name in driver.picture()] == []
        assert len(driver.desk.trail) == 1 and driver.desk.person is None
        await driver.press("escape", "ctrl+p")
        await driver.until_place("palette")


@pytest.mark.usefixtures("often_asked")
async def test_more_rights_keep_what_was_typed(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await open_card(driver)
        await type_in_the_form(driver)
        staffed.office("adm").set_role("reg", "senior")
        await until_thrown_out(driver, "Ваша роль изменена")
        await driver.press(*password_of("reg"), "enter")
        await driver.until_desk()
        form = driver.pane(FormPane)
        assert isinstance(form, FormPane) and form.lines["last_name"].value == "Кузьмин"
        assert driver.place == "form" and driver.desk.may("schedule")


async def test_the_shift_changes_at_a_locked_desk(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config(), (80, 24)) as driver:
        await open_card(driver)
        await driver.press("f12")
        await driver.until_entry("Рабочее место закрыто")
        assert "F2 другой оператор" in driver.picture()
        await driver.press("f2")
        await driver.until_entry("Вход")
        assert driver.typed("login") == "" and "Абрикосов" not in driver.picture()
        await driver.press(*"sen", "enter", *password_of("sen"), "enter")
        await driver.until_desk()
        await driver.until_place("search")
        assert [name for name in NAMES if name in driver.picture()] == []
        assert driver.desk.greeting is not None and driver.desk.greeting.login == "sen"


@pytest.mark.usefixtures("often_asked")
async def test_another_role_begins_where_that_role_begins(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await open_card(driver)
        staffed.office("adm").set_role("reg", "auditor")
        await until_thrown_out(driver, "Ваша роль изменена")
        await driver.press(*password_of("reg"), "enter")
        await driver.until_desk()
        await driver.until_place("journal")
        assert "Абрикосов" not in driver.picture()


async def test_the_office_throws_out_too(staffed: RealClinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("registrar_tui.screens.link.ADMISSION_SECONDS", 3600.0)
    office = staffed.office("adm")
    office.add_operator("reg2", "", "administrator", password_of("reg2"))
    staffed.settle()
    async with open_real_desk(staffed.config()) as driver:
        await driver.sign_in("reg2")
        await driver.until_desk()
        await driver.until_place("operators")
        await driver.until_seen("sen")
        office.set_role("reg2", "senior")
        await driver.press("f8")
        await driver.until_entry("Вход")
        await driver.until_seen("Ваша роль изменена")


@pytest.mark.usefixtures("often_asked")
async def test_a_locked_desk_works_on_under_its_new_session(staffed: RealClinic) -> None:
    """The former session ended meanwhile, as after a long lunch: what was open goes on under the new one."""
    async with open_real_desk(staffed.config()) as driver:
        await open_card(driver)
        await driver.press("f12")
        await driver.until_entry("Рабочее место закрыто")
        await driver.press(*password_of("reg"), "enter")
        await driver.until_desk()
        assert driver.place == "card"
        await driver.press("f5")
        await driver.until_place("today")
        await driver.pilot.pause(0.8)  # it is asked at least twice
        assert driver.app.screen is driver.desk


async def test_a_password_that_was_reset_under_the_lock(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await open_card(driver)
        await type_in_the_form(driver)
        await driver.press("f12")
        await driver.until_entry("Рабочее место закрыто")
        staffed.office("adm").set_password("reg", "дан начальником")
        await driver.press(*"дан начальником", "enter")
        await driver.until_entry("Новый пароль")
        await driver.press(*"мой собственный", "enter", *"мой собственный", "enter")
        await driver.until_desk()
        form = driver.pane(FormPane)
        assert isinstance(form, FormPane) and form.lines["last_name"].value == "Кузьмин"


def test_one_session_of_a_desk_gives_way_to_the_next(staffed: RealClinic) -> None:
    from registrar_tui.app.door import ClinicDoor

    door = ClinicDoor(staffed.config())
    door.sign_in("reg", password_of("reg"))
    first = door.open()
    door.office()
    door.sign_in("reg", password_of("reg"))
    with pytest.raises(Exception, match="Вход закончился"):
        first.patient_card(1)
    second = door.open()
    assert second.patient_card(1).id == 1
    assert door.login == "reg"
    for services in (first, second):
        services.close()
    door.close()
