"""Who has taken which slot of the demo clinic, with the history that led there."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, SQLModel, col

from registrar_tui.clock import to_utc
from registrar_tui.models import Claim, Patient, Service, Slot, Visit, VisitEvent
from registrar_tui.services.wording import age_on
from registrar_tui.vocabulary import Channel, Initiator, SlotKind, VisitStatus
from seed.clinic import ClinicSeed, DoctorSeed, SlotSeed
from seed.occupancy import Taken, decide

Progress = Callable[[str, int, int], None]
MORNING = time(8, 0)  # the demo's day begins; what is earlier today has not begun either
VISITS_A_PERSON = 3  # coming ones; more would make every card a marathon
_NEAR_DAYS = 4.0  # where people are few, days further than this thin out first
_TRIES = 12
_BATCH = 5000
_ADULT = 18
_CROWDS = {"gynecologist": "woman", "urologist": "man"}


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """How large the demo clinic is; the same plan gives the same data."""

    patients: int
    doctors: int | None
    days: int
    today: date
    random_seed: int


@dataclass(frozen=True, slots=True)
class _Wish:
    """A slot that somebody takes."""

    slot: Slot
    taken: Taken
    day_offset: int


def occupy(
    session: Session,
    clinic: ClinicSeed,
    doctors: tuple[DoctorSeed, ...],
    plan: DemoPlan,
    progress: Progress,
) -> int:
    """Write visits, claims and events for the published slots; returns the number of visits."""
    random = Random(f"{plan.random_seed} visits")  # noqa: S311 - repeatable, no secret
    wishes = list(_wishes(session, clinic, doctors, plan, random))
    wishes = _thinned(wishes, plan, random)
    writer = _Writer(session, clinic, doctors, plan)
    crowd = _Crowd(session, plan, random)
    ages = {entry.code: entry.ages for entry in clinic.specialties}
    for done, wish in enumerate(wishes, 1):
        doctor = doctors[wish.slot.doctor_id - 1]
        patient_id = crowd.pick(wish, _CROWDS.get(doctor.specialty, ages[doctor.specialty]))
        if patient_id is not None:
            writer.add(wish, patient_id)
        if done % 1000 == 0 or done == len(wishes):
            progress("приёмы", done, len(wishes))
    writer.flush()
    return writer.visits


def _wishes(
    session: Session,
    clinic: ClinicSeed,
    doctors: tuple[DoctorSeed, ...],
    plan: DemoPlan,
    random: Random,
) -> Iterator[_Wish]:
    popularity = {entry.code: entry.popularity for entry in clinic.specialties}
    statement = select(Slot).order_by(col(Slot.starts_at), col(Slot.doctor_id))
    for slot in session.execute(statement).scalars():
        doctor = doctors[slot.doctor_id - 1]
        offset = (slot.starts_at.date() - plan.today).days
        seed = SlotSeed(
            slot.starts_at,
            slot.minutes,
            SlotKind(slot.kind),
            tuple(Channel(word) for word in slot.channels.split()) or tuple(Channel),
            None,
        )
        taken = decide(random, seed, day_offset=offset, popularity=popularity[doctor.specialty])
        if taken is not None and doctor.accepting:
            yield _Wish(slot, taken, offset)


def _thinned(wishes: list[_Wish], plan: DemoPlan, random: Random) -> list[_Wish]:
    """A small crowd cannot fill a large clinic: the near days stay full, the far ones thin out."""
    by_day: dict[int, list[_Wish]] = defaultdict(list)
    for wish in wishes:
        by_day[max(wish.day_offset, -1) if wish.day_offset >= 0 else wish.day_offset].append(wish)
    room = VISITS_A_PERSON * plan.patients * 0.7  # picking at random never fills everybody
    kept: list[_Wish] = []
    for direction in (1, -1):
        days = {day: entries for day, entries in by_day.items() if (day >= 0) == (direction > 0)}
        pull = sum(len(entries) * math.exp(-abs(day) / _NEAR_DAYS) for day, entries in days.items())
        scale = room / pull if pull else 0.0
        for day, entries in sorted(days.items()):
            share = min(1.0, scale * math.exp(-abs(day) / _NEAR_DAYS))
            kept += [wish for wish in entries if random.random() < share]
    kept.sort(key=lambda wish: (wish.slot.starts_at, wish.slot.doctor_id))
    return kept


class _Crowd:
    """The people of the demo, each with a few visits at most and one a day."""

    def __init__(self, session: Session, plan: DemoPlan, random: Random) -> None:
        self._random = random
        self._crowds: dict[str, list[int]] = {"adult": [], "child": [], "woman": [], "man": []}
        self._visits: dict[tuple[int, bool], int] = defaultdict(int)
        self._days: set[tuple[int, date]] = set()
        people = select(col(Patient.id), col(Patient.birth_date), col(Patient.sex)).order_by(col(Patient.id))
        for patient_id, born, sex in session.execute(people):
            adult = age_on(born, plan.today) >= _ADULT
            self._crowds["adult" if adult else "child"].append(patient_id)
            if adult:
                self._crowds["woman" if sex == "F" else "man"].append(patient_id)

    def pick(self, wish: _Wish, crowd_name: str) -> int | None:
        """Return somebody of a crowd who may come then, None where a few tries find nobody."""
        crowd = self._crowds.get(crowd_name) or self._crowds["adult"]
        if not crowd:
            return None
        coming, day = wish.day_offset >= 0, wish.slot.starts_at.date()
        for _ in range(_TRIES):
            patient_id = crowd[int(self._random.random() * len(crowd))]
            busy = self._visits[patient_id, coming] >= VISITS_A_PERSON
            if not busy and (patient_id, day) not in self._days:
                self._visits[patient_id, coming] += 1
                self._days.add((patient_id, day))
                return patient_id
        return None


class _Writer:
    """Collects rows and writes them in batches; ids are given here, so that events can name visits."""

    def __init__(
        self, session: Session, clinic: ClinicSeed, doctors: tuple[DoctorSeed, ...], plan: DemoPlan
    ) -> None:
        self._session = session
        self._zone = clinic.timezone
        self._plan = plan
        places = {entry.code: place for place, entry in enumerate(clinic.specialties, 1)}
        self._specialties = [places[doctor.specialty] for doctor in doctors]
        self._services = self._short_services()
        self.visits = 0
        self._rows: dict[type[SQLModel], list[dict[str, Any]]] = {Visit: [], Claim: [], VisitEvent: []}

    def _short_services(self) -> dict[tuple[int, bool, int], int]:
        """Return one service by specialty, first or repeat, and its length."""
        statement = select(Service).order_by(col(Service.id).desc())
        return {
            (service.specialty_id, service.repeat, service.minutes): service.id or 0
            for service in self._session.execute(statement).scalars()
        }

    def add(self, wish: _Wish, patient_id: int) -> None:
        """Take one slot for one person."""
        self.visits += 1
        slot, taken = wish.slot, wish.taken
        specialty_id = self._specialties[slot.doctor_id - 1]
        booked = self._booked_at(wish)
        cancelled = taken.status is VisitStatus.CANCELLED
        came = taken.status in (VisitStatus.FULFILLED, VisitStatus.ARRIVED)
        self._rows[Visit].append(
            {
                "id": self.visits,
                "patient_id": patient_id,
                "doctor_id": slot.doctor_id,
                "specialty_id": specialty_id,
                "branch_id": slot.branch_id,
                "room_id": slot.room_id,
                "slot_id": slot.id,
                "service_id": self._services.get((specialty_id, taken.repeat, slot.minutes)),
                "starts_at": slot.starts_at,
                "starts_utc": slot.starts_utc,
                "minutes": slot.minutes,
                "status": taken.status,
                "channel": taken.channel,
                "booked_at": booked,
                "arrived_at": slot.starts_utc - timedelta(minutes=9) if came else None,
                "cancel_reason": "patient-request" if cancelled else None,
                "cancelled_by": Initiator.PATIENT if cancelled else None,
                "late": cancelled,
                "version": 1,
            }
        )
        if taken.holds_slot:
            self._rows[Claim].append({"slot_id": slot.id, "visit_id": self.visits})
        self._add_events(wish, booked)
        if len(self._rows[Visit]) >= _BATCH:
            self.flush()

    def _booked_at(self, wish: _Wish) -> datetime:
        day = wish.slot.starts_at.date() - timedelta(days=wish.taken.booked_days_before)
        moment = datetime.combine(min(day, self._plan.today - timedelta(days=1)), time(12, 0))
        return to_utc(min(moment, wish.slot.starts_at - timedelta(hours=1)), self._zone)

    def _add_events(self, wish: _Wish, booked: datetime) -> None:
        slots = [wish.slot.id]
        state: dict[str, Any] = {"status": "booked", "arrived_at": None, "cancel_reason": None}
        state |= {"cancelled_by": None, "late": False, "replaced_by_id": None, "slots": slots}
        self._event(wish, "booked", booked, None, state, None)
        status = wish.taken.status
        if status is VisitStatus.BOOKED:
            return
        after = state | {"status": status.value}
        at = wish.slot.starts_utc
        reason = None
        if status in (VisitStatus.FULFILLED, VisitStatus.ARRIVED):
            after["arrived_at"] = (at - timedelta(minutes=9)).isoformat()
        if status is VisitStatus.CANCELLED:
            reason = "patient-request"
            at -= timedelta(hours=3)
            after |= {"cancel_reason": reason, "cancelled_by": "patient", "late": True, "slots": []}
        self._event(wish, status.value, at, state, after, reason)

    def _event(
        self,
        wish: _Wish,
        what: str,
        at: datetime,
        before: dict[str, Any] | None,
        after: dict[str, Any],
        reason: str | None,
    ) -> None:
        self._rows[VisitEvent].append(
            {
                "visit_id": self.visits,
                "at": at,
                "what": what,
                "operator": "demo",
                "desk": "демо",
                "channel": wish.taken.channel,
                "reason": reason,
                "before": None if before is None else json.dumps(before),
                "after": json.dumps(after),
                "op_id": f"demo-{self.visits}-{what}",
            }
        )

    def flush(self) -> None:
        """Write what is collected, visits before what points at them."""
        for table, rows in self._rows.items():
            if rows:
                target = SQLModel.metadata.tables[str(table.__tablename__)]
                self._session.connection().execute(insert(target), rows)
                rows.clear()
