"""Servers of our own for the tests that stop, kill and promote them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import pytest

from tests.fire.pg_cluster import Cluster, own_cluster, server_binaries

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def pg_binaries() -> None:
    """Skip plainly where no PostgreSQL server is installed; in CI that fails."""
    if server_binaries() is None:
        reason = "own PostgreSQL cluster skipped: no server binaries (initdb) are installed"
        if os.environ.get("REGISTRAR_REQUIRE_PG"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="module")
def cluster(pg_binaries: None) -> Iterator[Cluster]:
    """Yield a running server of this module's own."""
    with own_cluster() as started:
        yield started


@pytest.fixture
def database(cluster: Cluster) -> str:
    """Return the name of a fresh database in it."""
    name = f"desk_{next(_numbers)}"
    cluster.sql(f"CREATE DATABASE {name}")
    return name
