"""Tickets and arrivals over a real demo base: every verdict, every format."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.end_to_end.demo_base import THURSDAY, TODAY, TOMORROW, VISIT_KEYS, Clinic


def test_verdicts(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = clinic.patient()
    slots = clinic.free(patient, THURSDAY)
    visit = clinic.book(patient, slots[0])

    def verdict(code: str) -> tuple[int, str, int | None]:
        answer = clinic("ticket", "verify", code)
        assert list(answer.json) == ["valid", "verdict", "visit_id"]
        assert answer.json["valid"] is (answer.json["verdict"] == "ok") is (answer.code == 0)
        return answer.code, answer.json["verdict"], answer.json["visit_id"]

    code = visit["ticket_code"]
    assert verdict(code) == (1, "wrong-day", visit["id"])
    tag = str((int(code[-2]) + 1) % 10)
    # Of ten last digits one passes the check digit, and only then is the signature asked.
    verdicts = sorted(verdict(f"{code[:-2]}{tag}{last}")[1] for last in range(10))
    assert verdicts == ["forged", *["unknown"] * 9]
    for text in ("", "12", "[red]", "\x1b[2J", "9" * 400):
        assert verdict(text)[0] == 1
    moved = clinic("move", str(visit["id"]), "--slot", str(slots[1])).json
    assert verdict(code)[1] == "moved"
    monkeypatch.setenv("REGISTRAR_NOW", f"{THURSDAY}T07:30")
    spaced = " ".join(moved["ticket_code"][start : start + 4] for start in range(0, 20, 4))
    assert verdict(spaced) == (0, "ok", moved["id"])
    assert clinic("arrive", moved["ticket_code"]).json["status"] == "arrived"
    assert verdict(moved["ticket_code"])[1] == "already-arrived"


def test_cancelled_ticket(clinic: Clinic) -> None:
    patient = clinic.patient()
    visit = clinic.book(patient, clinic.free(patient, THURSDAY)[0])
    clinic("cancel", str(visit["id"]), "--reason", "patient-request")
    assert clinic("ticket", "verify", visit["ticket_code"]).json["verdict"] == "cancelled"
    assert clinic("arrive", visit["ticket_code"]).code == 1


def test_arrive_by_visit_and_refusals(clinic: Clinic) -> None:
    patient = clinic.patient()
    today = clinic.book(patient, clinic.free(patient, TODAY)[0])
    arrived = clinic("arrive", str(today["id"])).json
    assert (list(arrived), arrived["status"]) == (VISIT_KEYS, "arrived")
    assert clinic("arrive", str(today["id"])).code == 1
    later = clinic.book(patient, clinic.free(patient, THURSDAY)[0])
    answer = clinic("arrive", later["ticket_code"])
    assert answer.code == 1
    assert answer.error["message"]


@pytest.mark.parametrize("form", ["a6", "a5", "a4", "80mm", "58mm", "text"])
def test_print_again(clinic: Clinic, tmp_path: Path, form: str) -> None:
    patient = clinic.patient()
    visit = str(clinic.book(patient, clinic.free(patient, TOMORROW)[0])["id"])
    out = tmp_path / "ticket.out"
    answer = clinic("ticket", "print", visit, "--format", form, "--out", str(out))
    assert answer.code == 0, answer.err
    assert answer.json == {"visit_id": int(visit), "format": form, "ticket_file": str(out)}
    content = out.read_bytes()
    assert content.startswith(b"%PDF") if form != "text" else content.decode("utf-8").strip()
    again = clinic("ticket", "print", visit, "--format", form)
    assert again.code == 0
    assert Path(again.json["ticket_file"]).is_file()


def test_print_to_stdout(base: Path, clinic: Clinic) -> None:
    patient = clinic.patient()
    visit = str(clinic.book(patient, clinic.free(patient, TOMORROW)[0])["id"])
    for form, begins in (("a6", b"%PDF"), ("text", b"")):
        done = subprocess.run(
            [sys.executable, "-m", "registrar_tui", "ticket", "print", visit, "--format", form, "--out", "-"],
            env=os.environ,
            capture_output=True,
            timeout=300,
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout
        assert done.stdout.startswith(begins)


def test_print_where_it_cannot_be_written(clinic: Clinic, tmp_path: Path) -> None:
    patient = clinic.patient()
    visit = str(clinic.book(patient, clinic.free(patient, TOMORROW)[0])["id"])
    for out in (tmp_path / "absent" / "t.pdf", tmp_path):
        answer = clinic("ticket", "print", visit, "--out", str(out))
        assert answer.code in (1, 2)
        assert answer.err.count("\n") == 1


def test_batch(clinic: Clinic, tmp_path: Path) -> None:
    out = tmp_path / "day.pdf"
    answer = clinic("ticket", "batch", "--date", TODAY, "--out", str(out))
    assert answer.json["file"] == str(out)
    assert answer.json["tickets"] > 10
    assert out.read_bytes().startswith(b"%PDF")
