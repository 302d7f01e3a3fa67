"""Doctors, shifts and visits from tables: the paper day is entered by the same rules as at the desk."""

from __future__ import annotations

import time
from datetime import date, datetime
from datetime import time as dt_time
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlmodel import col

from registrar_tui.bulk import job
from registrar_tui.bulk.job import Progress
from registrar_tui.bulk.templates import TABLES, ImportKind, write_template
from registrar_tui.errors import NotAllowed, Refusal, UsageError
from registrar_tui.exchange.reading import opened, table_of
from registrar_tui.models import Doctor, Patient, Room, ShiftTemplate, Slot, Specialty, Visit
from registrar_tui.services.dto_merge import MergePatients
from registrar_tui.services.imports.directory import day_in, moment_in, time_in, weekdays_in
from tests.integration import tiny_clinic
from tests.integration.bases import Clinic
from tests.integration.import_bench import codes_in, services, with_role, write_table
from tests.integration.invariants import broken_invariants

DOCTORS = (
    "Фамилия",
    "Имя",
    "Отчество",
    "Специальность",
    "Узкая специальность",
    "Филиал",
    "Кабинет",
    "Принимает",
)
SHIFTS = (
    "Врач",
    "Специальность",
    "Дни",
    "Начало",
    "Конец",
    "Перерыв с",
    "Перерыв до",
    "Минут",
    "Вид",
    "Каналы",
)
VISITS = ("Фамилия", "Имя", "Дата рождения", "Врач", "Специальность", "Дата", "Время", "Канал")
ONE = ("Абрикосов", "Иван", "01.05.1951", "Белова А. П.", "", "23.11.2026", "09:15", "телефон")


def test_doctors_come_with_rooms_and_specialties(clinic: Clinic, tmp_path: Path) -> None:
    rows = (
        ("Синицына", "Ольга", "Львовна", "терапевт", "", "", "105", "да"),
        ("Галкин", "Олег", "", "окулист", "да", "Филиал № 2", "7", "нет"),
        ("Белова", "Анна", "Петровна", "терапевт", "", "", "909", ""),
        ("Грачёв", "Олег", "", "терапефт", "", "", "1", "да"),
        ("Чижова", "Инна", "", "терапевт", "", "Филиал № 9", "1", "да"),
        ("Стрижов", "Олег", "", "терапевт", "", "", "1", "может быть"),
    )
    bulk = services(clinic)
    file = write_table(tmp_path / "d.csv", DOCTORS, *rows)
    dry = bulk.import_doctors(file, dry_run=True)
    with clinic.read() as session:
        assert session.execute(select(func.count()).select_from(Doctor)).scalar_one() == 5
    done = bulk.import_doctors(file)
    assert {**done, "rejects_file": None} == dry
    assert (done["read"], done["added"], done["updated"], done["rejected"]) == (6, 2, 1, 3)
    assert codes_in(Path(done["rejects_file"])) == ["specialty_unknown", "branch_unknown", "accepting_format"]
    with clinic.read() as session:
        added = session.execute(select(Doctor).where(col(Doctor.last_name) == "Галкин")).scalar_one()
        specialty = session.get(Specialty, added.specialty_id)
        room = session.get(Room, added.room_id)
        assert specialty and room
        assert (specialty.name, specialty.narrow, room.branch_id, added.accepting) == (
            "окулист",
            True,
            2,
            False,
        )
        moved = session.get(Room, session.get_one(Doctor, tiny_clinic.THERAPIST).room_id)
        assert moved and moved.number == "909"
    assert bulk.import_doctors(file)["added"] == 0


