"""`registrar audit`: the journal for the auditor."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registrar_tui.cli.arguments import FIRST_DAY, LAST_DAY, PATIENT, number_up_to, require_order, words
from registrar_tui.cli.exit_codes import ExitCode
from registrar_tui.cli.session import current
from registrar_tui.services.journal_words import (
    ACTION_LABELS,
    about,
    detail_of,
    instant,
    local_time,
)
from registrar_tui.services.wording import plural

if TYPE_CHECKING:
    from registrar_tui.office_services import OfficeServices

MOST_ROWS = 100_000
SHOWN = 100

WHOSE = typer.Option(
    "--operator", parser=words, metavar="ИМЯ", help="Чьи записи (кто работает, называют до слова audit)."
)
ACTION = typer.Option(
    "--action", parser=words, metavar="КОД", help="Только это действие: код из --json, например booked."
)
LIMIT = typer.Option(
    "--limit", parser=number_up_to(MOST_ROWS), metavar="ЧИСЛО", help=f"Сколько показать (обычно {SHOWN})."
)
OUT = typer.Option("--out", parser=Path, metavar="ФАЙЛ", help="Файл CSV.")

_KEYS = (
    "at", "operator", "role", "desk", "action", "object_kind", "object_id", "op_id", "reason", "detail",
    "chain", "number",
)  # fmt: skip


def list_entries(
    context: typer.Context,
    first: Annotated[date | None, FIRST_DAY] = None,
    last: Annotated[date | None, LAST_DAY] = None,
    operator: Annotated[str | None, WHOSE] = None,
    patient: Annotated[int | None, PATIENT] = None,
    action: Annotated[str | None, ACTION] = None,
    limit: Annotated[int, LIMIT] = SHOWN,
) -> None:
    """Print entries, newest first; looking is written down too."""
    require_order(first, last)
    run = current(context)
    office = run.office()
    rows = office.journal(
        **_days(office, first, last), operator=operator, patient_id=patient, action=action, limit=limit
    )
    run.output.table(
        [_shape(row) for row in rows],
        ("Время", "Оператор", "Рабочее место", "Действие", "Объект", "Причина"),
        [
            (
                local_time(row["at"], office.zone),
                row["operator"] or "—",
                row["desk"],
                ACTION_LABELS.get(row["action"], row["action"]),
                about(row),
                row["reason"],
            )
            for row in rows
        ],
    )
    if len(rows) == limit:
        run.output.narrate(f"Показано {limit}: уточните запрос или выгрузите всё «registrar audit export».")


def verify(context: typer.Context) -> ExitCode:
    """Print whether the journal is whole; 0 where it is, else 1."""
    run = current(context)
    office = run.office()
    verdict = office.verify_journal()
    checked = plural(verdict["checked"], "запись", "записи", "записей")
    said = "Журнал цел" if verdict["ok"] else "Журнал повреждён"
    problems = [problem["message"] for problem in verdict["problems"]]
    restores = [_told(restore, office.zone) for restore in verdict.get("restores", [])]
    run.output.answer(verdict, f"{said}: проверено {checked}.", *problems, *restores)
    return ExitCode.DONE if verdict["ok"] else ExitCode.REFUSED


def export(
    context: typer.Context,
    out: Annotated[Path, OUT],
    first: Annotated[date | None, FIRST_DAY] = None,
    last: Annotated[date | None, LAST_DAY] = None,
    operator: Annotated[str | None, WHOSE] = None,
    patient: Annotated[int | None, PATIENT] = None,
    action: Annotated[str | None, ACTION] = None,
) -> None:
    """Write entries in order of writing into a table; the export is written into the journal first."""
    require_order(first, last)
    run = current(context)
    office = run.office()
    written = office.write_journal(
        out, **_days(office, first, last), operator=operator, patient_id=patient, action=action
    )
    line = f"{plural(written, 'запись', 'записи', 'записей')} в файле {out}"
    run.output.answer({"file": str(out), "entries": written}, line)


def anchor(context: typer.Context) -> None:
    """Remember the end of the journal in a file outside the base."""
    run = current(context)
    marked = run.office().anchor()
    entries = plural(marked["entries"], "запись", "записи", "записей")
    run.output.answer(marked, f"Отметка записана: {entries}. Копию файла отметок храните отдельно от базы.")


def _told(restore: dict[str, Any], zone: str) -> str:
    """Say what a restore took out of the journal, and where it is kept."""
    when = local_time(datetime.fromisoformat(restore["at"]), zone)
    who = f"{restore['operator'] or 'без входа'}, {restore['desk']}"
    kept = f", прежняя база — {restore['kept']}" if restore["kept"] else ""
    counts = f"записей было {restore['before']}, стало {restore['after']}"
    return f"{when} ({who}) база восстановлена из копии {restore['copy']}: {counts}{kept}."


def _days(office: OfficeServices, first: date | None, last: date | None) -> dict[str, Any]:
    """Return the instants that days of the branch begin and end at."""
    return dict(zip(("first", "last"), office.instants(first, last), strict=True))


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    return {**{key: row[key] for key in _KEYS}, "at": instant(row["at"]), "detail": detail_of(row)}
