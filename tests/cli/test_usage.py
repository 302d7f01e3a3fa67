"""Wrong usage: exit 2, one Russian line, the same as JSON, and nothing asked of the core."""

from __future__ import annotations

import re

import pytest

from tests.cli.harness import FakeBootstrap, Registrar

ENGLISH = re.compile(
    r"(?<![-\w«])(usage|error|no such|option|argument|missing|invalid|value|requires?|unexpected|extra|got"
    r"|did|you|mean|command|try|help|the|is|not|valid|takes?|does|required|int|date|choose|from|for)(?![-\w»])",
    re.IGNORECASE,
)

CASES = [
    ("fnid", None, "«find»"),
    ("zzz", None, "Есть: find"),
    ("--jso find x", "jso", "--jso"),
    ("find", "text", "ТЕКСТ"),
    ("find x --limit", "limit", "--limit"),
    ("find x --limit ten", "limit", "«ten»"),
    ("find x --limit 0", "limit", "от 1 до 1000"),
    ("find x --limit 1001", "limit", "от 1 до 1000"),
    ("find x --limit -5", "limit", "«-5»"),
    ("find x --limit ١٢", "limit", "«١٢»"),
    ("find x --limit 1_0", "limit", "«1_0»"),
    ("find x --limt 5", "limt", "--limit"),
    ("find -x", "x", "«-»"),
    ("find -hx", "hx", "-hx"),
    ("find --help=1 x", "help", "--help"),
    ("visit", None, "show, list"),
    ("visit --", None, "show, list"),
    ("visit shwo 1", None, "«show»"),
    ("visit show", "visit", "ПРИЁМ"),
    ("visit show abc", "visit", "«abc»"),
    ("visit show 99999999999999999999", "visit", "2147483647"),
    ("visit show 2147483648", "visit", "2147483647"),
    ("visit show 1 2", None, "«2»"),
    ("visit list --date 31.02.2026", "date", "такого дня нет"),
    ("visit list --date 2026-13-01", "date", "такого дня нет"),
    ("visit list --date tomorrow", "date", "«tomorrow»"),
    ("visit list --date 24.11.26", "date", "24.11.2026"),
    ("slot list", "doctor", "--specialty"),
    ("slot list --doctor 1 --specialty тер", "doctor", "--specialty"),
    ("slot list --doctor 1 --from 2026-11-25 --to 24.11.2026", "to", "--from"),
    ("slot list --doctor 1 --minutes 2000", "minutes", "1440"),
    ("slot list --doctor 1 --channel fax", "channel", "desk, phone"),
    ("slot list --doctor 1 --free=yes", "free", "--free"),
    ("book", "patient", "--patient"),
    ("book --patient 7", "slot", "--slot"),
    ("book --patient 7 --slot 1 --first-free", "slot", "--slot"),
    ("book --patient 7 --specialty тер", "slot", "--first-free"),
    ("book --patient 7 --first-free", "slot", "--specialty"),
    ("book --patient 7 --slot 1 --specialty тер --first-free", "slot", "--slot"),
    ("book --patient 7 --slot 1 --override overlap", "reason", "--reason"),
    ("book --patient 7 --slot 1 --reason нужно", "override", "--override"),
    ("book --slot 1 --override overlap --reason --patient 7", "reason", "--reason"),
    ("book --patient 7 --slot 1 --override x --reason --json", "reason", "--reason"),
    ("book --patient 7 --slot 1 --reason --", "reason", "--reason"),
    ("book --patient --slot 1", "patient", "--patient"),
    ("book --patient 7 --slot 1 --op-id=", "op-id", "от 1 до 200"),
    ("move 1", "slot", "--slot"),
    ("move --slot 2", "visit", "ПРИЁМ"),
    ("move 1 --slot 2 --by doctor", "by", "patient, clinic"),
    ("cancel 1", "reason", "--reason"),
    ("cancel 1 --reason because", "reason", "patient-request"),
    ("cancel 1 --reason rescheduled", "reason", "patient-request"),
    ("undo 5", None, "«5»"),
    ("arrive", "ticket", "КОД|ПРИЁМ"),
    ("ticket print 1 --format a3", "format", "a6, a5, a4, 80mm, 58mm, text"),
    ("ticket verify", "code", "КОД"),
    ("ticket batch --out f.pdf", "date", "--date"),
    ("ticket batch --date 2026-11-24", "out", "--out"),
    ("check", "kind", "ЧТО"),
    ("check iban X", "kind", "snils"),
    ("check snils", "value", "ЗНАЧЕНИЕ"),
    ("check enp 1 --sex Ж", "sex", "M, F"),
    ("init --patients 1000001 --demo", "patients", "1000000"),
    ("init --patients 10", "patients", "--demo"),
    ("init --random-seed 5", "random-seed", "--demo"),
    ("init --demo --clinic Ясень", "clinic", "--demo"),
    ("init --demo --admin boss", "admin", "--demo"),
    ("init --demo --password-stdin", "password-stdin", "--demo"),
    ("init --admin-name Белов", "admin", "--admin"),
    ("init --password-stdin", "admin", "--admin"),
    ("init --admin b --password-stdin", "login", "от 2 до 32"),
    ("init --admin boss --password-stdin", "password", "stdin"),
    ("init --admin boss", "password", "--password-stdin"),
    ("operator", None, "login, logout"),
    ("operator login", "who", "ИМЯ"),
    ("operator login anna", "password", "--password-stdin"),
    ("operator login anna --password-stdin", "password", "stdin"),
    ("operator login anna --password x", "password", "--password-stdin"),
    ("operator add anna", "role", "--role"),
    ("operator add anna --role demo", "role", "registrar, senior"),
    ("operator add a --role senior", "login", "от 2 до 32"),
    ("operator role anna", "role", "РОЛЬ"),
    ("operator role anna boss", "role", "administrator"),
    ("audit list --from 2026-11-25 --to 24.11.2026", "to", "--from"),
    ("audit list --limit 0", "limit", "от 1"),
    ("audit list --patient anna", "patient", "«anna»"),
    ("audit export", "out", "--out"),
    ("audit anchor now", None, "«now»"),
    ("db copy", "to", "--to"),
    ("db restore", "file", "КОПИЯ"),
    ("db rekey", "key-file", "--key-file"),
    ("db new-key", "out", "--out"),
    ("init --demo --days 0", "days", "от 1"),
    ("--config", "config", "--config"),
    ("find x --db", "db", "--db"),
]