def test_a_doctor_is_known_by_any_spelling_and_stays_in_the_branch(clinic: Clinic, tmp_path: Path) -> None:
    bulk = services(clinic)
    new = ("Чижов", "Пётр", "", "терапевт", "", "Филиал № 2", "7", "")
    bulk.import_doctors(write_table(tmp_path / "a.csv", DOCTORS, new))
    again = ("ЧИЖОВ", "Петр", "", "терапевт", "", "", "8", "")
    done = bulk.import_doctors(write_table(tmp_path / "b.csv", DOCTORS, again))
    assert (done["added"], done["updated"]) == (0, 1)
    with clinic.read() as session:
        doctor = session.execute(select(Doctor).where(col(Doctor.last_name) == "Чижов")).scalar_one()
        room = session.get_one(Room, doctor.room_id)
        assert (doctor.branch_id, room.branch_id, room.number) == (2, 2, "8")


def test_shifts_are_written_and_published(clinic: Clinic, tmp_path: Path) -> None:
    rows = (
        (
            "Ким А. П.",
            "",
            "пн-ср,пт",
            "12:00",
            "14:00",
            "13:00",
            "13:20",
            "20",
            "повторный приём",
            "регистратура, телефон",
        ),
        ("Белова", "", "вт", "10:00", "12:00", "", "", "15", "", ""),
        ("Никто", "", "вт", "10:00", "12:00", "", "", "15", "", ""),
        ("Ким", "", "когда-то", "10:00", "12:00", "", "", "15", "", ""),
        ("Ким", "", "сб", "10:00", "10:05", "", "", "15", "", ""),
        ("Ким", "", "сб", "10:00", "12:00", "11:00", "", "15", "", ""),
        ("Ким", "", "сб", "10:00", "12:00", "", "", "0", "", ""),
        ("Ким", "", "сб", "25:00", "12:00", "", "", "15", "", ""),
        ("Ким", "", "сб", "10:00", "12:00", "", "", "15", "ночной", ""),
    )
    file = write_table(tmp_path / "s.csv", SHIFTS, *rows)
    done = services(clinic).import_schedule(file, publish_days=7)
    assert (done["added"], done["rejected"]) == (1, 8)
    assert codes_in(Path(done["rejects_file"])) == [
        *("shift_overlap", "doctor_unknown", "days_format", "ends_early", "break_format"),
        *("minutes_format", "starts_format", "kind_unknown"),
    ]
    with clinic.read() as session:
        shifts = (
            session.execute(select(ShiftTemplate).where(col(ShiftTemplate.doctor_id) == 3)).scalars().all()
        )
        assert sorted(shift.weekday for shift in shifts) == [0, 1, 2, 4]
        slots = (
            session.execute(
                select(Slot)
                .where(col(Slot.doctor_id) == 3, col(Slot.kind) == "repeat")
                .order_by(col(Slot.starts_at))
            )
            .scalars()
            .all()
        )
        assert [f"{slot.starts_at:%H:%M}" for slot in slots[:5]] == [
            "12:00",
            "12:20",
            "12:40",
            "13:20",
            "13:40",
        ]
        assert len(slots) == 20 and slots[0].channels == "desk phone"
    again = services(clinic).import_schedule(file, publish_days=7)
    assert (again["added"], again["updated"], again["slots"]) == (0, 1, 0)


