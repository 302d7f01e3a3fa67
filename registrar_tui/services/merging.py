"""Two cards of one person become one, in one transaction, and apart again.

The retired card stays with its names and numbers and points to the survivor, so that whoever looks for it is
led on. Cards that pointed to the retired one are pointed to the survivor: no chain and no circle can arise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlmodel import Session, SQLModel, col

from registrar_tui.errors import Refusal
from registrar_tui.models import (
    Attachment,
    IdentityDocument,
    Patient,
    PatientMerge,
    Policy,
    Representative,
    Visit,
    VisitEvent,
)
from registrar_tui.services import audit, duplicates
from registrar_tui.services.attachments import settle_branches
from registrar_tui.services.cards import load_patient
from registrar_tui.services.dto_merge import FILLED_LABELS, MergePatients, MergePlan, MergeView
from registrar_tui.services.visits import record, snapshot
from registrar_tui.services.wording import day_and_time, full_name
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import ACTIVE_STATUSES, AttachmentStatus

MOVES: Final[dict[str, tuple[type[SQLModel], str]]] = {
    "visits": (Visit, "patient_id"),
    "documents": (IdentityDocument, "patient_id"),
    "policies": (Policy, "patient_id"),
    "attachments": (Attachment, "patient_id"),
    "representatives": (Representative, "patient_id"),
    "represented": (Representative, "person_id"),
    "retired": (Patient, "merged_into_id"),
}
"""What may belong to a card, and by which column."""
COUNTED: Final = ("visits", "documents", "policies", "attachments", "representatives")
MARKED: Final = ("documents", "policies")
"""Rows that say which card they came from: the survivor's own stay the ones in force."""
_KEPT: Final = ("snils", "enp", "phone", "email", "address")
RECOUNTED: Final = "self_booking_until"
_WITH_PHONE: Final = ("phone_confirmed", "phone_reversed")


def plan(session: Session, survivor_id: int, retired_id: int) -> MergePlan:
    """Say what a merge would do; refuses what the merge would refuse."""
    survivor, retired = _pair(session, survivor_id, retired_id)
    moved = moving(session, survivor_id, retired_id)
    return MergePlan(
        survivor_id=survivor_id,
        survivor=_name(survivor),
        survivor_version=survivor.version,
        retired_id=retired_id,
        retired=_name(retired),
        retired_version=retired.version,
        moved=_counts(moved),
        filled=filled_names(_filled(survivor, retired)),
        kept=tuple(
            name
            for name in _KEPT
            if getattr(survivor, name)
            and getattr(retired, name)
            and getattr(survivor, name) != getattr(retired, name)
        ),
        overlaps=_overlaps(session, survivor_id, retired_id),
        likeness=duplicates.compare_cards(session, survivor_id, retired_id),
    )


def merge(session: Session, workplace: Workplace, command: MergePatients) -> dict[str, Any]:
    """Move everything of the retired card to the survivor; `stale_edit` where a version is another."""
    survivor, retired = _pair(session, command.survivor_id, command.retired_id, lock=True)
    _require_version(survivor, command.survivor_version)
    _require_version(retired, command.retired_version)
    moved = moving(session, command.survivor_id, command.retired_id)
    filled = _filled(survivor, retired)
    last_event = session.execute(select(func.max(col(VisitEvent.id)))).scalar_one() or 0
    note = f"карточка № {retired.id} объединена с № {survivor.id}"
    give(session, moved, command.survivor_id, came_from=command.retired_id)
    settle_branches(session, (command.survivor_id, command.retired_id))
    retired.merged_into_id = survivor.id
    retired.version += 1
    session.flush()  # the retired card leaves the unique indexes before the survivor takes its numbers
    for name, (_, after) in filled.items():
        setattr(survivor, name, stored_value(name, after))
    survivor.version += 1
    tell_visits(session, workplace, moved["visits"], "card-merged", command.op_id, note)
    session.add(
        PatientMerge(
            survivor_id=command.survivor_id,
            retired_id=command.retired_id,
            at=workplace.utc(),
            operator=workplace.operator,
            desk=workplace.desk,
            reason=command.reason,
            op_id=command.op_id,
            moved=json.dumps(moved),
            filled=json.dumps(filled, ensure_ascii=False),
            last_event_id=last_event,
        )
    )
    tell_journal(session, workplace, "cards-merged", command)
    view = MergeView(command.survivor_id, command.retired_id, _counts(moved), filled_names(filled))
    return answer_of(view)


def tell_journal(session: Session, workplace: Workplace, action: str, done: MergePatients) -> None:
    """Write the entry of the retired card; that of the survivor is the operation's own."""
    audit.append(
        session,
        workplace.writer(),
        workplace.utc(),
        action,
        object_kind="patient",
        object_id=done.retired_id,
        op_id=done.op_id,
        reason=done.reason,
        detail={"survivor": done.survivor_id},
    )


def answer_of(view: MergeView) -> dict[str, Any]:
    """Return a view as the stored answer of an operation; the survivor is what the operation was about."""
    return {**view.as_dict(), "patient_id": view.survivor_id}


def view_from(answer: dict[str, Any]) -> MergeView:
    """Return the view of a stored answer."""
    return MergeView(
        answer["survivor_id"],
        answer["retired_id"],
        answer["moved"],
        tuple(answer["filled"]),
        answer["undone"],
    )


_TAKE_TURN = select(func.pg_advisory_xact_lock(7_245_994))


