"""Wrong usage in Russian: what the parser would say in English is found before it or translated after it."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

import typer
from typer.core import TyperArgument, TyperOption

from registrar_tui.errors import UsageError


def nearest(complaint: str, given: str, known: Iterable[str]) -> UsageError:
    """Return a usage error that offers the most similar known name, or lists all of them."""
    names = list(known)
    similar = get_close_matches(given, names, n=1)
    advice = f"Похоже на «{similar[0]}»." if similar else f"Есть: {', '.join(names)}."
    return UsageError(f"{complaint}. {advice}")


def check_options(params: Iterable[Any], arguments: list[str], *, anywhere: bool) -> None:
    """Refuse unknown options, options without their value and flags with one.

    `anywhere`: options may follow arguments (a command); else the first argument ends them (a group).
    An option is never another's value: `--reason --patient` is a mistake, `--reason=--x` is not.
    """
    options = {name: param for param in params if isinstance(param, TyperOption) for name in param.opts}
    queue = list(arguments)
    while queue:
        argument = queue.pop(0)
        if argument == "--" or (not _is_option(argument) and not anywhere):
            return
        if not _is_option(argument):
            continue
        name, equals, _ = argument.partition("=")
        option = options.get(name)
        if option is None:
            raise _unknown(name, options)
        if option.is_flag and equals:
            raise UsageError(f"Параметр {name} не принимает значения.", field=_bare(name))
        if not option.is_flag and not equals and (not queue or _is_option(queue.pop(0), value=True)):
            raise UsageError(f"Параметру {name} нужно значение.", field=_bare(name))


def _is_option(argument: str, *, value: bool = False) -> bool:
    # As a value, -5 is a wrong number and not an option.
    return len(argument) > 1 and argument.startswith("-") and not (value and argument[1].isdigit())


def _bare(name: str) -> str:
    return name.lstrip("-")


def _unknown(name: str, options: dict[str, TyperOption]) -> UsageError:
    similar = get_close_matches(name, options, n=1)
    advice = f"похоже на {similar[0]}" if similar else "значение, которое начинается с «-», ставят после «--»"
    return UsageError(f"Нет параметра {name}: {advice}.", field=_bare(name))


def in_russian(error: typer.TyperException) -> UsageError:
    """Return a parser's complaint as our usage error; only bad and missing values can still come from it."""
    if not isinstance(error, typer.BadParameter):
        return UsageError("Команда записана неверно: посмотрите registrar --help.")
    title, field = _title(error.param)
    if not error.message:
        return UsageError(f"Не указано: {title}.", field=field)
    return UsageError(f"{title}: {error.message}", field=field)


def _title(param: object) -> tuple[str, str | None]:
    if isinstance(param, TyperOption):
        return param.opts[0], _bare(param.opts[0])
    if isinstance(param, TyperArgument):
        return param.human_readable_name, param.name
    return "Команда", None
