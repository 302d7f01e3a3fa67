"""From blocks to pieces: everything is measured before a single mark is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from registrar_tui.printing.fonts import Faces
from registrar_tui.printing.forms import Form
from registrar_tui.printing.layout import Appointed, Block, Code, Divider, Field, Tone, Words
from registrar_tui.printing.marks import Bar, Mark, Piece, Run, Symbol, height_of, shifted
from registrar_tui.printing.qr import QUIET, Matrix, matrix
from registrar_tui.printing.wrap import wrap


@dataclass(frozen=True, slots=True)
class _Type:
    size: float
    bold: bool = False
    quiet: bool = False
    before: float = 0
    one_line: bool = False
    """Rather a fifth smaller than with a lonely last word below."""


# Sizes on A6 in points: the time and the room lead, what is only looked up stays small.
_TYPE: Final[dict[Tone, _Type]] = {
    Tone.CLINIC: _Type(10.5, bold=True),
    Tone.ADDRESS: _Type(8, quiet=True),
    Tone.TITLE: _Type(10.5, bold=True, before=2, one_line=True),
    Tone.STOP: _Type(14, bold=True, before=4),
    Tone.DATE: _Type(13.5, bold=True, before=3, one_line=True),
    Tone.PLACE: _Type(9, before=5),
    Tone.ADVICE: _Type(8.5, before=2.5),
    Tone.ISSUED: _Type(7, quiet=True, before=5),
}
_LEADING: Final = 1.22
_ASCENT: Final = 0.95  # of the size, from the top of a line to its baseline
_APPOINTED: Final = 30.0
_ROOM_NAME: Final = 15.0
_LABEL: Final = 8.0
_STRONG: Final = 10.5
_VALUE: Final = 9.5
_DETAIL: Final = 8.5
_CODE: Final = 10.5
_BESIDE: Final = 102.0  # the narrowest column of advice that reads well next to the QR
_AROUND: Final = 2.0  # what the neighbours of the QR leave free themselves; the quiet zone counts it in


@dataclass(frozen=True, slots=True)
class Typesetter:
    """Sets blocks on one form at one scale `k` (1 is the designed size)."""

    form: Form
    faces: Faces
    k: float = 1.0
    _scale: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_scale", self.form.scale * self.k)

    def pieces(self, blocks: Sequence[Block]) -> list[Piece]:
        """Return the strips of the blocks, top to bottom."""
        pieces: list[Piece] = []
        rest = list(blocks)
        while rest:
            block = rest.pop(0)
            match block:
                case Divider():
                    pieces += self._divider()
                case Words():
                    pieces += self._words(block, self.form.text_width)
                case Appointed():
                    pieces += self._appointed(block)
                case Field():
                    pieces += self._field(block)
                case Code():
                    pieces += self._code(block, rest)
        return pieces

    def line(self, text: str, size: float, *, bold: bool = False, quiet: bool = False) -> Piece:
        """Return one line set at the left margin, already short enough."""
        points = size * self._scale
        ink = self.form.grey if quiet else 0
        run = Run(0, points * _ASCENT, self.faces.of(bold=bold).drawable(text), points, bold, ink)
        return Piece(points * _LEADING, (run,))

    def _divider(self) -> list[Piece]:
        thickness = 2 * self.form.dot if self.form.roll else 0.6
        bar = Bar(0, 0, self.form.text_width, thickness, self.form.rule)
        return [Piece(6 * self._scale, gap=True), Piece(3 * self._scale, (bar,), gap=True)]

    def _words(self, block: Words, width: float) -> list[Piece]:
        style = _TYPE[block.tone]
        if block.tone is Tone.STOP:
            return self._stop(block.text, style)
        size = self._size(block.text, style, width)
        lines = self._wrapped(block.text, size, width, bold=style.bold)
        foot = block.tone is Tone.ISSUED
        pieces = [Piece(style.before * self._scale, gap=True, foot=foot)] if style.before else []
        for text in lines:
            line = self.line(text, size, bold=style.bold, quiet=style.quiet)
            pieces.append(Piece(line.height, line.marks, foot=foot))
        return pieces

    def _size(self, text: str, style: _Type, width: float) -> float:
        if not style.one_line:
            return style.size
        face = self.faces.of(bold=style.bold)
        needed = face.width(face.drawable(text), style.size * self._scale)
        # A hair less than exact, so that rounding cannot push the last word out.
        return style.size * 0.999 * width / needed if width < needed <= width / 0.8 else style.size

    def _stop(self, text: str, style: _Type) -> list[Piece]:
        size, padding = style.size * self._scale, 3 * self._scale
        width = self.form.text_width
        pieces = [Piece(style.before * self._scale, gap=True)]
        face = self.faces.bold
        for line in self._wrapped(text, style.size, width - 2 * padding, bold=True):
            height = size * _LEADING + 2 * padding
            left = (width - face.width(line, size)) / 2
            run = Run(left, padding + size * _ASCENT, line, size, bold=True, ink=1)
            pieces.append(Piece(height, (Bar(0, 0, width, height), run)))
        return [*pieces, Piece(2 * self._scale, gap=True)]

    def _appointed(self, block: Appointed) -> list[Piece]:
        half = self.form.text_width * (0.56 if self.form.roll else 0.5)
        size = min(_APPOINTED, half * 0.88 / self._unit(block.time))
        time = self._value("время", [block.time], size, void=block.void)
        beside = self._room(block, self.form.text_width - half)
        space = Piece(5 * self._scale, gap=True)
        if beside is not None:
            marks = (*time.marks, *shifted(beside.marks, half, 0))
            return [space, Piece(max(time.height, beside.height), marks)]
        lines = self._wrapped(block.room, _ROOM_NAME, self.form.text_width, bold=True)
        return [space, time, space, *self._value_lines("кабинет", lines, _ROOM_NAME, void=block.void)]

    def _room(self, block: Appointed, width: float) -> Piece | None:
        """Return the room as set beside the time; None if its words are too long for that."""
        size = min(_APPOINTED, width / self._unit(block.room))
        if size >= 0.6 * _APPOINTED:
            return self._value("кабинет", [block.room], size, void=block.void)
        lines = self._wrapped(block.room, _ROOM_NAME, width, bold=True)
        widest = max(map(self._unit, block.room.split(" ")))
        if len(lines) <= 3 and widest * _ROOM_NAME <= width:
            return self._value("кабинет", lines, _ROOM_NAME, void=block.void)
        return None

    def _unit(self, text: str) -> float:
        """Return the width of bold text per point of its nominal size."""
        return max(self.faces.bold.width(self.faces.bold.drawable(text), self._scale), 0.01)

    def _value(self, name: str, lines: Sequence[str], size: float, *, void: bool) -> Piece:
        marks: list[Mark] = []
        top = 0.0
        for piece in self._value_lines(name, lines, size, void=void):
            marks += shifted(piece.marks, 0, top)
            top += piece.height
        return Piece(top, tuple(marks))

    def _value_lines(self, name: str, lines: Sequence[str], size: float, *, void: bool) -> list[Piece]:
        points, leading = size * self._scale, 1.03 if size > _ROOM_NAME else 1.15
        face = self.faces.bold
        label = self.line(name, _LABEL, quiet=True)
        pieces = [Piece(_LABEL * self._scale, label.marks)]
        for line in lines:
            text = face.drawable(line)
            marks: list[Mark] = [Run(0, points * 0.93, text, points, bold=True)]
            if void:
                marks.append(Bar(-2, points * 0.57, face.width(text, points) + 4, points * 0.07))
            pieces.append(Piece(points * leading, tuple(marks)))
        return pieces

    def _field(self, block: Field) -> list[Piece]:
        column = self.form.label_column * self.k
        pieces = [Piece((3 if column else 4.5) * self._scale, gap=True)]
        size = _STRONG if block.strong else _VALUE
        lines: list[tuple[str, float, bool, bool]] = []
        for text, points, bold, quiet in (
            (block.value, size, block.strong, False),
            (block.detail, _DETAIL, False, True),
        ):
            if text:
                width = self.form.text_width - column
                lines += [
                    (line, points, bold, quiet) for line in self._wrapped(text, points, width, bold=bold)
                ]
        label = Run(
            0, lines[0][1] * self._scale * _ASCENT, block.label, _LABEL * self._scale, ink=self.form.grey
        )
        if not column:
            pieces.append(self.line(block.label, _LABEL, quiet=True))
        for number, (text, points, bold, quiet) in enumerate(lines):
            line = self.line(text, points, bold=bold, quiet=quiet)
            marks = shifted(line.marks, column, 0)
            pieces.append(Piece(line.height, (label, *marks) if column and number == 0 else marks))
        return pieces

    def _code(self, block: Code, rest: list[Block]) -> list[Piece]:
        modules = matrix(block.digits)
        side, quiet = self._symbol(modules)
        left = max(0.0, quiet - self.form.margin_x)  # the margin of the paper counts as quiet
        beside = self.form.text_width - left - side - quiet
        if beside < _BESIDE * self._scale:
            return self._code_above(block, modules)
        column = self._code_lines(block, beside)
        while rest and isinstance(rest[0], Words) and rest[0].tone is Tone.ADVICE:
            more = self._words(rest[0], beside)
            if height_of(column) + height_of(more) > side + quiet:
                break
            column += more
            rest.pop(0)
        above = max(0.0, quiet - _AROUND * self._scale)
        marks: list[Mark] = [Symbol(left, above, modules)]
        top = above
        for piece in column:
            marks += shifted(piece.marks, left + side + quiet, top)
            top += piece.height
        return [Piece(max(above + side + above, top), tuple(marks))]

    def _code_above(self, block: Code, modules: Matrix) -> list[Piece]:
        side, quiet = self._symbol(modules)
        above = max(0.0, quiet - _AROUND * self._scale)
        symbol = Symbol((self.form.text_width - side) / 2, above, modules)
        pieces = [Piece(above + side + quiet, (symbol,))]
        for piece in self._code_lines(block, self.form.text_width)[1:]:
            run = piece.marks[0]
            assert isinstance(run, Run)
            width = self.faces.of(bold=run.bold).width(run.text, run.size)
            pieces.append(Piece(piece.height, shifted(piece.marks, (self.form.text_width - width) / 2, 0)))
        return [*pieces, Piece(2 * self._scale, gap=True)]

    def _symbol(self, modules: Matrix) -> tuple[float, float]:
        """Return the side of a symbol and its quiet zone, a dot more: symbols are moved onto whole dots."""
        return len(modules) * self.form.module, QUIET * self.form.module + self.form.dot

    def _code_lines(self, block: Code, width: float) -> list[Piece]:
        groups = block.grouped.split(" ")
        pieces = [self.line(block.caption, _LABEL, quiet=True)]
        full = self.faces.bold.width(block.grouped, _CODE * self._scale)
        if full <= width / 0.8:
            size = _CODE * min(1.0, width / full)
            return [*pieces, self.line(block.grouped, size, bold=True)]
        for part in (groups[:3], groups[3:]):
            pieces += [self.line(" ".join(part), _CODE, bold=True)] if part else []
        return pieces

    def _wrapped(self, text: str, size: float, width: float, *, bold: bool) -> list[str]:
        face = self.faces.of(bold=bold)
        points = size * self._scale
        return wrap(face.drawable(text), width, lambda part: face.width(part, points))
