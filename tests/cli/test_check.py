"""`check` knows the documents and no base."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.cli.harness import FakeBootstrap, Registrar, typed

GOOD = [
    ("snils", "112-233-445 95"),
    ("enp", "7767940818000015"),
    ("policy", "7767940818000015"),
    ("passport", "45 08 123456"),
    ("birth-certificate", "I-АК 123456"),
    ("inn", "7707083893"),
    ("phone", "8 (916) 123-45-67"),
    ("email", "ivanov@mail.ru"),
    ("name", "Салтыков-Щедрин Михаил Евграфович"),
    ("name", "Салтыков-Щедрин"),
    ("birth-date", "31.12.1999"),
]
BAD = [
    ("snils", "112-233-445 96"),
    ("enp", "7767940818000016"),
    ("policy", "?"),
    ("passport", "45 123456"),
    ("birth-certificate", "АК 123456"),
    ("inn", "7707083894"),
    ("phone", "12"),
    ("email", "ivanov@"),
    ("name", "Иванов 2"),
    ("name", "[red]"),
    ("birth-date", "31.02.1999"),
    ("snils", ""),
    ("phone", "\x1b[2J\u202e"),
]


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_good_value(registrar: Registrar, core: FakeBootstrap, kind: str, value: str) -> None:
    answer = registrar("check", kind, value, "--json")
    verdict = answer.json
    assert (answer.code, answer.err) == (0, "")
    assert list(verdict) == ["ok", "normalised", "errors", "warnings"]
    assert verdict["ok"] is True
    assert verdict["normalised"]
    assert verdict["errors"] == []
    assert registrar("check", kind, value).out.startswith(f"Верно: {verdict['normalised']}\n")
    assert registrar("check", kind, *value.split(), "--json").out == answer.out
    assert not core.built


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_bad_value(registrar: Registrar, kind: str, value: str) -> None:
    answer = registrar("check", kind, value, "--json")
    assert answer.code == 1
    assert answer.json["ok"] is False
    for problem in answer.json["errors"]:
        assert list(problem) == ["code", "message"]
    lines = registrar("check", kind, value).out
    assert lines.startswith(f"Ошибка: {answer.json['errors'][0]['message']}"[:40])
    assert "\x1b" not in lines
    assert "\u202e" not in lines


def test_facts_are_weighed(registrar: Registrar) -> None:
    alone = registrar("check", "enp", "7767940818000015", "--json").json
    same = registrar(*typed("check enp 7767940818000015 --birth-date 1950-12-31 --sex M --json")).json
    other = registrar(*typed("check enp 7767940818000015 --birth-date 01.02.1960 --sex F --json")).json
    assert alone["warnings"] == same["warnings"] == []
    assert [problem["code"] for problem in other["warnings"] + other["errors"]]


def test_passport_issued_before_birth(registrar: Registrar) -> None:
    answer = registrar(*typed("check passport 4508123456 --birth-date 1990-01-01 --issued 1980-01-01 --json"))
    assert answer.json["errors"] + answer.json["warnings"]


def test_a_fact_that_changes_nothing_is_told(registrar: Registrar) -> None:
    answer = registrar("check", "snils", "112-233-445 95", "--sex", "M")
    assert answer.code == 0
    assert answer.err == "--sex на проверку snils не влияет.\n"


def test_today_is_that_of_the_system(registrar: Registrar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRAR_NOW", "1950-01-01T08:00")
    yesterday = date.today() - timedelta(days=1)
    assert registrar("check", "birth-date", yesterday.isoformat()).code == 0
    assert registrar("check", "birth-date", (date.today() + timedelta(days=2)).isoformat()).code == 1


def test_a_value_that_begins_with_a_dash(registrar: Registrar) -> None:
    assert registrar("check", "snils", "--", "-112").code == 1
