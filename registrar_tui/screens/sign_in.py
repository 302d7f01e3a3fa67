"""Вход: who works at this desk; on a base without operators, who is the first administrator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from registrar_tui.screens.entry import EntryScreen, SecretField
from registrar_tui.screens.failures import FailureLog
from registrar_tui.widgets.field import Field

if TYPE_CHECKING:
    from registrar_tui.services.protocol_office import Door

_LENGTH = "от 8 знаков"


class SignInScreen(EntryScreen):
    """Name and password; the core counts wrong ones and says how long to wait."""

    HEADING = "Вход"
    ACTION = "войти"

    def __init__(self, door: Door, failures: FailureLog, told: str = "") -> None:
        self.login = Field("login", "Имя")
        self.password = SecretField("password", "Пароль")
        self.login.value = door.login
        self.login.input.select_on_focus = True  # who types over the last name need not rub it out
        self._door = door
        super().__init__(door.desk, (self.login, self.password), told, failures)

    def attempt(self) -> Callable[[], None]:
        """Sign in."""
        door, login, password = self._door, self.login.value, self.password.value
        return lambda: door.sign_in(login, password)


class _NewPassword(EntryScreen):
    """A screen that ends in a new password, typed twice."""

    password: SecretField
    again: SecretField

    def problem(self) -> tuple[Field, str] | None:
        """The two passwords are one."""
        wrong = super().problem()
        if wrong is None and self.password.value != self.again.value:
            self.again.value = ""
            return self.again, "Пароли не совпали: наберите второй раз тот же."
        return wrong


class FirstAdministratorScreen(_NewPassword):
    """The base has nobody yet: who opens the desk now keeps its operators."""

    HEADING = "Первый администратор"
    ACTION = "завести и войти"

    def __init__(self, door: Door, failures: FailureLog) -> None:
        self.login = Field("login", "Имя для входа", "от 2 букв")
        self.name_line = Field("name", "Фамилия И. О.")
        self.password = SecretField("password", "Пароль", _LENGTH)
        self.again = SecretField("again", "Ещё раз")
        self.login.value = door.login
        self._door = door
        told = "В базе ещё нет операторов. Администратор заводит остальных; карточек пациентов он не видит."
        fields = (self.login, self.name_line, self.password, self.again)
        super().__init__(door.desk, fields, told, failures)

    def attempt(self) -> Callable[[], None]:
        """Make the administrator, who is signed in at once."""
        door = self._door
        login, name, password = self.login.value, self.name_line.value, self.password.value
        return lambda: door.found(login, name, password)


class NewPasswordScreen(_NewPassword):
    """The password was set by somebody else: nobody works with it."""

    HEADING = "Новый пароль"
    ACTION = "сменить и войти"

    def __init__(self, door: Door, failures: FailureLog, login: str) -> None:
        self.password = SecretField("password", "Новый пароль", _LENGTH)
        self.again = SecretField("again", "Ещё раз")
        self._door = door
        self._login = login
        told = "Ваш пароль задал администратор. Придумайте свой: его не знает никто, кроме вас."
        super().__init__(door.desk, (self.password, self.again), told, failures)

    def attempt(self) -> Callable[[], None]:
        """Change it."""
        door, login, password = self._door, self._login, self.password.value
        return lambda: door.change_password(login, password)
