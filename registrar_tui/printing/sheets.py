"""Tickets in the format that was asked for."""

from __future__ import annotations

from registrar_tui.services.dto import TicketView
from registrar_tui.services.protocol import TicketFormat


def rendered(views: list[TicketView], form: TicketFormat) -> tuple[bytes, str]:
    """Return the bytes of tickets, one after another, and the file suffix."""
    if form == "text":
        from registrar_tui.printing.plain_text import text_ticket

        return "\f".join(text_ticket(view) for view in views).encode("utf-8"), "txt"
    from registrar_tui.printing.pdf import ticket_pdf, tickets_pdf

    return (ticket_pdf(views[0], form) if len(views) == 1 else tickets_pdf(views, form)), "pdf"
