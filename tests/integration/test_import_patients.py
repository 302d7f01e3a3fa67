"""Whose row it is: added, updated or refused; the same file again adds nothing, a dry run counts the same."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from registrar_tui.bulk.job import Progress
from registrar_tui.errors import NotAllowed
from registrar_tui.models import ImportBatch, ImportReject, Patient, Policy
from registrar_tui.services.dto_merge import MergePatients
from registrar_tui.validators.enp import build_enp
from registrar_tui.validators.snils import snils_control
from tests.integration import tiny_clinic
from tests.integration.bases import Clinic
from tests.integration.broken_rows import Form, rows, spoiled
from tests.integration.import_bench import (
    codes_in,
    dictionary_is_right,
    services,
    state,
    with_role,
    write_table,
)

HEADER = ("Фамилия", "Имя", "Отчество", "Дата рождения", "Пол", "СНИЛС", "Полис", "Телефон")
BORN = date(1980, 3, 7)


def snils(number: int) -> str:
    base = f"{number:09d}"
    return base + snils_control(base)


def enp(number: int, born: date = BORN) -> str:
    return build_enp("77", born, "M", number)


ONE = ("Орлов", "Пётр", "Ильич", "07.03.1980", "м", snils(200000001), enp(1), "89161234567")


def person(clinic: Clinic, surname: str = "Орлов") -> Patient:
    with clinic.read() as session:
        found: Patient = session.execute(
            select(Patient).where(col(Patient.last_name) == surname)
        ).scalar_one()
        return found


def test_a_row_is_added_with_everything_it_is_found_by(clinic: Clinic, tmp_path: Path) -> None:
    done = services(clinic).import_patients(write_table(tmp_path / "a.csv", HEADER, ONE))
    assert done == {"read": 1, "added": 1, "updated": 0, "rejected": 0, "rejects_file": None}
    card = person(clinic)
    assert (card.snils, card.enp, card.phone) == (ONE[5], ONE[6], "+79161234567")
    assert (card.last_key, card.middle_initial, card.phone_reversed) == ("орлов", "и", "76543216197")
    dictionary_is_right(clinic)
    desk = clinic.desk()
    for typed in ("орл пет", "орлоф", ONE[5], "1234567", "07.03.1980"):
        assert [row.full_name for row in desk.find_patients(typed).rows] == ["Орлов Пётр Ильич"], typed
    assert desk.patient_card(card.id or 0).draft.policy == ONE[6]


@pytest.mark.parametrize("known_by", ["both", "policy", "snils", "name"])
def test_a_row_updates_the_card_it_is_about(clinic: Clinic, tmp_path: Path, known_by: str) -> None:
    bulk = services(clinic)
    first = list(ONE)
    if known_by == "policy":
        first[5] = ""
    if known_by == "snils":
        first[6] = ""
    if known_by == "name":
        first[5] = first[6] = ""
    bulk.import_patients(write_table(tmp_path / "a.csv", HEADER, first))
    surname = "Орлов" if known_by == "name" else "Соколов"
    changed = (surname, *ONE[1:7], "")
    done = bulk.import_patients(write_table(tmp_path / "b.csv", HEADER, changed))
    assert (done["added"], done["updated"], done["rejected"]) == (0, 1, 0)
    card = person(clinic, surname)
    assert (card.snils, card.enp) == (ONE[5], ONE[6])
    assert card.phone == "+79161234567", "an empty cell leaves what is known"
    assert card.version == 2
    dictionary_is_right(clinic)


def test_namesakes_with_other_numbers_are_two_people(clinic: Clinic, tmp_path: Path) -> None:
    other = (*ONE[:5], snils(200000002), enp(2), "")
    done = services(clinic).import_patients(write_table(tmp_path / "a.csv", HEADER, ONE, other))
    assert done["added"] == 2


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ((*ONE[:5], snils(200000001), enp(2), ""), "keys_conflict"),
        (("Сорокин", "Олег", "Ильич", "01.02.1971", "м", "", enp(1), ""), "other_person"),
        ((*ONE[:5], "", "", ""), "ambiguous"),
    ],
)
def test_what_the_base_contradicts_is_rejected(
    clinic: Clinic, tmp_path: Path, row: tuple[str, ...], code: str
) -> None:
    bulk = services(clinic)
    second = (*ONE[:5], snils(200000002), enp(2), "")
    bulk.import_patients(write_table(tmp_path / "a.csv", HEADER, ONE, second))
    before = state(clinic)
    for dry in (True, False):
        done = bulk.import_patients(
            write_table(tmp_path / "b.csv", HEADER, row), dry_run=dry, rejects=tmp_path / "r.csv"
        )
        assert (done["added"], done["updated"], done["rejected"]) == (0, 0, 1)
        assert codes_in(tmp_path / "r.csv") == [code]
    assert state(clinic) == before


def test_a_number_goes_over_within_one_file(clinic: Clinic, tmp_path: Path) -> None:
    """One card gives its СНИЛС up, the next row's new person has it: the order of the rows is kept."""
    bulk = services(clinic)
    bulk.import_patients(write_table(tmp_path / "a.csv", HEADER, ONE))
    corrected = (*ONE[:5], snils(200000003), enp(1), "")
    owner = ("Сорокин", "Олег", "Ильич", "01.02.1971", "м", snils(200000001), "", "")
    done = bulk.import_patients(write_table(tmp_path / "b.csv", HEADER, corrected, owner))
    assert (done["added"], done["updated"], done["rejected"]) == (1, 1, 0)
    assert (person(clinic).snils, person(clinic, "Сорокин").snils) == (snils(200000003), snils(200000001))


