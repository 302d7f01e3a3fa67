"""A pane whose questions go to the office: operators and the journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from textual.message import Message

from registrar_tui.errors import StoreUnavailable
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.pane import Pane

if TYPE_CHECKING:
    from registrar_tui.services.protocol_office import Office

Answer = TypeVar("Answer")


class OfficePane(Pane):
    """Asks the office as other panes ask the desk's services."""

    def ask_office(
        self,
        call: str,
        question: Callable[[Office], Answer],
        answered: Callable[[Answer], Message],
        number: int = 0,
    ) -> None:
        """Put one question to the office in a thread; the answer or `CallFailed` comes as a message."""
        door = self.desk.door
        if door is None:
            self.post_message(CallFailed(call, number, StoreUnavailable("База ещё не открыта: подождите.")))
            return
        self._run_call(call, number, lambda: answered(question(door.office())))
