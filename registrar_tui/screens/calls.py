"""How the desk asks the core: in a thread, with an answer that comes back as a message."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from textual import on, work
from textual.message import Message
from textual.widget import Widget

from registrar_tui.errors import MUST_CHANGE, NOT_SIGNED_IN, RegistrarError, StoreUnavailable
from registrar_tui.screens.failures import INTERNAL
from registrar_tui.screens.messages import AdmissionLost, CallFailed, ConnectionChanged

if TYPE_CHECKING:
    from registrar_tui.screens.desk import DeskScreen
    from registrar_tui.services.protocol import Services

Answer = TypeVar("Answer")


def new_op_id() -> str:
    """Return the mark of one intention; a retry of the same intention keeps it."""
    return uuid4().hex


def may_retry(error: RegistrarError) -> bool:
    """Tell whether a command may have been lost on its way, so that the same `op_id` is sent again."""
    return isinstance(error, StoreUnavailable) or error.code == INTERNAL


class Caller(Widget):
    """Something on the desk that asks the core and never waits for it."""

    @property
    def desk(self) -> DeskScreen:
        """The screen that holds the services."""
        raise NotImplementedError

    def ask(
        self,
        call: str,
        question: Callable[[Services], Answer],
        answered: Callable[[Answer], Message],
        number: int = 0,
    ) -> None:
        """Put one question to the core in a thread; its answer or `CallFailed` comes back as a message."""
        services = self.desk.services
        if services is None:
            not_open = StoreUnavailable("База ещё не открыта: подождите и повторите.")
            self.post_message(CallFailed(call, number, not_open))
            return
        self._run_call(call, number, lambda: answered(question(services)))

    # Not exclusive: a write cannot be stopped half-way, and stale reads are dropped by their number.
    @work(thread=True, exit_on_error=False, group="services")
    def _run_call(self, call: str, number: int, run: Callable[[], Message]) -> None:
        desk, services = self.desk, self.desk.services
        try:
            outcome = run()
        except RegistrarError as error:
            outcome = CallFailed(call, number, error)
            if error.code in (NOT_SIGNED_IN, MUST_CHANGE):
                desk.post_message(AdmissionLost(error, services))
        except Exception as failure:  # the desk outlives any fault of a call; the log keeps where it broke
            outcome = CallFailed(call, number, desk.failures.record(call, failure))
        lost = isinstance(outcome, CallFailed) and isinstance(outcome.error, StoreUnavailable)
        if desk.connected is lost:
            desk.post_message(ConnectionChanged(not lost))
        self.post_message(outcome)

    @on(CallFailed)
    def _call_failed(self, message: CallFailed) -> None:
        message.stop()
        self.failed(message)

    def failed(self, failure: CallFailed) -> None:
        """Answer to a refusal; by default it is said on the notice line."""
        self.desk.announce(failure.error.message, "stop")
