"""Tables in and out by the commands themselves: nothing is lost, nothing is done twice."""

from __future__ import annotations

import csv
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.end_to_end.demo_base import THURSDAY, TODAY, Clinic, refused
from tests.cli.end_to_end.real_base import RealBase, change, run
from tests.integration.broken_rows import KINDS, Spoiled, spoiled
from tests.integration.import_process import stands_still
from tests.unit.exchange.test_tables import NOT_TABLES

GOOD = 760
"""Whole rows: the broken ones of every kind are then five in a hundred."""
RESULT = ["read", "added", "updated", "rejected", "rejects_file"]


def rows_of(file: Path | str) -> list[dict[str, str]]:
    """Read a table of ours as a spreadsheet would."""
    with Path(file).open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text, delimiter=";"))


def asked(base: Path, question: str) -> list[Any]:
    """Ask a base that other processes have open."""
    with closing(sqlite3.connect(base)) as connection:
        return [row[0] for row in connection.execute(question)]


def test_five_broken_rows_in_a_hundred(base: Path, clinic: Clinic, tmp_path: Path) -> None:
    table = spoiled(GOOD, seed=11)
    assert len(table.codes) == len(KINDS) >= 30 and 20 * len(table.codes) == GOOD
    (tmp_path / "люди.csv").write_bytes(table.content)
    checked = run("check", "file", "люди.csv", "--json", "--rejects", "check.csv")
    done = run("import", "patients", "люди.csv", "--json", "--quiet")
    assert (done.returncode, done.stderr.decode()) == (3, "")
    shape = json.loads(done.stdout)
    assert list(shape) == RESULT
    assert (shape["read"], shape["rejected"]) == (GOOD + len(KINDS), len(KINDS))
    assert shape["added"] + shape["updated"] == GOOD
    told = rows_of(shape["rejects_file"])
    assert [row["error_code"] for row in told] == list(table.codes)
    assert all(row["error_message"] for row in told)
    assert set(table.good) <= set(asked(base, "SELECT last_name FROM patient"))
    assert Path(shape["rejects_file"]).stat().st_mode & 0o777 == 0o600
    assert clinic("db", "check").code == 0
    # The check without a base sees the same but for today's date: that day has come since.
    assert checked.returncode == 3
    future = [row for row in told if row["error_code"] == "birth_date_future"]
    seen = [row["error_code"] for row in rows_of("check.csv")]
    assert len(seen) in (len(KINDS), len(KINDS) - len(future)) and set(seen) <= set(table.codes)


@pytest.mark.parametrize("name", list(NOT_TABLES))
def test_what_is_no_table(clinic: Clinic, name: str) -> None:
    Path("a.csv").write_bytes(NOT_TABLES[name])
    for line in ("import patients a.csv", "check file a.csv"):
        answer = clinic(*line.split())
        assert (answer.code, answer.err.count("\n")) == (2, 1), answer
        assert answer.error["field"] == "file"
    assert not Path("a-rejects.csv").exists()


@pytest.mark.parametrize("name", [".", "..", "", "absent.csv", "fifo", "x" * 300, "a\x00b"])
def test_what_is_no_file(clinic: Clinic, name: str) -> None:
    os.mkfifo("fifo")
    for kind in ("patients", "visits"):
        answer = clinic("import", kind, name)
        assert (answer.code, answer.err.count("\n")) == (2, 1), answer
    assert clinic("ticket", "batch", "--from-file", name, "--out", "t.pdf").code == 2


VISITS = "Пациент №;Врач;Дата;Время;Канал;Записано"


def newcomers(clinic: Clinic) -> list[int]:
    """Bring four people who have no visit into the base, by a table."""
    surnames = ("Зябликов", "Клестов", "Пеночкин", "Свиристелев")
    rows = [[surname, "Олег", f"0{number}.03.1971", "м"] for number, surname in enumerate(surnames, 1)]
    file = written("new.csv", "Фамилия;Имя;Дата рождения;Пол", rows)
    assert clinic("import", "patients", file).json["added"] == len(surnames)
    return [clinic("find", surname).json[0]["id"] for surname in surnames]


def paper(clinic: Clinic) -> tuple[list[list[str]], list[dict[str, Any]]]:
    """Return rows of a paper day at one doctor's, and the slots they are about."""
    one, other, third, fourth = map(str, newcomers(clinic))
    slots = [
        slot
        for slot in clinic.slots("--specialty", "терапевт", "--from", TODAY, "--to", TODAY, "--free")
        if slot["bookable"]
    ]
    doctor = slots[0]["doctor_id"]
    free = [slot for slot in slots if slot["doctor_id"] == doctor][:3]
    day, hours = "23.11.2026", [slot["starts_at"][11:] for slot in free]
    rows = [
        [one, str(doctor), day, hours[0], "телефон", ""],
        [other, str(doctor), day, hours[0], "", ""],  # the same time twice on paper
        [third, str(doctor), day, hours[1], "", "23.11.2026 07:40"],
        [one, str(doctor), day, hours[2], "", ""],  # the same person twice that day
        [fourth, str(doctor), day, "03:33", "", ""],
        ["999999999", str(doctor), day, hours[2], "", ""],
    ]
    return rows, free


