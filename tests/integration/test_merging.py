"""Two cards become one and part again: what moves, what stays, who wins, and what stands against it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel, col

from registrar_tui import maintenance
from registrar_tui.errors import NotAllowed, Refusal
from registrar_tui.models import (
    Attachment,
    AuditEntry,
    IdentityDocument,
    Patient,
    PatientMerge,
    Policy,
    Representative,
    Visit,
    VisitEvent,
)
from registrar_tui.services.dto import PatientDraft
from registrar_tui.services.dto_merge import MergePatients, MergeView
from tests.integration.bases import Clinic, new_op, settings
from tests.integration.invariants import broken_invariants
from tests.integration.tiny_clinic import MONDAY

OLD, NEW = 1, 2
_LEFT = ("version",)
"""A card that was merged and parted again has another version: an open form must not write over it."""


def rows(clinic: Clinic) -> dict[str, list[dict[str, Any]]]:
    """Return everything a merge touches, as plain rows."""
    tables: tuple[type[SQLModel], ...] = (
        Patient,
        Visit,
        IdentityDocument,
        Policy,
        Attachment,
        Representative,
    )
    found: dict[str, list[dict[str, Any]]] = {}
    with clinic.read() as session:
        for table in tables:
            columns = table.metadata.tables[str(table.__tablename__)].c
            kept = [column for column in columns if column.name not in _LEFT]
            found[table.__name__] = [
                dict(row._mapping) for row in session.execute(select(*kept).order_by(columns.id))
            ]
    return found


def card(clinic: Clinic, number: int) -> Patient:
    with clinic.read() as session:
        patient = session.get(Patient, number)
        assert patient is not None
        return patient


def refused(clinic: Clinic, survivor: int, retired: int, **more: int) -> Refusal:
    with pytest.raises(Refusal) as caught:
        clinic.desk().merge_patients(MergePatients(new_op(), survivor, retired, "проба", **more))
    return caught.value


def unmerge(clinic: Clinic, retired: int, desk: str = "окно 1") -> MergeView:
    return clinic.desk(desk).unmerge_patient(retired, op_id=new_op())


def sound(clinic: Clinic) -> None:
    with clinic.read() as session:
        assert broken_invariants(session) == []
    assert maintenance.check(settings(clinic.database, clinic.folder))["problems"] == []


@pytest.fixture
def full(clinic: Clinic) -> Clinic:
    """Two cards with something of every kind; the second has a phone and a СНИЛС the first one lacks."""
    clinic.book(1101, OLD)
    clinic.book(1104, NEW)
    clinic.cancel(clinic.book(1207, NEW).id)
    clinic.move(clinic.book(2101, NEW).id, 2104)
    for number, series, policy in ((OLD, "45 01", "7758840848000012"), (NEW, "45 02", "1848530844000018")):
        clinic.add(
            IdentityDocument(
                patient_id=number,
                series=series,
                number="123456",
                number_key=f"{series[:2]}{series[3:]}123456",
            ),
            Policy(patient_id=number, kind="П", number=policy),
        )
        clinic.set(Patient, number, enp=policy)
    clinic.add(
        Attachment(patient_id=NEW, status="active", district="4", branch_id=1, since=MONDAY),
        Representative(patient_id=NEW, person_id=5, name="Дубравин И. П.", relation="отец"),
        Representative(patient_id=6, person_id=NEW, name="Берёзкин И. П.", relation="отец"),
    )
    clinic.set(
        Patient,
        NEW,
        snils="11223344595",
        phone="+79161234567",
        phone_reversed="76543216197",
        phone_confirmed=True,
    )
    clinic.set(Patient, NEW, consent_on=MONDAY, self_booking_until=date(2026, 12, 20), address="ул. Новая, 1")
    clinic.set(Patient, NEW, attached_branch_id=1)
    clinic.set(Patient, OLD, address="ул. Лесная, 5")
    return clinic


def test_everything_moves_to_the_survivor(full: Clinic) -> None:
    plan = full.desk().merge_plan(OLD, NEW)
    done = full.merge(OLD, NEW)
    assert done.moved == plan.moved == {
        "visits": 4, "documents": 1, "policies": 1, "attachments": 1, "representatives": 1,
    }  # fmt: skip
    assert done.filled == plan.filled
    assert set(done.filled) == {"snils", "phone", "consent_on", "self_booking_until"}
    assert plan.kept == ("enp", "address")
    assert "4 приёма" in plan.sentence and "№ 2" in plan.sentence and "4 приёма" in done.sentence
    with full.read() as session:
        assert set(session.execute(select(col(Visit.patient_id))).scalars()) == {OLD}
        person = session.execute(
            select(col(Representative.person_id)).where(col(Representative.patient_id) == 6)
        )
        assert person.scalar_one() == OLD
    survivor, retired = card(full, OLD), card(full, NEW)
    assert (survivor.snils, survivor.phone, survivor.phone_reversed) == (
        "11223344595",
        "+79161234567",
        "76543216197",
    )
    assert survivor.phone_confirmed and survivor.self_booking_until == date(2026, 12, 20)
    assert (survivor.enp, survivor.address) == ("7758840848000012", "ул. Лесная, 5")
    assert (retired.merged_into_id, retired.enp, retired.snils) == (OLD, "1848530844000018", "11223344595")
    sound(full)


def test_the_survivors_documents_stay_in_force(full: Clinic) -> None:
    before = full.desk().patient_card(OLD).draft
    full.merge(OLD, NEW)
    after = full.desk().patient_card(OLD).draft
    assert (after.policy, after.passport) == (before.policy, before.passport)
    assert full.desk().find_patients("абрикосов").rows[0].policy == "7758 8408 4800 0012"
    version = full.desk().patient_card(OLD).version
    saved = full.desk().edit_patient(OLD, version, replace(after, passport="45 09 654321"), op_id=new_op())
    assert saved.draft.passport == "45 09 654321", "what is shown later is newer than both"


def test_documents_of_the_retired_card_are_in_force_where_the_survivor_has_none(full: Clinic) -> None:
    full.merge(3, NEW)
    assert full.desk().patient_card(3).draft.passport == "45 02 123456"
    assert "участок 4" in full.desk().patient_card(3).attachment
    sound(full)


def test_a_person_is_attached_to_one_branch(full: Clinic) -> None:
    full.add(Attachment(patient_id=OLD, status="active", district="7", branch_id=1))
    assert full.merge(OLD, NEW).moved["attachments"] == 0
    assert "участок 7" in full.desk().patient_card(OLD).attachment
    assert full.desk().find_patients("абрикосов").rows[0].district == "7"


def branches(clinic: Clinic, *numbers: int) -> list[int | None]:
    return [card(clinic, number).attached_branch_id for number in numbers]


def test_the_branch_on_the_cards_goes_with_the_attachment(full: Clinic) -> None:
    full.merge(OLD, NEW)
    assert branches(full, OLD, NEW) == [1, None]
    sound(full)
    unmerge(full, NEW)
    assert branches(full, OLD, NEW) == [None, 1]
    sound(full)


def test_a_survivor_attached_elsewhere_keeps_its_branch(full: Clinic) -> None:
    full.add(Attachment(patient_id=OLD, status="active", branch_id=2))
    full.set(Patient, OLD, attached_branch_id=2)
    full.merge(OLD, NEW)
    assert branches(full, OLD, NEW) == [2, 1]
    sound(full)
    unmerge(full, NEW)
    assert branches(full, OLD, NEW) == [2, 1]
    sound(full)


def test_the_retired_card_leads_on(full: Clinic) -> None:
    full.merge(OLD, NEW)
    full.set(Patient, OLD, snils="08765430300")
    assert [row.id for row in full.desk().find_patients("11223344595").rows] == [OLD], (
        "kept on the retired card"
    )
    for text in ("берёзкин", "+7 916 123-45-67", "45 02 123456", "1848530844000018", "11223344595"):
        assert [row.id for row in full.desk().find_patients(text).rows] == [OLD], text
    for call in (
        lambda: full.desk().patient_card(NEW),
        lambda: full.book(1103, NEW),
        lambda: full.merge(3, NEW),
        lambda: full.merge(NEW, 3),
        lambda: full.desk().merge_plan(3, NEW),
    ):
        with pytest.raises(Refusal) as caught:
            call()
        assert caught.value.code == "not_found" and "№ 1" in caught.value.message


def test_undo_gives_everything_back_exactly(full: Clinic) -> None:
    before = rows(full)
    full.merge(OLD, NEW)
    assert rows(full) != before
    done = full.desk().undo(op_id=new_op())
    assert isinstance(done, MergeView) and done.undone and done.moved["visits"] == 4
    assert rows(full) == before
    sound(full)
    with full.read() as session:
        merge = session.execute(select(PatientMerge)).scalar_one()
        assert merge.undone_at is not None
    full.merge(NEW, OLD)  # and again, the other way round
    unmerge(full, OLD, desk="окно 3")
    assert rows(full) == before
    sound(full)


def test_ctrl_z_takes_the_actions_back_in_their_order(full: Clinic) -> None:
    visit = full.book(3103, NEW)
    full.merge(OLD, NEW)
    later = full.book(3206, OLD)
    assert full.undo().id == later.id
    assert isinstance(full.desk().undo(op_id=new_op()), MergeView)
    assert full.undo().id == visit.id
    sound(full)


def test_a_merge_of_another_desk_or_long_ago_is_not_taken_back_by_ctrl_z(full: Clinic) -> None:
    full.merge(OLD, NEW, desk="окно 2")
    assert not isinstance(full.desk().undo(op_id=new_op()), MergeView), "this desk's own last action"
    full.advance(minutes=31)
    with pytest.raises(Refusal) as caught:
        full.desk("окно 2").undo(op_id=new_op())
    assert caught.value.code == "nothing_to_undo"
    assert unmerge(full, NEW).undone
    sound(full)


def test_a_merge_is_done_once(full: Clinic) -> None:
    command = MergePatients("merge-once", OLD, NEW, "один человек")
    first = full.desk().merge_patients(command)
    assert full.desk().merge_patients(command) == first
    assert full.desk().unmerge_patient(NEW, op_id="part-once") == full.desk().unmerge_patient(
        NEW, op_id="part-once"
    )
    with pytest.raises(Refusal) as caught:
        full.desk().merge_patients(replace(command, reason="другая"))
    assert caught.value.code == "op_reused"
    with full.read() as session:
        assert session.execute(select(func.count()).select_from(PatientMerge)).scalar_one() == 1


def test_both_cards_and_every_visit_have_it_in_their_history(full: Clinic) -> None:
    full.merge(OLD, NEW)
    unmerge(full, NEW)
    with full.read() as session:
        entries = session.execute(
            select(AuditEntry).where(col(AuditEntry.action).in_(("cards-merged", "cards-parted")))
        ).scalars()
        told = {(row.action, row.object_id): json.loads(row.detail) for row in entries}
        events = session.execute(
            select(VisitEvent).where(col(VisitEvent.what).like("card-%")).order_by(col(VisitEvent.id))
        ).scalars()
        histories: dict[int, list[str]] = {}
        for event in events:
            histories.setdefault(event.visit_id, []).append(event.what)
            assert event.reason is not None and "№ 2" in event.reason
    assert told == {
        ("cards-merged", OLD): {"retired": NEW},
        ("cards-merged", NEW): {"survivor": OLD},
        ("cards-parted", OLD): {"retired": NEW},
        ("cards-parted", NEW): {"survivor": OLD},
    }
    assert list(histories.values()) == [["card-merged", "card-parted"]] * 4


def test_visits_at_one_time_are_told_and_stay(full: Clinic) -> None:
    assert full.desk().merge_plan(OLD, NEW).overlaps == ()
    full.book(3101, NEW)
    (told,) = full.desk().merge_plan(OLD, NEW).overlaps
    assert "24.11 09:00" in told
    full.merge(OLD, NEW)
    sound(full)


def test_what_is_seen_must_still_be_so(full: Clinic) -> None:
    plan = full.desk().merge_plan(OLD, NEW)
    opened = full.desk("окно 2").patient_card(NEW)
    full.desk("окно 2").edit_patient(NEW, opened.version, opened.draft, op_id=new_op())
    versions = {"survivor_version": plan.survivor_version, "retired_version": plan.retired_version}
    assert refused(full, OLD, NEW, **versions).code == "stale_edit"
    plan = full.desk().merge_plan(OLD, NEW)
    before = full.desk().patient_card(OLD)
    full.desk().merge_patients(
        MergePatients(new_op(), OLD, NEW, "проба", plan.survivor_version, plan.retired_version)
    )
    with pytest.raises(Refusal) as caught:
        full.desk().edit_patient(OLD, before.version, before.draft, op_id=new_op())
    assert caught.value.code == "stale_edit", "a form opened before the merge must not empty what it filled"


def test_what_cannot_be_one_person(full: Clinic) -> None:
    assert refused(full, OLD, OLD).code == "same_patient"
    assert refused(full, OLD, 999).code == refused(full, 999, OLD).code == "not_found"
    for survivor, retired in ((NEW, 5), (5, NEW), (6, NEW)):
        assert refused(full, survivor, retired).code == "different_people"
    with pytest.raises(Refusal) as caught:
        unmerge(full, OLD)
    assert caught.value.code == "not_found"
    sound(full)


def test_only_a_senior_merges(full: Clinic) -> None:
    desk = full.desk("окно 9")
    for role, may in (("registrar", False), ("administrator", False), ("auditor", False), ("senior", True)):
        desk._workplace = replace(desk._workplace, role=role)
        for call in (
            lambda: desk.merge_plan(3, 4),
            lambda: desk.merge_patients(MergePatients(new_op(), 3, 4, "проба")),
            lambda: desk.unmerge_patient(4, op_id=new_op()),
        ):
            if may:
                call()
                continue
            with pytest.raises(NotAllowed) as caught:
                call()
            assert "старший регистратор" in caught.value.message
    assert card(full, 4).merged_into_id is None


def stale(clinic: Clinic, retired: int) -> str:
    with pytest.raises(Refusal) as caught:
        unmerge(clinic, retired)
    assert caught.value.code == "stale_edit"
    sound(clinic)
    return caught.value.message


def test_what_has_changed_since_is_named(full: Clinic) -> None:
    full.merge(OLD, NEW)
    opened = full.desk().patient_card(OLD)
    full.desk().edit_patient(
        OLD, opened.version, replace(opened.draft, phone="8 916 765-43-21"), op_id=new_op()
    )
    assert "телефон" in stale(full, NEW)
    with pytest.raises(Refusal) as caught:
        full.desk().undo(op_id=new_op())
    assert caught.value.code == "stale_edit"


def test_a_number_that_went_to_another_card_is_named(full: Clinic) -> None:
    full.merge(OLD, NEW)
    full.set(Patient, 7, enp="1848530844000018")
    assert "ЕНП" in stale(full, NEW) and "№ 7" in stale(full, NEW)


def test_merges_of_merges_part_in_their_order(full: Clinic) -> None:
    before = rows(full)
    full.merge(OLD, NEW)
    full.merge(3, OLD)
    assert card(full, NEW).merged_into_id == 3, "no chain: every retired card points to a living one"
    assert [row.id for row in full.desk().find_patients("берёзкин").rows] == [3]
    sound(full)
    assert "№ 3" in stale(full, NEW)
    unmerge(full, OLD)
    assert card(full, NEW).merged_into_id == OLD
    sound(full)
    unmerge(full, NEW)
    assert rows(full) == before
    sound(full)


def test_a_visit_that_lived_on_goes_home_as_it_is(full: Clinic) -> None:
    full.merge(OLD, NEW)
    with full.read() as session:
        own = session.execute(select(col(Visit.id)).where(col(Visit.slot_id) == 1101)).scalar_one()
        came = session.execute(select(col(Visit.id)).where(col(Visit.slot_id) == 1104)).scalar_one()
    full.cancel(own)
    successor = full.move(full.move(came, 1105).id, 1106)
    fresh = full.book(3206, OLD)
    assert unmerge(full, NEW).moved["visits"] == 6
    with full.read() as session:
        owners = {row[0]: row[1] for row in session.execute(select(col(Visit.id), col(Visit.patient_id)))}
    assert owners[came] == owners[successor.id] == NEW
    assert owners[own] == owners[fresh.id] == OLD
    sound(full)


def test_the_restriction_goes_with_whose_late_cancellation_it_was(clinic: Clinic) -> None:
    clinic.merge(OLD, NEW)
    unmerge(clinic, NEW)
    late = clinic.book(1001, NEW)
    clinic.merge(OLD, NEW)
    clinic.cancel(late.id)
    assert card(clinic, OLD).self_booking_until is not None
    unmerge(clinic, NEW)
    assert card(clinic, NEW).self_booking_until is not None
    assert card(clinic, OLD).self_booking_until is None
    sound(clinic)


def test_a_hostile_name_is_shown_as_it_is_and_moves_nothing(clinic: Clinic) -> None:
    clinic.set(Patient, OLD, last_name="[red]'; DROP TABLE visit; --\x1b[2J")
    plan = clinic.desk().merge_plan(OLD, NEW)
    assert "DROP TABLE" in plan.sentence
    clinic.desk().merge_patients(MergePatients(new_op(), OLD, NEW, "'; DROP TABLE patient; --"))
    unmerge(clinic, NEW)
    clinic.set(Patient, OLD, last_name="Абрикосов")
    sound(clinic)


def test_a_draft_of_the_same_person_after_a_merge(clinic: Clinic) -> None:
    """The number of the retired card is free in the index, and its owner is still named."""
    clinic.set(Patient, NEW, snils="11223344595")
    clinic.set(Patient, OLD, snils="08765430300")
    clinic.merge(OLD, NEW)
    draft = PatientDraft(
        last_name="Берёзкин",
        first_name="Иван",
        middle_name="Петрович",
        birth_date="02.05.1952",
        snils="112-233-445 95",
    )
    (told,) = clinic.desk().draft_duplicates(draft)
    assert told.id == OLD
