"""The journal in the stores: what is written down, that nothing changes it, and that no name is in it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from registrar_tui.desk_services import DeskServices
from registrar_tui.errors import NotAllowed
from registrar_tui.models import IdentityDocument, Patient, Policy
from registrar_tui.services import dto, operators
from registrar_tui.storage.anchors import FILE, read_book, write_anchor
from registrar_tui.storage.engine import write_engine
from tests.integration.bases import Clinic, new_op
from tests.integration.real_clinic import CheapHasher, RealClinic
from tests.integration.test_registration import DRAFT
from tests.integration.tiny_clinic import MONDAY, MORNING, THERAPIST, slot_id

COLUMNS = (
    *("chain", "number", "at", "operator", "role", "desk", "action", "object_kind", "object_id", "op_id"),
    *("reason", "detail", "mac"),
)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Passwords cost nothing here."""
    hasher = CheapHasher()
    monkeypatch.setattr(operators, "_hasher", lambda: hasher)
    operators._nobodys_hash.cache_clear()
    yield
    operators._nobodys_hash.cache_clear()


@pytest.fixture
def real(clinic: Clinic) -> Iterator[RealClinic]:
    """A working base with one operator of each role."""
    made = RealClinic(clinic).staffed()
    yield made
    made.close()


@pytest.fixture
def pg_real(pg_clinic: Clinic) -> Iterator[RealClinic]:
    """The same on PostgreSQL only."""
    made = RealClinic(pg_clinic).staffed()
    yield made
    made.close()


def told(entry: dict[str, Any]) -> tuple[str, str, int | None]:
    return entry["action"], entry["object_kind"], entry["object_id"]


def faults(real: RealClinic) -> list[str]:
    verdict = real.office("aud").verify_journal()
    assert verdict["ok"] is not bool(verdict["problems"])
    return [problem["code"] for problem in verdict["problems"]]


def past_the_triggers(real: RealClinic, work: Callable[[Connection], object]) -> None:
    """Change the journal as somebody with all rights on the store would."""
    with write_engine(real.clinic.engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for trigger in ("audit_entry_no_update", "audit_entry_no_delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {trigger}"))
        work(connection)


# --- what is written down -----------------------------------------------------


def test_sign_ins(real: RealClinic) -> None:
    with real.written() as written:
        for _ in range(5):
            with pytest.raises(NotAllowed):
                real.sign_in("reg", "guess", desk="окно 7")
        with pytest.raises(NotAllowed):
            real.sign_in("reg", desk="окно 7")
        with pytest.raises(NotAllowed):
            real.sign_in("Сидоров", "guess", desk="окно 7")
        token = real.sign_in("sen", desk="окно 7")
        real.office_of(token, desk="окно 7").sign_out(token)
    assert [(entry["action"], entry["operator"], entry["role"]) for entry in written] == [
        *[("sign-in-failed", "reg", "registrar")] * 5,
        ("sign-in-locked", "reg", "registrar"),
        ("sign-in-failed", "", ""),
        ("signed-in", "sen", "senior"),
        ("signed-out", "sen", "senior"),
    ]
    assert {entry["desk"] for entry in written} == {"окно 7"}


