"""The QR on the screen, read by a real decoder from what a real terminal would show."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time

import pyte
import pytest
import zxingcpp
from PIL import Image
from textual.app import App, ComposeResult

from registrar_tui.printing.qr import matrix
from registrar_tui.widgets.qr_view import QrView

CODE = "10000000412419978427"

PROGRAM = """
import sys
from textual.app import App
from registrar_tui.printing.qr import matrix
from registrar_tui.widgets.qr_view import QrView

class Desk(App[None]):
    CSS = "Screen { background: #101020; align: center middle; }"
    def compose(self):
        yield QrView()
    def on_mount(self):
        self.theme = sys.argv[1]
        self.query_one(QrView).show(matrix(sys.argv[2]))
    def on_key(self):
        self.exit()

Desk().run()
"""


def show(theme: str, extra: dict[str, str], *, columns: int = 80, lines: int = 24) -> pyte.Screen:
    """Run the widget in a pty and return the screen once the symbol stands on it."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **extra}
    if not extra:
        environment.pop("NO_COLOR", None)
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, theme, CODE], stdin=slave, stdout=slave, stderr=slave, env=environment
    )
    os.close(slave)
    screen = pyte.Screen(columns, lines)
    stream = pyte.ByteStream(screen)
    deadline = time.monotonic() + 120
    try:
        while time.monotonic() < deadline and not read(screen):
            if select.select([master], [], [], 0.2)[0]:
                stream.feed(os.read(master, 65536))
    finally:
        os.write(master, b"q")
        try:
            child.wait(60)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        os.close(master)
    return screen


def read(screen: pyte.Screen) -> list[str]:
    """Return what a camera would decode from the screen: both colours of every cell, half a cell a pixel."""
    picture = Image.new("RGB", (screen.columns, screen.lines * 2))
    for y in range(screen.lines):
        for x in range(screen.columns):
            cell = screen.buffer[y][x]
            front, back = colour(cell.fg, "c0c0c0"), colour(cell.bg, "000000")
            if cell.reverse:
                front, back = back, front
            picture.putpixel((x, y * 2), front if cell.data in "▀█" else back)
            picture.putpixel((x, y * 2 + 1), front if cell.data in "▄█" else back)
    large = picture.resize((picture.width * 6, picture.height * 6), Image.Resampling.NEAREST)
    return [found.text for found in zxingcpp.read_barcodes(large, try_invert=False)]


def colour(name: str, default: str) -> tuple[int, int, int]:
    named = {"default": default, "black": "000000", "white": "ffffff"}
    digits = named.get(name, name)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


@pytest.mark.parametrize(
    ("theme", "extra"),
    [("textual-dark", {}), ("textual-light", {}), ("ansi-dark", {}), ("textual-dark", {"NO_COLOR": "1"})],
    ids=["dark", "light", "ansi", "no-color"],
)
def test_a_camera_reads_the_screen(theme: str, extra: dict[str, str]) -> None:
    assert read(show(theme, extra)) == [CODE]


class Desk(App[None]):
    def compose(self) -> ComposeResult:
        yield QrView(id="qr")


async def test_it_takes_the_room_it_needs() -> None:
    app = Desk()
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.query_one(QrView)
        assert (view.size.width, view.size.height) == (0, 0)
        view.show(matrix(CODE))
        await pilot.pause()
        assert (view.size.width, view.size.height) == (25, 13)
        view.show(())
        await pilot.pause()
        assert (view.size.width, view.size.height) == (0, 0)


async def test_a_symbol_that_would_be_cut_is_not_shown() -> None:
    app = Desk()
    async with app.run_test(size=(20, 8)) as pilot:
        view = app.query_one(QrView)
        view.show(matrix(CODE))
        await pilot.pause()
        text = "".join(view.render_line(line).text for line in range(view.size.height))
        assert "увеличьте окно" in text
        assert "█" not in text
