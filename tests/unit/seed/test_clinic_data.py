"""The written clinic is complete, consistent and shown to be invented."""

from __future__ import annotations

import ast
import re
from collections import Counter
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import seed
from registrar_tui.validators.names import check_name, guess_sex
from registrar_tui.validators.phone import check_phone
from registrar_tui.vocabulary import Channel, SlotKind
from seed.clinic import load_clinic
from seed.staff import with_doctors

CLINIC = load_clinic()
TODAY = date(2026, 11, 23)


def test_counts_are_those_of_the_issue() -> None:
    assert len(CLINIC.branches) == 3
    assert len(CLINIC.specialties) >= 24
    assert len(CLINIC.doctors) >= 44
    assert ZoneInfo(CLINIC.timezone).key == "Europe/Moscow"
    per_specialty = Counter(doctor.specialty for doctor in CLINIC.doctors)
    assert per_specialty["therapist"] >= 6
    assert per_specialty["pediatrician"] >= 4
    assert per_specialty["cardiologist"] >= 3
    assert set(per_specialty) == {specialty.code for specialty in CLINIC.specialties}


def test_codes_are_unique_and_references_lead_somewhere() -> None:
    codes = {specialty.code for specialty in CLINIC.specialties}
    assert len(codes) == len(CLINIC.specialties)
    assert len({service.code for service in CLINIC.services}) == len(CLINIC.services)
    assert {service.specialty for service in CLINIC.services} == codes
    rooms = {(room.branch, room.number) for room in CLINIC.rooms}
    assert len(rooms) == len(CLINIC.rooms)
    assert {(doctor.branch, doctor.room) for doctor in CLINIC.doctors} <= rooms
    assert {room.branch for room in CLINIC.rooms} == set(range(len(CLINIC.branches)))


def test_every_specialty_has_a_first_and_a_repeat_visit() -> None:
    for specialty in CLINIC.specialties:
        own = [service for service in CLINIC.services if service.specialty == specialty.code]
        assert any(service.repeat for service in own), specialty.code
        assert any(not service.repeat and not service.paid for service in own), specialty.code
        assert specialty.bring, specialty.code
        assert specialty.synonyms, specialty.code
        assert ("направление" in specialty.bring) == specialty.narrow
        assert 0 < specialty.popularity <= 1


def test_some_services_take_two_and_three_slots() -> None:
    minutes = {doctor.specialty: doctor.shifts[0].minutes for doctor in CLINIC.doctors}
    spans = {-(-service.minutes // minutes[service.specialty]) for service in CLINIC.services}
    assert {1, 2, 3} <= spans
    assert any(service.paid for service in CLINIC.services)


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("лор", "otolaryngologist"),
        ("окулист", "ophthalmologist"),
        ("глазной", "ophthalmologist"),
        ("гинеколог", "gynecologist"),
        ("узи", "ultrasound"),
        ("экг", "functional"),
        ("участковый", "therapist"),
        ("зубной", "dentist"),
    ],
)
def test_everyday_words_name_a_specialty(word: str, code: str) -> None:
    found = {specialty.code for specialty in CLINIC.specialties if word in specialty.synonyms}
    assert code in found


def test_doctors_are_plausible_people() -> None:
    for doctor in CLINIC.doctors:
        for part in (doctor.last_name, doctor.first_name, doctor.middle_name):
            checked = check_name(part)
            assert checked.ok and not checked.warnings, part
        ending = doctor.middle_name[-2:]
        guessed = guess_sex("", "", doctor.middle_name)
        assert guessed == ("F" if ending == "на" else "M"), doctor.last_name
        assert 3.9 <= doctor.rating <= 5.0
        assert len(doctor.certificates) <= 3
        assert doctor.post.startswith("врач")
        assert 1985 <= doctor.since_year <= 2023
    assert any(not doctor.accepting for doctor in CLINIC.doctors)
    refusing = {doctor.specialty for doctor in CLINIC.doctors if not doctor.accepting}
    taking = {doctor.specialty for doctor in CLINIC.doctors if doctor.accepting}
    assert refusing <= taking
    names = {(doctor.last_name, doctor.first_name, doctor.middle_name) for doctor in CLINIC.doctors}
    assert len(names) == len(CLINIC.doctors)


def test_certificates_are_dated_by_the_day_of_the_demo() -> None:
    certificates = [item for doctor in CLINIC.doctors for item in doctor.certificates]
    assert certificates
    for today in (TODAY, date(2026, 3, 14), date(2026, 3, 15), date(2028, 2, 29)):
        for certificate in certificates:
            issued, until = certificate.dates(today)
            assert issued <= today
            assert until.year - issued.year == certificate.valid_years
    assert any(item.dates(TODAY)[1] < TODAY for item in certificates), "none has run out"


def test_branch_phones_are_valid_and_made_up() -> None:
    for branch in CLINIC.branches:
        assert re.fullmatch(r"\+7 \(495\) 000-\d\d-\d\d", branch.phone)
        assert branch.equipment and branch.transport and branch.parking
        checked = check_phone(branch.phone)
        assert checked.ok and not checked.warnings


def test_kinds_and_channels_of_patterns_are_known_and_varied() -> None:
    mixes = [mix for doctor in CLINIC.doctors for shift in doctor.shifts for mix in shift.pattern]
    kinds = Counter(mix.kind for mix in mixes)
    wanted = {SlotKind.REFERRAL, SlotKind.SAME_DAY, SlotKind.RESERVE, SlotKind.REPEAT, SlotKind.PAID}
    assert wanted <= set(kinds)
    assert kinds[SlotKind.ORDINARY] > len(mixes) / 2
    ordinary = {mix.channels for mix in mixes if mix.kind is SlotKind.ORDINARY}
    assert any(set(channels) == set(Channel) for channels in ordinary)
    assert any(Channel.PORTAL not in channels for channels in ordinary)
    assert all(mix.channels for mix in mixes)


def test_any_number_of_doctors_keeps_the_clinic_consistent() -> None:
    for count in (1, 5, 40, len(CLINIC.doctors), 130):
        clinic = with_doctors(CLINIC, count, random_seed=3)
        assert len(clinic.doctors) == count
        codes = {specialty.code for specialty in clinic.specialties}
        assert codes == {doctor.specialty for doctor in clinic.doctors}
        assert codes == {service.specialty for service in clinic.services}
        rooms = {(room.branch, room.number) for room in clinic.rooms}
        assert len(rooms) == len(clinic.rooms)
        assert {(doctor.branch, doctor.room) for doctor in clinic.doctors} <= rooms
    assert len(with_doctors(CLINIC, 40, random_seed=1).specialties) == len(CLINIC.specialties)
    assert with_doctors(CLINIC, 130, random_seed=3) == with_doctors(CLINIC, 130, random_seed=3)
    assert with_doctors(CLINIC, 130, random_seed=3) != with_doctors(CLINIC, 130, random_seed=4)
    with pytest.raises(ValueError, match="at least one"):
        with_doctors(CLINIC, 0, random_seed=1)


def test_package_imports_nothing_of_the_program_but_rules_and_words() -> None:
    folder = Path(seed.__file__).parent
    imported: set[str] = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module)
            elif isinstance(node, ast.Import):
                imported.update(alias.name for alias in node.names)
    ours = {name for name in imported if name.startswith("registrar_tui")}
    assert ours
    assert all(
        name == "registrar_tui.vocabulary" or name.startswith("registrar_tui.validators.") for name in ours
    )
    assert not {"sqlmodel", "sqlalchemy", "textual", "typer", "rich"} & {
        name.split(".")[0] for name in imported
    }
