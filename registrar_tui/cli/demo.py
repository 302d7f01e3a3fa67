"""`registrar demo`: the demo clinic, built if absent, and the desk on it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from registrar_tui.cli.desk import run_on_terminal
from registrar_tui.cli.init import PATIENTS, TODAY
from registrar_tui.cli.progress import progress_bar
from registrar_tui.cli.session import current


def demo(
    context: typer.Context,
    patients: Annotated[int | None, PATIENTS] = None,
    today: Annotated[date | None, TODAY] = None,
) -> int:
    """Build the demo clinic if there is none, open the desk; returns the desk's exit code."""
    from registrar_tui import bootstrap

    run = current(context)
    config = run.config(demo=True)
    run.output.narrate(f"Демонстрационная клиника: {bootstrap.shown_name(config.database)}")
    wanted: dict[str, Any] = {"patients": patients, "today": today}
    given = {name: value for name, value in wanted.items() if value is not None}
    with progress_bar(run.output) as progress:
        ready = bootstrap.prepare_demo(config, progress=progress, **given)
    return run_on_terminal(ready)
