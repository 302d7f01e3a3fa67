"""What a ticket says, and its text form: order, Russian dates, unbreakable places, width in cells."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from registrar_tui.printing.layout import Code, Field, Words, glue, long_date, ticket_blocks, title
from registrar_tui.printing.plain_text import cells, text_ticket
from registrar_tui.printing.wrap import wrap
from registrar_tui.services.dto import TicketView
from registrar_tui.services.ticket_code import make_code

CODE = make_code(1, b"k" * 32, "clinic-1", 412)
VIEW = TicketView(
    number="0412",
    code=CODE,
    clinic="Поликлиника № 1",
    branch="Корпус на Лесной",
    address="г. Энск, ул. Лесная, д. 5",
    clinic_phone="+7 495 123-45-67",
    starts_at=datetime(2026, 11, 24, 8, 45),
    minutes=15,
    room="каб. 214",
    floor="2",
    doctor="Орлова Н. В.",
    specialty="кардиолог",
    service="Первичный приём",
    patient="Иванов Иван Петрович",
    birth_year=1958,
    bring=("паспорт", "полис ОМС"),
    issued_at=datetime(2026, 11, 23, 9, 41),
    issued_by="Соколова А. П.",
    status="booked",
    notes=("Натощак.",),
)
WIDTHS = pytest.mark.parametrize("width", [48, 32])


def test_the_order_is_that_of_the_paper_habit() -> None:
    text = text_ticket(VIEW)
    marks = [
        *("Поликлиника", "г. Энск", "+7 495", "№ 0412", "вторник, 24 ноября 2026", "08:45", "214", "2 этаж"),
        *("Орлова", "кардиолог", "Иванов", "1958 г. р.", "Первичный", CODE[:4], "Придите за 10–15 минут"),
        *("Возьмите с собой: паспорт, полис ОМС", "Натощак", "позвоните", "Выдан 23.11.2026 09:41"),
    ]
    places = [text.replace("\n", " ").index(mark) for mark in marks]
    assert places == sorted(places)


def test_a_ticket_in_full() -> None:
    assert (
        text_ticket(VIEW, 48)
        == f"""\
Поликлиника № 1
г. Энск, ул. Лесная, д. 5
+7 495 123-45-67
------------------------------------------------
ТАЛОН № 0412
вторник, 24 ноября 2026

08:45   КАБИНЕТ 214

Корпус на Лесной, 2 этаж
------------------------------------------------
Врач      Орлова Н. В.
          кардиолог
Пациент   Иванов Иван Петрович
          1958 г. р.
Услуга    Первичный приём
          15 мин
------------------------------------------------

Код талона:
{CODE[:4]} {CODE[4:8]} {CODE[8:12]} {CODE[12:16]} {CODE[16:]}

