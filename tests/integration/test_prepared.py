"""Prepared statements answer what the session would, and fail as it would."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import bindparam, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel import col

from registrar_tui.models import Claim, Patient, Slot
from registrar_tui.services.prepared import Prepared
from tests.integration.bases import Clinic
from tests.integration.tiny_clinic import THERAPIST, slot_id


@pytest.mark.parametrize("table", [Slot, Patient])
def test_the_values_are_the_columns_own(clinic: Clinic, table: type[Slot] | type[Patient]) -> None:
    question = select(*table.__table__.columns)  # type: ignore[union-attr]
    with clinic.read() as session:
        asked = [tuple(row) for row in session.execute(question.order_by(col(table.id)))]
        assert Prepared(question.order_by(col(table.id))).run(session, {}) == asked
        one = Prepared(question.where(col(table.id) == bindparam("wanted")))
        assert one.first(session, {"wanted": asked[-1][0]}) == asked[-1]
        assert one.first(session, {"wanted": -1}) is None


def test_a_second_claim_is_the_sessions_own_error(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 0))
    again = Prepared(insert(Claim))
    with clinic.read() as session, pytest.raises(IntegrityError):
        again.run(session, {"slot_id": visit.slot_id, "visit_id": visit.id})


def test_columns_it_was_not_prepared_for_are_refused(clinic: Clinic) -> None:
    claim = Prepared(insert(Claim))
    with clinic.read() as session:
        claim.run(session, {"slot_id": slot_id(THERAPIST, 0, 0), "held_by": "окно 1"})
        with pytest.raises(ValueError, match="visit_id"):
            claim.run(session, {"slot_id": slot_id(THERAPIST, 0, 1), "held_by": "окно 1", "visit_id": 1})


def test_a_lost_connection_is_told_and_given_up(pg_clinic: Clinic) -> None:
    whole = Prepared(select(func.count()).select_from(Slot))
    with pg_clinic.read() as session:
        assert whole.first(session, {}) is not None
        raw = session.connection().connection.dbapi_connection
        with pg_clinic.read() as other:
            other.execute(select(func.pg_terminate_backend(raw.info.backend_pid)))  # type: ignore[union-attr]
        with pytest.raises(DBAPIError) as lost:
            whole.first(session, {})
        assert lost.value.connection_invalidated and session.connection().invalidated


def test_sqlite_plans_a_bound_limit_once(sqlite_clinic: Clinic) -> None:
    """Its authorizer is asked whenever a statement is planned."""
    asked = select(col(Slot.id)).where(col(Slot.id) > bindparam("after"))
    planned: list[Any] = []

    def note(*what: Any) -> int:
        planned.append(what)
        return 0

    def plans_again(statement: Any) -> bool:
        for after in (0, 1):
            planned.clear()
            session.execute(statement, {"after": after, "most": after + 1}).fetchall()
        return bool(planned)

    with sqlite_clinic.read() as session:
        raw: Any = session.connection().connection.dbapi_connection
        raw.set_authorizer(note)
        try:
            if not plans_again(text("SELECT id FROM slot WHERE id > :after LIMIT :most")):
                pytest.skip("this SQLite does not look at a bound limit while it plans")
            assert not plans_again(asked.limit(bindparam("most")))
            assert not plans_again(asked.limit(2)) and not plans_again(asked.limit(2).offset(1))
        finally:
            raw.set_authorizer(None)
