"""Сегодня (F5): the visits of the day; a scan or Enter marks a patient as arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from registrar_tui.screens.answers import ArrivalRecorded, DayListed
from registrar_tui.screens.calls import may_retry, new_op_id
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.pane import Command, Pane, Person, command
from registrar_tui.screens.words import full_day, short_name
from registrar_tui.services.dto import DayList, VisitRow
from registrar_tui.vocabulary import VisitStatus
from registrar_tui.widgets.row_list import Column, Row, RowList
from registrar_tui.widgets.search_line import SearchLine
from registrar_tui.widgets.status_line import SplitLine

_COLUMNS: Final = (
    Column("Время", 5, 5),
    Column("Пациент", 20, 40),
    Column("К кому", 18, 36, rank=1),
    Column("Каб.", 5, 6, rank=2),
    Column("Талон", 6, 8, rank=3),
    Column("Состояние", 16, 26),
)
ARRIVED: Final = (VisitStatus.ARRIVED, VisitStatus.CHECKED_IN, VisitStatus.FULFILLED)
NUMBER_DIGITS: Final = 10  # a longer one is the signed code of a ticket
VIEWS: Final = ("все", "ждём", "без отметки", "пришли")


class TodayPane(Pane):
    """The day's list; letters narrow it, digits are a ticket, Tab shows the ones that wait for a mark."""

    NAME = "today"
    LIVE = True

    def __init__(self) -> None:
        super().__init__()
        self.head = SplitLine(id="today-head")
        self.line = SearchLine("скан талона, номер талона или фамилия", id="today-line")
        self.visits = RowList(_COLUMNS, id="today-visits")
        self.day: DayList | None = None
        self._number = 0
        self._read_at = datetime.min
        self._view = 0
        self._arrival: tuple[str, str] | None = None
        self._recording = False
        self._shown_for = ""

    def compose(self) -> ComposeResult:
        """Lay out the counts, the line and the visits."""
        yield self.head
        with Horizontal(classes="ask"):
            yield self.line
        yield self.visits

    def commands(self) -> Mapping[str, Command]:
        """What can be done with the line and with the visit under the cursor."""
        commands: dict[str, Command] = {"today.view": self.next_view}
        if self.line.value:
            commands["today.clear"] = self.clear
        visit = self.visit
        if visit is not None or self.line.value:
            commands["today.arrive"] = self.press_arrive
        if visit is None:
            return commands
        commands["list.up"] = command(self.visits.step, -1)
        commands["list.down"] = command(self.visits.step, 1)
        commands["list.page_up"] = command(self.visits.page, -1)
        commands["list.page_down"] = command(self.visits.page, 1)
        commands["today.card"] = command(self.desk.open_card, _person(visit))
        commands["today.book"] = command(self.desk.open_target, _person(visit))
        commands["visit.ticket"] = command(self.desk.open_ticket, visit.id)
        if visit.status == VisitStatus.BOOKED:
            commands["visit.move"] = command(self.desk.open_move, visit)
            commands["visit.cancel"] = command(self.desk.open_cancel, visit)
        return commands

    def focus_target(self) -> Widget:
        """The line takes the keys: a scan may come at any moment."""
        return self.line

    @property
    def visit(self) -> VisitRow | None:
        """The visit under the cursor."""
        row = self.visits.current
        if row is None or self.day is None:
            return None
        return next((visit for visit in self.day.rows if visit.id == row.key), None)

    def shown(self) -> None:
        """Read the day again."""
        self.line.action_select_all()
        self.renew()

    def renew(self) -> None:
        """Read the day again; the cursor stays on its visit."""
        self._number += 1
        number = self._number
        self.ask("day_list", lambda services: services.day_list(), lambda day: DayListed(number, day), number)

    def stale(self, now: datetime) -> bool:
        """A visit is over since the list was read: whoever has not come is without a mark from then on."""
        rows = () if self.day is None else self.day.rows
        return any(
            self._read_at < _ends(visit) <= now for visit in rows if visit.status == VisitStatus.BOOKED
        )

    def clear(self) -> None:
        """Empty the line."""
        self.line.value = ""

    def next_view(self) -> None:
        """Tab: all, expected, without a mark, arrived."""
        self._view = (self._view + 1) % len(VIEWS)
        self._show()

    def press_arrive(self) -> None:
        """Enter: the scanned code or typed number, else the visit under the cursor."""
        if self._recording:
            return
        if self.line.value != self._shown_for:
            self._show()  # Enter is ahead of the line's message
        code = self._code()
        if code is None:
            return
        if self._arrival is None or self._arrival[0] != code:
            self._arrival = (code, new_op_id())
        op_id = self._arrival[1]
        self._recording = True
        self.ask("arrive", lambda services: services.arrive(code, op_id=op_id), ArrivalRecorded)

    def _code(self) -> str | None:
        typed = "".join(self.line.value.split())
        if typed.isdigit() and len(typed) > NUMBER_DIGITS:
            return typed
        if typed.isdigit():
            rows = () if self.day is None else self.day.rows
            by_number = [visit for visit in rows if visit.number.lstrip("0") == typed.lstrip("0")]
            return str(by_number[0].id) if len(by_number) == 1 else typed
        visit = self.visit
        if visit is None:
            self.desk.announce("Сегодня такого приёма нет. F2 — найти пациента.", "warn")
            return None
        return str(visit.id)

    @on(Input.Changed)
    def _line_changed(self, message: Input.Changed) -> None:
        message.stop()
        self._show()

    @on(RowList.RowHighlighted)
    def _visit_highlighted(self, message: RowList.RowHighlighted) -> None:
        message.stop()
        self.desk.keys_changed()

    @on(DayListed)
    def _day_listed(self, message: DayListed) -> None:
        message.stop()
        if message.number == self._number:
            self.day = message.day
            self._read_at = self.desk.now()
            self._show()

    @on(ArrivalRecorded)
    def _arrival_recorded(self, message: ArrivalRecorded) -> None:
        message.stop()
        self._recording = False
        self._arrival = None
        visit = message.visit
        room = f", каб. {visit.room}" if visit.room else ""
        self.desk.announce(
            f"✓ Талон {visit.number}: пациент пришёл, приём в {visit.starts_at:%H:%M}{room}.", "done"
        )
        self.line.value = ""
        self.renew()

    def failed(self, failure: CallFailed) -> None:
        """Say the ticket's verdict; a lost connection keeps the intention for Enter."""
        if failure.call == "arrive":
            self._recording = False
            if may_retry(failure.error):
                self.desk.announce(f"{failure.error.message} Enter — повторить.", "stop")
                return
            self._arrival = None
            self.line.action_select_all()
            ways = "".join(f" {way.text}" for way in failure.error.ways_out)
            self.desk.announce(failure.error.message + ways, "stop")
            self.renew()
        elif failure.number == self._number:
            super().failed(failure)

    def _show(self) -> None:
        day = self.day
        if day is None:
            return
        self._shown_for = self.line.value
        now = self.desk.now()
        rows = [visit for visit in day.rows if self._wanted(visit, now)]
        first = not self.visits.rows
        self.visits.show([_row(visit, now) for visit in rows], keep=True)
        if first:
            self._go_to_now(rows, now)
        counts = f"ждём {day.expected} · пришли {day.arrived}"
        unresolved = Content.assemble(
            (f" · без отметки {day.unresolved}", "$text-warning" if day.unresolved else "")
        )
        self.head.show(
            Content.assemble(("Сегодня", "bold"), f" {full_day(day.day)}   {counts}", unresolved),
            Content.assemble((f"показаны: {VIEWS[self._view]}", "$foreground-muted")),
        )
        self.desk.keys_changed()

    def _go_to_now(self, rows: Sequence[VisitRow], now: datetime) -> None:
        for visit in rows:
            if _ends(visit) > now:
                self.visits.go_to(visit.id)
                return

    def _wanted(self, visit: VisitRow, now: datetime) -> bool:
        if not _VIEW_TESTS[VIEWS[self._view]](visit, now):
            return False
        typed = self.line.value.strip().casefold().replace("ё", "е")
        if not typed or typed.replace(" ", "").isdigit():
            return True
        return typed in f"{visit.patient} {visit.doctor}".casefold().replace("ё", "е")


