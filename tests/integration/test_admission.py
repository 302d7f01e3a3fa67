"""An open desk stops working the moment its operator may not: asked of the base by every use-case."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from registrar_tui import bootstrap
from registrar_tui.bulk.services import BulkServices
from registrar_tui.desk_services import DeskServices
from registrar_tui.errors import NotAllowed, RegistrarError
from registrar_tui.office_services import OfficeServices
from registrar_tui.services import dto, operators
from registrar_tui.services.dto_merge import MergePatients
from registrar_tui.services.permissions import Permission
from registrar_tui.services.protocol_office import JournalQuery
from tests.integration.bases import Clinic, new_op
from tests.integration.real_clinic import CheapHasher, RealClinic, password_of
from tests.integration.test_registration import DRAFT
from tests.integration.tiny_clinic import MONDAY, THERAPIST, slot_id


@pytest.fixture
def real(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealClinic]:
    """A working base with one operator of each role, whose passwords cost nothing."""
    cheap = CheapHasher()
    monkeypatch.setattr(operators, "_hasher", lambda: cheap)
    operators._nobodys_hash.cache_clear()
    real = RealClinic(clinic).staffed()
    yield real
    real.close()
    operators._nobodys_hash.cache_clear()


def refusal(work: Callable[[], object]) -> NotAllowed:
    with pytest.raises(NotAllowed) as told:
        work()
    assert told.value.exit_code == 5 and told.value.message.endswith(".")
    return told.value


FREE = slot_id(THERAPIST, 1, 2)
BOOKED = slot_id(THERAPIST, 1, 4)
DESK: dict[str, Callable[[DeskServices], object]] = {
    "greeting": lambda desk: desk.greeting(),
    "still_admitted": lambda desk: desk.still_admitted(),
    "find_patients": lambda desk: desk.find_patients("Абрикосов"),
    "patient_card": lambda desk: desk.patient_card(1),
    "find_targets": lambda desk: desk.find_targets("тер"),
    "doctors": lambda desk: desk.doctors(),
    "grid": lambda desk: desk.grid(dto.GridQuery(dto.TargetKind.SPECIALTY, 1, MONDAY)),
    "slots": lambda desk: desk.slots(dto.SlotQuery(doctor_id=THERAPIST)),
    "explain_slot": lambda desk: desk.explain_slot(FREE),
    "visit": lambda desk: desk.visit(1),
    "day_list": lambda desk: desk.day_list(),
    "verify_ticket": lambda desk: desk.verify_ticket("1"),
    "ticket": lambda desk: desk.ticket(1),
    "offer": lambda desk: desk.offer(FREE, 3),
    "release": lambda desk: desk.release(FREE),
    "register_patient": lambda desk: desk.register_patient(DRAFT, op_id=new_op()),
    "edit_patient": lambda desk: desk.edit_patient(1, 1, DRAFT, op_id=new_op()),
    "book": lambda desk: desk.book(dto.BookVisit(new_op(), 3, FREE)),
    "book_first_free": lambda desk: desk.book_first_free(dto.BookFirstFree(new_op(), 3, "терапевт")),
    "move": lambda desk: desk.move(dto.MoveVisit(new_op(), 1, FREE)),
    "cancel": lambda desk: desk.cancel(dto.CancelVisit(new_op(), 1, "patient-ill")),
    "undo": lambda desk: desk.undo(op_id=new_op()),
    "arrive": lambda desk: desk.arrive("1", op_id=new_op()),
    "print_ticket": lambda desk: desk.print_ticket(1, form="text"),
    "day_tickets": lambda desk: desk.day_tickets(MONDAY, out=Path("/nowhere/day.pdf")),
    "prepare_search": lambda desk: desk.prepare_search(),
    "draft_duplicates": lambda desk: desk.draft_duplicates(DRAFT),
    "patient_duplicates": lambda desk: desk.patient_duplicates(1),
    "duplicate_pairs": lambda desk: list(desk.duplicate_pairs(limit=5)),
    "merge_plan": lambda desk: desk.merge_plan(1, 2),
    "merge_patients": lambda desk: desk.merge_patients(MergePatients(new_op(), 1, 2, "тот же человек")),
    "unmerge_patient": lambda desk: desk.unmerge_patient(2, op_id=new_op()),
}
OFFICE: dict[str, Callable[[OfficeServices], object]] = {
    "require": lambda office: office.require(Permission.OPERATORS),
    "maintained": lambda office: office.maintained("backup-made"),
    "whoami": lambda office: office.whoami(None),
    "operators": lambda office: office.operators(),
    "add_operator": lambda office: office.add_operator("new", "", "senior", "long-enough"),
    "set_password": lambda office: office.set_password("reg", "long-enough"),
    "set_role": lambda office: office.set_role("reg", "senior"),
    "set_active": lambda office: office.set_active("reg", active=False),
    "sign_out": lambda office: office.sign_out("x"),
    "anchor": lambda office: office.anchor(),
}
AUDITOR: dict[str, Callable[[OfficeServices], object]] = {
    "journal": lambda office: office.journal(),
    "exported_journal": lambda office: list(office.exported_journal()),
    "journal_lines": lambda office: office.journal_lines(JournalQuery(), limit=5),
    "save_journal": lambda office: office.save_journal(JournalQuery()),
    "write_journal": lambda office: office.write_journal(Path("/nowhere/journal.csv")),
    "verify_journal": lambda office: office.verify_journal(),
}
BULK: dict[str, Callable[[BulkServices, Path], object]] = {
    "import_patients": lambda bulk, file: bulk.import_patients(file),
    "import_doctors": lambda bulk, file: bulk.import_doctors(file),
    "import_schedule": lambda bulk, file: bulk.import_schedule(file),
    "import_visits": lambda bulk, file: bulk.import_visits(file),
    "import_cancellations": lambda bulk, file: bulk.import_cancellations(file),
    "list_tickets": lambda bulk, file: bulk.list_tickets(file, file.with_name("out.pdf")),
    "export": lambda bulk, file: bulk.export("patients", file.with_name("out.csv")),
}
TABLES = {
    "import_patients": "Фамилия;Имя;Отчество;Дата рождения;Пол\nИванов;Иван;Иванович;12.05.1958;М\n",
    "import_doctors": "Фамилия;Имя;Отчество;Специальность;Кабинет\n",
    "import_schedule": "Врач;День недели;С;До;Минут\n",
    "list_tickets": "Талон\n1\n",
}


def test_no_use_case_is_left_out() -> None:
    """What is tried below is everything a caller can reach; these few ask no base at all."""
    asked_nothing = {"close", "zone", "roles", "instants", "change_stamp", "writer"}
    for kind, tried in ((DeskServices, DESK), (OfficeServices, {**OFFICE, **AUDITOR}), (BulkServices, BULK)):
        offered = {name for name, _ in inspect.getmembers(kind) if not name.startswith("_")}
        assert offered - asked_nothing == set(tried)


CHANGES: dict[str, Callable[[RealClinic, str], object]] = {
    "blocked": lambda real, who: real.office("boss").set_active(who, active=False),
    "role": lambda real, who: real.office("boss").set_role(who, "auditor" if who != "aud" else "senior"),
    "password": lambda real, who: real.office("boss").set_password(who, "another-password"),
    "time": lambda real, _who: real.clinic.advance(hours=12),
}


def state(real: RealClinic) -> list[list[tuple[Any, ...]]]:
    """Return every row of what use-cases change, the journal too."""
    from sqlalchemy import text

    tables = ("visit", "visit_event", "claim", "op", "patient", "audit_entry", "import_batch", "operator")
    with real.clinic.engine.connect() as connection:
        return [
            [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))]
            for table in tables
        ]


@pytest.mark.parametrize("change", CHANGES)
def test_an_open_desk_can_do_nothing_more(real: RealClinic, change: str, tmp_path: Path) -> None:
    real.office("adm").add_operator("boss", "", "administrator", "long-enough")
    real.office_of(real.sign_in("boss", "long-enough")).set_password("boss", password_of("boss"))
    desk, office, auditor = real.desk("sen"), real.office("adm"), real.office("aud")
    token = real.sign_in("sen")
    bulk = bootstrap.build_bulk(real.config(), clock=real.clock, token=token)
    bystander = real.desk("reg")
    desk.book(dto.BookVisit(new_op(), 1, BOOKED))
    assert desk.visit(1).status == "booked"
    desk.still_admitted()  # what was seen before is written down before
    for who in ("sen", "adm", "aud"):
        if change != "time" or who == "sen":
            CHANGES[change](real, who)
    before = state(real)
    told = {refusal(lambda use=use: use(desk)).message for use in DESK.values()}  # type: ignore[misc]
    told |= {refusal(lambda use=use: use(office)).message for use in OFFICE.values()}  # type: ignore[misc]
    told |= {refusal(lambda use=use: use(auditor)).message for use in AUDITOR.values()}  # type: ignore[misc]
    for name, use in BULK.items():
        file = tmp_path / f"{name}.csv"
        file.write_text(TABLES.get(name, "Талон;Причина\n"), encoding="utf-8")
        with pytest.raises(RegistrarError) as stopped:
            use(bulk, file)
        if name in ("import_patients", "export"):
            assert isinstance(stopped.value, NotAllowed)
    assert len(told) == 1 and state(real) == before
    assert not (tmp_path / "out.csv").exists()
    if change != "time":
        bystander.patient_card(1)
    bulk.close()


def test_who_works_is_asked_in_the_transaction_itself(real: RealClinic) -> None:
    """Blocked between the search for a free slot and its booking: the booking is refused."""
    from registrar_tui.services import booking

    desk = real.desk("reg")
    office = real.office("adm")
    asked = booking.first_free_slot

    def blocked_meanwhile(*given: Any, **named: Any) -> Any:
        answer = asked(*given, **named)
        office.set_active("reg", active=False)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(booking, "first_free_slot", blocked_meanwhile)
        command = dto.BookFirstFree(new_op(), 1, "терапевт")
        assert refusal(lambda: desk.book_first_free(command)).code == "not_signed_in"
    assert "booked" not in real.actions()


def test_a_password_of_somebody_else_opens_nothing_but_its_change(real: RealClinic, tmp_path: Path) -> None:
    real.office("adm").set_password("sen", "given-by-adm")
    token = real.sign_in("sen", "given-by-adm")
    desk, office = real.desk_of(token), real.office_of(token)
    assert desk.greeting().must_change and office.whoami(token)["must_change"]
    for name, use in DESK.items():
        if name != "greeting":
            assert refusal(lambda use=use: use(desk)).code == "must_change"  # type: ignore[misc]
    told = refusal(lambda: desk.find_patients("Абрикосов"))
    assert "registrar operator password sen" in told.message
    assert refusal(lambda: office.anchor()).code == "must_change"
    bulk = bootstrap.build_bulk(real.config(), clock=real.clock, token=token)
    assert refusal(lambda: bulk.export("patients", tmp_path / "x.csv")).code == "must_change"
    bulk.close()
    office.set_password("sen", "chosen-by-sen")
    real.desk_of(real.sign_in("sen", "chosen-by-sen")).patient_card(1)


def test_an_administrator_who_must_change_administers_nothing(real: RealClinic) -> None:
    real.office("adm").add_operator("boss", "", "administrator", "given-by-adm")
    office = real.office_of(real.sign_in("boss", "given-by-adm"))
    for name, use in OFFICE.items():
        if name not in ("whoami", "sign_out"):
            assert refusal(lambda use=use: use(office)).code == "must_change"  # type: ignore[misc]


def test_a_session_that_gives_way_to_another_is_over(real: RealClinic) -> None:
    former = real.sign_in("reg")
    desk = real.desk_of(former)
    new = bootstrap.sign_in(real.config(), "reg", password_of("reg"), clock=real.clock, instead_of=former)
    assert refusal(lambda: desk.patient_card(1)).message == "Вход закончился: войдите снова."
    real.desk_of(new).patient_card(1)
    with pytest.raises(NotAllowed):
        bootstrap.sign_in(real.config(), "reg", "wrong", clock=real.clock, instead_of=new)
    real.desk_of(new).patient_card(1)


def test_the_demo_operator_needs_no_session(clinic: Clinic) -> None:
    assert clinic.desk().patient_card(1).id == 1
    clinic.desk().still_admitted()
