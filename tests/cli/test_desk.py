"""The bare command and `demo` open the desk; without a terminal they say so."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest

from registrar_tui.cli import desk as desk_command
from registrar_tui.config import Config
from registrar_tui.errors import StoreUnavailable
from tests.cli.harness import FakeBootstrap, Process, Registrar


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_command, "_is_terminal", lambda _: True)


@pytest.mark.parametrize("line", ["", "--", "--db x.db", "--operator anna --db=x.db --"])
def test_no_command_opens_the_desk(
    registrar: Registrar, terminal: None, desk: list[Config], line: str
) -> None:
    assert registrar(*line.split()).code == 0
    assert desk[0].database.endswith("x.db" if line.startswith("--") and "x.db" in line else "registrar.db")
    assert desk[0].operator == ("anna" if "anna" in line else None)


def test_the_desk_needs_a_terminal(registrar: Registrar, desk: list[Config]) -> None:
    answer = registrar("--json")
    assert answer.code == 2
    assert answer.error["code"] == "usage"
    assert "терминал" in answer.err
    assert not desk


@pytest.mark.parametrize("stream", ["stdin", "stdout"])
def test_both_ends_must_be_a_terminal(
    registrar: Registrar, desk: list[Config], monkeypatch: pytest.MonkeyPatch, stream: str
) -> None:
    class Tty(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, stream, Tty())
    assert registrar().code == 2
    assert not desk


def test_exit_code_of_the_desk_is_that_of_the_command(
    registrar: Registrar, terminal: None, monkeypatch: pytest.MonkeyPatch, desk: list[Config]
) -> None:
    def refuse(config: Config) -> int:
        raise StoreUnavailable("База не найдена.")

    monkeypatch.setattr(sys.modules["registrar_tui.app.app"], "run_desk", refuse)
    assert registrar().code == 4
    monkeypatch.setattr(sys.modules["registrar_tui.app.app"], "run_desk", lambda _: 3)
    assert registrar().code == 3


def test_demo_builds_the_clinic_and_opens_it(
    registrar: Registrar, terminal: None, core: FakeBootstrap, desk: list[Config]
) -> None:
    answer = registrar("demo", "--patients", "60", "--today", "23.11.2026")
    assert answer.code == 0
    ((config, filling),) = core.demos
    assert Path(config.database).name == "demo.db"
    assert (filling["patients"], filling["today"]) == (60, date(2026, 11, 23))
    assert desk == [config]


def test_demo_of_another_base(
    registrar: Registrar, terminal: None, core: FakeBootstrap, desk: list[Config]
) -> None:
    registrar("demo", "--db", "x.db")
    assert desk[0].database == "x.db"
    assert "patients" not in core.demos[0][1]


def test_demo_without_a_terminal_builds_and_says_so(
    registrar: Registrar, core: FakeBootstrap, desk: list[Config]
) -> None:
    answer = registrar("demo", "--quiet")
    assert answer.code == 2
    assert "терминал" in answer.err
    assert answer.err.count("\n") == 1
    assert len(core.demos) == 1
    assert not desk


def test_bare_command_of_a_fresh_process(process: Process) -> None:
    done = process()
    assert done.returncode == 2
    assert "терминал" in done.stderr.decode()


PROGRESS = """
import sys
import registrar_tui
from registrar_tui.cli import entry
from tests.cli.harness import FakeBootstrap
sys.modules["registrar_tui.bootstrap"] = registrar_tui.bootstrap = FakeBootstrap()
sys.exit(entry.run(["init", "--demo", "--db", "x.db", *sys.argv[1:]]))
"""


@pytest.mark.parametrize(("quiet", "drawn"), [([], True), (["--quiet"], False)])
def test_progress_is_drawn_on_a_terminal_only(tmp_path: Path, quiet: list[str], drawn: bool) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", PROGRESS, *quiet],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TERM": "xterm"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=theirs,
        timeout=300,
    )
    os.close(theirs)
    drawn_bytes = b""
    with suppress(OSError):  # the end of what a terminal has to tell
        while data := os.read(ours, 4096):
            drawn_bytes += data
    os.close(ours)
    seen = drawn_bytes.decode()
    assert done.returncode == 0
    assert done.stdout.decode() == "База создана: x.db\n"
    assert ("пациенты" in seen) is drawn
