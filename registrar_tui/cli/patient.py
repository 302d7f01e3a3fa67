"""`registrar patient`: one card, cards of the same person, merging them and parting them again."""

from __future__ import annotations

from typing import Annotated

import typer

from registrar_tui.cli.arguments import LARGEST_ID, OP_ID, number_up_to, op_id, words
from registrar_tui.cli.session import current
from registrar_tui.cli.shapes import card_shape
from registrar_tui.cli.words import short_day
from registrar_tui.errors import UsageError
from registrar_tui.services.dto import VisitRow
from registrar_tui.services.dto_merge import FILLED_LABELS, DuplicateRow, MergePatients, MergePlan
from registrar_tui.validators.phone import format_phone

MOST_PAIRS = 100_000
_card_number = number_up_to(LARGEST_ID)
CARD = typer.Argument(parser=_card_number, metavar="НОМЕР", help="Номер карточки (из find).")
SURVIVOR = typer.Argument(parser=_card_number, metavar="КУДА", help="Карточка, которая остаётся.")
RETIRED = typer.Argument(parser=_card_number, metavar="КАКУЮ", help="Карточка, которая присоединяется.")
REASON = typer.Option("--reason", parser=words, metavar="ТЕКСТ", help="Почему это один человек; хранится.")
DRY_RUN = typer.Option("--dry-run", help="Только показать, что перейдёт.")
LIMIT = typer.Option(
    "--limit", parser=number_up_to(MOST_PAIRS), metavar="ЧИСЛО", help="Сколько показать (обычно 100)."
)


def show(context: typer.Context, card: Annotated[int, CARD]) -> None:
    """Print one card; the opening stands in the journal."""
    run = current(context)
    found = run.services().patient_card(card)
    lines = [f"№ {found.id} {found.full_name}, {short_day(found.birth_date)}; {found.attachment}"]
    lines += [f"  ! {warning.message}" for warning in found.warnings]
    for line in found.documents:
        problem = f" ({line.problem})" if line.problem else ""
        lines.append(f"  {line.title}: {line.number}, {line.verified}{problem}")
    lines += [f"  {text}" for text in found.representatives]
    lines += [_visit_line(visit) for visit in (*found.coming, *found.past)]
    run.output.answer(card_shape(found), *lines)


def _visit_line(visit: VisitRow) -> str:
    start = f"{visit.starts_at:%d.%m.%Y %H:%M}"
    return f"  {visit.number} {start} {visit.specialty} {visit.doctor}, каб. {visit.room}: {visit.note}"


def list_duplicates(
    context: typer.Context,
    card: Annotated[int | None, CARD] = None,
    limit: Annotated[int, LIMIT] = 100,
) -> None:
    """Print cards like one card, or likely pairs of the whole base as they are found."""
    run = current(context)
    services = run.services()
    if card is not None:
        found = services.patient_duplicates(card, limit=limit)
        run.output.table(
            [row.as_dict() for row in found],
            ("Номер", "Пациент", "Родился", "Телефон", "Почему"),
            [_cells(row) for row in found],
        )
        if not found:
            run.output.narrate("Похожих карточек нет.")
        return
    pairs = services.duplicate_pairs(limit=limit)
    told = run.output.stream(
        ("Номер", "Пациент", "Родился", "Номер", "Пациент", "Родился", "Телефон", "Почему"),
        (
            (pair.as_dict(), (str(pair.id), pair.full_name, short_day(pair.birth_date), *_cells(pair.other)))
            for pair in pairs
        ),
    )
    more = "; есть ещё: --limit" if told == limit else ""
    run.output.narrate(f"Похожих пар: {told}{more}.")


def _cells(row: DuplicateRow) -> tuple[str, ...]:
    phone = format_phone(row.phone) if row.phone else "—"
    return str(row.id), row.full_name, short_day(row.birth_date), phone, row.why


def merge(
    context: typer.Context,
    survivor: Annotated[int, SURVIVOR],
    retired: Annotated[int, RETIRED],
    reason: Annotated[str | None, REASON] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
    attempt: Annotated[str | None, OP_ID] = None,
) -> None:
    """Merge a card into another, or say what would move."""
    run = current(context)
    if dry_run:
        plan = run.services().merge_plan(survivor, retired)
        run.output.answer(plan.as_dict(), *_plan_lines(plan))
        return
    if reason is None:
        raise UsageError("Напишите, почему это один человек: --reason ТЕКСТ.", field="reason")
    done = run.services().merge_patients(MergePatients(op_id(attempt), survivor, retired, reason))
    run.output.answer(done.as_dict(), done.sentence)


def _plan_lines(plan: MergePlan) -> list[str]:
    lines = [plan.sentence, f"  {plan.likeness.why}"]
    if plan.kept:
        kept = ", ".join(FILLED_LABELS[name] for name in plan.kept)
        lines.append(f"  останется на № {plan.retired_id}, потому что отличается: {kept}")
    return lines + [f"  ! приёмы в одно время: {text}" for text in plan.overlaps]


def unmerge(
    context: typer.Context, retired: Annotated[int, CARD], attempt: Annotated[str | None, OP_ID] = None
) -> None:
    """Take a merge back: everything goes home to the card."""
    run = current(context)
    done = run.services().unmerge_patient(retired, op_id=op_id(attempt))
    run.output.answer(done.as_dict(), done.sentence)
