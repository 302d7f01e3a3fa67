"""What the grid and the slot list say of each slot, and that both say what booking will do."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from registrar_tui.errors import Refusal
from registrar_tui.models import Doctor, Slot
from registrar_tui.services import dto
from registrar_tui.services.dto import SlotMark, TargetKind
from registrar_tui.vocabulary import Channel
from tests.integration.bases import Clinic
from tests.integration.tiny_clinic import (
    ABSENT,
    DAYS,
    HEART,
    MONDAY,
    NERVES,
    OTHER_THERAPIST,
    SLOTS_A_DAY,
    THERAPIST,
    slot_id,
    starts,
)

TUESDAY = MONDAY + timedelta(days=1)


def cells(grid: dto.SlotGrid) -> dict[int, dto.SlotCell]:
    return {cell.slot_id: cell for column in grid.columns for cell in column.cells}


def day_grid(clinic: Clinic, patient: int | None = None, **filters: object) -> dto.SlotGrid:
    arguments: dict[str, object] = {"day": MONDAY} | filters
    query = dto.GridQuery(TargetKind.SPECIALTY, 1, patient_id=patient, **arguments)  # type: ignore[arg-type]
    return clinic.desk().grid(query)


def prepared(clinic: Clinic) -> None:
    """Give the therapist's Monday one slot in every state."""
    clinic.book(slot_id(THERAPIST, 0, 1), 2)
    clinic.book(slot_id(THERAPIST, 0, 2), 1)
    clinic.set(Slot, slot_id(THERAPIST, 0, 4), closed=True, close_reason="ремонт")
    clinic.set(Slot, slot_id(THERAPIST, 0, 5), kind="referral")
    later = datetime(2026, 11, 23, 10, 0)
    clinic.set(Slot, slot_id(THERAPIST, 0, 6), kind="reserve", released_at=later)
    clinic.set(Slot, slot_id(THERAPIST, 0, 7), channels="doctor")
    clinic.advance(hours=1)
    clinic.desk("окно 2").offer(slot_id(THERAPIST, 0, 3), 3)


def test_every_mark(clinic: Clinic) -> None:
    prepared(clinic)
    found = cells(day_grid(clinic, 4))
    expected = [
        (SlotMark.PAST, "", False),
        (SlotMark.BUSY, "Берёзкин", False),
        (SlotMark.BUSY, "Абрикосов", False),
        (SlotMark.HELD, "окно 2", False),
        (SlotMark.CLOSED, "ремонт", False),
        (SlotMark.REFERRAL, "напр.", True),
        (SlotMark.CLOSED, "резерв", True),
        (SlotMark.CLOSED, "", False),
    ]
    seen = [found[slot_id(THERAPIST, 0, place)] for place in range(SLOTS_A_DAY)]
    assert [(cell.mark, cell.label, cell.bookable) for cell in seen] == expected
    free = found[slot_id(OTHER_THERAPIST, 0, 1)]
    assert (free.mark, free.label, free.bookable) == (SlotMark.FREE, "", True)
    assert (free.starts_at, free.minutes) == (starts(OTHER_THERAPIST, 0, 1), 15)


def test_a_persons_own_visit_is_marked(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 1), 1, service="long")
    found = cells(day_grid(clinic, 1))
    own = [slot for slot, cell in found.items() if cell.mark is SlotMark.OWN]
    assert own == [visit.slot_id, visit.slot_id + 1, visit.slot_id + 2]
    assert {cell.mark for cell in cells(day_grid(clinic, 2)).values()} == {SlotMark.BUSY, SlotMark.FREE}
    assert not any(cell.mark is SlotMark.OWN for cell in cells(day_grid(clinic)).values())


def test_a_duplicate_stays_free_and_asks_at_booking(clinic: Clinic) -> None:
    clinic.book(slot_id(THERAPIST, 0, 1), 1)
    cell = cells(day_grid(clinic, 1))[slot_id(OTHER_THERAPIST, 0, 1)]
    assert (cell.mark, cell.bookable) == (SlotMark.FREE, True)
    grid = day_grid(clinic, 1)
    assert (grid.free_count, grid.first_suitable) == (0, None)
    assert grid.nearest == starts(THERAPIST, 1, 0), "the nearest is on another day"


def test_the_cursor_starts_on_the_first_slot_that_can_be_booked(clinic: Clinic) -> None:
    clinic.book(slot_id(THERAPIST, 0, 0), 2)
    grid = day_grid(clinic, 1)
    assert grid.first_suitable == slot_id(OTHER_THERAPIST, 0, 0)
    assert clinic.book(grid.first_suitable or 0, 1).starts_at == grid.nearest
    assert grid.free_count == 2 * SLOTS_A_DAY - 2


