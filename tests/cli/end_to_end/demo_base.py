"""A real demo base for the end-to-end tests: built once, a fresh copy for each test."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.harness import Answer, Registrar

NOW = "2026-11-23T08:00"
TODAY, TOMORROW, THURSDAY = "2026-11-23", "2026-11-24", "2026-11-26"
VISIT_KEYS = [
    *("id", "number", "status", "patient_id", "doctor_id", "slot_id", "starts_at", "minutes", "room"),
    "ticket_code",
]
INIT = ("init", "--demo", "--patients", "60", "--days", "5", "--today", "2026-11-23", "--json")


def build(folder: Path) -> Path:
    """Create a base in a file."""
    base = folder / "demo.db"
    create(str(base))
    return base


def create(database: str) -> None:
    """Create a base by the command itself in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "registrar_tui", *INIT, "--db", database],
        env={**os.environ, "REGISTRAR_NOW": NOW},
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["created"]["patients"] >= 60


def copy(base: Path, folder: Path) -> Path:
    """Copy a base that nobody has open."""
    assert not base.with_name(f"{base.name}-wal").exists()
    return Path(shutil.copy(base, folder / "clinic.db"))


@dataclass(frozen=True)
class Clinic:
    """The commands of one demo base, and what the tests look for in it."""

    registrar: Registrar

    def __call__(self, *arguments: str) -> Answer:
        return self.registrar("--json", *arguments)

    def patients(self) -> list[int]:
        """People without a coming visit, so that only the rule under test can refuse."""
        days = [self("visit", "list", "--date", f"2026-11-{day}").json for day in range(23, 28)]
        busy = {row["patient_id"] for rows in days for row in rows}
        known = {row["id"] for letter in "абвгдеиклмнопрстфхш" for row in self("find", letter).json}
        return sorted(known - busy)

    def patient(self) -> int:
        """One of them."""
        return self.patients()[0]

    def slots(self, *filters: str) -> list[dict[str, Any]]:
        listed = self("slot", "list", *filters).json
        assert isinstance(listed, list)
        return listed

    def free(self, patient: int, day: str, *, specialty: str = "терапевт", **filters: str) -> list[int]:
        """Slots of one day that may be booked as they stand."""
        options = [part for name, value in filters.items() for part in (f"--{name}", value)]
        day_of = ("--specialty", specialty, "--from", day, "--to", day)
        rows = self.slots(*day_of, "--free", "--patient", str(patient), *options)
        return [row["id"] for row in rows]

    def book(self, patient: int, slot: int, *options: str) -> dict[str, Any]:
        answer = self("book", "--patient", str(patient), "--slot", str(slot), *options)
        assert answer.code == 0, answer.err
        visit = answer.json
        assert isinstance(visit, dict)
        return visit


def refused(answer: Answer, code: str, exit_code: int = 1) -> dict[str, Any]:
    """Check the form of a refusal and return it."""
    assert answer.code == exit_code, answer
    error = answer.error
    assert list(error) == ["code", "message", "field", "basis", "ways_out"]
    assert error["code"] == code, error
    assert answer.err.startswith(error["message"])
    assert answer.err.count("\n") == 1
    return error
