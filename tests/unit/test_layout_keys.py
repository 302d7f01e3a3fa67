"""Shortcuts under the Russian layout, from the bytes of a terminal to the action of a binding."""

from __future__ import annotations

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from registrar_tui.app.layout_keys import LayoutKeysMixin, latin_twin, translate

ROWS = {
    "йцукенгшщзхъ": "q w e r t y u i o p left_square_bracket right_square_bracket",
    "фывапролджэ": "a s d f g h j k l semicolon apostrophe",
    "ячсмитьбюё": "z x c v b n m comma full_stop grave_accent",
}
PAIRS = [pair for letters, keys in ROWS.items() for pair in zip(letters, keys.split(), strict=True)]


def keys_from(data: str) -> list[events.Key]:
    """Parse what a terminal sends the way Textual's drivers do."""
    parser = XTermParser()
    return [event for event in (*parser.feed(data), *parser.feed("")) if isinstance(event, events.Key)]


def test_all_letters_of_the_alphabet_have_a_place() -> None:
    assert {letter for letter, _ in PAIRS} == set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")
    assert len({key for _, key in PAIRS}) == 33


@pytest.mark.parametrize(("letter", "key"), PAIRS)
def test_a_letter_with_ctrl_or_alt_has_the_twin_of_its_place(letter: str, key: str) -> None:
    assert latin_twin(f"ctrl+{letter}") == f"ctrl+{key}"
    assert latin_twin(f"alt+{letter}") == f"alt+{key}"
    assert latin_twin(f"ctrl+shift+{letter}") == f"ctrl+shift+{key}"
    assert latin_twin(f"alt+{letter.upper()}") == f"alt+shift+{key}"


@pytest.mark.parametrize(
    "key",
    [
        "я",
        "Я",
        "shift+я",
        "ctrl+z",
        "ctrl+shift+z",
        "ctrl+é",
        "ctrl+і",
        "ctrl+f3",
        "f2",
        "ctrl+",
        "",
        "numero_sign",
    ],
)
def test_other_keys_have_no_twin(key: str) -> None:
    assert latin_twin(key) is None


@pytest.mark.parametrize(("letter", "key"), PAIRS)
def test_bytes_of_the_kitty_protocol(letter: str, key: str) -> None:
    (ctrl,) = keys_from(f"\x1b[{ord(letter)};5u")
    (ctrl_shift,) = keys_from(f"\x1b[{ord(letter)};6u")
    (caps_lock,) = keys_from(f"\x1b[{ord(letter)};69u")
    for event in (ctrl, ctrl_shift, caps_lock):
        translate(event)
    assert [ctrl.key, ctrl_shift.key, caps_lock.key] == [f"ctrl+{key}", f"ctrl+shift+{key}", f"ctrl+{key}"]


@pytest.mark.parametrize(("letter", "key"), PAIRS)
def test_the_twin_is_the_key_textual_knows(letter: str, key: str) -> None:
    """What the same place sends under the Latin layout."""
    latin = {
        "left_square_bracket": "[",
        "right_square_bracket": "]",
        "semicolon": ";",
        "apostrophe": "'",
        "comma": ",",
        "full_stop": ".",
        "grave_accent": "`",
    }.get(key, key)
    (event,) = keys_from(f"\x1b[{ord(latin)};5u")
    assert event.key == f"ctrl+{key}" == latin_twin(f"ctrl+{letter}")


def test_legacy_alt_letter() -> None:
    (event,) = keys_from("\x1bы")
    translate(event)
    assert event.key == "alt+s"


def test_typed_text_is_untouched() -> None:
    for data in ("я", "Я", f"\x1b[{ord('я')};;{ord('я')}u", f"\x1b[{ord('я')};2;{ord('Я')}u"):
        (event,) = keys_from(data)
        key, character = event.key, event.character
        translate(event)
        assert (event.key, event.character) == (key, character)


class Desk(LayoutKeysMixin, App[None]):
    BINDINGS = [Binding("ctrl+z", "undo", "Отменить", priority=True)]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.undone = 0

    def compose(self) -> ComposeResult:
        yield Input()

    def action_undo(self) -> None:
        self.undone += 1


async def test_the_bindings_of_the_app_and_of_an_input_hear_the_twin() -> None:
    app = Desk()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+я", "ctrl+z")
        assert app.undone == 2
        field = app.query_one(Input)
        field.value = "ива ив"
        field.cursor_position = 6
        await pilot.press("ctrl+ф", "п")
        assert field.value == "пива ив", "ctrl+ф is the Input's own ctrl+a (home); п is text"


async def test_without_the_mixin_nothing_happens() -> None:
    class Bare(App[None]):
        BINDINGS = Desk.BINDINGS
        undone = 0

        def action_undo(self) -> None:
            self.undone += 1

    app = Bare()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+я")
        assert app.undone == 0