def test_a_paper_day_is_booked_once(clinic: Clinic, tmp_path: Path) -> None:
    rows = (
        ONE,
        ("Берёзкин", "Иван", "02.05.1952", "Белова", "", "23.11.2026", "9:15", ""),  # the same time
        ("Берёзкин", "Иван", "02.05.1952", "", "терапевт", "2026-11-23", "09:30", "портал"),
        (
            "Абрикосов",
            "Иван",
            "01.05.1951",
            "Белова",
            "",
            "23.11.2026",
            "09:45",
            "",
        ),  # a second visit that day
        ("Никто", "Иван", "01.05.1951", "Белова", "", "23.11.2026", "10:00", ""),
        ("Груздев", "Иван", "04.05.1954", "Белова", "", "23.11.2026", "09:07", ""),
        ("Груздев", "Иван", "04.05.1954", "Белова", "", "23.11.2026", "10:00", "почта"),
        ("Груздев", "Иван", "04.05.1954", "", "", "23.11.2026", "10:00", ""),
        ("Груздев", "Иван", "04.05.1954", "Белова", "", "22.11.2026", "10:00", ""),
    )
    file = write_table(tmp_path / "v.csv", VISITS, *rows)
    bulk = services(clinic)
    dry = bulk.import_visits(file, dry_run=True)
    with clinic.read() as session:
        assert session.execute(select(Visit)).first() is None
    done = bulk.import_visits(file)
    assert {**done, "rejects_file": None} == dry
    assert (done["added"], done["updated"], done["rejected"]) == (2, 0, 7)
    rejects = Path(done["rejects_file"])
    assert codes_in(rejects) == [
        *("slot_taken", "duplicate_visit", "not_found", "no_slot"),
        *("channel_unknown", "specialty_unknown", "no_slot"),
    ]
    told = rejects.read_text(encoding="utf-8-sig").splitlines()
    assert "Ближайшее свободное: 23.11 09:" in told[1] and "Ближайшее свободное" in told[4]
    with clinic.read() as session:
        visits = session.execute(select(Visit).order_by(col(Visit.id))).scalars().all()
        assert [(visit.patient_id, f"{visit.starts_at:%H:%M}", visit.channel) for visit in visits] == [
            (1, "09:15", "phone"),
            (2, "09:30", "portal"),
        ]
        actions = session.execute(
            text("SELECT action FROM audit_entry WHERE object_kind = 'visit'")
        ).scalars()
        assert list(actions) == ["booked", "booked"]
    again = bulk.import_visits(file)
    assert (again["added"], again["updated"], again["rejected"]) == (0, 2, 7)
    with clinic.read() as session:
        assert broken_invariants(session) == []


def test_paper_is_judged_as_of_when_it_was_written(clinic: Clinic, tmp_path: Path) -> None:
    clinic.advance(hours=3)  # 11:00: the morning is over
    header = (*VISITS, "Записано")
    rows = (
        (*ONE, ""),
        (*ONE, "23.11.2026 08:50"),
        (*ONE, "23.11.2026 11:30"),
        (*ONE, "01.11.2026 08:50"),
        (*ONE, "вчера"),
    )
    done = services(clinic).import_visits(write_table(tmp_path / "v.csv", header, *rows))
    assert (done["added"], done["rejected"]) == (1, 4)
    assert codes_in(Path(done["rejects_file"])) == ["past_slot", *("written_at_format",) * 3]


def test_cancelling_from_a_table(clinic: Clinic, tmp_path: Path) -> None:
    first, second = clinic.book(1101), clinic.book(1102, patient=2)
    rows = (
        (first.number, "пациент заболел", ""),
        (second.ticket_code, "", "клиника"),
        (first.number, "", ""),
        ("9999", "", ""),
        ("талон", "", ""),
        (second.number, "так вышло", ""),
    )
    file = write_table(tmp_path / "c.csv", ("Талон", "Причина", "Кто отменил"), *rows)
    done = services(clinic).import_cancellations(file)
    assert (done["added"], done["rejected"]) == (2, 4)
    assert codes_in(Path(done["rejects_file"])) == [
        "wrong_status",
        "not_found",
        "visit_format",
        "reason_unknown",
    ]
    assert clinic.desk().visit(first.id).status == "cancelled"
    with clinic.read() as session:
        assert session.get_one(Visit, second.id).cancelled_by == "clinic"


def test_a_mended_table_cancels_nothing_twice(clinic: Clinic, tmp_path: Path) -> None:
    first, second = clinic.book(1101), clinic.book(1102, patient=2)
    header = ("Талон", "Причина", "Кто отменил")
    rows = [(f"№ {first.number}", "кабинет не работает", ""), (second.number, "", "врач")]
    bulk = services(clinic)
    done = bulk.import_cancellations(write_table(tmp_path / "c.csv", header, *rows))
    assert (done["added"], codes_in(Path(done["rejects_file"]))) == (1, ["by_unknown"])
    rows[1] = (second.number, "", "поликлиника")
    done = bulk.import_cancellations(write_table(tmp_path / "c.csv", header, *rows))
    assert (done["added"], done["updated"], done["rejected"]) == (1, 1, 0)
    with clinic.read() as session:
        assert session.get_one(Visit, second.id).cancelled_by == "clinic"


