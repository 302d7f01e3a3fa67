"""Databases for every test that wants one: a SQLite file and, where a server is named, PostgreSQL."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.integration.bases import Clinic
    from tests.integration.tiny_schema import TinySchema

# The same examples in every run: a change is judged by itself. REGISTRAR_NIGHTLY looks for new ones.
# Nothing is held against the clock: on a crowded machine any example may take a second.
_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("daily", _UNHURRIED, derandomize=True)
settings.register_profile("nightly", _UNHURRIED, derandomize=False)
settings.load_profile("nightly" if os.environ.get("REGISTRAR_NIGHTLY") else "daily")

# Read before any test cleans its surroundings.
_PG_SERVER = os.environ.get("REGISTRAR_TEST_PG_URL")
_OF_THE_TESTS = ("REGISTRAR_TEST_PG_URL", "REGISTRAR_REQUIRE_PG", "REGISTRAR_NIGHTLY")
# No setting of this machine's own desk or terminal reaches a test, nor what is built once for many.
for _name in [name for name in os.environ if name.startswith("REGISTRAR_") and name not in _OF_THE_TESTS]:
    del os.environ[_name]
for _name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "TEXTUAL_FPS"):
    os.environ.pop(_name, None)


def _worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def _server() -> str:
    from tests.integration.bases import PG_SKIPPED

    if not _PG_SERVER:
        pytest.skip(PG_SKIPPED)
    return _PG_SERVER


@pytest.fixture
def pg_server() -> str:
    """Return the URL of the PostgreSQL server; the test is skipped where none is named."""
    return _server()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield a place for a new base: a file that is not there, or an empty schema of its own."""
    from tests.integration.bases import own_schema

    if request.param == "sqlite":
        yield str(tmp_path / "registrar.db")
        return
    with own_schema(_server(), f"registrar_{_worker()}_{os.getpid()}_new") as url:
        yield url


@pytest.fixture(scope="session")
def tiny_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tiny clinic once; nothing has it open, so it may be copied."""
    from registrar_tui.storage.engine import open_engine
    from tests.integration import tiny_clinic

    file = tmp_path_factory.mktemp("template") / "tiny.db"
    tiny_clinic.migrate(str(file))
    engine = open_engine(str(file))
    tiny_clinic.fill(engine)
    engine.dispose()
    assert not file.with_name("tiny.db-wal").exists()
    return file


@pytest.fixture(scope="session")
def tiny_schema() -> Iterator[TinySchema]:
    """Build the tiny clinic once in a schema of this worker; each test puts it back as it was."""
    from tests.integration.tiny_schema import own_tiny_schema

    with own_tiny_schema(_server(), f"registrar_{_worker()}_{os.getpid()}") as schema:
        yield schema


@pytest.fixture
def sqlite_clinic(tiny_file: Path, tmp_path: Path) -> Iterator[Clinic]:
    """Yield the tiny clinic in a file."""
    from tests.integration.bases import Clinic

    file = tmp_path / "clinic.db"
    shutil.copyfile(tiny_file, file)
    clinic = Clinic(str(file), tmp_path)
    yield clinic
    clinic.close()


@pytest.fixture
def pg_clinic(tiny_schema: TinySchema, tmp_path: Path) -> Iterator[Clinic]:
    """Yield the tiny clinic in PostgreSQL."""
    from tests.integration.bases import Clinic

    tiny_schema.put_back()
    clinic = Clinic(tiny_schema.url, tmp_path)
    yield clinic
    clinic.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def clinic(request: pytest.FixtureRequest) -> Clinic:
    """Return the tiny clinic in either store."""
    found: Clinic = request.getfixturevalue("sqlite_clinic" if request.param == "sqlite" else "pg_clinic")
    return found
