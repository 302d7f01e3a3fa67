"""Tables on their way out: whole, private, harmless in a spreadsheet, written down before they leave."""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from registrar_tui.errors import NotAllowed, Refusal
from registrar_tui.exchange.reading import opened, table_of
from registrar_tui.models import IdentityDocument, Patient
from registrar_tui.services.export_json import iso_day
from registrar_tui.services.exports import Span
from registrar_tui.vocabulary import SlotKind
from tests.integration.bases import Clinic
from tests.integration.broken_rows import spoiled
from tests.integration.import_bench import services, state, with_role, write_table


def cells_of(file: Path) -> list[list[str]]:
    with opened(file) as source:
        table = table_of(source)
        return [table.header, *(row.cells for row in table.rows())]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_people_go_out_and_come_back_unchanged(clinic: Clinic, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(spoiled(150, seed=6).content)
    bulk = services(clinic)
    bulk.import_patients(file)
    before = state(clinic)
    out = tmp_path / f"out.{suffix}"
    told = bulk.export("patients", out)
    with clinic.read() as session:
        people = session.execute(text("SELECT count(*) FROM patient")).scalar_one()
    assert told == {"file": str(out), "rows": people}
    assert out.stat().st_mode & 0o777 == 0o600
    done = bulk.import_patients(out)
    assert (done["added"], done["updated"], done["rejected"]) == (0, people, 0)
    assert state(clinic) == before


def test_a_document_of_another_kind_keeps_nobody_from_coming_back(clinic: Clinic, tmp_path: Path) -> None:
    kinds = (("14", "45 08", "123456"), ("24", "", "0462543"))
    for kind, series, number in kinds:
        key = (series + number).replace(" ", "")
        clinic.add(IdentityDocument(patient_id=1, kind=kind, series=series, number=number, number_key=key))
    bulk = services(clinic)
    bulk.export("patients", tmp_path / "p.csv")
    assert cells_of(tmp_path / "p.csv")[1][7] == "45 08 123456"
    assert bulk.import_patients(tmp_path / "p.csv")["rejected"] == 0


def test_without_a_name_it_goes_into_the_exports_folder(clinic: Clinic, tmp_path: Path) -> None:
    bulk = services(clinic)
    out = Path(bulk.export("visits", form="xlsx")["file"])
    assert out.parent == tmp_path / "tickets"
    assert out.name.startswith("visits-2026") and out.suffix == ".xlsx"
    assert (out.parent.stat().st_mode & 0o777, out.stat().st_mode & 0o777) == (0o700, 0o600)


def test_a_csv_is_what_excel_opens(clinic: Clinic, tmp_path: Path) -> None:
    clinic.set(Patient, 1, phone="+79161234567", email="=cmd|' /C calc'!A0", last_name="Аб;рикосов")
    out = tmp_path / "out.csv"
    services(clinic).export("patients", out)
    content = out.read_bytes()
    assert content.startswith(
        "\ufeffФамилия;Имя;Отчество;Дата рождения;Пол;СНИЛС;Полис;Паспорт;Телефон;E-mail\r\n".encode()
    )
    first = content.decode("utf-8-sig").splitlines()[1]
    assert first == "\"Аб;рикосов\";Иван;Петрович;01.05.1951;м;;;;79161234567;'=cmd|' /C calc'!A0"


def test_a_formula_stays_text_in_a_workbook(clinic: Clinic, tmp_path: Path) -> None:
    import zipfile

    clinic.set(Patient, 1, email="=1+1", phone="+79161234567")
    out = tmp_path / "out.xlsx"
    services(clinic).export("patients", out)
    sheet = zipfile.ZipFile(out).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "=1+1" in sheet and "79161234567" in sheet


def test_json_lines(clinic: Clinic, tmp_path: Path) -> None:
    clinic.set(Patient, 1, phone="+79161234567")
    out = tmp_path / "out.jsonl"
    services(clinic).export("patients", out)
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 12
    assert lines[0]["last_name"] == "Абрикосов" and lines[0]["snils"] is None
    assert (lines[0]["birth_date"], lines[0]["sex"], lines[0]["phone"]) == ("1951-05-01", "M", "+79161234567")


def test_json_lines_of_visits_and_slots_speak_in_codes(clinic: Clinic, tmp_path: Path) -> None:
    visit = clinic.book(1101)
    bulk = services(clinic)
    day = Span(date(2026, 11, 24), date(2026, 11, 24))
    bulk.export("visits", tmp_path / "v.jsonl", span=day)
    (booked,) = map(json.loads, (tmp_path / "v.jsonl").read_text(encoding="utf-8").splitlines())
    assert {key: booked[key] for key in ("visit", "date", "time", "minutes", "patient_id")} == {
        "visit": visit.number,
        "date": "2026-11-24",
        "time": "09:00",
        "minutes": 15,
        "patient_id": 1,
    }
    assert (booked["state"], booked["channel"], booked["birth_date"]) == ("booked", "desk", "1951-05-01")
    bulk.export("schedule", tmp_path / "s.jsonl", span=day)
    slots = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {slot["state"] for slot in slots} == {"busy", "free"} and slots[0]["slot_id"] == 1101
    assert {slot["kind"] for slot in slots} <= set(SlotKind)


def test_a_birth_date_known_in_part() -> None:
    assert [iso_day(day) for day in ("12.05.1958", "--.05.1958", "--.--.1958")] == [
        *("1958-05-12", "1958-05", "1958"),
    ]


def test_schedule_and_visits_of_some_days(clinic: Clinic, tmp_path: Path) -> None:
    visit = clinic.book(1101)
    clinic.book(2001, patient=2)
    day = date(2026, 11, 24)
    bulk = services(clinic)
    assert bulk.export("visits", tmp_path / "v.csv", span=Span(day, day))["rows"] == 1
    header, row = cells_of(tmp_path / "v.csv")
    assert dict(zip(header, row, strict=True)) | {} == {
        "Талон": visit.number,
        "Дата": "24.11.2026",
        "Время": "09:00",
        "Минут": "15",
        "Врач": "Белова Анна Петровна",
        "Специальность": "терапевт",
        "Филиал": "Поликлиника № 1",
        "Кабинет": "101",
        "Пациент №": "1",
        "Пациент": "Абрикосов Иван Петрович",
        "Дата рождения": "01.05.1951",
        "Телефон": "",
        "Состояние": "записан",
        "Канал": "регистратура",
    }
    assert bulk.export("schedule", tmp_path / "s.csv")["rows"] == 5 * 3 * 8 - 3
    states = [cells[-1] for cells in cells_of(tmp_path / "s.csv")[1:]]
    assert states.count("занят") == 2 and states.count("свободен") == len(states) - 2


def test_it_stands_in_the_journal_before_it_leaves(clinic: Clinic, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    bulk = services(clinic)
    seen: list[bool] = []
    write = bulk._store.write

    def watched(work: object) -> object:
        seen.append(out.exists())
        return write(work)  # type: ignore[arg-type]

    bulk._store.write = watched  # type: ignore[method-assign,assignment]
    bulk.export("patients", out)
    assert seen == [False] and out.exists()
    with clinic.read() as session:
        entries = session.execute(text("SELECT action, detail FROM audit_entry")).all()
    assert [tuple(entry) for entry in entries] == [
        ("exported", '{"form": "csv", "kind": "patients", "rows": 12}')
    ]


def test_nothing_leaves_that_cannot_be_written_down(clinic: Clinic, tmp_path: Path) -> None:
    bulk = services(clinic)

    def broken(work: object) -> object:
        raise Refusal("journal", "Журнал не пишется.")

    bulk._store.write = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(Refusal):
        bulk.export("patients", tmp_path / "out.csv")
    assert not list(tmp_path.glob("*.csv")) and not list(tmp_path.glob(".*.tmp"))


def test_only_who_may_exports(clinic: Clinic, tmp_path: Path) -> None:
    for role in ("registrar", "administrator", "auditor"):
        with pytest.raises(NotAllowed):
            with_role(services(clinic), role).export("patients", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("place", ["folder", "link", "nowhere/out.csv"])
def test_where_nothing_can_be_written(sqlite_clinic: Clinic, tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "target").write_text("чужое")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(Refusal) as told:
        services(sqlite_clinic).export("patients", tmp_path / place)
    assert told.value.code == "cannot_write" and "\n" not in told.value.message
    assert (tmp_path / "target").read_text() == "чужое"


def test_no_output_takes_the_place_of_the_base(sqlite_clinic: Clinic, tmp_path: Path) -> None:
    """`--out clinic.db` is a slip of a second; a base of years must stand after it."""
    visit = sqlite_clinic.book(1101)
    bulk, base = services(sqlite_clinic), Path(sqlite_clinic.database)
    people = write_table(tmp_path / "p.csv", ("Фамилия", "Имя", "Дата рождения"), ("Х", "", ""))
    listed = write_table(tmp_path / "t.csv", ("Талон",), (visit.number,))
    (encrypted := tmp_path / "backup.db").write_bytes(bytes(range(1, 256)) * 15 + bytes(range(256)))
    for victim in (base, Path(f"{base}-wal"), encrypted):
        beginning = victim.read_bytes()[:16]
        for write in (
            partial(bulk.export, "patients", victim),
            partial(bulk.import_patients, people, rejects=victim),
            partial(bulk.list_tickets, listed, victim),
            partial(sqlite_clinic.desk().print_ticket, visit.id, out=victim),
        ):
            with pytest.raises(Refusal) as told:
                write()
            assert told.value.code == "already_exists" and victim.read_bytes()[:16] == beginning
    assert bulk.export("patients", tmp_path / "p.csv")["rows"] == 12  # a table may be replaced
