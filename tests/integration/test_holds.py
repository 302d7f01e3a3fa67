"""A slot is held while its confirmation is open: by one desk, for three minutes, for nothing else."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from registrar_tui.errors import Refusal
from registrar_tui.models import Claim, Slot
from registrar_tui.services import dto
from registrar_tui.vocabulary import Channel
from tests.integration import tiny_clinic
from tests.integration.bases import Clinic
from tests.integration.invariants import broken_invariants
from tests.integration.tiny_clinic import HEART, MONDAY, NERVES, THERAPIST, slot_id

HERE, THERE = "окно 1", "окно 2"
FIRST, SECOND = slot_id(THERAPIST, 0, 0), slot_id(THERAPIST, 0, 1)


def held(clinic: Clinic) -> dict[int, str]:
    """Return who holds what, expired or not."""
    with clinic.read() as session:
        rows = session.execute(
            select(col(Claim.slot_id), col(Claim.held_by)).where(col(Claim.visit_id).is_(None))
        )
        return {row[0]: row[1] for row in rows}


def mark_seen(clinic: Clinic, desk: str, slot: int = FIRST) -> dto.SlotMark:
    query = dto.GridQuery(dto.TargetKind.DOCTOR, slot // 1000, day=MONDAY)
    cells = [cell for column in clinic.desk(desk).grid(query).columns for cell in column.cells]
    return next(cell.mark for cell in cells if cell.slot_id == slot)


def test_an_offer_holds_the_slot_and_says_what_to_read_out(clinic: Clinic) -> None:
    offer = clinic.desk(HERE).offer(FIRST, 1)
    assert offer.sentence == (
        "Понедельник, 23 ноября, 9 часов ровно, кабинет 101, 2 этаж, терапевт Белова. "
        "ул. Лесная, 5. С собой паспорт и полис."
    )
    assert offer.held_until == clinic.clock.utc() + timedelta(minutes=3)
    assert (offer.refusal, offer.override, offer.warnings) == (None, None, ())
    assert held(clinic) == {FIRST: HERE}


def test_another_desk_sees_the_hold_and_cannot_take_the_slot(clinic: Clinic) -> None:
    clinic.desk(HERE).offer(FIRST, 1)
    assert mark_seen(clinic, THERE) is dto.SlotMark.HELD
    assert mark_seen(clinic, HERE) is dto.SlotMark.FREE
    for attempt in (lambda: clinic.desk(THERE).offer(FIRST, 2), lambda: clinic.book(FIRST, 2, desk=THERE)):
        with pytest.raises(Refusal) as refused:
            attempt()
        assert refused.value.code == "slot_taken" and HERE in refused.value.message
        assert len([way for way in refused.value.ways_out if way.kind == "slot"]) == 3
    assert held(clinic) == {FIRST: HERE}


def test_a_hold_ends_by_the_clock(clinic: Clinic) -> None:
    clinic.desk(HERE).offer(FIRST, 1)
    clinic.advance(minutes=3, seconds=-1)
    with pytest.raises(Refusal):
        clinic.book(FIRST, 2, desk=THERE)
    clinic.advance(seconds=1)
    assert mark_seen(clinic, THERE) is dto.SlotMark.FREE
    assert clinic.book(FIRST, 2, desk=THERE).status == "booked"
    with pytest.raises(Refusal) as refused:
        clinic.book(FIRST, 1, desk=HERE)
    assert refused.value.code == "slot_taken"


def test_an_expired_hold_is_taken_over_by_another_desk(clinic: Clinic) -> None:
    clinic.desk(HERE).offer(FIRST, 1)
    clinic.advance(minutes=3)
    clinic.desk(THERE).offer(FIRST, 2)
    assert held(clinic) == {FIRST: THERE}


def test_the_same_desk_renews_its_hold(clinic: Clinic) -> None:
    clinic.desk(HERE).offer(FIRST, 1)
    clinic.advance(minutes=2)
    clinic.desk(HERE).offer(FIRST, 1)
    clinic.advance(minutes=2)
    with pytest.raises(Refusal):
        clinic.desk(THERE).offer(FIRST, 2)


def test_a_second_offer_gives_the_first_slot_back(clinic: Clinic) -> None:
    clinic.desk(HERE).offer(FIRST, 1)
    clinic.desk(THERE).offer(slot_id(HEART, 0, 0), 3)
    clinic.desk(HERE).offer(SECOND, 1)
    assert held(clinic) == {SECOND: HERE, slot_id(HEART, 0, 0): THERE}
    assert clinic.book(FIRST, 2, desk=THERE).status == "booked"


def test_the_holder_books_and_the_hold_is_gone(clinic: Clinic) -> None:
    clinic.desk(HERE).offer(FIRST, 1)
    assert clinic.book(FIRST, 1, desk=HERE).status == "booked"
    assert held(clinic) == {}
    with clinic.read() as session:
        assert broken_invariants(session) == []


def test_a_longer_service_holds_its_chain_and_books_it(clinic: Clinic) -> None:
    clinic.desk(HERE).offer(FIRST, 1, service_id=2)
    chain = [slot_id(THERAPIST, 0, place) for place in range(3)]
    assert held(clinic) == dict.fromkeys(chain, HERE)
    with pytest.raises(Refusal):
        clinic.book(chain[2], 2, desk=THERE)
    assert clinic.book(FIRST, 1, desk=HERE, service="long").minutes == 40
    assert held(clinic) == {}


def test_release_gives_back_only_what_is_meant(clinic: Clinic) -> None:
    clinic.desk(HERE).offer(FIRST, 1, service_id=2)
    clinic.desk(THERE).release(FIRST)
    clinic.desk(HERE).release(slot_id(HEART, 0, 0))
    assert len(held(clinic)) == 3, "neither another desk nor an outdated wish frees it"
    clinic.desk(HERE).release(FIRST)
    assert held(clinic) == {}
    clinic.desk(HERE).release(FIRST)
    clinic.desk(HERE).release(999_999)


def test_release_never_touches_a_visit(clinic: Clinic) -> None:
    visit = clinic.book(FIRST, 1, desk=HERE)
    clinic.desk(HERE).release(FIRST)
    with clinic.read() as session:
        assert session.execute(select(col(Claim.visit_id))).scalars().all() == [visit.id]


def test_an_offer_against_an_overridable_rule_names_it(clinic: Clinic) -> None:
    clinic.set(Slot, FIRST, kind="referral")
    offer = clinic.desk(HERE).offer(FIRST, 1)
    assert offer.override == "referral_required" and "направление" in (offer.refusal or "")
    assert held(clinic) == {FIRST: HERE}
    assert clinic.book(FIRST, 1, override=offer.override).status == "booked"


def test_an_offer_against_any_other_rule_is_refused_and_holds_nothing(clinic: Clinic) -> None:
    clinic.set(Slot, FIRST, closed=True)
    with pytest.raises(Refusal) as refused:
        clinic.desk(HERE).offer(FIRST, 1)
    assert refused.value.code == "slot_closed"
    assert held(clinic) == {}


def test_a_refused_offer_keeps_the_hold_the_desk_has(clinic: Clinic) -> None:
    clinic.desk(HERE).offer(FIRST, 1)
    clinic.book(SECOND, 2, desk=THERE)
    with pytest.raises(Refusal):
        clinic.desk(HERE).offer(SECOND, 1)
    assert held(clinic) == {FIRST: HERE}


@pytest.mark.parametrize(("place", "warned"), [(2, True), (3, False)])
def test_a_visit_within_the_hour_is_told(clinic: Clinic, place: int, warned: bool) -> None:
    clinic.book(slot_id(NERVES, 0, 0), 1)  # 09:00-09:14
    offer = clinic.desk(HERE).offer(slot_id(HEART, 0, place), 1)  # 10:00 or 10:30
    assert bool(offer.warnings) is warned
    if warned:
        assert offer.warnings[0].code == "visit_near" and "09:00" in offer.warnings[0].message


def test_an_offer_to_move_holds_what_the_move_will_take(clinic: Clinic) -> None:
    """The moved visit keeps its service, so its whole length must be held."""
    visit = clinic.book(slot_id(THERAPIST, 2, 0), 1, service="long")
    clinic.desk(HERE).offer(slot_id(THERAPIST, 1, 0), 1, move_of=visit.id)
    assert held(clinic) == {slot_id(THERAPIST, 1, place): HERE for place in range(3)}
    moved = clinic.move(visit.id, slot_id(THERAPIST, 1, 0), desk=HERE)
    assert moved.minutes == 40 and held(clinic) == {}


def test_an_offer_to_move_over_its_own_slots_holds_only_new_ones(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 2, 0), 1, service="long")
    clinic.desk(HERE).offer(slot_id(THERAPIST, 2, 1), 1, service_id=2, move_of=visit.id)
    assert held(clinic) == {slot_id(THERAPIST, 2, 3): HERE}
    assert clinic.move(visit.id, slot_id(THERAPIST, 2, 1), desk=HERE).status == "booked"


def test_what_was_offered_for_a_move_can_be_done(clinic: Clinic) -> None:
    """The desk moves a visit that the portal booked: the desk's own channel and horizon count."""
    visit = clinic.book(slot_id(THERAPIST, 2, 0), 1, channel=Channel.PORTAL)
    wanted = slot_id(THERAPIST, 1, 5)
    clinic.set(Slot, wanted, channels="desk")
    offer = clinic.desk(HERE).offer(wanted, 1, move_of=visit.id)
    assert offer.refusal is None
    moved = clinic.move(visit.id, wanted, desk=HERE)
    assert moved.status == "booked" and moved.channel == "portal", "where it was booked stays known"


