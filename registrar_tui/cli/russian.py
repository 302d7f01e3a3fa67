"""Typer's commands with Russian help: headings, usage line and the words that Typer hard-codes in English."""

from __future__ import annotations

from typing import Any

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from registrar_tui.cli.usage import check_options
from registrar_tui.errors import UsageError

GLOBAL_HELP = [
    ("--db ПУТЬ|URL", "База: файл или адрес PostgreSQL (REGISTRAR_DB)."),
    ("--config ФАЙЛ", "Файл настроек TOML (REGISTRAR_CONFIG)."),
    ("--operator ИМЯ", "Учётная запись оператора (REGISTRAR_OPERATOR)."),
    ("--json", "Ответ и отказ в виде JSON."),
    ("--quiet", "Без пояснений в stderr."),
]
"""Global options are taken out before parsing, so help has to be told of them."""


def _write_usage(command: Any, context: Any, formatter: Any, tail: list[str]) -> None:
    names = [
        param.human_readable_name if param.required else f"[{param.human_readable_name}]"
        for param in command.get_params(context)
        if isinstance(param, TyperArgument)
    ]
    needed = [
        f"{param.opts[0]} {param.metavar}"
        for param in command.get_params(context)
        if isinstance(param, TyperOption) and param.required
    ]
    pieces = [*names, *needed, "[ПАРАМЕТРЫ]", *tail]
    formatter.write_usage(context.command_path, " ".join(pieces), prefix="Применение: ")


def _parameter_rows(command: Any, context: Any, kind: type[Any]) -> list[tuple[str, str]]:
    rows = []
    for param in command.get_params(context):
        if not isinstance(param, kind):
            continue
        name = (
            ", ".join(sorted(param.opts, key=len))
            if isinstance(param, TyperOption)
            else param.human_readable_name
        )
        if isinstance(param, TyperOption) and not param.is_flag:
            name += f" {param.metavar}"
        rows.append((name, f"{param.help or ''}{' Обязательно.' if param.required else ''}"))
    return rows


def _write_section(formatter: Any, title: str, rows: list[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)


def _in_russian(option: TyperOption | None) -> TyperOption | None:
    if option is not None:
        option.help = "Показать эту справку."
    return option


class RussianCommand(TyperCommand):
    """A command whose help is Russian and whose usage is checked before the parser sees it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, refusing what the parser would refuse in English."""
        check_options(self.get_params(ctx), args, anywhere=True)
        ctx.allow_extra_args = True
        extra = super().parse_args(ctx, args)
        if extra:
            raise UsageError(f"Лишнее в команде: «{extra[0]}». Значение с пробелами берут в кавычки.")
        return extra

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write usage, what the command does, its arguments and options."""
        _write_usage(self, ctx, formatter, [])
        self.format_help_text(ctx, formatter)
        _write_section(formatter, "Аргументы", _parameter_rows(self, ctx, TyperArgument))
        _write_section(formatter, "Параметры", _parameter_rows(self, ctx, TyperOption))
        _write_section(formatter, "Общие параметры", GLOBAL_HELP)
        self.format_epilog(ctx, formatter)

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        """Return the help option with a Russian line."""
        return _in_russian(super().get_help_option(ctx))


class RussianGroup(TyperGroup):
    """A group of commands whose help is Russian."""

    def summaries(self) -> list[tuple[str, str]]:
        """Return the names of the commands with one line each."""
        return [(name, command.get_short_help_str()) for name, command in self.commands.items()]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, refusing what the parser would refuse in English."""
        check_options(self.get_params(ctx), args, anywhere=False)
        named = any(not token.startswith("-") for token in args)
        rest = super().parse_args(ctx, args)
        if not named:
            raise UsageError(f"Не указана команда. Есть: {', '.join(name for name, _ in self.summaries())}.")
        return rest

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write usage, what the group is for, its commands and the global options."""
        _write_usage(self, ctx, formatter, ["КОМАНДА", "…"])
        self.format_help_text(ctx, formatter)
        _write_section(formatter, "Команды", self.summaries())
        _write_section(formatter, "Параметры", _parameter_rows(self, ctx, TyperOption))
        _write_section(formatter, "Общие параметры", GLOBAL_HELP)

    def get_help_option(self, ctx: Any) -> TyperOption | None:
        """Return the help option with a Russian line."""
        return _in_russian(super().get_help_option(ctx))
