"""The office on the desk: the journal for the auditor, the operators for the administrator."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from registrar_tui.errors import NotAllowed
from registrar_tui.screens.journal import JournalPane
from registrar_tui.screens.journal_filter import Understood, in_words, understand
from registrar_tui.services.protocol_office import JournalQuery
from tests.integration.real_clinic import RealClinic, password_of
from tests.tui.fake_services import FakeServices
from tests.tui.real_desk import EntryDriver, open_real_desk
from tests.tui.test_lock import open_lockable

TODAY = date(2026, 11, 23)


@asynccontextmanager
async def signed_in(
    real: RealClinic, login: str, size: tuple[int, int] = (110, 36)
) -> AsyncIterator[EntryDriver]:
    """Open the desk for somebody of the staff."""
    async with open_real_desk(real.config(), size) as driver:
        await driver.sign_in(login)
        await driver.until_desk()
        yield driver


def shown(driver: EntryDriver) -> list[tuple[str, ...]]:
    """Return the entries on the journal pane."""
    pane = driver.pane(JournalPane)
    assert isinstance(pane, JournalPane)
    return [row.cells for row in pane.entries.rows]


async def ask(driver: EntryDriver, words: str, understood: str) -> None:
    """Type a filter and read by it."""
    await driver.type(words)
    await driver.press("enter")
    await driver.until(lambda: f"Журнал   {understood} " in driver.picture(), understood)


# --- the journal -------------------------------------------------------------------------


async def test_the_journal_is_filtered_by_operator_day_and_person(staffed: RealClinic) -> None:
    reg, sen = staffed.desk("reg"), staffed.desk("sen", desk="окно 7")
    reg.patient_card(1)
    sen.patient_card(1)
    sen.patient_card(2)
    async with signed_in(staffed, "aud") as driver:
        await driver.until_seen("открыта карточка")
        times = [cells[0] for cells in shown(driver)]
        assert {cells[1] for cells in shown(driver)} == {"aud", "adm", "reg", "sen"}
        assert times[0].startswith("23.11.2026") or times[0] > ""
        await ask(driver, "sen", "оператор sen")
        assert [cells[1:4] for cells in shown(driver)] == [
            ("sen", "открыта карточка", "пациент 2"),
            ("sen", "открыта карточка", "пациент 1"),
            ("sen", "вход", ""),
        ]
        assert shown(driver)[0][5] == "окно 7"
        await ask(driver, "№1", "пациент № 1")
        assert sorted(cells[1] for cells in shown(driver)) == ["reg", "sen"]
        await ask(driver, "reg 1 23.11.2026", "оператор reg, пациент № 1, 23.11.2026")
        assert len(shown(driver)) == 1
        await ask(driver, "reg 22.11.2026", "оператор reg, 22.11.2026")
        assert shown(driver) == []
        await ask(driver, "01.11.2026-23.11.2026 sen", "оператор sen, 01.11.2026 – 23.11.2026")
        assert len(shown(driver)) == 3
    assert staffed.actions().count("journal-read") == 6


async def test_a_word_that_is_no_filter_reads_nothing(staffed: RealClinic) -> None:
    async with signed_in(staffed, "aud") as driver:
        await driver.until_seen("все записи")
        before = staffed.actions().count("journal-read")
        await driver.type("sok два слова")
        await driver.press("enter")
        assert "Не понято: «два слова»" in driver.notice
        assert driver.app.focused is not None
        assert staffed.actions().count("journal-read") == before


async def test_a_whole_journal_is_told_from_a_changed_one(staffed: RealClinic) -> None:
    async with signed_in(staffed, "aud") as driver:
        await driver.until_seen("все записи")
        await driver.press("f6")
        await driver.until(lambda: "✓ Журнал цел: проверено" in driver.notice, "a whole journal")
        with staffed.clinic.engine.begin() as connection:
            for trigger in _triggers(staffed):
                connection.execute(text(f"DROP TRIGGER {trigger}"))
            connection.execute(text("UPDATE audit_entry SET operator = 'nobody' WHERE number = 2"))
        await driver.press("f6")
        await driver.until(lambda: "Журнал повреждён" in driver.notice, "the fault")
        assert "запись № 2 изменена" in driver.notice


def _triggers(real: RealClinic) -> list[str]:
    with real.clinic.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_entry'")
        )
        return [row[0] for row in rows]


async def test_the_journal_is_written_to_a_private_file(staffed: RealClinic) -> None:
    staffed.desk("reg", desk='=HYPERLINK("x")').patient_card(1)
    async with signed_in(staffed, "aud") as driver:
        await driver.until_seen("все записи")
        await ask(driver, "reg", "оператор reg")
        await driver.press("ctrl+s")
        await driver.until(lambda: "✓ 2 записи в файле" in driver.notice, "the file")
    (file,) = (staffed.clinic.folder / "tickets").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        head, *rows = csv.reader(stream, delimiter=";")
    assert head[:6] == ["Время", "Время UTC", "Оператор", "Роль", "Рабочее место", "Действие"]
    assert [row[5] for row in rows] == ["вход", "открыта карточка"]
    assert rows[0][4] == '\'=HYPERLINK("x")'
    assert staffed.actions()[-2:] == ["journal-exported", "signed-out"]


async def test_a_folder_that_cannot_be_made_is_one_line(staffed: RealClinic) -> None:
    (staffed.clinic.folder / "tickets").write_text("a file in its place")
    async with signed_in(staffed, "aud", (80, 24)) as driver:
        await driver.until_seen("все записи")
        await driver.press("ctrl+s")
        await driver.until(lambda: "не создана: проверьте права" in driver.notice, "the refusal")
        assert "в файл" in driver.key_line


async def test_a_registrar_is_not_offered_the_office(clinic: FakeServices) -> None:
    async with open_lockable(clinic) as driver:
        await driver.press("ctrl+p")
        await driver.until_place("palette")
        assert "Журнал: кто" not in driver.picture()
        assert "Операторы: кто" not in driver.picture()
        await driver.press("escape")
        await driver.desk.action_command("desk.journal")
        assert driver.place == "search"


@pytest.mark.parametrize(
    ("typed", "query", "words"),
    [
        ("", JournalQuery(), "все записи"),
        ("Sok", JournalQuery(operator="sok"), "оператор sok"),
        ("12", JournalQuery(patient_id=12), "пациент № 12"),
        ("сегодня", JournalQuery(TODAY, TODAY), "23.11.2026"),
        ("вчера, сегодня", JournalQuery(date(2026, 11, 22), TODAY), "22.11.2026 – 23.11.2026"),
        ("23.11", JournalQuery(TODAY, TODAY), "23.11.2026"),
        ("24.11", JournalQuery(date(2025, 11, 24), date(2025, 11, 24)), "24.11.2025"),
        ("05.11.26 01.11.26", JournalQuery(date(2026, 11, 1), date(2026, 11, 5)), "01.11.2026 – 05.11.2026"),
        ("1.11–5.11", JournalQuery(date(2026, 11, 1), date(2026, 11, 5)), "01.11.2026 – 05.11.2026"),
        ("anna.k #7", JournalQuery(operator="anna.k", patient_id=7), "оператор anna.k, пациент № 7"),
    ],
)
def test_what_is_typed_over_the_journal(typed: str, query: JournalQuery, words: str) -> None:
    assert understand(typed, TODAY) == Understood(query, ())
    assert in_words(query) == words


@pytest.mark.parametrize(
    ("typed", "strange"),
    [
        ("31.02.2026", ("31.02.2026",)),
        ("sok reg", ("reg",)),
        ("1 2", ("2",)),
        ("01.11 02.11 03.11", ("03.11",)),
        ("1" * 30, ("1" * 30,)),
    ],
)
def test_what_is_no_filter(typed: str, strange: tuple[str, ...]) -> None:
    assert understand(typed, TODAY).strange == strange or typed == "1" * 30


# --- operators ---------------------------------------------------------------------------


async def test_role_block_and_password_of_an_operator(staffed: RealClinic) -> None:
    async with signed_in(staffed, "adm", (80, 24)) as driver:
        await driver.until_seen("старший регистратор")
        await driver.press("down", "down")
        await driver.press("f4", *"4", "enter")
        await driver.until_seen("✓ reg теперь аудитор")
        await driver.until(lambda: _states(driver)["reg"] == ("аудитор", ""), "the role")
        await driver.press("f8")
        await driver.until(lambda: _states(driver)["reg"] == ("аудитор", "× заблокирован"), "the block")
        with pytest.raises(NotAllowed):
            staffed.sign_in("reg")
        await driver.press("f8")
        await driver.until(lambda: _states(driver)["reg"] == ("аудитор", ""), "the way back")
        await driver.press("f6", *"новый-пароль", "enter", *"новый-пароль", "enter")
        await driver.until_seen("✓ reg получил новый пароль")
    assert staffed.sign_in("reg", "новый-пароль")
    changes = ["role-changed", "blocked", "unblocked", "password-changed"]
    assert [action for action in staffed.actions() if action in changes] == changes


def _states(driver: EntryDriver) -> dict[str, tuple[str, str]]:
    from registrar_tui.screens.operators import OperatorsPane

    pane = driver.pane(OperatorsPane)
    assert isinstance(pane, OperatorsPane)
    return {row.cells[0]: (row.cells[2], row.cells[3]) for row in pane.people.rows}


async def test_the_last_administrator_stays(staffed: RealClinic) -> None:
    async with signed_in(staffed, "adm") as driver:
        await driver.until_seen("старший регистратор")
        await driver.press("f8")
        await driver.until(lambda: "Это последний администратор" in driver.notice, "the refusal")
        await driver.press("f8")
        await driver.until(lambda: "Это последний администратор" in driver.notice, "and again")


async def test_an_operator_who_typed_wrong_passwords_is_marked(staffed: RealClinic) -> None:
    for _ in range(5):
        with pytest.raises(NotAllowed):
            bootstrap_sign_in(staffed)
    async with signed_in(staffed, "adm") as driver:
        await driver.until_seen("! неверные пароли")
        assert password_of("reg") not in driver.picture()


def bootstrap_sign_in(real: RealClinic) -> None:
    """Try a wrong password by the computer's own clock, as a desk does."""
    from registrar_tui import bootstrap

    bootstrap.sign_in(real.config(), "reg", "мимо")


def test_the_protocol_is_what_the_office_offers(staffed: RealClinic, tmp_path: Path) -> None:
    office = staffed.office("adm")
    assert office.roles() == (
        ("registrar", "регистратор"),
        ("senior", "старший регистратор"),
        ("administrator", "администратор"),
        ("auditor", "аудитор"),
    )
    with pytest.raises(NotAllowed):
        office.save_journal(JournalQuery())
    assert not (staffed.clinic.folder / "tickets").exists()