def test_the_day_of_a_registrar(real: RealClinic, tmp_path: Path) -> None:
    desk = real.desk("reg")
    with real.written() as written:
        card = desk.register_patient(DRAFT, op_id="op-card")
        desk.edit_patient(card.id, card.version, replace(DRAFT, address="ул. Речная, 8"), op_id="op-edit")
        desk.find_patients("Соловьёв Пётр", journalled=True)
        desk.find_patients("Соловьёв Пётр")
        desk.patient_card(card.id)
        visit = desk.book(dto.BookVisit("op-book", card.id, slot_id(THERAPIST, 1, 0)))
        moved = desk.move(dto.MoveVisit("op-move", visit.id, slot_id(THERAPIST, 2, 0)))
        desk.cancel(dto.CancelVisit("op-cancel", moved.id, "patient-ill"))
        desk.undo(op_id="op-undo")
        desk.print_ticket(moved.id, form="text")
        desk.day_tickets(MONDAY, out=tmp_path / "day.pdf")
        today = desk.book(dto.BookVisit("op-today", card.id, slot_id(THERAPIST, 0, 3)))
        desk.arrive(today.ticket_code, op_id="op-arrive")
    assert [told(entry) for entry in written] == [
        ("card-created", "patient", card.id),
        ("card-opened", "patient", card.id),
        ("card-changed", "patient", card.id),
        ("card-opened", "patient", card.id),
        ("searched", "", None),
        ("card-opened", "patient", card.id),
        ("booked", "visit", visit.id),
        ("moved", "visit", moved.id),
        ("cancelled", "visit", moved.id),
        ("undone", "visit", moved.id),
        ("ticket-printed", "visit", moved.id),
        ("day-printed", "", None),
        ("booked", "visit", today.id),
        ("arrived", "visit", today.id),
    ]
    assert {(entry["operator"], entry["role"], entry["desk"]) for entry in written} == {
        ("reg", "registrar", "окно 1")
    }
    assert [entry["op_id"] for entry in written if entry["op_id"]] == [
        *("op-card", "op-edit", "op-book", "op-move", "op-cancel", "op-undo", "op-today", "op-arrive")
    ]
    assert [entry["reason"] for entry in written if entry["reason"]] == ["patient-ill"]
    assert {entry["at"] for entry in written} == {MORNING}
    assert json.loads(written[4]["detail"])["rows"] == 1
    assert not faults(real)


def test_what_is_shown_without_a_command_is_written_within_seconds(real: RealClinic) -> None:
    """Everything that shows a person, each of it once; nothing is written before the desk has time for it."""
    desk = real.desk("reg")
    visit = desk.book(dto.BookVisit(new_op(), 1, slot_id(THERAPIST, 1, 0)))
    grid = dto.GridQuery(dto.TargetKind.SPECIALTY, 1, MONDAY + timedelta(days=1), patient_id=2)
    with real.written() as written:
        for text_so_far in ("аб", "абр", "абрик", "абри", "абрикосов"):
            desk.find_patients(text_so_far)
        desk.find_patients("щщщщщщ")
        for _ in range(3):
            desk.grid(grid)
            desk.day_list(MONDAY + timedelta(days=1))
            desk.explain_slot(slot_id(THERAPIST, 1, 0), 2)
            desk.explain_slot(slot_id(THERAPIST, 1, 1), 2)
            desk.ticket(visit.id)
            desk.visit(visit.id)
            desk.verify_ticket(visit.ticket_code)
            desk.verify_ticket("1")
            desk.slots(dto.SlotQuery(doctor_id=THERAPIST, patient_id=3))
            desk.slots(dto.SlotQuery(doctor_id=THERAPIST))
            desk.offer(slot_id(THERAPIST, 2, 0), 2)
    assert written == []
    with real.written() as written:
        desk.still_admitted()
        desk.still_admitted()
    assert [told(entry) for entry in written] == [
        ("searched", "", None),
        ("grid-shown", "", None),
        ("day-shown", "", None),
        ("visit-shown", "visit", visit.id),
        ("ticket-checked", "visit", visit.id),
        ("slots-asked", "patient", 3),
        ("offered", "patient", 2),
    ]
    assert json.loads(written[1]["detail"])["people"] == 1
    assert json.loads(written[2]["detail"]) == {"day": "2026-11-24", "rows": 1}
    real.clinic.advance(minutes=11)
    with real.written() as written:
        desk.day_list(MONDAY + timedelta(days=1))
        desk.close()
    assert [told(entry) for entry in written] == [("day-shown", "", None)]
    assert not faults(real)


def test_a_named_duplicate_is_a_reading_of_that_card(real: RealClinic) -> None:
    desk = real.desk("reg")
    first = desk.register_patient(DRAFT, op_id=new_op())
    with real.written() as written:
        with pytest.raises(Exception, match=f"№ {first.id}"):
            desk.register_patient(replace(DRAFT, last_name="Другой"), op_id=new_op())
        desk.still_admitted()
    assert [told(entry) for entry in written] == [("duplicate-shown", "patient", first.id)]


