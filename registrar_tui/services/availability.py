"""Where a visit can be had: the first suitable slot, and the nearest ones to a slot that was lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlmodel import Session, col

from registrar_tui.errors import WayOut
from registrar_tui.models import Claim, Doctor, Slot
from registrar_tui.services.prepared import Prepared
from registrar_tui.services.rules.base import SlotFacts
from registrar_tui.services.rules.rulebook import Rulebook
from registrar_tui.services.slots import Asker, facts_select, judge_all, judge_in_turn, read_facts, slots_of
from registrar_tui.services.wording import day_and_time

ALTERNATIVES = 3
_NEIGHBOURS = 120  # slots looked at on each side of a lost one, to find the nearest free
_OWN_NEIGHBOURS = 8  # the same of the own doctor, looked at first: 0.3 ms instead of 5
_ANOTHER_DOCTOR = 60.0  # minutes of waiting that another doctor is worth


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


_AHEAD = facts_select().where(col(Slot.starts_at) > bindparam("now"), col(Claim.visit_id).is_(None))
_OWN = _AHEAD.where(col(Slot.doctor_id) == bindparam("doctor")).limit(_OWN_NEIGHBOURS)
_ALL = _AHEAD.where(col(Doctor.specialty_id) == bindparam("specialty")).limit(_NEIGHBOURS)


def _both_ways(unclaimed: Select[Any]) -> tuple[Prepared, Prepared]:
    """Return the questions for what lies before and after two edges, from the edge outwards."""
    before = unclaimed.where(col(Slot.starts_at) < bindparam("edge")).order_by(col(Slot.starts_at).desc())
    after = unclaimed.where(col(Slot.starts_at) >= bindparam("edge")).order_by(col(Slot.starts_at).asc())
    return Prepared(before), Prepared(after)


_OWN_SLOTS, _ALL_SLOTS = _both_ways(_OWN), _both_ways(_ALL)
_DOCTORS = Prepared(
    select(col(Doctor.id), col(Doctor.last_name)).where(col(Doctor.specialty_id) == bindparam("specialty"))
)


def nearest_free(
    session: Session, rulebook: Rulebook, asker: Asker, wanted: SlotFacts, *, other_day: bool = False
) -> tuple[WayOut, ...]:
    """Return the bookable slots nearest in time to one that cannot be had: same specialty, own doctor first.

    Every slot offered has passed the same rules for the same person, so it can be booked as it stands.
    """
    day = datetime.combine(wanted.starts_at.date(), time.min)
    edges = (day, day + timedelta(days=1)) if other_day else (wanted.starts_at, wanted.starts_at)
    words = {"now": asker.now, "doctor": wanted.doctor_id}
    near = _nearest(rulebook, asker, wanted, _around(session, _OWN_SLOTS, words, edges))
    # Nobody else's time can be nearer than three of the own doctor's within what another doctor is worth.
    if len(near) < ALTERNATIVES or _distance(near[-1], wanted)[0] >= _ANOTHER_DOCTOR:
        words = {"now": asker.now, "specialty": wanted.specialty_id}
        near = _nearest(rulebook, asker, wanted, _around(session, _ALL_SLOTS, words, edges))
    names = doctors_of(session, wanted.specialty_id)
    return tuple(
        WayOut("slot", f"{day_and_time(slot.starts_at)}, {names[slot.doctor_id]}", slot.id) for slot in near
    )


def _around(
    session: Session,
    slots: tuple[Prepared, Prepared],
    words: dict[str, Any],
    edges: tuple[datetime, datetime],
) -> list[SlotFacts]:
    """Return the unclaimed slots on both sides, in order of time and doctor."""
    rows = [
        row
        for question, edge in zip(slots, edges, strict=True)
        for row in question.run(session, {**words, "edge": edge})
    ]
    return sorted(read_facts(rows), key=lambda slot: (slot.starts_at, slot.doctor_id))


def _nearest(
    rulebook: Rulebook, asker: Asker, wanted: SlotFacts, slots: Sequence[SlotFacts]
) -> list[SlotFacts]:
    in_turn = sorted(slots, key=lambda slot: _distance(slot, wanted))
    judged = judge_in_turn(rulebook, asker, in_turn, slots)
    return list(islice((one.slot for one in judged if one.verdict is None), ALTERNATIVES))


def _distance(slot: SlotFacts, wanted: SlotFacts) -> tuple[float, int]:
    minutes = abs((slot.starts_at - wanted.starts_at).total_seconds()) / 60
    return (minutes if slot.doctor_id == wanted.doctor_id else minutes + _ANOTHER_DOCTOR, slot.id)


def doctors_of(session: Session, specialty_id: int) -> dict[int, str]:
    """Return the doctors of a specialty: id and surname."""
    return {row[0]: row[1] for row in _DOCTORS.run(session, {"specialty": specialty_id})}
