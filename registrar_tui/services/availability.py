"""Where a visit can be had: the first suitable slot, and the nearest ones to a slot that was lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from itertools import islice

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from registrar_tui.errors import WayOut
from registrar_tui.models import Claim, Doctor, Slot
from registrar_tui.services.rules.base import SlotFacts
from registrar_tui.services.rules.rulebook import Rulebook
from registrar_tui.services.slots import Asker, facts_select, judge_all, judge_in_turn, read_facts, slots_of
from registrar_tui.services.wording import day_and_time

ALTERNATIVES = 3
_NEIGHBOURS = 120  # slots looked at on each side of a lost one, to find the nearest free


def first_suitable(
    session: Session,
    rulebook: Rulebook,
    asker: Asker,
    doctors: Sequence[int],
    *,
    from_moment: datetime | None = None,
    days: int = 120,
    overridden: Iterable[str] = (),
    accept_minutes: int | None = None,
) -> SlotFacts | None:
    """Return the earliest slot that can be booked, reading a week at a time; None where there is none."""
    start = from_moment or asker.now
    end = start + timedelta(days=days)
    while start < end:
        stop = min(datetime.combine(start.date() + timedelta(days=7), time.min), end)
        for judged in judge_all(rulebook, asker, slots_of(session, doctors, start, stop), overridden):
            fits = accept_minutes is None or judged.slot.minutes == accept_minutes
            if judged.verdict is None and fits:
                return judged.slot
        start = stop
    return None


_UNCLAIMED = (
    facts_select()
    .where(
        col(Slot.doctor_id).in_(bindparam("doctors", expanding=True)),
        col(Slot.starts_at) > bindparam("now"),
        col(Claim.visit_id).is_(None),
    )
    .limit(_NEIGHBOURS)
)
_LATER = _UNCLAIMED.where(col(Slot.starts_at) >= bindparam("edge")).order_by(col(Slot.starts_at).asc())
_EARLIER = _UNCLAIMED.where(col(Slot.starts_at) < bindparam("edge")).order_by(col(Slot.starts_at).desc())


def nearest_free(
    session: Session, rulebook: Rulebook, asker: Asker, wanted: SlotFacts, *, other_day: bool = False
) -> tuple[WayOut, ...]:
    """Return the bookable slots nearest in time to one that cannot be had: same specialty, own doctor first.

    Every slot offered has passed the same rules for the same person, so it can be booked as it stands.
    """
    names = doctors_of(session, wanted.specialty_id)
    day = datetime.combine(wanted.starts_at.date(), time.min)
    before, after = (day, day + timedelta(days=1)) if other_day else (wanted.starts_at, wanted.starts_at)
    rows: list[SlotFacts] = []
    for statement, edge in ((_LATER, after), (_EARLIER, before)):
        words = {"doctors": list(names), "edge": edge, "now": asker.now}
        rows += read_facts(session.connection().execute(statement, words))
    rows.sort(key=lambda slot: (slot.starts_at, slot.doctor_id))
    nearest = sorted(rows, key=lambda slot: _distance(slot, wanted))
    judged = judge_in_turn(rulebook, asker, nearest, rows)
    free = (one.slot for one in judged if one.verdict is None)
    return tuple(
        WayOut("slot", f"{day_and_time(slot.starts_at)}, {names[slot.doctor_id]}", slot.id)
        for slot in islice(free, ALTERNATIVES)
    )


def _distance(slot: SlotFacts, wanted: SlotFacts) -> tuple[float, int]:
    """Another doctor is worth an hour of waiting."""
    minutes = abs((slot.starts_at - wanted.starts_at).total_seconds()) / 60
    return (minutes if slot.doctor_id == wanted.doctor_id else minutes + 60, slot.id)


def doctors_of(session: Session, specialty_id: int) -> dict[int, str]:
    """Return the doctors of a specialty: id and surname."""
    statement = select(col(Doctor.id), col(Doctor.last_name)).where(col(Doctor.specialty_id) == specialty_id)
    return {row[0]: row[1] for row in session.execute(statement)}
