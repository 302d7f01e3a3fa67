"""The ticket's QR on the screen: half blocks, black on white whatever the theme is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

# Both colours are set and the glyphs carry the picture, so it survives dark themes and NO_COLOR alike.
INK = Style(color="#000000", bgcolor="#ffffff")
# Two light modules around are enough on a screen: read back from a terminal picture.
QUIET = 2
_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_TOO_SMALL = "QR не помещается: увеличьте окно"


class QrView(Widget):
    """Draws a matrix of modules, one cell wide and half a cell high each; empty until `show`."""

    DEFAULT_CSS: ClassVar[str] = """
    QrView { width: auto; height: auto; max-width: 100%; max-height: 100%; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._lines: tuple[str, ...] = ()

    def show(self, modules: Sequence[Sequence[bool]]) -> None:
        """Draw a square matrix, rows top to bottom, true is dark, without quiet zone; an empty one clears."""
        self._lines = tuple(_half_blocks(modules)) if modules else ()
        self.refresh(layout=True)

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002 - Textual's signature
        """Return the width in cells."""
        return len(self._lines[0]) if self._lines else 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - as above
        """Return the height in cells."""
        return len(self._lines)

    def render_line(self, y: int) -> Strip:
        """Return one line of the symbol; where it would be cut and so unreadable, words instead."""
        width, height = self.size
        if not self._lines or y >= len(self._lines):
            return Strip.blank(width)
        if width < len(self._lines[0]) or height < len(self._lines):
            text = _TOO_SMALL[y * width : (y + 1) * width]
            return Strip([Segment(text, INK)], len(text)).adjust_cell_length(width, INK)
        line = self._lines[y]
        return Strip([Segment(line, INK)], len(line)).adjust_cell_length(width)


def _half_blocks(modules: Sequence[Sequence[bool]]) -> list[str]:
    side = len(modules) + 2 * QUIET
    blank = (False,) * side
    frame = (False,) * QUIET
    rows = [blank] * QUIET + [(*frame, *map(bool, row), *frame) for row in modules] + [blank] * (QUIET + 1)
    return [
        "".join(_BLOCKS[pair] for pair in zip(rows[line], rows[line + 1], strict=True))
        for line in range(0, side, 2)
    ]
