"""`registrar import`: tables into the base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registrar_tui.cli.arguments import REJECTS
from registrar_tui.cli.exit_codes import ExitCode
from registrar_tui.cli.progress import table_progress
from registrar_tui.cli.session import CommandRun, current
from registrar_tui.errors import UsageError
from registrar_tui.services.wording import plural

if TYPE_CHECKING:
    from registrar_tui.bulk.services import BulkServices
    from registrar_tui.bulk.templates import ImportKind

Carry = Callable[..., dict[str, Any]]

FILE = typer.Argument(parser=Path, metavar="ФАЙЛ", help="Таблица: CSV (UTF-8, cp1251, cp866) или XLSX.")
DRY_RUN = typer.Option("--dry-run", help="Проверить и посчитать, ничего не записывая.")
TEMPLATE = typer.Option("--template", help="Записать в ФАЙЛ пустую таблицу с нужными столбцами.")

DONE = {
    "patients": ("добавлено", "обновлено"),
    "doctors": ("добавлено", "обновлено"),
    "schedule": ("добавлено", "обновлено"),
    "visits": ("записано", "уже записаны"),
    "cancellations": ("отменено", "уже отменены"),
}
"""What became of a row that is new, and of one that was known."""


def _verb(kind: ImportKind) -> Callable[..., ExitCode]:
    """Return the command that carries one kind of table; they differ in nothing else."""

    def verb(
        context: typer.Context,
        file: Annotated[Path, FILE],
        dry_run: Annotated[bool, DRY_RUN] = False,
        rejects: Annotated[Path | None, REJECTS] = None,
        template: Annotated[bool, TEMPLATE] = False,
    ) -> ExitCode:
        run = current(context)
        if not template:
            return _carry(run, kind, file, dry_run, rejects)
        if dry_run or rejects:
            raise UsageError("--template только пишет пустую таблицу: уберите остальное.", field="template")
        return _template(run, kind, file)

    return verb


import_patients = _verb("patients")
import_doctors = _verb("doctors")
import_schedule = _verb("schedule")
import_visits = _verb("visits")
import_cancellations = _verb("cancellations")


def _carry(run: CommandRun, kind: ImportKind, file: Path, dry_run: bool, rejects: Path | None) -> ExitCode:
    carry = _way(run.bulk(), kind)
    try:
        with table_progress(run.output, "Проверка" if dry_run else "Загрузка") as report:
            done = carry(file, dry_run=dry_run, rejects=rejects, report=report)
    except KeyboardInterrupt:
        run.output.complain(
            "Прервано, база не изменена."
            if dry_run
            else "Прервано: повторите ту же команду, загрузка продолжится с этого места."
        )
        raise
    if dry_run:
        run.output.narrate("Это проверка: база не изменена.")
    run.output.answer(done, *_lines(kind, done))
    return ExitCode.PARTLY if done["rejected"] else ExitCode.DONE


def _way(bulk: BulkServices, kind: ImportKind) -> Carry:
    ways: dict[ImportKind, Carry] = {
        "patients": bulk.import_patients,
        "doctors": bulk.import_doctors,
        "schedule": bulk.import_schedule,
        "visits": bulk.import_visits,
        "cancellations": bulk.import_cancellations,
    }
    return ways[kind]


def _lines(kind: ImportKind, done: dict[str, Any]) -> list[str]:
    added, updated = DONE[kind]
    rows = plural(done["read"], "строка", "строки", "строк")
    lines = [
        f"Прочитано: {rows}; {added} {done['added']}, {updated} {done['updated']}, "
        f"отклонено {done['rejected']}."
    ]
    if "slots" in done:
        lines.append(f"Открыто бирок: {done['slots']}.")
    if done["rejects_file"]:
        lines.append(f"Отклонённые строки с причинами: {done['rejects_file']}")
    return lines


def _template(run: CommandRun, kind: ImportKind, file: Path) -> ExitCode:
    from registrar_tui.bulk.templates import write_template

    made = write_template(kind, file)
    example = "; ".join(f"{title} — {cell}" for title, cell in made["example"].items())
    run.output.answer(made, f"Пустая таблица: {made['file']}")
    run.output.narrate(f"Пример строки: {example}.")
    return ExitCode.DONE
