"""One run of one command: its settings, the use-cases behind it and where its answer goes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from registrar_tui.cli.hoist import GlobalOptions
from registrar_tui.cli.interrupts import endings_heard
from registrar_tui.cli.output import Output
from registrar_tui.config import Config, load_config

if TYPE_CHECKING:
    from registrar_tui.bulk.services import BulkServices
    from registrar_tui.office_services import OfficeServices
    from registrar_tui.services.protocol import Services


@dataclass(frozen=True, slots=True)
class CommandRun:
    """What a command gets beside its own arguments."""

    options: GlobalOptions
    output: Output
    opened: ExitStack = field(default_factory=ExitStack)
    """What is closed when the command ends, well or badly."""

    def config(self, *, demo: bool = False) -> Config:
        """Return the settings of this run; an unreadable settings file is a usage error."""
        return load_config(
            database=self.options.db,
            file=Path(self.options.config) if self.options.config else None,
            operator=self.options.operator,
            demo=demo,
        )

    def services(self) -> Services:
        """Open the base until the command ends; this is where the storage libraries are imported."""
        from registrar_tui import bootstrap

        services = bootstrap.build(self.config())
        self.opened.callback(services.close)
        return services

    def office(self) -> OfficeServices:
        """Open the base for the administrator or the auditor until the command ends."""
        from registrar_tui import bootstrap

        office = bootstrap.build_office(self.config())
        self.opened.callback(office.close)
        return office

    def bulk(self) -> BulkServices:
        """Open the base for tables in and out until the command ends."""
        from registrar_tui import bootstrap

        self.opened.enter_context(endings_heard())
        bulk = bootstrap.build_bulk(self.config())
        self.opened.callback(bulk.close)
        return bulk


def current(context: typer.Context) -> CommandRun:
    """Return the run a command belongs to."""
    run = context.obj
    assert isinstance(run, CommandRun)
    return run
