"""The demo clinic: the same arguments give the same rows, whatever the database; its history is sound."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import Session, SQLModel, col

from registrar_tui import bootstrap
from registrar_tui.clock import FixedClock
from registrar_tui.errors import NotAllowed, Refusal
from registrar_tui.models import Attachment, Claim, IdentityDocument, Patient, Policy, Setting, Slot, Visit
from registrar_tui.services import dto
from registrar_tui.storage.engine import open_engine
from registrar_tui.validators.enp import check_enp
from registrar_tui.validators.snils import check_snils
from tests.integration.bases import settings
from tests.integration.invariants import broken_invariants
from tests.integration.tiny_clinic import MORNING

TODAY = date(2026, 11, 23)
SMALL: dict[str, Any] = {"patients": 60, "doctors": 5, "days": 3, "today": TODAY, "random_seed": 7}
Dump = dict[str, list[tuple[Any, ...]]]


def build(folder: Path, name: str, **changes: Any) -> str:
    folder.mkdir(exist_ok=True)
    database = str(folder / f"{name}.db")
    bootstrap.create(settings(database, folder), demo=True, **(SMALL | changes))
    return database


def dump(database: str) -> Dump:
    """Return every row of every table, in order of the whole row."""
    engine = open_engine(database)
    with engine.connect() as connection:
        found = {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in SQLModel.metadata.sorted_tables
        }
    engine.dispose()
    return found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build(tmp_path_factory.mktemp("demo"), "first")


def test_the_same_arguments_give_the_same_rows(small: str, tmp_path: Path) -> None:
    first, second = dump(small), dump(build(tmp_path, "second"))
    assert {name for name in first if first[name] != second[name]} == set()
    assert {"patient", "slot", "visit", "visit_event", "claim", "surname"} <= {
        name for name, rows in first.items() if rows
    }


def test_both_databases_get_the_same_rows(small: str, store_url: str, tmp_path: Path) -> None:
    bootstrap.create(settings(store_url, tmp_path), demo=True, **SMALL)
    first, second = dump(small), dump(store_url)
    assert {name for name in first if first[name] != second[name]} == set()


def test_ids_given_by_the_seed_do_not_collide_with_new_ones(store_url: str, tmp_path: Path) -> None:
    config = settings(store_url, tmp_path)
    bootstrap.create(config, demo=True, **SMALL)
    desk = bootstrap.build(config, clock=FixedClock(MORNING))
    draft = dto.PatientDraft("Новиков", "Олег", "", "01.02.1970", "м")
    card = desk.register_patient(draft, op_id="register")
    assert card.id == SMALL["patients"] + 1
    specialty = desk.doctors()[0].specialty
    visit = desk.book_first_free(dto.BookFirstFree("book", card.id, specialty))
    assert visit.status == "booked" and desk.visit(visit.id).history[0].what == "booked"
    desk.close()


def test_another_seed_is_another_clinic(small: str, tmp_path: Path) -> None:
    first, other = dump(small), dump(build(tmp_path, "other", random_seed=8))
    for table in ("patient", "policy", "visit"):
        assert first[table] != other[table]


def test_the_number_of_people_does_not_change_who_they_are(small: str, tmp_path: Path) -> None:
    more = dump(build(tmp_path, "more", patients=80))
    names = [sorted((row[0], row[1]) for row in rows["patient"]) for rows in (dump(small), more)]
    assert set(names[0]) <= set(names[1])


def test_the_demo_is_a_sound_base(small: str) -> None:
    engine = open_engine(small)
    with Session(engine) as session:
        assert broken_invariants(session) == []
        statuses = Counter(session.execute(select(col(Visit.status))).scalars())
        assert statuses["booked"] > 10 and statuses["fulfilled"] > 10 and statuses["cancelled"] >= 1
        marked = session.execute(select(col(Setting.value)).where(col(Setting.key) == "demo")).scalar_one()
        assert marked == "1"
        ahead = session.execute(select(func.max(col(Slot.starts_at)), func.min(col(Slot.starts_at)))).one()
        assert ahead[0].date() <= TODAY + timedelta(days=SMALL["days"] - 1) and ahead[1].date() < TODAY
        taken = session.execute(select(func.count()).select_from(Claim)).scalar_one()
        assert 0 < taken < session.execute(select(func.count()).select_from(Slot)).scalar_one()
    engine.dispose()


def test_cards_of_the_demo_say_the_branch_of_their_attachment(store_url: str, tmp_path: Path) -> None:
    bootstrap.create(settings(store_url, tmp_path), demo=True, **SMALL)
    engine = open_engine(store_url)
    with Session(engine) as session:
        rows = session.execute(select(Attachment).order_by(col(Attachment.id))).scalars().all()
        said = {row.id: row.attached_branch_id for row in session.execute(select(Patient)).scalars()}
    engine.dispose()
    active = {row.patient_id: row.branch_id for row in rows if row.status == "active"}
    assert {number: branch for number, branch in said.items() if branch is not None} == active
    assert None in said.values() and len({*said.values()}) > 2 and len(rows) > len(active)


def test_opening_the_demo_later_publishes_the_days_that_came_near(small: str, tmp_path: Path) -> None:
    config = settings(str(shutil.copy(small, tmp_path / "demo.db")), tmp_path)
    patch = pytest.MonkeyPatch()
    patch.delenv("REGISTRAR_NOW", raising=False)

    def last_day_and_count() -> tuple[date, int]:
        engine = open_engine(config.database)
        with Session(engine) as session:
            row = session.execute(select(func.max(col(Slot.starts_at)), func.count(col(Slot.id)))).one()
        engine.dispose()
        return row[0].date(), row[1]

    before = last_day_and_count()
    later = TODAY + timedelta(days=30)
    assert bootstrap.prepare_demo(config, today=later) == config
    after = last_day_and_count()
    assert after[0] > later > before[0] and after[1] > before[1]
    bootstrap.prepare_demo(config, today=later)
    assert last_day_and_count() == after, "a second opening on the same day adds nothing"
    patch.undo()


def test_a_demo_is_made_where_there_is_none(store_url: str, tmp_path: Path) -> None:
    config = settings(store_url, tmp_path)
    told: list[str] = []
    made: dict[str, Any] = {"patients": 20, "today": TODAY, "random_seed": 1}
    bootstrap.prepare_demo(config, **made, progress=lambda what, _done, _of: told.append(what))
    assert {"пациенты", "расписание", "приёмы"} <= set(told)
    desk = bootstrap.build(config, clock=FixedClock(MORNING))
    assert desk.greeting().patients == 20 and desk.greeting().demo
    assert len(desk.greeting().branches) == 3 and len(desk.doctors()) >= 40
    desk.close()
    with pytest.raises(Refusal) as refused:
        bootstrap.create(config, demo=True)
    assert refused.value.code == "already_exists"


def test_a_working_base_is_no_demo(store_url: str, tmp_path: Path) -> None:
    config = settings(store_url, tmp_path)
    bootstrap.create(config, demo=True, **SMALL)
    engine = open_engine(store_url)
    with Session(engine) as session, session.begin():
        for key in ("demo", "demo_secret"):
            row = session.get(Setting, key)
            assert row is not None
            row.value = ""
    engine.dispose()
    with pytest.raises(NotAllowed) as refused:
        bootstrap.prepare_demo(config)
    assert refused.value.exit_code == 5
    with pytest.raises(NotAllowed):
        bootstrap.build(config)


@pytest.mark.slow
def test_twenty_thousand_people(tmp_path: Path) -> None:
    database = str(tmp_path / "large.db")
    bootstrap.create(settings(database, tmp_path), demo=True, patients=20_000, today=TODAY)
    engine = open_engine(database)
    with Session(engine) as session:
        snils = [number for number in session.execute(select(col(Patient.snils))).scalars() if number]
        enp = [number for number in session.execute(select(col(Patient.enp))).scalars() if number]
        policies = [tuple(row) for row in session.execute(select(col(Policy.series), col(Policy.number)))]
        documents = [
            tuple(row)
            for row in session.execute(select(col(IdentityDocument.kind), col(IdentityDocument.number_key)))
        ]
        assert session.execute(select(func.count()).select_from(Patient)).scalar_one() == 20_000
        assert broken_invariants(session) == []
    engine.dispose()
    for numbers in (snils, enp, policies, documents):
        assert len(numbers) > 15_000 and len(set(numbers)) == len(numbers)
    assert all(check_snils(number).ok for number in snils[::20])
    assert all(check_enp(number).ok for number in enp[::20])
