"""The PostgreSQL server is frozen, killed, restarted while desks book: no wrong success and no lost one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event

from registrar_tui.errors import StoreUnavailable
from registrar_tui.services import dto
from registrar_tui.storage import patience, session
from registrar_tui.storage.gate import PEEK_EVERY
from tests.fire import arena, shift
from tests.fire.own_time import OwnTime
from tests.fire.pg_cluster import Cluster
from tests.fire.proofs import faults_of

pytestmark = pytest.mark.slow


def one_line(message: str) -> bool:
    """Tell whether a registrar could read it: one Russian line without the driver's words."""
    return "\n" not in message and message.endswith(".") and "psycopg" not in message and message[0] > "А"


def test_a_killed_and_restarted_server_keeps_every_promise(
    cluster: Cluster, database: str, tmp_path: Path
) -> None:
    url = cluster.url(database)
    shift.build(url)
    with shift.working_desks(url, tmp_path) as desks:
        for _ in range(2):
            desks.wait_for_more(5)
            cluster.kill()
            desks.wait_for_complaints()
            cluster.start()
            desks.wait_for_more(5)
        assert desks.alive()
        complaints = desks.complaints()
    assert faults_of(url, desks.attempts()) == []
    assert complaints and all(one_line(message) for _, message in complaints), complaints
    assert {code for code, _ in complaints} == {"store_unavailable"}


def test_a_frozen_server_is_waited_for_only_so_long(
    cluster: Cluster, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = cluster.url(database)
    shift.build(url)
    desk = arena.open_desk(url, tmp_path, "окно 1")
    slots, people = arena.slot_ids(3), arena.patient_ids(3)
    desk.book(dto.BookVisit("before", people[0], slots[0]))
    wish = dto.BookVisit("during", people[1], slots[1])

    def answer_within(seconds: float) -> None:
        """Change the patience of a desk that is open: it opened with the usual one."""
        monkeypatch.setattr(session, "ANSWER_SECONDS", seconds)
        for engine in (desk._store.engine, desk._store._writer):
            engine.update_execution_options(answer_seconds=seconds)

    answer_within(1.5)
    cluster.freeze()
    try:
        with OwnTime() as waited, pytest.raises(StoreUnavailable) as refused:
            desk.book(wish)
    finally:
        cluster.thaw()
    assert waited.seconds < 1.5 + patience.CONNECT_SECONDS + 2 and one_line(str(refused.value))
    answer_within(300.0)
    again = desk.book(wish)
    assert desk.book(wish) == again and again.slot_id == slots[1]
    desk.close()


def test_desks_outlive_freezes_of_the_server(cluster: Cluster, database: str, tmp_path: Path) -> None:
    url = cluster.url(database)
    shift.build(url)
    with shift.working_desks(url, tmp_path) as desks:
        for _ in range(3):
            desks.wait_for_more(3)
            cluster.freeze()
            told = desks.successes()
            time.sleep(0.6)
            assert desks.successes() - told <= 3  # what was on its way from the server
            cluster.thaw()
        desks.wait_for_more(5)
        assert desks.alive()
    assert faults_of(url, desks.attempts()) == []


@pytest.mark.parametrize("lost_before", ["the look at the gate", "the work"])
def test_a_connection_lost_at_any_step_is_opened_anew(
    cluster: Cluster, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost_before: str
) -> None:
    url = cluster.url(database)
    shift.build(url)
    desk = arena.open_desk(url, tmp_path, "окно 1")
    slots, people = arena.slot_ids(2), arena.patient_ids(2)
    desk.book(dto.BookVisit("before", people[0], slots[0]))
    statement = "pg_try_advisory" if "gate" in lost_before else "INSERT INTO op"
    cut = _cut_once(cluster, desk._store.engine, monkeypatch, statement)
    time.sleep(PEEK_EVERY)
    assert desk.book(dto.BookVisit("during", people[1], slots[1])).slot_id == slots[1]
    assert cut == [True]
    desk.close()


def _cut_once(
    cluster: Cluster, engine: Engine, monkeypatch: pytest.MonkeyPatch, statement: str
) -> list[bool]:
    """Let the server end the desk's connection just before it is sent a statement."""
    done: list[bool] = []

    def cut(raw: Any, words: Any) -> None:
        if not done and statement in str(words):
            cluster.sql(f"SELECT pg_terminate_backend({raw.info.backend_pid})")
            done.append(True)

    real = psycopg.Connection.execute

    def execute(self: Any, query: Any, *words: Any, **settings: Any) -> Any:
        cut(self, query)
        return real(self, query, *words, **settings)

    monkeypatch.setattr(psycopg.Connection, "execute", execute)
    event.listen(
        engine,
        "before_cursor_execute",
        lambda connection, _cursor, words, *_rest: cut(connection.connection.dbapi_connection, words),
    )
    return done