def test_no_patronymic_is_said_in_many_ways(clinic: Clinic, tmp_path: Path) -> None:
    words = ("НЕТ", "-", "", "без отчества")
    table = [
        (f"Орлов{'абвг'[n]}", "Пётр", word, "07.03.1980", "м", "", "", "") for n, word in enumerate(words)
    ]
    done = services(clinic).import_patients(write_table(tmp_path / "a.csv", HEADER, *table))
    assert done["added"] == 4
    with clinic.read() as session:
        found = session.execute(
            select(col(Patient.middle_name)).where(col(Patient.birth_date) == BORN)
        ).scalars()
        assert set(found) == {""}


def test_english_headings_in_any_order(clinic: Clinic, tmp_path: Path) -> None:
    header = ("PHONE", "birth_date", "Unknown", "First Name", "last_name", "Sex")
    row = ("+7 (916) 123-45-67", "1980-03-07", "?", "Пётр", "Орлов", "M")
    assert services(clinic).import_patients(write_table(tmp_path / "a.csv", header, row))["added"] == 1
    assert person(clinic).phone == "+79161234567"


def test_the_same_file_again_adds_nothing(clinic: Clinic, tmp_path: Path) -> None:
    table = spoiled(300, seed=5)
    file = tmp_path / "a.csv"
    file.write_bytes(table.content)
    bulk = services(clinic)
    first = bulk.import_patients(file)
    before = state(clinic)
    again = bulk.import_patients(file)
    assert again["added"] == 0 and again["updated"] == 300
    assert again["rejected"] == first["rejected"] == len(table.codes)
    assert state(clinic) == before
    with clinic.read() as session:
        assert session.execute(select(ImportReject)).first() is None
        states = session.execute(select(col(ImportBatch.state))).scalars().all()
        assert states == ["finished", "finished"]


@pytest.mark.parametrize("empty", [False, True])
def test_a_dry_run_counts_the_same_and_writes_nothing(clinic: Clinic, tmp_path: Path, empty: bool) -> None:
    if empty:
        clinic.write(lambda session: [session.execute(text(f"DELETE FROM {table}")) for table in _PEOPLE])
    twice = rows(80, seed=9) + [[*cells[:8], "", ""] for cells in rows(40, seed=9)]
    lines = [Form().line(cells) for cells in twice]
    file = tmp_path / "a.csv"
    file.write_bytes(spoiled(200, seed=9).content + b"\r\n".join(lines))
    bulk = services(clinic)
    before = state(clinic)
    dry = bulk.import_patients(file, dry_run=True)
    assert state(clinic) == before
    with clinic.read() as session:
        assert session.execute(select(ImportBatch)).first() is None
    assert not (tmp_path / "a-rejects.csv").exists()
    done = bulk.import_patients(file)
    assert {**done, "rejects_file": None} == dry
    assert done["updated"] >= 120


_PEOPLE = ("surname_deletion", "surname_trigram", "surname", "patient")


