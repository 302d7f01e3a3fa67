"""Booking over a real demo base, from the search to the printed ticket."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

from tests.cli.end_to_end.demo_base import THURSDAY, TOMORROW, VISIT_KEYS, Clinic, refused
from tests.cli.harness import Answer


def test_book_by_pipe_of_two_processes(base: Path, tmp_path: Path) -> None:
    """`registrar find … && registrar book … --print` as a script does it."""
    program = f"{sys.executable} -m registrar_tui --json"
    script = f"""
    set -e
    patient=$({program} find а --limit 1 | sed 's/^.{{"id":\\([0-9]*\\),.*/\\1/')
    {program} book --patient "$patient" --specialty терапевт --first-free --print
    """
    done = subprocess.run(
        ["/bin/sh", "-c", script], env=os.environ, cwd=tmp_path, capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stderr.decode()
    visit = Answer(0, done.stdout.decode(), "").json
    assert list(visit) == [*VISIT_KEYS, "ticket_file"]
    assert Path(visit["ticket_file"]).read_bytes().startswith(b"%PDF")


def test_book_prints_a_private_pdf(clinic: Clinic) -> None:
    patient = clinic.patient()
    slot = clinic.free(patient, TOMORROW)[0]
    visit = clinic.book(patient, slot, "--print")
    assert list(visit) == [*VISIT_KEYS, "ticket_file"]
    assert (visit["status"], visit["patient_id"], visit["slot_id"]) == ("booked", patient, slot)
    assert len(visit["ticket_code"]) == 20
    assert visit["ticket_code"].isdigit()
    file = Path(visit["ticket_file"])
    assert file.read_bytes().startswith(b"%PDF")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    busy = next(row for row in clinic.slots("--doctor", str(visit["doctor_id"])) if row["id"] == slot)
    assert (busy["status"], busy["bookable"]) == ("busy", False)


def test_book_first_free_takes_the_first(clinic: Clinic) -> None:
    patient = clinic.patient()
    first = clinic.slots("--specialty", "терапевт", "--free", "--patient", str(patient), "--limit", "1")[0]
    visit = clinic("book", "--patient", str(patient), "--specialty", "терапевт", "--first-free").json
    assert list(visit) == VISIT_KEYS
    assert visit["starts_at"] == first["starts_at"]


def test_show_after_each_step(clinic: Clinic) -> None:
    patient = clinic.patient()
    slots = clinic.free(patient, THURSDAY)
    visit = clinic.book(patient, slots[0])
    shown = clinic("visit", "show", str(visit["id"])).json
    assert list(shown) == [*VISIT_KEYS, "history"]
    assert [list(event) for event in shown["history"]] == [["at", "what", "who", "reason"]]
    moved = clinic("move", str(visit["id"]), "--slot", str(slots[1])).json
    assert list(moved) == VISIT_KEYS
    assert (moved["slot_id"], moved["status"]) == (slots[1], "booked")
    assert moved["id"] != visit["id"]
    cancelled = clinic("cancel", str(moved["id"]), "--reason", "patient-request").json
    assert list(cancelled) == VISIT_KEYS
    assert cancelled["status"] == "cancelled"
    undone = clinic("undo").json
    assert (list(undone), undone["status"]) == (VISIT_KEYS, "booked")
    whats = [event["what"] for event in clinic("visit", "show", str(moved["id"])).json["history"]]
    assert len(whats) == 3
    day = clinic.slots("--specialty", "терапевт", "--from", THURSDAY, "--to", THURSDAY)
    states = {row["id"]: row["status"] for row in day}
    assert (states[slots[0]], states[slots[1]]) == ("free", "busy")


def test_words_after_booking(clinic: Clinic) -> None:
    patient = clinic.patient()
    slot = clinic.free(patient, TOMORROW)[0]
    answer = clinic.registrar("book", "--patient", str(patient), "--slot", str(slot))
    assert answer.out.startswith("Талон 0")
    assert ": вторник, 24 ноября, " in answer.out
    assert ", каб. " in answer.out


def test_a_retry_with_the_same_key_is_the_same_booking(clinic: Clinic) -> None:
    patient = clinic.patient()
    slots = clinic.free(patient, TOMORROW)
    first = clinic.book(patient, slots[0], "--op-id", "retry-1")
    assert clinic.book(patient, slots[0], "--op-id", "retry-1") == first
    other = clinic("book", "--patient", str(patient), "--slot", str(slots[1]), "--op-id", "retry-1")
    refused(other, "op_reused")


def test_channel_is_kept_by_the_core(clinic: Clinic) -> None:
    patient = clinic.patient()
    slot = clinic.free(patient, TOMORROW, channel="phone")[0]
    clinic.book(patient, slot, "--channel", "phone")


def test_visits_of_the_day(clinic: Clinic) -> None:
    patient = clinic.patient()
    visit = clinic.book(patient, clinic.free(patient, TOMORROW)[0])
    rows = clinic("visit", "list", "--date", "24.11.2026", "--doctor", str(visit["doctor_id"])).json
    assert visit["id"] in [row["id"] for row in rows]
    assert clinic("visit", "list").json != rows
