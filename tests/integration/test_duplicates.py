"""Likely duplicates: found from a draft and from a card, both ways, by indexes alone, on both stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session

from registrar_tui.errors import FieldErrors, NotAllowed, Refusal
from registrar_tui.models import Patient
from registrar_tui.services import duplicates
from registrar_tui.services.dto import PatientDraft
from registrar_tui.services.likeness import Person
from registrar_tui.services.search_statements import Question
from tests.integration.bases import Clinic, new_op
from tests.integration.tiny_clinic import PATIENTS

DRAFT = PatientDraft(
    last_name="Соловьёв",
    first_name="Александр",
    middle_name="Ильич",
    birth_date="12.05.1958",
    sex="м",
    phone="8 916 123-45-67",
)
HOSTILE = "[red]О'Нил[/] %_*\" \x1b[2J"


def registered(clinic: Clinic, draft: PatientDraft, **changes: str) -> int:
    return clinic.desk().register_patient(replace(draft, **changes), op_id=new_op()).id


VARIANTS: dict[str, tuple[dict[str, str], str]] = {
    "the same": ({}, "те же ФИО"),
    "ё": ({"last_name": "Соловьев"}, "те же ФИО"),
    "a latin letter": ({"last_name": "Coловьёв"}, "те же ФИО"),
    "a typo": ({"last_name": "Соловёв"}, "ФИО отличается одной буквой"),
    "a typo of the first letter": ({"last_name": "Воловьёв", "phone": ""}, "ФИО отличается одной буквой"),
    "a typo of the name": ({"first_name": "Алксандр"}, "ФИО отличается одной буквой"),
    "a digit of the date": ({"birth_date": "13.05.1958"}, "дата рождения отличается одной цифрой"),
    "a digit of the year, no phone": (
        {"birth_date": "12.05.1959", "phone": ""},
        "дата рождения отличается одной цифрой",
    ),
    "day and month": ({"birth_date": "05.12.1958", "phone": ""}, "день и месяц рождения переставлены"),
    "swapped names": (
        {"last_name": "Александр", "first_name": "Соловьёв", "phone": ""},
        "фамилия и имя переставлены",
    ),
    "another phone": ({"phone": "8 916 765-43-21"}, "те же ФИО"),
    "no patronymic": ({"middle_name": "", "phone": ""}, "та же дата рождения"),
    "only the year": ({"birth_date": "--.--.1958", "phone": ""}, "тот же год рождения"),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_card_is_found_from_its_variant_and_the_other_way_round(clinic: Clinic, variant: str) -> None:
    changes, reason = VARIANTS[variant]
    varied = replace(DRAFT, **changes)
    first = registered(clinic, DRAFT)
    told = clinic.desk().draft_duplicates(varied)
    assert [row.id for row in told] == [first], told
    assert reason in told[0].reasons
    second = registered(clinic, varied)
    (from_first,) = clinic.desk().patient_duplicates(first)
    (from_second,) = clinic.desk().patient_duplicates(second)
    assert (from_first.id, from_second.id) == (second, first)
    assert (from_first.score, from_first.reasons) == (from_second.score, from_second.reasons)
    assert from_second.score == told[0].score
    pairs = {(pair.id, pair.other.id) for pair in clinic.desk().duplicate_pairs(limit=10)}
    likely = told[0].grade in ("likely", "certain")
    named = {(first, second), (second, first)} & pairs
    if variant in ("only the year", "day and month"):  # no day and no number in common
        assert not named
    else:
        assert bool(named) is likely, (pairs, told)
    assert len(pairs) <= 1


def test_a_changed_surname_is_found_by_the_rest(clinic: Clinic) -> None:
    maiden = replace(DRAFT, last_name="Соловьёва", first_name="Анна", middle_name="Ильинична", sex="ж")
    first = registered(clinic, maiden)
    (told,) = clinic.desk().draft_duplicates(replace(maiden, last_name="Щербина"))
    assert told.id == first and told.grade == "likely"
    assert "другая фамилия: возможно, сменила" in told.against
    assert told.why.startswith("вероятно: ") and "; но другая фамилия" in told.why


def test_twins_are_not_called_the_same(clinic: Clinic) -> None:
    registered(clinic, DRAFT, snils="112-233-445 95")
    assert clinic.desk().draft_duplicates(replace(DRAFT, first_name="Владимир", snils="087-654-303 00")) == ()
    assert clinic.desk().draft_duplicates(replace(DRAFT, first_name="Владимир")) == ()


def test_documents_and_policies_find_a_card_whatever_its_name(clinic: Clinic) -> None:
    first = registered(clinic, DRAFT, passport="4503 123456", policy="АБ 123456")
    other = PatientDraft(last_name="Щербина", first_name="Глеб", birth_date="30.01.1990", sex="м")
    for number, reason in (
        ({"passport": "4503 123456"}, "тот же документ"),
        ({"policy": "АБ 123456"}, "тот же полис"),
    ):
        (told,) = clinic.desk().draft_duplicates(replace(other, **number))
        assert told.id == first and reason in told.reasons and told.against


def test_an_edited_card_is_not_its_own_duplicate(clinic: Clinic) -> None:
    first = registered(clinic, DRAFT, passport="4503 123456")
    card = clinic.desk().patient_card(first)
    assert clinic.desk().draft_duplicates(card.draft, own_id=first) == ()
    second = registered(
        clinic, DRAFT, last_name="Щербина", first_name="Глеб", birth_date="30.01.1990", phone=""
    )
    edited = replace(DRAFT, phone="")
    (told,) = clinic.desk().draft_duplicates(edited, own_id=second)
    assert told.id == first


def test_what_saving_would_refuse_is_refused_at_once(clinic: Clinic) -> None:
    registered(clinic, DRAFT, snils="112-233-445 95")
    for name in (HOSTILE, "\x00", "я" * 5000):
        with pytest.raises(FieldErrors):
            clinic.desk().draft_duplicates(replace(DRAFT, last_name=name, policy=name))
    with pytest.raises(Refusal) as refused:
        clinic.desk().draft_duplicates(replace(DRAFT, snils="112-233-445 95"))
    assert refused.value.code == "duplicate_patient"
    with pytest.raises(Refusal) as refused:
        clinic.desk().patient_duplicates(999)
    assert refused.value.code == "not_found"


def test_a_name_that_came_past_the_validators_is_compared_as_text(clinic: Clinic) -> None:
    """Rows of former programs hold anything; nothing of it is an operator."""
    with clinic.read() as session:
        for text in (HOSTILE, "'; DROP TABLE patient; --", "%", "_" * 300, ""):
            subject = Person(text, text, text, documents=frozenset({text}), policies=frozenset({text}))
            assert duplicates.like(session, subject, None, 5) == ()
    clinic.set(Patient, 3, last_name=HOSTILE)
    assert clinic.desk().patient_duplicates(3) == ()


def test_a_retired_card_leads_to_its_survivor(clinic: Clinic) -> None:
    first = registered(clinic, DRAFT, snils="112-233-445 95")
    second = registered(clinic, DRAFT, last_name="Соловёв", snils="087-654-303 00", phone="")
    clinic.merge(first, second)
    (told,) = clinic.desk().draft_duplicates(replace(DRAFT, snils="087-654-303 00"))
    assert told.id == first and f"объединённая карточка № {second}" in told.reasons
    assert clinic.desk().patient_duplicates(first) == ()
    assert list(clinic.desk().duplicate_pairs(limit=5)) == []


def test_pairs_by_a_number_are_told_once(clinic: Clinic) -> None:
    """Born on other days, so that only the numbers bring them together."""
    first = registered(clinic, DRAFT, passport="4503 123456", policy="АБ 123456")
    second = registered(clinic, DRAFT, birth_date="13.05.1958", passport="4503 123456", policy="АБ 123456")
    (pair,) = clinic.desk().duplicate_pairs(limit=5)
    assert {pair.id, pair.other.id} == {first, second}
    assert {"тот же телефон", "тот же документ", "тот же полис"} <= set(pair.other.reasons)


def test_the_whole_base_is_read_page_by_page(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    from registrar_tui.services import duplicate_pairs

    monkeypatch.setattr(duplicate_pairs, "_DAYS", 7)  # no two of these pairs on a page
    wanted = set()
    for number in range(6):
        draft = replace(DRAFT, birth_date=f"{10 + number}.05.19{40 + number}", phone="")
        wanted.add((registered(clinic, draft), registered(clinic, draft, last_name="Соловёв")))
    found = {tuple(sorted((pair.id, pair.other.id))) for pair in clinic.desk().duplicate_pairs(limit=100)}
    assert found == wanted
    assert len(list(clinic.desk().duplicate_pairs(limit=2))) == 2


def test_only_who_may_merge_reads_the_whole_base(clinic: Clinic) -> None:
    desk = clinic.desk()
    desk._workplace = replace(desk._workplace, role="registrar")
    assert desk.patient_duplicates(1) == ()
    with pytest.raises(NotAllowed) as refused:
        desk.duplicate_pairs(limit=1)
    assert "старший регистратор" in refused.value.message


def test_no_way_reads_a_whole_table(sqlite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: dict[str, tuple[Any, ...]] = {}
    run: Callable[..., list[tuple[Any, ...]]] = Question.run

    def keep(self: Question, session: Session, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        rows = run(self, session, values)
        sent = self.sent(session.connection(), values)
        ran[sent.text] = tuple(sent.filled(values))
        return rows

    full = replace(DRAFT, snils="112-233-445 95", policy="7758840848000012", passport="4503 123456")
    number = registered(sqlite_clinic, full)
    monkeypatch.setattr(Question, "run", keep)
    monkeypatch.setattr(duplicates, "BORN_THAT_DAY", 1)
    sqlite_clinic.desk().patient_duplicates(number)
    sqlite_clinic.desk().draft_duplicates(
        replace(full, birth_date="--.--.1958", snils="", policy="АБ 123456")
    )
    assert len(ran) > 10
    with sqlite_clinic.read() as session:
        for statement, parameters in ran.items():
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            for step in plan.scalars(3):
                assert step == "SCAN CONSTANT ROW" or not step.startswith("SCAN"), (statement, step)


def test_the_control_finds_a_scan(sqlite_clinic: Clinic) -> None:
    """Negative control: a column without an index is a scan."""
    with sqlite_clinic.read() as session:
        plan = session.connection().exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT id FROM patient WHERE email = ''"
        )
        assert any(step.startswith("SCAN") for step in plan.scalars(3))


def test_nobody_is_like_anybody_in_the_little_clinic(clinic: Clinic) -> None:
    assert [clinic.desk().patient_duplicates(number) for number in range(1, PATIENTS + 1)] == [()] * PATIENTS
