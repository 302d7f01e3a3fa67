"""Every refusal that the command line can provoke on a real demo base."""

from __future__ import annotations

import pytest

from tests.cli.end_to_end.demo_base import THURSDAY, TODAY, TOMORROW, Clinic, refused


def test_slot_taken_offers_three_that_can_be_booked_as_they_stand(clinic: Clinic) -> None:
    patient, other, *_ = clinic.patients()
    slot = clinic.free(patient, TOMORROW)[0]
    clinic.book(patient, slot)
    error = refused(clinic("book", "--patient", str(other), "--slot", str(slot)), "slot_taken")
    ways = [way for way in error["ways_out"] if way["kind"] == "slot"]
    assert len(ways) == 3
    assert clinic.book(other, ways[0]["slot_id"])["slot_id"] == ways[0]["slot_id"]


def test_past_slot(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = clinic.patient()
    slot = clinic.free(patient, TODAY)[0]
    monkeypatch.setenv("REGISTRAR_NOW", "2026-11-24T08:00")
    refused(clinic("book", "--patient", str(patient), "--slot", str(slot)), "past_slot")


def test_slot_closed(clinic: Clinic) -> None:
    doctors = [row["id"] for row in clinic("doctor", "list").json]
    rows = (row for doctor in doctors for row in clinic.slots("--doctor", str(doctor), "--from", TOMORROW))
    closed = next(row for row in rows if row["status"] == "busy-unavailable")
    refused(clinic("book", "--patient", str(clinic.patient()), "--slot", str(closed["id"])), "slot_closed")


def test_beyond_horizon(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = clinic.patient()
    slot = clinic.free(patient, THURSDAY)[0]
    monkeypatch.setenv("REGISTRAR_NOW", "2026-07-01T08:00")
    refused(clinic("book", "--patient", str(patient), "--slot", str(slot)), "beyond_horizon")


def test_channel_closed(clinic: Clinic) -> None:
    patient = str(clinic.patient())
    rows = clinic.slots(
        "--specialty", "терапевт", "--from", TOMORROW, "--channel", "portal", "--patient", patient
    )
    closed = (str(row["id"]) for row in rows if row["status"] == "free" and "закрыто" in (row["why"] or ""))
    line = ("book", "--patient", patient, "--slot", next(closed), "--channel")
    refused(clinic(*line, "portal"), "channel_closed")


def test_referral_slot_needs_a_reason_to_be_overridden(clinic: Clinic) -> None:
    patient = str(clinic.patient())
    rows = clinic.slots("--specialty", "эндокринолог", "--from", TOMORROW)
    slot = str(next(row["id"] for row in rows if row["kind"] == "referral" and row["status"] == "free"))
    error = refused(clinic("book", "--patient", patient, "--slot", slot), "referral_required")
    assert error["basis"]
    visit = clinic.book(
        int(patient), int(slot), "--override", "referral_required", "--reason", "направление № 5 на бумаге"
    )
    event = clinic("visit", "show", str(visit["id"])).json["history"][0]
    assert "направление № 5 на бумаге" in event["reason"]


def test_rules_that_nobody_may_override(clinic: Clinic) -> None:
    patient = clinic.patient()
    slot = clinic.free(patient, TOMORROW)[0]
    before = clinic("visit", "list", "--date", TOMORROW).json
    for rule in ("slot_taken", "no-such-rule"):
        line = ("book", "--patient", str(patient), "--slot", str(slot))
        assert clinic(*line, "--override", rule, "--reason", "надо").code in (2, 5)
    assert clinic("visit", "list", "--date", TOMORROW).json == before


def test_duplicate_visit_offers_alternatives(clinic: Clinic) -> None:
    patient = clinic.patient()
    slots = clinic.free(patient, TOMORROW)
    clinic.book(patient, slots[0])
    error = refused(clinic("book", "--patient", str(patient), "--slot", str(slots[-1])), "duplicate_visit")
    assert error["ways_out"]


def test_overlap(clinic: Clinic) -> None:
    patient = clinic.patient()
    mine = clinic.free(patient, THURSDAY)[0]
    start = clinic.book(patient, mine)["starts_at"]
    rows = clinic.slots("--specialty", "офтальмолог", "--from", THURSDAY, "--to", THURSDAY)
    same = next(row["id"] for row in rows if row["starts_at"] == start and row["status"] == "free")
    refused(clinic("book", "--patient", str(patient), "--slot", str(same)), "overlap")


@pytest.mark.parametrize(
    "line",
    [
        "book --patient 999999 --slot 1",
        "book --patient 1 --slot 999999",
        "book --patient 1 --specialty астролог --first-free",
        "book --patient 1 --slot 3000 --service NO-SUCH",
        "visit show 999999",
        "move 999999 --slot 1",
        "cancel 999999 --reason patient-request",
        "ticket print 999999",
        "arrive 999999",
        "slot list --specialty астролог",
        "slot list --doctor 1 --patient 999999",
    ],
)
def test_unknown_ids(clinic: Clinic, line: str) -> None:
    refused(clinic(*line.split()), "not_found")


def test_too_late_to_move(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = clinic.patient()
    visit = clinic.book(patient, clinic.free(patient, TOMORROW)[0])
    slot = clinic.free(patient, THURSDAY)[0]
    monkeypatch.setenv("REGISTRAR_NOW", "2026-11-23T20:00")
    line = ("move", str(visit["id"]), "--slot", str(slot))
    refused(clinic(*line), "too_late_to_move")
    assert clinic(*line, "--by", "clinic").code == 0


def test_move_to_another_specialist(clinic: Clinic) -> None:
    patient = clinic.patient()
    visit = clinic.book(patient, clinic.free(patient, THURSDAY)[0])
    slot = clinic.free(patient, THURSDAY, specialty="офтальмолог")[0]
    refused(clinic("move", str(visit["id"]), "--slot", str(slot)), "other_specialty")
    refused(clinic("move", str(visit["id"]), "--slot", str(visit["slot_id"])), "same_slot")


def test_cancelling_twice(clinic: Clinic) -> None:
    patient = clinic.patient()
    visit = clinic.book(patient, clinic.free(patient, THURSDAY)[0])
    line = ("cancel", str(visit["id"]), "--reason", "patient-ill")
    assert clinic(*line).code == 0
    refused(clinic(*line), "wrong_status")


def test_late_cancellation_is_told_and_restricts(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = clinic.patient()
    visit = clinic.book(patient, clinic.free(patient, TOMORROW)[0])
    monkeypatch.setenv("REGISTRAR_NOW", "2026-11-23T20:00")
    answer = clinic.registrar("cancel", str(visit["id"]), "--reason", "patient-request")
    assert "Отмена поздняя" in answer.out
    rows = clinic.slots(
        *("--specialty", "терапевт", "--from", THURSDAY, "--channel", "portal", "--patient", str(patient))
    )
    slot = next(row["id"] for row in rows if "самозапись" in (row["why"] or "").lower())
    line = ("book", "--patient", str(patient), "--slot", str(slot))
    refused(clinic(*line, "--channel", "portal"), "late_restriction")
    assert clinic(*line).code == 0


def test_nothing_to_undo(clinic: Clinic) -> None:
    refused(clinic("undo"), "nothing_to_undo")


def test_undo_belongs_to_the_desk(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    patient = clinic.patient()
    visit = clinic.book(patient, clinic.free(patient, TOMORROW)[0])
    monkeypatch.setenv("REGISTRAR_DESK", "окно 3")
    refused(clinic("undo"), "nothing_to_undo")
    monkeypatch.setenv("REGISTRAR_DESK", "окно 2")
    undone = clinic("undo").json
    assert undone["id"] == visit["id"]
    assert undone["status"] != "booked"
