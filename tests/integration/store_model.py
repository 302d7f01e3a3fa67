"""The clinic's desk as rules over dictionaries: what the real one must agree with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.integration.tiny_clinic import GAP, HEART, OTHER_THERAPIST, SLOTS_A_DAY, slot_id, starts

HOLD = timedelta(minutes=3)
UNDO = timedelta(minutes=30)
DAY = timedelta(hours=24)
LONG = 40
_MINUTES = {HEART: 30}


class Refused(Exception):
    """The model says no, with the code the desk must say."""

    @property
    def code(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class ModelSlot:
    """One slot of the tiny clinic."""

    id: int
    doctor: int
    start: datetime
    minutes: int

    @property
    def specialty(self) -> int:
        return 2 if self.doctor == HEART else 1


@dataclass
class ModelVisit:
    """A visit with the slots it was booked for."""

    id: int
    patient: int
    first: ModelSlot
    minutes: int
    long: bool
    chain: tuple[int, ...]
    status: str = "booked"
    late: bool = False
    replaced_by: int | None = None
    touched: int = 0
    """The number of the last event."""

    @property
    def end(self) -> datetime:
        return self.first.start + timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class ModelEvent:
    """What undo looks for."""

    number: int
    at: datetime
    desk: str
    what: str
    visit: int


@dataclass(frozen=True)
class Hold:
    """A slot kept for a desk until a moment; the row outlives the moment."""

    desk: str
    until: datetime


def all_slots(doctors: tuple[int, ...], days: tuple[int, ...]) -> dict[int, ModelSlot]:
    """Return the slots of some doctors and days as the tiny clinic has them."""
    return {
        slot_id(doctor, day, place): ModelSlot(
            slot_id(doctor, day, place), doctor, starts(doctor, day, place), _MINUTES.get(doctor, 15)
        )
        for doctor in doctors
        for day in days
        for place in range(SLOTS_A_DAY)
        if (doctor, place) != (OTHER_THERAPIST, GAP)
    }


@dataclass
class Model:
    """What has been booked, held and done; every method either changes it or raises Refused."""

    now: datetime
    slots: dict[int, ModelSlot]
    visits: dict[int, ModelVisit] = field(default_factory=dict)
    owners: dict[int, int | Hold] = field(default_factory=dict)
    """Slot to visit id or hold: the claim table."""
    events: list[ModelEvent] = field(default_factory=list)
    undone: set[int] = field(default_factory=set)

    # --- questions

    def chain(self, first: ModelSlot, minutes: int) -> list[ModelSlot]:
        found = [first]
        while sum(slot.minutes for slot in found) < minutes:
            after = found[-1].start + timedelta(minutes=found[-1].minutes)
            follower = self.slots.get(found[-1].id + 1)
            if follower is None or follower.start != after or follower.doctor != first.doctor:
                break
            found.append(follower)
        return found

    def blocked(self, slot: int, desk: str, own: int | None = None) -> bool:
        owner = self.owners.get(slot)
        if isinstance(owner, Hold):
            return owner.desk != desk and owner.until > self.now
        return owner is not None and owner != own

    def objection(
        self, desk: str, patient: int, chain: list[ModelSlot], minutes: int, moving: ModelVisit | None = None,
        *, by_clinic: bool = False,
    ) -> str | None:  # fmt: skip
        own = moving.id if moving else None
        for slot in chain:
            if slot.start <= self.now:
                return "past_slot"
            if self.blocked(slot.id, desk, own):
                return "slot_taken"
            if moving and not by_clinic and moving.first.start - self.now < DAY:
                return "too_late_to_move"
            length = minutes if slot is chain[0] else slot.minutes
            if plans := self.other_plans(patient, slot, length, own):
                return plans
        return "slot_taken" if sum(slot.minutes for slot in chain) < minutes else None

    def other_plans(
        self, patient: int, slot: ModelSlot, minutes: int, own: int | None, since: int = 0
    ) -> str | None:
        visits = [
            visit
            for visit in self.visits.values()
            if visit.patient == patient
            and visit.status == "booked"
            and visit.id != own
            and visit.touched > since
            and visit.first.start.date() >= self.now.date()
        ]
        day = slot.start.date()
        if any(v.first.specialty == slot.specialty and v.first.start.date() == day for v in visits):
            return "duplicate_visit"
        end = slot.start + timedelta(minutes=minutes)
        return "overlap" if any(v.first.start < end and slot.start < v.end for v in visits) else None

    # --- commands

    def may_book(self, desk: str, patient: int, first: ModelSlot, *, long: bool) -> list[ModelSlot]:
        minutes = LONG if long else first.minutes
        chain = self.chain(first, minutes)
        if code := self.objection(desk, patient, chain, minutes):
            raise Refused(code)
        return chain

    def booked(self, desk: str, number: int, patient: int, chain: list[ModelSlot], *, long: bool) -> None:
        minutes = LONG if long else chain[0].minutes
        ids = tuple(slot.id for slot in chain)
        self.visits[number] = ModelVisit(number, patient, chain[0], minutes, long, ids)
        self.owners.update(dict.fromkeys(ids, number))
        self.note(desk, "booked", number)

    def hold(self, desk: str, patient: int, first: ModelSlot, *, long: bool) -> None:
        minutes = LONG if long else first.minutes
        chain = self.chain(first, minutes)
        code = self.objection(desk, patient, chain, minutes)
        if code in ("past_slot", "slot_taken"):
            raise Refused(code)
        if any(self.blocked(slot.id, desk) for slot in chain):
            raise Refused("slot_taken")
        self.drop_holds(desk)
        self.owners.update({slot.id: Hold(desk, self.now + HOLD) for slot in chain})

    def release(self, desk: str, slot: int) -> None:
        owner = self.owners.get(slot)
        if isinstance(owner, Hold) and owner.desk == desk:
            self.drop_holds(desk)

    def drop_holds(self, desk: str) -> None:
        self.owners = {
            slot: owner
            for slot, owner in self.owners.items()
            if not (isinstance(owner, Hold) and owner.desk == desk)
        }

    def may_move(self, desk: str, number: int, first: ModelSlot, *, by_clinic: bool) -> list[ModelSlot]:
        old = self.visits[number]
        if old.status != "booked":
            raise Refused("wrong_status")
        if first.id == old.first.id:
            raise Refused("same_slot")
        if first.specialty != old.first.specialty:
            raise Refused("other_specialty")
        minutes = LONG if old.long else first.minutes
        chain = self.chain(first, minutes)
        if code := self.objection(desk, old.patient, chain, minutes, old, by_clinic=by_clinic):
            raise Refused(code)
        return chain

    def moved(self, desk: str, number: int, new: int, chain: list[ModelSlot]) -> None:
        old = self.visits[number]
        self.free(number)
        ids = tuple(slot.id for slot in chain)
        minutes = LONG if old.long else chain[0].minutes
        self.visits[new] = ModelVisit(new, old.patient, chain[0], minutes, old.long, ids)
        self.owners.update(dict.fromkeys(ids, new))
        old.status, old.replaced_by = "cancelled", new
        self.note(desk, "moved-to", number)
        self.note(desk, "moved-from", new)

    def cancel(self, desk: str, number: int, *, by_clinic: bool) -> None:
        visit = self.visits[number]
        if visit.status != "booked":
            raise Refused("wrong_status")
        if visit.first.start <= self.now:
            raise Refused("past_slot")
        visit.status = "cancelled"
        visit.late = not by_clinic and visit.first.start - self.now < DAY
        self.free(number)
        self.note(desk, "cancelled", number)

    def undo(self, desk: str) -> int:
        event = self.last_action(desk)
        visit = self.visits[event.visit]
        if visit.touched != event.number:
            raise Refused("stale_edit")
        if event.what == "booked":
            visit.status = "entered-in-error"
            self.free(visit.id)
        else:
            self.restore(desk, visit, event)
        self.undone.add(event.number)
        self.note(desk, "undone", visit.id)
        return visit.id

    def last_action(self, desk: str) -> ModelEvent:
        for event in reversed(self.events):
            recent = event.desk == desk and event.at > self.now - UNDO
            undoable = event.what in ("booked", "moved-to", "cancelled")
            if recent and undoable and event.number not in self.undone:
                return event
        raise Refused("nothing_to_undo")

    def restore(self, desk: str, visit: ModelVisit, event: ModelEvent) -> None:
        new = self.visits[visit.replaced_by] if visit.replaced_by is not None else None
        if new and new.status != "booked":
            raise Refused("stale_edit")
        own = new.id if new else None
        if code := self.other_plans(visit.patient, visit.first, visit.minutes, own, since=event.number):
            raise Refused(code)
        if any(self.slots[slot].start <= self.now for slot in visit.chain):
            raise Refused("past_slot")
        if any(self.blocked(slot, desk, own) for slot in visit.chain):
            raise Refused("slot_taken")
        if new:
            self.free(new.id)
            new.status = "entered-in-error"
            self.note(desk, "undone", new.id)
        visit.status, visit.late, visit.replaced_by = "booked", False, None
        self.owners.update(dict.fromkeys(visit.chain, visit.id))

    def free(self, number: int) -> None:
        self.owners = {slot: owner for slot, owner in self.owners.items() if owner != number}

    def note(self, desk: str, what: str, visit: int) -> None:
        event = ModelEvent(len(self.events) + 1, self.now, desk, what, visit)
        self.events.append(event)
        self.visits[visit].touched = event.number
