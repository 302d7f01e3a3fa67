"""What is drawn: marks placed inside pieces, in points from the upper left corner, y downwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from registrar_tui.printing.qr import Matrix


@dataclass(frozen=True, slots=True)
class Run:
    """One line of type; `ink` 0 is black, 1 is the paper."""

    x: float
    baseline: float
    text: str
    size: float
    bold: bool = False
    ink: float = 0


@dataclass(frozen=True, slots=True)
class Bar:
    """A filled rectangle: a divider, a strike, the ground of a warning."""

    x: float
    y: float
    width: float
    height: float
    ink: float = 0


@dataclass(frozen=True, slots=True)
class Symbol:
    """A QR symbol; its upper left module at (x, y)."""

    x: float
    y: float
    modules: Matrix


Mark = Run | Bar | Symbol


@dataclass(frozen=True, slots=True)
class Piece:
    """An indivisible strip; a `gap` is dropped at the head of a page, a `foot` goes to the bottom."""

    height: float
    marks: tuple[Mark, ...] = ()
    gap: bool = False
    foot: bool = False


def shifted(marks: Sequence[Mark], x: float, y: float) -> tuple[Mark, ...]:
    """Return the marks moved right and down."""
    return tuple(_moved(marks, x, y))


def _moved(marks: Sequence[Mark], x: float, y: float) -> Iterator[Mark]:
    for mark in marks:
        match mark:
            case Run():
                yield Run(mark.x + x, mark.baseline + y, mark.text, mark.size, mark.bold, mark.ink)
            case Bar():
                yield Bar(mark.x + x, mark.y + y, mark.width, mark.height, mark.ink)
            case Symbol():
                yield Symbol(mark.x + x, mark.y + y, mark.modules)


def height_of(pieces: Sequence[Piece]) -> float:
    """Return how tall the pieces stand on each other."""
    return sum(piece.height for piece in pieces)
