"""Desks are killed at work; the long run is `python -m tests.fire.crash --kills 300 --store …`."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, select

from registrar_tui.models import Claim, Op
from registrar_tui.storage.engine import open_engine, write_engine
from tests.fire import arena
from tests.fire.crash import CrashRun
from tests.fire.desk_child import DeskPlan, processes, run_desk
from tests.fire.journal import Attempt, read_journal
from tests.fire.proofs import faults_of

pytestmark = pytest.mark.slow
KILLS = 24


def test_a_killed_desk_leaves_every_promise_kept(store_url: str, tmp_path: Path) -> None:
    toll = CrashRun(store_url, tmp_path, kills=KILLS, seed=KILLS, life=(0.15, 0.4)).run()
    assert toll.faults == []
    assert toll.kills >= 20 and toll.acknowledged > KILLS and toll.open > 0
    assert toll.import_kills >= 4 and toll.cut_short > 0, "importers die in the middle of a table too"


@pytest.fixture
def worked(tmp_path: Path) -> tuple[str, list[list[Attempt]]]:
    """Return a base on which one desk has done forty commands, with its journal."""
    database = str(tmp_path / "worked.db")
    arena.build_arena(database, slots=12, patients=12)
    journal = tmp_path / "desk.log"
    slots, people = tuple(arena.slot_ids(12)), tuple(arena.patient_ids(12))
    plan = DeskPlan(database, tmp_path, "окно 1", journal, 3, slots, people, commands=40)
    desk = processes().Process(target=run_desk, args=(plan,))  # type: ignore[attr-defined]
    desk.start()  # in a process of its own, as it changes how long one waits
    desk.join()
    assert desk.exitcode == 0
    return database, [read_journal(journal)]


def test_the_proof_accepts_an_honest_base(worked: tuple[str, list[list[Attempt]]]) -> None:
    database, desks = worked
    assert faults_of(database, desks) == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("DELETE FROM op WHERE op_id = :op", "LOST"),
        ("UPDATE op SET result = '' WHERE op_id = :op", "HALF-DONE"),
        ("INSERT INTO op VALUES ('foreign', '2026-11-23 05:00:00.000000', '-', 'book', '{}')", "PHANTOM"),
        ("DELETE FROM claim WHERE slot_id = :slot", "holds"),
        ("UPDATE claim SET visit_id = 999999 WHERE slot_id = :slot", "point at nothing"),
    ],
)
def test_the_proof_sees_each_kind_of_damage(
    worked: tuple[str, list[list[Attempt]]], damage: str, said: str
) -> None:
    database, desks = worked
    engine = open_engine(database)
    with Session(engine) as session:
        words = {
            "op": session.exec(select(Op.op_id)).first(),
            "slot": session.exec(select(Claim.slot_id)).first(),
        }
    with write_engine(engine).connect() as connection:
        connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        with connection.begin():
            connection.execute(
                text(damage), {key: value for key, value in words.items() if f":{key}" in damage}
            )
    engine.dispose()
    assert any(said in fault for fault in faults_of(database, desks))
