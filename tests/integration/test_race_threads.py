"""Twenty desks at once, in one process: one wins, and a guard that is only a look before a write does not."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import pytest
from sqlalchemy import Connection, func, select, text
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Op, Visit
from registrar_tui.services import dto
from registrar_tui.services.visits import visit_by_id
from registrar_tui.storage.session import Store
from tests.integration.bases import Clinic, new_op
from tests.integration.invariants import broken_invariants
from tests.integration.tiny_clinic import (
    OTHER_THERAPIST,
    PATIENTS,
    SLOTS_A_DAY,
    THERAPIST,
    slot_id,
)

DESKS = 20
Answer = TypeVar("Answer")
_PATIENCE = 300.0  # seconds


def at_once(work: Callable[[int], Answer], racers: int = DESKS) -> list[Answer | Exception]:
    """Run the same work from many threads that start together; an exception is an answer, too."""
    gate = threading.Barrier(racers)
    answers: list[Answer | Exception | None] = [None] * racers

    def race(number: int) -> None:
        gate.wait()
        try:
            answers[number] = work(number)
        except Exception as error:
            answers[number] = error

    threads = [threading.Thread(target=race, args=(number,)) for number in range(racers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=_PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    return [answer for answer in answers if answer is not None]


def desks(clinic: Clinic, racers: int = DESKS) -> None:
    for number in range(racers):
        clinic.desk(f"окно {number}")


def codes(answers: list[dto.VisitView | Exception]) -> Counter[str]:
    """Count what happened; anything but a visit or a refusal is a crash."""
    return Counter(
        answer.code
        if isinstance(answer, Refusal)
        else answer.status
        if isinstance(answer, dto.VisitView)
        else repr(answer)
        for answer in answers
    )


def sound(clinic: Clinic) -> None:
    with clinic.read() as session:
        assert broken_invariants(session) == []


@pytest.mark.parametrize("same_patient", [False, True])
def test_twenty_desks_one_slot(clinic: Clinic, same_patient: bool) -> None:
    desks(clinic)
    wanted = slot_id(THERAPIST, 0, 3)

    def book(number: int) -> dto.VisitView:
        patient = 1 if same_patient else 1 + number % PATIENTS
        return clinic.book(wanted, patient, desk=f"окно {number}")

    answers = at_once(book)
    assert codes(answers) == {"booked": 1, "slot_taken": DESKS - 1}
    for answer in answers:
        if isinstance(answer, Refusal):
            assert [way.kind for way in answer.ways_out if way.slot_id].count("slot") == 3
    sound(clinic)


def test_twenty_desks_one_person(clinic: Clinic) -> None:
    """The slots differ, the person and the day do not: only one visit may stand."""
    desks(clinic, 14)
    wanted = [slot_id(THERAPIST, 0, place) for place in range(SLOTS_A_DAY)]
    wanted += [slot_id(OTHER_THERAPIST, 0, place) for place in range(SLOTS_A_DAY) if place != 5]
    answers = at_once(lambda number: clinic.book(wanted[number], 1, desk=f"окно {number}"), 14)
    assert codes(answers) == {"booked": 1, "duplicate_visit": 13}
    sound(clinic)


def test_one_operation_sent_twenty_times(clinic: Clinic) -> None:
    """A front end that never got its answer asks again and again: every time the same answer."""
    desks(clinic)
    command = dto.BookVisit("once", 1, slot_id(THERAPIST, 0, 3))
    answers = at_once(lambda number: clinic.desk(f"окно {number}").book(command))
    assert codes(answers) == {"booked": DESKS}
    assert len({answer.id for answer in answers if isinstance(answer, dto.VisitView)}) == 1
    with clinic.read() as session:
        assert session.execute(select(func.count()).select_from(Visit)).scalar_one() == 1
        assert session.execute(select(func.count()).select_from(Op)).scalar_one() == 1
    sound(clinic)


def test_twelve_desks_take_the_first_free_slots(clinic: Clinic) -> None:
    desks(clinic, PATIENTS)

    def book(number: int) -> dto.VisitView:
        command = dto.BookFirstFree(new_op(), number + 1, "терапевт")
        return clinic.desk(f"окно {number}").book_first_free(command)

    answers = at_once(book, PATIENTS)
    assert codes(answers) == {"booked": PATIENTS}
    assert len({answer.slot_id for answer in answers if isinstance(answer, dto.VisitView)}) == PATIENTS
    sound(clinic)


def test_visits_that_change_places(clinic: Clinic) -> None:
    """Everybody moves to a neighbour's slot: whoever comes too late stays, nobody loses a place."""
    desks(clinic, 8)
    visits = [clinic.book(slot_id(THERAPIST, 2, place), place + 1) for place in range(8)]
    answers = at_once(
        lambda number: clinic.move(
            visits[number].id, slot_id(THERAPIST, 2, (number + 1) % 8), desk=f"окно {number}"
        ),
        8,
    )
    assert set(codes(answers)) <= {"booked", "slot_taken"}
    with clinic.read() as session:
        active = select(func.count()).select_from(Visit).where(col(Visit.status) == "booked")
        assert session.execute(active).scalar_one() == 8
    sound(clinic)


