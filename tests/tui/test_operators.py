"""Операторы on a real base: adding, roles, passwords, errors in place, nothing lost and nothing kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from registrar_tui.errors import NotAllowed, StoreUnavailable
from registrar_tui.office_services import OfficeServices
from registrar_tui.screens.operator_form import OperatorFormPane
from registrar_tui.screens.operators import OperatorsPane
from tests.integration.real_clinic import RealClinic, password_of
from tests.tui.real_desk import EntryDriver, open_real_desk


@asynccontextmanager
async def opened(real: RealClinic, size: tuple[int, int] = (110, 36)) -> AsyncIterator[EntryDriver]:
    """Open the administrator's desk, where the operators come first."""
    async with open_real_desk(real.config(), size) as driver:
        await driver.sign_in("adm")
        await driver.until_desk()
        await driver.until_place("operators")
        await driver.until_seen("старший регистратор")
        yield driver


@asynccontextmanager
async def adding(real: RealClinic, size: tuple[int, int] = (110, 36)) -> AsyncIterator[EntryDriver]:
    """Open the form of a new operator."""
    async with opened(real, size) as driver:
        await driver.press("insert")
        await driver.until_place("operator")
        yield driver


def form(driver: EntryDriver) -> OperatorFormPane:
    """Return the form."""
    pane = driver.pane(OperatorFormPane)
    assert isinstance(pane, OperatorFormPane)
    return pane


def typed(driver: EntryDriver) -> dict[str, str]:
    """Return what stands in the lines of the form."""
    return {name: line.value for name, line in form(driver).lines.items()}


def problems(driver: EntryDriver) -> dict[str, str]:
    """Return what is wrong, by line."""
    return {name: line.problem for name, line in form(driver).lines.items() if line.problem}


def listed(driver: EntryDriver) -> dict[str, tuple[str, ...]]:
    """Return the rows of the list by login."""
    pane = driver.pane(OperatorsPane)
    assert isinstance(pane, OperatorsPane)
    return {row.cells[0]: row.cells[1:] for row in pane.people.rows}


async def fill(
    driver: EntryDriver, login: str, name: str, role: str, password: str, again: str | None = None
) -> None:
    """Type the lines one after another, as a registrar would; the last Enter saves."""
    for text in (login, name, role, password):
        await driver.press(*[" " if letter == " " else letter for letter in text], "enter")
    await driver.press(*(password if again is None else again), "enter")


@pytest.mark.parametrize("size", [(80, 24), (110, 36)])
async def test_an_operator_is_added_and_has_to_change_the_password(
    staffed: RealClinic, size: tuple[int, int]
) -> None:
    async with adding(staffed, size) as driver:
        assert "Новый оператор" in driver.picture()
        assert "1 регистратор" in driver.picture() and "4 аудитор" in driver.picture()
        await fill(driver, "Vera", "Орлова А. В.", "1", "дан-начальником")
        await driver.until_seen("✓ vera заведён: регистратор")
        await driver.until(lambda: "vera" in listed(driver), "the new row")
        assert listed(driver)["vera"] == ("Орлова А. В.", "регистратор", "")
        assert driver.place == "operators"
        assert "дан-начальником" not in driver.picture()
    desk = staffed.desk_of(staffed.sign_in("vera", "дан-начальником"))
    assert desk.greeting().must_change
    with pytest.raises(NotAllowed):
        desk.patient_card(1)


@pytest.mark.parametrize(
    ("role", "meant"),
    [("4", "аудитор"), ("ауд", "аудитор"), ("ст", "старший регистратор"), ("auditor", "аудитор")],
)
async def test_a_role_is_its_number_or_the_beginning_of_its_word(
    staffed: RealClinic, role: str, meant: str
) -> None:
    async with adding(staffed) as driver:
        await fill(driver, "vera", "Орлова", role, "long-enough")
        await driver.until(lambda: "vera" in listed(driver), "the new row")
        assert listed(driver)["vera"][1] == meant


@pytest.mark.parametrize(
    ("lines", "field", "told"),
    [
        (("v", "Орлова", "1", "long-enough"), "login", "от 2 до 32"),
        (("reg", "Орлова", "1", "long-enough"), "login", "уже есть"),
        (("vera", "Орлова", "5", "long-enough"), "role", "Такой роли нет"),
        (("vera", "Орлова", "а", "long-enough"), "role", "Такой роли нет"),
        (("vera", "Орлова", "demo", "long-enough"), "role", "Такой роли нет"),
        (("vera", "Орлова", "1", "short"), "password", "от 8 до 256"),
        (("vera", "", "1", "long-enough"), "name", "Заполните"),
        (("vera", "Орлова", "1", "long-enough", "other-enough"), "again", "не совпали"),
    ],
)
async def test_what_is_wrong_stands_under_its_line(
    staffed: RealClinic, lines: tuple[str, ...], field: str, told: str
) -> None:
    async with adding(staffed, (80, 24)) as driver:
        await fill(driver, *lines)
        await driver.until(lambda: field in problems(driver), "the problem")
        assert told in problems(driver)[field] and list(problems(driver)) == [field]
        await driver.until_seen(told)
        line = form(driver).lines[field]
        assert driver.app.focused is line.input
        assert [typed(driver)[name] for name in ("login", "name", "role", "password")] == list(lines[:4])
        await driver.press("x")
        await driver.until(lambda: not problems(driver), "the problem gone with the next letter")
    assert "vera" not in {row["login"] for row in staffed.office("adm").operators()}


