"""Laws of the search that hold for any text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlcipher3.dbapi2
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel, create_engine

from registrar_tui import models
from registrar_tui.services import surname_index
from registrar_tui.services.search import find_patients
from registrar_tui.services.search_keys import fold, number_key, one_typo_apart, other_layout, patient_keys
from registrar_tui.services.search_numbers import is_label
from registrar_tui.services.search_query import understand
from registrar_tui.services.target_search import find_specialty, match_targets

TODAY = date(2026, 11, 23)
RUSSIAN = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
ANY_TEXT = st.one_of(
    st.text(),
    st.text(
        alphabet=RUSSIAN + RUSSIAN.upper() + "ёЁqwerty[];',.`-/ 0123456789%_*\"()\\\x00\x1b№+", max_size=60
    ),
)
SURNAMES = st.text(alphabet=RUSSIAN, min_size=5, max_size=12)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://", module=sqlcipher3.dbapi2, poolclass=StaticPool)
    SQLModel.metadata.create_all(engine)
    with Session(engine) as opened:
        yield opened


def add(session: Session, last: str) -> None:
    keys: dict[str, Any] = dict(patient_keys(last, "Анна", "Ильинична", None))
    session.add(
        models.Patient(
            last_name=last,
            first_name="Анна",
            middle_name="Ильинична",
            birth_date=date(1958, 5, 12),
            sex="F",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            **keys,
        )
    )
    session.flush()
    surname_index.add(session, keys["last_key"])


@given(ANY_TEXT)
def test_folding_is_idempotent_and_keeps_letters_and_digits_only(text: str) -> None:
    key = fold(text)
    assert fold(key) == key
    assert key == "" or key.isalnum()
    assert number_key("", number_key("", text)) == number_key("", text)


@given(st.text(alphabet=RUSSIAN + "ё", min_size=1))
def test_a_russian_word_comes_back_from_the_other_layout(word: str) -> None:
    assert other_layout(other_layout(word)) == word


@given(st.text(alphabet="абв", max_size=7), st.text(alphabet="абв", max_size=7))
def test_one_typo_agrees_with_the_distance_it_stands_for(left: str, right: str) -> None:
    assert one_typo_apart(left, right) == (OSA.distance(left, right) <= 1)
    if one_typo_apart(left, right) and left and right and len(left) + len(right) > 2:
        assert surname_index.deletions(left) & surname_index.deletions(right)


@given(ANY_TEXT)
def test_any_text_can_be_understood(text: str) -> None:
    for query in understand(text, TODAY):
        assert query
        assert len(query.typed) == len(query.tokens)
        assert all(birth.first <= birth.last for birth in query.births)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200, deadline=None)
@given(ANY_TEXT, st.integers(-3, 50))
def test_no_text_breaks_the_search(session: Session, text: str, limit: int) -> None:
    page = find_patients(session, text, limit=limit, today=TODAY, branch_id=1)
    assert len(page.rows) <= max(1, limit)
    assert len({row.id for row in page.rows}) == len(page.rows)
    assert all(row.why for row in page.rows)
    assert (page.draft is not None) == bool(understand(text, TODAY))
    match_targets(session, text, 12)
    find_specialty(session, text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(SURNAMES, st.data())
def test_a_person_is_found_by_prefix_layout_typo_and_part(
    session: Session, name: str, data: st.DataObject
) -> None:
    assume(fold(name) == name)
    add(session, name)
    start = name[: data.draw(st.integers(2, len(name)), label="typed")]
    place = data.draw(st.integers(0, len(name) - 2), label="place")
    swapped = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
    wrong = name[:place] + data.draw(st.sampled_from(RUSSIAN), label="letter") + name[place + 1 :]
    assume(not any(map(is_label, (start, wrong))))  # «полис» beside digits says what they are
    for text in (
        f"{start} а и",
        f"и а {start}",
        f"{start} анна 58",
        f"{other_layout(name)} f b",
        f"{name} анна ильинична",
        f"{swapped} а и",
        f"{wrong} анна 12.05.1958",
        f"{name[:place] + name[place + 1 :]} ильинична",
        f"{name} онна ильинична",
    ):
        rows = find_patients(session, text, limit=1000, today=TODAY, branch_id=None).rows
        assert name in {row.full_name.split()[0] for row in rows}, text
    part = name[1:4]
    assert name in {row.name for row in surname_index.containing(session, part)}
    session.rollback()
