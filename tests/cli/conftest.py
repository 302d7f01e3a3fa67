"""The command line in this process over a fake clinic, and in a fresh interpreter over whatever is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import ModuleType

import pytest

import registrar_tui
from registrar_tui.cli import entry, progress
from registrar_tui.config import Config
from tests.cli.fake_maintenance import Maintained
from tests.cli.fake_services import FakeServices
from tests.cli.harness import Answer, FakeBootstrap, Process, Registrar


@pytest.fixture(autouse=True)
def clean_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches a test, and nothing is written outside its folder."""
    for name in [name for name in os.environ if name.startswith("REGISTRAR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO()))
    # A command that takes ten seconds tells of itself, and on a crowded machine any may.
    monkeypatch.setattr(progress, "LINE_EVERY", 3600.0)


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> FakeBootstrap:
    fake = FakeBootstrap()
    monkeypatch.setitem(sys.modules, "registrar_tui.bootstrap", fake)
    monkeypatch.setattr(registrar_tui, "bootstrap", fake, raising=False)
    return fake


@pytest.fixture
def clinic(core: FakeBootstrap) -> FakeServices:
    return core.services


@pytest.fixture
def registrar(capsys: pytest.CaptureFixture[str]) -> Registrar:
    """Run one command line in this process."""

    def run(*arguments: str) -> Answer:
        capsys.readouterr()
        code = entry.run(list(arguments))
        out, err = capsys.readouterr()
        return Answer(code, out, err)

    return run


@pytest.fixture
def care(core: FakeBootstrap, monkeypatch: pytest.MonkeyPatch) -> Maintained:
    maintained = Maintained()
    monkeypatch.setitem(sys.modules, "registrar_tui.maintenance", maintained)
    monkeypatch.setattr(registrar_tui, "maintenance", maintained, raising=False)
    return maintained


@pytest.fixture
def typed_in(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | bytes], None]:
    """Put something into stdin for the next command."""

    def give(content: str | bytes) -> None:
        raw = content.encode() if isinstance(content, str) else content
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(raw)))

    return give


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """A desk that opens and closes at once; the settings it was opened with."""
    opened: list[Config] = []
    module = ModuleType("registrar_tui.app.app")

    def run_desk(config: Config) -> int:
        opened.append(config)
        return 0

    module.run_desk = run_desk  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "registrar_tui.app.app", module)
    return opened


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """Run `registrar` in a fresh interpreter."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "registrar_tui", *arguments],
            env={**os.environ, "HOME": str(tmp_path), **settings},
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=300,
        )

    return run
