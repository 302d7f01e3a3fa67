"""Все действия (Ctrl+P): every command by its Russian name; Enter obeys it where the registrar was."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from registrar_tui.app import keymap
from registrar_tui.app.layout_keys import latin_twin
from registrar_tui.app.shortcut import PLACE_TITLES, Shortcut
from registrar_tui.screens.pane import Command, Pane, command
from registrar_tui.screens.words import sentence_case
from registrar_tui.widgets.row_list import Column, Row, RowList
from registrar_tui.widgets.search_line import SearchLine
from registrar_tui.widgets.status_line import SplitLine

_SIGNS: Final = {"[": "х", "]": "ъ", ";": "ж", "'": "э", ",": "б", ".": "ю", "`": "ё"}
_TYPED_LATIN: Final = str.maketrans(
    {
        **_SIGNS,
        **{
            twin.removeprefix("ctrl+"): letter
            for letter in "йцукенгшщзфывапролдячсмить"
            if (twin := latin_twin(f"ctrl+{letter}")) is not None
        },
    }
)


class PalettePane(Pane):
    """Letters narrow the list, in either layout; what cannot be done now stays grey below."""

    NAME = "palette"
    ASIDE = True

    def __init__(self) -> None:
        super().__init__()
        self.head = SplitLine(id="palette-head")
        self.line = SearchLine("название действия", id="palette-line")
        self.actions = RowList(
            (Column("Действие", 30, 60), Column("Клавиша", 9, 12), Column("Где", 20, 24, rank=1)),
            id="palette-rows",
        )
        self._place = "search"
        self._available: Collection[str] = ()
        self._shown_for = ""

    def compose(self) -> ComposeResult:
        """Lay out the heading, the line and the actions."""
        yield self.head
        with Horizontal(classes="ask"):
            yield self.line
        yield self.actions

    def commands(self) -> Mapping[str, Command]:
        """Movement and obeying the row under the cursor."""
        return {
            "palette.run": self.press_run,
            "list.up": command(self.actions.step, -1),
            "list.down": command(self.actions.step, 1),
            "list.page_up": command(self.actions.page, -1),
            "list.page_down": command(self.actions.page, 1),
        }

    def focus_target(self) -> Widget:
        """The line takes the keys."""
        return self.line

    def renew(self) -> None:
        """Take note of where the registrar is and what can be done there."""
        current = self.desk.current
        self._place = "search" if current is None else current.place
        self._available = self.desk.commands().keys()
        self.line.value = ""
        self.head.show(Content.assemble(("Все действия", "bold")))
        self._show()

    async def press_run(self) -> None:
        """Enter: go back and obey."""
        if self.line.value != self._shown_for:
            self._show()
        row = self.actions.current
        if row is None:
            return
        name = str(row.key)
        if not self._possible(name):
            where = ", ".join(PLACE_TITLES[place] for place in keymap.places_of(name))
            self.desk.announce(f"Сейчас это действие недоступно. Где оно есть: {where}.", "warn")
            return
        await self.desk.back()
        await self.desk.action_command(name)

    @on(Input.Changed)
    def _line_changed(self, message: Input.Changed) -> None:
        message.stop()
        self._show()

    def _possible(self, name: str) -> bool:
        return name in self._available and keymap.stands_in(name, self._place)

    def _show(self) -> None:
        self._shown_for = self.line.value
        typed = self._shown_for.casefold().strip()
        wanted = {text.replace("ё", "е") for text in (typed, typed.translate(_TYPED_LATIN))}
        found = [row for row in keymap.palette_rows() if any(_matches(row, text) for text in wanted)]
        # Without a key to be learned, a row is only worth its line where it can be obeyed.
        found = [row for row in found if row.keys or self._possible(row.id)]
        found.sort(key=lambda row: not self._possible(row.id))
        self.actions.show([self._row(row) for row in found])

    def _row(self, row: Shortcut) -> Row:
        possible = self._possible(row.id)
        where = "" if possible else PLACE_TITLES[row.places[0]]
        return Row(row.id, (sentence_case(row.text), row.label, where), "" if possible else "muted")


def _matches(row: Shortcut, typed: str) -> bool:
    words = f"{row.text} {row.short} {row.label}".casefold().replace("ё", "е")
    return all(part in words for part in typed.split())
