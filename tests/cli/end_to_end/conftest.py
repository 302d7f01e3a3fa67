"""One real demo base for all end-to-end tests of a worker, a fresh copy of it for each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.end_to_end import real_base
from tests.cli.end_to_end.demo_base import NOW, Clinic, build, copy
from tests.cli.end_to_end.real_base import RealBase
from tests.cli.harness import Registrar


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("base"))


@pytest.fixture
def base(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = copy(built, tmp_path)
    monkeypatch.setenv("REGISTRAR_DB", str(path))
    monkeypatch.setenv("REGISTRAR_NOW", NOW)
    monkeypatch.setenv("REGISTRAR_DESK", "окно 2")
    return path


@pytest.fixture
def clinic(base: Path, registrar: Registrar) -> Clinic:
    return Clinic(registrar)


@pytest.fixture(scope="session")
def built_real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_base.build(tmp_path_factory.mktemp("real"))


@pytest.fixture
def real(
    built_real: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    registrar: Registrar,
    typed_in: Callable[[str | bytes], None],
) -> RealBase:
    path = real_base.copy(built_real, tmp_path)
    monkeypatch.setenv("REGISTRAR_DB", str(path))
    monkeypatch.setenv("REGISTRAR_DESK", "окно 2")
    return RealBase(path, registrar, typed_in)
