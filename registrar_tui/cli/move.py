"""`registrar move`: another time for a visit, the old one freed in the same transaction."""

from __future__ import annotations

from typing import Annotated

import typer

from registrar_tui.cli.arguments import (
    BY,
    OP_ID,
    OVERRIDE,
    SLOT,
    VISIT,
    WHY,
    op_id,
)
from registrar_tui.cli.book import overridden
from registrar_tui.cli.session import current
from registrar_tui.cli.shapes import visit_shape
from registrar_tui.cli.words import appointment
from registrar_tui.services.dto import MoveVisit
from registrar_tui.vocabulary import Initiator


def move(
    context: typer.Context,
    visit: Annotated[int, VISIT],
    slot: Annotated[int, SLOT],
    by: Annotated[Initiator, BY] = Initiator.PATIENT,
    override: Annotated[list[str] | None, OVERRIDE] = None,
    reason: Annotated[str | None, WHY] = None,
    attempt: Annotated[str | None, OP_ID] = None,
) -> None:
    """Move a visit and print the new one."""
    overrides = overridden(override, reason)
    run = current(context)
    moved = run.services().move(MoveVisit(op_id(attempt), visit, slot, by, overrides))
    run.output.answer(visit_shape(moved), f"Приём перенесён. {appointment(moved)}")
