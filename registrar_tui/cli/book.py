"""`registrar book`: the main job of the desk in one command."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from registrar_tui.cli.arguments import (
    CHANNEL,
    OP_ID,
    OVERRIDE,
    PATIENT,
    SLOT,
    SPECIALTY,
    WHY,
    op_id,
)
from registrar_tui.cli.errors import explained
from registrar_tui.cli.session import CommandRun, current
from registrar_tui.cli.shapes import visit_shape
from registrar_tui.cli.words import appointment
from registrar_tui.errors import RegistrarError, UsageError
from registrar_tui.services.dto import BookFirstFree, BookVisit, Override, VisitView
from registrar_tui.services.protocol import Services
from registrar_tui.vocabulary import Channel


def book(
    context: typer.Context,
    patient: Annotated[int, PATIENT],
    slot: Annotated[int | None, SLOT] = None,
    specialty: Annotated[str | None, SPECIALTY] = None,
    first_free: Annotated[
        bool, typer.Option("--first-free", help="Первое подходящее время специальности.")
    ] = False,
    service: Annotated[str | None, typer.Option("--service", metavar="КОД", help="Код услуги.")] = None,
    channel: Annotated[Channel, CHANNEL] = Channel.DESK,
    override: Annotated[list[str] | None, OVERRIDE] = None,
    reason: Annotated[str | None, WHY] = None,
    print_ticket: Annotated[bool, typer.Option("--print", help="Сразу напечатать талон.")] = False,
    attempt: Annotated[str | None, OP_ID] = None,
) -> None:
    """Book a slot, or the first suitable one of a specialty, and print the ticket if asked."""
    target = _target(slot, specialty, first_free=first_free)
    overrides = overridden(override, reason)
    run = current(context)
    services = run.services()
    if isinstance(target, int):
        visit = services.book(BookVisit(op_id(attempt), patient, target, service, channel, overrides))
    else:
        visit = services.book_first_free(
            BookFirstFree(op_id(attempt), patient, target, service, channel, overrides)
        )
    shape = visit_shape(visit)
    if print_ticket:
        shape |= _print(run, services, visit)
    run.output.answer(shape, appointment(visit))


def _target(slot: int | None, specialty: str | None, *, first_free: bool) -> int | str:
    if slot is not None and specialty is None and not first_free:
        return slot
    if slot is None and specialty is not None and first_free:
        return specialty
    raise UsageError("Укажите время: --slot НОМЕР или --specialty ТЕКСТ --first-free.", field="slot")


def overridden(rules: list[str] | None, reason: str | None) -> tuple[Override, ...]:
    """Return the rules to go against; a rule without a reason, or the reverse, is a usage error."""
    if rules and reason is None:
        raise UsageError("К --override нужна причина: --reason ТЕКСТ.", field="reason")
    if reason is not None and not rules:
        raise UsageError("--reason нужен только вместе с --override.", field="override")
    return tuple(Override(rule, reason or "") for rule in rules or ())


def _print(run: CommandRun, services: Services, visit: VisitView) -> dict[str, Any]:
    # The visit is booked by now: a printer that fails must not make a script believe that it is not.
    try:
        file = services.print_ticket(visit.id)
    except (RegistrarError, OSError) as error:
        told = explained(error)
        run.output.complain(f"Запись сделана, но талон не напечатан: {told.message}")
        return {"ticket_file": None}
    run.output.narrate(f"Талон в файле {file}")
    return {"ticket_file": str(file)}
