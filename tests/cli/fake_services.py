"""A clinic of two patients in memory: what the command line needs to be tested without a base."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from registrar_tui.errors import Refusal, WayOut
from registrar_tui.services import dto
from registrar_tui.services.protocol import TicketFormat
from registrar_tui.vocabulary import TICKET_VERDICT_LABELS, TicketVerdict, VisitStatus
from tests.cli.fake_merging import FakeMerging

HOSTILE = "Иванов [red]Иван[/red] \x1b[31mПетрович\u202e\x9b2J"
CODE = "04120000000000000017"
FIRST_SLOT = 4001


class FakeServices(FakeMerging):
    """Books, moves and cancels in dictionaries; keeps every command it was given in `asked`."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.visits: dict[int, dto.VisitView] = {}
        self.closed = 0
        self.failure: Exception | None = None
        self.printing: Exception | None = None
        self.people = (
            dto.PatientRow(
                id=7,
                full_name=HOSTILE,
                birth_date=date(1958, 5, 12),
                snils="11223344595",
                enp="7758840848000012",
                phone="+79161234567",
                why="ФИО, год",
            ),
            dto.PatientRow(
                id=8,
                full_name="Иващенко Ивар Олегович",
                birth_date=date(1958, 1, 30),
                snils=None,
                enp=None,
                phone=None,
                why="ФИО",
            ),
        )

    def _ask(self, command: Any) -> None:
        self.asked.append(command)
        if self.failure:
            raise self.failure

    def find_patients(self, text: str, *, limit: int = 20, journalled: bool = False) -> dto.PatientPage:
        self._ask((text, limit, journalled))
        rows = () if text == "никто" else self.people[:limit]
        return dto.PatientPage(rows, "фамилия «ива…»", total=500, more=limit < len(self.people))

    def doctors(self, specialty: str | None = None) -> tuple[dto.DoctorRow, ...]:
        self._ask(specialty)
        return (
            dto.DoctorRow(
                id=3,
                full_name="Орлова Нина Викторовна",
                specialty="кардиология",
                post="врач-кардиолог",
                branch="Поликлиника № 1",
                room="214",
                rating=4.5,
                accepting=True,
                free=9,
                nearest=datetime(2026, 11, 24, 8, 45),
                experience_years=12,
            ),
        )

    def slots(self, query: dto.SlotQuery) -> tuple[dto.SlotRow, ...]:
        self._ask(query)
        start = datetime(2026, 11, 24, 8, 45)
        return (
            dto.SlotRow(FIRST_SLOT, 3, start, 15, "free", "ordinary", True, None),
            dto.SlotRow(FIRST_SLOT + 1, 3, start.replace(hour=9), 15, "busy", "ordinary", False, "занято"),
        )

    def visit(self, visit_id: int) -> dto.VisitView:
        self._ask(visit_id)
        return replace(
            self._visit(visit_id),
            history=(dto.VisitEventView(datetime(2026, 11, 23, 5, 0), "booked", "demo", None),),
        )

    def day_list(self, day: date | None = None, *, doctor_id: int | None = None) -> dto.DayList:
        self._ask((day, doctor_id))
        row = dto.VisitRow(
            id=1,
            number="0412",
            patient_id=7,
            patient=HOSTILE,
            doctor="Орлова Н. В.",
            specialty="кардиология",
            room="214",
            starts_at=datetime(2026, 11, 24, 8, 45),
            minutes=15,
            status="booked",
            note="записан",
        )
        return dto.DayList(date(2026, 11, 24), (row,), expected=1, arrived=0, unresolved=0)

    def book(self, command: dto.BookVisit) -> dto.VisitView:
        self._ask(command)
        if any(visit.slot_id == command.slot_id for visit in self.visits.values()):
            ways = tuple(WayOut("slot", f"24.11 0{hour}:00", slot_id=4000 + hour) for hour in (7, 8, 9))
            raise Refusal("slot_taken", "Выбранное время уже занято.", field="slot", ways_out=ways)
        visit = dto.VisitView(
            id=len(self.visits) + 1,
            number="0412",
            status=VisitStatus.BOOKED.value,
            patient_id=command.patient_id,
            doctor_id=3,
            slot_id=command.slot_id,
            starts_at=datetime(2026, 11, 24, 8, 45),
            minutes=15,
            room="214",
            ticket_code=CODE,
        )
        self.visits[visit.id] = visit
        return visit

    def book_first_free(self, command: dto.BookFirstFree) -> dto.VisitView:
        self._ask(command)
        slot_id = max((visit.slot_id for visit in self.visits.values()), default=FIRST_SLOT - 1) + 1
        return self.book(dto.BookVisit(command.op_id, command.patient_id, slot_id))

    def move(self, command: dto.MoveVisit) -> dto.VisitView:
        self._ask(command)
        moved = replace(self._visit(command.visit_id), id=99, slot_id=command.slot_id)
        self.visits[moved.id] = moved
        return moved

    def cancel(self, command: dto.CancelVisit) -> dto.VisitView:
        self._ask(command)
        cancelled = replace(self._visit(command.visit_id), status=VisitStatus.CANCELLED.value, late=True)
        self.visits[cancelled.id] = cancelled
        return cancelled

    def undo(self, *, op_id: str) -> dto.VisitView:
        self._ask(op_id)
        return replace(self._visit(max(self.visits, default=0)), status=VisitStatus.CANCELLED.value)

    def arrive(self, code_or_visit: str, *, op_id: str) -> dto.VisitView:
        self._ask((code_or_visit, op_id))
        return replace(self._visit(1), status=VisitStatus.ARRIVED.value)

    def verify_ticket(self, code: str) -> dto.TicketCheck:
        self._ask(code)
        verdict = TicketVerdict.OK if code == CODE else TicketVerdict.FORGED
        return dto.TicketCheck(verdict, 1 if code == CODE else None, TICKET_VERDICT_LABELS[verdict])

    def print_ticket(
        self, visit_id: int, *, form: TicketFormat = "a6", out: Path | None = None, printer: str | None = None
    ) -> Path:
        self._ask((visit_id, form, out, printer))
        if self.printing:
            raise self.printing
        if out is not None and out.parent.is_absolute():
            out.write_bytes(b"%PDF-1.7\n\xff")
        return out or Path("tickets") / "0412.pdf"

    def day_tickets(self, day: date, *, out: Path, form: TicketFormat = "a4") -> int:
        self._ask((day, out, form))
        return 3

    def close(self) -> None:
        self.closed += 1

    def _visit(self, visit_id: int) -> dto.VisitView:
        if visit_id not in self.visits:
            raise Refusal("not_found", "Такого приёма нет: проверьте номер.", field="visit")
        return self.visits[visit_id]
