"""Оператор: the lines that adding, a new role or a new password need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from registrar_tui.plain import plain
from registrar_tui.screens.entry import SecretField
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.office_answers import OperatorChanged
from registrar_tui.screens.office_pane import OfficePane
from registrar_tui.screens.pane import Command, command
from registrar_tui.widgets.field import Field
from registrar_tui.widgets.status_line import SplitLine

if TYPE_CHECKING:
    from registrar_tui.services.protocol_office import Office


class Task(Enum):
    """What is done with an operator: the heading and the lines it needs."""

    ADD = ("Новый оператор", ("login", "name", "role", "password", "again"))
    ROLE = ("Роль оператора", ("role",))
    PASSWORD = ("Новый пароль оператора", ("password", "again"))


PASSWORDS: Final = ("password", "again")


class OperatorFormPane(OfficePane):
    """A refusal stands under its line; what is typed stays, the passwords too, until it is saved or left."""

    NAME = "operator"
    DEFAULT_CSS = "#operator-fields { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.head = SplitLine(id="operator-head", classes="ruled")
        self.lines: dict[str, Field] = {
            "login": Field("login", "Имя для входа", "буквы и цифры"),
            "name": Field("name", "Фамилия И. О.", "видна другим"),
            "role": Field("role", "Роль"),
            "password": SecretField("password", "Пароль", "от 8 знаков"),
            "again": SecretField("again", "Ещё раз"),
        }
        self._scroll = VerticalScroll(id="operator-fields", can_focus=False)
        self._work = Task.ADD
        self._login = ""
        self._roles: tuple[tuple[str, str], ...] = ()
        self._saving = False
        self._wrong: tuple[str, str] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the heading and the lines."""
        yield self.head
        with self._scroll:
            yield from self.lines.values()

    def commands(self) -> Mapping[str, Command]:
        """Saving and the way between lines."""
        commands: dict[str, Command] = {
            "operator.next": self.press_next,
            "operator.previous": command(self._step, -1),
            "operator.leave": self.leave,
        }
        if not self._saving:
            commands["operator.save"] = self.save
        return commands

    def focus_target(self) -> Widget:
        """The first line that is wrong, else the first of the task."""
        shown = self._shown()
        return next((line for line in shown if line.problem), shown[0]).input

    def open(self, task: Task, row: dict[str, Any] | None, roles: tuple[tuple[str, str], ...]) -> None:
        """Begin with nobody, or with an operator as listed."""
        self._work, self._roles, self._saving = task, roles, False
        self._login = "" if row is None else row["login"]
        heading, names = task.value
        for name, line in self.lines.items():
            line.value = ""
            line.tell("")
            line.display = name in names
        offered = ", ".join(f"{number} {label}" for number, (_, label) in enumerate(roles, start=1))
        self.lines["role"].tell(f"номер или начало слова: {offered}", "muted")
        self.lines["role"].problem = ""
        who = "" if row is None else f"   {plain(row['login'])} · {plain(row['name'])} · {row['role_name']}"
        self.head.show(Content.assemble((heading, "bold"), who))

    def press_next(self) -> None:
        """Enter, Tab: the next line; on the last one, save."""
        shown = [line.input for line in self._shown()]
        if self.screen.focused is shown[-1]:
            self.save()
        else:
            self._step(1)

    def save(self) -> None:
        """Ctrl+S: send it."""
        if self._saving:
            return
        for line in self._shown():
            if line.problem:
                line.tell("")
        problem = self._problem()
        if problem is not None:
            self._tell(*problem)
            return
        self._saving = True
        told = self._told()
        send = self._sending()
        self.ask_office("save", send, lambda row: OperatorChanged(row, told))
        self.desk.keys_changed()

    async def leave(self) -> None:
        """Esc: back to the list, nothing kept of the passwords."""
        for name in PASSWORDS:
            self.lines[name].value = ""
        await self.desk.back()

    def _shown(self) -> list[Field]:
        return [self.lines[name] for name in self._work.value[1]]

    def _step(self, by: int) -> None:
        inputs = [line.input for line in self._shown()]
        focused = self.screen.focused
        at = next((index for index, line in enumerate(inputs) if line is focused), 0)
        self.screen.set_focus(inputs[min(max(at + by, 0), len(inputs) - 1)])

    def _problem(self) -> tuple[str, str] | None:
        for name in self._work.value[1]:
            if not self.lines[name].value.strip():
                return name, "Заполните это поле."
        if "role" in self._work.value[1] and self._role() is None:
            return "role", "Такой роли нет: наберите её номер или начало слова."
        if "again" in self._work.value[1] and self.lines["password"].value != self.lines["again"].value:
            self.lines["again"].value = ""  # nobody can see what is to be corrected in it
            return "again", "Пароли не совпали: наберите второй раз тот же."
        return None

    def _role(self) -> str | None:
        """Return the code of the role typed: its number, or letters that only one role begins with."""
        typed = self.lines["role"].value.strip().casefold()
        numbered = dict(enumerate((code for code, _ in self._roles), start=1))
        if typed.isascii() and typed.isdigit():
            return numbered.get(int(typed[:3]))
        found = [code for code, label in self._roles if label.startswith(typed) or code == typed]
        return found[0] if typed and len(found) == 1 else None

    def _tell(self, name: str, message: str) -> None:
        line = self.lines[name]
        self._wrong = (name, line.value)
        line.tell(message)
        self.screen.set_focus(line.input)

    def _sending(self) -> Callable[[Office], dict[str, Any]]:
        values = {name: line.value for name, line in self.lines.items()}
        login, role, password = self._login, self._role() or "", values["password"]
        match self._work:
            case Task.ADD:
                return lambda office: office.add_operator(values["login"], values["name"], role, password)
            case Task.ROLE:
                return lambda office: office.set_role(login, role)
            case Task.PASSWORD:
                return lambda office: office.set_password(login, password)

    def _told(self) -> str:
        role = dict(self._roles).get(self._role() or "", "")
        match self._work:
            case Task.ADD:
                login = self.lines["login"].value.strip().casefold()
                return f"{login} заведён: {role}. Пароль сменит сам при первом входе."
            case Task.ROLE:
                return f"{self._login} теперь {role}; действует со следующего входа."
            case Task.PASSWORD:
                return f"{self._login} получил новый пароль; его сеансы закончены."

    @on(Input.Changed)
    def _line_changed(self, message: Input.Changed) -> None:
        message.stop()
        for name, line in self.lines.items():
            # The last letter of what was refused may be told of after the refusal.
            if line.input is message.input and line.problem and self._wrong != (name, line.value):
                line.tell("")

    @on(OperatorChanged)
    async def _operator_changed(self, message: OperatorChanged) -> None:
        message.stop()
        self._saving = False
        if self.desk.current is self:
            await self.leave()
        self.desk.announce(f"✓ {message.told}", "done")

    def failed(self, failure: CallFailed) -> None:
        """Put the problem under its line; what is typed stays."""
        self._saving = False
        self.desk.keys_changed()
        name = failure.error.field
        if name is not None and name in self._work.value[1]:
            self._tell(name, failure.error.message)
        else:
            super().failed(failure)
