"""Талон (F9): what the ticket says, its QR, and printing it again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from registrar_tui.errors import RegistrarError
from registrar_tui.plain import plain
from registrar_tui.screens.answers import TicketCollected
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.pane import Command, Pane
from registrar_tui.screens.words import WEEKDAYS
from registrar_tui.services.dto import TicketView
from registrar_tui.vocabulary import VISIT_STATUS_LABELS
from registrar_tui.widgets.qr_view import QrView
from registrar_tui.widgets.status_line import SplitLine
from registrar_tui.widgets.term_list import Term, TermList


class TicketPane(Pane, can_focus=True):
    """Show one ticket as the patient gets it; Enter prints it as often as needed."""

    NAME = "ticket"
    DEFAULT_CSS = """
    #ticket-body { height: 1fr; }
    #ticket-paper { width: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    #ticket-code { width: auto; min-width: 27; padding: 0 1; }
    #ticket-digits { width: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.head = SplitLine(id="ticket-head", classes="ruled")
        self.digits = Static(markup=False, id="ticket-digits")
        self.file_line = SplitLine(id="ticket-path")
        self.visit_id: int | None = None
        self.ticket: TicketView | None = None
        self.path: Path | None = None
        self.paper = TermList(id="ticket-text")
        self.qr = QrView(id="ticket-qr")
        self._number = 0
        self._printing = False

    def compose(self) -> ComposeResult:
        """Lay out the heading, the ticket's text and its QR side by side."""
        yield self.head
        with Horizontal(id="ticket-body"):
            with VerticalScroll(id="ticket-paper", can_focus=False):
                yield self.paper
            with Vertical(id="ticket-code"):
                yield self.qr
                yield self.digits
        yield self.file_line

    def commands(self) -> Mapping[str, Command]:
        """Printing, once the ticket is there."""
        return {} if self.ticket is None else {"ticket.print": self.print_again}

    def focus_target(self) -> Widget:
        """The pane itself: Enter, P and З print."""
        return self

    def open(self, visit_id: int, path: Path | None) -> None:
        """Show the ticket of a visit; `path` is the file it was last written to."""
        if visit_id != self.visit_id:
            self._clear()
        self.visit_id, self.path = visit_id, path
        self._show_path()
        self.renew()

    def renew(self) -> None:
        """Read the ticket again."""
        visit_id = self.visit_id
        if visit_id is None:
            return
        self._number += 1
        number = self._number
        self.ask(
            "ticket",
            lambda services: services.ticket(visit_id),
            lambda ticket: TicketCollected(number, ticket),
            number,
        )

    def print_again(self) -> None:
        """Enter, P, З: print; one print at a time."""
        if self.visit_id is not None and not self._printing:
            self._printing = True
            self.desk.announce("Талон печатается…")
            self.desk.print_ticket(self.visit_id)

    def printed(self, visit_id: int, path: Path | None) -> None:
        """Take note that a print is over; None: it failed, which the notice line says."""
        self._printing = False
        if path is not None and visit_id == self.visit_id:
            self.path = path
            self._show_path()

    def failed(self, failure: CallFailed) -> None:
        """Say why the ticket cannot be shown."""
        if failure.number == self._number:
            super().failed(failure)

    @on(TicketCollected)
    def _ticket_collected(self, message: TicketCollected) -> None:
        message.stop()
        if message.number != self._number:
            return
        ticket = self.ticket = message.ticket
        self.head.show(
            Content.assemble((f"Талон {plain(ticket.number)}", "bold"), f"   {plain(ticket.patient)}"),
            Content.assemble(
                (VISIT_STATUS_LABELS.get(ticket.status, plain(ticket.status)), "$foreground-muted")
            ),
        )
        self.paper.show(ticket_terms(ticket))
        self._show_qr(ticket.code)
        self.desk.keys_changed()

    def _show_qr(self, code: str) -> None:
        digits = Content.assemble(
            (" ".join(code[at : at + 5] for at in range(0, len(code), 5)), "$foreground-muted")
        )
        try:
            self.qr.show(self.desk.qr_matrix(code))
        except RegistrarError as error:
            self.qr.show(())
            digits = Content.assemble((error.message, "$text-error"))
        self.digits.update(digits)

    def _show_path(self) -> None:
        said = f"Файл: {self.path}" if self.path is not None else "С этого рабочего места ещё не печатался"
        self.file_line.show(Content.assemble((plain(said), "$foreground-muted")))

    def _clear(self) -> None:
        self.ticket = None
        self.qr.show(())
        self.paper.show(())
        self.digits.update("")
        self.head.show("Талон")


def ticket_terms(ticket: TicketView) -> list[Term]:
    """Return the ticket's text: when and where first, small matters last."""
    day = ticket.starts_at
    place = f"кабинет {ticket.room}" + (f", {ticket.floor} этаж" if ticket.floor else "")
    branch = ", ".join(part for part in (ticket.branch, ticket.address) if part)
    terms = [
        _term("", ticket.clinic, "bold"),
        _term("", branch),
        _term("", ticket.clinic_phone),
        _term("", " "),
        _term("Когда", f"{WEEKDAYS[day.weekday()]}, {day:%d.%m.%Y} в {day:%H:%M}", "bold"),
        _term("Где", place, "bold"),
        _term("Врач", ticket.doctor),
        _term("Специальность", ticket.specialty),
        _term("Услуга", ticket.service),
        _term("Пациент", f"{ticket.patient}, {ticket.birth_year} г. р."),
        _term("Взять с собой", ", ".join(ticket.bring)),
        *(_term("", note, "$text-warning") for note in ticket.notes),
        _term("", " "),
        _term("Выдан", f"{ticket.issued_at:%d.%m.%Y %H:%M}, {ticket.issued_by}", "$foreground-muted"),
    ]
    return [term for term in terms if term.text]


def _term(title: str, text: str, style: str = "") -> Term:
    return Term(title, Content.assemble((plain(text), style)))
