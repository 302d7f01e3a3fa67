"""Global options, taken out of the arguments before they are parsed: they may stand anywhere before `--`."""

from __future__ import annotations

from dataclasses import dataclass

from registrar_tui.errors import UsageError

FLAGS = ("--json", "--quiet")
VALUED = ("--db", "--config", "--operator")
OWN_OPERATOR = (["audit", "list"], ["audit", "export"])
"""After these words `--operator` asks for somebody's entries; who works is named before them."""


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """What every command understands."""

    db: str | None = None
    config: str | None = None
    operator: str | None = None
    json: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Hoisted:
    """Global options, the remaining arguments, and the first thing wrong with the former.

    The problem is kept, not raised: a later `--json` still decides how it is told.
    """

    options: GlobalOptions
    rest: tuple[str, ...]
    problem: UsageError | None = None


def hoist(arguments: list[str]) -> Hoisted:
    """Separate the global options from the rest; of a repeated one the last stands."""
    flags: set[str] = set()
    values: dict[str, str | None] = {}
    rest: list[str] = []
    problem: UsageError | None = None
    queue = list(arguments)
    while queue:
        argument = queue.pop(0)
        if argument == "--":
            rest += [argument, *queue]
            break
        name, equals, given = argument.partition("=")
        if name in FLAGS:
            if equals:
                problem = problem or UsageError(f"Параметр {name} не принимает значения.", field=name[2:])
            flags.add(name)
        elif name in VALUED and not (name == "--operator" and rest[:2] in OWN_OPERATOR):
            value = given if equals else _next_value(queue)
            if not value:
                problem = problem or UsageError(f"Параметру {name} нужно значение.", field=name[2:])
            values[name] = value
        else:
            rest.append(argument)
    options = GlobalOptions(
        db=values.get("--db"),
        config=values.get("--config"),
        operator=values.get("--operator"),
        json="--json" in flags,
        quiet="--quiet" in flags,
    )
    return Hoisted(options, tuple(rest), problem)


def _next_value(queue: list[str]) -> str | None:
    # What begins like an option is never swallowed as a value; `--db=-odd-name` says so on purpose.
    if not queue or queue[0].startswith("-"):
        return None
    return queue.pop(0)