def test_readings_wait_for_a_base_that_is_away(real: RealClinic, monkeypatch: pytest.MonkeyPatch) -> None:
    from registrar_tui.errors import StoreUnavailable

    desk = real.desk("reg")
    desk.book(dto.BookVisit(new_op(), 1, slot_id(THERAPIST, 1, 0)))
    desk.day_list(MONDAY + timedelta(days=1))

    def away(*_: object) -> None:
        raise StoreUnavailable("База недоступна.")

    monkeypatch.setattr(desk._store, "record", away)
    with pytest.raises(StoreUnavailable):
        desk.still_admitted()
    monkeypatch.undo()
    with real.written() as written:
        desk.still_admitted()
    assert [entry["action"] for entry in written] == ["day-shown"]


def test_what_was_seen_is_written_although_the_operator_was_blocked_since(real: RealClinic) -> None:
    desk = real.desk("reg")
    desk.book(dto.BookVisit(new_op(), 1, slot_id(THERAPIST, 1, 0)))
    desk.day_list(MONDAY + timedelta(days=1))
    real.office("adm").set_active("reg", active=False)
    with real.written() as written, pytest.raises(NotAllowed):
        desk.still_admitted()
    assert [(entry["action"], entry["operator"]) for entry in written] == [("day-shown", "reg")]


def test_the_office_is_written_down_too(real: RealClinic) -> None:
    office, auditor = real.office("adm"), real.office("aud")
    with real.written() as written:
        office.add_operator("new", "", "registrar", "long-enough")
        office.set_role("new", "senior")
        office.set_password("new", "other-enough")
        office.set_active("new", active=False)
        office.set_active("new", active=True)
        auditor.journal(operator="new")
        list(auditor.exported_journal(patient_id=3))
    actions = [*("operator-added", "role-changed", "password-changed", "blocked", "unblocked")]
    assert [entry["action"] for entry in written] == [*actions, "journal-read", "journal-exported"]
    details = [json.loads(entry["detail"]) for entry in written]
    assert [detail.get("login") for detail in details[:5]] == ["new"] * 5
    assert (details[0]["role"], details[1]["role"]) == ("registrar", "senior")
    assert details[5:] == [{"operator": "new", "rows": 0}, {"patient": 3}]
    assert len({entry["object_id"] for entry in written[:5]}) == 1


def test_what_failed_and_what_was_repeated_is_not_written_twice(real: RealClinic) -> None:
    desk = real.desk("reg")
    command = dto.BookVisit("once", 1, slot_id(THERAPIST, 1, 0))
    with real.written() as written:
        visit = desk.book(command)
        assert desk.book(command) == visit
        with pytest.raises(Exception, match="занято"):
            desk.book(dto.BookVisit(new_op(), 2, slot_id(THERAPIST, 1, 0)))
    assert [told(entry) for entry in written] == [("booked", "visit", visit.id)]


