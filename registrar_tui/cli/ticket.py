"""`registrar ticket`: print again, check a shown one, all of a day."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from registrar_tui.cli.arguments import FORMAT, REJECTS, STDOUT, VISIT, day
from registrar_tui.cli.exit_codes import ExitCode
from registrar_tui.cli.progress import table_progress
from registrar_tui.cli.session import CommandRun, current
from registrar_tui.errors import UsageError
from registrar_tui.services.protocol import TicketFormat
from registrar_tui.services.wording import plural


def print_ticket(
    context: typer.Context,
    visit: Annotated[int, VISIT],
    form: Annotated[TicketFormat, FORMAT] = "a6",
    out: Annotated[
        str | None, typer.Option("--out", metavar="ФАЙЛ|-", help="Куда записать; «-» — в stdout.")
    ] = None,
    printer: Annotated[
        str | None, typer.Option("--printer", metavar="ИМЯ", help="На какой принтер отправить.")
    ] = None,
) -> None:
    """Write a ticket and print the name of its file, or the ticket itself with `--out -`."""
    run = current(context)
    if out == STDOUT:
        _refuse_garbage(as_json=run.output.as_json, to_terminal=run.output.to_terminal and form != "text")
        with tempfile.TemporaryDirectory() as folder:
            file = run.services().print_ticket(visit, form=form, out=Path(folder) / "ticket", printer=printer)
            run.output.raw(file.read_bytes())
        return
    file = run.services().print_ticket(visit, form=form, out=Path(out) if out else None, printer=printer)
    run.output.answer({"visit_id": visit, "format": form, "ticket_file": str(file)}, str(file))


def _refuse_garbage(*, as_json: bool, to_terminal: bool) -> None:
    if as_json:
        raise UsageError("--out - и --json вместе не работают: талон и JSON смешались бы.", field="out")
    if to_terminal:
        raise UsageError(
            "Талон этого вида не показать в терминале: укажите файл или --format text.", field="out"
        )


def verify(
    context: typer.Context,
    code: Annotated[str, typer.Argument(metavar="КОД", help="Код с талона: 20 цифр, пробелы не важны.")],
) -> ExitCode:
    """Print the verdict on a shown ticket; 0 where it is valid, else 1."""
    run = current(context)
    check = run.services().verify_ticket(code)
    run.output.answer(check.as_dict(), check.message)
    return ExitCode.DONE if check.valid else ExitCode.REFUSED


def batch(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", parser=Path, metavar="ФАЙЛ", help="Файл PDF.")],
    on: Annotated[
        date | None, typer.Option("--date", parser=day, metavar="ДАТА", help="Все талоны этого дня.")
    ] = None,
    listed: Annotated[
        Path | None,
        typer.Option(
            "--from-file",
            parser=Path,
            metavar="ФАЙЛ",
            help="Талоны из таблицы: столбец «Талон» с номерами приёмов или кодами талонов.",
        ),
    ] = None,
    form: Annotated[TicketFormat, FORMAT] = "a4",
    rejects: Annotated[Path | None, REJECTS] = None,
) -> ExitCode:
    """Write the tickets of one day, or of the visits a table names, into one file."""
    if (on is None) == (listed is None):
        raise UsageError("Укажите одно из двух: --date ДАТА или --from-file ФАЙЛ.", field="date")
    run = current(context)
    if listed is not None:
        return _listed(run, listed, out, form, rejects)
    if rejects is not None:
        raise UsageError("--rejects имеет смысл только вместе с --from-file.", field="rejects")
    assert on is not None
    printed = run.services().day_tickets(on, out=out, form=form)
    run.output.answer({"file": str(out), "tickets": printed}, _printed(printed, out))
    return ExitCode.DONE


def _listed(run: CommandRun, listed: Path, out: Path, form: TicketFormat, rejects: Path | None) -> ExitCode:
    bulk = run.bulk()
    with table_progress(run.output, "Талоны") as report:
        done = bulk.list_tickets(listed, out, form=form, rejects=rejects, report=report)
    lines = [_printed(done["tickets"], out)] if done["tickets"] else []
    if done["rejected"]:
        lines.append(f"Отклонено строк: {done['rejected']}, причины в файле {done['rejects_file']}")
    run.output.answer(done, *lines)
    return ExitCode.PARTLY if done["rejected"] else ExitCode.DONE


def _printed(tickets: int, out: Path) -> str:
    return f"{plural(tickets, 'талон', 'талона', 'талонов')} в файле {out}"
