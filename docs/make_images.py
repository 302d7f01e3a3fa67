"""Draw docs/images: the grid as a terminal shows it and the ticket as it is printed.

`.venv/bin/python -m docs.make_images` in the top folder; needs the DejaVu Sans Mono fonts of the system. The
clinic is the demo one in a temporary folder: nobody in the pictures exists.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import pypdfium2
import pyte
from PIL import Image, ImageDraw, ImageFont
from pyte.screens import Char

from benchmarks.pty_probe import ProbeError, PtyProbe
from registrar_tui.app.themes import DEFAULT_THEME, THEMES

IMAGES: Final = Path(__file__).parent / "images"
DAY: Final = "2026-11-23"
COLUMNS, LINES = 110, 36
F3, ENTER = "\x1bOR", "\r"
# What is pressed, and the words that tell that the answer is on the screen: the phone call of the guide.
CALL: Final = (
    ("ива к", "Иванова Ксения"),
    (ENTER, "Прошлые приёмы"),
    (F3, "к кому записать?"),
    ("терап", "первичный приём терапевта"),
    (ENTER, "ближайшее"),
    (ENTER, "С собой"),
)
BOOKED: Final = "печатается"
PATIENCE: Final = 60.0  # seconds; the first answer waits for the demo clinic to be built

FONT_SIZE: Final = 20
CELL: Final = (12, 24)  # px; the advance of DejaVu Sans Mono is 0.602 of its size
MARGIN: Final = 12
TICKET_DPI: Final = 150
LARGEST: Final = 200_000  # bytes of a picture in the repository


def main() -> int:
    """Draw both pictures; returns the exit code."""
    with tempfile.TemporaryDirectory() as folder, _desk(Path(folder)) as desk:
        _await(desk, "● связь")
        for keys, answer in CALL:
            _press(desk, keys, answer)
        _save(_drawn(desk.screen), IMAGES / "grid.png")
        _press(desk, ENTER, BOOKED)
        desk.settle(1.0)
        ticket = next((Path(folder) / "demo-tickets").glob("*.pdf"))
        page = pypdfium2.PdfDocument(ticket)[0]
        _save(page.render(scale=TICKET_DPI / 72).to_pil(), IMAGES / "ticket.png")
    return 0


def _desk(folder: Path) -> PtyProbe:
    command = [sys.executable, "-m", "registrar_tui", "demo", "--db", str(folder / "demo.db"), "--today", DAY]
    environment = {"REGISTRAR_NOW": f"{DAY}T08:00", "REGISTRAR_DESK": "окно 2", "HOME": str(folder)}
    return PtyProbe(command, columns=COLUMNS, lines=LINES, environment=environment)


def _press(desk: PtyProbe, keys: str, answer: str) -> None:
    desk.press(keys)
    _await(desk, answer)


def _await(desk: PtyProbe, answer: str) -> None:
    until = time.monotonic() + PATIENCE
    while answer not in desk.text():
        if time.monotonic() > until:
            raise ProbeError(f"«{answer}» did not come:\n{desk.text()}")
        desk.settle()
    desk.settle()


def _drawn(screen: pyte.Screen) -> Image.Image:
    """Draw cell by cell: what converts the terminal's SVG loses leading spaces."""
    theme = next(theme for theme in THEMES if theme.name == DEFAULT_THEME)
    ground, ink = str(theme.background), str(theme.foreground)
    width, height = CELL
    size = (COLUMNS * width + 2 * MARGIN, LINES * height + 2 * MARGIN)
    picture = Image.new("RGB", size, ground)
    brush = ImageDraw.Draw(picture)
    fonts = [_font(bold) for bold in (False, True)]
    for row in range(LINES):
        for column in range(COLUMNS):
            cell = screen.buffer[row][column]
            corner = (MARGIN + column * width, MARGIN + row * height)
            front, back = _colours(cell, ink, ground)
            if back != ground:
                brush.rectangle((*corner, corner[0] + width - 1, corner[1] + height - 1), fill=back)
            brush.text(corner, cell.data, fill=front, font=fonts[cell.bold])
            if cell.underscore:
                base = corner[1] + height - 3
                brush.line((corner[0], base, corner[0] + width - 1, base), fill=front)
    return picture


def _colours(cell: Char, ink: str, ground: str) -> tuple[str, str]:
    front = ink if cell.fg == "default" else f"#{cell.fg}"
    back = ground if cell.bg == "default" else f"#{cell.bg}"
    return (back, front) if cell.reverse else (front, back)


def _font(bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype("DejaVuSansMono-Bold.ttf" if bold else "DejaVuSansMono.ttf", FONT_SIZE)


def _save(picture: Image.Image, file: Path) -> None:
    """Write few colours: both pictures are flat, and 64 keep the smoothed edges of letters."""
    file.parent.mkdir(exist_ok=True)
    picture.quantize(64, dither=Image.Dither.NONE).save(file, optimize=True)
    size = file.stat().st_size
    if size > LARGEST:
        raise ValueError(f"{file.name} has {size} bytes, more than {LARGEST}")
    sys.stdout.write(f"{file.name} {size} bytes\n")


if __name__ == "__main__":
    sys.exit(main())
