"""Отмена (F8): the reason, and what the 24-hour rule means for this visit now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from registrar_tui.plain import plain
from registrar_tui.screens.answers import VisitCancelled
from registrar_tui.screens.calls import may_retry, new_op_id
from registrar_tui.screens.card import visit_words
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.pane import Command, Pane, command
from registrar_tui.screens.words import plural
from registrar_tui.services.dto import CancelVisit, VisitRow
from registrar_tui.vocabulary import CANCEL_REASONS, CLINIC_REASONS, Initiator
from registrar_tui.widgets.row_list import Column, Row, RowList
from registrar_tui.widgets.status_line import TONE_STYLES, SplitLine, Tone

NOTICE: Final = timedelta(hours=24)
REASONS: Final = tuple(CANCEL_REASONS)
_COLUMNS: Final = (Column("", 1, 1), Column("Причина отмены", 30, 40), Column("Чьё решение", 12, 12))
_NUMBERS: Final = tuple(f"cancel.reason_{number}" for number in range(1, len(REASONS) + 1))


class CancelPane(Pane, can_focus=True):
    """Choose a reason by arrow or number; Enter cancels, Esc leaves everything as it was."""

    NAME = "cancel"
    DEFAULT_CSS = """
    #cancel-rule { padding: 1 1 0 1; height: auto; }
    #reasons { height: auto; max-height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.head = SplitLine(id="cancel-head", classes="ruled")
        self.rule = Static(markup=False, id="cancel-rule")
        self.visit: VisitRow | None = None
        self.reasons = RowList(_COLUMNS, id="reasons")
        self._op_id = ""
        self._cancelling = False

    def compose(self) -> ComposeResult:
        """Lay out the visit, the reasons and what the cancellation means."""
        yield self.head
        yield self.reasons
        yield self.rule

    def commands(self) -> Mapping[str, Command]:
        """The reasons and the cancellation itself."""
        if self.visit is None or self._cancelling:
            return {}
        commands: dict[str, Command] = {
            "cancel.confirm": self.press_cancel,
            "list.up": command(self.reasons.step, -1),
            "list.down": command(self.reasons.step, 1),
        }
        for name, reason in zip(_NUMBERS, REASONS, strict=True):
            commands[name] = command(self.reasons.go_to, reason)
        return commands

    def open(self, visit: VisitRow) -> None:
        """Begin with a visit and the commonest reason."""
        self.visit = visit
        self._op_id = new_op_id()
        self._cancelling = False
        self.head.show(
            Content.assemble(
                ("Отмена приёма", "bold"), f"   {plain(visit.patient)} · {plain(visit_words(visit))}"
            ),
            Content(f"талон {plain(visit.number)}"),
        )
        self.reasons.show([_row(number, reason) for number, reason in enumerate(REASONS, start=1)])

    def press_cancel(self) -> None:
        """Enter: cancel for the reason under the cursor."""
        visit, reason = self.visit, self._reason()
        if visit is None or reason is None or self._cancelling:
            return
        self._cancelling = True
        command = CancelVisit(self._op_id, visit.id, reason, initiator_of(reason))
        self.ask("cancel", lambda services: services.cancel(command), VisitCancelled)

    @on(RowList.RowHighlighted)
    def _reason_highlighted(self, message: RowList.RowHighlighted) -> None:
        message.stop()
        reason = self._reason()
        if self.visit is not None and reason is not None:
            text, tone = rule_in_words(self.visit, reason, self.desk.now())
            self.rule.update(Content.assemble((text, TONE_STYLES[tone])))

    @on(VisitCancelled)
    async def _visit_cancelled(self, message: VisitCancelled) -> None:
        message.stop()
        self._cancelling = False
        self.visit = None
        self.desk.acted()
        late = " Отмена поздняя." if message.visit.late else ""
        self.desk.announce(
            f"✓ Приём отменён, талон {message.visit.number} недействителен.{late} Ctrl+Z вернуть", "done"
        )
        if self.desk.current is self:
            await self.desk.back()

    def failed(self, failure: CallFailed) -> None:
        """Say why not; the same cancellation may be sent again with Enter."""
        self._cancelling = False
        again = " Enter — повторить: дважды не отменит." if may_retry(failure.error) else ""
        self.desk.announce(failure.error.message + again, "stop")
        self.desk.keys_changed()

    def _reason(self) -> str | None:
        row = self.reasons.current
        return None if row is None else str(row.key)


def initiator_of(reason: str) -> Initiator:
    """Tell who cancels by the reason."""
    return Initiator.CLINIC if reason in CLINIC_REASONS else Initiator.PATIENT


def rule_in_words(visit: VisitRow, reason: str, now: datetime) -> tuple[str, Tone]:
    """Say what a cancellation for this reason means now; the service decides by the same clock."""
    if initiator_of(reason) is Initiator.CLINIC:
        return "Отмена по решению клиники: пациенту не засчитывается. Бирка освободится.", ""
    ahead = visit.starts_at - now
    if ahead >= NOTICE:
        return f"До приёма {_span(ahead)}: отмена своевременная, бирка освободится.", ""
    if ahead > timedelta(0):
        return (
            f"До приёма {_span(ahead)}, меньше 24 часов: отмена поздняя. Бирка достанется другим, "
            "самостоятельная повторная запись пациента будет ограничена.",
            "warn",
        )
    return "Время приёма уже наступило: отмена поздняя, пациента надо предупредить об ограничении.", "warn"


def _span(ahead: timedelta) -> str:
    hours = int(ahead.total_seconds() // 3600)
    if hours >= 48:
        return plural(hours // 24, "день", "дня", "дней")
    if hours >= 1:
        return plural(hours, "час", "часа", "часов")
    return plural(int(ahead.total_seconds() // 60), "минута", "минуты", "минут")


def _row(number: int, reason: str) -> Row:
    by = "клиника" if reason in CLINIC_REASONS else "пациент"
    return Row(reason, (str(number), CANCEL_REASONS[reason], by))
