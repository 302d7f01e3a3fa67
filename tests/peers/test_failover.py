"""The primary dies while desks book and the standby takes over."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fire import shift
from tests.fire.desk_child import wait_until_stopped
from tests.fire.pg_cluster import Cluster, primary_and_standby
from tests.fire.proofs import faults_of

pytestmark = pytest.mark.slow
DATABASE = "desk"
DESKS = 3
PARTITION = 1.0  # seconds in which nothing reaches the standby and nobody may be told of a success
_PATIENCE = 300.0


def drill(
    primary: Cluster, standby: Cluster, folder: Path, cut_off: Callable[[shift.Shift], int]
) -> tuple[list[str], int]:
    """Cut the standby off, kill the primary, promote; returns the faults and what was told meanwhile."""
    primary.sql(f"CREATE DATABASE {DATABASE}")
    shift.build(primary.url(DATABASE))
    both = (
        f"postgresql://postgres@/{DATABASE}?host=127.0.0.1:{primary.port}&host=127.0.0.1:{standby.port}"
        "&target_session_attrs=read-write"
    )
    with shift.working_desks(both, folder, desks=DESKS) as desks:
        desks.wait_for_more(5)
        feeding = primary.walsenders()
        assert feeding
        for pid in feeding:
            os.kill(pid, signal.SIGSTOP)
            wait_until_stopped(pid)
        during = cut_off(desks)
        primary.kill()
        standby.sql("ALTER SYSTEM SET synchronous_standby_names = ''")
        standby.promote()
        desks.wait_for_more(5)
        assert desks.alive()
    return faults_of(standby.url(DATABASE), desks.attempts()), during


def waiting(primary: Cluster) -> int:
    """Count the desks whose commit waits for the standby, or who wait for one that does.

    Whoever waits has noted all it was told before.
    """
    counted = primary.sql(
        f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{DATABASE}' AND state = 'active' "
        "AND (wait_event = 'SyncRep' OR wait_event_type = 'Lock')"
    )
    return int(str(counted[0][0]))


def until(true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)


def test_synchronous_replication_loses_nothing_and_repeats_nothing(pg_binaries: None, tmp_path: Path) -> None:
    with primary_and_standby(synchronous=True) as (primary, standby):

        def cut_off(desks: shift.Shift) -> int:
            until(lambda: waiting(primary) == DESKS, "every desk waits for the standby")
            before = desks.successes()
            time.sleep(PARTITION)
            return desks.successes() - before

        faults, during = drill(primary, standby, tmp_path, cut_off)
    assert faults == [] and during == 0


def test_asynchronous_replication_is_seen_to_lose(pg_binaries: None, tmp_path: Path) -> None:
    """The negative control: the same drill and the same proof."""
    with primary_and_standby(synchronous=False) as (primary, standby):

        def cut_off(desks: shift.Shift) -> int:
            before = desks.successes()
            until(lambda: desks.successes() > before + DESKS, "the primary works on alone")
            return desks.successes() - before

        faults, during = drill(primary, standby, tmp_path, cut_off)
    assert during > 0 and any(fault.startswith("LOST") for fault in faults)