def test_long_visits_that_cross(clinic: Clinic) -> None:
    """Chains of three slots overlap each other in every way: no deadlock, no half of a chain."""
    desks(clinic, 6)
    answers = at_once(
        lambda number: clinic.book(
            slot_id(THERAPIST, 2, number), number + 1, desk=f"окно {number}", service="long"
        ),
        6,
    )
    happened = codes(answers)
    assert set(happened) == {"booked", "slot_taken"} and happened["booked"] <= 2
    sound(clinic)


def test_cancel_book_and_undo_at_once(clinic: Clinic) -> None:
    desks(clinic, 10)
    visit = clinic.book(slot_id(THERAPIST, 2, 0), 1, desk="окно 0")

    def work(number: int) -> dto.VisitView:
        desk = f"окно {number}"
        if number == 0:
            return clinic.cancel(visit.id, desk=desk)
        if number == 1:
            return clinic.undo(desk="окно 0")
        return clinic.book(slot_id(THERAPIST, 2, 0), number, desk=desk)

    answers = at_once(work, 10)
    assert all(isinstance(answer, dto.VisitView | Refusal) for answer in answers), answers
    sound(clinic)


def test_a_locked_visit_is_read_anew(pg_clinic: Clinic) -> None:
    """A colleague changed the visit between the look and the lock: what counts is what stands now.

    On SQLite nobody can come in between: the lock is taken before the look.
    """
    visit = pg_clinic.book(slot_id(THERAPIST, 2, 0), 1)
    with pg_clinic.read() as session:
        seen = visit_by_id(session, visit.id)  # kept: a session forgets a row that nobody holds
        assert seen.status == "booked"
        pg_clinic.cancel(visit.id, desk="окно 2")
        assert visit_by_id(session, visit.id, lock=True).status == "cancelled"


def test_edits_of_one_card_at_once(clinic: Clinic) -> None:
    from dataclasses import replace

    desks(clinic, 8)
    card = clinic.desk().patient_card(1)

    def edit(number: int) -> str:
        draft = replace(card.draft, last_name=f"Абрикосов{'абвгдежз'[number]}")
        clinic.desk(f"окно {number}").edit_patient(1, card.version, draft, op_id=new_op())
        return "saved"

    answers = at_once(edit, 8)
    told = Counter(answer.code if isinstance(answer, Refusal) else str(answer) for answer in answers)
    assert told == {"saved": 1, "stale_edit": 7}


def test_cards_with_one_surname_at_once(clinic: Clinic) -> None:
    """The counter of the surname dictionary is exact, and swapping two names does not deadlock."""
    from dataclasses import replace

    from tests.integration.test_registration import DRAFT, dictionary_in_step

    desks(clinic, 8)

    def register(number: int) -> int:
        draft = replace(DRAFT, snils="", phone="", first_name="АБВГДЕЖЗ"[number] + "дам")
        return clinic.desk(f"окно {number}").register_patient(draft, op_id=new_op()).id

    ids = at_once(register, 8)
    assert all(isinstance(number, int) for number in ids), ids
    dictionary_in_step(clinic)

    def rename(number: int) -> str:
        desk = clinic.desk(f"окно {number}")
        card = desk.patient_card(number + 1)
        other = ("Берёзкин", "Абрикосов")[number % 2]
        return desk.edit_patient(
            card.id, card.version, replace(card.draft, last_name=other), op_id=new_op()
        ).full_name

    names = at_once(rename, 8)
    assert all(isinstance(name, str) for name in names), names
    dictionary_in_step(clinic)


# --- negative control: the same race with the guard that this store does not rely on


def _look_then_write(connection: Connection, visit: int, all_have_looked: threading.Barrier) -> bool:
    taken = connection.execute(text("SELECT count(*) FROM careless WHERE slot_id = 1")).scalar_one()
    all_have_looked.wait(_PATIENCE)
    if taken:
        return False
    connection.execute(text("INSERT INTO careless (slot_id, visit_id) VALUES (1, :v)"), {"v": visit})
    return True


def test_without_the_key_the_race_gives_doubles_on_postgresql(pg_clinic: Clinic) -> None:
    engine = pg_clinic.engine
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE careless (slot_id integer, visit_id integer)"))
    all_have_looked = threading.Barrier(10)
    try:

        def book(number: int) -> bool:
            with engine.begin() as connection:
                return _look_then_write(connection, number, all_have_looked)

        won = at_once(book, 10).count(True)
        assert won > 1, "ten transactions looked, saw the slot free and took it"
    finally:
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE careless"))


def test_without_the_key_the_race_gives_doubles_on_sqlite(sqlite_clinic: Clinic) -> None:
    """The look is one transaction and the write another, as in a program that asks before it books."""
    store = Store(sqlite_clinic.engine, "test")
    store.write(lambda s: s.execute(text("CREATE TABLE careless (slot_id integer, visit_id integer)")))

    all_have_looked = threading.Barrier(10)

    def book(number: int) -> bool:
        with store.read() as session:
            taken = session.execute(text("SELECT count(*) FROM careless WHERE slot_id = 1")).scalar_one()
        all_have_looked.wait(_PATIENCE)
        if taken:
            return False

        def insert(session: Session) -> None:
            session.execute(text("INSERT INTO careless VALUES (1, :v)"), {"v": number})

        store.write(insert)
        return True

    assert at_once(book, 10).count(True) > 1
