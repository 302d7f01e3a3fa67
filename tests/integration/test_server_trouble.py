"""A PostgreSQL that is not there, not ours, or goes away in the middle."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from registrar_tui import bootstrap
from registrar_tui.errors import RegistrarError, StoreUnavailable
from registrar_tui.storage.engine import open_engine
from tests.integration.bases import Clinic, own_schema, settings
from tests.integration.invariants import broken_invariants
from tests.integration.test_bad_bases import one_line, untouched


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.socket() as deaf:  # holds its port, so nobody else can listen there meanwhile
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        config = settings(f"postgresql://clinic:secret@127.0.0.1:{port}/base", tmp_path)
        for attempt in (lambda: bootstrap.build(config), lambda: bootstrap.create(config, demo=True)):
            with pytest.raises(StoreUnavailable) as refused:
                attempt()
            one_line(refused.value)
            assert "secret" not in refused.value.message


def test_no_such_database(pg_server: str, tmp_path: Path) -> None:
    config = settings(pg_server.rsplit("/", 1)[0] + "/registrar_no_such_database", tmp_path)
    with pytest.raises(StoreUnavailable) as refused:
        bootstrap.build(config)
    one_line(refused.value)
    assert refused.value.code == "no_database"


@pytest.mark.parametrize("url", ["mysql://a/b", "postgresql+asyncpg://a/b", "http://a", "sqlite:///x.db"])
def test_another_kind_of_url_is_a_usage_error(tmp_path: Path, url: str) -> None:
    with untouched(tmp_path), pytest.raises(RegistrarError) as refused:
        bootstrap.build(settings(url, tmp_path))
    assert refused.value.exit_code in (2, 4) and "postgresql" in refused.value.message


def test_an_empty_schema(store_url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        bootstrap.build(settings(store_url, tmp_path))
    one_line(refused.value)
    assert refused.value.code == "no_database"


def test_a_foreign_schema(pg_server: str, tmp_path: Path) -> None:
    with own_schema(pg_server, f"registrar_foreign_{os.getpid()}") as url:
        engine = open_engine(url)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE invoices (id integer)"))
        for attempt in (
            lambda: bootstrap.build(settings(url, tmp_path)),
            lambda: bootstrap.create(settings(url, tmp_path), demo=True, patients=3, doctors=1, days=1),
        ):
            with pytest.raises(StoreUnavailable) as refused:
                attempt()
            one_line(refused.value)
            assert refused.value.code == "foreign_database"
        with engine.connect() as connection:
            tables = connection.execute(
                text("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
            )
            assert list(tables.scalars()) == ["invoices"]
        engine.dispose()


def test_a_connection_broken_between_two_commands_is_opened_anew(pg_clinic: Clinic) -> None:
    desk = pg_clinic.desk()
    with desk._store.engine.connect() as connection:
        process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with pg_clinic.engine.connect() as connection:
        assert connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": process}).scalar_one()
    assert pg_clinic.book(1101).status == "booked"


@pytest.mark.parametrize(
    ("state", "tries"),
    [("40001", 2), ("40P01", 2), ("55P03", 2), ("25006", 2), ("08006", 2), ("23505", 1), ("22003", 1)],
)
def test_only_a_passing_trouble_is_tried_again(pg_clinic: Clinic, state: str, tries: int) -> None:
    attempts = 0

    def work(session: Session) -> str:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            session.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{state}'; END $$"))
        return "done"

    if tries == 2:
        assert pg_clinic.write(work) == "done"
    else:
        with pytest.raises(StoreUnavailable):
            pg_clinic.write(work)
    assert attempts == tries


def test_a_server_that_ends_the_session_in_a_transaction(pg_clinic: Clinic) -> None:
    """The booking is done by the second attempt, once."""
    desk = pg_clinic.desk()
    real, attempts = desk._store.write, []

    def interrupted(work: Callable[[Session], object]) -> object:
        def once_killed(session: Session) -> object:
            answer = work(session)
            attempts.append(answer)
            if len(attempts) == 1:
                session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
            return answer

        return real(once_killed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk._store, "write", interrupted)
        visit = pg_clinic.book(1101, op_id="killed")
    assert len(attempts) == 2
    with pg_clinic.read() as session:
        assert broken_invariants(session) == []
    assert pg_clinic.book(1101, op_id="killed") == visit
