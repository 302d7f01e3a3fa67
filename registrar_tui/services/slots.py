"""Slots with what occupies them, and whether a visit can begin at each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from sqlalchemy import Row, Select, bindparam, or_, select
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Claim, Doctor, Patient, Slot, Visit
from registrar_tui.services.prepared import Prepared
from registrar_tui.services.rules.base import (
    Operation,
    PatientFacts,
    RuleContext,
    SlotFacts,
    Verdict,
    VisitFacts,
)
from registrar_tui.services.rules.rulebook import Rulebook
from registrar_tui.services.wording import day_and_time
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import COUNTED_STATUSES, Channel


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks for a slot and how: everything a rule context needs besides the slot itself."""

    now: datetime
    now_utc: datetime
    desk: str
    channel: Channel
    patient: PatientFacts | None = None
    moving: VisitFacts | None = None
    by_clinic: bool = False
    paid: bool = False
    minutes: int | None = None
    """Length of the wished visit; None: as long as the slot."""

    def context(self, slot: SlotFacts, minutes: int) -> RuleContext:
        """Return the question to the rules about one slot."""
        return RuleContext(
            operation=Operation.MOVE if self.moving else Operation.BOOK,
            now=self.now,
            now_utc=self.now_utc,
            desk=self.desk,
            channel=self.channel,
            slot=slot,
            minutes=minutes,
            patient=self.patient,
            moving=self.moving,
            by_clinic=self.by_clinic,
            paid=self.paid,
        )


def asker_for(
    workplace: Workplace,
    channel: Channel,
    *,
    patient: PatientFacts | None = None,
    moving: VisitFacts | None = None,
    by_clinic: bool = False,
    paid: bool = False,
    minutes: int | None = None,
) -> Asker:
    """Return an asker of this desk at this moment."""
    return Asker(
        workplace.now(),
        workplace.utc(),
        workplace.desk,
        channel,
        patient=patient,
        moving=moving,
        by_clinic=by_clinic,
        paid=paid,
        minutes=minutes,
    )


_FACTS = (
    col(Slot.id),
    col(Slot.doctor_id),
    col(Doctor.specialty_id),
    col(Slot.branch_id),
    col(Slot.room_id),
    col(Slot.starts_at),
    col(Slot.minutes),
    col(Slot.kind),
    col(Slot.channels),
    col(Slot.released_at),
    col(Slot.closed),
    col(Slot.close_reason),
    col(Doctor.accepting),
    col(Claim.visit_id),
    col(Claim.held_by),
    col(Claim.held_until),
)


def facts_select() -> Select[Any]:
    """Return the query of slots with their claims; callers add what they look for."""
    statement = (
        select(*_FACTS)
        .join(Doctor, col(Doctor.id) == col(Slot.doctor_id))
        .outerjoin(Claim, col(Claim.slot_id) == col(Slot.id))
    )
    return cast("Select[Any]", statement)


# What every booking asks.
_ONE = facts_select().where(col(Slot.id) == bindparam("slot_id"))
_SLOT, _SLOT_LOCKED = Prepared(_ONE), Prepared(_ONE.with_for_update(read=True, of=Slot))
_SEVERAL = (
    facts_select()
    .where(
        col(Slot.doctor_id) == bindparam("doctor_id"),
        col(Slot.starts_at) >= bindparam("first"),
        col(Slot.starts_at) < bindparam("last"),
    )
    .order_by(col(Slot.starts_at))
)
_CHAIN, _CHAIN_LOCKED = Prepared(_SEVERAL), Prepared(_SEVERAL.with_for_update(read=True, of=Slot))
_PERSON = select(col(Patient.self_booking_until), col(Patient.merged_into_id)).where(
    col(Patient.id) == bindparam("patient_id")
)
_PATIENT, _PATIENT_LOCKED = Prepared(_PERSON), Prepared(_PERSON.with_for_update())
_COUNTED_VISITS = Prepared(
    select(
        col(Visit.id),
        col(Visit.specialty_id),
        col(Visit.doctor_id),
        col(Visit.slot_id),
        col(Visit.starts_at),
        col(Visit.minutes),
        col(Visit.status),
    ).where(
        col(Visit.patient_id) == bindparam("patient_id"),
        col(Visit.starts_at) >= bindparam("since"),
        # An IN list would be expanded anew at every execution.
        or_(*(col(Visit.status) == status for status in COUNTED_STATUSES)),
    ),
)


def read_facts(rows: Iterable[Row[Any] | tuple[Any, ...]]) -> list[SlotFacts]:
    """Return the rows of `facts_select` as facts."""
    return [SlotFacts(*tuple(row)) for row in rows]


def slots_of(
    session: Session,
    doctors: Sequence[int],
    first: datetime,
    last: datetime,
    *,
    limit: int | None = None,
) -> list[SlotFacts]:
    """Return the slots of some doctors that start in [first, last), in order of time and doctor."""
    statement = (
        facts_select()
        .where(col(Slot.doctor_id).in_(doctors), col(Slot.starts_at) >= first, col(Slot.starts_at) < last)
        .order_by(col(Slot.starts_at), col(Slot.doctor_id))
    )
    if limit is not None:
        statement = statement.limit(limit)
    return read_facts(session.execute(statement))


