"""Terms with their texts, one under another; a long text goes on under itself, not under its term."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from textual.app import RenderResult
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from registrar_tui.plain import plain
from registrar_tui.widgets.row_list import fit

_GAP: Final = 2
_LEAST_TEXT: Final = 12


@dataclass(frozen=True, slots=True)
class Term:
    """One line: an empty title makes the text begin at the left edge."""

    title: str
    text: Content


class TermList(Widget):
    """Draw terms in a column as wide as the longest of them."""

    DEFAULT_CSS = "TermList { height: auto; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._terms: tuple[Term, ...] = ()

    def show(self, terms: Sequence[Term]) -> None:
        """Draw terms; none of them is markup."""
        self._terms = tuple(terms)
        self.refresh(layout=True)

    def render(self) -> RenderResult:
        """Draw the lines for the width there is."""
        return Content("\n").join(self._lines(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return how many lines the terms take."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        column = max((cell_len(plain(term.title)) for term in self._terms), default=0) + _GAP
        lines: list[Content] = []
        for term in self._terms:
            indent = column if term.title else 0
            wrapped = term.text.wrap(max(width - indent, _LEAST_TEXT)) or [Content("")]
            first = Content.assemble((fit(term.title, indent), "$foreground-muted"), wrapped[0])
            lines += [first, *(Content.assemble(" " * indent, line) for line in wrapped[1:])]
        return lines
