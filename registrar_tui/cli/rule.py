"""`registrar rule`: the booking rules in force."""

from __future__ import annotations

import typer

from registrar_tui.cli.session import current


def list_rules(context: typer.Context) -> None:
    """Print the rules with their basis and parameters."""
    from registrar_tui import bootstrap

    run = current(context)
    rules = bootstrap.rules(run.config())
    run.output.table(
        rules,
        ("Код", "Правило", "Отступить может", "Параметры", "Основание"),
        [
            (
                rule["code"],
                rule["title"],
                rule["override_role"] or "никто",
                ", ".join(f"{name}={value}" for name, value in rule["parameters"].items()),
                rule["basis"],
            )
            for rule in rules
        ],
    )
