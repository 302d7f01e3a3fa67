"""Drift of what people are found by: found, mended, on both databases, whatever the size of a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from registrar_tui.models import Attachment, Patient
from registrar_tui.services import reindexing, surname_drift
from registrar_tui.storage.engine import write_engine
from tests.integration.bases import Clinic

SPOIL = {
    "patient_keys": "UPDATE patient SET last_key = 'щука', first_initial = 'щ' WHERE id = 1",
    "patient_branch": "UPDATE patient SET attached_branch_id = 2 WHERE id IN (1, 2)",
    "document_keys": "UPDATE identity_document SET number_key = 'zzz'",
    "surname_missing": "DELETE FROM surname WHERE id = (SELECT min(id) FROM surname)",
    "surname_surplus": "INSERT INTO surname (name, people) VALUES ('никтошин', 3)",
    "surname_count": "UPDATE surname SET people = people + 5 WHERE id = (SELECT max(id) FROM surname)",
    "surname_keys": "DELETE FROM surname_deletion WHERE deletion LIKE 'а%' OR deletion LIKE 'б%'",
}
SURPLUS_KEYS = "INSERT INTO surname_trigram (trigram, surname_id) SELECT 'ъъъ', min(id) FROM surname"


@pytest.fixture
def session(clinic: Clinic) -> Iterator[Session]:
    with filled(clinic) as opened:
        yield opened


@contextmanager
def filled(clinic: Clinic) -> Iterator[Session]:
    with Session(write_engine(clinic.engine)) as opened:
        opened.connection().execute(
            text(
                "INSERT INTO identity_document (patient_id, kind, series, number, number_key, issuer,"
                " issuer_code, verification) VALUES (1, '14', '45 08', '123456', '4508123456',"
                " '', '', 'not_shown')"
            )
        )
        opened.add(Attachment(patient_id=2, branch_id=1, status="active"))
        opened.get_one(Patient, 2).attached_branch_id = 1
        opened.commit()
        yield opened


def codes(session: Session) -> set[str]:
    return {one.code for one in reindexing.drift(session)}


def quiet(_step: str, _done: int, _total: int) -> None:
    """Take no notice of the progress."""


def spoil(session: Session, statement: str) -> None:
    connection = session.connection()
    if statement.startswith("DELETE FROM surname WHERE"):
        for table in ("surname_deletion", "surname_trigram"):
            connection.execute(text(f"DELETE FROM {table} WHERE surname_id = (SELECT min(id) FROM surname)"))
    assert connection.execute(text(statement)).rowcount > 0
    session.commit()


def dump(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything people are found by; surnames by name, since a mended one has another number."""
    questions = {
        "patient": "SELECT id, last_key, first_key, middle_key, first_initial, middle_initial,"
        " phone_reversed, attached_branch_id FROM patient ORDER BY id",
        "document": "SELECT id, number_key FROM identity_document ORDER BY id",
        "surname": "SELECT name, people FROM surname ORDER BY name",
        "deletion": "SELECT name, deletion FROM surname_deletion JOIN surname ON id = surname_id"
        " ORDER BY 1, 2",
        "trigram": "SELECT name, trigram FROM surname_trigram JOIN surname ON id = surname_id ORDER BY 1, 2",
        "keys": "SELECT (SELECT count(*) FROM surname_deletion), (SELECT count(*) FROM surname_trigram)",
    }
    return {
        name: [tuple(row) for row in session.connection().execute(text(question))]
        for name, question in questions.items()
    }


@pytest.mark.parametrize("kind", ["patient", "document"])
def test_what_a_desk_changes_meanwhile_is_not_written_over(
    pg_clinic: Clinic, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A card renamed between the look at its keys and their mending keeps those of its new name.

    On SQLite who mends has the write lock before the first look.
    """
    desk_writes = {
        "patient": "UPDATE patient SET last_name = 'Щукин', last_key = 'щукин' WHERE id = 1",
        "document": "UPDATE identity_document SET number = '654321', number_key = '4508654321'",
    }[kind]
    overtaken: list[bool] = []
    look = getattr(reindexing, f"_changed_{kind}s")

    def looked(rows: Any) -> Iterator[Any]:
        found = list(look(rows))
        if not overtaken:
            overtaken.append(True)
            with pg_clinic.engine.begin() as desk:
                desk.execute(text(desk_writes))
        return iter(found)

    with filled(pg_clinic) as session:
        spoil(session, SPOIL[f"{kind}_keys"])
        monkeypatch.setattr(reindexing, f"_changed_{kind}s", looked)
        reindexing.reindex(session, quiet)
        question = "SELECT last_key FROM patient WHERE id = 1 UNION SELECT number_key FROM identity_document"
        assert {"patient": "щукин", "document": "4508654321"}[kind] in session.connection().scalars(
            text(question)
        )


def test_a_sound_base_has_no_drift_and_nothing_to_mend(session: Session) -> None:
    before = dump(session)
    assert reindexing.drift(session) == ()
    assert reindexing.reindex(session, quiet) == 0
    assert dump(session) == before


@pytest.mark.parametrize("code", SPOIL)
def test_each_kind_of_drift_is_told_and_mended(session: Session, code: str) -> None:
    before = dump(session)
    spoil(session, SPOIL[code])
    assert code in codes(session)
    assert reindexing.reindex(session, quiet) > 0
    assert reindexing.drift(session) == ()
    assert dump(session) == before


def test_surplus_keys_are_told_and_removed(session: Session) -> None:
    before = dump(session)
    spoil(session, SURPLUS_KEYS)
    assert codes(session) == {"surname_keys"}
    reindexing.reindex(session, quiet)
    assert dump(session) == before


@pytest.mark.parametrize("size", [1, 2, 3])
def test_everything_at_once_in_batches_of_any_size(
    session: Session, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(surname_drift, "BATCH", size)
    before = dump(session)
    for statement in (*SPOIL.values(), SURPLUS_KEYS):
        spoil(session, statement)
    told: list[tuple[str, int, int]] = []
    reindexing.reindex(session, lambda *step: told.append(step))
    assert dump(session) == before
    assert all(done <= total for _, done, total in told)
    assert {"карты", "документы", "словарь", "ключи словаря"} <= {step for step, _, _ in told}


def test_broken_off_it_is_simply_run_again(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surname_drift, "BATCH", 2)
    before = dump(session)
    for statement in SPOIL.values():
        spoil(session, statement)

    def after(steps: int) -> Callable[[str, int, int], None]:
        left = [steps]

        def stop(_step: str, _done: int, _total: int) -> None:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt

        return stop

    for steps in (1, 2, 4):
        with pytest.raises(KeyboardInterrupt):
            reindexing.reindex(session, after(steps))
        session.rollback()
    reindexing.reindex(session, quiet)
    assert dump(session) == before
