"""Tables in and out on the command line: what is asked of the core, what is told, exit codes."""

from __future__ import annotations

import sys
import time
from datetime import date
from functools import partial
from pathlib import Path

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from registrar_tui.bulk.job import Progress
from registrar_tui.bulk.templates import TABLES
from registrar_tui.cli import entry, progress
from registrar_tui.errors import NotAllowed, Refusal, UsageError
from tests.cli.fake_bulk import CONTENT, FakeBulk
from tests.cli.harness import FakeBootstrap, Registrar, typed
from tests.cli.test_output import Terminal

RESULT = '{"read":5,"added":2,"updated":3,"rejected":0,"rejects_file":null'
EVERY = list(TABLES)


@pytest.fixture
def bulk(core: FakeBootstrap) -> FakeBulk:
    return core.bulk


@pytest.mark.parametrize("kind", EVERY)
def test_a_table_goes_in(registrar: Registrar, bulk: FakeBulk, kind: str) -> None:
    answer = registrar("import", kind, "a.csv", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == RESULT + (',"slots":120}\n' if kind == "schedule" else "}\n")
    registrar("import", kind, "--dry-run", "a.csv", "--rejects", "r.csv")
    assert bulk.asked == [(kind, Path("a.csv"), False, None), (kind, Path("a.csv"), True, Path("r.csv"))]
    assert bulk.closed == 2


def test_a_result_in_words(registrar: Registrar, bulk: FakeBulk) -> None:
    done = registrar("import", "schedule", "a.csv")
    assert done.out == ("Прочитано: 5 строк; добавлено 2, обновлено 3, отклонено 0.\nОткрыто бирок: 120.\n")
    assert registrar("import", "visits", "a.csv").out.startswith(
        "Прочитано: 5 строк; записано 2, уже записаны 3"
    )
    bulk.rejected = 1
    answer = registrar("import", "patients", "a.csv")
    assert (answer.code, answer.out.splitlines()[1]) == (3, "Отклонённые строки с причинами: a-rejects.csv")
    dry = registrar("import", "patients", "a.csv", "--dry-run")
    assert (dry.code, dry.err, dry.out.count("\n")) == (3, "Это проверка: база не изменена.\n", 1)
    assert registrar("import", "patients", "a.csv", "--dry-run", "--quiet").err == ""


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (UsageError("a.csv — не таблица.", field="file", code="not_a_table"), 2),
        (Refusal("import_running", "Этот файл уже загружает другой процесс."), 1),
        (NotAllowed("Нет права."), 5),
    ],
)
@pytest.mark.parametrize(
    "line", ["import patients a.csv", "export visits", "ticket batch --from-file a --out b"]
)
def test_what_the_core_refuses(
    registrar: Registrar, bulk: FakeBulk, failure: Exception, code: int, line: str
) -> None:
    bulk.failure = failure
    answer = registrar(*typed(line), "--json")
    assert (answer.code, answer.err.count("\n")) == (code, 1)
    assert answer.error["message"] == str(failure)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("", "Прервано: повторите ту же команду, загрузка продолжится с этого места."),
        ("--dry-run", "Прервано, база не изменена."),
        ("--quiet", "Прервано: повторите ту же команду, загрузка продолжится с этого места."),
    ],
)
def test_ctrl_c_says_that_a_rerun_goes_on(
    registrar: Registrar, bulk: FakeBulk, option: str, told: str
) -> None:
    bulk.failure = KeyboardInterrupt()
    answer = registrar(*typed(f"import patients a.csv {option}"))
    assert (answer.code, answer.out, answer.err) == (130, "", f"{told}\n")


@pytest.mark.parametrize("kind", EVERY)
@pytest.mark.parametrize("name", ["t.csv", "t.xlsx"])
def test_a_template(registrar: Registrar, core: FakeBootstrap, kind: str, name: str) -> None:
    answer = registrar("import", kind, name, "--template")
    assert (answer.code, answer.out) == (0, f"Пустая таблица: {name}\n")
    assert answer.err.startswith("Пример строки: ") and Path(name).stat().st_size > 10
    assert not core.built, "a template needs no base"
    again = registrar("import", kind, name, "--template", "--json")
    assert (again.code, again.error["code"]) == (1, "already_exists")
    shape = registrar("import", kind, f"other-{name}", "--template", "--json").json
    assert list(shape) == ["file", "columns", "example"]


