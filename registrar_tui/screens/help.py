"""Справка (F1): the keys of the place the registrar came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from registrar_tui.screens.pane import Command, Pane, command
from registrar_tui.widgets.row_list import fit
from registrar_tui.widgets.status_line import SplitLine

_KEY_CELLS = 16


class HelpPane(Pane, can_focus=True):
    """A list of keys in words; Esc goes back to where it was asked."""

    NAME = "help"
    DEFAULT_CSS = "#help-lines { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }"
    ASIDE = True

    def __init__(self) -> None:
        super().__init__()
        self.head = SplitLine(id="help-head", classes="ruled")
        self.scroll = VerticalScroll(id="help-lines", can_focus=False)
        self.told = Static(markup=False, id="help-text")

    def compose(self) -> ComposeResult:
        """Lay out the heading and the lines."""
        yield self.head
        with self.scroll:
            yield self.told

    def commands(self) -> Mapping[str, Command]:
        """Scrolling."""
        lines = self.scroll
        return {
            "list.up": command(lines.scroll_relative, None, -1, animate=False),
            "list.down": command(lines.scroll_relative, None, 1, animate=False),
            "list.page_up": command(lines.scroll_page_up, animate=False),
            "list.page_down": command(lines.scroll_page_down, animate=False),
        }

    def open(self, title: str, sections: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> None:
        """Show sections of (key, what it does)."""
        self.head.show(Content.assemble((f"Справка: {title}", "bold")))
        lines: list[Content] = []
        for name, keys in sections:
            lines.append(Content.assemble((name, "$foreground-muted")))
            lines += [
                Content.assemble(("  " + fit(key, _KEY_CELLS), "bold $text-accent"), text)
                for key, text in keys
            ]
            lines.append(Content(""))
        self.told.update(Content("\n").join(lines[:-1]))
        self.scroll.scroll_home(animate=False)