def test_dates_times_and_days_as_other_programs_write_them() -> None:
    assert day_in("24.11.2026 0:00:00", "date") == day_in("2026-11-24T00:00:00", "date") == date(2026, 11, 24)
    assert moment_in("24.11.2026 9:15:00", "date") == datetime(2026, 11, 24, 9, 15)
    assert time_in("01.01.0001 9:15:00", "time") == time_in("30.12.1899 09:15", "time") == dt_time(9, 15)
    assert weekdays_in("Пн – ср, пт") == (0, 1, 2, 4)


@pytest.mark.parametrize("place", ["no/such/r.csv", ".", "link.csv"])
def test_no_place_for_rejects_is_told_before_a_row_is_taken(
    clinic: Clinic, tmp_path: Path, place: str
) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "target.csv")
    file = write_table(tmp_path / "v.csv", VISITS, ONE, ("Никто", *ONE[1:]))
    bulk = services(clinic)
    for dry_run in (False, True):
        with pytest.raises(Refusal) as told:
            bulk.import_visits(file, rejects=tmp_path / place, dry_run=dry_run)
        assert told.value.code == "cannot_write"
    with clinic.read() as session:
        assert session.execute(select(Visit)).first() is None


def test_a_list_is_not_overwritten_by_its_tickets(clinic: Clinic, tmp_path: Path) -> None:
    visit = clinic.book(1101)
    file = write_table(tmp_path / "t.csv", TICKETS, ("", visit.number))
    content = file.read_bytes()
    with pytest.raises(UsageError) as told:
        services(clinic).list_tickets(file, tmp_path / "." / "t.csv")
    assert told.value.field == "out" and file.read_bytes() == content
    with pytest.raises(UsageError) as told:
        services(clinic).list_tickets(file, tmp_path / "a.pdf", rejects=tmp_path / "." / "a.pdf")
    assert told.value.field == "rejects" and not (tmp_path / "a.pdf").exists()


def test_rights(clinic: Clinic, tmp_path: Path) -> None:
    file = write_table(tmp_path / "v.csv", VISITS, ONE)
    with pytest.raises(NotAllowed):
        with_role(services(clinic), "administrator").import_visits(file)
    with pytest.raises(NotAllowed):
        with_role(services(clinic), "registrar").import_visits(file)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("kind", list(TABLES))
def test_a_template_is_an_empty_table_that_is_understood(
    kind: ImportKind, suffix: str, tmp_path: Path
) -> None:
    out = tmp_path / f"t{suffix}"
    told = write_template(kind, out)
    assert out.stat().st_mode & 0o777 == 0o600
    with opened(out) as source:
        table = table_of(source)
        assert table.header == [column.title for column in TABLES[kind][0]] == told["columns"]
        assert list(table.rows()) == []
    assert set(told["example"]) <= set(told["columns"])


def test_a_template_replaces_no_file(tmp_path: Path) -> None:
    filled = write_table(tmp_path / "v.csv", VISITS, ONE)
    content = filled.read_bytes()
    with pytest.raises(Refusal) as told:
        write_template("visits", filled)
    assert told.value.code == "already_exists" and filled.read_bytes() == content
    with pytest.raises(UsageError):
        write_template("visits", tmp_path / "v.jsonl")


