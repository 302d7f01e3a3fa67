"""Two desks do whatever comes to mind; after every step the store is sound and agrees with a plain model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, select
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Claim, Visit
from registrar_tui.services import booking, rebooking, undoing
from registrar_tui.services.rules.slot_rules import SlotTaken
from registrar_tui.vocabulary import Initiator
from tests.integration.bases import Clinic
from tests.integration.invariants import broken_invariants
from tests.integration.store_model import Hold, Model, ModelSlot, Refused, all_slots
from tests.integration.tiny_clinic import HEART, OTHER_THERAPIST, THERAPIST, slot_id
from tests.integration.tiny_schema import TinySchema

NIGHTLY = bool(os.environ.get("REGISTRAR_NIGHTLY"))
DESKS = ("окно 1", "окно 2")
ALL_SLOTS = all_slots((THERAPIST, HEART, OTHER_THERAPIST), (0, 2))
# Few enough that the desks meet: nearly all of them on one day more than 24 hours ahead.
WANTED = [
    *(slot_id(THERAPIST, 0, place) for place in (0, 6, 7)),
    *(slot_id(THERAPIST, 2, place) for place in range(5)),
    *(slot_id(OTHER_THERAPIST, 2, place) for place in (0, 1, 3, 4)),
    *(slot_id(HEART, 2, place) for place in range(2)),
]

desks = st.sampled_from(DESKS)
patients = st.integers(1, 3)
wanted = st.sampled_from(WANTED)
choices = st.integers(0, 9)


class StoreMachine(RuleBasedStateMachine):
    """The real desks and the model side by side."""

    def __init__(self, fresh: Callable[[], Clinic]) -> None:
        super().__init__()
        self.clinic = fresh()
        now = self.clinic.clock.utc().replace(tzinfo=None) + timedelta(hours=3)
        self.model = Model(now, ALL_SLOTS)
        for name in DESKS:
            self.clinic.desk(name)

    def teardown(self) -> None:
        """Give the base back."""
        self.clinic.close()

    def slot(self, number: int) -> ModelSlot:
        return self.model.slots[number]

    def agree(self, expected: Callable[[], Any], real: Callable[[], Any]) -> tuple[Any, Any] | None:
        """Do both; None where both refuse with one code."""
        try:
            wish = expected()
        except Refused as refused:
            with pytest.raises(Refusal) as told:
                real()
            assert told.value.code == refused.code
            return None
        return wish, real()

    @rule(desk=desks, patient=patients, number=wanted, long=st.booleans())
    def book(self, desk: str, patient: int, number: int, long: bool) -> None:
        long = long and number // 1000 != HEART
        both = self.agree(
            lambda: self.model.may_book(desk, patient, self.slot(number), long=long),
            lambda: self.clinic.book(number, patient, desk=desk, service="long" if long else None),
        )
        if both:
            chain, visit = both
            assert (visit.slot_id, visit.minutes) == (number, 40 if long else chain[0].minutes)
            self.model.booked(desk, visit.id, patient, chain, long=long)

    @rule(desk=desks, patient=patients, number=wanted, long=st.booleans())
    def hold(self, desk: str, patient: int, number: int, long: bool) -> None:
        long = long and number // 1000 != HEART
        self.agree(
            lambda: self.model.hold(desk, patient, self.slot(number), long=long),
            lambda: self.clinic.desk(desk).offer(number, patient, service_id=2 if long else None),
        )

    @rule(desk=desks, number=wanted)
    def release(self, desk: str, number: int) -> None:
        self.model.release(desk, number)
        self.clinic.desk(desk).release(number)

    @precondition(lambda self: self.model.visits)
    @rule(desk=desks, back=choices, number=wanted, by_clinic=st.booleans())
    def move(self, desk: str, back: int, number: int, by_clinic: bool) -> None:
        old = self.visit(back)
        by = Initiator.CLINIC if by_clinic else Initiator.PATIENT
        both = self.agree(
            lambda: self.model.may_move(desk, old, self.slot(number), by_clinic=by_clinic),
            lambda: self.clinic.move(old, number, desk=desk, by=by),
        )
        if both:
            chain, new = both
            assert (new.slot_id, new.previous_visit_id) == (number, old)
            self.model.moved(desk, old, new.id, chain)

    @precondition(lambda self: self.model.visits)
    @rule(desk=desks, back=choices, by_clinic=st.booleans())
    def cancel(self, desk: str, back: int, by_clinic: bool) -> None:
        number = self.visit(back)
        by = Initiator.CLINIC if by_clinic else Initiator.PATIENT
        both = self.agree(
            lambda: self.model.cancel(desk, number, by_clinic=by_clinic),
            lambda: self.clinic.cancel(number, desk=desk, by=by),
        )
        if both:
            assert both[1].late is self.model.visits[number].late

    @precondition(lambda self: self.model.visits)
    @rule(desk=desks)
    def undo(self, desk: str) -> None:
        both = self.agree(lambda: self.model.undo(desk), lambda: self.clinic.undo(desk=desk))
        if both:
            assert both[0] == both[1].id

    @rule(minutes=st.sampled_from([0, 1, 1, 2, 2, 3, 3, 16, 31, 60 * 9]))
    def wait(self, minutes: int) -> None:
        self.clinic.advance(minutes=minutes)
        self.model.now += timedelta(minutes=minutes)

    def visit(self, back: int) -> int:
        """Return a visit the desks still work on, now and then any other."""
        known = list(self.model.visits)
        booked = [number for number in known if self.model.visits[number].status == "booked"]
        among = booked if booked and back else known
        return among[-1 - back % len(among)]

    @invariant()
    def sound_and_agreed(self) -> None:
        with self.clinic.read() as session:
            assert broken_invariants(session) == []
            rows = session.execute(select(Claim)).scalars()
            owners = {row.slot_id: row.visit_id or (row.held_by, row.held_until) for row in rows}
            visits = session.execute(select(col(Visit.id), col(Visit.status), col(Visit.replaced_by_id)))
            found = {row[0]: (row[1], row[2]) for row in visits}
        utc = self.clinic.clock.utc() - self.model.now.replace(tzinfo=self.clinic.clock.utc().tzinfo)
        expected = {
            slot: (owner.desk, owner.until.replace(tzinfo=self.clinic.clock.utc().tzinfo) + utc)
            if isinstance(owner, Hold)
            else owner
            for slot, owner in self.model.owners.items()
        }
        assert owners == expected
        assert found == {v.id: (v.status, v.replaced_by) for v in self.model.visits.values()}


def profile(examples: int, steps: int, **more: Any) -> settings:
    return settings(
        max_examples=examples * (20 if NIGHTLY else 1),
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=not NIGHTLY,
        suppress_health_check=list(HealthCheck),
        **more,
    )


def explore(fresh: Callable[[], Clinic], how: settings) -> None:
    """Run the machine on new bases; hypothesis takes any maker of machines, its annotation a class only."""
    make: Any = lambda: StoreMachine(fresh)  # noqa: E731 - a def would have a type that mypy refuses
    run_state_machine_as_test(make, settings=how)


@pytest.fixture
def fresh_file(tiny_file: Path, tmp_path: Path) -> Callable[[], Clinic]:
    """Return a maker of clinics, each in a new file."""
    made = 0

    def fresh() -> Clinic:
        nonlocal made
        made += 1
        folder = tmp_path / str(made)
        folder.mkdir()
        shutil.copyfile(tiny_file, folder / "clinic.db")
        return Clinic(str(folder / "clinic.db"), folder)

    return fresh


@pytest.fixture
def fresh_schema(tiny_schema: TinySchema, tmp_path: Path) -> Callable[[], Clinic]:
    """Return a maker of clinics, each in the schema put back as it was."""

    def fresh() -> Clinic:
        tiny_schema.put_back()
        return Clinic(tiny_schema.url, tmp_path)

    return fresh


def test_two_desks_on_sqlite(fresh_file: Callable[[], Clinic]) -> None:
    explore(fresh_file, profile(40, 60))


def test_two_desks_on_postgresql(fresh_schema: Callable[[], Clinic]) -> None:
    explore(fresh_schema, profile(6, 60))


# --- negative controls: a store that is broken on purpose is found out


def steal(session: Session, _workplace: object, slots: list[Any], visit_id: int) -> None:
    """Take the slots whoever has them."""
    for slot in slots:
        session.execute(delete(Claim).where(col(Claim.slot_id) == slot.id))
        session.add(Claim(slot_id=slot.id, visit_id=visit_id))
    session.flush()


def forget(*_: object) -> None:
    """Do nothing where slots should be freed."""


@pytest.mark.parametrize("fault", ["claims are stolen", "slots are not freed", "history is wrong"])
def test_the_machine_finds_a_broken_store(
    fresh_file: Callable[[], Clinic], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    if fault == "claims are stolen":
        monkeypatch.setattr(booking, "claim", steal)
        monkeypatch.setattr(SlotTaken, "check", lambda *_: None)
    elif fault == "slots are not freed":
        monkeypatch.setattr(rebooking, "free", forget)
    else:
        monkeypatch.setattr(undoing, "snapshot", lambda *_: {"status": "booked"})
    quick = profile(20, 30, phases=(Phase.generate,), print_blob=False)
    with pytest.raises((AssertionError, pytest.fail.Exception, ExceptionGroup)):
        explore(fresh_file, quick)


def test_the_invariants_find_a_double_booking(sqlite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows alone betray it, without any model."""
    monkeypatch.setattr(booking, "claim", steal)
    monkeypatch.setattr(SlotTaken, "check", lambda *_: None)
    sqlite_clinic.book(WANTED[0], 1)
    sqlite_clinic.book(WANTED[0], 2, desk="окно 2")
    with sqlite_clinic.read() as session:
        told = " ".join(broken_invariants(session))
    assert "at the same time" in told and "needs" in told and "history" in told
