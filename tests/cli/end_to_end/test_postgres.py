"""The same commands on PostgreSQL: nothing changes but the address."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.cli.end_to_end.demo_base import NOW, THURSDAY, Clinic, create
from tests.cli.harness import Registrar
from tests.integration.broken_rows import spoiled

SERVER = os.environ.get("REGISTRAR_TEST_PG_URL")
pytestmark = pytest.mark.skipif(
    not SERVER, reason="REGISTRAR_TEST_PG_URL is not set: PostgreSQL is not tested"
)


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """A database of this run, dropped at its end."""
    import psycopg
    from psycopg import sql

    assert SERVER
    name = f"registrar_cli_{os.getpid()}"
    address = urlsplit(SERVER)._replace(scheme="postgresql")
    with psycopg.connect(urlunsplit(address), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = urlunsplit(address._replace(path=f"/{name}"))
            create(url)
            yield url
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def clinic(database: str, registrar: Registrar, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    monkeypatch.setenv("REGISTRAR_DB", database)
    monkeypatch.setenv("REGISTRAR_NOW", NOW)
    monkeypatch.setenv("REGISTRAR_DESK", "окно 2")
    return Clinic(registrar)


def test_the_main_job(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    patient, other, *_ = clinic.patients()
    slots = clinic.free(patient, THURSDAY)
    visit = clinic.book(patient, slots[0], "--op-id", "retry-pg", "--print")
    assert visit["ticket_file"].endswith(".pdf")
    again = clinic.book(patient, slots[0], "--op-id", "retry-pg")
    assert again == {key: value for key, value in visit.items() if key != "ticket_file"}
    taken = clinic("book", "--patient", str(other), "--slot", str(slots[0]))
    assert (taken.code, taken.error["code"]) == (1, "slot_taken")
    ways = [way["slot_id"] for way in taken.error["ways_out"] if way["kind"] == "slot"]
    assert clinic.book(other, ways[0])["slot_id"] == ways[0]
    target = next(slot for slot in slots[1:] if slot != ways[0])
    moved = clinic("move", str(visit["id"]), "--slot", str(target)).json
    assert clinic("ticket", "verify", visit["ticket_code"]).json["verdict"] == "moved"
    assert clinic("cancel", str(moved["id"]), "--reason", "patient-request").json["status"] == "cancelled"
    assert clinic("undo").json["status"] == "booked"
    monkeypatch.setenv("REGISTRAR_NOW", f"{THURSDAY}T07:30")
    assert clinic("arrive", moved["ticket_code"]).json["status"] == "arrived"


def test_tables(clinic: Clinic, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(spoiled(100, seed=8).content)
    codes = spoiled(100, seed=8).codes
    done = clinic("import", "patients", "a.csv")
    assert (done.code, done.json["read"], done.json["rejected"]) == (3, 100 + len(codes), len(codes))
    assert clinic("import", "patients", "a.csv").json["added"] == 0
    out = clinic("export", "patients", "--out", "out.xlsx")
    assert clinic("check", "file", "out.xlsx").json["read"] == out.json["rows"] >= 100
    visits = clinic("export", "visits", "--from", THURSDAY, "--to", THURSDAY, "--out", "v.csv").json["rows"]
    printed = clinic("ticket", "batch", "--from-file", "v.csv", "--out", "t.pdf")
    assert (printed.code, printed.json["tickets"]) == (0, visits)
    assert clinic("db", "reindex").json == {"mended": 0}


ODD = ["visit show 2147483647", "find \x00", "find %", "ticket verify \x00", "arrive \x00"]


@pytest.mark.parametrize("line", ODD)
def test_odd_input(clinic: Clinic, line: str) -> None:
    assert clinic(*line.split(" ")).code in (0, 1)


def test_second_init_is_refused(clinic: Clinic, database: str) -> None:
    answer = clinic("init", "--demo", "--db", database)
    assert (answer.code, answer.error["code"]) == (1, "already_exists")


def test_absent_database(clinic: Clinic, database: str) -> None:
    absent = f"{database}_absent"
    answer = clinic("find", "а", "--db", absent)
    assert answer.code == 4
