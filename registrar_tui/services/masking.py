"""Personal numbers for eyes without the right to them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from registrar_tui.services import dto

# From nine digits on (passport 10, phone and СНИЛС 11, ЕНП 16), written together or in groups.
_NUMBER: Final = re.compile(r"(?<![\w.])\+?\d(?:[ ()-]{0,2}\d){8,}")


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


def numbers(text: str) -> str:
    """Return text for a log or a traceback, in which no number of a person can be read."""
    return _NUMBER.sub(lambda found: f"{'·' * 4}{found[0][-2:]}", text)


def tail(number: str | None, shown: int = 4) -> str | None:
    """Return a number with all but its last characters masked."""
    if not number:
        return number
    return "·" * max(len(number) - shown, 0) + number[-shown:]
