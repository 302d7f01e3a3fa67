"""The paper a ticket is printed on: sizes in points, the module of the QR in whole printer dots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MM: Final = 72 / 25.4
# A whole number of dots a module at 300 and 600 dpi (office printers), at 203 dpi (receipt printers).
_DOT_300: Final = 72 / 300
_DOT_203: Final = 72 / 203
# A PDF page may not be longer than 200 inches (ISO 32000-1, annex C); rolls stop well before it.
_LONGEST_ROLL: Final = 1000 * MM

PdfForm = Literal["a6", "a5", "a4", "80mm", "58mm"]


@dataclass(frozen=True, slots=True)
class Form:
    """One paper: the ticket's place on it and how large its parts are.

    `height` is that of the place; on a roll it is the longest page and the page is cut to its content.
    """

    width: float
    height: float
    margin_x: float
    margin_y: float
    scale: float
    """Of all type, against the A6 ticket."""
    dot: float
    module_dots: int
    label_column: float
    """Width of the names of fields; 0 puts a name above its value."""
    grey: float
    """Ink of the less important: 0 is black. Receipt printers have no grey."""
    rule: float
    """Ink of the dividers."""
    roll: bool = False
    columns: int = 1
    rows: int = 1

    @property
    def module(self) -> float:
        """Return the side of a QR module in points."""
        return self.module_dots * self.dot

    @property
    def text_width(self) -> float:
        """Return the width between the margins."""
        return self.width - 2 * self.margin_x

    @property
    def text_height(self) -> float:
        """Return the height between the margins."""
        return self.height - 2 * self.margin_y

    def snapped(self, length: float) -> float:
        """Return the length rounded to whole printer dots."""
        return round(length / self.dot) * self.dot


def _dots(millimetres: float, dot: float) -> float:
    # At most 0.06 mm off the standard; else a renderer itself stretches the page to whole dots.
    return round(millimetres * MM / dot) * dot


def _paper(width_mm: float, height_mm: float, scale: float, module_dots: int, *, sheet: int = 1) -> Form:
    return Form(
        width=_dots(width_mm, _DOT_300),
        height=_dots(height_mm, _DOT_300),
        margin_x=9 * MM * scale,
        margin_y=8 * MM * scale,
        scale=scale,
        dot=_DOT_300,
        module_dots=module_dots,
        label_column=17 * MM * scale,
        grey=0.38,
        rule=0.7,
        columns=sheet,
        rows=sheet,
    )


def _roll(width_mm: float, text_mm: float, module_dots: int, label_mm: float, scale: float) -> Form:
    return Form(
        width=_dots(width_mm, _DOT_203),
        height=_LONGEST_ROLL,
        margin_x=(width_mm - text_mm) / 2 * MM,
        margin_y=3 * MM,
        scale=scale,
        dot=_DOT_203,
        module_dots=module_dots,
        label_column=label_mm * MM,
        grey=0,
        rule=0,
        roll=True,
    )


FORMS: Final[dict[PdfForm, Form]] = {
    "a6": _paper(105, 148, 1.0, 14),
    "a5": _paper(148, 210, 1.4, 20),
    "a4": _paper(105, 148.5, 1.0, 14, sheet=2),
    # 72 mm can be printed; a little less, so that the quiet zone of the QR lies in the margin.
    "80mm": _roll(80, 69.6, 10, 16, 0.97),
    "58mm": _roll(58, 48, 8, 0, 0.92),
}
