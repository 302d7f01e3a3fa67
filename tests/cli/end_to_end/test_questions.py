"""Questions over a real demo base: exactly the shapes of the contract."""

from __future__ import annotations

from tests.cli.end_to_end.demo_base import TOMORROW, Clinic, refused

SLOT_STATUSES = {"free", "busy", "busy-unavailable", "busy-tentative"}


def test_find(clinic: Clinic) -> None:
    rows = clinic("find", "ан", "--limit", "3").json
    assert 0 < len(rows) <= 3
    for row in rows:
        assert list(row) == ["id", "full_name", "birth_date", "snils", "enp", "phone", "why"]
    again = clinic("find", rows[0]["full_name"]).json
    assert rows[0]["id"] in [row["id"] for row in again]


def test_doctor_list(clinic: Clinic) -> None:
    rows = clinic("doctor", "list").json
    assert len(rows) >= 40
    for row in rows:
        assert list(row) == [
            *("id", "full_name", "specialty", "post", "branch", "room", "rating", "accepting", "free"),
            "nearest",
        ]
    therapists = clinic("doctor", "list", "--specialty", "терапевт").json
    assert {row["specialty"] for row in therapists} == {"терапевт"}
    refused(clinic("doctor", "list", "--specialty", "астролог"), "not_found")


def test_a_full_name_of_a_specialty_is_never_in_doubt(clinic: Clinic) -> None:
    names = {row["specialty"] for row in clinic("doctor", "list").json}
    assert len(names) >= 20
    for name in names:
        found = clinic("doctor", "list", "--specialty", name)
        assert found.code == 0, name
        assert {row["specialty"] for row in found.json} == {name}


def test_slot_list(clinic: Clinic) -> None:
    rows = clinic.slots("--specialty", "эндокринолог", "--from", TOMORROW, "--to", TOMORROW)
    assert rows
    for row in rows:
        assert list(row) == ["id", "doctor_id", "starts_at", "minutes", "status", "kind", "bookable", "why"]
        assert row["starts_at"].startswith(TOMORROW)
        assert len(row["starts_at"]) == len("2026-11-24T08:45")
        assert row["status"] in SLOT_STATUSES
        assert row["bookable"] is (row["why"] is None)
    assert {row["status"] for row in rows} >= {"free", "busy"}
    assert [row["starts_at"] for row in rows] == sorted(row["starts_at"] for row in rows)


def test_slot_list_filters(clinic: Clinic) -> None:
    free = clinic.slots("--specialty", "терапевт", "--free", "--limit", "7")
    assert len(free) == 7
    assert all(row["bookable"] and row["status"] == "free" for row in free)
    minutes = free[0]["minutes"]
    assert {row["minutes"] for row in clinic.slots("--specialty", "терапевт", "--minutes", str(minutes))} == {
        minutes
    }
    doctor = free[0]["doctor_id"]
    assert {row["doctor_id"] for row in clinic.slots("--doctor", str(doctor))} == {doctor}
    refused(clinic("slot", "list", "--doctor", "99999"), "not_found")


def test_rule_list(clinic: Clinic) -> None:
    rules = {rule["code"]: rule for rule in clinic("rule", "list").json}
    assert {"slot_taken", "past_slot", "duplicate_visit", "overlap", "too_late_to_move"} <= set(rules)
    assert all(rule["basis"] and rule["title"] for rule in rules.values())


def test_tables_for_people(clinic: Clinic) -> None:
    for line in (
        "find ан",
        "doctor list",
        "slot list --specialty терапевт --free",
        "rule list",
        "visit list",
    ):
        answer = clinic.registrar(*line.split())
        assert answer.code == 0
        rows = answer.out.splitlines()
        assert len(rows) > 1
        assert len({row.count("\t") for row in rows}) == 1
