"""Рабочее место закрыто (F12): nothing of any patient is in sight until the operator is back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from registrar_tui.screens.entry import EntryScreen, SecretField
from registrar_tui.screens.failures import FailureLog
from registrar_tui.screens.messages import OtherOperatorAsked
from registrar_tui.widgets.status_line import KeyHint

if TYPE_CHECKING:
    from registrar_tui.services.dto import DeskGreeting
    from registrar_tui.services.protocol_office import Door


class LockScreen(EntryScreen):
    """Takes the password of who works here; the demo operator has none and presses Enter."""

    HEADING = "Рабочее место закрыто"
    ACTION = "открыть"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "other_operator", show=False, priority=True)]

    def __init__(self, greeting: DeskGreeting, door: Door | None, failures: FailureLog) -> None:
        self.password = SecretField("password", "Пароль")
        self._login = greeting.login
        self._door = None if greeting.demo else door
        fields = () if self._door is None else (self.password,)
        told = f"Работает {greeting.operator}: всё набранное цело." if greeting.operator else ""
        super().__init__(greeting.desk, fields, told, failures)

        if self._door is not None:
            self.MORE = (KeyHint("F2", "другой оператор"),)

    def action_other_operator(self) -> None:
        """F2: the shift changes while the desk is locked."""
        if self._door is not None:
            self.post_message(OtherOperatorAsked())

    def attempt(self) -> Callable[[], None]:
        """Try the password; a wrong one counts as at the sign-in."""
        door, login, password = self._door, self._login, self.password.value
        if door is None:
            return lambda: None
        return lambda: door.sign_in(login, password)
