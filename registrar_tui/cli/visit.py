"""`registrar visit`: one visit with its history, the visits of a day."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from registrar_tui.cli.arguments import DOCTOR, VISIT, day
from registrar_tui.cli.session import current
from registrar_tui.cli.shapes import visit_row_shape, visit_shape
from registrar_tui.cli.words import appointment
from registrar_tui.vocabulary import VISIT_STATUS_LABELS


def show(context: typer.Context, visit: Annotated[int, VISIT]) -> None:
    """Print one visit and everything that happened to it."""
    run = current(context)
    found = run.services().visit(visit)
    history = [
        f"  {event.at.isoformat(sep=' ', timespec='minutes')}  {event.what}  {event.who}"
        + (f"  ({event.reason})" if event.reason else "")
        for event in found.history
    ]
    run.output.answer(
        visit_shape(found, history=True),
        f"{appointment(found)} — {VISIT_STATUS_LABELS.get(found.status, found.status)}",
        *history,
    )


def list_visits(
    context: typer.Context,
    on: Annotated[
        date | None, typer.Option("--date", parser=day, metavar="ДАТА", help="День (обычно сегодня).")
    ] = None,
    doctor: Annotated[int | None, DOCTOR] = None,
) -> None:
    """Print the visits of one day in order of time."""
    run = current(context)
    rows = run.services().day_list(on, doctor_id=doctor).rows
    run.output.table(
        [visit_row_shape(row) for row in rows],
        ("Номер", "Время", "Талон", "Пациент", "Врач", "Специальность", "Каб.", "Состояние"),
        [
            (
                str(row.id),
                f"{row.starts_at:%H:%M}",
                row.number,
                row.patient,
                row.doctor,
                row.specialty,
                row.room,
                row.note or VISIT_STATUS_LABELS.get(row.status, row.status),
            )
            for row in rows
        ],
    )