def test_a_card_that_cannot_be_written_down_is_not_shown(
    real: RealClinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = real.desk("reg")

    def full(*_: object, **__: object) -> None:
        raise RuntimeError("no space")

    monkeypatch.setattr("registrar_tui.use_cases.audit.append", full)
    with pytest.raises(RuntimeError):
        desk.patient_card(1)
    with pytest.raises(RuntimeError):
        desk.book(dto.BookVisit(new_op(), 1, slot_id(THERAPIST, 1, 0)))
    monkeypatch.undo()
    assert not desk.day_list(MONDAY + timedelta(days=1)).rows


def test_no_name_and_no_number_is_in_the_journal(real: RealClinic, tmp_path: Path) -> None:
    test_the_day_of_a_registrar(real, tmp_path)
    desk = real.desk("sen", desk="окно 2")
    draft = replace(
        DRAFT, last_name="Ласточкина", first_name="Вера", middle_name="", sex="ж", snils="", phone=""
    )
    card = desk.register_patient(draft, op_id=new_op())
    for words in ("Ласточкина", "Абрикосов Иван", "11223344595", "+79161234567", "ул. Лесная"):
        desk.find_patients(words, journalled=True)
    desk.patient_card(card.id)
    real.office("aud").journal(patient_id=card.id)
    with pytest.raises(NotAllowed):
        real.sign_in("Абрикосов", "Берёзкин")
    with real.clinic.read() as session:
        people = session.exec(select(Patient)).all()
        numbers = [row.number for row in session.exec(select(Policy)).all()]
        numbers += [row.number for row in session.exec(select(IdentityDocument)).all()]
        told = session.connection().execute(text("SELECT request FROM op")).scalars().all()
    secrets = {part for row in people for part in (row.last_name, row.first_name, row.middle_name)}
    secrets |= {str(value) for row in people for value in (row.snils, row.phone, row.email, row.address)}
    secrets |= {str(number) for number in numbers}
    secrets = {secret.casefold() for secret in secrets if secret not in ("", "None")}
    assert {"ласточкина", "вера", "иван", "11223344595", "+79161234567"} <= secrets
    assert len(real.entries()) > 20
    for row in [*real.entries(), *told]:
        shown = json.dumps(row, ensure_ascii=False, default=str).casefold()
        assert not [secret for secret in secrets if secret in shown], shown


def test_the_auditor_asks_for_one_person(real: RealClinic) -> None:
    desk = real.desk("reg")
    desk.patient_card(1)
    desk.patient_card(2)
    visit = desk.book(dto.BookVisit(new_op(), 2, slot_id(THERAPIST, 1, 0)))
    desk.print_ticket(visit.id, form="text")
    real.clinic.advance(hours=1)
    real.desk("sen").patient_card(2)
    office = real.office("aud")
    rows = office.journal(patient_id=2)
    assert [told(row) for row in rows] == [
        ("card-opened", "patient", 2),
        ("ticket-printed", "visit", visit.id),
        ("booked", "visit", visit.id),
        ("card-opened", "patient", 2),
    ]
    assert [told(row) for row in office.exported_journal(patient_id=2)] == [told(row) for row in rows][::-1]
    assert [row["operator"] for row in office.journal(patient_id=2, action="card-opened")] == ["sen", "reg"]
    assert len(office.journal(patient_id=2, operator="reg")) == 3
    later = MORNING + timedelta(minutes=30)
    assert len(office.journal(patient_id=2, first=later)) == 1
    assert len(office.journal(patient_id=2, last=later)) == 3
    assert len(office.journal(patient_id=2, limit=2)) == 2


def test_an_export_is_read_in_pages(real: RealClinic, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = real.desk("reg")
    for patient in range(1, 13):
        desk.patient_card(patient)
    from registrar_tui.services import audit

    page_after = audit.page_after
    monkeypatch.setattr(audit, "page_after", lambda *given: page_after(*given, limit=4))
    rows = list(real.office("aud").exported_journal())
    entries = real.entries()
    assert [row["id"] for row in rows] == [entry["id"] for entry in entries]
    assert rows[-1]["action"] == "journal-exported"


# --- nothing changes it -------------------------------------------------------


@pytest.mark.parametrize("table", ["audit_entry", "visit_event"])
@pytest.mark.parametrize("what", ["UPDATE {} SET desk = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_store_refuses_changes(real: RealClinic, table: str, what: str) -> None:
    real.desk("reg").book(dto.BookVisit(new_op(), 1, slot_id(THERAPIST, 1, 0)))
    sqlite = real.clinic.engine.dialect.name == "sqlite"
    if sqlite and what.startswith("TRUNCATE"):
        pytest.skip("SQLite has no TRUNCATE: DELETE without a condition is refused as well")

    def rows() -> list[Any]:
        with real.clinic.read() as session:
            return list(session.connection().execute(text(f"SELECT * FROM {table} ORDER BY id")))

    before = rows()
    assert before
    for condition in ("", " WHERE id = 1") if "TRUNCATE" not in what else ("", " CASCADE"):
        with (
            pytest.raises(DBAPIError, match="append-only"),
            write_engine(real.clinic.engine).begin() as connection,
        ):
            connection.execute(text(what.format(table) + condition))
    assert rows() == before


@pytest.mark.parametrize("column", COLUMNS)
def test_an_edit_past_the_triggers_is_found(real: RealClinic, column: str) -> None:
    real.desk("reg").patient_card(1)
    assert not faults(real)
    values = {"number": "999", "object_id": "7", "at": "'2026-11-23 05:00:01.000000'"}
    value = values.get(column, "'x'")
    past_the_triggers(
        real,
        lambda connection: connection.execute(
            text(f"UPDATE audit_entry SET {column} = {value} WHERE id = 3")
        ),
    )
    assert faults(real)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "'вчера'"),
        ("at", "'2026-11-23 05:00:00.000000+03:00'"),
        ("at", "'2026-11-23T05:00:00.000000'"),
        ("at", "17"),
        ("number", "'третья'"),
        ("number", "x'ff'"),
        ("operator", "x'ff'"),
        ("mac", "x'ff'"),
        ("mac", "'é'"),
        ("object_id", "'много'"),
        ("detail", "'не JSON'"),
    ],
)
def test_values_that_are_none_are_found_and_still_listed(
    sqlite_clinic: Clinic, column: str, value: str
) -> None:
    """SQLite keeps anything in any column; neither the verification nor the list may stumble over it."""
    real = RealClinic(sqlite_clinic).staffed()
    real.desk("reg").patient_card(1)
    assert not faults(real)
    past_the_triggers(
        real,
        lambda connection: connection.execute(
            text(f"UPDATE audit_entry SET {column} = {value} WHERE id = 3")
        ),
    )
    assert faults(real)
    assert any(row["id"] == 3 for row in real.office("aud").journal())
    real.close()


def test_a_replaced_entry_is_found(sqlite_clinic: Clinic) -> None:
    """SQLite's REPLACE deletes without firing a trigger; the chain sees it."""
    real = RealClinic(sqlite_clinic).staffed()
    with write_engine(real.clinic.engine).begin() as connection:
        connection.execute(
            text(
                "REPLACE INTO audit_entry SELECT id, chain, number, at, 'boris', role, desk, action, "
                "object_kind, object_id, op_id, reason, detail, mac FROM audit_entry WHERE id = 2"
            )
        )
    assert faults(real) == ["audit_edited"]
    real.close()


@pytest.mark.parametrize("which", ["first", "middle", "last", "all"])
def test_deleted_entries_are_found(real: RealClinic, which: str) -> None:
    for patient in range(1, 6):
        real.desk("reg").patient_card(patient)
    assert not faults(real)
    chain = real.entries()[-1]["chain"]
    place = {"first": "= 1", "middle": "= 4", "last": "= (SELECT max(number) FROM audit_entry)", "all": "> 0"}
    (anchored,) = read_book(real.config().keys, b"").anchors.values()
    assert {head.chain for head in anchored} == {chain}
    real.clinic.advance(minutes=1)
    past_the_triggers(
        real,
        lambda connection: connection.execute(text(f"DELETE FROM audit_entry WHERE number {place[which]}")),
    )
    assert faults(real)


def test_the_key_of_another_clinic_verifies_nothing(real: RealClinic) -> None:
    key = real.config().keys / "journal.key"
    key.write_text("ab" * 32)
    assert "audit_edited" in faults(real)


# --- the anchor ---------------------------------------------------------------


def test_a_whole_journal_gets_an_anchor_a_broken_one_none(real: RealClinic) -> None:
    keys = real.config().keys
    assert not faults(real)
    assert len(read_book(keys, b"").anchors) == 1
    real.clinic.advance(minutes=1)
    heads = {head.chain: head.count for head in next(iter(read_book(keys, b"").anchors.values()))}
    assert sum(heads.values()) == len(real.entries())
    assert (keys / FILE).stat().st_mode & 0o777 == 0o600
    past_the_triggers(
        real, lambda connection: connection.execute(text("UPDATE audit_entry SET role = 'x' WHERE id = 2"))
    )
    assert faults(real)
    assert len(read_book(keys, b"").anchors) == 1


def test_an_anchor_after_a_cut_forgets_nothing(real: RealClinic) -> None:
    """Cut, work on until the numbers are the old ones, anchor anew: the earlier anchor still tells."""
    office = real.office("aud")
    for _ in range(3):
        office.journal()
    office.anchor()
    count = len(real.entries())
    real.clinic.advance(minutes=1)
    past_the_triggers(
        real,
        lambda connection: connection.execute(text(f"DELETE FROM audit_entry WHERE number > {count - 3}")),
    )
    for _ in range(3):
        office.journal()
    assert office.anchor() == {"chains": 1, "entries": count}
    assert office.verify_journal()["problems"][0]["code"] == "audit_replaced"


def test_a_line_cut_by_a_crash_swallows_no_other(real: RealClinic) -> None:
    keys, office = real.config().keys, real.office("aud")
    office.anchor()
    with (keys / FILE).open("a", encoding="utf-8") as file:
        file.write('{"at": "2026-11-23T0')
    real.clinic.advance(minutes=1)
    office.anchor()
    assert len(read_book(keys, b"").anchors) == 2
    assert office.verify_journal()["ok"]


def test_two_anchors_of_one_instant_both_count(real: RealClinic) -> None:
    keys, office = real.config().keys, real.office("aud")
    office.anchor()
    office.journal()
    office.anchor()
    (heads,) = read_book(keys, b"").anchors.values()
    assert len(heads) == 2
    write_anchor(keys, real.clock.utc(), (replace(heads[0], mac="0" * 64),))
    assert [problem["code"] for problem in office.verify_journal()["problems"]] == ["audit_replaced"]


# --- many desks ---------------------------------------------------------------


def _open_cards(real: RealClinic, desks: list[str], times: int) -> None:
    """Open cards from as many connections as there are names, all at once."""
    opened = [real.desk("reg", desk=name) for name in desks]
    broken: list[BaseException] = []
    barrier = threading.Barrier(len(opened))

    def work(desk: DeskServices) -> None:
        try:
            barrier.wait()
            for place in range(times):
                desk.patient_card(place % 12 + 1)
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=work, args=(desk,)) for desk in opened]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not broken, broken


