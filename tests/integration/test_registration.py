"""A person's card: made, changed, never twice, and the surname dictionary in step with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from registrar_tui.errors import FieldErrors, Refusal
from registrar_tui.models import (
    IdentityDocument,
    Op,
    Patient,
    Policy,
    Surname,
    SurnameDeletion,
    SurnameTrigram,
)
from registrar_tui.services import surname_index
from registrar_tui.services.dto import PatientDraft
from tests.integration.bases import Clinic, new_op
from tests.integration.tiny_clinic import PATIENTS

DRAFT = PatientDraft(
    last_name="Соловьёв",
    first_name="Пётр",
    middle_name="Ильич",
    birth_date="12.05.1958",
    sex="м",
    snils="112-233-445 95",
    phone="8 916 123-45-67",
    email="p@example.org",
    address="ул. Лесная, 7",
)


def people(clinic: Clinic) -> int:
    with clinic.read() as session:
        return int(session.execute(select(func.count()).select_from(Patient)).scalar_one())


def dictionary_in_step(clinic: Clinic) -> None:
    """The three tables of surnames say exactly what the cards say."""
    with clinic.read() as session:
        expected = Counter(session.execute(select(col(Patient.last_key))).scalars())
        names = {row.name: row for row in session.execute(select(Surname)).scalars()}
        assert {name: row.people for name, row in names.items()} == dict(expected)
        for table, column, keys in (
            (SurnameDeletion, SurnameDeletion.deletion, surname_index.deletions),
            (SurnameTrigram, SurnameTrigram.trigram, surname_index.trigrams),
        ):
            rows = session.execute(select(col(column), col(table.surname_id)))
            wanted = {(key, row.id) for name, row in names.items() for key in keys(name)}
            assert {(row[0], row[1]) for row in rows} == wanted


def test_a_new_card_holds_what_was_typed_in_its_normal_form(clinic: Clinic) -> None:
    card = clinic.desk().register_patient(DRAFT, op_id=new_op())
    assert (card.full_name, card.sex, card.birth_date) == ("Соловьёв Пётр Ильич", "M", date(1958, 5, 12))
    assert (card.version, card.age) == (1, 68)
    with clinic.read() as session:
        row = session.get(Patient, card.id)
        assert row is not None
        assert (row.snils, row.phone, row.email) == ("11223344595", "+79161234567", "p@example.org")
        assert row.created_at == clinic.clock.utc()
    assert clinic.desk().find_patients("соловьев").rows[0].id == card.id
    dictionary_in_step(clinic)


def test_the_form_shows_what_the_card_holds(clinic: Clinic) -> None:
    card = clinic.desk().register_patient(DRAFT, op_id=new_op())
    again = clinic.desk().edit_patient(card.id, card.version, card.draft, op_id=new_op())
    assert replace(again, version=1) == card, "saving an untouched form changes nothing"


def test_registering_twice_by_one_operation_is_one_card(clinic: Clinic) -> None:
    cards = [clinic.desk().register_patient(DRAFT, op_id="once") for _ in range(2)]
    assert cards[0] == cards[1] and people(clinic) == PATIENTS + 1
    with clinic.read() as session:
        op = session.get(Op, "once")
        assert op is not None and "Соловьёв" not in op.request + op.result
    with pytest.raises(Refusal) as refused:
        clinic.desk().register_patient(replace(DRAFT, first_name="Иван"), op_id="once")
    assert refused.value.code == "op_reused"
    dictionary_in_step(clinic)


def test_every_wrong_field_is_named_at_once(clinic: Clinic) -> None:
    wrong = PatientDraft(
        last_name="1",
        first_name="",
        birth_date="31.02.1990",
        sex="?",
        snils="112-233-445 96",
        policy="12",
        passport="4503 12345",
        phone="12",
        email="nobody",
    )
    with pytest.raises(FieldErrors) as refused:
        clinic.desk().register_patient(wrong, op_id=new_op())
    fields = [problem.field for problem in refused.value.problems]
    assert {"last_name", "first_name", "birth_date", "snils", "policy", "passport", "phone", "email"} <= set(
        fields
    )
    assert (refused.value.code, refused.value.exit_code) == ("invalid_document", 1)
    assert refused.value.field == fields[0] and refused.value.message == refused.value.problems[0].message
    assert all(problem.message and problem.code for problem in refused.value.problems)
    assert people(clinic) == PATIENTS
    dictionary_in_step(clinic)


@pytest.mark.parametrize(
    ("number", "field"), [({"snils": "112-233-445 95"}, "snils"), ({"policy": "7758840848000012"}, "policy")]
)
def test_a_number_belongs_to_one_card(clinic: Clinic, number: dict[str, str], field: str) -> None:
    bare = replace(DRAFT, snils="", birth_date="", sex="")
    first = clinic.desk().register_patient(
        replace(bare, birth_date="12.05.1958", sex="м", **number), op_id=new_op()
    )
    twin = replace(bare, last_name="Дятлов", birth_date="12.05.1958", sex="м", **number)
    with pytest.raises(Refusal) as refused:
        clinic.desk().register_patient(twin, op_id=new_op())
    assert (refused.value.code, refused.value.field) == ("duplicate_patient", field)
    assert f"№ {first.id}" in refused.value.message and refused.value.ways_out
    other = clinic.desk().patient_card(1)
    with pytest.raises(Refusal) as refused:
        clinic.desk().edit_patient(1, other.version, replace(other.draft, **number), op_id=new_op())
    assert refused.value.code in ("duplicate_patient", "invalid_document")
    dictionary_in_step(clinic)


def test_another_desk_was_quicker(clinic: Clinic) -> None:
    opened = clinic.desk().patient_card(1)
    changed = replace(opened.draft, address="ул. Новая, 1")
    saved = clinic.desk("окно 2").edit_patient(1, opened.version, changed, op_id=new_op())
    assert saved.version == opened.version + 1
    with pytest.raises(Refusal) as refused:
        clinic.desk().edit_patient(1, opened.version, opened.draft, op_id=new_op())
    assert refused.value.code == "stale_edit"
    assert clinic.desk().patient_card(1).draft.address == "ул. Новая, 1"


def test_a_changed_surname_moves_in_the_dictionary(clinic: Clinic) -> None:
    card = clinic.desk().patient_card(1)
    card = clinic.desk().edit_patient(
        1, card.version, replace(card.draft, last_name="Берёзкин"), op_id=new_op()
    )
    dictionary_in_step(clinic)
    assert {row.id for row in clinic.desk().find_patients("березкин").rows} == {1, 2}
    assert clinic.desk().find_patients("абрикосов").rows == ()
    card = clinic.desk().edit_patient(
        1, card.version, replace(card.draft, last_name="Абрикосов"), op_id=new_op()
    )
    dictionary_in_step(clinic)
    assert [row.id for row in clinic.desk().find_patients("абрикосов").rows] == [1]


def test_former_documents_stay_as_history(clinic: Clinic) -> None:
    card = clinic.desk().register_patient(replace(DRAFT, passport="4503 123456"), op_id=new_op())
    for passport in ("4503 123456", "4511 654321"):
        card = clinic.desk().edit_patient(
            card.id, card.version, replace(card.draft, passport=passport), op_id=new_op()
        )
    with clinic.read() as session:
        rows = session.execute(
            select(col(IdentityDocument.number_key))
            .where(col(IdentityDocument.patient_id) == card.id)
            .order_by(col(IdentityDocument.id))
        )
        assert list(rows.scalars()) == ["4503123456", "4511654321"]
        assert session.execute(select(func.count()).select_from(Policy)).scalar_one() == 0
    assert card.draft.passport == "45 11 654321"


def test_text_is_only_text(clinic: Clinic) -> None:
    """What looks like markup, SQL or a formula is an address like any other."""
    for nasty in ("[red]дом[/red]", "'; DROP TABLE patient; --", "=1+1", "\u202eдом", "${HOME} `id`"):
        card = clinic.desk().patient_card(1)
        card = clinic.desk().edit_patient(1, card.version, replace(card.draft, address=nasty), op_id=new_op())
        assert people(clinic) == PATIENTS
        assert clinic.desk().patient_card(1).draft.address == card.draft.address


def test_a_card_that_is_not_there(clinic: Clinic) -> None:
    clinic.set(Patient, 2, merged_into_id=1)
    for number in (2, 999):
        with pytest.raises(Refusal) as refused:
            clinic.desk().patient_card(number)
        assert refused.value.code == "not_found"
        with pytest.raises(Refusal) as refused:
            clinic.desk().edit_patient(number, 1, DRAFT, op_id=new_op())
        assert refused.value.code == "not_found"