def written(name: str, header: str, rows: list[list[str]]) -> str:
    Path(name).write_text("\n".join([header, *(";".join(row) for row in rows)]), encoding="utf-8")
    return name


def booked(clinic: Clinic) -> dict[int, list[str]]:
    """Return the visits of the paper day that stand: times by patient."""
    found: dict[int, list[str]] = {}
    for row in clinic("visit", "list", "--date", TODAY).json:
        if row["status"] == "booked":
            found.setdefault(row["patient_id"], []).append(row["starts_at"])
    return found


def test_a_paper_day_after_an_outage(clinic: Clinic) -> None:
    rows, free = paper(clinic)
    file = written("paper.csv", VISITS, rows)
    before = booked(clinic)
    dry = clinic("import", "visits", file, "--dry-run")
    assert booked(clinic) == before
    done = clinic("import", "visits", file, "--rejects", "conflicts.csv")
    assert done.code == 3 and list(done.json) == RESULT, done
    assert (dry.code, {**dry.json, "rejects_file": "conflicts.csv"}) == (3, done.json)
    assert (done.json["read"], done.json["added"], done.json["rejected"]) == (6, 2, 4)
    conflicts = rows_of("conflicts.csv")
    assert [row["error_code"] for row in conflicts] == [
        "slot_taken",
        "duplicate_visit",
        "no_slot",
        "not_found",
    ]
    for conflict in (conflicts[0], conflicts[2]):
        assert "Ближайшее свободное" in conflict["error_message"], conflict
    after = booked(clinic)
    one, third = int(rows[0][0]), int(rows[2][0])
    assert (after[one], after[third]) == ([free[0]["starts_at"]], [free[1]["starts_at"]])
    again = clinic("import", "visits", file)
    assert (again.json["added"], again.json["updated"], again.json["rejected"]) == (0, 2, 4)
    # A conflict mended in the table itself: the rows that stand are not booked once more.
    rows[1][3] = free[2]["starts_at"][11:]
    mended = clinic("import", "visits", written("paper.csv", VISITS, rows[:3]))
    assert (mended.code, mended.json["added"], mended.json["updated"]) == (0, 1, 2)
    assert sum(map(len, booked(clinic).values())) == sum(map(len, before.values())) + 3
    assert clinic("db", "check").code == 0


def test_cancelling_in_bulk(clinic: Clinic) -> None:
    patients = newcomers(clinic)[:3]
    visits = [clinic.book(patient, clinic.free(patient, THURSDAY)[0]) for patient in patients]
    numbers = [[visits[0]["number"], ""], [visits[1]["ticket_code"], "клиника"], ["999999", ""], ["б/н", ""]]
    file = written("off.csv", "Талон;Кто отменил", numbers)
    done = clinic("import", "cancellations", file)
    assert (done.code, done.json["added"], done.json["rejected"]) == (3, 2, 2)
    assert [row["error_code"] for row in rows_of("off-rejects.csv")] == ["not_found", "visit_format"]
    states = [clinic("visit", "show", str(visit["id"])).json["status"] for visit in visits]
    assert states == ["cancelled", "cancelled", "booked"]
    again = clinic("import", "cancellations", file)
    assert (again.json["added"], again.json["updated"]) == (0, 2)


def test_doctors_and_their_schedule(clinic: Clinic) -> None:
    doctors = "Фамилия;Имя;Специальность;Кабинет"
    shifts = "Врач;Дни;Начало;Конец;Минут"
    done = clinic("import", "doctors", written("d.csv", doctors, [["Зяблик", "Анна", "терапевт", "511"]]))
    assert (done.code, done.json["added"]) == (0, 1)
    file = written("s.csv", shifts, [["Зяблик", "пн-пт", "10:00", "12:00", "20"]])
    opened = clinic("import", "schedule", file)
    assert opened.code == 0 and list(opened.json) == [*RESULT, "slots"]
    assert opened.json["slots"] >= 10 * 6
    listed = clinic("doctor", "list", "--specialty", "терапевт").json
    doctor = next(row["id"] for row in listed if row["full_name"].startswith("Зяблик"))
    free = clinic("slot", "list", "--doctor", str(doctor), "--from", TODAY, "--to", TODAY).json
    assert [slot["starts_at"][11:] for slot in free][:3] == ["10:00", "10:20", "10:40"]
    assert clinic("import", "schedule", file).json["slots"] == 0