def unresolved(visit: VisitRow, now: datetime) -> bool:
    """Tell whether a visit is over and nobody said whether the patient came."""
    return visit.status == VisitStatus.BOOKED and _ends(visit) <= now


def _ends(visit: VisitRow) -> datetime:
    return visit.starts_at + timedelta(minutes=visit.minutes)


_VIEW_TESTS: Final[dict[str, Callable[[VisitRow, datetime], bool]]] = {
    "все": lambda _visit, _now: True,
    "ждём": lambda visit, now: visit.status == VisitStatus.BOOKED and not unresolved(visit, now),
    "без отметки": unresolved,
    "пришли": lambda visit, _now: visit.status in ARRIVED,
}


def _person(visit: VisitRow) -> Person:
    return Person(visit.patient_id, visit.patient, short_name(visit.patient))


def _row(visit: VisitRow, now: datetime) -> Row:
    state, tone = visit.note, ""
    if unresolved(visit, now):
        state, tone = "? без отметки", "warn"
    elif visit.status in ARRIVED:
        state, tone = f"✓ {visit.note}", "done"
    elif visit.status != VisitStatus.BOOKED:
        state, tone = f"× {visit.note}", "muted"
    cells = (
        f"{visit.starts_at:%H:%M}",
        visit.patient,
        f"{visit.specialty} {visit.doctor}",
        visit.room,
        visit.number,
        state,
    )
    return Row(visit.id, cells, tone)
