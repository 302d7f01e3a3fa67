"""The desk's themes: contrast of what is really painted, by WCAG 2.2 AA."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.containers import Horizontal
from textual.widgets import (
    Button,
    Checkbox,
    DataTable,
    Footer,
    Header,
    Input,
    OptionList,
    Static,
    TextArea,
)
from textual.widgets.option_list import Option

from registrar_tui.app.themes import DEFAULT_THEME, THEMES, register_themes
from registrar_tui.services.dto import GridColumn, SlotCell, SlotGrid, SlotMark
from registrar_tui.widgets.slot_grid import SlotGridView

NAMES = [theme.name for theme in THEMES]
TEXT, GREY = 4.5, 3.0
EIGHT = datetime(2026, 11, 24, 8)


def all_marks() -> SlotGrid:
    """A grid with every mark, bookable and not."""
    cells = tuple(
        SlotCell(index, EIGHT + timedelta(minutes=15 * index), 15, mark, f"{mark} {able}", able)
        for index, (mark, able) in enumerate((mark, able) for mark in SlotMark for able in (True, False))
    )
    columns = (
        GridColumn(1, EIGHT.date(), "Орлова Н. В.", "каб. 214", cells),
        GridColumn(2, date(2026, 11, 25), "Зайцев П. П.", "каб. 216", cells[:3]),
    )
    return SlotGrid("вт", EIGHT.date(), columns, 1, 0, None)


class Everything(App[None]):
    """One of each widget the desk is built of."""

    BINDINGS = [("f3", "bell", "записать")]  # noqa: RUF012
    CSS = """
    .muted { color: $text-muted; }  .disabled { color: $text-disabled; }
    .warning { color: $text-warning; }  .error { color: $text-error; }
    .success { color: $text-success; }  .accent { color: $text-accent; }
    .panel { background: $panel; }  .surface { background: $surface; }
    OptionList, DataTable { height: 4; }  SlotGridView { height: 22; }  TextArea { height: 3; }
    """

    def __init__(self, theme: str, focused: str) -> None:
        super().__init__()
        self.chosen, self.first = theme, focused

    def compose(self) -> ComposeResult:
        yield Header()
        for ground in ("", "panel", "surface"):
            with Horizontal(classes="auto"):
                for kind in ("", "muted", "disabled", "warning", "error", "success", "accent"):
                    yield Static(f"{kind or 'text'} on {ground}", classes=f"{kind} {ground}")
        yield SlotGridView(id="grid")
        yield Input("Иванов", id="filled")
        yield Input(placeholder="фамилия, СНИЛС, телефон", id="empty")
        yield OptionList("терапевт", Option("кардиолог", disabled=True), "невролог", id="options")
        yield DataTable(id="table", cursor_type="row")
        yield Checkbox("согласие", value=True, id="box")
        yield TextArea("заметка", id="area")
        with Horizontal():
            for variant in ("default", "primary", "success", "warning", "error"):
                yield Button(f"кнопка {variant}", variant=variant, id=f"button-{variant}")
        yield Footer()

    def on_mount(self) -> None:
        register_themes(self, self.chosen)
        for horizontal in self.query(Horizontal):
            horizontal.styles.height = "auto"
        for static in self.query(Static):
            static.styles.width = "auto"
        table = self.query_one(DataTable)
        table.add_columns("Пациент", "Полис")
        table.add_rows([("Иванов", "7758"), ("Петрова", "7747")])
        self.query_one(SlotGridView).show(all_marks())
        self.query_one(f"#{self.first}").focus()


def luminance(color: Color) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [part / 255 for part in color.rgb]
    red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(style: Style) -> float:
    assert style.color is not None
    assert style.bgcolor is not None
    light, dark = sorted(
        (luminance(Color.from_rich_color(style.color)), luminance(Color.from_rich_color(style.bgcolor))),
        reverse=True,
    )
    return (light + 0.05) / (dark + 0.05)


def painted(app: App[None]) -> Iterator[Segment]:
    """All text on the screen as the terminal gets it."""
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            if segment.style is not None and any(letter.isalnum() for letter in segment.text):
                yield segment


def is_grey(segment: Segment, app: App[None]) -> bool:
    """Tell whether the text may be of 3:1: what cannot be used now (WCAG excepts inactive components)."""
    disabled = Color.parse(app.theme_variables["text-disabled"])
    assert segment.style is not None
    return segment.style.color is not None and Color.from_rich_color(segment.style.color) == disabled


@pytest.mark.parametrize(
    "focused", ["grid", "filled", "empty", "options", "table", "box", "area", "button-primary"]
)
@pytest.mark.parametrize("theme", NAMES)
async def test_all_text_has_the_contrast_of_wcag_aa(theme: str, focused: str) -> None:
    app = Everything(theme, focused)
    async with app.run_test(size=(150, 75)) as pilot:
        await pilot.pause()
        assert app.focused is app.query_one(f"#{focused}")
        found = list(painted(app))
        assert len(found) > 60
        weak = [
            (segment.text.strip(), round(contrast(segment.style), 2))
            for segment in found
            if segment.style and contrast(segment.style) < (GREY if is_grey(segment, app) else TEXT)
        ]
        assert weak == []


@pytest.mark.parametrize("theme", NAMES)
async def test_the_grid_has_contrast_in_every_mark_and_only_what_cannot_be_taken_is_pale(theme: str) -> None:
    app = Everything(theme, "grid")
    async with app.run_test(size=(150, 75)) as pilot:
        grid = app.query_one(SlotGridView)
        pale = set()
        for _ in range(len(all_marks().columns[0].cells)):
            await pilot.press("down")
            for y in range(grid.size.height):
                for segment in grid.render_line(y):
                    if segment.text.strip() and segment.style:
                        assert contrast(segment.style) >= GREY
                        if contrast(segment.style) < TEXT:
                            pale.add(segment.text.split()[0])
        assert pale <= {"×", "■", "│", "▐"}, "what is taken, closed or past, and the scroll thumb"


@pytest.mark.parametrize("theme", NAMES)
async def test_what_cannot_be_taken_is_greyer_than_what_can(theme: str) -> None:
    app = Everything(theme, "grid")
    async with app.run_test(size=(150, 75)):
        grid = app.query_one(SlotGridView)

        def strength(component: str) -> float:
            return contrast(grid.get_component_rich_style(f"slot-grid--{component}"))

        assert strength("free") > strength("busy") >= strength("closed")
        assert strength("free") > strength("unsuitable")
        assert strength("past") == strength("closed")


async def test_another_theme_redraws_the_grid() -> None:
    app = Everything(NAMES[0], "grid")
    async with app.run_test(size=(150, 75)) as pilot:
        before = app.query_one(SlotGridView).render_line(2)
        app.theme = NAMES[1]
        await pilot.pause()
        after = app.query_one(SlotGridView).render_line(2)
        assert before.text == after.text
        assert [segment.style for segment in before] != [segment.style for segment in after]


def test_the_themes_have_one_accent() -> None:
    for theme in THEMES:
        assert theme.primary == theme.secondary == theme.accent == theme.success
        assert len({theme.accent, theme.warning, theme.error, theme.foreground}) == 4


@pytest.mark.parametrize(("asked", "given"), [*((name, name) for name in NAMES), ("no-such", DEFAULT_THEME)])
async def test_a_theme_is_chosen_by_name_and_an_unknown_one_is_the_default(asked: str, given: str) -> None:
    app: App[None] = App()
    async with app.run_test():
        register_themes(app, asked)
        assert app.theme == given
        assert set(NAMES) <= set(app.available_themes)
