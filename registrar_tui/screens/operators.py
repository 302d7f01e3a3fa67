"""Операторы: who may work here, in which role; for the administrator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from textual import on
from textual.app import ComposeResult
from textual.content import Content

from registrar_tui.clock import SystemClock
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.office_answers import OperatorChanged, OperatorsListed
from registrar_tui.screens.office_pane import OfficePane
from registrar_tui.screens.operator_form import OperatorFormPane, Task
from registrar_tui.screens.pane import Command, command
from registrar_tui.screens.words import plural
from registrar_tui.widgets.row_list import Column, Row, RowList
from registrar_tui.widgets.status_line import SplitLine

_COLUMNS: Final = (
    Column("Имя для входа", 13, 24),
    Column("Кто", 16, 36),
    Column("Роль", 19, 19),
    Column("Состояние", 14, 26),
)


class OperatorsPane(OfficePane, can_focus=True):
    """The list; what needs typing opens in the pane after it, blocking is one key and taken back by it."""

    NAME = "operators"

    def __init__(self) -> None:
        super().__init__()
        self.head = SplitLine(id="operators-head", classes="ruled")
        self.people = RowList(_COLUMNS, id="operators-rows")
        self.rows: dict[str, dict[str, Any]] = {}
        self._roles: tuple[tuple[str, str], ...] = ()
        self._number = 0
        self._changing = False

    def compose(self) -> ComposeResult:
        """Lay out the count and the list."""
        yield self.head
        yield self.people

    def commands(self) -> Mapping[str, Command]:
        """What can be done with the list and with the operator under the cursor."""
        if not self._roles:
            return {}
        commands: dict[str, Command] = {"operators.add": command(self._open_form, Task.ADD)}
        row = self.operator
        if row is None:
            return commands
        commands["list.up"] = command(self.people.step, -1)
        commands["list.down"] = command(self.people.step, 1)
        commands["list.page_up"] = command(self.people.page, -1)
        commands["list.page_down"] = command(self.people.page, 1)
        commands["operators.role"] = command(self._open_form, Task.ROLE)
        commands["operators.password"] = command(self._open_form, Task.PASSWORD)
        if not self._changing:
            commands["operators.active"] = self.turn_active
        return commands

    @property
    def operator(self) -> dict[str, Any] | None:
        """The operator under the cursor."""
        row = self.people.current
        return None if row is None else self.rows.get(str(row.key))

    def connected(self) -> None:
        """The administrator begins here."""
        self.renew()

    def shown(self) -> None:
        """Read again: the form may have changed somebody."""
        self.renew()

    def renew(self) -> None:
        """Read the operators; the cursor stays on its own."""
        self._number += 1
        self.ask_office(
            "operators",
            lambda office: (office.operators(), office.roles()),
            lambda answer: OperatorsListed(*answer),
            self._number,
        )

    def turn_active(self) -> None:
        """F8: block, or let in again."""
        row = self.operator
        if row is None or self._changing:
            return
        login, active = row["login"], not row["active"]
        told = "снова может войти" if active else "заблокирован, его сеансы закончены. F8 — впустить"
        self._changing = True
        self.ask_office(
            "set_active",
            lambda office: office.set_active(login, active=active),
            lambda changed: OperatorChanged(changed, f"{login} {told}"),
        )

    async def _open_form(self, task: Task) -> None:
        pane = await self.desk.bring(OperatorFormPane)
        pane.open(task, None if task is Task.ADD else self.operator, self._roles)
        await self.desk.come(pane)

    @on(OperatorsListed)
    def _operators_listed(self, message: OperatorsListed) -> None:
        message.stop()
        self._roles = message.roles
        self.rows = {row["login"]: row for row in message.rows}
        self.people.show([_row(row, SystemClock().utc()) for row in message.rows], keep=True)
        working = sum(row["active"] for row in message.rows)
        count = plural(len(message.rows), "оператор", "оператора", "операторов")
        self.head.show(
            Content.assemble(("Операторы", "bold")),
            Content.assemble((f"{count}, могут войти {working}", "$foreground-muted")),
        )
        self.desk.keys_changed()

    @on(OperatorChanged)
    def _operator_changed(self, message: OperatorChanged) -> None:
        message.stop()
        self._changing = False
        self.desk.announce(f"✓ {message.told}", "done")
        self.renew()

    def failed(self, failure: CallFailed) -> None:
        """Say why not."""
        self._changing = False
        self.desk.keys_changed()
        super().failed(failure)


def _row(row: dict[str, Any], now: datetime) -> Row:
    state, tone = "", ""
    if not row["active"]:
        state, tone = "× заблокирован", "muted"
    elif row["locked_until"] and datetime.fromisoformat(row["locked_until"]) > now:
        state, tone = "! неверные пароли", "warn"
    return Row(row["login"], (row["login"], row["name"], row["role_name"], state), tone)
