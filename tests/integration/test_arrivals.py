"""Tickets shown at the desk, arrivals, the list of the day."""

from __future__ import annotations

import pytest

from registrar_tui.errors import Refusal
from registrar_tui.models import Branch, Visit
from registrar_tui.services import ticket_code
from registrar_tui.vocabulary import TICKET_VERDICT_LABELS, Initiator, TicketVerdict
from tests.integration.bases import Clinic, new_op
from tests.integration.invariants import broken_invariants
from tests.integration.tiny_clinic import HEART, MONDAY, NERVES, OTHER_THERAPIST, THERAPIST, slot_id


def shown(clinic: Clinic, verdict: TicketVerdict) -> str:
    """Return a ticket code that must get this verdict at the first branch today."""
    match verdict:
        case TicketVerdict.UNKNOWN:
            return "0123"
        case TicketVerdict.FORGED:
            return ticket_code.make_code(1, b"another clinic's key", "tiny", 1)
        case TicketVerdict.OTHER_BRANCH:
            return clinic.book(slot_id(NERVES, 0, 0)).ticket_code
        case TicketVerdict.WRONG_DAY:
            return clinic.book(slot_id(THERAPIST, 1, 0)).ticket_code
    visit = clinic.book(slot_id(THERAPIST, 0, 0))
    if verdict is TicketVerdict.CANCELLED:
        clinic.cancel(visit.id)
    elif verdict is TicketVerdict.MOVED:
        clinic.move(visit.id, slot_id(THERAPIST, 2, 0), by=Initiator.CLINIC)
    elif verdict is TicketVerdict.ALREADY_ARRIVED:
        clinic.desk().arrive(visit.ticket_code, op_id=new_op())
    return visit.ticket_code


@pytest.mark.parametrize("verdict", TicketVerdict)
def test_every_verdict(clinic: Clinic, verdict: TicketVerdict) -> None:
    code = shown(clinic, verdict)
    desk = clinic.desk("окно 9", branch=1)
    check = desk.verify_ticket(code)
    assert (check.verdict, check.valid) == (verdict, verdict is TicketVerdict.OK)
    assert check.message.lower().startswith(TICKET_VERDICT_LABELS[verdict].lower())
    known = verdict not in (TicketVerdict.UNKNOWN, TicketVerdict.FORGED)
    assert (check.visit_id is not None) is known and (check.visit is not None) is known
    assert check.as_dict() == {"valid": check.valid, "verdict": verdict.value, "visit_id": check.visit_id}
    if verdict is TicketVerdict.OK:
        assert desk.arrive(code, op_id=new_op()).status == "arrived"
        return
    with pytest.raises(Refusal) as refused:
        desk.arrive(code, op_id=new_op())
    words = {TicketVerdict.UNKNOWN: "not_found"}
    assert refused.value.code == words.get(verdict, f"ticket_{verdict.value.replace('-', '_')}")
    with clinic.read() as session:
        assert broken_invariants(session) == []


def test_a_genuine_code_of_no_visit_is_unknown(clinic: Clinic) -> None:
    """A ticket printed before the base was restored from an older copy."""
    code = clinic.desk()._workplace.tickets.sign(4_000_000_000)
    assert clinic.desk().verify_ticket(code).verdict == "unknown"
    with pytest.raises(Refusal) as refused:
        clinic.desk().arrive(code, op_id=new_op())
    assert refused.value.code == "not_found"


def test_a_desk_without_a_branch_receives_everybody(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(OTHER_THERAPIST, 0, 0))
    assert clinic.desk().verify_ticket(visit.ticket_code).verdict == "ok"
    assert clinic.desk("окно 8", branch=2).verify_ticket(visit.ticket_code).verdict == "ok"
    assert clinic.desk("окно 9", branch=1).verify_ticket(visit.ticket_code).verdict == "other-branch"


def test_an_unknown_branch_opens_no_desk(clinic: Clinic) -> None:
    from registrar_tui.errors import StoreUnavailable

    with pytest.raises(StoreUnavailable) as refused:
        clinic.desk("окно 9", branch=77)
    assert refused.value.code == "no_branch" and "№ 77" in refused.value.message


@pytest.mark.parametrize("form", ["{id}", "{number}", "№ {number}", "  {id} ", "{code}", "]Q1{code}"])
def test_arrival_by_whatever_is_at_hand(clinic: Clinic, form: str) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 0))
    text = form.format(id=visit.id, number=visit.number, code=visit.ticket_code)
    arrived = clinic.desk().arrive(text, op_id=new_op())
    assert (arrived.id, arrived.status) == (visit.id, "arrived")
    with clinic.read() as session:
        row = session.get(Visit, visit.id)
        assert row is not None and row.arrived_at == clinic.clock.utc()
        assert broken_invariants(session) == []


