"""The primary dies while desks book and the standby takes over."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.fire import shift
from tests.fire.pg_cluster import Cluster, primary_and_standby
from tests.fire.proofs import faults_of

pytestmark = pytest.mark.slow
DATABASE = "desk"
PARTITION = 1.0  # seconds in which the primary works on and nothing reaches the standby


def drill(primary: Cluster, standby: Cluster, folder: Path) -> tuple[list[str], int]:
    """Cut the standby off, kill the primary, promote; returns the faults and what was told meanwhile."""
    primary.sql(f"CREATE DATABASE {DATABASE}")
    shift.build(primary.url(DATABASE))
    both = (
        f"postgresql://postgres@/{DATABASE}?host=127.0.0.1:{primary.port}&host=127.0.0.1:{standby.port}"
        "&target_session_attrs=read-write"
    )
    with shift.working_desks(both, folder) as desks:
        desks.wait_for_more(5)
        for pid in primary.walsenders():
            os.kill(pid, signal.SIGSTOP)
        time.sleep(0.2)
        before = told(desks)
        time.sleep(PARTITION)
        during = told(desks) - before
        primary.kill()
        standby.sql("ALTER SYSTEM SET synchronous_standby_names = ''")
        standby.promote()
        desks.wait_for_more(5)
        assert desks.alive()
    return faults_of(standby.url(DATABASE), desks.attempts()), during


def told(desks: shift.Shift) -> int:
    return sum(attempt.mark == "A" for desk in desks.attempts() for attempt in desk)


def test_synchronous_replication_loses_nothing_and_repeats_nothing(pg_binaries: None, tmp_path: Path) -> None:
    with primary_and_standby(synchronous=True) as (primary, standby):
        faults, during = drill(primary, standby, tmp_path)
    assert faults == [] and during == 0


def test_asynchronous_replication_is_seen_to_lose(pg_binaries: None, tmp_path: Path) -> None:
    """The negative control: the same drill and the same proof."""
    with primary_and_standby(synchronous=False) as (primary, standby):
        faults, during = drill(primary, standby, tmp_path)
    assert during > 0 and any(fault.startswith("LOST") for fault in faults)