def locked(session: Session, ids: Sequence[int]) -> None:
    """Lock cards and those that point to them; on PostgreSQL merges take turns until their commit.

    Rows locked in the order of their numbers are not enough: a card that another merge turns meanwhile is
    locked at its new place, and three merges in a ring wait for one another.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_TAKE_TURN)
    statement = (
        select(Patient)
        .where(or_(col(Patient.id).in_(ids), col(Patient.merged_into_id).in_(ids)))
        .order_by(col(Patient.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    session.execute(statement).all()


def _pair(
    session: Session, survivor_id: int, retired_id: int, *, lock: bool = False
) -> tuple[Patient, Patient]:
    if survivor_id == retired_id:
        raise Refusal("same_patient", "Это одна и та же карточка: назовите две разные.", field="patient")
    if lock:
        locked(session, (survivor_id, retired_id))
    survivor, retired = load_patient(session, survivor_id), load_patient(session, retired_id)
    between = select(col(Representative.id)).where(
        or_(
            (col(Representative.patient_id) == survivor_id) & (col(Representative.person_id) == retired_id),
            (col(Representative.patient_id) == retired_id) & (col(Representative.person_id) == survivor_id),
        )
    )
    if session.execute(between).first() is not None:
        raise Refusal(
            "different_people",
            f"Карточки № {survivor_id} и № {retired_id} — пациент и его представитель: это разные люди, "
            "исправьте представителя или не объединяйте.",
            field="patient",
        )
    return survivor, retired


def _require_version(patient: Patient, seen: int | None) -> None:
    if seen is not None and patient.version != seen:
        raise Refusal(
            "stale_edit",
            f"Карточку № {patient.id} тем временем изменили: посмотрите её и объедините заново.",
            field="patient",
        )


def moving(session: Session, survivor_id: int, retired_id: int) -> dict[str, list[int]]:
    """Return the ids of what a merge moves, by kind."""
    moved = {kind: ids_of(session, kind, retired_id) for kind in MOVES}
    active = select(col(Attachment.id)).where(
        col(Attachment.patient_id) == survivor_id, col(Attachment.status) == AttachmentStatus.ACTIVE
    )
    if session.execute(active).first() is not None:
        moved["attachments"] = []  # a person is attached to one branch
    return moved


def ids_of(session: Session, kind: str, patient_id: int) -> list[int]:
    """Return the ids of one kind that belong to a card."""
    columns = MOVES[kind][0].metadata.tables[str(MOVES[kind][0].__tablename__)].c
    statement = select(columns.id).where(columns[MOVES[kind][1]] == patient_id).order_by(columns.id)
    return list(session.execute(statement).scalars())


def give(session: Session, moved: dict[str, list[int]], patient_id: int, *, came_from: int | None) -> None:
    """Let rows belong to another card; documents say from which one they came."""
    for kind, ids in moved.items():
        table = MOVES[kind][0].metadata.tables[str(MOVES[kind][0].__tablename__)]
        values: dict[str, Any] = {MOVES[kind][1]: patient_id}
        if kind in MARKED:
            values["came_from_id"] = came_from
        for start in range(0, len(ids), 500):
            some = ids[start : start + 500]
            session.execute(update(table).where(table.c.id.in_(some)).values(**values))


def tell_visits(
    session: Session, workplace: Workplace, ids: Iterable[int], what: str, op_id: str, note: str
) -> None:
    """Append the event of every visit that has changed its card; the visit itself stays as it is."""
    for visit_id in ids:
        visit = session.get(Visit, visit_id, populate_existing=True)
        assert visit is not None
        record(session, workplace, visit, what, op_id, before=snapshot(session, visit), reason=note)


def _filled(survivor: Patient, retired: Patient) -> dict[str, tuple[Any, Any]]:
    """Return what the survivor lacks and the retired card has: (before, after) by column, as in JSON."""
    filled: dict[str, tuple[Any, Any]] = {}
    for name in FILLED_LABELS:
        before, after = getattr(survivor, name), getattr(retired, name)
        if after and not before:
            filled[name] = (_plain(before), _plain(after))
    # The later end of a restriction holds. It is kept in any case: parting must see whether it has changed.
    ends = (survivor.self_booking_until, retired.self_booking_until)
    filled[RECOUNTED] = (_plain(ends[0]), _plain(max(filter(None, ends), default=None)))
    if "phone" in filled:
        for name in _WITH_PHONE:
            filled[name] = (getattr(survivor, name), getattr(retired, name))
    return filled


def filled_names(filled: dict[str, tuple[Any, Any]]) -> tuple[str, ...]:
    """Return the columns that a merge has changed, of those that have a name."""
    return tuple(
        name for name, (before, after) in filled.items() if name in FILLED_LABELS and before != after
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def stored_value(name: str, stored: Any) -> Any:
    """Return the value of a column as the card has it, of one that JSON has kept."""
    dated = name in ("consent_on", "self_booking_until") and stored is not None
    return date.fromisoformat(stored) if dated else stored


def _counts(moved: dict[str, list[int]]) -> dict[str, int]:
    return {kind: len(moved[kind]) for kind in COUNTED}


def _name(patient: Patient) -> str:
    return full_name(patient.last_name, patient.first_name, patient.middle_name)


def _overlaps(session: Session, survivor_id: int, retired_id: int) -> tuple[str, ...]:
    """Return the visits of both cards that stand at one time: somebody has to cancel one of each."""

    def active(patient_id: int) -> list[Visit]:
        statement = (
            select(Visit)
            .where(col(Visit.patient_id) == patient_id, col(Visit.status).in_(ACTIVE_STATUSES))
            .order_by(col(Visit.starts_at))
        )
        return list(session.execute(statement).scalars())

    return tuple(
        f"талоны {one.id:04d} и {other.id:04d}, {day_and_time(max(one.starts_at, other.starts_at))}"
        for one, other in product(active(survivor_id), active(retired_id))
        if one.starts_at < other.starts_at + timedelta(minutes=other.minutes)
        and other.starts_at < one.starts_at + timedelta(minutes=one.minutes)
    )
