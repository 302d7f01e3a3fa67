"""A pane with a line to type into and rows that answer it: patients, targets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual import on
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from registrar_tui.screens.lookup import DEBOUNCE_SECONDS, Lookup, Question
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.pane import Command, Pane, command
from registrar_tui.widgets.search_line import SearchLine

if TYPE_CHECKING:
    from registrar_tui.widgets.row_list import RowList


class LookupPane(Pane):
    """Typing asks after a pause; Enter acts on the answer to the text as typed, however late it comes."""

    found: RowList

    def __init__(self, line: SearchLine) -> None:
        super().__init__()
        self.line = line
        self.lookup = Lookup()
        self._pause: Timer | None = None

    @abstractmethod
    def inquire(self, question: Question) -> None:
        """Put a question to the core; its answer ends in `settle`."""

    @abstractmethod
    async def choose(self) -> None:
        """Act on the row under the cursor."""

    def focus_target(self) -> Widget:
        """The line takes the keys; the rows follow."""
        return self.line

    async def left(self) -> None:
        """Forget an Enter that still waits: the registrar has gone on."""
        self.lookup.take_awaited()

    def connected(self) -> None:
        """Ask what was typed while the base was being opened."""
        self.ask_next()

    def list_commands(self) -> Mapping[str, Command]:
        """Return the movements over the rows."""
        return {
            "list.up": command(self.found.step, -1),
            "list.down": command(self.found.step, 1),
            "list.page_up": command(self.found.page, -1),
            "list.page_down": command(self.found.page, 1),
        }

    @on(Input.Changed)
    def _line_changed(self, message: Input.Changed) -> None:
        message.stop()
        # The line may be ahead of its messages: Enter after a burst has already taken the whole text.
        if not self.lookup.typed(self.line.value):
            return
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(DEBOUNCE_SECONDS, self.ask_next)

    def ask_next(self) -> None:
        """Ask about the text as typed unless a question is under way; before the base is open it waits."""
        if self.desk.services is None:
            return
        question = self.lookup.next_question()
        if question is not None:
            self.inquire(question)

    async def press_enter(self) -> None:
        """Choose the row if the rows answer the text, else choose when they do."""
        self.lookup.typed(self.line.value)
        if self.lookup.fresh:
            await self.choose()
            return
        self.lookup.await_answer()
        self.ask_next()

    async def settle(self) -> None:
        """Go on after an answer: Enter that waited, then the text typed meanwhile."""
        if self.lookup.fresh and self.lookup.take_awaited() and self.desk.current is self:
            await self.choose()
        self.ask_next()

    def failed(self, failure: CallFailed) -> None:
        """Say what stopped the search; the text stays and Enter asks again."""
        if self.lookup.failed(failure.number):
            super().failed(failure)
