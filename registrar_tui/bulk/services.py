"""Tables in and out, bound to one store and one workplace."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from sqlmodel import Session

from registrar_tui.bulk.job import Progress, Report, opened_job, require_other, require_two
from registrar_tui.bulk.patients import PatientImporter
from registrar_tui.bulk.row_rehearsal import RowRehearsal, Strands
from registrar_tui.bulk.rows import RowImporter, Settle
from registrar_tui.bulk.templates import TABLES, ImportKind
from registrar_tui.bulk.tickets import TICKET_COLUMNS, TicketList
from registrar_tui.exchange.new_file import new_file, new_name, require_place
from registrar_tui.exchange.writing import Form, form_of, writer_of
from registrar_tui.services import audit, exports, publishing
from registrar_tui.services.export_json import VALUES
from registrar_tui.services.imports import doctors, patients, schedule, visits
from registrar_tui.services.imports.columns import Layout
from registrar_tui.services.permissions import Permission
from registrar_tui.services.protocol import TicketFormat
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.session import Store

ExportKind = Literal["patients", "schedule", "visits"]
PUBLISH_DAYS = 14
_STRETCH = 1000


class BulkServices:
    """Imports, exports, tickets by a list; the journal gets counts and ids, never data."""

    def __init__(self, store: Store, workplace: Workplace, *, exports_folder: Path) -> None:
        self._store = store
        self._workplace = workplace
        self._exports_folder = exports_folder

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

        return self._rows("doctors", settle, doctors.strands, path, dry_run, rejects, report)

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

        counts = self._rows("schedule", settle, schedule.strands, path, dry_run, rejects, report)
        return counts | {"slots": 0 if dry_run else self._publish(publish_days)}

    def import_visits(
        self, path: Path, *, dry_run: bool = False, rejects: Path | None = None, report: Report | None = None
    ) -> dict[str, Any]:
        """Book what was written on paper; a row against a rule is rejected with its code and a free time."""
        self._workplace.may(Permission.BOOK)

        def settle(session: Session, layout: Layout, cells: list[str], op_id: str) -> bool:
            return visits.settle(session, self._workplace, layout, cells, op_id)

        return self._rows("visits", settle, visits.strands, path, dry_run, rejects, report)

    def import_cancellations(
        self, path: Path, *, dry_run: bool = False, rejects: Path | None = None, report: Report | None = None
    ) -> dict[str, Any]:
        """Cancel visits of a table."""
        self._workplace.may(Permission.BOOK)

        def settle(session: Session, layout: Layout, cells: list[str], op_id: str) -> bool:
            return visits.settle_cancel(session, self._workplace, layout, cells, op_id)

        def strands(_session: Session, layout: Layout, cells: list[str]) -> set[Hashable]:
            return {visits.visit_in(self._workplace, layout.text(cells, visits.VISIT_COLUMN.key))}

        return self._rows("cancellations", settle, strands, path, dry_run, rejects, report)

    def _rows(
        self,
        kind: ImportKind,
        settle: Settle,
        strands: Strands,
        path: Path,
        dry_run: bool,
        rejects: Path | None,
        report: Report | None,
    ) -> dict[str, Any]:
        self._workplace.may(Permission.IMPORT)
        target = self._rejects(path, rejects, dry_run)
        with opened_job(kind, TABLES[kind][0], path, target, report) as job:
            if dry_run:
                return RowRehearsal(self._store, self._workplace, job).rehearse(settle, strands)
            importer = RowImporter(self._store, self._workplace, job)
            return importer.run(settle, job.source.fingerprint())

    def _rejects(self, path: Path, rejects: Path | None, dry_run: bool) -> Path | None:
        """Return where rejected rows go: beside the file where nothing is said."""
        if rejects is not None:
            require_place(rejects)
        if rejects is not None or dry_run:
            return rejects
        return path.parent / f"{path.stem}-rejects.csv"

    def _publish(self, days: int) -> int:
        today = self._workplace.now().date()
        return sum(self._publish_day(today + timedelta(days=offset)) for offset in range(days))

    def _publish_day(self, day: date) -> int:
        return self._store.write(lambda session: publishing.publish(session, day, 1))

    # --- tickets by a list ------------------------------------------------------

    def list_tickets(
        self,
        path: Path,
        out: Path,
        *,
        form: TicketFormat = "a4",
        rejects: Path | None = None,
        report: Report | None = None,
    ) -> dict[str, Any]:
        """Write the tickets of the visits that a table names into one file, in its order.

        Returns `{"file","tickets","read","rejected","rejects_file"}`; no file where no visit is known. The
        printing stands in the journal visit by visit, before the file has its name.
        """
        from registrar_tui.printing.sheets import rendered
        from registrar_tui.printing.spool import write_out

        self._workplace.may(Permission.PRINT)
        require_place(out)
        target = self._rejects(path, rejects, dry_run=False)
        with opened_job("tickets", TICKET_COLUMNS, path, target, report) as job:
            require_other(path, out, "out")
            require_two(out, target)
            views, rejected = TicketList(self._store, self._workplace, job).read(form)
            if views:
                write_out(out, rendered(views, form)[0])
            return {
                "file": str(out) if views else None,
                "tickets": len(views),
                "read": len(views) + rejected,
                "rejected": rejected,
                "rejects_file": job.rejects.keep(),
            }

    # --- out --------------------------------------------------------------------

    def export(
        self,
        kind: ExportKind,
        out: Path | None = None,
        *,
        form: Form | None = None,
        span: exports.Span | None = None,
        report: Report | None = None,
    ) -> dict[str, Any]:
        """Write a table; that it leaves stands in the journal before it has its name.

        Returns `{"file","rows"}`. `form` is told by the file's name where it is not given; without a file it
        is a new one of the exports folder, named by the moment.
        """
        self._workplace.may(Permission.EXPORT)
        span = span or exports.Span()
        columns = exports.KINDS[kind]
        form = form or (form_of(out) if out else "csv")
        out = out or new_name(self._exports_folder, kind, self._workplace.now(), form)
        began = time.monotonic()
        with new_file(out) as file:
            rows = 0
            keys, titles = [column.key for column in columns], [column.title for column in columns]
            with writer_of(form, file.temporary, keys, titles, VALUES[kind]) as writer:
                for cells in exports.stretches(self._read, self._source(kind, span)):
                    writer.write(cells)
                    rows += 1
                    if report is not None and rows % _STRETCH == 0:
                        report(Progress(0, 0, rows, time.monotonic() - began))
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
