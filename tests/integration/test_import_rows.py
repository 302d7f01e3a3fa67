"""Doctors, shifts and visits from tables: the paper day is entered by the same rules as at the desk."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlmodel import col

from registrar_tui.bulk_services import TABLES, write_template
from registrar_tui.errors import NotAllowed
from registrar_tui.exchange.reading import opened, table_of
from registrar_tui.models import Doctor, Room, ShiftTemplate, Slot, Specialty, Visit
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


def test_rights(clinic: Clinic, tmp_path: Path) -> None:
    file = write_table(tmp_path / "v.csv", VISITS, ONE)
    with pytest.raises(NotAllowed):
        with_role(services(clinic), "administrator").import_visits(file)
    with pytest.raises(NotAllowed):
        with_role(services(clinic), "registrar").import_visits(file)


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("kind", list(TABLES))
def test_a_template_is_understood(kind: str, suffix: str, tmp_path: Path) -> None:
    out = write_template(kind, tmp_path / f"t{suffix}")  # type: ignore[arg-type]
    assert out.stat().st_mode & 0o777 == 0o600
    with opened(out) as source:
        table = table_of(source)
        assert table.header == [column.title for column in TABLES[kind][0]]
        assert [row.problem for row in table.rows()] == [None] * bool(TABLES[kind][1])


def test_the_templates_own_row_is_taken(clinic: Clinic, tmp_path: Path) -> None:
    """What the template shows as an example is what the import understands."""
    bulk = services(clinic)
    assert bulk.import_doctors(write_template("doctors", tmp_path / "d.xlsx"))["rejected"] == 0
    shifts = bulk.import_schedule(write_template("schedule", tmp_path / "s.csv"), publish_days=2)
    assert (shifts["updated"], shifts["rejected"]) == (1, 0)
    assert TABLES["visits"][1][3:6] == ("Иванов", "Иван", "Петрович")
