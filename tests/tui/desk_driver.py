"""Drives the desk in tests: keys in, the picture out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from registrar_tui.app.app import RegistrarApp
from registrar_tui.screens.desk import DeskScreen
from registrar_tui.screens.pane import Pane
from registrar_tui.services.protocol import Services

PATIENCE_SECONDS = 60.0
"""Counted in steps: a machine that stands still meanwhile costs one."""
STEP_SECONDS = 0.01
_CHARACTERS = {"enter": "\r", "space": " ", "tab": "\t"}


class DeskDriver:
    """The desk under test with its keyboard and its screen."""

    def __init__(self, app: RegistrarApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot
        self.pressed: list[str] = []

    @property
    def desk(self) -> DeskScreen:
        """The desk screen."""
        return self.app.desk

    @property
    def place(self) -> str:
        """Where the registrar is, by the key table."""
        pane = self.desk.current
        return "" if pane is None else pane.place

    @property
    def notice(self) -> str:
        """What the notice line says."""
        return self.desk.notice.text

    @property
    def key_line(self) -> str:
        """The bottom line in words."""
        return "   ".join(f"{hint.label} {hint.text}" for hint in self.desk.key_line.hints)

    def pane(self, kind: type[Pane]) -> Pane:
        """The pane of a kind, which must exist."""
        return next(pane for pane in self.desk.switcher.children if isinstance(pane, kind))

    async def press(self, *keys: str) -> None:
        """Press keys as fast as a macro would: all are in the queue before the first is obeyed.

        Pilot's own `press` waits 67 ms after each key, which also hides keys that overtake each other.
        """
        self.pressed += keys
        for key in keys:
            self.app.post_message(events.Key(key, _CHARACTERS.get(key, key if len(key) == 1 else None)))
        obeyed = asyncio.Event()
        self.app.call_later(obeyed.set)
        await obeyed.wait()
        await self.pilot.pause(STEP_SECONDS)

    async def type(self, text: str) -> None:
        """Type into the line in focus, at once: a pilot's key costs 67 ms."""
        line = self.app.focused
        assert isinstance(line, Input), f"no line to type into at {self.place}: {line}"
        line.value = text
        line.cursor_position = len(text)
        await self.pilot.pause(0)

    async def until(self, true: Callable[[], object], what: str = "") -> None:
        """Wait until something is so; fails with the picture of the screen."""
        waited = 0.0
        while not true():
            assert waited < PATIENCE_SECONDS, f"never: {what}\n{self.picture()}"
            await self.pilot.pause(STEP_SECONDS)
            waited += STEP_SECONDS
        for _ in range(2):  # what stands beside it may wait for its place on the screen
            await self.pilot.pause(0)

    async def until_place(self, place: str) -> None:
        """Wait until the registrar is somewhere."""
        await self.until(lambda: self.place == place, f"place {place}, now {self.place}")

    async def until_seen(self, text: str) -> None:
        """Wait until a text is on the screen."""
        await self.until(lambda: text in self.picture(), f"seeing {text!r}")

    def picture(self) -> str:
        """Return the screen as text."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in strips)


@asynccontextmanager
async def open_desk(services: Services, size: tuple[int, int] = (110, 36)) -> AsyncIterator[DeskDriver]:
    """Open the desk on services and wait until it is connected."""
    app = RegistrarApp(services=services)
    async with app.run_test(size=size) as pilot:
        driver = DeskDriver(app, pilot)
        await driver.until(lambda: driver.desk.services is not None, "the base to open")
        yield driver
