"""`registrar undo`: the last booking, move or cancellation of this desk is taken back."""

from __future__ import annotations

from typing import Annotated

import typer

from registrar_tui.cli.arguments import OP_ID, op_id
from registrar_tui.cli.session import current
from registrar_tui.cli.shapes import visit_shape
from registrar_tui.cli.words import appointment
from registrar_tui.services.dto_merge import MergeView
from registrar_tui.vocabulary import VISIT_STATUS_LABELS


def undo(context: typer.Context, attempt: Annotated[str | None, OP_ID] = None) -> None:
    """Take the last change back and print the visit, or the cards, as they stand now."""
    run = current(context)
    visit = run.services().undo(op_id=op_id(attempt))
    if isinstance(visit, MergeView):
        run.output.answer(visit.as_dict(), f"Последнее действие отменено. {visit.sentence}")
        return
    state = VISIT_STATUS_LABELS.get(visit.status, visit.status)
    run.output.answer(visit_shape(visit), f"Последнее действие отменено. {appointment(visit)} — {state}")
