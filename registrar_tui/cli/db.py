"""`registrar db`: care of the base."""

from __future__ import annotations

import typer

from registrar_tui.cli.session import current


def upgrade(context: typer.Context) -> None:
    """Bring the base to the schema of this version of the program."""
    from registrar_tui import bootstrap

    run = current(context)
    revision = bootstrap.upgrade(run.config())
    run.output.answer({"revision": revision}, f"База обновлена: версия схемы {revision}.")
