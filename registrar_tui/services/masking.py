"""Personal numbers for eyes without the right to them."""

from __future__ import annotations

from dataclasses import replace

from registrar_tui.services import dto


def page(found: dto.PatientPage) -> dto.PatientPage:
    """Return a search answer with masked numbers and no draft of what was typed."""
    return replace(found, rows=tuple(_row(row) for row in found.rows), draft=None)


def _row(row: dto.PatientRow) -> dto.PatientRow:
    return replace(
        row, snils=tail(row.snils), enp=tail(row.enp), phone=tail(row.phone), policy=tail(row.policy) or ""
    )


def visit(found: dto.VisitView) -> dto.VisitView:
    """Return a visit whose ticket code nobody could show at a desk."""
    return replace(found, ticket_code=tail(found.ticket_code) or "")


def tail(number: str | None, shown: int = 4) -> str | None:
    """Return a number with all but its last characters masked."""
    if not number:
        return number
    return "·" * max(len(number) - shown, 0) + number[-shown:]
