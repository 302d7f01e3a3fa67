"""Tables in and out, bound to one store and one workplace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlmodel import Session

from registrar_tui.bulk_import import Report, opened_job, result
from registrar_tui.bulk_patients import PatientImporter
from registrar_tui.bulk_rows import RowImporter, Settle
from registrar_tui.errors import UsageError
from registrar_tui.exchange.new_file import new_file
from registrar_tui.exchange.writing import Form, form_of, writer_of
from registrar_tui.services import audit, bulk, exports, publishing
from registrar_tui.services.imports import doctors, patients, schedule, visits
from registrar_tui.services.imports.columns import Column, Layout
from registrar_tui.services.imports.rows import Reject, reject_of
from registrar_tui.services.permissions import Permission
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.session import Store

ImportKind = Literal["patients", "doctors", "schedule", "visits", "cancellations"]
ExportKind = Literal["patients", "schedule", "visits"]
TABLES: dict[str, tuple[tuple[Column, ...], tuple[str, ...]]] = {
    "patients": (patients.COLUMNS, ()),
    "doctors": (doctors.COLUMNS, doctors.EXAMPLE),
    "schedule": (schedule.COLUMNS, schedule.EXAMPLE),
    "visits": (visits.COLUMNS, visits.EXAMPLE),
    "cancellations": (visits.CANCEL_COLUMNS, visits.CANCEL_EXAMPLE),
}
"""What may be imported: its columns, and a row that shows how they are filled."""
PUBLISH_DAYS = 14
_STRETCH = 1000


class BulkServices:
    """Imports and exports; the journal gets counts, never data."""

    def __init__(self, store: Store, workplace: Workplace) -> None:
        self._store = store
        self._workplace = workplace

    # --- in ---------------------------------------------------------------------

    def import_patients(
        self, path: Path, *, dry_run: bool = False, rejects: Path | None = None, report: Report | None = None
    ) -> dict[str, Any]:
        """Add or update people by ЕНП, СНИЛС, name and birth date; cut short, a rerun goes on.

        Returns `{"read","added","updated","rejected","rejects_file"}`. A dry run counts the same and writes
        rejects only into a file that is named.
        """
        self._workplace.may(Permission.IMPORT)
        target = self._rejects(path, rejects, dry_run)
        with opened_job("patients", patients.COLUMNS, path, target, report) as job:
            importer = PatientImporter(self._store, self._workplace, job)
            return importer.rehearse() if dry_run else importer.run()

    def import_doctors(
        self, path: Path, *, dry_run: bool = False, rejects: Path | None = None, report: Report | None = None
    ) -> dict[str, Any]:
        """Add or update doctors with their rooms and specialties."""

        def settle(session: Session, layout: Layout, cells: list[str], _op_id: str) -> bool:
            return doctors.settle(session, self._workplace, layout, cells)

        return self._rows("doctors", settle, path, dry_run, rejects, report)

    def import_schedule(
        self,
        path: Path,
        *,
        dry_run: bool = False,
        rejects: Path | None = None,
        report: Report | None = None,
        publish_days: int = PUBLISH_DAYS,
    ) -> dict[str, Any]:
        """Add or update weekly shifts, then publish the slots of the coming days, each day by itself.

        The result has `slots` beside the usual counts.
        """
        self._workplace.may(Permission.SCHEDULE)

        def settle(session: Session, layout: Layout, cells: list[str], _op_id: str) -> bool:
            return schedule.settle(session, layout, cells)

        counts = self._rows("schedule", settle, path, dry_run, rejects, report)
        return counts | {"slots": 0 if dry_run else self._publish(publish_days)}

    def import_visits(
        self, path: Path, *, dry_run: bool = False, rejects: Path | None = None, report: Report | None = None
    ) -> dict[str, Any]:
        """Book what was written on paper; a row against a rule is rejected with its code and a free time."""
        self._workplace.may(Permission.BOOK)

        def settle(session: Session, layout: Layout, cells: list[str], op_id: str) -> bool:
            return visits.settle(session, self._workplace, layout, cells, op_id)

        return self._rows("visits", settle, path, dry_run, rejects, report)

    def import_cancellations(
        self, path: Path, *, dry_run: bool = False, rejects: Path | None = None, report: Report | None = None
    ) -> dict[str, Any]:
        """Cancel visits of a table."""
        self._workplace.may(Permission.BOOK)

        def settle(session: Session, layout: Layout, cells: list[str], op_id: str) -> bool:
            return visits.settle_cancel(session, self._workplace, layout, cells, op_id)

        return self._rows("cancellations", settle, path, dry_run, rejects, report)

    def _rows(
        self,
        kind: ImportKind,
        settle: Settle,
        path: Path,
        dry_run: bool,
        rejects: Path | None,
        report: Report | None,
    ) -> dict[str, Any]:
        self._workplace.may(Permission.IMPORT)
        target = self._rejects(path, rejects, dry_run)
        with opened_job(kind, TABLES[kind][0], path, target, report) as job:
            importer = RowImporter(self._store, self._workplace, job)
            if dry_run:
                return importer.rehearse(settle)
            return importer.run(settle, job.source.fingerprint())

    def _rejects(self, path: Path, rejects: Path | None, dry_run: bool) -> Path | None:
        """Return where rejected rows go: beside the file where nothing is said."""
        if rejects is not None or dry_run:
            return rejects
        return path.with_name(f"{path.stem}-rejects.csv")

    def _publish(self, days: int) -> int:
        today = self._workplace.now().date()
        return sum(self._publish_day(today + timedelta(days=offset)) for offset in range(days))

    def _publish_day(self, day: date) -> int:
        return self._store.write(lambda session: publishing.publish(session, day, 1))

    # --- out --------------------------------------------------------------------

    def export(
        self,
        kind: ExportKind,
        out: Path,
        *,
        form: Form | None = None,
        span: exports.Span | None = None,
        report: Callable[[int], None] | None = None,
    ) -> dict[str, Any]:
        """Write a table; that it leaves stands in the journal before it has its name.

        Returns `{"file","rows"}`. `form` is told by the file's name where it is not given.
        """
        self._workplace.may(Permission.EXPORT)
        span = span or exports.Span()
        columns = exports.KINDS[kind]
        form = form or form_of(out)
        with new_file(out) as file:
            rows = 0
            keys, titles = [column.key for column in columns], [column.title for column in columns]
            with writer_of(form, file.temporary, keys, titles) as writer:
                for cells in exports.stretches(self._read, self._source(kind, span)):
                    writer.write(cells)
                    rows += 1
                    if report is not None and rows % _STRETCH == 0:
                        report(rows)
            self._store.write(lambda session: self._exported(session, kind, form, rows))
            file.keep()
        return {"file": str(out), "rows": rows}

    def _source(self, kind: ExportKind, span: exports.Span) -> Callable[[Session, int], exports.Rows]:
        if kind == "patients":
            return exports.patients
        of = exports.slots if kind == "schedule" else exports.visits
        return lambda session, after: of(session, after, span)

    def _read(self, work: Callable[[Session], exports.Rows]) -> exports.Rows:
        with self._store.read() as session:
            return work(session)

    def _exported(self, session: Session, kind: str, form: str, rows: int) -> None:
        audit.append(
            session,
            self._workplace.writer(),
            self._workplace.utc(),
            "exported",
            object_kind="export",
            detail={"kind": kind, "form": form, "rows": rows},
        )

    def close(self) -> None:
        """Give every connection back."""
        self._store.close()


def write_template(kind: ImportKind, out: Path) -> Path:
    """Write an empty table with every column that is understood, in the form the name asks for.

    All but the patients' have one row that shows how they are filled.
    """
    columns, example = TABLES[kind]
    keys, titles = [column.key for column in columns], [column.title for column in columns]
    with new_file(out) as file:
        with writer_of(form_of(out), file.temporary, keys, titles) as writer:
            if example:
                writer.write(example)
        file.keep()
    return out


def check_file(
    path: Path,
    kind: ImportKind = "patients",
    *,
    today: date,
    rejects: Path | None = None,
    report: Report | None = None,
    shown: int = 1000,
) -> dict[str, Any]:
    """Check a table by the documents' rules alone: no base, no operator.

    Returns the shape of an import with `ok`, and the first problems as `[{"line","code","field","message"}]`.
    """
    if kind != "patients":
        raise UsageError("Без базы проверяется только таблица пациентов.", field="kind")
    standing = bulk.Standing(0)
    problems: list[dict[str, Any]] = []
    with opened_job(kind, patients.COLUMNS, path, rejects, report) as job:
        reader = patients.PersonReader(job.layout, today)
        for row in job.table.rows():
            standing.rows_done += 1
            reject = _fault(reader, row.cells) if row.problem is None else reject_of((row.problem,))
            if reject is not None:
                standing.rejected += 1
                job.rejects.add(row, reject)
                if len(problems) < shown:
                    problems.append({"line": row.line, **reject._asdict()})
            if standing.rows_done % _STRETCH == 0:
                job.source.require_unchanged()
                job.tick(standing.rows_done)
        job.source.require_unchanged()
        file = job.rejects.keep()
    return result(standing, file) | {"ok": standing.rejected == 0, "problems": problems}


def _fault(reader: patients.PersonReader, cells: Sequence[str]) -> Reject | None:
    found = reader.read(list(cells))
    return None if isinstance(found, patients.Person) else reject_of(found)
