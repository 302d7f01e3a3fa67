"""A desk hears of what others commit, once for each change, and of what happened while it was cut off."""

from __future__ import annotations

import os
import time

import pytest
from sqlalchemy import text

from registrar_tui.desk_services import DeskServices
from registrar_tui.errors import StoreUnavailable
from registrar_tui.storage import changes
from tests.integration import tiny_clinic
from tests.integration.bases import Clinic, own_schema
from tests.integration.tiny_clinic import THERAPIST, slot_id

FIRST = slot_id(THERAPIST, 1, 0)


def heard(desk: DeskServices, before: object, seconds: float = 60.0) -> object:
    """Return the first stamp that differs; a notice of the server is on its way for a moment."""
    deadline = time.monotonic() + seconds
    while (stamp := desk.change_stamp()) == before:
        assert time.monotonic() < deadline, "nothing was heard"
        time.sleep(0.005)
    return stamp


def test_every_change_of_another_desk_is_heard(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    # A look at the tables just before the notice comes would tell one change twice.
    monkeypatch.setattr(changes, "LOOK_EVERY", 3600.0)
    desk = clinic.desk("окно 9")
    stamp = desk.change_stamp()
    assert desk.change_stamp() == stamp
    clinic.desk().offer(FIRST, 1)
    stamp = heard(desk, stamp)
    clinic.desk().release(FIRST)
    stamp = heard(desk, stamp)
    visit = clinic.book(FIRST)
    stamp = heard(desk, stamp)
    clinic.cancel(visit.id)
    stamp = heard(desk, stamp)
    assert desk.change_stamp() == stamp


def test_one_change_is_told_once(pg_clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look at the tables, for who hears nothing, must not repeat what the notice has told."""
    monkeypatch.setattr(changes, "LOOK_EVERY", 3600.0)
    desk = pg_clinic.desk("окно 9")
    before = desk.change_stamp()
    pg_clinic.book(FIRST)
    stamp = heard(desk, before)
    monkeypatch.setattr(changes, "LOOK_EVERY", 0.0)
    assert desk.change_stamp() == stamp


def test_another_clinic_on_the_same_server_is_not_heard(pg_clinic: Clinic, pg_server: str) -> None:
    """Each schema is a clinic: what one commits must not make the desks of all the others read again."""
    desk = pg_clinic.desk("окно 9")
    with own_schema(pg_server, f"registrar_other_{os.getpid()}") as url:
        tiny_clinic.migrate(url)
        other = Clinic(url, pg_clinic.folder)
        tiny_clinic.fill(other.engine)
        stamp = desk.change_stamp()
        foreign = other.desk("окно 8").change_stamp()
        other.book(FIRST)
        heard(other.desk("окно 8"), foreign)
        assert desk.change_stamp() == stamp
        other.close()


def test_what_happened_while_the_watch_was_cut_off_is_heard(pg_clinic: Clinic) -> None:
    desk = pg_clinic.desk("окно 9")
    stamp = desk.change_stamp()
    with pg_clinic.engine.connect() as connection:
        watch = desk._store._watch._connection
        assert watch is not None
        own = watch.dbapi_connection.info.backend_pid
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
    time.sleep(0.2)
    with pytest.raises(StoreUnavailable):
        heard(desk, stamp)
    assert desk.change_stamp() != stamp, "the view may be old, whatever the tables' look says"


def test_a_file_opened_anew_is_looked_at(sqlite_clinic: Clinic) -> None:
    """SQLite counts changes from the opening of the connection, so the same number may mean another state."""
    desk = sqlite_clinic.desk("окно 9")
    stamp = desk.change_stamp()
    desk._store._watch.close()
    assert desk.change_stamp() != stamp
