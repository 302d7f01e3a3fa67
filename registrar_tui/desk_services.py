"""The use-cases bound to one store and one workplace: the object behind `services.protocol.Services`."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import date
from pathlib import Path
from typing import Any

from sqlmodel import Session

from registrar_tui.errors import Refusal, RegistrarError
from registrar_tui.merge_services import MergeServices
from registrar_tui.services import (
    arrivals,
    booking,
    cards,
    clinic,
    dto,
    grids,
    holds,
    masking,
    merging,
    parting,
    rebooking,
    registration,
    search,
    search_people,
    slot_listing,
    surname_memory,
    undoing,
    visits,
)
from registrar_tui.services.dto_merge import MergeView
from registrar_tui.services.operations import stored_answer, unless_done
from registrar_tui.services.permissions import Permission, allows
from registrar_tui.services.slots import asker_for, patient_facts
from registrar_tui.services.visits import SlotLost
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.session import Store
from registrar_tui.ticket_services import TicketServices
from registrar_tui.use_cases import Work, digest_of
from registrar_tui.vocabulary import Channel

FIRST_FREE_TRIES = 100  # each lost try is a booking of another desk; fifty may want the same slot


class DeskServices(MergeServices, TicketServices):
    """Every use-case opens and closes its own session; a command runs exactly once by its `op_id`."""

    def __init__(
        self, store: Store, workplace: Workplace, *, demo: bool, tickets_folder: Path, printer: str | None
    ) -> None:
        super().__init__(store, workplace)
        self._demo = demo
        self._tickets_folder = tickets_folder
        self._printer = printer

    # --- questions ----------------------------------------------------------

    def greeting(self) -> dto.DeskGreeting:
        """Say where and who this desk is."""
        with self._store.read(newcomer=True) as session:
            people = search_people.highest_id(session)
            return clinic.greeting(session, self._workplace, demo=self._demo, people=people)

    def find_patients(self, text: str, *, limit: int = 20, journalled: bool = False) -> dto.PatientPage:
        """Find people by any fragment."""
        self._workplace.may(Permission.FIND)
        with self._store.ask() as reader:
            page = search.find_patients(
                reader,
                text,
                limit=limit,
                today=self._workplace.now().date(),
                branch_id=self._workplace.branch_id,
            )
        if journalled:
            self._journal("searched", detail={"rows": len(page.rows), "text_mac": self._sealed(text)})
        else:
            self._readings.searched(text, page, self._sealed(text))
        return page if allows(self._workplace.role, Permission.NUMBERS) else masking.page(page)

    def prepare_search(self) -> None:
        """Load the dictionary of surnames."""
        with self._store.read() as session:
            surname_memory.prepare(session)

    def patient_card(self, patient_id: int) -> dto.PatientCard:
        """Open one person's card; the opening stands in the journal before anything is shown."""
        self._workplace.may(Permission.OPEN_CARD)
        with self._store.read() as session:
            card = cards.card(session, self._workplace, patient_id)
        self._journal("card-opened", "patient", patient_id)
        return card

    def find_targets(
        self, text: str, *, patient_id: int | None = None, branch_id: int | None = None, limit: int = 12
    ) -> tuple[dto.BookingTarget, ...]:
        """Find specialties, doctors, services and branches."""
        if patient_id is not None:
            self._workplace.may(Permission.OPEN_CARD)
        with self._store.read() as session:
            return clinic.targets(session, self._workplace, text, limit, patient_id, branch_id)

    def doctors(self, specialty: str | None = None) -> tuple[dto.DoctorRow, ...]:
        """List doctors with free counts."""
        with self._store.read() as session:
            return clinic.doctors(session, self._workplace, specialty)

    def grid(self, query: dto.GridQuery) -> dto.SlotGrid:
        """Draw the slot grid."""
        self._workplace.may(Permission.OPEN_CARD)
        with self._store.read() as session:
            grid = grids.grid(session, self._workplace, query)
        self._readings.grid(query, grid)
        return grid

    def slots(self, query: dto.SlotQuery) -> tuple[dto.SlotRow, ...]:
        """List slots; what rules say about one person is shown to who may open their card."""
        if query.patient_id is not None:
            self._workplace.may(Permission.OPEN_CARD)
        with self._store.read() as session:
            rows = slot_listing.slot_list(session, self._workplace, query)
        self._readings.person("slots-asked", query.patient_id)
        return rows

    def explain_slot(self, slot_id: int, patient_id: int | None = None) -> dto.SlotExplanation:
        """Say whose a slot is or why it cannot be taken."""
        self._workplace.may(Permission.OPEN_CARD)
        with self._store.read() as session:
            told = slot_listing.explain(session, self._workplace, slot_id, patient_id)
        self._readings.visit("visit-shown", told.visit_id)
        return told

    def visit(self, visit_id: int) -> dto.VisitView:
        """Show one visit with its history."""
        self._workplace.may(Permission.FIND)
        with self._store.read() as session:
            visit = visits.visit_by_id(session, visit_id)
            view = visits.view_of(session, self._workplace, visit, history=True)
        self._readings.visit("visit-shown", visit_id)
        return view if allows(self._workplace.role, Permission.NUMBERS) else masking.visit(view)

    def day_list(self, day: date | None = None, *, doctor_id: int | None = None) -> dto.DayList:
        """List the visits of one day."""
        self._workplace.may(Permission.OPEN_CARD)
        with self._store.read() as session:
            listed = arrivals.day_list(session, self._workplace, day, doctor_id)
        self._readings.day(listed, doctor_id)
        return listed

    def still_admitted(self) -> None:
        """Refuse whoever may not work here any more; an idle desk asks this by itself.

        What was shown meanwhile is written into the journal on this occasion.
        """
        self._readings.write()
        with self._store.read():
            pass  # the guard of the store has been asked

    def change_stamp(self) -> object:
        """Return a value that differs once any desk has changed the base."""
        return self._store.change_stamp()

    # --- commands -----------------------------------------------------------

    def offer(
        self, slot_id: int, patient_id: int, *, service_id: int | None = None, move_of: int | None = None
    ) -> dto.BookingOffer:
        """Hold a slot and say what to read out."""
        self._workplace.may(Permission.BOOK)

        def work(session: Session) -> dto.BookingOffer:
            return holds.offer(
                session, self._workplace, slot_id, patient_id, service_id=service_id, move_of=move_of
            )

        try:
            offer = self._store.write(work)
        except SlotLost as lost:
            raise self._taken(lost.slot_id, Channel.DESK, patient_id) from lost
        self._readings.person("offered", patient_id)
        return offer

    def release(self, slot_id: int) -> None:
        """Give this desk's hold back; `slot_id` is what the front end believes to hold."""
        self._store.write(lambda session: holds.release(session, self._workplace, slot_id))

    def register_patient(self, draft: dto.PatientDraft, *, op_id: str) -> dto.PatientCard:
        """Create a card."""
        self._workplace.may(Permission.EDIT_CARD)

        def work(session: Session) -> dict[str, Any]:
            return {"patient_id": registration.register(session, self._workplace, draft)}

        request = f"register {digest_of(asdict(draft))}"
        with self._readings.naming_others():
            answer = self._once(op_id, request, work, "card-created")
        return self.patient_card(answer["patient_id"])

    def edit_patient(
        self, patient_id: int, version: int, draft: dto.PatientDraft, *, op_id: str
    ) -> dto.PatientCard:
        """Change a card."""
        self._workplace.may(Permission.EDIT_CARD)

        def work(session: Session) -> dict[str, Any]:
            registration.edit(session, self._workplace, patient_id, version, draft)
            return {"patient_id": patient_id}

        request = f"edit {patient_id} {version} {digest_of(asdict(draft))}"
        with self._readings.naming_others():
            self._once(op_id, request, work, "card-changed")
        return self.patient_card(patient_id)

    def book(self, command: dto.BookVisit) -> dto.VisitView:
        """Book one slot."""
        return self._book(command, _request("book", command))

    def book_first_free(self, command: dto.BookFirstFree) -> dto.VisitView:
        """Book the first suitable slot of a specialty; one lost to another desk is followed by the next."""
        request = _request("book-first-free", command)
        for attempt in range(FIRST_FREE_TRIES):
            with self._store.read() as session:
                # A retry must not search anew: the first attempt may have taken the last free slot.
                slot_id = unless_done(
                    session,
                    command.op_id,
                    lambda: booking.first_free_slot(session, self._workplace, command),
                )
                if slot_id is None:
                    return visits.view_from(stored_answer(session, command.op_id, request))
            wish = dto.BookVisit(
                command.op_id,
                command.patient_id,
                slot_id,
                command.service,
                command.channel,
                command.overrides,
            )
            try:
                return self._book(wish, request)
            except Refusal as refused:
                if refused.code != "slot_taken" or attempt == FIRST_FREE_TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def _book(self, command: dto.BookVisit, request: str) -> dto.VisitView:
        self._workplace.may(Permission.BOOK)

        def work(session: Session) -> dict[str, Any]:
            return booking.book(session, self._workplace, command).as_dict()

        reason = _reason(command.overrides)
        try:
            return self._visit_command(
                command.op_id, request, work, "booked", reason, command.channel, command.patient_id
            )
        except booking.RuleStands as stands:
            with self._store.read() as session:
                raise stands.with_ways_out(session) from None

    def move(self, command: dto.MoveVisit) -> dto.VisitView:
        """Move a visit."""
        self._workplace.may(Permission.BOOK)

        def work(session: Session) -> dict[str, Any]:
            return rebooking.move(session, self._workplace, command).as_dict()

        reason = _reason(command.overrides)
        return self._visit_command(command.op_id, _request("move", command), work, "moved", reason)

    def cancel(self, command: dto.CancelVisit) -> dto.VisitView:
        """Cancel a visit."""
        self._workplace.may(Permission.BOOK)

        def work(session: Session) -> dict[str, Any]:
            return rebooking.cancel(session, self._workplace, command).as_dict()

        return self._visit_command(
            command.op_id, _request("cancel", command), work, "cancelled", command.reason
        )

    def undo(self, *, op_id: str) -> dto.VisitView | MergeView:
        """Take back this desk's last action."""
        self._workplace.may(Permission.BOOK)

        def work(session: Session) -> dict[str, Any]:
            merge = parting.last_of_desk(session, self._workplace)
            if merge is not None:
                self._workplace.may(Permission.MERGE)
                return parting.part(session, self._workplace, merge.retired_id, op_id)
            return undoing.undo(session, self._workplace, op_id).as_dict()

        answer = self._visit_answer(op_id, "undo", work, "undone")
        return merging.view_from(answer) if "retired_id" in answer else visits.view_from(answer)

    def arrive(self, code_or_visit: str, *, op_id: str) -> dto.VisitView:
        """Record an arrival."""
        self._workplace.may(Permission.ARRIVE)

        def work(session: Session) -> dict[str, Any]:
            return arrivals.arrive(session, self._workplace, code_or_visit, op_id).as_dict()

        return self._visit_command(op_id, f"arrive {digest_of(code_or_visit)}", work, "arrived")

    def close(self) -> None:
        """Give every connection back; what was shown last is written down first, if the base is there."""
        with suppress(RegistrarError):
            self._readings.write()
        self._store.close()

    # --- a visit changed exactly once ------------------------------------------

    def _visit_command(
        self,
        op_id: str,
        request: str,
        work: Work,
        action: str,
        reason: str = "",
        channel: Channel = Channel.DESK,
        patient_id: int | None = None,
    ) -> dto.VisitView:
        answer = self._visit_answer(op_id, request, work, action, reason, channel, patient_id)
        return visits.view_from(answer)

    def _visit_answer(
        self,
        op_id: str,
        request: str,
        work: Work,
        action: str,
        reason: str = "",
        channel: Channel = Channel.DESK,
        patient_id: int | None = None,
    ) -> dict[str, Any]:
        try:
            return self._once(op_id, request, work, action, reason)
        except SlotLost as lost:
            raise self._taken(lost.slot_id, channel, patient_id) from lost

    def _taken(self, slot_id: int, channel: Channel, patient_id: int | None) -> Refusal:
        """Explain a lost race with what is free now, read after the lost transaction."""
        with self._store.read() as session:
            patient = None
            if patient_id is not None:
                patient = patient_facts(session, patient_id, since=self._workplace.now())
            asker = asker_for(self._workplace, channel, patient=patient)
            return booking.taken_refusal(session, self._workplace, asker, slot_id)


def _reason(overrides: tuple[dto.Override, ...]) -> str:
    return "; ".join(f"{entry.rule}: {entry.reason}" for entry in overrides)


def _request(name: str, command: Any) -> str:
    """Return the operation as asked for, without its `op_id`: ids and codes, no names of people."""
    content = {entry.name: getattr(command, entry.name) for entry in fields(command) if entry.name != "op_id"}
    return f"{name} {json.dumps(content, ensure_ascii=False, sort_keys=True, default=asdict)}"
