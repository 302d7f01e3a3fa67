"""`registrar export`: tables out of the base; each leaves an entry in the journal."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from registrar_tui.cli.arguments import FIRST_DAY, LAST_DAY, STDOUT, one_of, require_order
from registrar_tui.cli.progress import table_progress
from registrar_tui.cli.session import CommandRun, current
from registrar_tui.errors import UsageError
from registrar_tui.services.wording import plural

if TYPE_CHECKING:
    from registrar_tui.bulk.services import ExportKind

Form = Literal["csv", "xlsx", "jsonl"]
FORMS: tuple[Form, ...] = ("csv", "xlsx", "jsonl")

FORM = typer.Option(
    "--format",
    parser=one_of(FORMS),
    metavar="ВИД",
    help=f"Вид: {', '.join(FORMS)} (обычно по имени файла, иначе csv).",
)
OUT = typer.Option(
    "--out",
    metavar="ФАЙЛ|-",
    help="Куда записать; «-» — в stdout (обычно новый файл в папке талонов).",
)


def export_patients(
    context: typer.Context,
    form: Annotated[Form | None, FORM] = None,
    out: Annotated[str | None, OUT] = None,
) -> None:
    """Write all people into a table that an import understands."""
    _export(context, "patients", form, out)


def _of_days(kind: ExportKind) -> Callable[..., None]:
    """Return the command that writes what has a day."""

    def verb(
        context: typer.Context,
        form: Annotated[Form | None, FORM] = None,
        out: Annotated[str | None, OUT] = None,
        first: Annotated[date | None, FIRST_DAY] = None,
        last: Annotated[date | None, LAST_DAY] = None,
    ) -> None:
        _export(context, kind, form, out, first, last)

    return verb


export_schedule = _of_days("schedule")
export_visits = _of_days("visits")


def _export(
    context: typer.Context,
    kind: ExportKind,
    form: Form | None,
    out: str | None,
    first: date | None = None,
    last: date | None = None,
) -> None:
    require_order(first, last)
    run = current(context)
    if out != STDOUT:
        done = _written(run, kind, Path(out) if out else None, form, first, last)
        rows = plural(done["rows"], "строка", "строки", "строк")
        run.output.answer(done, f"{rows} в файле {done['file']}")
        return
    _refuse_garbage(run, form)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table"
        _written(run, kind, file, form or "csv", first, last)
        run.output.pour(file)


def _refuse_garbage(run: CommandRun, form: Form | None) -> None:
    if run.output.as_json:
        raise UsageError("--out - и --json вместе не работают: данные и JSON смешались бы.", field="out")
    if run.output.to_terminal and form == "xlsx":
        raise UsageError("XLSX не показать в терминале: укажите файл или --format csv.", field="out")


def _written(
    run: CommandRun,
    kind: ExportKind,
    out: Path | None,
    form: Form | None,
    first: date | None,
    last: date | None,
) -> dict[str, Any]:
    bulk = run.bulk()
    # After the base is open: the storage libraries come with it.
    from registrar_tui.services.exports import Span

    with table_progress(run.output, "Выгрузка") as report:
        return bulk.export(kind, out, form=form, span=Span(first, last), report=report)
