"""One field of a form: its name, a line to type into, and what is wrong with it under the line."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from registrar_tui.plain import plain
from registrar_tui.widgets.status_line import TONE_STYLES, Tone

LABEL_CELLS = 18


class Field(Vertical):
    """A labelled input; a refusal stands under the line that caused it and leaves the text as typed."""

    DEFAULT_CSS = f"""
    Field {{
        height: auto;
        & > Horizontal {{ height: 1; }}
        & Label {{ width: {LABEL_CELLS}; color: $foreground-muted; }}
        & Input {{
            width: 42;
            height: 1;
            border: none;
            border-left: vkey $foreground-disabled;
            padding: 0 1 0 0;
            background: $background;
        }}
        & Input:focus {{
            border-left: vkey $text-accent;
            background: $panel;
            background-tint: $foreground 0%;
        }}
        & .field--hint {{ width: auto; padding: 0 1; color: $foreground-muted; }}
        & .field--problem {{ display: none; height: auto; padding: 0 0 0 {LABEL_CELLS + 1}; }}
    }}
    """

    def __init__(self, name: str, title: str, hint: str = "") -> None:
        super().__init__(id=f"field-{name.replace('_', '-')}")
        self.field_name = name
        self.input = Input(compact=True, max_length=300, select_on_focus=False)
        self._title = title
        self._hint = hint
        self._problem = Static(markup=False, classes="field--problem")
        self.problem = ""

    def compose(self) -> ComposeResult:
        """Lay out the label, the line, the hint and the place for a problem."""
        with Horizontal():
            yield Label(self._title, markup=False)
            yield self.input
            yield Label(self._hint, markup=False, classes="field--hint")
        yield self._problem

    @property
    def value(self) -> str:
        """The text as typed."""
        return self.input.value

    @value.setter
    def value(self, text: str) -> None:
        self.input.value = text
        self.input.cursor_position = len(text)

    def tell(self, text: str, tone: Tone = "stop") -> None:
        """Say what is wrong under the line; empty text takes the line away."""
        self.problem = plain(text)
        self._problem.update(Content.assemble((self.problem, TONE_STYLES[tone])))
        self._problem.display = bool(text)
