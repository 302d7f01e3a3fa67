"""Booking a slot for a person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlmodel import Session, col

from registrar_tui.clock import to_utc
from registrar_tui.errors import NotAllowed, Refusal, UsageError, WayOut
from registrar_tui.models import Branch, Room, Service, Visit
from registrar_tui.services import availability, dto
from registrar_tui.services.permissions import may_override
from registrar_tui.services.prepared import Prepared
from registrar_tui.services.rules.base import SlotFacts, Verdict
from registrar_tui.services.rules.rulebook import Rulebook, load_rulebook
from registrar_tui.services.slots import (
    Asker,
    asker_for,
    judge,
    patient_facts,
    slot_by_id,
    slot_chain,
)
from registrar_tui.services.target_search import require_specialty
from registrar_tui.services.visits import booked_state, claim, number_of, write_event
from registrar_tui.services.workplace import Workplace
from registrar_tui.vocabulary import VisitStatus

_PLACE = Prepared(
    select(col(Branch.timezone), col(Room.number)).where(
        col(Branch.id) == bindparam("branch"), col(Room.id) == bindparam("room")
    )
)
_VISIT = Prepared(insert(Visit).returning(col(Visit.id)))
_ID_DIGITS = 9  # every such number fits an integer key; a longer one is no id


class RuleStands(Refusal):
    """A rule stands against a booking; ways out are looked for after the transaction, not under its locks."""

    def __init__(self, rulebook: Rulebook, asker: Asker, slot: SlotFacts, verdict: Verdict) -> None:
        super().__init__(verdict.code, verdict.message, field=verdict.field, basis=verdict.basis)
        self._asked = (rulebook, asker, slot, verdict)

    def with_ways_out(self, session: Session) -> Refusal:
        """Return the whole refusal."""
        return refusal(session, *self._asked)


def book(session: Session, workplace: Workplace, command: dto.BookVisit) -> dto.VisitView:
    """Book a slot in the caller's transaction; refusals name their rule, SlotLost a lost race."""
    chain, service = examine(session, workplace, command, lock=True)
    zone, room = place_of(session, chain[0])
    row = _visit_row(workplace, command, chain[0], service, zone)
    ((visit_id,),) = _VISIT.run(session, row)
    claim(session, workplace, chain, visit_id)
    write_event(
        session,
        workplace,
        visit_id,
        "booked",
        command.op_id,
        channel=command.channel,
        before=None,
        after=booked_state(slot.id for slot in chain),
        reason="; ".join(f"{entry.rule}: {entry.reason}" for entry in command.overrides) or None,
    )
    return _view(workplace, visit_id, row, room)


def examine(
    session: Session, workplace: Workplace, command: dto.BookVisit, *, lock: bool = False
) -> tuple[list[SlotFacts], Service | None]:
    """Return the slots a booking would take, or raise RuleStands; `lock` keeps the answer true to the end.

    The person is locked first, then the slots in their order.
    """
    rulebook = load_rulebook(session, workplace.now().date())
    overridden = check_overrides(workplace, rulebook, command.overrides)
    service = service_by_code(session, command.service)
    patient = patient_facts(session, command.patient_id, since=workplace.now(), lock=lock)
    first = slot_by_id(session, command.slot_id, lock=lock)
    require_service_here(service, first)
    minutes = service.minutes if service else first.minutes
    paid = service is not None and service.paid
    asker = asker_for(workplace, command.channel, patient=patient, paid=paid, minutes=minutes)
    chain = slot_chain(session, first, minutes, lock=lock)
    verdict = judge(rulebook, asker, chain, overridden)
    if verdict is not None:
        raise RuleStands(rulebook, asker, first, verdict)
    return chain, service


def first_free_slot(session: Session, workplace: Workplace, command: dto.BookFirstFree) -> int:
    """Return the slot `--first-free` would take now; `not_found` where there is none."""
    rulebook = load_rulebook(session, workplace.now().date())
    overridden = check_overrides(workplace, rulebook, command.overrides)
    specialty_id = require_specialty(session, command.specialty)
    service = service_by_code(session, command.service)
    patient = patient_facts(session, command.patient_id, since=workplace.now())
    asker = asker_for(
        workplace,
        command.channel,
        patient=patient,
        paid=service is not None and service.paid,
        minutes=service.minutes if service else None,
    )
    doctors = list(availability.doctors_of(session, specialty_id))
    slot = availability.first_suitable(session, rulebook, asker, doctors, overridden=overridden)
    if slot is None:
        raise Refusal(
            "not_found",
            "Свободного времени к этому специалисту нет: предложите другой филиал или специалиста.",
            field="slot",
        )
    return slot.id


