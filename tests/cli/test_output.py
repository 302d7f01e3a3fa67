"""One place writes: UTF-8, plain text, tables for people and for pipes."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable

import pytest

from registrar_tui.cli.output import Output, json_line, tab_separated

HOSTILE = 'a"\\ \x00\x1b[31m\x7f\x9b2J\xad\u200b\u202e\u2028\ufeff\U000e0041\ud800 [red]ё—№😀'


def test_json_is_one_printable_line_that_reads_back_the_same() -> None:
    line = json_line({"имя": HOSTILE, "n": None})
    assert line.endswith("}\n")
    assert line.rstrip("\n").isprintable()
    assert "ё—№😀" in line
    assert json.loads(line) == {"имя": HOSTILE, "n": None}


def test_json_is_compact() -> None:
    assert json_line([{"a": 1, "b": [True, None]}]) == '[{"a":1,"b":[true,null]}]\n'


def test_tab_separated_pads_all_but_the_last() -> None:
    assert tab_separated([["a", "bb", "c"], ["aaa", "b", ""]]) == "a  \tbb\tc\naaa\tb \t\n"


class Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="ascii")

    def isatty(self) -> bool:
        return True

    def text(self) -> str:
        self.flush()
        buffer = self.buffer
        assert isinstance(buffer, io.BytesIO)
        return buffer.getvalue().decode("utf-8")


@pytest.fixture
def stdout(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Terminal]:
    """Put a terminal in the place of stdout; called by the test, since the capture comes back before it."""

    def replace() -> Terminal:
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        return terminal

    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    return replace


def test_terminal_gets_columns_and_no_markup(stdout: Callable[[], Terminal]) -> None:
    terminal = stdout()
    Output().table([{}], ("Номер", "Пациент"), [("7", "[red]Иван[/red] :smile: \x1b[2J\nПётр")])
    text = terminal.text()
    assert "[red]Иван[/red] :smile: �[2J Пётр" in text
    assert re.sub(r"\x1b\[[01]m", "", text).splitlines()[0].split() == ["Номер", "Пациент"]
    assert "\t" not in text
    assert "\x1b[2J" not in text


def test_terminal_keeps_every_character_of_a_long_name(stdout: Callable[[], Terminal]) -> None:
    terminal = stdout()
    name = "Ж" * 300
    Output().table([{}], ("Номер", "Пациент"), [("7", name)])
    assert terminal.text().count("Ж") == 300


def test_json_on_a_terminal_is_still_json(stdout: Callable[[], Terminal]) -> None:
    terminal = stdout()
    Output(as_json=True).table([{"a": 1}], ("A",), [("1",)])
    assert terminal.text() == '[{"a":1}]\n'


def test_lines_for_people_are_single_lines(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    output.answer({}, "одна\nстрока\x1b[0m")
    output.narrate("и\nздесь")
    captured = capsys.readouterr()
    assert captured.out == "одна строка�[0m\n"
    assert captured.err == "и здесь\n"


def test_quiet_silences_narration_only(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output(quiet=True)
    output.narrate("пояснение")
    output.complain("ошибка")
    assert capsys.readouterr().err == "ошибка\n"


def test_closed_streams_are_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    output = Output()
    output.answer({}, "никому")
    output.raw(b"x")
    output.complain("никому")
    output.flush()
    assert not output.to_terminal
    assert not output.shows_progress