async def test_a_corrected_line_is_saved(staffed: RealClinic) -> None:
    async with adding(staffed) as driver:
        await fill(driver, "reg", "Орлова", "1", "long-enough")
        await driver.until(lambda: "login" in problems(driver), "the problem")
        await driver.press("2", "ctrl+s")
        await driver.until(lambda: "reg2" in listed(driver), "the new row")


async def test_a_base_that_goes_away_keeps_what_is_typed(
    staffed: RealClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("База недоступна: подождите.")

    async with adding(staffed) as driver:
        monkeypatch.setattr(OfficeServices, "add_operator", away)
        await fill(driver, "vera", "Орлова", "1", "long-enough")
        await driver.until(lambda: "База недоступна" in driver.notice, "the refusal")
        assert typed(driver)["password"] == "long-enough" and driver.place == "operator"
        monkeypatch.undo()
        await driver.press("ctrl+s")
        await driver.until(lambda: "vera" in listed(driver), "the new row")


async def test_esc_keeps_no_password(staffed: RealClinic) -> None:
    async with adding(staffed) as driver:
        await driver.press(*"vera", "enter", *"Орлова", "enter", "1", "enter", *"секретный-пароль")
        assert "секретный" not in driver.picture()
        await driver.press("escape")
        await driver.until_place("operators")
        assert [typed(driver)[name] for name in ("password", "again")] == ["", ""]
        await driver.press("insert")
        await driver.until_place("operator")
        assert set(typed(driver).values()) == {""}


async def test_a_new_password_ends_the_sessions_and_has_to_be_changed(staffed: RealClinic) -> None:
    token = staffed.sign_in("reg")
    async with opened(staffed) as driver:
        await driver.press("down", "down", "f6")
        await driver.until_seen("Новый пароль оператора")
        assert "reg" in driver.picture()
        await driver.press(*"одно-и-то-же", "enter", *"другое-слово", "enter")
        await driver.until(lambda: "again" in problems(driver), "the problem")
        assert typed(driver)["again"] == ""
        await driver.press(*"одно-и-то-же", "enter")
        await driver.until_seen("✓ reg получил новый пароль; его сеансы закончены.")
    with pytest.raises(NotAllowed):
        staffed.desk_of(token)
    assert staffed.desk_of(staffed.sign_in("reg", "одно-и-то-же")).greeting().must_change


async def test_a_new_role_throws_an_open_desk_out(staffed: RealClinic) -> None:
    desk = staffed.desk("reg")
    async with opened(staffed) as driver:
        await driver.press("down", "down", "f4")
        await driver.until_seen("Роль оператора")
        await driver.press(*"ауд", "enter")
        await driver.until_seen("✓ reg теперь аудитор")
    with pytest.raises(NotAllowed):
        desk.patient_card(1)


@pytest.mark.parametrize("way", ["role", "block"])
async def test_the_last_administrator_stays_one(staffed: RealClinic, way: str) -> None:
    async with opened(staffed) as driver:
        if way == "block":
            await driver.press("f8")
        else:
            await driver.press("f4", "1", "enter")
        await driver.until_seen("Это последний администратор: сначала назначьте другого.")
    assert staffed.desk_of(staffed.sign_in("adm")).greeting().login == "adm"
    assert not {"role-changed", "blocked"} & set(staffed.actions())


async def test_names_are_shown_and_never_obeyed(staffed: RealClinic) -> None:
    staffed.office("adm").add_operator("vera", "[red]Орлова[/] \x1b[2J", "senior", password_of("vera"))
    async with opened(staffed) as driver:
        assert "[red]Орлова[/] �[2J" in driver.picture()
        await driver.press("end", "down", "down", "down", "down", "f4")
        await driver.until_seen("Роль оператора")
        assert "[red]Орлова[/]" in driver.picture()


async def test_nobody_but_the_administrator_is_offered_the_list(staffed: RealClinic) -> None:
    async with open_real_desk(staffed.config()) as driver:
        await driver.sign_in("sen")
        await driver.until_desk()
        assert "desk.operators" not in driver.desk.commands()
