"""Who comes in at the desk: the form, its refusals, the first administrator, a password to be changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from registrar_tui import bootstrap
from registrar_tui.app.door import ClinicDoor
from registrar_tui.errors import NotAllowed, StoreUnavailable
from registrar_tui.screens.entry import SecretInput
from registrar_tui.screens.operators import OperatorsPane
from registrar_tui.screens.search import SearchPane
from tests.integration.bases import Clinic, settings
from tests.integration.real_clinic import RealClinic, password_of
from tests.tui.real_desk import open_real_desk

WRONG = "Имя или пароль неверны: проверьте раскладку и повторите."


async def test_a_registrar_signs_in_and_the_token_stays_in_memory(staffed: RealClinic) -> None:
    config = staffed.config("окно 2")
    with staffed.written() as written:
        async with open_real_desk(config) as driver:
            await driver.sign_in("reg")
            await driver.until_desk()
            assert driver.place == "search"
            assert "окно 2 · reg" in driver.picture()
            await driver.press(*"абрик")
            await driver.until_seen("Абрикосов")
    assert [entry["action"] for entry in written] == ["signed-in", "searched", "signed-out"]
    assert {entry["desk"] for entry in written} == {"окно 2"}
    assert not config.token_file.exists()


async def test_a_wrong_password_is_one_line_and_takes_only_the_password(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await driver.sign_in("reg", "неверный пароль")
        await driver.until(lambda: driver.told == WRONG, "the refusal")
        assert (driver.typed("login"), driver.typed("password")) == ("reg", "")
        assert driver.desk.services is None
        await driver.press(*password_of("reg"), "enter")
        await driver.until_desk()


async def test_what_is_typed_in_one_burst_is_never_seen(staffed: RealClinic) -> None:
    """A program that types name, Enter, password at once must not write the password into the name."""
    async with open_real_desk(staffed.config()) as driver:
        await driver.until_entry("Вход")
        await driver.press(*"reg", "tab", *"пароль-тайный")
        assert (driver.typed("login"), driver.typed("password")) == ("reg", "пароль-тайный")
        assert "тайный" not in driver.picture()
        await driver.press("ctrl+a", "ctrl+c", "ctrl+x")
        assert driver.app.clipboard == ""
        assert isinstance(driver.app.focused, SecretInput)


async def test_what_is_typed_before_the_form_is_there_is_not_left_on_the_desk(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await driver.press(*"тайный")
        await driver.sign_in("reg")
        await driver.until_desk()
        pane = driver.pane(SearchPane)
        assert isinstance(pane, SearchPane)
        assert pane.line.value == ""


async def test_five_wrong_passwords_close_the_door_for_a_while(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await driver.until_entry("Вход")
        await driver.press(*"reg", "enter")
        for _ in range(5):
            await driver.press(*"мимо", "enter")
            await driver.until(lambda: driver.typed("password") == "", "the refusal")
        assert driver.told == f"{WRONG} Следующая попытка — через 30 с."
        await driver.press(*password_of("reg"), "enter")
        await driver.until(lambda: driver.told.startswith("Вход закрыт после неверных паролей"), "the wait")
        assert driver.desk.services is None


async def test_a_base_that_is_away_is_one_line_and_enter_tries_again(
    staffed: RealClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = StoreUnavailable("База недоступна: проверьте связь.")
    troubles: list[Exception] = [away, KeyError("secret")]
    sign_in = bootstrap.sign_in

    def unsteady(*arguments: object, **named: object) -> str:
        if troubles:
            raise troubles.pop(0)
        return sign_in(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(bootstrap, "sign_in", unsteady)
    async with open_real_desk(staffed.config()) as driver:
        await driver.sign_in("reg")
        await driver.until(lambda: driver.told == away.message, "the refusal")
        assert driver.typed("login") == "reg"
        await driver.press(*password_of("reg"), "enter")
        await driver.until(lambda: driver.told.startswith("Внутренняя ошибка"), "the second refusal")
        assert "secret" not in driver.picture()
        await driver.press(*password_of("reg"), "enter")
        await driver.until_desk()


async def test_a_base_that_goes_away_after_the_password_keeps_the_form(
    staffed: RealClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = bootstrap.build

    def unsteady(config: object, *, token: str | None = None) -> object:
        if token is not None and not lost:
            lost.append(token)
            raise StoreUnavailable("База недоступна: проверьте связь.")
        return build(config, token=token)  # type: ignore[arg-type]

    lost: list[str] = []
    monkeypatch.setattr(bootstrap, "build", unsteady)
    async with open_real_desk(staffed.config()) as driver:
        await driver.sign_in("reg")
        await driver.until(lambda: "База недоступна" in driver.told, "the refusal")
        await driver.press(*password_of("reg"), "enter")
        await driver.until_desk()


async def test_no_key_but_its_own_works_on_the_form(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await driver.until_entry("Вход")
        await driver.press("f1", "f2", "f3", "f5", "f12", "ctrl+p", "escape", "insert", "ctrl+z")
        assert driver.place == "search"
        assert "Вход" in driver.picture()
        await driver.press("ctrl+q")
        await driver.until(lambda: not driver.app.is_running, "the end")


async def test_the_named_operator_is_offered(staffed: RealClinic) -> None:
    async with open_real_desk(replace(staffed.config(), operator="reg")) as driver:
        await driver.until_entry("Вход")
        assert driver.typed("login") == "reg"
        await driver.press(*password_of("reg"), "enter")
        await driver.until_desk()


async def test_an_empty_line_is_asked_for(staffed: RealClinic) -> None:
    with staffed.written() as written:
        async with open_real_desk(staffed.config()) as driver:
            await driver.until_entry("Вход")
            await driver.press("enter", *"пароль", "enter")
            assert driver.told == "Заполните это поле."
            assert driver.app.focused is driver.entry.fields[0].input
    assert written == []


async def test_the_demo_base_never_asks(sqlite_clinic: Clinic, tmp_path: Path) -> None:
    async with open_real_desk(settings(sqlite_clinic.database, tmp_path)) as driver:
        await driver.until_desk()
        assert "демо" in driver.picture()


# --- the first administrator ------------------------------------------------------------


async def test_a_base_without_operators_gets_its_first_administrator(nobody: RealClinic) -> None:
    async with open_real_desk(nobody.config(), (80, 24)) as driver:
        await driver.until_entry("Первый администратор")
        await driver.press(*"boss", "enter", *"Орлова", "enter", *"длинный-1", "enter", *"длинный-2", "enter")
        assert driver.told == "Пароли не совпали: наберите второй раз тот же."
        assert not bootstrap.has_operators(nobody.config())
        await driver.press(*"длинный-1", "enter")
        await driver.until_desk()
        await driver.until_seen("администратор")
        assert driver.place == "operators"
    assert nobody.sign_in("boss", "длинный-1")


async def test_a_short_password_is_refused_before_anybody_is_made(nobody: RealClinic) -> None:
    async with open_real_desk(nobody.config()) as driver:
        await driver.until_entry("Первый администратор")
        await driver.press(*"boss", "enter", *"Орлова", "enter", *"мало", "enter", *"мало", "enter")
        await driver.until(lambda: "от 8 до 256 знаков" in driver.told, "the refusal")
        assert (driver.typed("login"), driver.typed("name")) == ("boss", "Орлова")
        assert driver.app.focused is driver.entry.fields[2].input
    assert not bootstrap.has_operators(nobody.config())


# --- a password to be changed --------------------------------------------------------------


async def test_a_password_set_by_another_is_changed_before_anything_is_shown(nobody: RealClinic) -> None:
    nobody.staffed().office("adm").set_password("reg", password_of("reg"))
    async with open_real_desk(nobody.config()) as driver:
        await driver.sign_in("reg")
        await driver.until_entry("Новый пароль")
        assert driver.desk.services is None
        await driver.press("f2", "f5", "escape", *password_of("reg"), "enter", *password_of("reg"), "enter")
        await driver.until(lambda: driver.told == "Это прежний пароль: придумайте другой.", "the refusal")
        await driver.press(*"мой-пароль", "enter", *"мой-пароль", "enter")
        await driver.until_desk()
        assert driver.place == "search"
    with pytest.raises(NotAllowed):
        nobody.sign_in("reg")
    assert nobody.sign_in("reg", "мой-пароль")
    async with open_real_desk(nobody.config()) as driver:
        await driver.sign_in("reg", "мой-пароль")
        await driver.until_desk()


# --- roles -------------------------------------------------------------------------------


async def test_an_administrator_begins_with_the_operators(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await driver.sign_in("adm")
        await driver.until_desk()
        await driver.until_seen("старший регистратор")
        assert isinstance(driver.desk.current, OperatorsPane)
        await driver.press("f2", "f5", "escape")
        assert driver.place == "operators"
        await driver.press("ctrl+p")
        await driver.until_place("palette")
        assert "Журнал: кто что делал" not in driver.picture()
        assert "Внутренняя" not in driver.picture()


# --- the door ------------------------------------------------------------------------------


def test_the_session_ends_when_the_desk_is_left(staffed: RealClinic) -> None:
    door = ClinicDoor(staffed.config())
    door.sign_in("reg", password_of("reg"))
    token = door._token
    assert token is not None
    bootstrap.build(staffed.config(), token=token).close()
    door.close()
    with pytest.raises(NotAllowed, match="Вход закончился"):
        bootstrap.build(staffed.config(), token=token)


def test_a_door_nobody_came_through_is_closed_without_the_base(tmp_path: Path) -> None:
    ClinicDoor(settings(str(tmp_path / "absent.db"), tmp_path)).close()
    assert list(tmp_path.iterdir()) == []