def test_connections_of_one_desk_keep_the_chain_whole(real: RealClinic) -> None:
    before = len(real.entries())
    desks = ["окно 1"] * 4 + ["окно 2"] * 2
    _open_cards(real, desks, 20)
    entries = real.entries()
    assert sum(entry["action"] == "card-opened" for entry in entries[before:]) == 120
    for chain in {entry["chain"] for entry in entries}:
        numbers = sorted(entry["number"] for entry in entries if entry["chain"] == chain)
        assert numbers == list(range(1, len(numbers) + 1))
    assert not faults(real)


def test_chains_are_per_desk_on_postgresql(pg_real: RealClinic) -> None:
    for desk in ("окно 1", "окно 2", "base"):
        pg_real.desk("reg", desk=desk).patient_card(1)
    entries = pg_real.entries()
    assert {entry["chain"] for entry in entries} == {"окно 1", "окно 2", "base"}
    assert all(entry["chain"] == entry["desk"] for entry in entries)
    assert not faults(pg_real)
    past_the_triggers(
        pg_real,
        lambda connection: connection.execute(text("DELETE FROM audit_entry WHERE chain = 'окно 2'")),
    )
    assert faults(pg_real) == ["audit_truncated"]


def test_desks_of_postgresql_do_not_wait_for_each_other(pg_real: RealClinic) -> None:
    """One desk's unfinished transaction must not hold another desk's booking up."""
    first, second = pg_real.desk("reg", desk="окно 1"), pg_real.desk("sen", desk="окно 2")
    with pg_real.clinic.engine.begin() as connection:
        lock = "SELECT pg_advisory_xact_lock(hashtextextended('окно 1', 7245992))"
        connection.execute(text(lock))
        done = threading.Event()

        def wait() -> None:
            first.patient_card(1)
            done.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        second.patient_card(1)
        assert not done.wait(0.3)
    assert done.wait(10)
    waiting.join()


def test_one_chain_in_a_file(sqlite_clinic: Clinic) -> None:
    real = RealClinic(sqlite_clinic).staffed()
    for desk in ("окно 1", "окно 2"):
        real.desk("reg", desk=desk).patient_card(1)
    assert {entry["chain"] for entry in real.entries()} == {"base"}
    real.close()
