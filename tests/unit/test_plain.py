"""Foreign text commands neither the terminal nor the reader's eye (CWE-150)."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_tui.plain import REPLACEMENT, plain

HOSTILE = [
    *range(0x00, 0x09),
    0x0B,
    0x0C,
    *range(0x0E, 0x20),
    *range(0x7F, 0xA0),
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    *range(0x2060, 0x206A),
    0xFEFF,
    0xD800,
    0xDFFF,
    *range(0xE0000, 0xE0080),
]


@pytest.mark.parametrize("code", HOSTILE, ids=hex)
def test_every_commanding_or_invisible_character_is_replaced(code: int) -> None:
    assert plain(f"Ива{chr(code)}нов") == f"Ива{REPLACEMENT}нов"


@pytest.mark.parametrize("break_", ["\n", "\t", "\r"])
def test_breaks_and_tabs_become_spaces(break_: str) -> None:
    assert plain(f"Иванов{break_}Иван") == "Иванов Иван"


@pytest.mark.parametrize(
    "name",
    [
        "Иванов Иван Петрович",
        "О’Коннор-Ёлкина",
        "[red]Петров[/red]",
        "'; DROP TABLE patient; --",
        "李小龍",
        "",
    ],
)
def test_what_people_are_called_stays_as_it_is(name: str) -> None:
    assert plain(name) is name


def test_an_escape_sequence_is_left_as_harmless_letters() -> None:
    assert plain("\x1b[31mИванов\x1b[0m\x07") == "�[31mИванов�[0m�"


@given(st.text(st.characters()))
def test_no_control_survives_and_the_length_stays(text: str) -> None:
    shown = plain(text)
    assert len(shown) == len(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert plain(shown) == shown
    shown.encode()