def test_the_day_of_no_wish_is_the_first_with_a_free_slot(clinic: Clinic) -> None:
    clinic.advance(hours=10)
    grid = day_grid(clinic, day=None)
    assert (grid.day, grid.nearest) == (TUESDAY, starts(THERAPIST, 1, 0))
    assert [column.title for column in grid.columns] == ["Белова А. П.", "Зуева А. П."]
    for column, room in zip(grid.columns, ("каб. 101", "каб. 401"), strict=True):
        assert room in column.subtitle and "15" in column.subtitle


def test_a_week_of_one_doctor(clinic: Clinic) -> None:
    clinic.book(slot_id(NERVES, 1, 0), 2)
    clinic.advance(hours=10)
    for query in (
        dto.GridQuery(TargetKind.DOCTOR, NERVES, day=MONDAY),
        dto.GridQuery(TargetKind.SPECIALTY, 3, day=MONDAY, doctor_id=NERVES),
    ):
        grid = clinic.desk().grid(query)
        assert [column.title for column in grid.columns] == ["пн 23.11", "вт 24.11", "ср 25.11"]
        assert [column.subtitle for column in grid.columns] == ["нет мест", "свободно 7", "свободно 8"]
        assert {column.doctor_id for column in grid.columns} == {NERVES}
        assert grid.title == "невролог Ким А. П."


def test_a_service_longer_than_the_slot_needs_room(clinic: Clinic) -> None:
    clinic.book(slot_id(THERAPIST, 0, 3), 2)
    grid = clinic.desk().grid(dto.GridQuery(TargetKind.SERVICE, 2, day=MONDAY, patient_id=1))
    free = [slot for slot, cell in cells(grid).items() if cell.bookable]
    assert free == [
        slot_id(THERAPIST, 0, 0),
        slot_id(THERAPIST, 0, 4),
        slot_id(THERAPIST, 0, 5),
        *(slot_id(OTHER_THERAPIST, 0, place) for place in (0, 1, 2)),
    ]
    assert grid.title == "терапевт · приём long, 40 мин"
    filtered = clinic.desk().grid(dto.GridQuery(TargetKind.SPECIALTY, 1, day=MONDAY, service_id=2))
    assert filtered.free_count == len(free)


def test_filters(clinic: Clinic) -> None:
    clinic.add_slot(60_001, THERAPIST, datetime(2026, 11, 23, 12, 0), minutes=45)
    assert list(cells(day_grid(clinic, minutes=45))) == [60_001]
    assert day_grid(clinic, minutes=45).nearest == datetime(2026, 11, 23, 12, 0)
    assert day_grid(clinic, minutes=44).columns == ()
    assert {column.doctor_id for column in day_grid(clinic, branch_id=2).columns} == {OTHER_THERAPIST}
    assert {column.doctor_id for column in day_grid(clinic).columns} == {THERAPIST, OTHER_THERAPIST}


