"""The desk: one screen whose panes carry the daily work, framed by a line of place and a line of keys."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult

from registrar_tui.errors import RegistrarError
from registrar_tui.screens.calls import may_retry, new_op_id
from registrar_tui.screens.failures import FailureLog
from registrar_tui.screens.journeys import Journeys
from registrar_tui.screens.key_table import KeyTable
from registrar_tui.screens.messages import (
    ActionUndone,
    CallFailed,
    ConnectionChanged,
    RetryRequested,
    StampRead,
    TicketPrinted,
)
from registrar_tui.screens.pane import Command, Pane, Person
from registrar_tui.screens.search import SearchPane
from registrar_tui.screens.words import day_and_time, full_day
from registrar_tui.widgets.status_line import KeyLine, NoticeLine, StatusLine, Tone

if TYPE_CHECKING:
    from registrar_tui.services.dto import DeskGreeting, VisitView
    from registrar_tui.services.protocol import Services

Matrix = Sequence[Sequence[bool]]

TICK_SECONDS: Final = 1.0
LIVE_SECONDS: Final = 0.5


class DeskScreen(Journeys):
    """The frame of the panes; it holds the services once they are there and does what no pane owns."""

    AUTO_FOCUS: ClassVar[str | None] = None

    def __init__(
        self,
        keys: KeyTable,
        palette: Callable[[], Pane],
        qr_matrix: Callable[[str], Matrix],
        failures: FailureLog,
    ) -> None:
        super().__init__()
        self.status = StatusLine(id="status")
        self.notice = NoticeLine(id="notice")
        self.key_line = KeyLine(id="keys")
        self.keys = keys
        self.qr_matrix = qr_matrix
        self.failures = failures
        self.services: Services | None = None
        self.greeting: DeskGreeting | None = None
        self.connected: bool | None = None
        self._make_palette = palette
        self._palette: Pane | None = None
        self._greeted_at = 0.0
        self._start_failed = False
        self._stamp: object = None
        self._stamp_asked = False
        self._undo_op_id: str | None = None

    @property
    def desk(self) -> DeskScreen:
        """The desk itself."""
        return self

    def compose(self) -> ComposeResult:
        """Lay out the frame; the search pane comes first, the others when they are needed."""
        yield self.status
        with self.switcher:
            yield SearchPane()
        yield self.notice
        yield self.key_line

    async def on_mount(self) -> None:
        """Bring the search line in front, ready to type into."""
        await self.open_search()
        self.set_interval(TICK_SECONDS, self._tick)
        self.set_interval(LIVE_SECONDS, self._look_for_changes)

    # --- the base -------------------------------------------------------------

    async def connect(self, services: Services, greeting: DeskGreeting) -> None:
        """Begin to work: the base is open. What was typed meanwhile is asked now."""
        self.services, self.greeting = services, greeting
        self._greeted_at = monotonic()
        self._start_failed = False
        self.connected = True
        status = self.status
        status.place(greeting.clinic, greeting.branch, greeting.desk, greeting.operator, demo=greeting.demo)
        status.connection(True)
        self.clear_notice()
        self._tick()
        if self.current is not None:
            self.current.connected()
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
        if self.services is None or self._stamp_asked or pane is None or not pane.LIVE:
            return
        self._stamp_asked = True
        self.ask("change_stamp", lambda services: services.change_stamp(), StampRead)

    @on(StampRead)
    def _stamp_read(self, message: StampRead) -> None:
        message.stop()
        self._stamp_asked = False
        before, self._stamp = self._stamp, message.stamp
        if before != message.stamp and self.current is not None and self.current.LIVE:
            self.current.renew()

    # --- keys -------------------------------------------------------------------

    def commands(self) -> Mapping[str, Command]:
        """Return everything that can be done now, by binding id."""
        pane = self.current
        commands: dict[str, Command] = {
            "desk.search": self.open_search,
            "desk.help": self.open_help,
            "desk.palette": self.open_palette,
            "desk.quit": self.app.action_quit,
        }
        if self._start_failed:
            commands["desk.retry"] = self.retry
        if self.services is not None:
            commands["desk.today"] = self.open_today
            commands["desk.undo"] = self.undo
        if len(self.trail) > 1:
            commands["desk.back"] = self.back
        if pane is not None:
            commands.update(pane.commands())
        return commands

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let a key through to a command only where that command can be obeyed."""
        if action != "command":
            return super().check_action(action, parameters)
        return self._allowed(str(parameters[0]))

    async def action_command(self, name: str) -> None:
        """Obey a command by its binding id."""
        wanted = self.commands().get(name)
        if wanted is None:
            return
        answer = wanted()
        if inspect.isawaitable(answer):
            await answer

    def _allowed(self, name: str) -> bool:
        place = "search" if self.current is None else self.current.place
        return self.keys.stands_in(name, place) and name in self.commands()

    def key_pressed(self) -> None:
        """Take the last notice away: the registrar goes on."""
        if not self._start_failed:
            self.clear_notice()

    def keys_changed(self) -> None:
        """Draw the line of keys anew, once the message at hand is done with."""
        self.call_next(self._draw_keys)

    def _draw_keys(self) -> None:
        if self.is_mounted and self.current is not None:
            self.key_line.show(self.keys.hints(self.current.place, self.commands()))

    # --- notices ------------------------------------------------------------------

    def announce(self, text: str, tone: Tone = "") -> None:
        """Say one thing above the line of keys, until the next key."""
        self.notice.show(text, tone)

    def clear_notice(self) -> None:
        """Take the notice away."""
        self.notice.clear()

    def person_read(self, person: Person) -> None:
        """Take note of a person's name as the base has it."""
        self.person = person

    # --- what no pane owns ----------------------------------------------------------

    def booked(self, visit: VisitView, *, moved: bool) -> None:
        """A visit was booked or moved: say so and print its ticket."""
        self.last_visit = visit
        self.acted()
        done = f"Перенесено на {day_and_time(visit.starts_at)}. " if moved else ""
        self.announce(f"✓ {done}Талон {visit.number} печатается. Ctrl+Z отменить", "done")
        self.print_ticket(visit.id)

    def print_ticket(self, visit_id: int) -> None:
        """Print a ticket; a failure leaves the booking as it is."""
        self.ask(
            "print_ticket",
            lambda services: services.print_ticket(visit_id),
            lambda path: TicketPrinted(visit_id, path),
            visit_id,
        )

    @on(TicketPrinted)
    def _ticket_printed(self, message: TicketPrinted) -> None:
        message.stop()
        self.printed[message.visit_id] = message.path
        self._tell_ticket_pane(message.visit_id, message.path)

    def _tell_ticket_pane(self, visit_id: int, path: Path | None) -> None:
        from registrar_tui.screens.ticket import TicketPane

        for pane in self.switcher.children:
            if isinstance(pane, TicketPane):
                pane.printed(visit_id, path)

    def acted(self) -> None:
        """Take note of a new change: the next undo is another one."""
        self._undo_op_id = None

    def undo(self) -> None:
        """Ctrl+Z: take back the last booking, move or cancellation of this desk."""
        op_id = self._undo_op_id = self._undo_op_id or new_op_id()
        self.ask("undo", lambda services: services.undo(op_id=op_id), ActionUndone)

    @on(ActionUndone)
    def _action_undone(self, message: ActionUndone) -> None:
        message.stop()
        from registrar_tui.vocabulary import ACTIVE_STATUSES

        self._undo_op_id = None
        visit = message.visit
        when = day_and_time(visit.starts_at)
        if visit.status in ACTIVE_STATUSES:
            self.announce(f"✓ Возвращено: запись {visit.number} на {when} действует.", "done")
        else:
            self.announce(f"✓ Запись {visit.number} на {when} отменена, бирка свободна.", "done")
        if self.current is not None:
            self.current.renew()

    def failed(self, failure: CallFailed) -> None:
        """Say in one line what the desk itself could not do."""
        match failure.call:
            case "change_stamp":
                self._stamp_asked = False
            case "print_ticket":
                self._tell_ticket_pane(failure.number, None)
                self.announce(
                    f"Запись сохранена, талон не напечатан: {failure.error.message} F9 — ещё раз.", "stop"
                )
            case "undo":
                if not may_retry(failure.error):
                    self._undo_op_id = None
                self.announce(failure.error.message, "stop")
            case _:
                super().failed(failure)

    async def open_help(self) -> None:
        """F1: the keys of this place."""
        from registrar_tui.screens.help import HelpPane

        place = "search" if self.current is None else self.current.place
        if place == "help":
            return
        pane = await self.bring(HelpPane)
        pane.open(*self.keys.help_of(place))
        await self.come(pane)

    async def open_palette(self) -> None:
        """Ctrl+P: every action by name."""
        pane = self._palette = self._palette or self._make_palette()
        await self.bring(type(pane), lambda: pane)
        if self.current is not pane:
            pane.renew()
            await self.come(pane)

    async def release_all(self) -> None:
        """Give back what this desk holds before it closes."""
        if self.current is not None:
            await self.current.left()
