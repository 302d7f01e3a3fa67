"""Duplicates and merges by the commands themselves, on a real base."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.cli.end_to_end.demo_base import TOMORROW, Clinic, refused
from tests.cli.end_to_end.real_base import RealBase, change


def visits_of(clinic: Clinic, card: int) -> set[int]:
    """Return the ids of a card's visits."""
    return {visit["id"] for visit in clinic("patient", "show", str(card)).json["visits"]}


def merge(clinic: Clinic, survivor: int, retired: int, *options: str) -> dict[str, Any]:
    answer = clinic("patient", "merge", str(survivor), str(retired), "--reason", "один человек", *options)
    assert answer.code == 0, answer.err
    done = answer.json
    assert isinstance(done, dict)
    return done


def test_two_cards_become_one_and_part_again(clinic: Clinic) -> None:
    survivor, retired, *_ = clinic.patients()
    slot = clinic.free(retired, TOMORROW)[0]
    visit = clinic.book(retired, slot)["id"]
    before = clinic("patient", "show", str(survivor)).json, clinic("patient", "show", str(retired)).json
    plan = clinic("patient", "merge", str(survivor), str(retired), "--dry-run").json
    assert visits_of(clinic, retired) >= {visit}, "a rehearsal changes nothing"
    done = merge(clinic, survivor, retired)
    assert (done["moved"], done["filled"]) == (plan["moved"], plan["filled"]) and not done["undone"]
    assert visit in visits_of(clinic, survivor)
    assert f"№ {survivor}" in refused(clinic("patient", "show", str(retired)), "not_found")["message"]
    refused(clinic("patient", "merge", str(retired), str(survivor), "--reason", "x"), "not_found")
    history = clinic("visit", "show", str(visit)).json["history"]
    assert [event["what"] for event in history] == ["booked", "card-merged"]
    assert clinic("db", "check").json["ok"] and clinic("audit", "verify").json["ok"]
    assert clinic("undo").json["undone"] is True
    assert merge(clinic, survivor, retired, "--op-id", "once") == merge(
        clinic, survivor, retired, "--op-id", "once"
    )
    assert clinic("patient", "unmerge", str(retired)).json["undone"] is True
    refused(clinic("patient", "unmerge", str(retired)), "not_found")
    after = clinic("patient", "show", str(survivor)).json, clinic("patient", "show", str(retired)).json
    for one, other in zip(before, after, strict=True):
        assert {**one, "version": 0} == {**other, "version": 0}
    assert clinic("db", "check").json["problems"] == []


def test_the_pairs_of_the_whole_base(clinic: Clinic) -> None:
    first, second, *_ = clinic.patients()
    assert all(pair["other"]["score"] >= 60 for pair in clinic("patient", "duplicates").json)
    copied = ("last_name", "first_name", "middle_name", "birth_date", "last_key", "first_key", "middle_key")
    columns = ", ".join(f"{name} = (SELECT {name} FROM patient WHERE id = {first})" for name in copied)
    numbers = "snils = NULL, enp = NULL"
    change(Path(os.environ["REGISTRAR_DB"]), f"UPDATE patient SET {columns}, {numbers} WHERE id = {second}")
    answer = clinic("patient", "duplicates")
    found = [{pair["id"], pair["other"]["id"]} for pair in answer.json]
    assert {first, second} in found and "Похожих пар" in answer.err
    (like,) = [row for row in clinic("patient", "duplicates", str(first)).json if row["id"] == second]
    assert "те же ФИО" in ", ".join(like["reasons"]) or "та же фамилия" in like["reasons"]
    told = clinic.registrar("patient", "duplicates", str(first), "--quiet")
    assert str(second) in told.out and told.err == ""


def test_only_a_senior_merges(real: RealBase) -> None:
    registrar = real.becomes("anna")
    one, other = sorted(real.everybody())[:2]
    assert registrar("patient", "duplicates", str(one)).code == 0
    for line in (
        ("patient", "duplicates"),
        ("patient", "merge", str(one), str(other), "--dry-run"),
        ("patient", "merge", str(one), str(other), "--reason", "один человек"),
        ("patient", "unmerge", str(other)),
    ):
        answer = registrar(*line)
        assert answer.code == 5 and "старший регистратор" in json.loads(answer.out)["error"]["message"], line
    senior = real.becomes("vera")
    merge(senior, one, other)
    assert senior("patient", "unmerge", str(other)).code == 0