# --- cut short ------------------------------------------------------------------


@pytest.fixture(scope="module")
def many() -> Spoiled:
    """Rows enough for an import to be met on its way."""
    return spoiled(6000, seed=5)


@pytest.fixture
def long_table(many: Spoiled, tmp_path: Path) -> Path:
    file = tmp_path / "many.csv"
    file.write_bytes(many.content)
    return file


def heeding_interrupts() -> None:
    """Undo what a shell does to its background jobs, of which the tests may be one."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


# The command as it is, which stands still by itself once the first rows are in, however late it is looked at.
STANDS_HALF_WAY = """
import os, signal, sys
from registrar_tui.__main__ import main
from registrar_tui.bulk.job import Job

tick = Job.tick

def tick_once(self, rows, **how):
    tick(self, rows, **how)
    Job.tick = tick
    os.kill(os.getpid(), signal.SIGSTOP)

Job.tick = tick_once
sys.exit(main())
"""


def importing(base: Path) -> subprocess.Popen[bytes]:
    """Begin an import in a process of its own and return once some of its rows are in and it stands still."""
    process = subprocess.Popen(
        [sys.executable, "-c", STANDS_HALF_WAY, "import", "patients", "many.csv", "--json", "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heeding_interrupts,
    )
    try:
        stands_still(process)
        assert any(asked(base, "SELECT rows_done FROM import_batch"))
    except BaseException:
        process.kill()
        raise
    return process


def changed(file: Path) -> None:
    with file.open("ab") as end:
        end.write(b"\n")


@pytest.mark.parametrize(
    ("cut", "code", "told"),
    [
        (lambda process, _: process.send_signal(signal.SIGINT), 130, "загрузка продолжится"),
        (lambda process, _: process.send_signal(signal.SIGTERM), 143, "загрузка продолжится"),
        (lambda process, _: process.send_signal(signal.SIGHUP), 129, "загрузка продолжится"),
        (lambda process, _: process.send_signal(signal.SIGKILL), -signal.SIGKILL, ""),
        (lambda _, file: changed(file), 2, "изменился"),
        (lambda _, file: file.rename(file.with_suffix(".away")), 2, "исчез"),
    ],
    ids=["Ctrl+C", "ended", "terminal closed", "killed", "changed", "vanished"],
)
def test_cut_short_a_rerun_goes_on(
    base: Path,
    clinic: Clinic,
    many: Spoiled,
    long_table: Path,
    cut: Callable[[Any, Path], None],
    code: int,
    told: str,
) -> None:
    process = importing(base)
    cut(process, long_table)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == code, err
    assert told in err.decode() and err.count(b"\n") == bool(told)
    if code == 2:
        assert json.loads(out)["error"]["code"] in ("file_changed", "file_gone")
    if code != -signal.SIGKILL:
        assert not list(Path().glob(".*.tmp")), "people's data must not be left in files that nobody sees"
    (left,) = asked(base, "SELECT rows_done FROM import_batch WHERE state = 'running'")
    codes = many.codes
    assert 0 < left < 6000 + len(codes)
    long_table.write_bytes(many.content)
    done = clinic("import", "patients", "many.csv")
    shape = done.json
    assert (done.code, shape["read"], shape["rejected"]) == (3, 6000 + len(codes), len(codes))
    assert shape["added"] + shape["updated"] == 6000
    assert [row["error_code"] for row in rows_of(shape["rejects_file"])] == list(codes)
    assert clinic("db", "check").code == 0


def read_all(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            block = os.read(descriptor, 4096)
        except OSError:  # Linux: the other end is closed
            return
        if not block:
            return
        yield block


@pytest.mark.parametrize("quiet", [False, True])
def test_a_bar_in_a_real_terminal(base: Path, long_table: Path, quiet: bool) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "registrar_tui", "import", "patients", "many.csv", "--json"]
    process = subprocess.Popen(
        [*command, *(["--quiet"] if quiet else [])],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(theirs)
    seen = b"".join(read_all(ours)).decode()
    assert process.stdout is not None
    shape = json.loads(process.stdout.read())
    process.stdout.close()
    os.close(ours)
    assert process.wait() == 3 and shape["read"] > 6000
    assert ("строк/с" in seen and "осталось" in seen) is not quiet, seen
    assert not (quiet and seen)


# --- out ------------------------------------------------------------------------


def test_people_go_out_and_are_the_same_people(base: Path, clinic: Clinic) -> None:
    out = run("export", "patients", "--out", "-", "--quiet")  # it tells of itself after ten seconds
    assert (out.returncode, out.stderr) == (0, b"")
    assert out.stdout.startswith("\ufeffФамилия;".encode())
    Path("people.csv").write_bytes(out.stdout)
    people = len(rows_of("people.csv"))
    assert clinic("check", "file", "people.csv").json["read"] == people
    back = clinic("import", "patients", "people.csv")
    assert (back.code, back.json["added"], back.json["updated"]) == (0, 0, people)
    written_out = clinic("export", "patients", "--format", "jsonl", "--out", "people.jsonl")
    assert written_out.json == {"file": "people.jsonl", "rows": people}
    assert Path("people.jsonl").stat().st_mode & 0o777 == 0o600
    for line in Path("people.jsonl").read_text(encoding="utf-8").splitlines():
        assert "last_name" in json.loads(line)


def test_visits_and_schedule_of_a_day(clinic: Clinic) -> None:
    listed = clinic("visit", "list", "--date", TODAY).json
    done = clinic("export", "visits", "--from", TODAY, "--to", TODAY, "--out", "v.csv")
    assert done.json["rows"] == len(rows_of("v.csv")) >= len(listed) > 0
    assert {row["Дата"] for row in rows_of("v.csv")} == {"23.11.2026"}
    folder = Path(clinic("export", "schedule", "--to", "9999-12-31", "--format", "xlsx").json["file"])
    assert folder.read_bytes().startswith(b"PK") and folder.parent.name == "clinic-tickets"
    assert clinic("export", "visits", "--out", "no/such/folder.csv").error["code"] == "cannot_write"


def test_a_reader_that_has_enough(base: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "registrar_tui", "--quiet", "export", "schedule", "--out", "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(3)
    process.stdout.close()
    assert process.wait(300) in (0, 141) and process.stderr.read() == b""
    process.stderr.close()


def test_what_leaves_and_what_comes_stands_in_the_journal(real: RealBase) -> None:
    real.becomes("vera")
    Path("a.csv").write_text("Фамилия;Имя;Дата рождения;Пол\nЗяблик;Пётр;01.01.1990;м\n", encoding="utf-8")
    assert real("import", "patients", "a.csv").json["added"] == 1
    assert real("export", "patients", "--out", "out.csv").code == 0
    real.becomes("oleg")
    entries = real("audit", "list", "--operator", "vera").json
    told = {entry["action"]: entry["detail"] for entry in entries}
    assert told["exported"]["kind"] == "patients" and told["exported"]["rows"] > 60
    assert told["imported"] and "Зяблик" not in json.dumps(entries, ensure_ascii=False)
    assert "выгрузка таблицы" in real.registrar("audit", "list", "--operator", "vera").out
    assert real("audit", "verify").json["ok"]


def test_reindexing(real: RealBase) -> None:
    real.becomes("boss")
    change(
        real.path,
        "UPDATE patient SET last_key = 'щука', first_initial = 'щ' WHERE id = 1",
        "DELETE FROM surname_deletion WHERE surname_id = (SELECT min(id) FROM surname)",
        "UPDATE surname SET people = people + 5 WHERE id = (SELECT max(id) FROM surname)",
    )
    faults = {problem["code"] for problem in real("db", "check").json["problems"]}
    assert faults >= {"surname_keys", "surname_counts", "search_keys"}
    mended = real("db", "reindex")
    assert mended.code == 0 and mended.json["mended"] >= 3
    assert real("db", "check").json["ok"]
    assert real("db", "reindex").json == {"mended": 0}
    real.becomes("oleg")
    assert real("audit", "list", "--action", "base-reindexed").json
    refused(real("db", "reindex"), "not_allowed", 5)


def test_tickets_by_a_list(clinic: Clinic) -> None:
    patients = newcomers(clinic)[:2]
    visits = [clinic.book(patient, clinic.free(patient, THURSDAY)[0]) for patient in patients]
    rows = [[visits[0]["number"]], [visits[1]["ticket_code"]], ["999999"], ["1" * 20]]
    file = written("t.csv", "Талон", rows)
    done = clinic("ticket", "batch", "--from-file", file, "--out", "t.pdf", "--rejects", "no.csv")
    assert (done.code, done.json["tickets"], done.json["rejected"]) == (3, 2, 2)
    assert [row["error_code"] for row in rows_of("no.csv")] == ["not_found", "visit_format"]
    assert Path("t.pdf").read_bytes().startswith(b"%PDF")
    # What was exported is a list too.
    clinic("export", "visits", "--from", THURSDAY, "--to", THURSDAY, "--out", "day.xlsx")
    again = clinic("ticket", "batch", "--from-file", "day.xlsx", "--out", "day.txt", "--format", "text")
    assert again.code == 0 and again.json["tickets"] >= 2