@pytest.mark.parametrize("line", ["--dry-run", "--rejects r.csv"])
def test_a_template_alone(registrar: Registrar, core: FakeBootstrap, line: str) -> None:
    answer = registrar(*typed(f"import patients t.csv --template {line} --json"))
    assert (answer.code, answer.error["field"]) == (2, "template")
    assert not Path("t.csv").exists()


def test_what_is_exported(registrar: Registrar, bulk: FakeBulk) -> None:
    day = date(2026, 11, 24)
    answer = registrar(
        *typed("export visits --format xlsx --out v.dat --from 24.11.2026 --to 2026-11-24 --json")
    )
    assert (answer.code, answer.out) == (0, '{"file":"v.dat","rows":21}\n')
    assert registrar("export", "patients").out == "21 строка в файле tickets/visits.csv\n"
    registrar("export", "schedule", "--from", "24.11.2026")
    assert bulk.asked == [
        ("visits", Path("v.dat"), "xlsx", (day, day)),
        ("patients", None, None, (None, None)),
        ("schedule", None, None, (day, None)),
    ]


def test_stdout_is_the_data_alone(bulk: FakeBulk, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert entry.run(["export", "visits", "--out", "-"]) == 0
    out, err = capfdbinary.readouterr()
    assert (out, err) == (CONTENT, b"")
    (asked,) = bulk.asked
    assert asked[2] == "csv" and not asked[1].exists() and not asked[1].parent.exists()


@pytest.mark.parametrize(
    ("line", "field", "says"),
    [
        ("export visits --format fhir", "format", "csv, xlsx, jsonl"),
        ("export visits --format ics", "format", "csv, xlsx, jsonl"),
        ("export visits --from 25.11.2026 --to 24.11.2026", "to", "--from"),
        ("export visits --out -", "out", "--json"),
        ("ticket batch --out t.pdf", "date", "--from-file"),
        ("ticket batch --out t.pdf --date 24.11.2026 --from-file a.csv", "date", "--from-file"),
        ("ticket batch --out t.pdf --date 24.11.2026 --rejects r.csv", "rejects", "--from-file"),
        ("check snils 11223344595 --rejects r.csv", "rejects", "file"),
        ("check file one.csv two.csv", "value", "кавычки"),
    ],
)
def test_usage(registrar: Registrar, core: FakeBootstrap, line: str, field: str, says: str) -> None:
    answer = registrar(*typed(line), "--json")
    assert (answer.code, answer.error["field"]) == (2, field)
    assert says in answer.error["message"]
    assert not core.built


def test_a_workbook_is_not_shown_in_a_terminal(
    registrar: Registrar, bulk: FakeBulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert entry.run(["export", "visits", "--format", "xlsx", "--out", "-"]) == 2
    assert not bulk.asked


def test_tickets_by_a_list(registrar: Registrar, bulk: FakeBulk) -> None:
    answer = registrar(*typed("ticket batch --from-file a.csv --out t.pdf --format a6"))
    assert (answer.code, answer.out) == (0, "3 талона в файле t.pdf\n")
    assert bulk.asked == [("tickets", Path("a.csv"), Path("t.pdf"), "a6", None)]
    bulk.rejected = 1
    answer = registrar(*typed("ticket batch --from-file a.csv --out t.pdf"))
    assert (answer.code, answer.out.splitlines()[1]) == (
        3,
        "Отклонено строк: 1, причины в файле a-rejects.csv",
    )
    bulk.rejected = 3
    answer = registrar(*typed("ticket batch --from-file a.csv --out t.pdf --json"))
    assert answer.out == '{"file":null,"tickets":0,"read":3,"rejected":3,"rejects_file":"a-rejects.csv"}\n'


PEOPLE = "Фамилия;Имя;Дата рождения;Пол\nОрлов;Пётр;01.01.1990;м\n"
BROKEN = "[red]Орлов\x9b;Пётр;01.01.1990;м\nОрлов;Пётр;31.02.1990;м\n"


def test_check_file(registrar: Registrar, core: FakeBootstrap) -> None:
    Path("a.csv").write_text(PEOPLE, encoding="utf-8")
    answer = registrar("check", "file", "a.csv", "--json")
    assert answer.code == 0
    assert answer.out == '{"ok":true,"read":1,"rejected":0,"rejects_file":null,"problems":[]}\n'
    Path("a.csv").write_text(PEOPLE + BROKEN, encoding="utf-8")
    answer = registrar("check", "file", "a.csv", "--json", "--rejects", "r.csv")
    assert (answer.code, answer.json["rejects_file"]) == (3, "r.csv")
    assert [(fault["line"], fault["code"]) for fault in answer.json["problems"]] == [
        (3, "row_control"),
        (4, "birth_date_calendar"),
    ]
    told = registrar("check", "file", "a.csv", "--sex", "M")
    assert told.out.splitlines()[0] == "Прочитано: 3 строки; не годится 2."
    assert len(told.out.splitlines()) == 3 and "--sex" in told.err
    assert not core.built


def test_check_file_lists_the_first_faults(registrar: Registrar) -> None:
    Path("a.csv").write_text(PEOPLE + "Орлов;Пётр;31.02.1990;м\n" * 25, encoding="utf-8")
    lines = registrar("check", "file", "a.csv").out.splitlines()
    assert len(lines) == 22 and lines[-1].startswith("И ещё строк: 5")


@pytest.mark.parametrize("name", [".", "absent.csv", "letter.csv"])
def test_check_file_of_no_table(registrar: Registrar, name: str) -> None:
    Path("letter.csv").write_text("Уважаемые коллеги!\n", encoding="utf-8")
    answer = registrar("check", "file", name)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)


def test_pace() -> None:
    assert progress.pace_of(Progress(420, 1000, 120_000, 10.0)) == (
        "42 %, 120 000 строк, 12 000 строк/с, осталось 0:14"
    )
    assert progress.pace_of(Progress(0, 0, 2_001, 1.0)) == "2 001 строка, 2 001 строк/с"
    assert progress.pace_of(Progress(9, 9, 3, 1.0, "finishing")) == "100 %, 3 строки, 3 строк/с, завершение"
    resumed = Progress(600, 1000, 60_000, 10.0, "rows", 500, 50_000)
    assert progress.pace_of(resumed) == "60 %, 60 000 строк, 1 000 строк/с, осталось 0:40"


def until_drawn(terminal: Terminal) -> None:
    """Wait until the first report is seen: the bar draws ten times a second where the machine lets it."""
    give_up = time.monotonic() + 60
    while "осталось 0:06" not in terminal.text() and time.monotonic() < give_up:
        time.sleep(0.01)


def test_a_bar_on_a_terminal(registrar: Registrar, bulk: FakeBulk, monkeypatch: pytest.MonkeyPatch) -> None:
    # A terminal of tests is no terminal for rich: it is told what it is.
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    for line, seen in (("import patients a.csv", True), ("import patients a.csv --quiet", False)):
        terminal = Terminal()
        monkeypatch.setattr(sys, "stderr", terminal)
        bulk.before_each = [
            lambda: None,
            partial(until_drawn, terminal) if seen else lambda: time.sleep(0.15),
        ]
        assert entry.run(typed(line)) == 0
        told = terminal.text()
        assert ("Загрузка" in told and "строк/с" in told and "осталось 0:06" in told) is seen, told


def test_lines_for_a_log_at_a_humane_rhythm(
    registrar: Registrar, bulk: FakeBulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert registrar("import", "patients", "a.csv").err == ""
    monkeypatch.setattr(progress, "LINE_EVERY", 0.0)
    assert registrar("import", "patients", "a.csv").err.splitlines() == [
        "Загрузка: 25 %, 1 000 строк, 500 строк/с, осталось 0:06",
        "Загрузка: 100 %, 4 100 строк, 512 строк/с, завершение",
    ]
    assert registrar("import", "patients", "a.csv", "--quiet").err == ""


def test_columns_that_are_not_read_are_told(registrar: Registrar) -> None:
    """A heading that is misspelt must not lose its column in silence."""
    Path("p.csv").write_text("Фамилия;Имя;Дата рождения;Пол;Тилифон;;Адрес\n", encoding="utf-8")
    assert registrar("check", "file", "p.csv").err == "Не читаются столбцы: «Тилифон», «Адрес».\n"
    assert registrar("check", "file", "p.csv", "--quiet").err == ""
    with xlsxwriter.Workbook("p.xlsx") as book:
        for name in ("А-К", "Л-Я"):
            book.add_worksheet(name).write_row("A1", ["Фамилия", "Имя", "Дата рождения", "Пол"])
    assert registrar("check", "file", "p.xlsx").err == "Не читаются листы: «Л-Я».\n"
    many = Progress(0, 9, 0, 0.0, unread=tuple("абвгдежзиклм"))
    assert progress.unread_of(many).endswith("«к» и ещё 2.")


def test_a_terminal_that_draws_nothing_gets_lines(
    registrar: Registrar, bulk: FakeBulk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY", 0.0)
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert entry.run(typed("import patients a.csv")) == 0
    assert "Загрузка: 25 %" in terminal.text() and "\x1b" not in terminal.text()
