"""Fifty processes want one slot: one gets it, forty-nine are told so and what is free instead."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert
from sqlmodel import Session

from registrar_tui.models import Patient
from registrar_tui.services.search_keys import patient_keys
from tests.integration.bases import Clinic
from tests.integration.invariants import broken_invariants
from tests.integration.tiny_clinic import MORNING, THERAPIST, slot_id

PROCESSES = 50
_PATIENCE = 900  # seconds; fifty interpreters alone take one minute of two processors
WANTED = slot_id(THERAPIST, 1, 3)
EVERYBODY = list(range(101, 101 + PROCESSES))
Answer = tuple[int, str, str]
"""Exit code, stdout, stderr."""


def more_people(clinic: Clinic) -> None:
    """Make the clinic's people as many as there are processes."""
    rows: list[dict[str, Any]] = [
        {"id": number, "last_name": "Орехов", "first_name": "Илья", "middle_name": ""}
        | {"birth_date": MORNING.date().replace(year=1960), "birth_precision": "day", "sex": "M"}
        | {"phone_confirmed": False, "address": "", "version": 1, "created_at": MORNING}
        | patient_keys("Орехов", "Илья", "", None)
        for number in EVERYBODY
    ]

    def write(session: Session) -> None:
        session.execute(insert(Patient), rows)

    clinic.write(write)


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REGISTRAR_")}
    return kept | {"REGISTRAR_NOW": "2026-11-23T08:00", "HOME": str(folder)}


def started(database: str, patients: list[int], folder: Path) -> list[Answer]:
    """Start one interpreter with `registrar book` for each patient."""
    command = [sys.executable, "-m", "registrar_tui", "book", "--slot", str(WANTED), "--json"]
    running = [
        subprocess.Popen(
            [*command, "--db", database, "--patient", str(patient)],
            env=environment(folder) | {"REGISTRAR_DESK": f"окно {number}"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number, patient in enumerate(patients)
    ]
    answers = [process.communicate(timeout=_PATIENCE) for process in running]
    return [
        (process.returncode, answer[0].decode(), answer[1].decode())
        for process, answer in zip(running, answers, strict=True)
    ]


def forked(database: str, patients: list[int], folder: Path) -> list[Answer]:
    """Let processes that have imported everything go at the same moment."""
    people = [str(patient) for patient in patients]
    done = subprocess.run(
        [sys.executable, "-m", "tests.peers.fork_race", database, str(WANTED), *people],
        env=environment(folder),
        capture_output=True,
        timeout=_PATIENCE,
    )
    assert done.returncode == 0, done.stderr.decode()
    return [(code, out, err) for code, out, err in json.loads(done.stdout)]


def one_won(clinic: Clinic, answers: list[Answer]) -> None:
    codes = Counter(code for code, _, _ in answers)
    assert codes == {0: 1, 1: PROCESSES - 1}, [answer for answer in answers if answer[0] not in (0, 1)]
    for code, out, err in answers:
        shape = json.loads(out)
        assert "Traceback" not in err
        if code == 0:
            assert (shape["slot_id"], shape["status"]) == (WANTED, "booked")
            continue
        assert shape["error"]["code"] == "slot_taken", shape
        slots = [way["slot_id"] for way in shape["error"]["ways_out"] if way["kind"] == "slot"]
        assert len(slots) == len(set(slots)) == 3 and WANTED not in slots
    with clinic.read() as session:
        assert broken_invariants(session) == []


@pytest.fixture(autouse=True)
def one_crowd_at_a_time(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A server lets in a hundred: the crowds of two pytest workers would not all find a place."""
    with (tmp_path_factory.getbasetemp().parent / "crowd.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


@pytest.mark.slow
def test_fifty_interpreters_one_slot(clinic: Clinic, tmp_path: Path) -> None:
    more_people(clinic)
    clinic.close()
    begun = time.monotonic()
    answers = started(clinic.database, EVERYBODY, tmp_path)
    print(f"{PROCESSES} interpreters: {time.monotonic() - begun:.1f} s")
    one_won(clinic, answers)


@pytest.mark.slow
@pytest.mark.parametrize(
    "patients", [EVERYBODY, EVERYBODY[:1] * PROCESSES], ids=["fifty people", "one person"]
)
def test_fifty_processes_at_the_same_moment(clinic: Clinic, tmp_path: Path, patients: list[int]) -> None:
    more_people(clinic)
    clinic.close()
    begun = time.monotonic()
    answers = forked(clinic.database, patients, tmp_path)
    print(f"{PROCESSES} forked processes: {time.monotonic() - begun:.1f} s")
    one_won(clinic, answers)
