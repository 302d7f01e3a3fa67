"""One line to type or scan into; it takes text at once and asks nothing itself."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input

MAX_TEXT = 300


class SearchLine(Input):
    """A borderless input that takes a scan as a whole, typed or pasted.

    Enter is the pane's, so that it is never handled before the letters typed ahead of it.
    """

    BINDINGS: ClassVar[list[BindingType]] = []
    # Input's own lays out the whole screen at every key, though the line stays where it is.
    virtual_size = Reactive(Size(0, 0), layout=False)
    DEFAULT_CSS = """
    SearchLine {
        height: 1;
        border: none;
        padding: 0;
        background: $background;
        &:focus { border: none; background-tint: $foreground 0%; }
    }
    """

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(
            placeholder=placeholder, id=id, max_length=MAX_TEXT, compact=True, select_on_focus=False
        )

    def type_in(self, text: str) -> None:
        """Put text where the cursor is, over what is selected, as typing would; what has no room is cut."""
        start, end = sorted(self.selection)
        self.replace(text[: MAX_TEXT - len(self.value) + end - start], start, end)

    def _on_paste(self, event: events.Paste) -> None:
        # Input keeps only the first line; a scan of several lines is one code.
        self.type_in(" ".join(event.text.split()))
        event.stop()
        event.prevent_default()
