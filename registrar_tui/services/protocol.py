"""The use-cases as the front ends see them; `bootstrap.build` returns an object of this shape.

Every method opens and closes its own session, may block, and is called from a worker thread by the desk.
Every method may raise `registrar_tui.errors.RegistrarError`; nothing else is a user's business.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, Protocol

from registrar_tui.services import dto
from registrar_tui.services.dto_merge import MergeView
from registrar_tui.services.protocol_merge import Merging

TicketFormat = Literal["a6", "a5", "a4", "80mm", "58mm", "text"]


class Services(Merging, Protocol):
    """The clinic's desk: questions, then commands."""

    def greeting(self) -> dto.DeskGreeting:
        """Say where and who this desk is."""
        ...

    def find_patients(self, text: str, *, limit: int = 20, journalled: bool = False) -> dto.PatientPage:
        """Find people by any fragment; never raises on any text.

        `journalled` writes the search down: for a list that leaves the desk. The desk's own search shows
        masked numbers while typing, and opening a card is written down anyway.
        """
        ...

    def prepare_search(self) -> None:
        """Read what the search keeps in memory, lest the first misspelt name wait for it."""
        ...

    def patient_card(self, patient_id: int) -> dto.PatientCard:
        """Open one person's card; `not_found`."""
        ...

    def find_targets(
        self, text: str, *, patient_id: int | None = None, branch_id: int | None = None, limit: int = 12
    ) -> tuple[dto.BookingTarget, ...]:
        """Find specialties, doctors, services and branches by keyword in any layout.

        Empty text lists the specialties; `branch_id` counts what is free there and leaves its doctors only.
        """
        ...

    def doctors(self, specialty: str | None = None) -> tuple[dto.DoctorRow, ...]:
        """List doctors with free counts; an unknown specialty is `not_found`."""
        ...

    def grid(self, query: dto.GridQuery) -> dto.SlotGrid:
        """Draw the slot grid of a day (doctors) or of a week (one doctor)."""
        ...

    def slots(self, query: dto.SlotQuery) -> tuple[dto.SlotRow, ...]:
        """List slots in order of time."""
        ...

    def explain_slot(self, slot_id: int, patient_id: int | None = None) -> dto.SlotExplanation:
        """Say whose a slot is or why it cannot be taken, and what can."""
        ...

    def visit(self, visit_id: int) -> dto.VisitView:
        """Show one visit with its history; `not_found`."""
        ...

    def day_list(self, day: date | None = None, *, doctor_id: int | None = None) -> dto.DayList:
        """List the visits of one day at this branch; None is today."""
        ...

    def offer(
        self, slot_id: int, patient_id: int, *, service_id: int | None = None, move_of: int | None = None
    ) -> dto.BookingOffer:
        """Hold a slot for three minutes and say what to read out; `slot_taken`, `past_slot`, …"""
        ...

    def release(self, slot_id: int) -> None:
        """Give a held slot back; silent if it is not held by this desk."""
        ...

    def register_patient(self, draft: dto.PatientDraft, *, op_id: str) -> dto.PatientCard:
        """Create a card; `FieldErrors` (invalid_document) names every wrong field."""
        ...

    def edit_patient(
        self, patient_id: int, version: int, draft: dto.PatientDraft, *, op_id: str
    ) -> dto.PatientCard:
        """Change a card; `stale_edit` where another desk was quicker."""
        ...

    def book(self, command: dto.BookVisit) -> dto.VisitView:
        """Book one slot; every refusal names its rule and the ways out."""
        ...

    def book_first_free(self, command: dto.BookFirstFree) -> dto.VisitView:
        """Book the first suitable slot of a specialty."""
        ...

    def move(self, command: dto.MoveVisit) -> dto.VisitView:
        """Move a visit; returns the new visit of the linked pair."""
        ...

    def cancel(self, command: dto.CancelVisit) -> dto.VisitView:
        """Cancel a visit; later than 24 hours before counts as late."""
        ...

    def undo(self, *, op_id: str) -> dto.VisitView | MergeView:
        """Take back this desk's last booking, move, cancellation or merge by a compensating event."""
        ...

    def arrive(self, code_or_visit: str, *, op_id: str) -> dto.VisitView:
        """Record an arrival by ticket code or visit id; refuses with the ticket's verdict."""
        ...

    def verify_ticket(self, code: str) -> dto.TicketCheck:
        """Check a shown ticket code; any text has a verdict."""
        ...

    def ticket(self, visit_id: int) -> dto.TicketView:
        """Collect what a ticket says; `not_found`."""
        ...

    def print_ticket(
        self, visit_id: int, *, form: TicketFormat = "a6", out: Path | None = None, printer: str | None = None
    ) -> Path:
        """Write a ticket (0600) and send it to the printer if one is set; returns the file."""
        ...

    def day_tickets(self, day: date, *, out: Path, form: TicketFormat = "a4") -> int:
        """Write the tickets of a day into one file; returns their number."""
        ...

    def still_admitted(self) -> None:
        """Return quietly while the operator may work; every other method asks the same by itself.

        NotAllowed `not_signed_in` once the session has ended or the operator is blocked or has another role,
        `must_change` where somebody else has set the password.
        """
        ...

    def change_stamp(self) -> object:
        """Return a value that differs once any desk has changed the base."""
        ...

    def close(self) -> None:
        """Give every connection back."""
        ...
