"""How far an import has come: kept by the transaction that writes its rows, so that a rerun continues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, insert, select, update
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import ImportBatch, ImportReject
from registrar_tui.services import audit
from registrar_tui.services.imports.rows import Reject
from registrar_tui.services.workplace import Workplace

RUNNING: Final = "running"
FINISHED: Final = "finished"


@dataclass(slots=True)
class Standing:
    """Counts of one import."""

    batch_id: int
    rows_done: int = 0
    added: int = 0
    updated: int = 0
    rejected: int = 0


def begin(session: Session, workplace: Workplace, kind: str, fingerprint: str) -> Standing:
    """Return the import of this content that was left off, else a new one."""
    found: ImportBatch | None = session.execute(
        select(ImportBatch).where(
            col(ImportBatch.kind) == kind,
            col(ImportBatch.fingerprint) == fingerprint,
            col(ImportBatch.state) == RUNNING,
        )
    ).scalar_one_or_none()
    if found is None:
        now = workplace.utc()
        found = ImportBatch(
            kind=kind,
            fingerprint=fingerprint,
            operator=workplace.operator,
            desk=workplace.desk,
            started_at=now,
            changed_at=now,
        )
        session.add(found)
        session.flush()
    assert found.id is not None
    return Standing(found.id, found.rows_done, found.added, found.updated, found.rejected)


def advance(
    session: Session,
    workplace: Workplace,
    kind: str,
    before: Standing,
    after: Standing,
    rejects: Mapping[int, Reject],
) -> None:
    """Move an import on in the transaction of its rows, with its rejects and a journal entry of counts.

    `rejects` are by the row's place in the table, from 1.
    """
    move(session, workplace, before, after)
    store_rejects(session, before.batch_id, rejects)
    counts = (after.added - before.added, after.updated - before.updated, after.rejected - before.rejected)
    _journal(session, workplace, kind, before.batch_id, counts)


def move(session: Session, workplace: Workplace, before: Standing, after: Standing) -> None:
    """Move an import on; `import_running` where another process has moved it meanwhile."""
    moved = session.connection().execute(
        update(ImportBatch.metadata.tables["import_batch"])
        .where(
            col(ImportBatch.id) == before.batch_id,
            col(ImportBatch.rows_done) == before.rows_done,
            col(ImportBatch.state) == RUNNING,
        )
        .values(
            rows_done=after.rows_done,
            added=after.added,
            updated=after.updated,
            rejected=after.rejected,
            changed_at=workplace.utc(),
        )
    )
    if moved.rowcount != 1:
        raise Refusal(
            "import_running",
            "Этот файл уже загружает другой процесс: дождитесь его конца.",
            field="file",
        )


def store_rejects(session: Session, batch_id: int, rejects: Mapping[int, Reject]) -> None:
    """Remember rows that were not taken, by their place in the table from 1."""
    if rejects:
        session.connection().execute(
            insert(ImportReject.metadata.tables["import_reject"]),
            [{"batch_id": batch_id, "place": place, **reject._asdict()} for place, reject in rejects.items()],
        )


def _journal(
    session: Session, workplace: Workplace, kind: str, batch_id: int, counts: tuple[int, int, int]
) -> None:
    added, updated, rejected = counts
    audit.append(
        session,
        workplace.writer(),
        workplace.utc(),
        "imported",
        object_kind="import",
        object_id=batch_id,
        detail={"kind": kind, "added": added, "updated": updated, "rejected": rejected},
    )


def rejects_between(session: Session, batch_id: int, first: int, last: int) -> dict[int, Reject]:
    """Return the rejects of a stretch of rows, both ends included."""
    rows = session.execute(
        select(
            col(ImportReject.place),
            col(ImportReject.code),
            col(ImportReject.field),
            col(ImportReject.message),
        ).where(
            col(ImportReject.batch_id) == batch_id,
            col(ImportReject.place) >= first,
            col(ImportReject.place) <= last,
        )
    )
    return {row[0]: Reject(*row[1:]) for row in rows}


def finish(session: Session, workplace: Workplace, kind: str, standing: Standing) -> None:
    """Close an import whose rejects have been written; the journal gets the counts of the whole."""
    counts = (standing.added, standing.updated, standing.rejected)
    _journal(session, workplace, f"{kind}-finished", standing.batch_id, counts)
    session.execute(delete(ImportReject).where(col(ImportReject.batch_id) == standing.batch_id))
    session.execute(
        update(ImportBatch)
        .where(col(ImportBatch.id) == standing.batch_id)
        .values(state=FINISHED, changed_at=workplace.utc())
    )
