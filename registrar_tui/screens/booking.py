"""From a chosen slot to a booked visit: hold, read out, book once, whatever keyboard or network do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from textual import on

from registrar_tui.errors import RegistrarError
from registrar_tui.screens.answers import SlotOffered, SlotReleased, VisitBooked
from registrar_tui.screens.calls import may_retry, new_op_id
from registrar_tui.screens.confirm import ConfirmBox
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.pane import Command, Pane, Person, command
from registrar_tui.services.dto import BookingOffer, BookVisit, MoveVisit, Override, VisitRow, VisitView
from registrar_tui.services.protocol import Services

SLOW_SECONDS = 1.0
"""After so long without an answer it is said that one is awaited; an honest booking takes 20 ms."""
WAYS = ("way.first", "way.second", "way.third", "way.fourth", "way.fifth")


class Stage(Enum):
    """Where a booking stands."""

    BROWSING = auto()
    OFFERING = auto()
    OFFERED = auto()
    BOOKING = auto()


@dataclass(frozen=True, slots=True)
class Intention:
    """One booking the registrar means: its `op_id` stays the same however often it is sent."""

    op_id: str
    person: Person
    offer: BookingOffer
    service_id: int | None
    move: VisitRow | None


class BookingPane(Pane):
    """The booking steps of the grid pane; a slot is never booked twice and never left held."""

    def __init__(self) -> None:
        super().__init__()
        self.confirm = ConfirmBox(id="confirm")
        self.person: Person | None = None
        self.move: VisitRow | None = None
        self.stage = Stage.BROWSING
        self.intention: Intention | None = None
        self._offer_number = 0
        self._offering: int | None = None

    def service_id(self) -> int | None:
        """Return the service to book, None for a plain visit."""
        raise NotImplementedError

    def note_said(self) -> None:
        """Remember which slot the lines under the grid speak of."""
        raise NotImplementedError

    def focus_grid(self) -> None:
        """Give the keys back to the grid."""
        raise NotImplementedError

    # --- commands -----------------------------------------------------------

    def booking_commands(self) -> Mapping[str, Command]:
        """What can be done with the slot offered."""
        if self.stage is Stage.OFFERED:
            return {"confirm.book": self.press_book, "confirm.release": self.release}
        if self.stage is Stage.OFFERING:
            return {"confirm.release": self.release}
        return {}

    def way_commands(self) -> Mapping[str, Command]:
        """The ways out shown by number."""
        numbered = enumerate(WAYS, start=1)
        return {
            name: command(self.begin_offer, slot_id)
            for number, name in numbered
            if (slot_id := self.confirm.slot_of_way(number)) is not None
        }

    def begin_offer(self, slot_id: int) -> None:
        """Hold a slot and ask what to read out."""
        person = self.person
        if self.stage is not Stage.BROWSING or person is None:
            return
        self.stage = Stage.OFFERING
        self._offering = slot_id
        self._offer_number += 1
        number, service_id = self._offer_number, self.service_id()
        moved = None if self.move is None else self.move.id
        self.confirm.say("Держу бирку…", "muted")
        self.screen.set_focus(self.confirm)
        self.ask(
            "offer",
            lambda services: services.offer(slot_id, person.id, service_id=service_id, move_of=moved),
            lambda offer: SlotOffered(number, offer),
            number,
        )
        self.desk.keys_changed()

    def press_book(self) -> None:
        """Enter: book what was read out; while it runs, or after it, Enter does nothing more."""
        intention = self.intention
        if self.stage is not Stage.OFFERED or intention is None:
            return
        reason = self.confirm.reason.value.strip()
        if intention.offer.override is not None and not reason:
            self.desk.announce("Напишите основание: оно останется в журнале.", "warn")
            return
        self.stage = Stage.BOOKING
        self.set_timer(SLOW_SECONDS, lambda: self._say_slow(intention))
        self.ask(
            "book",
            lambda services: _send(services, intention, reason),
            lambda visit: VisitBooked(visit, intention.move is not None),
            self._offer_number,
        )
        self.desk.keys_changed()

    def _say_slow(self, intention: Intention) -> None:
        """Let nobody sit before a dead screen: a locked file or a silent server takes its time to give up."""
        if self.stage is Stage.BOOKING and self.intention is intention:
            self.confirm.remark(
                "Жду ответа базы: бирка за этим пациентом, ничего нажимать не нужно.", "muted"
            )

    def release(self) -> None:
        """Esc: give the slot back and return to the grid."""
        if self.stage is Stage.OFFERED and self.intention is not None:
            self._give_back(self.intention.offer.slot_id)
        self._browse()
        self.confirm.clear()

    async def left(self) -> None:
        """Give the slot back when the registrar goes elsewhere; a booking under way is let finish."""
        if self.stage in (Stage.OFFERING, Stage.OFFERED):
            self.release()

    # --- answers ------------------------------------------------------------

    @on(SlotOffered)
    def _slot_offered(self, message: SlotOffered) -> None:
        message.stop()
        offer, person = message.offer, self.person
        if message.number != self._offer_number or self.stage is not Stage.OFFERING or person is None:
            # Esc came before the answer; the same slot chosen again keeps its hold.
            if self.stage is Stage.BROWSING or offer.slot_id != self._offering:
                self._give_back(offer.slot_id)
            return
        if offer.refusal is not None and offer.override is None:
            self._give_back(offer.slot_id)
            self._browse()
            self.confirm.say(offer.refusal, "stop")
            self.note_said()
            return
        self.stage = Stage.OFFERED
        self.intention = Intention(new_op_id(), person, offer, self.service_id(), self.move)
        self.confirm.offer(offer)
        self.screen.set_focus(self.confirm.reason if offer.override is not None else self.confirm)
        self.desk.keys_changed()

    @on(SlotReleased)
    def _slot_released(self, message: SlotReleased) -> None:
        message.stop()

    @on(VisitBooked)
    def _visit_booked(self, message: VisitBooked) -> None:
        message.stop()
        self.move = None
        self.confirm.clear()
        self._browse()
        self.desk.booked(message.visit, moved=message.moved)
        self.renew()

    def failed(self, failure: CallFailed) -> None:
        """Say in place why a slot was not held or booked, and what can be taken instead."""
        if failure.call == "release":
            return  # the hold runs out by itself
        if failure.call == "offer" and failure.number == self._offer_number and self.stage is Stage.OFFERING:
            self._refused(failure.error)
        elif failure.call == "book":
            self._booking_failed(failure.error)
        elif failure.call not in ("offer", "book"):
            super().failed(failure)

    def _booking_failed(self, error: RegistrarError) -> None:
        here = self.desk.current is self
        if may_retry(error) and here:
            self.stage = Stage.OFFERED
            self.confirm.remark(f"{error.message} Enter — повторить: дважды не запишет.", "stop")
            self.desk.keys_changed()
            return
        intention = self.intention
        if intention is not None:
            self._give_back(intention.offer.slot_id)
        if here:
            self._refused(error)
            return
        self._browse()
        who = "" if intention is None else f"{intention.person.short}: "
        self.desk.announce(f"{who}запись не сделана. {error.message}", "stop")

    def _refused(self, error: RegistrarError) -> None:
        self._browse()
        basis = f" Основание: {error.basis}." if error.basis else ""
        self.confirm.say(error.message + basis, "stop", error.ways_out)
        self.note_said()
        self.desk.keys_changed()
        self.renew()

    def _browse(self) -> None:
        self.stage = Stage.BROWSING
        self.intention = None
        if self.desk.current is self:
            self.focus_grid()
        self.desk.keys_changed()

    def _give_back(self, slot_id: int) -> None:
        self.ask("release", lambda services: services.release(slot_id), lambda _: SlotReleased())


def _send(services: Services, intention: Intention, reason: str) -> VisitView:
    offer = intention.offer
    overrides = (Override(offer.override, reason),) if offer.override is not None else ()
    if intention.move is not None:
        return services.move(
            MoveVisit(intention.op_id, intention.move.id, offer.slot_id, overrides=overrides)
        )
    service = None if intention.service_id is None else str(intention.service_id)
    return services.book(
        BookVisit(intention.op_id, intention.person.id, offer.slot_id, service, overrides=overrides)
    )
