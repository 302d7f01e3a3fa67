"""`registrar cancel`: a visit is given up, its slot is free for others."""

from __future__ import annotations

from typing import Annotated

import typer

from registrar_tui.cli.arguments import BY, CANCEL_REASON, OP_ID, VISIT, op_id
from registrar_tui.cli.session import current
from registrar_tui.cli.shapes import visit_shape
from registrar_tui.cli.words import appointment
from registrar_tui.services.dto import CancelVisit
from registrar_tui.vocabulary import Initiator


def cancel(
    context: typer.Context,
    visit: Annotated[int, VISIT],
    reason: Annotated[str, CANCEL_REASON],
    by: Annotated[Initiator, BY] = Initiator.PATIENT,
    attempt: Annotated[str | None, OP_ID] = None,
) -> None:
    """Cancel a visit and print it as it stands now."""
    run = current(context)
    cancelled = run.services().cancel(CancelVisit(op_id(attempt), visit, reason, by))
    late = " Отмена поздняя: до приёма меньше 24 часов." if cancelled.late else ""
    run.output.answer(visit_shape(cancelled), f"Приём отменён. {appointment(cancelled)}.{late}")
