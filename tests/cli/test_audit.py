"""The journal on the command line: what is asked of the core, and that a forged entry commands nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from registrar_tui.errors import NotAllowed
from tests.cli.fake_office import FakeOffice
from tests.cli.harness import FakeBootstrap, Registrar, typed

NOTHING = {"first": None, "last": None, "operator": None, "patient_id": None, "action": None}


@pytest.fixture
def office(core: FakeBootstrap) -> FakeOffice:
    return core.office


def test_list_json_is_exact(registrar: Registrar, office: FakeOffice) -> None:
    answer = registrar("audit", "list", "--json")
    assert answer.out == (
        '[{"at":"2026-11-23T05:00:07.000013+00:00","operator":"anna","role":"registrar",'
        '"desk":"=cmd|\' /C calc\'!A0","action":"booked","object_kind":"visit","object_id":31,"op_id":"k1",'
        '"reason":"overlap: \\u001b[2Jнадо","detail":{"patient":7},"chain":"base","number":2},'
        '{"at":"вчера","operator":"anna","role":"registrar","desk":"=cmd|\' /C calc\'!A0","action":"booked",'
        '"object_kind":"visit","object_id":null,"op_id":"k1","reason":"overlap: \\u001b[2Jнадо",'
        '"detail":"не JSON","chain":"base","number":1}]\n'
    )
    assert office.asked == [(NOTHING, 100)]


def test_list_in_words(registrar: Registrar, office: FakeOffice) -> None:
    answer = registrar("audit", "list", "--limit", "2")
    lines = answer.out.splitlines()
    assert [cell.strip() for cell in lines[1].split("\t")] == [
        *("23.11.2026 08:00:07", "anna", "=cmd|' /C calc'!A0", "запись", "приём 31"),
        "overlap: �[2Jнадо",
    ]
    assert lines[2].startswith("вчера")
    assert "\x1b" not in answer.out
    assert "Показано 2" in answer.err


def test_what_is_asked(registrar: Registrar, office: FakeOffice) -> None:
    line = (
        "audit list --from 23.11.2026 --to 2026-11-24 --operator anna --patient 7 --action booked --limit 5"
    )
    registrar("--operator", "aud", *typed(line))
    wanted = {
        "first": datetime(2026, 11, 22, 21, 0, tzinfo=UTC),
        "last": datetime(2026, 11, 24, 21, 0, tzinfo=UTC),
        "operator": "anna",
        "patient_id": 7,
        "action": "booked",
    }
    assert office.asked == [(wanted, 5)]
    registrar(*typed("audit list --to 9999-12-31"))
    assert office.asked[-1] == (NOTHING, 100)


def test_who_asks_is_named_before_the_command(registrar: Registrar, core: FakeBootstrap) -> None:
    registrar(*typed("--operator aud audit list --operator anna"))
    assert core.built[0].operator == "aud"
    assert core.office.asked[0][0]["operator"] == "anna"
    registrar(*typed("audit verify --operator aud"))
    assert core.built[1].operator == "aud"


def test_export(registrar: Registrar, office: FakeOffice) -> None:
    answer = registrar(*typed("audit export --out j.csv --patient 7 --json"))
    assert answer.json == {"file": "j.csv", "entries": 2}
    assert office.asked == [(Path("j.csv"), {**NOTHING, "patient_id": 7})]
    assert registrar(*typed("audit export --out j.csv")).out == "2 записи в файле j.csv\n"


def test_verify(registrar: Registrar, office: FakeOffice) -> None:
    answer = registrar("audit", "verify", "--json")
    assert (answer.code, answer.out) == (0, '{"ok":true,"checked":9,"problems":[]}\n')
    assert registrar("audit", "verify").out == "Журнал цел: проверено 9 записей.\n"
    office.faults = [{"code": "audit_edited", "message": "Цепочка «base»: запись № 3 изменена."}]
    answer = registrar("audit", "verify", "--json")
    assert (answer.code, answer.json["problems"]) == (1, office.faults)
    assert registrar("audit", "verify").out.splitlines()[1] == "Цепочка «base»: запись № 3 изменена."


def test_verify_tells_of_restores(registrar: Registrar, office: FakeOffice) -> None:
    office.restores = [
        {"at": "2026-11-23T05:00:00+00:00", "operator": "boss", "desk": "окно 1", "copy": "b\x1b[2J.db"}
        | {"sha256": "ab", "kept": "aside.db", "before": 120, "after": 81}
    ]
    assert registrar("audit", "verify").out.splitlines()[1] == (
        "23.11.2026 08:00:00 (boss, окно 1) база восстановлена из копии b�[2J.db: "
        "записей было 120, стало 81, прежняя база — aside.db."
    )


def test_anchor(registrar: Registrar, office: FakeOffice) -> None:
    assert registrar("audit", "anchor", "--json").json == {"chains": 2, "entries": 21}
    assert "21 запись" in registrar("audit", "anchor").out


@pytest.mark.parametrize("verb", ["list", "verify", "export --out j.csv"])
def test_not_for_everybody(registrar: Registrar, office: FakeOffice, verb: str) -> None:
    office.failure = NotAllowed("У роли нет такого права.")
    answer = registrar("audit", *verb.split(), "--json")
    assert (answer.code, answer.error["code"]) == (5, "not_allowed")
    assert office.closed == 1
