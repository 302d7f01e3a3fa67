"""Fitting pieces into the place for a ticket: shrink a little, then go on on a second one, never cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from registrar_tui.printing.fonts import Faces
from registrar_tui.printing.forms import Form
from registrar_tui.printing.layout import Block
from registrar_tui.printing.marks import Piece, height_of
from registrar_tui.printing.typeset import Typesetter

# Below 0.7 the small print is no longer read by the people who most need it.
SCALES = (1.0, 0.97, 0.94, 0.91, 0.88, 0.85, 0.82, 0.79, 0.76, 0.73, 0.7)
_SHEET_LINE = 7.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece with the distance of its top from the top margin."""

    top: float
    piece: Piece


@dataclass(frozen=True, slots=True)
class Page:
    """One place on the paper, filled; `height` is that of the content."""

    placed: tuple[Placed, ...]
    height: float


def pages(blocks: Sequence[Block], heading: str, form: Form, faces: Faces) -> list[Page]:
    """Return the pages of one ticket: one at the largest scale that fits, several at the smallest."""
    for k in SCALES:
        setter = Typesetter(form, faces, k)
        pieces = setter.pieces(blocks)
        if height_of(pieces) <= form.text_height:
            return [_single(pieces, form)]
    return _several(pieces, heading, form, setter)


def _single(pieces: Sequence[Piece], form: Form) -> Page:
    foot = [piece for piece in pieces if piece.foot]
    body = [piece for piece in pieces if not piece.foot]
    placed, height = _stack(body)
    start = height if form.roll else form.text_height - height_of(foot)
    below, last = _stack(foot, start)
    return Page((*placed, *below), last)


def _several(pieces: Sequence[Piece], heading: str, form: Form, setter: Typesetter) -> list[Page]:
    room = form.text_height - 3 * setter.line(heading, _SHEET_LINE).height
    parts: list[list[Piece]] = [[]]
    used = 0.0
    for piece in pieces:
        if used + piece.height > room and parts[-1]:
            parts.append([])
            used = 0.0
        if piece.gap and not parts[-1]:
            continue
        parts[-1].append(piece)
        used += piece.height
    filled = [part for part in parts if part]
    return [_numbered(part, number, len(filled), heading, setter) for number, part in enumerate(filled, 1)]


def _numbered(part: Sequence[Piece], number: int, total: int, heading: str, setter: Typesetter) -> Page:
    line = setter.line(f"{heading}, лист {number} из {total}", _SHEET_LINE, quiet=True)
    placed, height = _stack([line, Piece(line.height, gap=True), *part])
    return Page(tuple(placed), height)


def _stack(pieces: Sequence[Piece], start: float = 0.0) -> tuple[list[Placed], float]:
    placed, top = [], start
    for piece in pieces:
        placed.append(Placed(top, piece))
        top += piece.height
    return placed, top
