"""What the slot grid draws: states, scroll, hostile text in exact cells, and how few lines it repaints."""

from __future__ import annotations

from dataclasses import replace

import pyte
import pytest
from rich.cells import cell_len

from registrar_tui.services.dto import SlotGrid, SlotMark
from registrar_tui.widgets.grid_drawing import GLYPHS
from registrar_tui.widgets.slot_grid import NO_SLOTS
from tests.tui.grid_clinic import Desk, Painted, PaintingDriver, cell, column, grid, lines, open_desk


@pytest.mark.parametrize("key", ["down", "up"])
async def test_a_vertical_movement_repaints_two_lines(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_desk() as (app, pilot):
        painted = Painted(app.slots, monkeypatch)
        await pilot.press(key)
        await pilot.pause()
        assert len(painted.lines) == 2, "the row left and the row entered"
        texts = [app.slots.render_line(y).text for y in tuple(painted.lines)]
        assert sum("[" in text for text in texts) == 1


async def test_the_header_stays_and_the_rows_scroll_by_a_third_of_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_desk(grid(column(1, 15, "f" * 60))) as (app, pilot):
        await pilot.press(*["down"] * 18)
        assert app.slots.scroll_offset.y == 0
        painted = Painted(app.slots, monkeypatch)
        await pilot.press("down")
        await pilot.pause()
        assert app.slots.scroll_offset.y == 6
        assert sorted(set(painted.lines)) == list(range(22))
        header, subtitle, first, *_ = lines(app.slots)
        assert "Зайцев П. П." in header
        assert "каб. 201 · 15 мин" in subtitle
        assert first.startswith(" 09:30")
        assert any("[· 12:45" in text for text in lines(app.slots))


async def test_more_doctors_than_fit_scroll_by_whole_columns_under_a_fixed_gutter() -> None:
    many = grid(*(column(number, 15, "fb") for number in range(1, 21)))
    async with open_desk(many) as (app, pilot):
        assert lines(app.slots)[0].startswith(" 1–4›  ")
        assert lines(app.slots)[1].startswith(" из 20 ")
        await pilot.press(*["right"] * 4)
        header, subtitle, first, *_ = lines(app.slots)
        assert header.startswith("‹2–5›  ")
        assert [part for part in subtitle.split() if part.isdigit() and len(part) == 3] == [
            "202",
            "203",
            "204",
            "205",
        ]
        assert first.startswith(" 08:00 ")
        assert first.count("08:00") == 5
        await pilot.press(*["right"] * 20)
        assert lines(app.slots)[0].startswith("‹17–20 ")
        assert app.at == 2000


async def test_a_resize_spreads_the_columns_and_keeps_the_cursor_in_sight() -> None:
    many = grid(*(column(number, 5, "f" * 40) for number in range(1, 9)))
    async with open_desk(many, size=(200, 60)) as (app, pilot):
        app.slots.go_to(838)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert sum("[" in text for text in lines(app.slots)) == 1
        await pilot.resize_terminal(8, 4)
        await pilot.pause()
        assert len(lines(app.slots)) == 2


@pytest.mark.parametrize("mark", SlotMark)
async def test_every_mark_has_a_glyph_its_own_start_and_a_style(mark: SlotMark) -> None:
    marked = replace(column(1, 15, ""), cells=(cell(9, 0, 15, SlotMark.FREE), cell(1, 16, 15, mark, "Ли")))
    async with open_desk(grid(marked)) as (app, _):
        text = f"{GLYPHS[mark]} 08:16 Ли"
        assert any(text in line for line in lines(app.slots))
        style = app.slots.get_component_rich_style(f"slot-grid--{mark}")
        assert style.color is not None
        assert style.bgcolor is not None


async def test_the_cursor_is_seen_without_colour() -> None:
    async with open_desk() as (app, pilot):
        for key in ("up", "down"):
            await pilot.press(key)
            drawn = [app.slots.render_line(y) for y in range(22)]
            reversed_ = [
                segment for strip in drawn for segment in strip if segment.style and segment.style.reverse
            ]
            assert [segment.text[0] + segment.text[-1] for segment in reversed_] == ["[]"]


async def test_a_long_slot_reaches_down_over_its_rows() -> None:
    async with open_desk() as (app, _):
        # 15-minute rows; the third doctor's slots are 30 minutes long.
        drawn = [text[7 + 2 * 24 :].rstrip() for text in lines(app.slots)[2:8]]
        assert drawn == [" ● 08:00", " │", " × 08:30", " │", " · 09:00", " │"]


@pytest.mark.parametrize("shown", [grid(), grid(column(1, 15, ""))])
async def test_a_day_without_slots_is_one_calm_line(shown: SlotGrid) -> None:
    async with open_desk(shown) as (app, pilot):
        await pilot.press("down", "right", "enter", "space", "tab", "home", "ctrl+up")
        assert app.said == [("highlighted", None)]
        assert [text.strip() for text in lines(app.slots)[2:] if text.strip()] == [NO_SLOTS]
        assert app.slots.cursor_cell is None
        assert app.slots.cursor_column is None


async def test_before_the_first_answer_the_grid_is_blank() -> None:
    async with open_desk(None) as (app, pilot):
        await pilot.press("down", "enter")
        assert {text.strip() for text in lines(app.slots)} == {""}
        assert app.said == []


HOSTILE = [
    "[red]Петров[/red]",
    "[link=file:///etc/passwd]x",
    "\x1b[2J\x1b]0;owned\x07",
    "\x9b31mИванов",
    "مريم \u202eвонавИ\u202c",
    "Ж" * 300,
    "李小龍" * 20,
    "李",
    "é́́́́́" * 10,
    "a\nb\tc\rd\x00e",
    "\u200b\u2066\ufeff\U000e0041",
    "$text-error",
    "\\[bold]",
]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
@pytest.mark.parametrize("width", [80, 83])
async def test_foreign_text_is_only_text_and_keeps_the_cells(name: str, width: int) -> None:
    column_ = replace(column(1, 15, "bf", labels=name), title=name, subtitle=name)
    plain_ = column(2, 15, "ff")
    async with open_desk(grid(column_, plain_, first_suitable=200), size=(width, 24)) as (app, pilot):
        await pilot.press("left")
        drawn = lines(app.slots)
        edge = 7 + 26
        for text, follows in zip(drawn, (" Ким", " каб.", " · 08:00", " · 08:15"), strict=False):
            rest = text[_index_at(text, edge) :]
            assert rest.startswith(follows), "the next column starts where it should"
            assert text.isprintable()
        assert drawn[2].count("08:00") == 3
        safe = "".join(letter for letter in name if letter.isprintable())[:6]
        if safe and "\x1b" not in name and name.isprintable():
            assert safe in drawn[2]
        drawn_styles = {str(segment.style.color) for segment in app.slots.render_line(2) if segment.style}
        assert len(drawn_styles) <= 3, "no colour came out of a name"


def _index_at(text: str, cells: int) -> int:
    """The index of the character that starts at a cell."""
    return next(index for index in range(len(text) + 1) if cell_len(text[:index]) >= cells)


PICTURE = """\
наверху
        Зайцев П. П.            Ким Л. А.               Белова Т. С.
        каб. 201 · 14 мин       каб. 202 · 22 мин       каб. 203 · 30 мин
 08:00  ■ 08:00 Петрова         ~ 08:00 окно 3          × 08:00 этот
 08:10  ■ 08:14 Петрова         │                       │
 08:20 [· 08:28 Петрова       ] · 08:22 окно 3          │
 08:30  │                       │                       ● 08:30 этот
 08:40  ■ 08:42 Петрова         × 08:44 окно 3          │
 08:50  ! 08:56 Петрова         │                       │
 09:00  │                       ■ 09:06 окно 3          · 09:00 этот
 09:10  · 09:10 Петрова         │                       │
 09:20  ■ 09:24 Петрова         · 09:28 окно 3          │
 09:30  ■ 09:38 Петрова         │                       ■ 09:30 этот
 09:40  │                       │                       │
 09:50  · 09:52 Петрова         ■ 09:50 окно 3          │
 10:00  · 10:06 Петрова         │                       · 10:00 этот







внизу
"""


async def test_what_stands_on_a_terminal_of_80_by_24() -> None:
    """A picture that was looked at: the desk's smallest terminal, odd schedules side by side."""
    day = grid(
        column(1, 14, "bbfbrfbbff", labels="Петрова"),
        column(2, 22, "hfcbfb", labels="окно 3"),
        column(3, 30, "pofbf", labels="этот"),
        first_suitable=102,
    )
    app = Desk(day)
    async with app.run_test(size=(80, 24), headless=False) as pilot:
        await pilot.press("down", "up")
        await pilot.pause()
        driver = app._driver
        assert isinstance(driver, PaintingDriver)
        screen = pyte.Screen(80, 24)
        stream = pyte.Stream(screen)
        for data in driver.painted:
            stream.feed(data.replace("\x1b[>25u", ""))
    assert [line.rstrip() for line in screen.display] == PICTURE.splitlines()
    reversed_ = {(x, y) for y, row in screen.buffer.items() for x, spot in row.items() if spot.reverse}
    assert {y for _, y in reversed_} == {5}
    assert [screen.buffer[5][x].data for x in sorted(x for x, _ in reversed_)] == list(
        "[· 08:28 Петрова       ]"
    )
