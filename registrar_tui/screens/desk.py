"""The desk: one screen whose panes carry the daily work, framed by a line of place and a line of keys."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult

from registrar_tui.screens.calls import may_retry, new_op_id
from registrar_tui.screens.failures import FailureLog
from registrar_tui.screens.key_table import KeyTable
from registrar_tui.screens.messages import (
    ActionUndone,
    CallFailed,
    TicketPrinted,
)
from registrar_tui.screens.office_ways import OfficeWays
from registrar_tui.screens.pane import Command, Pane, Person
from registrar_tui.screens.search import SearchPane
from registrar_tui.screens.words import day_and_time
from registrar_tui.widgets.status_line import KeyLine

if TYPE_CHECKING:
    from registrar_tui.services.dto import VisitView
    from registrar_tui.services.dto_merge import MergeView

Matrix = Sequence[Sequence[bool]]
_HALF_DONE = ("confirm", "cancel", "merging")
SCANNED_AWAY = ("card", "grid", "ticket", "similar", "help", *_HALF_DONE)
"""Places where a scan is no answer to what they ask."""


class DeskScreen(OfficeWays):
    """The frame of the panes; it obeys keys by place and does what no pane owns."""

    AUTO_FOCUS: ClassVar[str | None] = None

    def __init__(
        self,
        keys: KeyTable,
        palette: Callable[[], Pane],
        qr_matrix: Callable[[str], Matrix],
        failures: FailureLog,
    ) -> None:
        super().__init__()
        self.key_line = KeyLine(id="keys")
        self.keys = keys
        self.qr_matrix = qr_matrix
        self.failures = failures
        self._make_palette = palette
        self._palette: Pane | None = None
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
        self.watch_base()

    # --- keys -------------------------------------------------------------------

    def commands(self) -> Mapping[str, Command]:
        """Return everything that can be done now, by binding id."""
        pane = self.current
        commands: dict[str, Command] = {
            "desk.help": self.open_help,
            "desk.palette": self.open_palette,
            "desk.quit": self.app.action_quit,
        }
        if self.may("find"):
            commands["desk.search"] = self.open_search
        if self._start_failed:
            commands["desk.retry"] = self.retry
        if self.services is not None and self.may("open-card"):
            commands["desk.today"] = self.open_today
            commands["desk.undo"] = self.undo
        commands.update(self.office_commands())
        if len(self.trail) > 1:
            commands["desk.back"] = self.back
        if pane is not None and pane.is_attached:  # not while the program closes
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
            self.notice.clear()

    async def took_scan(self, code: str) -> bool:
        """Look for the owner of a code scanned where Enter would do something else; False: it was typed."""
        place = "" if self.current is None else self.current.place
        if place not in SCANNED_AWAY or "desk.search" not in self.commands():
            return False
        await self.open_search()
        await (await self.bring(SearchPane)).look_for(code)
        if place in _HALF_DONE:
            self.announce("Считан код: ищу по нему, начатое здесь не выполнено.", "warn")
        return True

    def keys_changed(self) -> None:
        """Draw the line of keys anew, once the message at hand is done with."""
        self.call_next(self._draw_keys)

    def _draw_keys(self) -> None:
        if self.is_mounted and self.current is not None:
            self.key_line.show(self.keys.hints(self.current.place, self.commands()))

    # --- notices ------------------------------------------------------------------

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
        """Ctrl+Z: take back the last booking, move, cancellation or merge of this desk."""
        op_id = self._undo_op_id = self._undo_op_id or new_op_id()
        self.ask("undo", lambda services: services.undo(op_id=op_id), ActionUndone)

    @on(ActionUndone)
    def _action_undone(self, message: ActionUndone) -> None:
        message.stop()
        self._undo_op_id = None
        self.announce(undone_words(message.done), "done")
        if self.current is not None:
            self.current.renew()

    def failed(self, failure: CallFailed) -> None:
        """Say in one line what the desk itself could not do."""
        match failure.call:
            case "change_stamp":
                self.stamp_failed()
            case "still_admitted":
                self.admission_failed()
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

    async def begin_anew(self) -> None:
        """Forget everything of whoever worked here before: somebody else does now."""
        self.trail.clear()
        self.switcher.current = None
        await self.switcher.remove_children()
        self._palette = None
        self.person, self.last_visit, self._undo_op_id = None, None, None
        self.printed.clear()
        await self.open_search()

    async def release_all(self) -> None:
        """Give back what this desk holds before it closes."""
        if self.current is not None:
            await self.current.left()


def undone_words(done: VisitView | MergeView) -> str:
    """Say what was taken back."""
    from registrar_tui.services.dto_merge import MergeView
    from registrar_tui.vocabulary import ACTIVE_STATUSES

    if isinstance(done, MergeView):
        return f"✓ {done.sentence}"
    when = day_and_time(done.starts_at)
    if done.status in ACTIVE_STATUSES:
        return f"✓ Возвращено: запись {done.number} на {when} действует."
    return f"✓ Запись {done.number} на {when} отменена, бирка свободна."
