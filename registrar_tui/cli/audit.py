"""`registrar audit`: the journal for the auditor."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from registrar_tui.cli.arguments import PATIENT, day, number_up_to, words
from registrar_tui.cli.exit_codes import ExitCode
from registrar_tui.cli.session import current
from registrar_tui.cli.words import ACTION_LABELS, OBJECT_LABELS
from registrar_tui.clock import to_utc
from registrar_tui.errors import UsageError
from registrar_tui.exchange.new_file import new_file
from registrar_tui.exchange.writing import CsvWriter
from registrar_tui.office_services import OfficeServices
from registrar_tui.services.wording import plural

MOST_ROWS = 100_000
SHOWN = 100

FIRST_DAY = typer.Option("--from", parser=day, metavar="ДАТА", help="С какого дня.")
LAST_DAY = typer.Option("--to", parser=day, metavar="ДАТА", help="По какой день.")
WHOSE = typer.Option(
    "--operator", parser=words, metavar="ИМЯ", help="Чьи записи (кто работает, называют до слова audit)."
)
ACTION = typer.Option(
    "--action", parser=words, metavar="КОД", help=f"Только это действие: {', '.join(ACTION_LABELS)}."
)
LIMIT = typer.Option(
    "--limit", parser=number_up_to(MOST_ROWS), metavar="ЧИСЛО", help=f"Сколько показать (обычно {SHOWN})."
)
OUT = typer.Option("--out", parser=Path, metavar="ФАЙЛ", help="Файл CSV.")

_KEYS = (
    "at", "operator", "role", "desk", "action", "object_kind", "object_id", "op_id", "reason", "detail",
    "chain", "number",
)  # fmt: skip
_HEADINGS = (
    "Время", "Время UTC", "Оператор", "Роль", "Рабочее место", "Действие", "Код действия", "Объект",
    "Номер объекта", "Операция", "Причина", "Подробности", "Цепочка", "Номер", "Подпись",
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
    _require_order(first, last)
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
                _local(row["at"], office.zone),
                row["operator"] or "—",
                row["desk"],
                ACTION_LABELS.get(row["action"], row["action"]),
                _object(row),
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
    verdict = run.office().verify_journal()
    checked = plural(verdict["checked"], "запись", "записи", "записей")
    said = "Журнал цел" if verdict["ok"] else "Журнал повреждён"
    problems = [problem["message"] for problem in verdict["problems"]]
    run.output.answer(verdict, f"{said}: проверено {checked}.", *problems)
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
    _require_order(first, last)
    run = current(context)
    office = run.office()
    entries = office.exported_journal(
        **_days(office, first, last), operator=operator, patient_id=patient, action=action
    )
    written = 0
    with new_file(out) as file:
        with CsvWriter(file.temporary, _HEADINGS) as table:
            for entry in entries:
                table.write(_cells(entry, office.zone))
                written += 1
        file.keep()
    line = f"{plural(written, 'запись', 'записи', 'записей')} в файле {out}"
    run.output.answer({"file": str(out), "entries": written}, line)


def anchor(context: typer.Context) -> None:
    """Remember the end of the journal in a file outside the base."""
    run = current(context)
    marked = run.office().anchor()
    entries = plural(marked["entries"], "запись", "записи", "записей")
    run.output.answer(marked, f"Отметка записана: {entries}. Копию файла отметок храните отдельно от базы.")


def _require_order(first: date | None, last: date | None) -> None:
    if first and last and last < first:
        raise UsageError("--to раньше, чем --from: поменяйте даты местами.", field="to")


def _days(office: OfficeServices, first: date | None, last: date | None) -> dict[str, Any]:
    """Return the instants that days of the branch begin and end at."""
    after = last + timedelta(days=1) if last and last < date.max else None
    return {
        "first": to_utc(datetime.combine(first, time()), office.zone) if first else None,
        "last": to_utc(datetime.combine(after, time()), office.zone) if after else None,
    }


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    return {**{key: row[key] for key in _KEYS}, "at": _instant(row["at"]), "detail": _detail(row["detail"])}


def _instant(at: object) -> str:
    # An entry that somebody has forged may hold anything; it is shown as it is.
    return at.isoformat() if isinstance(at, datetime) else str(at)


def _detail(text: object) -> object:
    try:
        return json.loads(str(text))
    except ValueError:
        return str(text)


def _local(at: object, zone: str) -> str:
    if not isinstance(at, datetime):
        return str(at)
    return f"{at.astimezone(ZoneInfo(zone)):%d.%m.%Y %H:%M:%S}"


def _object(row: dict[str, Any]) -> str:
    kind = OBJECT_LABELS.get(row["object_kind"], row["object_kind"])
    detail = _detail(row["detail"])
    named = detail.get("login") if isinstance(detail, dict) else None
    which = named or row["object_id"]
    return kind if which is None else f"{kind} {which}"


def _cells(row: dict[str, Any], zone: str) -> list[str]:
    values = (
        _local(row["at"], zone),
        _instant(row["at"]),
        row["operator"],
        row["role"],
        row["desk"],
        ACTION_LABELS.get(row["action"], row["action"]),
        row["action"],
        OBJECT_LABELS.get(row["object_kind"], row["object_kind"]),
        row["object_id"],
        row["op_id"],
        row["reason"],
        row["detail"],
        row["chain"],
        row["number"],
        row["mac"],
    )
    return ["" if value is None else str(value) for value in values]
