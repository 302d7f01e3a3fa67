"""`registrar find`: the search line of the desk."""

from __future__ import annotations

from typing import Annotated

import typer

from registrar_tui.cli.arguments import number_up_to
from registrar_tui.cli.session import current
from registrar_tui.cli.words import short_day
from registrar_tui.validators.phone import format_phone

MOST_ROWS = 1000


TEXT = typer.Argument(metavar="ТЕКСТ", help="Что известно о пациенте, слова в любом порядке.")
LIMIT = typer.Option(
    "--limit", parser=number_up_to(MOST_ROWS), metavar="ЧИСЛО", help="Сколько показать (обычно 20)."
)


def find(
    context: typer.Context,
    text: Annotated[list[str], TEXT],
    limit: Annotated[int, LIMIT] = 20,
) -> None:
    """Print the people that a text fits, best first."""
    run = current(context)
    page = run.services().find_patients(" ".join(text), limit=limit, journalled=True)
    run.output.table(
        [row.as_dict() for row in page.rows],
        ("Номер", "Пациент", "Родился", "Полис", "Телефон", "Участок", "Почему"),
        [
            (
                str(row.id),
                row.full_name,
                short_day(row.birth_date),
                row.policy or row.enp or "—",
                format_phone(row.phone) if row.phone else "—",
                row.district or "—",
                row.why,
            )
            for row in page.rows
        ],
    )
    if page.more or not page.rows:
        shown = f"Показано {len(page.rows)}: уточните запрос." if page.rows else "Никого не найдено."
        run.output.narrate(f"{shown} {page.understood}")
