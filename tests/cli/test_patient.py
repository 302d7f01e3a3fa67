"""`registrar patient`: what it asks of the core, the JSON that scripts rely on, what a person reads."""

from __future__ import annotations

import json

from registrar_tui.errors import Refusal
from registrar_tui.services.dto_merge import MergePatients, MergeView
from tests.cli.fake_merging import MOVED
from tests.cli.fake_services import FakeServices
from tests.cli.harness import Registrar, typed

LIKE = {
    "id": 8,
    "full_name": FakeServices.hostile,
    "birth_date": "1958-05-12",
    "snils": None,
    "enp": None,
    "phone": "+79161234567",
    "score": 72,
    "grade": "likely",
    "reasons": ["тот же телефон"],
    "against": ["другой СНИЛС"],
}
DONE = {"survivor_id": 7, "retired_id": 8, "moved": MOVED, "filled": ["phone"], "undone": False}


def test_show(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar("patient", "show", "7", "--json")
    assert (answer.code, answer.err, clinic.asked) == (0, "", [7])
    assert list(answer.json) == [
        *("id", "version", "full_name", "birth_date", "sex", "attachment"),
        *("warnings", "documents", "representatives", "visits"),
    ]
    assert answer.json["visits"][0]["starts_at"] == "2026-11-24T08:45"
    assert answer.json["documents"] == [
        {"title": "Паспорт", "number": "45 03 123456", "verified": "предъявлен", "ok": True}
    ]
    told = registrar("patient", "show", "7").out
    assert "! Полиса нет." in told and "0412 24.11.2026 08:45 кардиолог" in told and "\x1b" not in told


def test_duplicates_of_one_card(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar("patient", "duplicates", "7", "--json", "--limit", "5")
    assert (answer.json, clinic.asked) == ([LIKE], [(7, 5)])
    told = registrar("patient", "duplicates", "7").out
    assert "вероятно: тот же телефон; но другой СНИЛС" in told and "\x1b" not in told
    none = registrar("patient", "duplicates", "9", "--json")
    assert (none.code, none.out) == (0, "[]\n") and "Похожих карточек нет" in none.err


def test_duplicates_of_the_whole_base_come_as_they_are_found(
    registrar: Registrar, clinic: FakeServices
) -> None:
    answer = registrar("patient", "duplicates", "--json")
    assert clinic.asked == [100]
    assert [pair["id"] for pair in answer.json] == [1, 2, 3]
    assert answer.json[0] == {
        "id": 1, "full_name": "Иванов Иван", "birth_date": "1958-05-12", "other": LIKE,
    }  # fmt: skip
    assert "Похожих пар: 3." in answer.err
    lines = registrar("patient", "duplicates", "--limit", "2").out.splitlines()
    assert len(lines) == 3 and len({line.count("\t") for line in lines}) == 1
    assert "--limit" in registrar("patient", "duplicates", "--limit", "2", "--json").err


def test_a_failure_in_the_middle_is_told_by_the_exit_code(registrar: Registrar, clinic: FakeServices) -> None:
    clinic.failure = Refusal("not_found", "Карточки нет.")
    for line in ("patient duplicates", "patient duplicates 7", "patient show 7", "patient unmerge 8"):
        answer = registrar(*typed(line), "--quiet")
        assert (answer.code, "Карточки нет." in answer.err) == (1, True)


def test_merge(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar(*typed("patient merge 7 8 --reason 'один человек' --op-id ключ --json"))
    assert (answer.code, answer.json) == (0, DONE)
    assert clinic.asked == [MergePatients("ключ", 7, 8, "один человек")]
    told = registrar(*typed("patient merge 7 8 --reason 'один человек'")).out
    assert told == "Карточка № 8 объединена с № 7. Перенесено: 3 приёма, 1 документ.\n"


def test_a_merge_needs_a_reason_and_a_rehearsal_none(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar(*typed("patient merge 7 8 --json"))
    assert (answer.code, answer.error["field"], clinic.asked) == (2, "reason", [])
    rehearsed = registrar(*typed("patient merge 7 8 --dry-run --json"))
    assert (rehearsed.code, clinic.asked) == (0, [(7, 8)])
    assert rehearsed.json == {
        "survivor_id": 7,
        "retired_id": 8,
        "moved": MOVED,
        "filled": ["phone"],
        "kept": ["snils"],
        "overlaps": ["талоны 0412 и 0413, 24.11 08:45"],
        "score": 72,
        "grade": "likely",
        "reasons": ["тот же телефон"],
        "against": ["другой СНИЛС"],
    }
    told = registrar(*typed("patient merge 7 8 --dry-run")).out
    assert "3 приёма" in told and "останется на № 8" in told and "! приёмы в одно время" in told
    assert "\x1b" not in told and "\u202e" not in told


def test_unmerge(registrar: Registrar, clinic: FakeServices) -> None:
    answer = registrar(*typed("patient unmerge 8 --op-id ключ --json"))
    assert answer.json == {**DONE, "undone": True} and clinic.asked == [(8, "ключ")]
    assert registrar(*typed("patient unmerge 8")).out.startswith("Карточка № 8 снова отделена от № 7.")


def test_undo_of_a_merge(registrar: Registrar, clinic: FakeServices) -> None:
    def undo(*, op_id: str) -> MergeView:
        return MergeView(7, 8, MOVED, (), undone=True)

    clinic.undo = undo  # type: ignore[assignment, method-assign]
    assert json.loads(registrar("undo", "--json").out)["undone"] is True
    assert "снова отделена" in registrar("undo").out


def test_wrong_usage(registrar: Registrar, clinic: FakeServices) -> None:
    for line in (
        "patient merge 7", "patient merge x 8 --reason y", "patient show 0", "patient unmerge",
        "patient duplicates --limit 0", "patient merge 7 8 --reason ' '",
    ):  # fmt: skip
        assert registrar(*typed(line)).code == 2, line
    assert clinic.asked == []
