"""`registrar init`: a new base, empty or with a demo clinic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Annotated, Any

import typer

from registrar_tui.cli.arguments import LARGEST_ID, day, number_up_to
from registrar_tui.cli.output import Output
from registrar_tui.cli.session import current
from registrar_tui.errors import UsageError

Progress = Callable[[str, int, int], None]

MOST_PATIENTS = 1_000_000
MOST_DOCTORS = 1_000
MOST_DAYS = 120

PATIENTS = typer.Option(
    "--patients", parser=number_up_to(MOST_PATIENTS), metavar="ЧИСЛО", help="Сколько пациентов (обычно 500)."
)
TODAY = typer.Option(
    "--today", parser=day, metavar="ДАТА", help="Вокруг какого дня строить расписание (обычно сегодня)."
)


DEMO = typer.Option("--demo", help="Наполнить демонстрационной клиникой.")
DOCTORS = typer.Option(
    "--doctors", parser=number_up_to(MOST_DOCTORS), metavar="ЧИСЛО", help="Сколько врачей (обычно все)."
)
DAYS = typer.Option(
    "--days", parser=number_up_to(MOST_DAYS), metavar="ЧИСЛО", help="На сколько дней бирки (обычно 14)."
)
RANDOM_SEED = typer.Option(
    "--random-seed",
    parser=number_up_to(LARGEST_ID, least=0),
    metavar="ЧИСЛО",
    help="Зерно: то же — те же данные (обычно 1).",
)


def init(
    context: typer.Context,
    demo: Annotated[bool, DEMO] = False,
    patients: Annotated[int | None, PATIENTS] = None,
    doctors: Annotated[int | None, DOCTORS] = None,
    days: Annotated[int | None, DAYS] = None,
    today: Annotated[date | None, TODAY] = None,
    random_seed: Annotated[int | None, RANDOM_SEED] = None,
) -> None:
    """Create the base; the same arguments give the same data."""
    given = _given(
        demo=demo, patients=patients, doctors=doctors, days=days, today=today, random_seed=random_seed
    )
    from registrar_tui import bootstrap

    run = current(context)
    config = run.config()
    with progress_bar(run.output) as progress:
        counts = bootstrap.create(config, demo=demo, progress=progress, **given)
    place = bootstrap.shown_name(config.database)
    run.output.answer({"database": place, "demo": demo, "created": counts}, f"База создана: {place}")


def _given(*, demo: bool, **filling: Any) -> dict[str, Any]:
    """Return what was asked of the demo clinic; without `--demo` there is nothing to fill."""
    given = {name: value for name, value in filling.items() if value is not None}
    if given and not demo:
        option = next(iter(given)).replace("_", "-")
        raise UsageError(f"--{option} имеет смысл только вместе с --demo.", field=option)
    return given


@contextmanager
def progress_bar(output: Output) -> Iterator[Progress | None]:
    """Draw progress on stderr where a person would see it; else give None."""
    if not output.shows_progress:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield show
