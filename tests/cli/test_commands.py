"""What each command asks of the core and prints: JSON to the byte, short Russian lines."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from registrar_tui.errors import Refusal
from registrar_tui.services import dto
from registrar_tui.vocabulary import Channel, Initiator
from tests.cli.fake_services import CODE, FIRST_SLOT, HOSTILE, FakeServices
from tests.cli.harness import Registrar, typed

BOOKED = (
    '{"id":1,"number":"0412","status":"booked","patient_id":7,"doctor_id":3,"slot_id":4001,'
    '"starts_at":"2026-11-24T08:45","minutes":15,"room":"214","ticket_code":"04120000000000000017"}\n'
)
SPOKEN = "Талон 0412: вторник, 24 ноября, 08:45, каб. 214"


@pytest.fixture
def booked(registrar: Registrar, clinic: FakeServices) -> FakeServices:
    assert registrar("book", "--patient", "7", "--slot", "4001").code == 0
    clinic.asked.clear()
    return clinic


def test_find_json_is_exact_and_carries_no_terminal_command(
    registrar: Registrar, clinic: FakeServices
) -> None:
    answer = registrar("find", "ива", "ив", "58", "--json")
    assert answer.out == (
        '[{"id":7,"full_name":"Иванов [red]Иван[/red] \\u001b[31mПетрович\\u202e\\u009b2J",'
        '"birth_date":"1958-05-12","snils":"11223344595","enp":"7758840848000012",'
        '"phone":"+79161234567","why":"ФИО, год"},'
        '{"id":8,"full_name":"Иващенко Ивар Олегович","birth_date":"1958-01-30",'
        '"snils":null,"enp":null,"phone":null,"why":"ФИО"}]\n'
    )
    assert answer.json[0]["full_name"] == HOSTILE
    assert (answer.code, answer.err) == (0, "")
    assert clinic.asked == [("ива ив 58", 20, True)]


def test_find_in_a_pipe_lines_up_by_tabs(registrar: Registrar, clinic: FakeServices) -> None:
    lines = registrar("find", "ива", "--limit", "5").out.splitlines()
    assert clinic.asked == [("ива", 5, True)]
    assert [cell.strip() for cell in lines[0].split("\t")][:3] == ["Номер", "Пациент", "Родился"]
    assert lines[1].split("\t")[1] == "Иванов [red]Иван[/red] �[31mПетрович��2J"
    assert lines[2].split("\t")[1].rstrip() == "Иващенко Ивар Олегович"
    assert len({len(line.split("\t")[1]) for line in lines}) == 1


def test_find_says_on_stderr_that_there_is_more_or_nothing(
    registrar: Registrar, clinic: FakeServices
) -> None:
    assert "Показано 1" in registrar("find", "ива", "--limit", "1").err
    nothing = registrar("find", "никто", "--json")
    assert (nothing.code, nothing.out) == (0, "[]\n")
    assert "Никого не найдено." in nothing.err
    assert registrar("find", "никто", "--quiet").err == ""


def test_text_after_two_dashes_is_text(registrar: Registrar, clinic: FakeServices) -> None:
    assert registrar("find", "--", "--json", "-x").code == 0
    assert clinic.asked == [("--json -x", 20, True)]


def test_doctor_list(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar("doctor", "list", "--json", "--specialty", "кард")
    assert answer.out == (
        '[{"id":3,"full_name":"Орлова Нина Викторовна","specialty":"кардиология","post":"врач-кардиолог",'
        '"branch":"Поликлиника № 1","room":"214","rating":4.5,"accepting":true,"free":9,'
        '"nearest":"2026-11-24T08:45"}]\n'
    )
    assert clinic.asked == ["кард"]
    assert "24.11.2026 08:45" in registrar("doctor", "list").out
    assert clinic.asked[-1] is None


def test_slot_list(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar(
        *typed("slot list --doctor 3 --from 24.11.2026 --to 2026-11-30 --minutes 15 --free --channel phone"),
        *typed("--patient 7 --limit 10 --json"),
    )
    assert answer.out == (
        '[{"id":4001,"doctor_id":3,"starts_at":"2026-11-24T08:45","minutes":15,"status":"free",'
        '"kind":"ordinary","bookable":true,"why":null},'
        '{"id":4002,"doctor_id":3,"starts_at":"2026-11-24T09:45","minutes":15,"status":"busy",'
        '"kind":"ordinary","bookable":false,"why":"занято"}]\n'
    )
    assert clinic.asked == [
        dto.SlotQuery(
            doctor_id=3,
            first_day=date(2026, 11, 24),
            last_day=date(2026, 11, 30),
            minutes=15,
            free_only=True,
            channel=Channel.PHONE,
            patient_id=7,
            limit=10,
        )
    ]
    assert "занято" in registrar("slot", "list", "--specialty", "кард").out
    assert clinic.asked[-1] == dto.SlotQuery(specialty="кард")


def test_book(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar(*typed("book --patient 7 --slot 4001 --service B01 --channel phone --op-id k1 --json"))
    assert (answer.code, answer.out, answer.err) == (0, BOOKED, "")
    assert clinic.asked == [dto.BookVisit("k1", 7, FIRST_SLOT, "B01", Channel.PHONE)]


def test_book_in_words(registrar: Registrar, clinic: FakeServices) -> None:
    assert registrar("book", "--patient=7", "--slot=4001").out == SPOKEN + "\n"
    command = clinic.asked[0]
    assert isinstance(command, dto.BookVisit)
    assert re.fullmatch("[0-9a-f]{32}", command.op_id)
    assert command.channel is Channel.DESK


def test_every_attempt_has_its_own_key(registrar: Registrar, clinic: FakeServices) -> None:
    registrar("book", "--patient", "7", "--slot", "4001")
    registrar("book", "--patient", "7", "--slot", "4002")
    first, second = clinic.asked
    assert first.op_id != second.op_id


def test_book_first_free_against_a_rule(registrar: Registrar, clinic: FakeServices) -> None:
    line = "book --patient 7 --specialty кардиолог --first-free --override overlap --override quota --op-id k"
    assert registrar(*line.split(), "--reason", "острая боль").code == 0
    assert clinic.asked[0] == dto.BookFirstFree(
        "k",
        7,
        "кардиолог",
        overrides=(dto.Override("overlap", "острая боль"), dto.Override("quota", "острая боль")),
    )


def test_book_and_print(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar("book", "--patient", "7", "--slot", "4001", "--print", "--json")
    file = str(Path("tickets") / "0412.pdf")
    assert answer.json == {**json.loads(BOOKED), "ticket_file": file}
    assert answer.err == f"Талон в файле {file}\n"
    assert clinic.asked[-1] == (1, "a6", None, None)


@pytest.mark.parametrize(
    "failure",
    [
        Refusal("cannot_write", "Папка талонов закрыта для записи."),
        PermissionError(13, "denied", "/t/0412.pdf"),
    ],
)
def test_a_printer_that_fails_does_not_unsay_the_booking(
    registrar: Registrar, clinic: FakeServices, failure: Exception
) -> None:
    clinic.printing = failure
    answer = registrar("book", "--patient", "7", "--slot", "4001", "--print", "--json", "--quiet")
    assert answer.code == 0
    assert answer.json == {**json.loads(BOOKED), "ticket_file": None}
    assert answer.err.startswith("Запись сделана, но талон не напечатан: ")
    assert "denied" not in answer.err


def test_refusal_names_rule_and_ways_out(registrar: Registrar, booked: FakeServices) -> None:
    answer = registrar("--json", "book", "--patient", "8", "--slot", "4001")
    assert answer.code == 1
    assert answer.out == (
        '{"error":{"code":"slot_taken","message":"Выбранное время уже занято.","field":"slot","basis":null,'
        '"ways_out":[{"kind":"slot","text":"24.11 07:00","slot_id":4007},'
        '{"kind":"slot","text":"24.11 08:00","slot_id":4008},'
        '{"kind":"slot","text":"24.11 09:00","slot_id":4009}]}}\n'
    )
    assert answer.err.startswith("Выбранное время уже занято. Можно: 24.11 07:00 (бирка 4007);")
    assert answer.err.count("\n") == 1


def test_move(registrar: Registrar, booked: FakeServices) -> None:
    answer = registrar(*typed("move 1 --slot 4005 --by clinic --override overlap --reason надо --op-id k"))
    assert answer.out == f"Приём перенесён. {SPOKEN}\n"
    assert booked.asked == [dto.MoveVisit("k", 1, 4005, Initiator.CLINIC, (dto.Override("overlap", "надо"),))]
    assert registrar("move", "1", "--slot", "4006", "--json").json["slot_id"] == 4006
    assert booked.asked[-1].by is Initiator.PATIENT


def test_cancel(registrar: Registrar, booked: FakeServices) -> None:
    answer = registrar(*typed("cancel 1 --reason doctor-absent --by clinic --op-id k --json"))
    assert answer.json == {**json.loads(BOOKED), "status": "cancelled"}
    assert booked.asked == [dto.CancelVisit("k", 1, "doctor-absent", Initiator.CLINIC)]
    assert "Отмена поздняя" in registrar("cancel", "1", "--reason", "patient-ill").out


def test_undo(registrar: Registrar, booked: FakeServices) -> None:
    answer = registrar("undo", "--op-id", "k")
    assert answer.out == f"Последнее действие отменено. {SPOKEN} — отменён\n"
    assert booked.asked == ["k"]


def test_arrive(registrar: Registrar, booked: FakeServices) -> None:
    assert registrar("arrive", CODE, "--op-id", "k").out == f"Пациент пришёл. {SPOKEN}\n"
    assert booked.asked == [(CODE, "k")]
    assert registrar("arrive", "1", "--json").json["status"] == "arrived"


def test_visit_show(registrar: Registrar, booked: FakeServices) -> None:
    answer = registrar("visit", "show", "1", "--json")
    assert answer.out == (
        BOOKED.rstrip("}\n")
        + ',"history":[{"at":"2026-11-23T05:00:00","what":"booked","who":"demo","reason":null}]}\n'
    )
    assert "2026-11-23 05:00" in registrar("visit", "show", "1").out


def test_visit_show_of_nobody(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar("visit", "show", "5", "--json")
    assert answer.code == 1
    assert (answer.error["code"], answer.error["field"]) == ("not_found", "visit")


def test_visit_list(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar("visit", "list", "--date", "24.11.2026", "--doctor", "3", "--json")
    assert answer.json == [
        {
            "id": 1,
            "number": "0412",
            "patient_id": 7,
            "patient": HOSTILE,
            "doctor": "Орлова Н. В.",
            "specialty": "кардиология",
            "room": "214",
            "starts_at": "2026-11-24T08:45",
            "minutes": 15,
            "status": "booked",
        }
    ]
    assert clinic.asked == [(date(2026, 11, 24), 3)]
    assert "записан" in registrar("visit", "list").out
    assert clinic.asked[-1] == (None, None)


def test_ticket_print(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar(*typed("ticket print 1 --format 80mm --out t.bin --printer desk2 --json"))
    assert answer.json == {"visit_id": 1, "format": "80mm", "ticket_file": "t.bin"}
    assert clinic.asked == [(1, "80mm", Path("t.bin"), "desk2")]
    assert registrar("ticket", "print", "1").out == f"{Path('tickets') / '0412.pdf'}\n"


def test_ticket_to_stdout_is_the_bytes_of_the_file(
    clinic: FakeServices, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    from registrar_tui.cli import entry

    assert entry.run(["ticket", "print", "1", "--out", "-"]) == 0
    assert capfdbinary.readouterr().out == b"%PDF-1.7\n\xff"
    out = clinic.asked[0][2]
    assert not out.exists()
    assert entry.run(["ticket", "print", "1", "--out", "-", "--json"]) == 2


def test_ticket_verify(registrar: Registrar, clinic: FakeServices) -> None:
    good = registrar("ticket", "verify", CODE, "--json")
    assert (good.code, good.out) == (0, '{"valid":true,"verdict":"ok","visit_id":1}\n')
    bad = registrar("ticket", "verify", "0412 0000", "--json")
    assert (bad.code, bad.out, bad.err) == (1, '{"valid":false,"verdict":"forged","visit_id":null}\n', "")
    assert registrar("ticket", "verify", CODE).out == "талон действителен\n"


def test_ticket_batch(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar("ticket", "batch", "--date", "2026-11-24", "--out", "day.pdf")
    assert answer.out == "3 талона в файле day.pdf\n"
    assert clinic.asked == [(date(2026, 11, 24), Path("day.pdf"), "a4")]
    told = registrar("ticket", "batch", "--date", "2026-11-24", "--out", "day.pdf", "--json")
    assert told.out == '{"file":"day.pdf","tickets":3}\n'
