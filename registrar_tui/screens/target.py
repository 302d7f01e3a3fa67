"""К кому записать (F3): a specialty, doctor or service by keyword, in all branches or in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from registrar_tui.plain import plain
from registrar_tui.screens.answers import TargetsFound
from registrar_tui.screens.lookup import Question
from registrar_tui.screens.lookup_pane import LookupPane
from registrar_tui.screens.pane import Command, Person
from registrar_tui.screens.words import day_and_time
from registrar_tui.services.dto import BookingTarget, GridQuery, TargetKind
from registrar_tui.widgets.row_list import Column, Row, RowList
from registrar_tui.widgets.search_line import SearchLine
from registrar_tui.widgets.status_line import SplitLine

KIND_WORDS: Final[dict[TargetKind, str]] = {
    TargetKind.SPECIALTY: "специальность",
    TargetKind.DOCTOR: "врач",
    TargetKind.SERVICE: "услуга",
    TargetKind.BRANCH: "филиал",
}
_COLUMNS: Final = (
    Column("К кому", 24, 44),
    Column("Что", 13, 13, rank=1),
    Column("Подробно", 14, 40, rank=2),
    Column("Свободно", 8, 8, right=True),
    Column("Ближайшее", 14, 14),
)


class TargetPane(LookupPane):
    """Choose what to book for; Enter opens the slot grid on the first suitable slot."""

    NAME = "target"

    def __init__(self) -> None:
        super().__init__(SearchLine("специальность, врач, услуга или филиал", id="target-line"))
        self.targets = self.found = RowList(_COLUMNS, id="targets")
        self.head = SplitLine(id="target-head")
        self.person: Person | None = None
        self.branch: BookingTarget | None = None
        self._answer: tuple[BookingTarget, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out who is booked, the line and the rows."""
        yield self.head
        with Horizontal(classes="ask"):
            yield self.line
        yield self.targets

    def commands(self) -> Mapping[str, Command]:
        """What can be done with the row under the cursor."""
        commands: dict[str, Command] = {"target.choose": self.press_enter}
        if self.targets.current is not None:
            commands.update(self.list_commands())
        return commands

    def aim(self, person: Person, typed: str = "", branch: BookingTarget | None = None) -> None:
        """Start choosing for a person, in one branch if given; `typed` are letters pressed on the card."""
        if self.person != person:
            self.targets.show(())
        self.person, self.branch = person, branch
        where = f" · {plain(branch.title)}" if branch is not None else ""
        self.head.show(Content.assemble((plain(person.name), "bold"), " → к кому записать?", where))
        self.line.value = typed
        self.line.cursor_position = len(typed)
        self.lookup.forget()
        self.lookup.typed(typed)
        self.ask_next()

    async def choose(self) -> None:
        """Open the grid of the row under the cursor."""
        target = self._current()
        if target is None:
            if self.line.value.strip():
                self.desk.announce("Такой специальности, врача или услуги нет: измените запрос.", "warn")
            return
        if self.person is None:
            return
        if target.kind is TargetKind.BRANCH:
            self.aim(self.person, branch=target)
            return
        await self.desk.open_grid(self.person, grid_query(target, self.person, self.branch), target.title)

    def inquire(self, question: Question) -> None:
        """Ask for targets; an empty line lists the specialties."""
        person_id = None if self.person is None else self.person.id
        branch_id = None if self.branch is None else self.branch.id
        self.ask(
            "find_targets",
            lambda services: services.find_targets(
                question.text, patient_id=person_id, branch_id=branch_id, limit=40
            ),
            lambda targets: TargetsFound(question.number, tuple(targets)),
            question.number,
        )

    @on(TargetsFound)
    async def _targets_found(self, message: TargetsFound) -> None:
        message.stop()
        if self.lookup.answered(message.number):
            self._show(message.targets)
        await self.settle()

    def _show(self, targets: Sequence[BookingTarget]) -> None:
        self._answer = tuple(targets)
        self.targets.show([_row(index, target) for index, target in enumerate(targets)])
        self.desk.keys_changed()

    def _current(self) -> BookingTarget | None:
        row = self.targets.current
        return None if row is None or not isinstance(row.key, int) else self._answer[row.key]


def grid_query(target: BookingTarget, person: Person, branch: BookingTarget | None = None) -> GridQuery:
    """Return the grid of a target for a person, narrowed to a branch; a doctor has but one."""
    branch_id = None if branch is None or target.kind is TargetKind.DOCTOR else branch.id
    return GridQuery(kind=target.kind, target_id=target.id, patient_id=person.id, branch_id=branch_id)


def _row(index: int, target: BookingTarget) -> Row:
    return Row(
        key=index,
        cells=(
            target.title,
            KIND_WORDS[target.kind],
            target.detail,
            str(target.free) if target.free else "нет",
            "—" if target.nearest is None else day_and_time(target.nearest),
        ),
        tone="" if target.free else "muted",
    )