def test_the_example_of_a_template_is_taken(clinic: Clinic, tmp_path: Path) -> None:
    """What the template shows as an example is what the import understands."""
    bulk = services(clinic)

    def filled(kind: ImportKind) -> Path:
        told = write_template(kind, tmp_path / f"{kind}-empty.csv")
        row = [told["example"].get(title, "") for title in told["columns"]]
        return write_table(tmp_path / f"{kind}.csv", told["columns"], row)

    assert bulk.import_patients(filled("patients"))["rejected"] == 0
    assert bulk.import_doctors(filled("doctors"))["rejected"] == 0
    shifts = bulk.import_schedule(filled("schedule"), publish_days=2)
    assert (shifts["updated"], shifts["rejected"]) == (1, 0)
    booked = bulk.import_visits(filled("visits"))
    assert (booked["added"], booked["rejected"]) == (1, 0), Path(booked["rejects_file"] or "").read_text()
    assert codes_in(Path(bulk.import_cancellations(filled("cancellations"))["rejects_file"])) == ["not_found"]


def test_a_mended_file_books_nothing_twice(clinic: Clinic, tmp_path: Path) -> None:
    """A person mends a row in the table itself: its other rows stand already, whatever the file's bytes."""
    file = write_table(tmp_path / "v.csv", VISITS, ONE, ("Берёзкин", "Иван", "02.05.1952", *ONE[3:]))
    bulk = services(clinic)
    first = bulk.import_visits(file)
    assert (first["added"], first["rejected"]) == (1, 1)
    mended = ("Берёзкин", "Иван", "02.05.1952", *ONE[3:6], "09:30", "телефон")
    write_table(file, VISITS, ONE, mended)
    assert bulk.import_visits(file, dry_run=True)["updated"] == 1
    second = bulk.import_visits(file)
    assert (second["added"], second["updated"], second["rejected"]) == (1, 1, 0)
    with clinic.read() as session:
        assert session.execute(select(func.count()).select_from(Visit)).scalar_one() == 2
        assert broken_invariants(session) == []


def test_a_desk_books_between_the_rows_of_a_rehearsal(clinic: Clinic, tmp_path: Path) -> None:
    """Rows that cannot meet are tried in transactions of their own: no desk waits for the whole table."""
    rows = (ONE, ("Берёзкин", "Иван", "02.05.1952", "Зуева", "", "23.11.2026", "09:15", ""))
    file = write_table(tmp_path / "v.csv", VISITS, *rows)
    free = iter((1201, 1202))
    seen: list[int] = []

    def report(told: Progress) -> None:
        clinic.book(next(free), patient=10 + len(seen))
        seen.append(told.rows)
        time.sleep(0.25)  # reports come five times a second at most

    told = services(clinic).import_visits(file, dry_run=True, report=report)
    assert seen == [1, 2]
    assert (told["read"], told["rejected"]) == (2, 0)
    with clinic.read() as session:
        assert session.execute(select(func.count()).select_from(Visit)).scalar_one() == 2


def test_how_far_a_table_of_few_rows_is(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "_REPORT_EVERY", 0.0)
    file = write_table(tmp_path / "v.csv", VISITS, ONE, ONE, ONE)
    for dry_run in (True, False):
        seen: list[Progress] = []
        services(clinic).import_visits(file, dry_run=dry_run, report=seen.append)
        assert seen[-1].rows == 3 and {told.total for told in seen[:2]} == {3}


def test_a_specialty_is_told_what_those_who_receive_would_say(clinic: Clinic, tmp_path: Path) -> None:
    away = update(Doctor).where(col(Doctor.id) == tiny_clinic.OTHER_THERAPIST).values(accepting=False)
    clinic.write(lambda session: session.execute(away))
    rows = (
        ONE,
        ("Груздев", "Иван", "04.05.1954", "", "терапевт", "23.11.2026", "09:15", ""),
        ("Груздев", "Иван", "04.05.1954", "", "терапефт-м", "23.11.2026", "09:15", ""),
    )
    done = services(clinic).import_visits(write_table(tmp_path / "v.csv", VISITS, *rows))
    rejects = Path(done["rejects_file"])
    assert codes_in(rejects) == ["slot_taken", "specialty_unknown"]
    assert "Специальности «терапефт-м» нет" in rejects.read_text(encoding="utf-8-sig")


