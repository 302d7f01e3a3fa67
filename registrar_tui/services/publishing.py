"""Publishing slots from shift templates; doing it twice changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, SQLModel, col

from registrar_tui.clock import to_utc
from registrar_tui.models import Branch, Doctor, ShiftTemplate, Slot
from registrar_tui.vocabulary import SlotKind

_BATCH = 2000


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """One slot a template gives on a day; wall-clock time."""

    starts_at: datetime
    minutes: int
    kind: str
    channels: str
    released_at: datetime | None


def planned(template: ShiftTemplate, day: date) -> Iterator[SlotPlan]:
    """Yield the slots of a template on a day of its weekday; none may cross the break or the end."""
    pattern: list[dict[str, Any]] = json.loads(template.pattern) or [{}]
    step = timedelta(minutes=template.minutes)
    moment = datetime.combine(day, template.starts)
    ends = datetime.combine(day, template.ends)
    pause = _break(template, day)
    place = 0
    while moment + step <= ends:
        if pause is not None and moment < pause[1] and moment + step > pause[0]:
            moment = pause[1]
            continue
        item = pattern[place % len(pattern)]
        release = item.get("release_hours")
        yield SlotPlan(
            moment,
            template.minutes,
            item.get("kind", SlotKind.ORDINARY),
            " ".join(item.get("channels", ())),
            moment - timedelta(hours=release) if release is not None else None,
        )
        moment += step
        place += 1


def _break(template: ShiftTemplate, day: date) -> tuple[datetime, datetime] | None:
    if template.break_starts is None or template.break_ends is None:
        return None
    return datetime.combine(day, template.break_starts), datetime.combine(day, template.break_ends)


def publish(session: Session, first: date, days: int) -> int:
    """Publish the slots of some days that are not there yet; returns how many were added."""
    known = _starts_known(session, first, days)
    batch: list[dict[str, Any]] = []
    added = 0
    for template, branch_id, zone in _templates(session):
        for offset in range(days):
            day = first + timedelta(days=offset)
            if not _works_on(template, day):
                continue
            for plan in planned(template, day):
                if (template.doctor_id, plan.starts_at) in known:
                    continue
                known.add((template.doctor_id, plan.starts_at))
                batch.append(_row(template, branch_id, zone, plan))
        if len(batch) >= _BATCH:
            added += _insert(session, batch)
            batch = []
    return added + _insert(session, batch)


def _templates(session: Session) -> list[tuple[ShiftTemplate, int, str]]:
    rows = session.execute(
        select(ShiftTemplate, col(Branch.id), col(Branch.timezone))
        .join(Doctor, col(Doctor.id) == col(ShiftTemplate.doctor_id))
        .join(Branch, col(Branch.id) == col(Doctor.branch_id))
        .order_by(col(ShiftTemplate.id))
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _works_on(template: ShiftTemplate, day: date) -> bool:
    begun = template.valid_from is None or template.valid_from <= day
    going = template.valid_until is None or day <= template.valid_until
    return template.weekday == day.weekday() and begun and going


def _starts_known(session: Session, first: date, days: int) -> set[tuple[int, datetime]]:
    start = datetime.combine(first, time.min)
    rows = session.execute(
        select(col(Slot.doctor_id), col(Slot.starts_at)).where(
            col(Slot.starts_at) >= start, col(Slot.starts_at) < start + timedelta(days=days)
        )
    )
    return {(row[0], row[1]) for row in rows}


def _row(template: ShiftTemplate, branch_id: int, zone: str, plan: SlotPlan) -> dict[str, Any]:
    return {
        "doctor_id": template.doctor_id,
        "branch_id": branch_id,
        "room_id": template.room_id,
        "starts_at": plan.starts_at,
        "starts_utc": to_utc(plan.starts_at, zone),
        "minutes": plan.minutes,
        "kind": plan.kind,
        "channels": plan.channels,
        "released_at": plan.released_at,
        "closed": False,
        "close_reason": "",
    }


def _insert(session: Session, batch: list[dict[str, Any]]) -> int:
    if batch:
        session.connection().execute(insert(SQLModel.metadata.tables["slot"]), batch)
    return len(batch)