Придите за 10–15 минут до приёма.
Возьмите с собой: паспорт, полис ОМС.
Натощак.
Не сможете прийти — позвоните +7 495 123-45-67:
талон отдадут другому пациенту.
Выдан 23.11.2026 09:41, Соколова А. П.
"""
    )


@WIDTHS
@pytest.mark.parametrize(
    "text",
    [
        "[red]Иванов[/]",
        "\x1b[31mИ\x9bв",
        "\u202eабв",
        "Г" * 300,
        "😀" * 40 + "❤\ufe0f" * 30,
        "李小龍" * 40,
        "",
        "А-" * 99,
    ],
)
def test_no_line_is_wider_than_the_paper(width: int, text: str) -> None:
    changed: dict[str, Any] = {name.name: text for name in fields(VIEW) if name.type == "str"}
    hostile = replace(VIEW, **{**changed, "code": CODE})
    hostile = replace(hostile, bring=(text, text), notes=(text,))
    for status in ("booked", "cancelled"):
        printed = text_ticket(replace(hostile, status=status), width)
        assert max(cell_len(line) for line in printed.splitlines()) <= width
        assert not set(printed) & set("\x1b\x9b\u202e\u00a0\r\t")
        assert "".join(text.split()).translate({0x1B: "\ufffd", 0x9B: "\ufffd", 0x202E: "\ufffd"}) in "".join(
            printed.split()
        )
        assert CODE in "".join(printed.split())


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=120), st.integers(20, 60))
def test_any_text_fits_any_width(text: str, width: int) -> None:
    printed = text_ticket(replace(VIEW, patient=text, room=text, doctor=text), width)
    assert max(cells(line) for line in printed.splitlines()) <= width
    assert printed.encode("utf-8")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="аб -\u00a0—😀", max_size=80), st.integers(2, 20))
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    lines = wrap(text, width, cells)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(cells(line) <= width for line in lines)


def test_a_long_word_parts_at_its_hyphen() -> None:
    assert wrap("Салтыкова-Щедрина Анна", 12, cells) == ["Салтыкова-", "Щедрина Анна"]
    assert wrap("Анна Салтыкова-Щедрина", 17, cells) == ["Анна", "Салтыкова-Щедрина"]


@pytest.mark.parametrize("status", ["cancelled", "moved", "entered-in-error", "noshow", "fulfilled"])
@WIDTHS
def test_a_void_ticket_says_so(status: str, width: int) -> None:
    text = text_ticket(replace(VIEW, status=status), width)
    assert "*** " in text
    assert "(по этому талону не принимают)" in text
    assert "Придите" not in text


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 24), "вторник, 24\u00a0ноября 2026"),
        (date(2024, 2, 29), "четверг, 29\u00a0февраля 2024"),
        (date(2027, 5, 2), "воскресенье, 2\u00a0мая 2027"),
    ],
)
def test_dates_are_russian(day: date, words: str) -> None:
    assert long_date(day) == words


def test_every_day_and_month_has_its_word() -> None:
    said = {long_date(date(2026, 1, 1) + timedelta(days=number)) for number in range(365)}
    assert len(said) == 365
    assert len({words.split(",")[0] for words in said}) == 7
    assert len({words.split("\u00a0")[1] for words in said}) == 12


@pytest.mark.parametrize(
    ("text", "glued"),
    [
        ("Талон № 0412", "Талон №_0412"),
        ("Орлова Н. В.", "Орлова_Н._В."),
        ("Н. В. Орлова", "Н._В._Орлова"),
        ("телефон +7 495 123-45-67 днём", "телефон +7_495_123-45-67 днём"),
        ("8 (495) 123 45 67", "8_(495)_123_45_67"),
        ("каб. 214, 2 этаж", "каб._214, 2_этаж"),
        ("ул. Лесная, д. 5", "ул._Лесная, д._5"),
        ("Иванов Иван Петрович", "Иванов Иван Петрович"),
    ],
)
def test_a_line_does_not_end_in_these_places(text: str, glued: str) -> None:
    assert glue(text).replace("\u00a0", "_") == glued


def test_rooms_and_floors_are_named_once() -> None:
    for room in ("214", "каб. 214", "Каб 214", "кабинет № 214", "кабинет 214"):
        assert "КАБИНЕТ 214" in text_ticket(replace(VIEW, room=room))
    assert "КАБИНЕТ —" in text_ticket(replace(VIEW, room=" "))
    assert "2-й этаж" in text_ticket(replace(VIEW, floor="2-й этаж"))
    assert "этаж" not in text_ticket(replace(VIEW, floor=""))


def test_the_heading_names_nobody() -> None:
    assert title(VIEW) == "Талон №\u00a00412"


def test_empty_fields_leave_no_empty_lines_of_labels() -> None:
    bare = replace(
        VIEW, clinic_phone="", service="", minutes=0, bring=(), notes=(), issued_by="", branch="", floor=""
    )
    blocks = ticket_blocks(bare)
    assert not [block for block in blocks if isinstance(block, Field) and block.label == "Услуга"]
    assert all(block.text for block in blocks if isinstance(block, Words))
    assert "сообщите в регистратуру" in text_ticket(bare)
    assert "собой" not in text_ticket(bare)
    assert [block.digits for block in blocks if isinstance(block, Code)] == [CODE]


def test_an_instant_with_a_zone_is_not_passed_off_as_local_time() -> None:
    assert "09:41 UTC" in text_ticket(replace(VIEW, issued_at=datetime(2026, 11, 23, 9, 41, tzinfo=UTC)))


def test_a_huge_name_is_set_in_good_time() -> None:
    text = text_ticket(replace(VIEW, patient="Иванов-" * 20_000), 48)
    assert text.count("Иванов") == 20_000
