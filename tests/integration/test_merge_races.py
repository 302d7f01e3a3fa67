"""Desks that merge the same cards at the same moment: one wins, no circle, no deadlock, nothing lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from registrar_tui.errors import RegistrarError
from registrar_tui.services.dto_merge import MergePatients
from registrar_tui.storage.failures import is_transient
from tests.integration.bases import Clinic, new_op
from tests.integration.invariants import broken_invariants

ROUNDS = 12


def together(*works: Callable[[], object]) -> list[object]:
    """Run works at one moment; each gives its answer or the code of its refusal."""
    gate = threading.Barrier(len(works))
    answers: list[object] = [None] * len(works)

    def run(place: int, work: Callable[[], object]) -> None:
        gate.wait(300)
        try:
            answers[place] = work()
        except RegistrarError as error:
            answers[place] = error.code

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert not any(thread.is_alive() for thread in threads), "a deadlock"
    return answers


def sound(clinic: Clinic) -> None:
    with clinic.read() as session:
        assert broken_invariants(session) == []


@pytest.fixture
def desks(clinic: Clinic) -> Clinic:
    """Three desks with their connections open."""
    for number in range(1, 4):
        clinic.desk(f"окно {number}").patient_card(9)
    return clinic


def merging(clinic: Clinic, desk: int, survivor: int, retired: int) -> Callable[[], object]:
    services = clinic.desk(f"окно {desk}")
    return lambda: services.merge_patients(MergePatients(new_op(), survivor, retired, "один человек"))


def test_opposite_directions_have_one_winner(desks: Clinic) -> None:
    for _ in range(ROUNDS):
        answers = together(merging(desks, 1, 1, 2), merging(desks, 2, 2, 1))
        assert [answer for answer in answers if isinstance(answer, str)] == ["not_found"], answers
        sound(desks)
        (won,) = [answer for answer in answers if not isinstance(answer, str)]
        desks.desk("окно 3").unmerge_patient(won.retired_id, op_id=new_op())  # type: ignore[attr-defined]
        sound(desks)


def test_three_in_a_ring_never_close_it(desks: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    retried: list[str] = []

    def noted(error: BaseException) -> bool:
        retried.append(str(error))
        return is_transient(error)

    monkeypatch.setattr("registrar_tui.storage.session.is_transient", noted)
    for _ in range(ROUNDS):
        answers = together(merging(desks, 1, 1, 2), merging(desks, 2, 2, 3), merging(desks, 3, 3, 1))
        assert 1 <= sum(not isinstance(answer, str) for answer in answers) <= 2, answers
        sound(desks)
        for _ in range(2):
            for retired in (1, 2, 3):
                together(lambda retired=retired: desks.desk().unmerge_patient(retired, op_id=new_op()))  # type: ignore[misc]
        sound(desks)
        assert all(desks.desk().patient_card(number) for number in (1, 2, 3))
    assert not [told for told in retried if "deadlock" in told], "each costs the server's second"


def test_a_booking_in_the_middle_of_a_merge_stands_on_a_living_card(desks: Clinic) -> None:
    booked = 0
    for place in range(8):
        slot = 1101 + place
        answers = together(
            merging(desks, 1, 1, 2),
            lambda slot=slot: desks.book(slot, 2, desk="окно 2", override="duplicate_visit"),  # type: ignore[misc]
        )
        assert answers[1] == "not_found" or not isinstance(answers[1], str), answers
        booked += not isinstance(answers[1], str)
        sound(desks)
        desks.desk("окно 3").unmerge_patient(2, op_id=new_op())
        sound(desks)
    with desks.read() as session:
        from sqlalchemy import func, select
        from sqlmodel import col

        from registrar_tui.models import Visit

        on_two = select(func.count()).select_from(Visit).where(col(Visit.patient_id) == 2)
        assert session.execute(on_two).scalar_one() == booked


def test_merging_and_parting_at_once(desks: Clinic) -> None:
    for _ in range(ROUNDS):
        desks.merge(1, 2)
        answers = together(
            merging(desks, 1, 3, 1),
            lambda: desks.desk("окно 2").unmerge_patient(2, op_id=new_op()),
            lambda: desks.desk("окно 3").unmerge_patient(2, op_id=new_op()),
        )
        sound(desks)
        assert not isinstance(answers[0], str), answers
        assert sum(not isinstance(answer, str) for answer in answers[1:]) <= 1, answers
        desks.desk().unmerge_patient(1, op_id=new_op())
        together(lambda: desks.desk().unmerge_patient(2, op_id=new_op()))
        sound(desks)


def test_one_operation_sent_by_two_desks_at_once_is_done_once(desks: Clinic) -> None:
    command = MergePatients("same-op", 1, 2, "один человек")
    services = desks.desk("окно 1")
    answers = together(lambda: services.merge_patients(command), lambda: services.merge_patients(command))
    assert answers[0] == answers[1] and not isinstance(answers[0], str)
    sound(desks)
