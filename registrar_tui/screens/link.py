"""The desk's link to the base: opened after the first paint, watched, opened again; the clinic's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Final

from textual import on

from registrar_tui.errors import RegistrarError
from registrar_tui.screens.journeys import Journeys
from registrar_tui.screens.messages import ConnectionChanged, RetryRequested, StampRead, StillAdmitted
from registrar_tui.screens.words import full_day
from registrar_tui.widgets.status_line import NoticeLine, StatusLine, Tone

if TYPE_CHECKING:
    from registrar_tui.services.dto import DeskGreeting
    from registrar_tui.services.protocol import Services

TICK_SECONDS: Final = 1.0
LIVE_SECONDS: Final = 0.5
ADMISSION_SECONDS: Final = 2.0


class Link(Journeys):
    """Hold the services once they are there, and tell when they stop or change."""

    def __init__(self) -> None:
        super().__init__()
        self.status = StatusLine(id="status")
        self.notice = NoticeLine(id="notice")
        self.services: Services | None = None
        self.greeting: DeskGreeting | None = None
        self.connected: bool | None = None
        self._greeted_at = 0.0
        self._start_failed = False
        self._stamp: object = None
        self._stamp_asked = False
        self._admission_asked = False

    def watch_base(self) -> None:
        """Begin to show the time and to look for other desks' changes."""
        self.set_interval(TICK_SECONDS, self._tick)
        self.set_interval(LIVE_SECONDS, self._look_for_changes)
        self.set_interval(ADMISSION_SECONDS, self._look_for_admission)

    def announce(self, text: str, tone: Tone = "") -> None:
        """Say one thing above the line of keys, until the next key."""
        self.notice.show(text, tone)

    async def connect(self, services: Services, greeting: DeskGreeting) -> None:
        """Begin to work: the base is open. What was typed meanwhile is asked now."""
        self.reconnect(services, greeting)
        self.notice.clear()
        if self.current is not None:
            self.current.connected()

    def reconnect(self, services: Services, greeting: DeskGreeting) -> None:
        """Go on with what the base says now; everything shown and typed stays."""
        self.services, self.greeting = services, greeting
        self._stamp, self._stamp_asked, self._admission_asked = None, False, False
        self._greeted_at = monotonic()
        self._start_failed = False
        self.connected = True
        status = self.status
        status.place(greeting.clinic, greeting.branch, greeting.desk, greeting.operator, demo=greeting.demo)
        status.connection(True)
        self._tick()
        self.keys_changed()

    def start_failed(self, error: RegistrarError) -> None:
        """Say calmly why the base did not open; the desk stays as it is."""
        self._start_failed = True
        self.status.connection(False)
        self.announce(f"{error.message} F5 — открыть ещё раз, Ctrl+Q — выйти.", "stop")
        self.keys_changed()

    def retry(self) -> None:
        """F5, Enter: open the base once more."""
        self._start_failed = False
        self.status.connection(None)
        self.announce("Открываю базу…")
        self.post_message(RetryRequested())
        self.keys_changed()

    @on(ConnectionChanged)
    def _connection_changed(self, message: ConnectionChanged) -> None:
        message.stop()
        self.connected = message.connected
        self.status.connection(message.connected)

    def now(self) -> datetime:
        """Return the clinic's wall-clock, by the core's clock."""
        if self.greeting is None:
            return datetime.min
        return self.greeting.now + timedelta(seconds=monotonic() - self._greeted_at)

    def _tick(self) -> None:
        if self.greeting is not None:
            now = self.now()
            self.status.tick(f"{full_day(now.date())} {now:%H:%M}")

    def _look_for_changes(self) -> None:
        pane = self.current
        if self.services is None or self._stamp_asked or pane is None or not pane.LIVE or not self.is_active:
            return
        if self.connected and pane.stale(self.now()):
            pane.renew()
        self._stamp_asked = True
        self.ask("change_stamp", lambda services: services.change_stamp(), StampRead)

    @on(StampRead)
    def _stamp_read(self, message: StampRead) -> None:
        message.stop()
        self._stamp_asked = False
        before, self._stamp = self._stamp, message.stamp
        if before != message.stamp and self.current is not None and self.current.LIVE:
            self.current.renew()

    def _look_for_admission(self) -> None:
        """Let an idle desk learn within seconds that its operator may not work, and write what was shown."""
        if self.services is None or self._admission_asked or not self.is_active:
            return
        self._admission_asked = True
        self.ask("still_admitted", _ask_for_admission, lambda _: StillAdmitted())

    @on(StillAdmitted)
    def _still_admitted(self, message: StillAdmitted) -> None:
        message.stop()
        self._admission_asked = False

    def admission_failed(self) -> None:
        """Ask again next time: what is wrong is told elsewhere."""
        self._admission_asked = False

    def stamp_failed(self) -> None:
        """Look for changes again next time: the lost connection is already shown."""
        self._stamp_asked = False


def _ask_for_admission(services: Services) -> None:
    services.still_admitted()