def check_overrides(
    workplace: Workplace, rulebook: Rulebook, overrides: tuple[dto.Override, ...]
) -> tuple[str, ...]:
    """Return the codes that are overridden; each needs a reason, and a role that may go against the rule."""
    for entry in overrides:
        if not entry.reason.strip():
            raise UsageError("Чтобы отступить от правила, укажите причину (--reason).", field="reason")
        if not may_override(workplace.role, rulebook.override_role(entry.rule)):
            raise NotAllowed(f"От правила «{entry.rule[:40]}» отступить нельзя: выберите другое время.")
    return tuple(entry.rule for entry in overrides)


def refusal(session: Session, rulebook: Rulebook, asker: Asker, slot: SlotFacts, verdict: Verdict) -> Refusal:
    """Return the refusal of a rule with its basis and the nearest legal ways out."""
    ways = availability.nearest_free(
        session, rulebook, asker, slot, other_day=verdict.code == "duplicate_visit"
    )
    if verdict.override_role is not None:
        ways = (*ways, WayOut("action", f"Отступить от правила {verdict.code} с указанием причины"))
    return Refusal(verdict.code, verdict.message, field=verdict.field, basis=verdict.basis, ways_out=ways)


def taken_refusal(session: Session, workplace: Workplace, asker: Asker, slot_id: int) -> Refusal:
    """Return the refusal of a race that was lost, read anew after the transaction."""
    rulebook = load_rulebook(session, workplace.now().date())
    slot = slot_by_id(session, slot_id)
    verdict = judge(rulebook, asker, [slot]) or Verdict(
        "slot_taken",
        "Выбранное время уже занято: возьмите одно из ближайших свободных.",
        "локальный порядок записи клиники",
        "slot",
    )
    return refusal(session, rulebook, asker, slot, verdict)


def service_by_code(session: Session, code: str | None) -> Service | None:
    """Return a service by its code or id, None where none is asked for; `not_found`."""
    if code is None:
        return None
    by_id = code.isascii() and code.isdigit() and len(code) <= _ID_DIGITS
    match = col(Service.id) == int(code) if by_id else col(Service.code) == code
    service: Service | None = session.execute(select(Service).where(match)).scalar_one_or_none()
    if service is None:
        raise Refusal("not_found", f"Услуги «{code[:40]}» нет: проверьте код.", field="service")
    return service


def require_service_here(service: Service | None, slot: SlotFacts) -> None:
    """Refuse a service that the doctor's specialty does not give."""
    if service is not None and service.specialty_id != slot.specialty_id:
        message = f"Услугу «{service.name}» этот специалист не оказывает: выберите другое время."
        raise Refusal("wrong_service", message, field="service")


def place_of(session: Session, slot: SlotFacts) -> tuple[str, str]:
    """Return the IANA zone of a slot's branch and the number of its room."""
    ((zone, room),) = _PLACE.run(session, {"branch": slot.branch_id, "room": slot.room_id})
    return zone, room


def _visit_row(
    workplace: Workplace, command: dto.BookVisit, first: SlotFacts, service: Service | None, zone: str
) -> dict[str, Any]:
    """Return the row itself: a mapped object costs ten times as much to make (80 us)."""
    return {
        "patient_id": command.patient_id,
        "doctor_id": first.doctor_id,
        "specialty_id": first.specialty_id,
        "branch_id": first.branch_id,
        "room_id": first.room_id,
        "slot_id": first.id,
        "service_id": service.id if service else None,
        "starts_at": first.starts_at,
        "starts_utc": to_utc(first.starts_at, zone),
        "minutes": service.minutes if service else first.minutes,
        "status": VisitStatus.BOOKED,
        "channel": command.channel,
        "booked_at": workplace.utc(),
        "late": False,
        "version": 1,
    }


def _view(workplace: Workplace, visit_id: int, row: dict[str, Any], room: str) -> dto.VisitView:
    return dto.VisitView(
        id=visit_id,
        number=number_of(visit_id),
        status=row["status"],
        patient_id=row["patient_id"],
        doctor_id=row["doctor_id"],
        slot_id=row["slot_id"],
        starts_at=row["starts_at"],
        minutes=row["minutes"],
        room=room,
        ticket_code=workplace.tickets.sign(visit_id),
        channel=row["channel"],
        late=row["late"],
        previous_visit_id=None,
        replaced_by_id=None,
    )
