"""`registrar`: the desk; neither Typer nor storage is imported before it paints."""

from __future__ import annotations

import sys
from pathlib import Path

from registrar_tui.cli.hoist import GlobalOptions
from registrar_tui.config import Config, load_config
from registrar_tui.errors import UsageError


def open_desk(options: GlobalOptions) -> int:
    """Open the desk on the base of these options; returns its exit code."""
    config = load_config(
        database=options.db,
        file=Path(options.config) if options.config else None,
        operator=options.operator,
    )
    return run_on_terminal(config)


def run_on_terminal(config: Config) -> int:
    """Run the desk; a usage error where stdin or stdout is not a terminal."""
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout)):
        raise UsageError(
            "Рабочее место открывается только в терминале; для сценариев есть команды: registrar --help."
        )
    from registrar_tui.app.app import run_desk

    return run_desk(config)


def _is_terminal(stream: object) -> bool:
    isatty = getattr(stream, "isatty", None)
    return bool(isatty and isatty())
