"""The QR symbol itself: version, level, quiet zone, and the terminal form read by a decoder."""

from __future__ import annotations

import pytest
import zxingcpp
from PIL import Image

from registrar_tui.errors import Refusal
from registrar_tui.printing.qr import half_blocks, matrix, path_operators, with_quiet

CODE = "10000000412419978427"


def picture(rows: list[list[bool]], module: int = 6) -> Image.Image:
    image = Image.new("L", (len(rows[0]), len(rows)), 255)
    image.putdata([0 if dark else 255 for row in rows for dark in row])
    return image.resize((image.width * module, image.height * module), Image.Resampling.NEAREST)


def test_a_ticket_code_takes_the_smallest_symbol() -> None:
    modules = matrix(CODE)
    assert (len(modules), {len(row) for row in modules}) == (21, {21})
    (read,) = zxingcpp.read_barcodes(picture([list(row) for row in with_quiet(modules)]))
    assert (read.text, read.symbology_identifier) == (CODE, "]Q1")
    assert read.ec_level == "Q"


def test_the_quiet_zone_is_four_modules() -> None:
    framed = with_quiet(matrix(CODE))
    assert len(framed) == 29
    assert not any(any(row) for row in (*framed[:4], *framed[-4:]))
    assert not any(any(row[:4] + row[-4:]) for row in framed)


def test_half_blocks_are_read_from_a_terminal_picture() -> None:
    lines = half_blocks(CODE)
    assert (len(lines), {len(line) for line in lines}) == (13, {25})
    rows = [[sign in upper for sign in line] for line in lines for upper in ("▀█", "▄█")]
    (read,) = zxingcpp.read_barcodes(picture(rows))
    assert read.text == CODE


def test_the_outline_covers_exactly_the_dark_modules() -> None:
    modules = matrix(CODE)
    operators = path_operators(modules, 10, 100, 3)
    numbers = operators.split(" cm ")[1].removesuffix(" f Q").split(" re")
    painted = set()
    for rectangle in filter(None, map(str.strip, numbers)):
        left, bottom, width, height = map(int, rectangle.split())
        assert height == 1
        painted |= {(20 - bottom, column) for column in range(left, left + width)}
    assert painted == {(r, c) for r, row in enumerate(modules) for c, dark in enumerate(row) if dark}
    assert operators.startswith("q 0 g 3 0 0 3 10 37 cm ")


@pytest.mark.parametrize("text", ["", "12a", "1 2", "٣", "²", "1" * 49])
def test_only_digits_become_a_symbol(text: str) -> None:
    with pytest.raises(Refusal):
        matrix(text)