SNILS = "11223344595"


def give_snils(clinic: Clinic) -> None:
    first = update(Patient).where(col(Patient.id) == 1)
    clinic.write(lambda session: session.execute(first.values(snils=SNILS)))


@pytest.mark.parametrize(("heading", "number"), [("СНИЛС", SNILS), ("Пациент №", "1")])
def test_a_number_of_another_person_books_nobody(
    clinic: Clinic, tmp_path: Path, heading: str, number: str
) -> None:
    """A number copied from the line above: the name and the birthday beside it are somebody else's."""
    give_snils(clinic)
    header = (heading, *VISITS)
    strange = (number, "Берёзкин", "Иван", "02.05.1952", *ONE[3:])
    married = (number, "Берёзкин", *ONE[1:])
    done = services(clinic).import_visits(write_table(tmp_path / "v.csv", header, strange, married))
    assert (done["added"], codes_in(Path(done["rejects_file"]))) == (1, ["other_person"])


@pytest.mark.parametrize("by", ["snils", "card", "name"])
def test_a_visit_of_a_merged_card_is_its_survivors(clinic: Clinic, tmp_path: Path, by: str) -> None:
    give_snils(clinic)
    clinic.desk().merge_patients(MergePatients("m", 2, 1, "один человек"))
    nameless = ("", "", "", *ONE[3:])
    row = {"snils": (SNILS, "", *nameless), "card": ("", "1", *nameless), "name": ("", "", *ONE)}[by]
    header = ("СНИЛС", "Пациент №", *VISITS)
    done = services(clinic).import_visits(write_table(tmp_path / "v.csv", header, row))
    assert (done["added"], done["rejected"]) == (1, 0)
    with clinic.read() as session:
        assert session.execute(select(col(Visit.patient_id))).scalars().all() == [2]


TICKETS = ("Примечание", "Талон")


def test_tickets_of_a_list(clinic: Clinic, tmp_path: Path) -> None:
    first, second = clinic.book(1101), clinic.book(1102, patient=2)
    rows = (
        ("к", second.ticket_code),
        ("р", first.number),
        ("нет такого", "9999"),
        ("не номер", "талон"),
        ("подделка", "1" * 20),
        ("ещё раз", str(second.id)),
    )
    file = write_table(tmp_path / "t.csv", TICKETS, *rows)
    out = tmp_path / "t.txt"
    done = services(clinic).list_tickets(file, out, form="text")
    rejects = tmp_path / "t-rejects.csv"
    assert done == {
        "file": str(out),
        "tickets": 3,
        "read": 6,
        "rejected": 3,
        "rejects_file": str(rejects),
    }
    assert codes_in(rejects) == ["not_found", "visit_format", "visit_format"]
    sheets = out.read_text(encoding="utf-8").split("\f")
    assert [first.number in sheet for sheet in sheets] == [False, True, False]
    assert out.stat().st_mode & 0o777 == 0o600
    with clinic.read() as session:
        printed = session.execute(
            text("SELECT object_id FROM audit_entry WHERE action = 'ticket-printed' ORDER BY id")
        ).scalars()
        assert list(printed) == [second.id, first.id, second.id]


def test_a_list_that_names_nothing_leaves_no_file(clinic: Clinic, tmp_path: Path) -> None:
    file = write_table(tmp_path / "t.csv", TICKETS, ("", "9999"))
    done = services(clinic).list_tickets(file, tmp_path / "t.pdf", rejects=tmp_path / "r.csv")
    assert (done["file"], done["tickets"], done["rejected"]) == (None, 0, 1)
    assert not (tmp_path / "t.pdf").exists()
    with pytest.raises(NotAllowed):
        with_role(services(clinic), "auditor").list_tickets(file, tmp_path / "t.pdf")
