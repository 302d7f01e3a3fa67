"""What a command does not need it does not import: counted in fresh interpreters, not timed.

Imports are the whole start-up (sqlmodel 400 ms, textual 190, reportlab 74): their absence is the guarantee.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

STORAGE = ("sqlmodel", "sqlalchemy", "sqlcipher3", "psycopg", "alembic")
HEAVY = (*STORAGE, "pydantic", "textual", "reportlab", "qrcode", "rapidfuzz", "rich")
SHARED = (
    *("entry", "errors", "exit_codes", "hoist", "interrupts", "output"),
    *("main", "catalogue", "russian", "usage", "session"),
)

RUN = """
import json, sys
from registrar_tui.cli import entry
code = entry.run(json.loads(sys.argv[1]))
print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)
"""


def modules_after(tmp_path: Path, *arguments: str) -> tuple[int, set[str]]:
    """Run one command line in a fresh interpreter; return its exit code and every module it loaded."""
    done = subprocess.run(
        [sys.executable, "-c", RUN, json.dumps(arguments)],
        env={**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "--version",
        "book --help",
        "slot --help",
        "slot list --help",
        "demo --help",
        "init --help",
        "ticket print --help",
        "import --help",
        "import visits --help",
        "export visits --help",
        "export visits --format fhir",
        "no-such-command",
        "book --patient x",
        "check snils 112-233-445",
        "check enp 7767940818000015",
        "check passport 4508123456",
    ],
)
def test_light_commands_load_nothing_heavy(tmp_path: Path, line: str) -> None:
    _, modules = modules_after(tmp_path, *line.split())
    assert "typer" in modules
    assert not modules.intersection(HEAVY)


READERS = ("python_calamine", "xlsxwriter", "registrar_tui.exchange", "registrar_tui.bulk")


@pytest.mark.parametrize("line", ["import --help", "import patients --help", "export --help"])
def test_help_on_tables_loads_no_reader(tmp_path: Path, line: str) -> None:
    code, modules = modules_after(tmp_path, *line.split())
    assert code == 0 and not modules.intersection(READERS)


def test_a_table_is_checked_without_storage(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("Фамилия;Имя;Дата рождения;Пол\nОрлов;Пётр;01.01.1990;м\n", encoding="utf-8")
    code, modules = modules_after(tmp_path, "check", "file", str(table), "--quiet")
    assert code == 0 and "registrar_tui.bulk.checking" in modules
    assert not modules.intersection((*HEAVY, "python_calamine", "xlsxwriter"))


def test_help_imports_no_command(tmp_path: Path) -> None:
    code, modules = modules_after(tmp_path, "--help")
    assert code == 0
    own = {name for name in modules if name.startswith("registrar_tui.")}
    assert {name for name in own if ".cli." in name} == {f"registrar_tui.cli.{name}" for name in SHARED}
    assert not {name for name in own if ".services" in name or ".validators" in name}


def test_one_command_imports_one_command(tmp_path: Path) -> None:
    _, modules = modules_after(tmp_path, "visit", "show", "abc")
    assert "registrar_tui.cli.visit" in modules
    assert not modules.intersection(f"registrar_tui.cli.{other}" for other in ("book", "check", "init"))


def test_bare_command_does_not_pay_for_the_parser(tmp_path: Path) -> None:
    code, modules = modules_after(tmp_path)
    assert code == 2
    assert "registrar_tui.cli.desk" in modules
    assert not modules.intersection(("typer", *HEAVY))


def test_entry_point_imports_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import sys, registrar_tui.__main__; print(*sorted(sys.modules))"],
        capture_output=True,
        timeout=300,
        check=True,
    )
    own = [name for name in done.stdout.decode().split() if name.startswith("registrar_tui.")]
    assert own == ["registrar_tui.__main__"]


def test_the_deferral_still_fires(tmp_path: Path) -> None:
    code, modules = modules_after(tmp_path, "find", "ива", "--db", str(tmp_path / "absent.db"))
    assert code == 4
    assert modules.intersection(STORAGE)


BARE = """
import typer
app = typer.Typer()
@app.command()
def one(value: int) -> None:
    "Do one thing."
@app.command()
def two(value: int) -> None:
    "Do another."
app()
"""


def test_help_costs_at_most_twice_a_bare_app() -> None:
    """In processor time and by turns, each at its best: what else the machine does is not counted."""
    ours, bare = float("inf"), float("inf")
    for turn in range(60):
        ours = min(ours, _processor_seconds(["-m", "registrar_tui", "--help"]))
        bare = min(bare, _processor_seconds(["-c", BARE, "--help"]))
        if turn >= 4 and ours <= 2 * bare:
            return
    pytest.fail(f"{ours:.3f} s against {bare:.3f} s")


def _processor_seconds(arguments: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True, timeout=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