def slot_by_id(session: Session, slot_id: int, *, lock: bool = False) -> SlotFacts:
    """Return one slot; `not_found`. With `lock` it cannot be closed until the transaction ends."""
    row = (_SLOT_LOCKED if lock else _SLOT).first(session, {"slot_id": slot_id})
    if row is None:
        raise Refusal("not_found", f"Времени № {slot_id} нет в расписании: обновите сетку.", field="slot")
    return SlotFacts(*row)


def slot_chain(session: Session, first: SlotFacts, minutes: int, *, lock: bool = False) -> list[SlotFacts]:
    """Return the slots a visit of some minutes takes from a slot on; fewer where the day has a gap.

    With `lock` the rows are locked for share: a slot cannot be closed while it is being booked. The first one
    must then have been locked already.
    """
    if first.minutes >= minutes:
        return [first]
    end = first.starts_at + timedelta(minutes=max(minutes, 1))
    window = {"doctor_id": first.doctor_id, "first": first.starts_at, "last": end}
    rows = (_CHAIN_LOCKED if lock else _CHAIN).run(session, window)
    return unbroken(read_facts(rows), minutes)


def unbroken(slots: Sequence[SlotFacts], minutes: int) -> list[SlotFacts]:
    """Return the leading slots that follow each other without a gap and cover the minutes."""
    chain: list[SlotFacts] = []
    covered = 0
    for slot in slots:
        if chain and slot.starts_at != chain[-1].ends_at:
            break
        chain.append(slot)
        covered += slot.minutes
        if covered >= minutes:
            break
    return chain


def chain_covers(chain: Sequence[SlotFacts], minutes: int) -> bool:
    """Tell whether a chain is long enough."""
    return sum(slot.minutes for slot in chain) >= minutes


def judge(
    rulebook: Rulebook, asker: Asker, chain: Sequence[SlotFacts], overridden: Iterable[str] = ()
) -> Verdict | None:
    """Return the first rule that stands against a visit in a chain of slots, or None."""
    wanted = asker.minutes or chain[0].minutes
    codes = frozenset(overridden)
    for slot in chain:
        verdict = rulebook.verdict(asker.context(slot, wanted if slot is chain[0] else slot.minutes), codes)
        if verdict is not None:
            return verdict
    if not chain_covers(chain, wanted):
        return Verdict(
            "slot_taken",
            f"Подряд {wanted} минут с {day_and_time(chain[0].starts_at)} нет: выберите другое время.",
            "длительность услуги",
            "slot",
        )
    return None


@dataclass(frozen=True, slots=True)
class JudgedSlot:
    """A slot and the rule that stands against a visit from it on, None where it can be booked."""

    slot: SlotFacts
    verdict: Verdict | None


def judge_all(
    rulebook: Rulebook, asker: Asker, slots: Sequence[SlotFacts], overridden: Iterable[str] = ()
) -> list[JudgedSlot]:
    """Judge many slots, given in order of time; a longer visit needs the slots that follow."""
    return list(judge_in_turn(rulebook, asker, slots, slots, overridden))


def judge_in_turn(
    rulebook: Rulebook,
    asker: Asker,
    wanted: Iterable[SlotFacts],
    slots: Sequence[SlotFacts],
    overridden: Iterable[str] = (),
) -> Iterator[JudgedSlot]:
    """Judge the wanted ones among slots given in order of time, each only when it is asked for."""
    codes = frozenset(overridden)
    by_doctor: dict[int, list[SlotFacts]] = {}
    place: dict[int, int] = {}
    for slot in slots:
        row = by_doctor.setdefault(slot.doctor_id, [])
        place[slot.id] = len(row)
        row.append(slot)
    for slot in wanted:
        if asker.minutes is None or asker.minutes <= slot.minutes:
            chain = [slot]
        else:
            chain = unbroken(by_doctor[slot.doctor_id][place[slot.id] :], asker.minutes)
        yield JudgedSlot(slot, judge(rulebook, asker, chain, codes))


def patient_facts(
    session: Session, patient_id: int, *, since: datetime | None = None, lock: bool = False
) -> PatientFacts:
    """Return a person with the counted visits from a day on; `lock` serialises bookings of one person."""
    row = (_PATIENT_LOCKED if lock else _PATIENT).first(session, {"patient_id": patient_id})
    if row is None:
        raise Refusal(
            "not_found", f"Пациента № {patient_id} в базе нет: найдите его заново.", field="patient"
        )
    if row[1] is not None:
        raise Refusal(
            "not_found", f"Карточка № {patient_id} объединена с № {row[1]}: откройте её.", field="patient"
        )
    first = datetime.combine(since.date() if since else date.min, time.min)
    visits = _COUNTED_VISITS.run(session, {"patient_id": patient_id, "since": first})
    return PatientFacts(patient_id, row[0], tuple(VisitFacts(*visit) for visit in visits))
