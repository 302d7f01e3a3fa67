"""The clinic in memory for every test of the desk."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from registrar_tui.services import operators
from tests.integration.bases import Clinic
from tests.integration.real_clinic import CheapHasher, RealClinic
from tests.tui.fake_services import FakeServices


@pytest.fixture(autouse=True)
def first_of_its_process() -> Iterator[None]:
    """Let each desk find nothing frozen: one after another searches all memory for cycles, 0.1 s a test."""
    yield
    gc.unfreeze()


@pytest.fixture
def clinic(tmp_path: Path) -> FakeServices:
    """A fresh clinic."""
    return FakeServices(tickets=tmp_path)


@pytest.fixture
def hasher(monkeypatch: pytest.MonkeyPatch) -> Iterator[CheapHasher]:
    """Passwords cost nothing here."""
    cheap = CheapHasher()
    monkeypatch.setattr(operators, "_hasher", lambda: cheap)
    operators._nobodys_hash.cache_clear()
    yield cheap
    operators._nobodys_hash.cache_clear()


@pytest.fixture
def nobody(sqlite_clinic: Clinic, hasher: CheapHasher) -> Iterator[RealClinic]:
    """A working base without operators."""
    real = RealClinic(sqlite_clinic)
    yield real
    real.close()


@pytest.fixture
def staffed(nobody: RealClinic) -> RealClinic:
    """A working base with one operator of each role, each with a password of their own."""
    return nobody.staffed()
