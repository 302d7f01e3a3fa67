"""A merge taken back: everything goes home as it was, unless it cannot be told any more whose it is."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Patient, PatientMerge, Visit
from registrar_tui.services import merging, undoing
from registrar_tui.services.attachments import settle_branches
from registrar_tui.services.dto_merge import FILLED_LABELS, MergePatients, MergeView
from registrar_tui.services.rebooking import restrict_self_booking
from registrar_tui.services.workplace import Workplace

Filled = dict[str, tuple[Any, Any]]


def last_of_desk(session: Session, workplace: Workplace) -> PatientMerge | None:
    """Return the merge that Ctrl+Z takes back: this desk's and operator's last action within half an hour."""
    statement = (
        select(PatientMerge)
        .where(
            col(PatientMerge.desk) == workplace.desk,
            col(PatientMerge.operator) == workplace.operator,
            col(PatientMerge.at) > workplace.utc() - undoing.WINDOW,
            col(PatientMerge.undone_at).is_(None),
        )
        .order_by(col(PatientMerge.id).desc())
        .limit(1)
    )
    merge: PatientMerge | None = session.execute(statement).scalar_one_or_none()
    if merge is None:
        return None
    later = undoing.last_action(session, workplace)
    return merge if later is None or (later.id or 0) <= merge.last_event_id else None


def part(session: Session, workplace: Workplace, retired_id: int, op_id: str) -> dict[str, Any]:
    """Give the retired card back what the merge took; `stale_edit` says what stands against it."""
    merge = _merge_of(session, retired_id)
    merging.locked(session, (merge.survivor_id, retired_id))
    merge = _merge_of(session, retired_id)  # another desk may have parted them meanwhile
    survivor, retired = session.get(Patient, merge.survivor_id), session.get(Patient, retired_id)
    assert survivor is not None and retired is not None
    moved: dict[str, list[int]] = json.loads(merge.moved)
    filled: Filled = json.loads(merge.filled)
    _require_unchanged(session, survivor, retired, moved, filled)
    moved["visits"] = _with_successors(session, moved["visits"], merge.survivor_id)
    recounted = _take_back(survivor, filled)
    survivor.version += 1
    session.flush()  # the survivor gives the numbers up before the retired card has them again
    retired.merged_into_id = None
    retired.version += 1
    merge.undone_at = workplace.utc()
    _flush(session, retired)
    merging.give(session, moved, retired_id, came_from=None)
    settle_branches(session, (merge.survivor_id, retired_id))
    note = f"карточка № {retired_id} разъединена с № {merge.survivor_id}"
    merging.tell_visits(session, workplace, moved["visits"], "card-parted", op_id, note)
    if recounted:
        for patient_id in (merge.survivor_id, retired_id):
            restrict_self_booking(session, workplace, patient_id)
    done = MergePatients(op_id, merge.survivor_id, retired_id, merge.reason)
    merging.tell_journal(session, workplace, "cards-parted", done)
    counts = {kind: len(ids) for kind, ids in moved.items() if kind in merging.COUNTED}
    names = merging.filled_names(filled)
    return merging.answer_of(MergeView(merge.survivor_id, retired_id, counts, names, undone=True))


def _merge_of(session: Session, retired_id: int) -> PatientMerge:
    statement = (
        select(PatientMerge)
        .where(col(PatientMerge.retired_id) == retired_id, col(PatientMerge.undone_at).is_(None))
        .execution_options(populate_existing=True)
    )
    merge: PatientMerge | None = session.execute(statement).scalar_one_or_none()
    if merge is None:
        raise Refusal(
            "not_found",
            f"Карточка № {retired_id} ни с какой не объединена: разъединять нечего.",
            field="patient",
        )
    return merge


def _require_unchanged(
    session: Session, survivor: Patient, retired: Patient, moved: dict[str, list[int]], filled: Filled
) -> None:
    if survivor.merged_into_id is not None:
        raise _stale(
            f"карточка № {survivor.id} сама объединена с № {survivor.merged_into_id}, сначала разъедините её"
        )
    changed = [
        FILLED_LABELS[name]
        for name, (_, after) in filled.items()
        if name in FILLED_LABELS
        and name != merging.RECOUNTED
        and getattr(survivor, name) != merging.stored_value(name, after)
    ]
    if changed:
        raise _stale(f"на карточке № {survivor.id} с тех пор изменено: {', '.join(changed)}")
    assert survivor.id is not None
    for kind, ids in moved.items():
        if set(ids) - set(merging.ids_of(session, kind, survivor.id)):
            raise _stale(f"перенесённое с тех пор ушло с карточки № {survivor.id}")
    _require_own_numbers(session, survivor, retired, filled)


def _require_own_numbers(session: Session, survivor: Patient, retired: Patient, filled: Filled) -> None:
    for name in ("snils", "enp"):
        number = getattr(retired, name)
        if number is None:
            continue
        statement = select(col(Patient.id)).where(
            col(getattr(Patient, name)) == number, col(Patient.merged_into_id).is_(None)
        )
        owner = session.execute(statement).scalar_one_or_none()
        if owner is not None and not (owner == survivor.id and name in filled):
            raise _stale(f"{FILLED_LABELS[name]} карточки № {retired.id} теперь у карточки № {owner}")


def _stale(what: str) -> Refusal:
    return Refusal("stale_edit", f"Разъединить нельзя: {what}.", field="patient")


def _with_successors(session: Session, ids: list[int], survivor_id: int) -> list[int]:
    """Return visits with those they were moved to since: a visit and its successor are one person's."""
    known, fresh = list(ids), list(ids)
    while fresh:
        statement = select(col(Visit.id)).where(
            col(Visit.patient_id) == survivor_id, col(Visit.previous_visit_id).in_(fresh)
        )
        fresh = sorted(set(session.execute(statement).scalars()) - set(known))
        known += fresh
    return known


def _take_back(survivor: Patient, filled: Filled) -> bool:
    """Empty what the merge had filled; tell whether the restriction has changed since: it is recounted."""
    recounted = False
    for name, (before, after) in filled.items():
        if name == merging.RECOUNTED and getattr(survivor, name) != merging.stored_value(name, after):
            recounted = True
            continue
        setattr(survivor, name, merging.stored_value(name, before))
    return recounted


def _flush(session: Session, retired: Patient) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise _stale(f"номер карточки № {retired.id} только что занят другой карточкой") from error