@pytest.mark.parametrize(("line", "field", "says"), CASES)
def test_wrong_usage(
    registrar: Registrar, core: FakeBootstrap, line: str, field: str | None, says: str
) -> None:
    answer = registrar(*line.split())
    as_json = "--json" in line
    assert answer.code == 2
    assert says in answer.err
    assert re.search("[А-Яа-я]", answer.err)
    assert not ENGLISH.search(answer.err), answer.err
    assert answer.err.count("\n") == 1
    assert as_json or answer.out == ""
    assert not core.built
    assert not core.created
    assert not core.services.asked

    told = registrar("--json", *line.split())
    assert told.code == 2
    assert told.err == answer.err
    assert told.error == {
        "code": "usage",
        "message": answer.err.rstrip("\n"),
        "field": field,
        "basis": None,
        "ways_out": [],
    }


def test_english_detector_would_see_the_parser() -> None:
    for line in ("Error: No such option: --x", "Missing argument 'TEXT'.", "'abc' is not a valid int."):
        assert ENGLISH.search(line)


def test_hostile_argument_is_shown_as_plain_text(registrar: Registrar, core: FakeBootstrap) -> None:
    answer = registrar("visit", "show", "\x1b[2J\nпривет[red]")
    assert answer.code == 2
    assert "\x1b" not in answer.err
    assert "[red]" in answer.err
    assert answer.err.count("\n") == 1