@pytest.mark.parametrize(
    "text", ["", "абв", "-1", "0", "99999", "9999999999", "2147483648", "9" * 400, "1 2", "\x00", "²"]
)
def test_arrival_of_nonsense(clinic: Clinic, text: str) -> None:
    with pytest.raises(Refusal) as refused:
        clinic.desk().arrive(text, op_id=new_op())
    assert refused.value.code == "not_found"


def test_arrival_twice_by_one_operation(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(THERAPIST, 0, 0))
    answers = [clinic.desk().arrive(str(visit.id), op_id="arrive once") for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(clinic.desk().visit(visit.id).history) == 2


def test_the_list_of_the_day_counts(clinic: Clinic) -> None:
    came = clinic.book(slot_id(THERAPIST, 0, 0), 1)
    clinic.book(slot_id(THERAPIST, 0, 1), 2)
    late = clinic.book(slot_id(HEART, 0, 7), 3)
    gone = clinic.book(slot_id(THERAPIST, 0, 3), 4)
    moved = clinic.book(slot_id(THERAPIST, 0, 4), 5)
    clinic.book(slot_id(THERAPIST, 1, 0), 6)
    clinic.book(slot_id(THERAPIST, 0, 5), 7)
    clinic.undo()
    clinic.desk().arrive(str(came.id), op_id=new_op())
    clinic.cancel(gone.id)
    clinic.move(moved.id, slot_id(THERAPIST, 2, 0), by=Initiator.CLINIC)
    clinic.advance(hours=1, minutes=30)  # 09:30: the second visit is over, nobody has come to it
    day = clinic.desk().day_list()
    assert (day.day, day.expected, day.arrived, day.unresolved) == (MONDAY, 2, 1, 1)
    assert [row.patient_id for row in day.rows] == [1, 2, 4, 3], "neither moved nor mistaken visits"
    assert day.rows[0].note == "пришёл" and day.rows[2].note == "отменён поздно"
    assert [row.id for row in clinic.desk().day_list(doctor_id=HEART).rows] == [late.id]
    assert clinic.desk().day_list(MONDAY.replace(day=24)).expected == 1
    assert clinic.desk().day_list(MONDAY.replace(year=2000)).rows == ()


def test_a_desk_of_a_branch_lists_its_own_day(clinic: Clinic) -> None:
    here = clinic.book(slot_id(THERAPIST, 0, 0), 1)
    there = clinic.book(slot_id(OTHER_THERAPIST, 0, 0), 2)
    both = clinic.desk().day_list()
    assert [row.id for row in both.rows] == [here.id, there.id]
    for branch, visit in ((1, here), (2, there)):
        rows = clinic.desk(f"окно {branch}", branch=branch).day_list().rows
        assert [row.id for row in rows] == [visit.id]


def test_the_day_is_the_branchs_own(clinic: Clinic) -> None:
    """At 22:30 UTC it is tomorrow in Moscow."""
    clinic.set(Branch, 1, timezone="Europe/Moscow")
    clinic.advance(hours=17, minutes=30)
    assert clinic.desk().day_list().day == MONDAY.replace(day=24)
    assert clinic.desk().greeting().now.hour == 1


def test_a_ticket_says_all_the_patient_needs(clinic: Clinic) -> None:
    visit = clinic.book(slot_id(HEART, 1, 0), 2, service="heart")
    ticket = clinic.desk().ticket(visit.id)
    assert (ticket.number, ticket.code, ticket.room) == (visit.number, visit.ticket_code, "201")
    assert (ticket.clinic, ticket.branch, ticket.address) == (
        "Поликлиника",
        "Поликлиника № 1",
        "ул. Лесная, 5",
    )
    assert (ticket.doctor, ticket.specialty) == ("Орлова Анна Петровна", "кардиолог")
    assert (ticket.patient, ticket.service) == ("Берёзкин Иван Петрович", "приём heart")
    assert ticket.notes == () and "паспорт" in ticket.bring
    clinic.cancel(visit.id)
    assert clinic.desk().ticket(visit.id).notes == ("отменён",)
    with pytest.raises(Refusal) as refused:
        clinic.desk().ticket(999)
    assert refused.value.code == "not_found"
