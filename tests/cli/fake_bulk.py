"""Tables in and out of a base that is not there: remembers what it was asked and tells how far it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from registrar_tui.bulk.job import Progress, Report

STEPS = (Progress(10, 40, 1_000, 2.0), Progress(40, 40, 4_100, 8.0, "finishing"))
CONTENT = "\ufeffТалон;Дата\r\n0412;24.11.2026\r\n".encode()


class FakeBulk:
    """Stands where `bootstrap.build_bulk` would lead."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.rejected = 0
        self.failure: BaseException | None = None
        self.closed = 0
        self.before_each: list[Callable[[], None]] = [lambda: None] * len(STEPS)

    def _ask(self, report: Report | None, *question: Any) -> None:
        self.asked.append(question)
        for step, meanwhile in zip(STEPS, self.before_each, strict=True):
            meanwhile()
            if report:
                report(step)
        if self.failure:
            raise self.failure

    def _counts(self, file: Path, dry_run: bool, rejects: Path | None) -> dict[str, Any]:
        target = rejects or (None if dry_run else file.with_name("a-rejects.csv"))
        return {
            "read": 5,
            "added": 2,
            "updated": 3 - self.rejected,
            "rejected": self.rejected,
            "rejects_file": str(target) if self.rejected and target else None,
        }

    def _import(
        self, kind: str, file: Path, *, dry_run: bool, rejects: Path | None, report: Report | None
    ) -> dict[str, Any]:
        self._ask(report, kind, file, dry_run, rejects)
        return self._counts(file, dry_run, rejects)

    def import_patients(self, file: Path, **how: Any) -> dict[str, Any]:
        return self._import("patients", file, **how)

    def import_doctors(self, file: Path, **how: Any) -> dict[str, Any]:
        return self._import("doctors", file, **how)

    def import_schedule(self, file: Path, **how: Any) -> dict[str, Any]:
        return {**self._import("schedule", file, **how), "slots": 120}

    def import_visits(self, file: Path, **how: Any) -> dict[str, Any]:
        return self._import("visits", file, **how)

    def import_cancellations(self, file: Path, **how: Any) -> dict[str, Any]:
        return self._import("cancellations", file, **how)

    def list_tickets(
        self, file: Path, out: Path, *, form: str, rejects: Path | None, report: Report | None
    ) -> dict[str, Any]:
        self._ask(report, "tickets", file, out, form, rejects)
        printed = 3 - self.rejected
        return {
            "file": str(out) if printed else None,
            "tickets": printed,
            "read": 3,
            "rejected": self.rejected,
            "rejects_file": "a-rejects.csv" if self.rejected else None,
        }

    def export(
        self, kind: str, out: Path | None, *, form: str | None, span: Any, report: Report | None
    ) -> dict[str, Any]:
        self._ask(report, kind, out, form, (span.first, span.last))
        if out is not None and out.parent.is_absolute():
            out.write_bytes(CONTENT)
        return {"file": str(out or "tickets/visits.csv"), "rows": 21}

    def close(self) -> None:
        self.closed += 1