def test_a_grid_of_another_channel(clinic: Clinic) -> None:
    for place in range(SLOTS_A_DAY):
        clinic.set(Slot, slot_id(THERAPIST, 0, place), channels="desk phone")
    portal = day_grid(clinic, channel=Channel.PORTAL)
    assert {cell.mark for slot, cell in cells(portal).items() if slot // 1000 == THERAPIST} == {
        SlotMark.CLOSED
    }
    assert portal.strip == "портал 7 · регистратура 15 · врач 7"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (dto.GridQuery(TargetKind.SPECIALTY, 99), "specialty"),
        (dto.GridQuery(TargetKind.DOCTOR, 99), "doctor"),
        (dto.GridQuery(TargetKind.SERVICE, 99), "service"),
        (dto.GridQuery(TargetKind.SPECIALTY, 1, patient_id=99), "patient"),
    ],
)
def test_a_grid_of_the_unknown(clinic: Clinic, query: dto.GridQuery, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        clinic.desk().grid(query)
    assert (refused.value.code, refused.value.field) == ("not_found", field)


def test_a_doctor_who_does_not_receive_has_no_free_slot(clinic: Clinic) -> None:
    grid = clinic.desk().grid(dto.GridQuery(TargetKind.DOCTOR, ABSENT))
    assert (grid.first_suitable, grid.nearest, grid.free_count) == (None, None, 0)
    assert {cell.mark for cell in cells(grid).values()} == {SlotMark.CLOSED}


def test_the_slot_list_in_fhir_words(clinic: Clinic) -> None:
    prepared(clinic)
    clinic.desk().offer(slot_id(OTHER_THERAPIST, 0, 1), 5)
    rows = clinic.desk().slots(dto.SlotQuery(doctor_id=THERAPIST, first_day=MONDAY, last_day=MONDAY))
    assert [row.status for row in rows] == [
        "busy-unavailable",
        "busy",
        "busy",
        "busy-tentative",
        "busy-unavailable",
        "free",
        "free",
        "free",
    ]
    assert [row.bookable for row in rows] == [False] * 8
    assert all(row.why for row in rows) and rows[5].kind == "referral"
    own = clinic.desk().slots(dto.SlotQuery(doctor_id=OTHER_THERAPIST, first_day=MONDAY, last_day=MONDAY))
    assert (own[1].status, own[1].bookable) == ("busy-tentative", True), "the desk's own hold"


def test_the_slot_list_is_ordered_and_bounded(clinic: Clinic) -> None:
    rows = clinic.desk().slots(dto.SlotQuery(specialty="терапевт"))
    assert rows == tuple(sorted(rows, key=lambda row: (row.starts_at, row.doctor_id)))
    assert {row.starts_at.date() for row in rows} == {MONDAY + timedelta(days=day) for day in range(DAYS)}
    assert clinic.desk().slots(dto.SlotQuery(specialty="терапевт", limit=3)) == rows[:3]
    assert {row.starts_at.date() for row in clinic.desk().slots(dto.SlotQuery(first_day=TUESDAY))} == {
        TUESDAY,
        TUESDAY + timedelta(days=1),
    }
    assert clinic.desk().slots(dto.SlotQuery(doctor_id=NERVES, minutes=15)) == ()
    with pytest.raises(Refusal):
        clinic.desk().slots(dto.SlotQuery(doctor_id=99))
    with pytest.raises(Refusal):
        clinic.desk().slots(dto.SlotQuery(specialty="астролог"))


@pytest.mark.parametrize("channel", [Channel.DESK, Channel.PORTAL])
def test_what_the_list_calls_bookable_is_booked_and_nothing_else(clinic: Clinic, channel: Channel) -> None:
    prepared(clinic)
    clinic.set(Doctor, OTHER_THERAPIST, accepting=False)
    for row in clinic.desk().slots(dto.SlotQuery(specialty="терапевт", channel=channel, patient_id=1)):
        if row.bookable:
            assert clinic.book(row.id, 1, channel=channel).slot_id == row.id
            clinic.undo()
            continue
        with pytest.raises(Refusal) as refused:
            clinic.book(row.id, 1, channel=channel)
        assert refused.value.message == row.why


def test_the_doctor_list_counts_what_the_desk_can_book(clinic: Clinic) -> None:
    prepared(clinic)
    clinic.set(Slot, slot_id(OTHER_THERAPIST, 0, 1), kind="same-day")
    clinic.set(Slot, slot_id(OTHER_THERAPIST, 1, 1), kind="same-day")
    clinic.set(Slot, slot_id(OTHER_THERAPIST, 0, 2), kind="urgent")
    clinic.set(Slot, slot_id(HEART, 0, 1), kind="referral", released_at=datetime(2026, 11, 23, 8, 30))
    clinic.set(Slot, slot_id(HEART, 0, 2), channels="portal", released_at=datetime(2026, 11, 23, 8, 30))
    clinic.set(Slot, slot_id(HEART, 0, 3), channels="portal app")
    clinic.desk("окно 2").offer(slot_id(HEART, 0, 4), 3)
    clinic.desk().offer(slot_id(HEART, 0, 5), 4)
    doctors = clinic.desk().doctors()
    assert [doctor.id for doctor in doctors] == [HEART, ABSENT, NERVES, THERAPIST, OTHER_THERAPIST]
    for doctor in doctors:
        free = clinic.desk().slots(dto.SlotQuery(doctor_id=doctor.id, free_only=True))
        assert (doctor.full_name, doctor.free) == (doctor.full_name, len(free))
        assert doctor.nearest == (free[0].starts_at if free else None)
    with pytest.raises(Refusal):
        clinic.desk().doctors("астролог")


def test_space_explains_a_slot(clinic: Clinic) -> None:
    prepared(clinic)
    desk = clinic.desk()
    busy = desk.explain_slot(slot_id(THERAPIST, 0, 1), 4)
    assert "занято: Берёзкин И. П., талон № " in busy.text
    assert len([way for way in busy.ways_out if way.kind == "slot"]) == 3
    assert "Enter" in desk.explain_slot(slot_id(OTHER_THERAPIST, 0, 1), 4).text
    assert "ремонт" in desk.explain_slot(slot_id(THERAPIST, 0, 4)).text
    assert "окно 2" in desk.explain_slot(slot_id(THERAPIST, 0, 3), 4).text
    with pytest.raises(Refusal):
        desk.explain_slot(999)
