"""`registrar arrive`: the patient has come."""

from __future__ import annotations

from typing import Annotated

import typer

from registrar_tui.cli.arguments import OP_ID, op_id
from registrar_tui.cli.session import current
from registrar_tui.cli.shapes import visit_shape
from registrar_tui.cli.words import appointment


def arrive(
    context: typer.Context,
    ticket: Annotated[str, typer.Argument(metavar="КОД|ПРИЁМ", help="Код талона или номер приёма.")],
    attempt: Annotated[str | None, OP_ID] = None,
) -> None:
    """Record an arrival and print the visit."""
    run = current(context)
    visit = run.services().arrive(ticket, op_id=op_id(attempt))
    run.output.answer(visit_shape(visit), f"Пациент пришёл. {appointment(visit)}")
