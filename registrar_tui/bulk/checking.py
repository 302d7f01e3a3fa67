"""A table of people checked by the documents' rules alone: no base, no operator, no storage imported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from registrar_tui.bulk.job import Report, opened_job
from registrar_tui.exchange.new_file import require_place
from registrar_tui.services.imports import patients
from registrar_tui.services.imports.rows import Reject, reject_of

_STRETCH = 1000


def check_file(
    path: Path,
    *,
    today: date,
    rejects: Path | None = None,
    report: Report | None = None,
    shown: int = 1000,
) -> dict[str, Any]:
    """Check a table of people, each row as an import would before it looks into the base.

    Returns `{"ok","read","rejected","rejects_file","problems"}`, the last with the first `shown` of them as
    `[{"line","code","field","message"}]`.
    """
    if rejects is not None:
        require_place(rejects)
    read = rejected = 0
    problems: list[dict[str, Any]] = []
    with opened_job("patients", patients.COLUMNS, path, rejects, report) as job:
        reader = patients.PersonReader(job.layout, today)
        for row in job.table.rows():
            read += 1
            reject = _fault(reader, row.cells) if row.problem is None else reject_of((row.problem,))
            if reject is not None:
                rejected += 1
                job.rejects.add(row, reject)
                if len(problems) < shown:
                    problems.append({"line": row.line, **reject._asdict()})
            if read % _STRETCH == 0:
                job.source.require_unchanged()
                job.tick(read)
        job.source.require_unchanged()
        file = job.rejects.keep()
    return {
        "ok": rejected == 0,
        "read": read,
        "rejected": rejected,
        "rejects_file": file,
        "problems": problems,
    }


def _fault(reader: patients.PersonReader, cells: Sequence[str]) -> Reject | None:
    found = reader.read(list(cells))
    return None if isinstance(found, patients.Person) else reject_of(found)
