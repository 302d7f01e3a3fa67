"""What people are found by, compared with the cards it was made of, and made anew where the two have parted.

The keys are written by the transaction that writes a card; they part only where rows were changed past the
program, or by an older rule of folding. Batches of bounded size, so that a desk waits for none of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, func, select, update
from sqlmodel import Session

from registrar_tui.models import Patient
from registrar_tui.services import surname_drift
from registrar_tui.services.attachments import STRAYED, settle_branches
from registrar_tui.services.search_keys import number_key, patient_keys
from registrar_tui.services.surname_drift import Drift, Progress

_TABLES: Final = Patient.metadata.tables
_PATIENT: Final = _TABLES["patient"]
_P: Final = _PATIENT.c
_DOCUMENT: Final = _TABLES["identity_document"]
_KEYS: Final = ("last_key", "first_key", "middle_key", "first_initial", "middle_initial", "phone_reversed")
_PATIENT_COLUMNS: Final = (
    *(_P.id, _P.last_name, _P.first_name, _P.middle_name, _P.phone),
    *(_P[key] for key in _KEYS),
)
_DOCUMENT_COLUMNS: Final = tuple(_DOCUMENT.c[name] for name in ("id", "series", "number", "number_key"))


def drift(session: Session) -> tuple[Drift, ...]:
    """Return the kinds of drift found; empty where the search finds what the cards say. Reads everything."""
    counts: Counter[str] = Counter()
    patients = 0
    for rows in _patients(session):
        patients += sum(1 for _ in _changed_patients(rows))
        counts.update(row.last_key for row in rows)
    documents = sum(sum(1 for _ in _changed_documents(rows)) for rows in _documents(session))
    strayed = session.connection().execute(select(func.count()).select_from(STRAYED.subquery())).scalar_one()
    counts.pop("", None)
    found = (
        Drift("patient_keys", "карты с устаревшими ключами поиска", patients),
        Drift("patient_branch", "карты с неверным филиалом прикрепления", strayed),
        Drift("document_keys", "документы с устаревшим ключом номера", documents),
        *surname_drift.drift(session, counts),
    )
    return tuple(one for one in found if one.rows)


def reindex(session: Session, progress: Progress) -> int:
    """Mend every drift, committing batch by batch; returns how many rows were wrong.

    The session must belong to the engine that writes and have no transaction of the caller's around it. It
    may be broken off and run again at any moment.
    """
    session.commit()
    mended = _mend_rows(session, _patients(session), _mend_patients, (_P.id, "карты"), progress)
    step = (_DOCUMENT.c.id, "документы")
    mended += _mend_rows(session, _documents(session), _mend_documents, step, progress)
    mended += surname_drift.mend(session, progress)
    session.commit()
    return mended


def _patients(session: Session) -> Iterator[Any]:
    return _batches(session, _PATIENT_COLUMNS)


def _documents(session: Session) -> Iterator[Any]:
    return _batches(session, _DOCUMENT_COLUMNS)


def _batches(session: Session, columns: tuple[Any, ...]) -> Iterator[Any]:
    """Yield the rows of a table, so many at a time, in the order of their number."""
    number = columns[0]
    statement = select(*columns).where(number > bindparam("after")).order_by(number)
    statement = statement.limit(surname_drift.BATCH)
    after = 0
    while rows := session.connection().execute(statement, {"after": after}).all():
        after = rows[-1].id
        yield rows


def _changed_patients(rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        keys = patient_keys(row.last_name, row.first_name, row.middle_name, row.phone)
        if any(getattr(row, key) != keys[key] for key in _KEYS):
            yield {"row_id": row.id, **keys}


def _changed_documents(rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        key = number_key(row.series, row.number)
        if row.number_key != key:
            yield {"row_id": row.id, "number_key": key}


def _mend_rows(
    session: Session,
    batches: Iterator[Any],
    mend: Callable[[Session, Sequence[Any]], int],
    step: tuple[Any, str],
    progress: Progress,
) -> int:
    number, title = step
    total = int(session.connection().execute(select(func.max(number))).scalar() or 0)
    mended = 0
    for rows in batches:
        mended += mend(session, rows)
        session.commit()
        progress(title, rows[-1].id, total)
    return mended


def _locked_changes(
    session: Session,
    columns: tuple[Any, ...],
    changed: Callable[[Iterable[Any]], Iterator[dict[str, Any]]],
    rows: Sequence[Any],
) -> list[dict[str, Any]]:
    """Return what still differs once the rows are locked: a desk may have changed them meanwhile."""
    found = [change["row_id"] for change in changed(rows)]
    if not found:
        return []
    locked = select(*columns).where(columns[0].in_(found)).order_by(columns[0]).with_for_update()
    return list(changed(session.connection().execute(locked).all()))


def _mend_patients(session: Session, rows: Sequence[Any]) -> int:
    changes = _locked_changes(session, _PATIENT_COLUMNS, _changed_patients, rows)
    if changes:
        statement = update(_PATIENT).where(_P.id == bindparam("row_id"))
        statement = statement.values({key: bindparam(key) for key in _KEYS})
        session.connection().execute(statement, changes)
        session.commit()  # cards are locked in the order of their numbers, by one statement a transaction
    among = STRAYED.where(_P.id.between(rows[0].id, rows[-1].id))
    strayed = session.connection().execute(among).scalars().all()
    if strayed:
        settle_branches(session, strayed)
    return len(changes) + len(strayed)


def _mend_documents(session: Session, rows: Sequence[Any]) -> int:
    changes = _locked_changes(session, _DOCUMENT_COLUMNS, _changed_documents, rows)
    if changes:
        document = _DOCUMENT.c
        statement = update(_DOCUMENT).where(document.id == bindparam("row_id"))
        session.connection().execute(statement.values(number_key=bindparam("number_key")), changes)
    return len(changes)
