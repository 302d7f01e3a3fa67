"""The command tree: nouns and verbs known by name and one line each, imported only when one of them runs."""

from __future__ import annotations

import importlib
from typing import Any

import typer
from typer.core import TyperCommand, TyperOption
from typer.main import get_command

from registrar_tui import __version__
from registrar_tui.cli.catalogue import CATALOGUE, PROGRAM_HELP, Entry, Noun, Verb
from registrar_tui.cli.hoist import Hoisted
from registrar_tui.cli.output import Output
from registrar_tui.cli.russian import RussianCommand, RussianGroup
from registrar_tui.cli.session import CommandRun, current
from registrar_tui.cli.usage import in_russian, nearest

PROGRAM = "registrar"
HELP_WIDTH = 110


class LazyGroup(RussianGroup):
    """A group that lists its commands from the catalogue and imports one when it is asked to run."""

    def __init__(self, entries: dict[str, Entry], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.entries = entries

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Return the names in the order of the catalogue."""
        return list(self.entries)

    def summaries(self) -> list[tuple[str, str]]:
        """Return names with their one-line help, importing nothing."""
        return [(name, entry.help) for name, entry in self.entries.items()]

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | RussianGroup:  # noqa: ARG002
        """Import and return one command; an unknown name is a usage error that offers the nearest."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            raise nearest(f"Нет команды «{cmd_name}»", cmd_name, self.entries)
        return _command(cmd_name, entry)


def _command(name: str, entry: Entry) -> TyperCommand | RussianGroup:
    if isinstance(entry, Noun):
        return LazyGroup(dict(entry.verbs), name=name, help=entry.help)
    return _leaf(name, entry)


def _leaf(name: str, entry: Verb) -> TyperCommand:
    module = importlib.import_module(f"registrar_tui.cli.{entry.module}")
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(name=name, cls=RussianCommand, help=entry.help, epilog=entry.example)(
        getattr(module, entry.function)
    )
    command = get_command(app)
    assert isinstance(command, TyperCommand)
    return command


def _show_version(context: typer.Context, _: object, wanted: bool) -> None:
    if wanted:
        current(context).output.answer({"version": __version__}, f"{PROGRAM} {__version__}")
        raise typer.Exit


def program() -> LazyGroup:
    """Return the whole command tree, nothing of it imported yet."""
    version = TyperOption(
        param_decls=["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_version,
        help="Показать версию.",
    )
    return LazyGroup(
        dict(CATALOGUE),
        name=PROGRAM,
        help=PROGRAM_HELP,
        params=[version],
        context_settings={"help_option_names": ["--help", "-h"], "max_content_width": HELP_WIDTH},
    )


def dispatch(hoisted: Hoisted, output: Output) -> int:
    """Run the command these arguments name; returns its exit code, raises what it raises.

    Typer's own `main` is not used: it prints English and swallows a broken pipe.
    """
    run = CommandRun(hoisted.options, output)
    try:
        with run.opened, program().make_context(PROGRAM, list(hoisted.rest), obj=run) as context:
            code = context.command.invoke(context)
    except typer.Exit as finished:
        return finished.exit_code
    except typer.TyperException as error:
        raise in_russian(error) from error
    return int(code or 0)
