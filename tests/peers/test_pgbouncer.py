"""pgbouncer in transaction mode stands between the desks and the server."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from registrar_tui.services import dto
from registrar_tui.vocabulary import Initiator
from tests.fire import arena, shift
from tests.fire.pg_cluster import Cluster, pgbouncer_before
from tests.fire.proofs import faults_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin") is None,
        reason="pgbouncer skipped: it is not installed (Debian package pgbouncer)",
    ),
]


def test_every_command_works_through_it(cluster: Cluster, database: str, tmp_path: Path) -> None:
    shift.build(cluster.url(database))
    with pgbouncer_before(cluster, database) as url:
        desk = arena.open_desk(url, tmp_path, "окно 1")
        first, second = arena.slot_ids(2)
        patient = arena.patient_ids(1)[0]
        assert desk.offer(first, patient).slot_id == first
        booked = desk.book(dto.BookVisit("b", patient, first))
        moved = desk.move(dto.MoveVisit("m", booked.id, second, Initiator.PATIENT))
        assert (
            desk.cancel(dto.CancelVisit("c", moved.id, "patient-request", Initiator.PATIENT)).id == moved.id
        )
        assert desk.undo(op_id="u").as_dict()["status"] == "booked"
        assert desk.book(dto.BookVisit("b", patient, first)) == booked
        before = desk.change_stamp()
        assert before is not None and desk.patient_card(patient).id == patient
        desk.close()


def test_more_desks_than_server_connections(cluster: Cluster, database: str, tmp_path: Path) -> None:
    shift.build(cluster.url(database), desks=5)
    with (
        pgbouncer_before(cluster, database) as url,
        shift.working_desks(url, tmp_path, desks=5) as desks,
    ):
        desks.wait_for_more(10)
        complaints = desks.complaints()
    assert complaints == set()
    assert faults_of(cluster.url(database), desks.attempts()) == []
