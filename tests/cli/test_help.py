"""Every command explains itself in Russian."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from typer.core import TyperCommand

from registrar_tui import __version__
from registrar_tui.cli.catalogue import CATALOGUE, Noun
from registrar_tui.cli.main import program
from tests.cli.fake_maintenance import Maintained
from tests.cli.harness import FakeBootstrap, Process, Registrar, typed

TYPERS_OWN = (
    "Usage", "Options", "Arguments", "Commands", "COMMAND", "OPTIONS", "Show this", "[required]", "default:",
    "TEXT", "INTEGER", "None", "number", "read",
)  # fmt: skip


def command_lines() -> Iterator[tuple[str, ...]]:
    yield ()
    for name, entry in CATALOGUE.items():
        yield (name,)
        if isinstance(entry, Noun):
            yield from ((name, verb) for verb in entry.verbs)


def examples() -> Iterator[str]:
    for entry in CATALOGUE.values():
        for verb in entry.verbs.values() if isinstance(entry, Noun) else (entry,):
            if verb.example:
                yield verb.example


@pytest.mark.parametrize("names", list(command_lines()), ids=" ".join)
def test_help_is_russian(registrar: Registrar, core: FakeBootstrap, names: tuple[str, ...]) -> None:
    answer = registrar(*names, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("Применение: registrar " + "".join(f"{name} " for name in names))
    assert "Показать эту справку." in answer.out
    assert "Общие параметры:" in answer.out
    for word in TYPERS_OWN:
        assert word not in answer.out, word
    assert registrar(*names, "-h").out == answer.out
    assert not core.built


@pytest.mark.parametrize("names", list(command_lines()), ids=" ".join)
def test_every_parameter_is_explained_and_speaks_russian(names: tuple[str, ...]) -> None:
    command = program()
    context = command.make_context("registrar", list(names) or ["find"])
    for name in names:
        command = command.get_command(context, name)  # type: ignore[assignment]
    for param in command.params:
        assert re.search("[А-Яа-я]", getattr(param, "help", "") or ""), param.name
        if isinstance(command, TyperCommand) and not getattr(param, "is_flag", False):
            # `parser=` becomes FuncParamType; Typer's other types would complain in English.
            assert type(param.type).__name__ in ("FuncParamType", "StringParamType"), param.name
            assert param.metavar, param.name


def test_top_help_lists_every_command(registrar: Registrar) -> None:
    out = registrar("--help").out
    for name, entry in CATALOGUE.items():
        assert re.search(rf"^  {name} +{re.escape(entry.help[:20])}", out, re.MULTILINE)


@pytest.mark.parametrize("line", list(examples()))
def test_every_example_is_accepted(
    registrar: Registrar,
    core: FakeBootstrap,
    care: Maintained,
    typed_in: Callable[[str | bytes], None],
    line: str,
) -> None:
    registrar("book", "--patient", "7", "--slot", "4001")
    core.services.visits[31] = core.services.visits.pop(1)
    typed_in("long-enough\n")
    assert registrar(*typed(line.removeprefix("Пример: registrar "))).code == 0


HELPS = """
import sys
from registrar_tui.cli import entry
for line in sys.argv[1:]:
    assert entry.run([*line.split(), "--help"]) == 0, line
print(sorted({"sqlmodel", "sqlalchemy", "textual", "reportlab", "rich", "argon2"} & set(sys.modules)))
"""


def test_no_help_opens_the_storage() -> None:
    lines = [" ".join(names) for names in command_lines()]
    done = subprocess.run([sys.executable, "-c", HELPS, *lines], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().splitlines()[-1] == "[]"


def test_version(registrar: Registrar) -> None:
    assert registrar("--version").out == f"registrar {__version__}\n"
    assert registrar("--version", "--json").out == f'{{"version":"{__version__}"}}\n'


def test_help_in_a_narrow_pipe(process: Process) -> None:
    done = process("--help", COLUMNS="60", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "Команды:" in done.stdout.decode("utf-8")
    assert max(map(len, done.stdout.decode("utf-8").splitlines())) <= 60
