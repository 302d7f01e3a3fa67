"""`registrar slot`: the slots of the schedule."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from registrar_tui.cli.arguments import (
    CHANNEL,
    DOCTOR,
    PATIENT,
    SPECIALTY,
    day,
    number_up_to,
)
from registrar_tui.cli.session import current
from registrar_tui.cli.words import short_moment
from registrar_tui.errors import UsageError
from registrar_tui.services.dto import SlotQuery, SlotRow
from registrar_tui.vocabulary import SLOT_KIND_LABELS, Channel, SlotStatus

LONGEST_SLOT = 24 * 60
MOST_ROWS = 100_000

FIRST_DAY = typer.Option("--from", parser=day, metavar="ДАТА", help="С какого дня (обычно с сегодня).")
LAST_DAY = typer.Option("--to", parser=day, metavar="ДАТА", help="По какой день.")
MINUTES = typer.Option(
    "--minutes", parser=number_up_to(LONGEST_SLOT), metavar="МИНУТ", help="Только этой длительности."
)
FREE = typer.Option("--free", help="Только те, на которые можно записать.")
LIMIT = typer.Option("--limit", parser=number_up_to(MOST_ROWS), metavar="ЧИСЛО", help="Сколько показать.")

_STATUS_LABELS: dict[str, str] = {
    SlotStatus.FREE: "свободно",
    SlotStatus.BUSY: "занято",
    SlotStatus.BUSY_UNAVAILABLE: "закрыто",
    SlotStatus.BUSY_TENTATIVE: "держит другое окно",
}


def list_slots(
    context: typer.Context,
    doctor: Annotated[int | None, DOCTOR] = None,
    specialty: Annotated[str | None, SPECIALTY] = None,
    first: Annotated[date | None, FIRST_DAY] = None,
    last: Annotated[date | None, LAST_DAY] = None,
    minutes: Annotated[int | None, MINUTES] = None,
    free: Annotated[bool, FREE] = False,
    channel: Annotated[Channel, CHANNEL] = Channel.DESK,
    patient: Annotated[int | None, PATIENT] = None,
    limit: Annotated[int | None, LIMIT] = None,
) -> None:
    """Print the slots of a doctor or a specialty in order of time."""
    if (doctor is None) == (specialty is None):
        raise UsageError("Укажите одно из двух: --doctor или --specialty.", field="doctor")
    if first and last and last < first:
        raise UsageError("--to раньше, чем --from: поменяйте даты местами.", field="to")
    query = SlotQuery(
        doctor_id=doctor,
        specialty=specialty,
        first_day=first,
        last_day=last,
        minutes=minutes,
        free_only=free,
        channel=channel,
        patient_id=patient,
        limit=limit,
    )
    run = current(context)
    slots = run.services().slots(query)
    run.output.table(
        [slot.as_dict() for slot in slots],
        ("Номер", "Врач", "Начало", "Мин.", "Состояние", "Вид", "Почему нельзя"),
        [_cells(slot) for slot in slots],
    )


def _cells(slot: SlotRow) -> tuple[str, ...]:
    return (
        str(slot.id),
        str(slot.doctor_id),
        short_moment(slot.starts_at),
        str(slot.minutes),
        _STATUS_LABELS.get(slot.status, slot.status),
        SLOT_KIND_LABELS.get(slot.kind, slot.kind),
        slot.why or "",
    )
