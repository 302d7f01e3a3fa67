"""The QR symbol of a ticket code: its matrix, its outline for the PDF, its half blocks for a terminal.

Twenty digits in numeric mode fit version 1 (21 modules) at level Q, the strongest that still has the largest
modules. ISO/IEC 18004 asks for a quiet zone of four modules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from registrar_tui.errors import Refusal

QUIET: Final = 4
MAX_DIGITS: Final = 48  # version 2 at level Q; beyond it stains cost more than they do on a ticket

Matrix = tuple[tuple[bool, ...], ...]


@lru_cache(maxsize=64)  # a long ticket is measured at several scales; choosing the mask costs 1.5 ms
def matrix(digits: str) -> Matrix:
    """Return the modules, rows top to bottom, true is dark, without quiet zone; a refusal for other text."""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MAX_DIGITS):
        raise Refusal("cannot_print", "Код талона повреждён: в нём должны быть только цифры.")
    import qrcode
    from qrcode.constants import ERROR_CORRECT_Q
    from qrcode.util import MODE_NUMBER, QRData

    symbol = qrcode.QRCode(version=1, error_correction=ERROR_CORRECT_Q, border=0)
    symbol.add_data(QRData(digits, mode=MODE_NUMBER))
    symbol.make(fit=True)
    return tuple(tuple(bool(dark) for dark in row) for row in symbol.get_matrix())


def path_operators(modules: Matrix, x: float, top: float, module: float) -> str:
    """Return PDF operators that fill the symbol with its upper left module corner at (x, top), in points.

    One matrix makes a module the unit, so every number of the path is an integer and no seam can appear.
    """
    size = len(modules)
    path = " ".join(
        f"{left} {size - 1 - row} {width} 1 re" for row, left, width in _runs(modules) if width > 0
    )
    return f"q 0 g {module:.6g} 0 0 {module:.6g} {x:.6g} {top - size * module:.6g} cm {path} f Q"


def half_blocks(code: str, *, quiet: int = 2) -> list[str]:
    """Return lines of half blocks, two rows of modules a line, dark modules as ink.

    To be shown black on white: the caller sets both colours. Two modules of quiet zone are enough on a screen
    (25 x 13 cells for a ticket code, read back from a terminal picture).
    """
    rows = with_quiet(matrix(code), quiet)
    blocks = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
    lower: Sequence[Sequence[bool]] = (*rows[1:], (False,) * len(rows))
    return [
        "".join(blocks[pair] for pair in zip(rows[line], lower[line], strict=True))
        for line in range(0, len(rows), 2)
    ]


def with_quiet(modules: Matrix, quiet: int = QUIET) -> Matrix:
    """Return the matrix inside a light frame of `quiet` modules."""
    side = (False,) * quiet
    blank = (False,) * (len(modules) + 2 * quiet)
    return (*(blank,) * quiet, *((*side, *row, *side) for row in modules), *(blank,) * quiet)


def _runs(modules: Matrix) -> Iterator[tuple[int, int, int]]:
    for number, row in enumerate(modules):
        left = None
        for column, dark in enumerate((*row, False)):
            if dark and left is None:
                left = column
            elif not dark and left is not None:
                yield number, left, column - left
                left = None
