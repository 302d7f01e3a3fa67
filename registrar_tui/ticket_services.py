"""The use-cases of tickets: the part of `desk_services.DeskServices` that handles paper and codes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from registrar_tui.services import arrivals, dto, tickets
from registrar_tui.services.permissions import Permission
from registrar_tui.services.protocol import TicketFormat
from registrar_tui.use_cases import UseCases


class TicketServices(UseCases):
    """A ticket is shown, checked and printed as often as anybody wishes."""

    _tickets_folder: Path
    _printer: str | None

    def verify_ticket(self, code: str) -> dto.TicketCheck:
        """Check a shown ticket code."""
        self._workplace.may(Permission.ARRIVE)
        with self._store.read() as session:
            check = arrivals.verify(session, self._workplace, code)
        self._readings.visit("ticket-checked", check.visit_id)
        return check

    def ticket(self, visit_id: int) -> dto.TicketView:
        """Collect what a ticket says."""
        view = self._ticket(visit_id)
        self._readings.visit("visit-shown", visit_id)
        return view

    def _ticket(self, visit_id: int) -> dto.TicketView:
        self._workplace.may(Permission.PRINT)
        with self._store.read() as session:
            return tickets.ticket_view(session, self._workplace, visit_id)

    def print_ticket(
        self,
        visit_id: int,
        *,
        form: TicketFormat = "a6",
        out: Path | None = None,
        printer: str | None = None,
    ) -> Path:
        """Write a ticket and send it to the printer if one is set."""
        from registrar_tui.printing.sheets import rendered
        from registrar_tui.printing.spool import spool_ticket, write_out

        view = self._ticket(visit_id)
        self._journal("ticket-printed", "visit", visit_id, detail={"form": form})
        data, suffix = rendered([view], form)
        if out is not None:
            file = write_out(out, data)
        else:
            day = view.starts_at.date()
            file = spool_ticket(self._tickets_folder, view.number, day, data, suffix=suffix)
        queue = printer or self._printer
        if queue is not None:
            from registrar_tui.printing.lp import send_to_printer

            send_to_printer(file, queue, view.number)
        return file

    def day_tickets(self, day: date, *, out: Path, form: TicketFormat = "a4") -> int:
        """Write the tickets of a day into one file."""
        from registrar_tui.printing.sheets import rendered
        from registrar_tui.printing.spool import write_out

        self._workplace.may(Permission.PRINT)
        self._journal("day-printed", detail={"day": day.isoformat(), "form": form})
        with self._store.read() as session:
            views = [
                tickets.ticket_view(session, self._workplace, visit_id)
                for visit_id in tickets.visits_of_day(session, self._workplace, day)
            ]
        data, _ = rendered(views, form)
        write_out(out, data)
        return len(views)