@pytest.mark.parametrize(("slot", "patient"), [(999, 1), (FIRST, 999)])
def test_an_offer_of_the_unknown(clinic: Clinic, slot: int, patient: int) -> None:
    with pytest.raises(Refusal) as refused:
        clinic.desk(HERE).offer(slot, patient)
    assert refused.value.code == "not_found"


def stale_at(clinic: Clinic, desk: str, day: date = MONDAY) -> datetime | None:
    return clinic.desk(desk).grid(dto.GridQuery(dto.TargetKind.DOCTOR, THERAPIST, day=day)).stale_at


def test_the_grid_says_when_time_alone_will_change_it(clinic: Clinic) -> None:
    opens = datetime.combine(MONDAY, tiny_clinic.OPENS)
    assert stale_at(clinic, THERE) == opens, "the first slot begins"
    clinic.desk(HERE).offer(FIRST, 1)
    ends = opens - timedelta(minutes=57)
    assert (stale_at(clinic, THERE), stale_at(clinic, HERE)) == (ends, opens), "its own hold is not marked"
    clinic.advance(minutes=3)
    assert stale_at(clinic, THERE) == opens, "an expired hold ends no more"
    clinic.set(Slot, SECOND, released_at=opens - timedelta(minutes=30))
    assert stale_at(clinic, THERE) == opens - timedelta(minutes=30)
    clinic.advance(minutes=57)
    assert stale_at(clinic, THERE) == opens + timedelta(minutes=15)
    clinic.advance(days=3)
    assert stale_at(clinic, THERE) is None