def test_the_journal_gets_counts_and_no_data(clinic: Clinic, tmp_path: Path) -> None:
    services(clinic).import_patients(write_table(tmp_path / "a.csv", HEADER, ONE))
    with clinic.read() as session:
        entries = session.execute(text("SELECT action, detail FROM audit_entry ORDER BY id")).all()
    assert [entry[0] for entry in entries] == ["imported", "imported"]
    assert '"added": 1' in entries[0][1]
    assert not any(word in entry[1] for entry in entries for word in ("Орлов", ONE[5], ONE[6], "a.csv"))


def test_only_who_may_imports(clinic: Clinic, tmp_path: Path) -> None:
    file = write_table(tmp_path / "a.csv", HEADER, ONE)
    for role in ("registrar", "auditor"):
        with pytest.raises(NotAllowed):
            with_role(services(clinic), role).import_patients(file)
    assert with_role(services(clinic), "senior").import_patients(file)["added"] == 1


def test_a_desk_books_while_people_are_imported(clinic: Clinic, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(spoiled(1500, seed=11).content)
    importing = threading.Thread(target=services(clinic).import_patients, args=(file,))
    importing.start()
    booked = 0
    for place in range(tiny_clinic.SLOTS_A_DAY):
        for doctor in (tiny_clinic.THERAPIST, tiny_clinic.OTHER_THERAPIST):
            if (doctor, place) == (tiny_clinic.OTHER_THERAPIST, tiny_clinic.GAP):
                continue
            visit = clinic.book(tiny_clinic.slot_id(doctor, booked % 3, place), patient=booked % 12 + 1)
            clinic.cancel(visit.id)
            booked += 1
    importing.join()
    assert booked == 15
    dictionary_is_right(clinic)


def test_progress_rises_to_the_end(clinic: Clinic, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(spoiled(600, seed=2).content)
    told: list[Progress] = []
    services(clinic).import_patients(file, report=told.append)
    assert [step.rows for step in told] == sorted(step.rows for step in told)
    assert told[-1].done == told[-1].total == file.stat().st_size
    assert told[-1].rows == 600 + len(spoiled(600, seed=2).codes) and told[-1].rate > 0


def test_former_policies_stay_as_history(clinic: Clinic, tmp_path: Path) -> None:
    bulk = services(clinic)
    bulk.import_patients(write_table(tmp_path / "a.csv", HEADER, ONE))
    bulk.import_patients(write_table(tmp_path / "b.csv", HEADER, (*ONE[:6], enp(7), "")))
    with clinic.read() as session:
        assert set(session.execute(select(col(Policy.number))).scalars()) == {enp(1), enp(7)}
    assert person(clinic).enp == enp(7)


@pytest.mark.parametrize("known_by", ["both", "policy", "snils", "name"])
def test_what_a_merged_card_says_leads_to_its_survivor(clinic: Clinic, tmp_path: Path, known_by: str) -> None:
    """A table from elsewhere knows of no merge: it neither parts the cards nor undoes what was chosen."""
    bulk = services(clinic)
    maiden = ("Синицына", "Анна", "Ильинична", "07.03.1980", "ж", snils(200000002), enp(2), "89161234568")
    married = ("Орлова", "Анна", "Ильинична", "07.03.1980", "ж", snils(200000003), "", "")
    bulk.import_patients(write_table(tmp_path / "a.csv", HEADER, maiden, married))
    merge(clinic, person(clinic, "Орлова"), person(clinic, "Синицына"))
    row = list(maiden)
    row[5:7] = {"both": row[5:7], "policy": ["", row[6]], "snils": [row[5], ""], "name": ["", ""]}[known_by]
    before = state(clinic)
    again = write_table(tmp_path / "b.csv", HEADER, row)
    assert bulk.import_patients(again, dry_run=True)["updated"] == 1
    done = bulk.import_patients(again)
    assert (done["added"], done["updated"], done["rejected"]) == (0, 1, 0)
    assert state(clinic) == before
    fresh = write_table(tmp_path / "c.csv", HEADER, [*row[:7], "89161234569"])
    assert bulk.import_patients(fresh)["updated"] == 1
    card = person(clinic, "Орлова")
    assert (card.phone, card.snils, card.enp) == ("+79161234569", snils(200000003), enp(2))


def merge(clinic: Clinic, survivor: Patient, retired: Patient) -> None:
    command = MergePatients("merge-1", survivor.id or 0, retired.id or 0, "один человек")
    clinic.desk().merge_patients(command)
