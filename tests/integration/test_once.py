"""An operation is done once, however often it is sent, and a refused one leaves nothing."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from sqlalchemy import func, select

from registrar_tui.errors import Refusal
from registrar_tui.models import Claim, Op, Visit, VisitEvent
from registrar_tui.services import booking, dto
from tests.integration.bases import Clinic
from tests.integration.invariants import broken_invariants
from tests.integration.tiny_clinic import THERAPIST, slot_id


def visits(clinic: Clinic) -> int:
    with clinic.read() as session:
        return int(session.execute(select(func.count()).select_from(Visit)).scalar_one())


def sound(clinic: Clinic) -> None:
    with clinic.read() as session:
        assert broken_invariants(session) == []


def test_the_same_operation_twice_gives_the_first_answer(clinic: Clinic) -> None:
    wanted = slot_id(THERAPIST, 0, 0)
    first = clinic.book(wanted, op_id="once")
    clinic.advance(minutes=1)
    assert clinic.book(wanted, op_id="once") == first
    assert visits(clinic) == 1
    clinic.cancel(first.id)
    assert clinic.book(wanted, op_id="once") == first, "an answer stays the first answer"
    assert clinic.desk().visit(first.id).status == "cancelled"
    sound(clinic)


def test_a_lost_connection_after_the_commit_is_no_second_booking(clinic: Clinic) -> None:
    """The retry comes from another process, with nothing in common but the op_id."""
    command = dto.BookVisit("retry", 1, slot_id(THERAPIST, 0, 0))
    first = clinic.desk().book(command)
    assert clinic.desk("окно 2").book(command) == first


def test_a_retry_that_runs_beside_its_original(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    """The retry comes while the original is at work: it waits, and must not hear of its own claim."""
    command = dto.BookVisit("retry", 1, slot_id(THERAPIST, 0, 0))
    real = booking.examine
    other = clinic.desk("окно 2")
    with ThreadPoolExecutor() as threads:
        retries: list[Future[dto.VisitView]] = []

        def overtaken(*arguments: Any, **options: Any) -> Any:
            if not retries:
                retries.append(threads.submit(other.book, command))
                assert wait(retries, timeout=0.3).not_done == set(retries), "it waits for the first answer"
            return real(*arguments, **options)

        monkeypatch.setattr(booking, "examine", overtaken)
        answer = clinic.desk().book(command)
        assert retries[0].result(timeout=300) == answer
    assert visits(clinic) == 1


def test_an_operation_number_is_not_used_for_something_else(clinic: Clinic) -> None:
    clinic.book(slot_id(THERAPIST, 0, 0), op_id="once")
    with pytest.raises(Refusal) as refused:
        clinic.book(slot_id(THERAPIST, 0, 1), 2, op_id="once")
    assert refused.value.code == "op_reused"
    assert visits(clinic) == 1


def test_a_refused_operation_may_be_tried_again_with_its_number(clinic: Clinic) -> None:
    taken = clinic.book(slot_id(THERAPIST, 0, 0), 2)
    with pytest.raises(Refusal):
        clinic.book(slot_id(THERAPIST, 0, 0), op_id="again")
    clinic.cancel(taken.id)
    assert clinic.book(slot_id(THERAPIST, 0, 0), op_id="again").status == "booked"


def test_the_stored_request_names_no_person(clinic: Clinic) -> None:
    clinic.book(slot_id(THERAPIST, 0, 0), op_id="once")
    with clinic.read() as session:
        op = session.get(Op, "once")
        assert op is not None and "Абрикосов" not in op.request + op.result
        assert json.loads(op.result)["patient_id"] == 1


def test_a_refusal_writes_nothing(clinic: Clinic) -> None:
    clinic.book(slot_id(THERAPIST, 0, 0), 2)
    with pytest.raises(Refusal):
        clinic.book(slot_id(THERAPIST, 0, 0), op_id="refused")
    with clinic.read() as session:
        assert session.get(Op, "refused") is None
        assert session.execute(select(func.count()).select_from(VisitEvent)).scalar_one() == 1
        assert session.execute(select(func.count()).select_from(Claim)).scalar_one() == 1
