"""The ways between the panes of the desk: who comes in front, with what, and what Esc goes back to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from textual import on
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from registrar_tui.screens.calls import Caller
from registrar_tui.screens.messages import MoveAimed
from registrar_tui.screens.pane import Pane, Person
from registrar_tui.screens.words import short_name

if TYPE_CHECKING:
    from registrar_tui.services.dto import (
        BookingTarget,
        GridQuery,
        PatientCard,
        PatientDraft,
        VisitRow,
        VisitView,
    )
    from registrar_tui.services.protocol import Services

AnyPane = TypeVar("AnyPane", bound=Pane)


class Journeys(Caller, Screen[None]):
    """Panes are made when first needed and kept; going to a place already passed goes back to it."""

    last_visit: VisitView | None = None

    def __init__(self) -> None:
        super().__init__()
        self.switcher = ContentSwitcher(id="panes", initial="search")
        self.trail: list[Pane] = []
        self.person: Person | None = None
        self.wanted: BookingTarget | None = None
        """What the next person found is to be booked for."""
        self.printed: dict[int, Path] = {}
        self._bringing = asyncio.Lock()
        self._aiming: tuple[VisitRow, Pane | None] | None = None

    @property
    def current(self) -> Pane | None:
        """The pane in front."""
        return self.trail[-1] if self.trail else None

    def keys_changed(self) -> None:
        """Draw the line of keys anew."""
        raise NotImplementedError

    async def bring(self, kind: type[AnyPane], make: Callable[[], AnyPane] | None = None) -> AnyPane:
        """Return the pane of a kind, mounted."""
        async with self._bringing:
            for pane in self.switcher.children:
                if isinstance(pane, kind):
                    return pane
            pane = (make or kind)()
            await self.switcher.add_content(pane)
            return pane

    async def come(self, pane: Pane) -> None:
        """Bring a pane in front; what was passed after it is forgotten."""
        if not pane.ASIDE:
            for passed in self.trail:
                if passed is not pane:
                    await passed.left()
        if pane in self.trail:
            del self.trail[self.trail.index(pane) + 1 :]
        else:
            self.trail.append(pane)
        self.switcher.current = pane.id
        self.set_focus(pane.focus_target())
        self.keys_changed()

    def leave_behind(self, pane: Pane) -> None:
        """Take a pane off the way back: its work is done."""
        if len(self.trail) > 1 and pane in self.trail:
            self.trail.remove(pane)

    async def back(self) -> None:
        """Esc: the place before this one."""
        if len(self.trail) > 1:
            pane = self.trail[-2]
            await self.come(pane)
            pane.shown()

    # --- places -------------------------------------------------------------

    async def open_search(self) -> None:
        """F2: begin with the next patient; the trail begins here."""
        from registrar_tui.screens.search import SearchPane

        pane = await self.bring(SearchPane)
        await self.come(pane)
        pane.shown()

    async def open_today(self) -> None:
        """F5: the visits of today."""
        from registrar_tui.screens.today import TodayPane

        pane = await self.bring(TodayPane)
        await self.come(pane)
        pane.shown()

    async def open_card(self, person: Person) -> None:
        """Open a person's card."""
        from registrar_tui.screens.card import CardPane

        self.person = person
        pane = await self.bring(CardPane)
        pane.open(person)
        await self.come(pane)

    async def open_target(self, person: Person, typed: str = "") -> None:
        """Choose what to book for, unless it was chosen before the person was found."""
        from registrar_tui.screens.target import TargetPane, grid_query
        from registrar_tui.services.dto import TargetKind

        self.person = person
        wanted, self.wanted = (None if typed else self.wanted), None
        if wanted is not None and wanted.kind is not TargetKind.BRANCH:
            await self.open_grid(person, grid_query(wanted, person), wanted.title)
            return
        pane = await self.bring(TargetPane)
        pane.aim(person, typed, wanted)
        await self.come(pane)

    async def type_target(self, person: Person, typed: str) -> None:
        """Take a letter typed on the card into the line of targets."""
        from registrar_tui.screens.target import TargetPane

        current = self.current
        if isinstance(current, TargetPane):
            current.line.type_in(typed)
        else:
            await self.open_target(person, typed)

    async def open_grid(
        self, person: Person, query: GridQuery, title: str, move: VisitRow | None = None
    ) -> None:
        """Open the slot grid for a person, or for a visit that is being moved."""
        from registrar_tui.screens.grid import GridPane

        self.person = person
        pane = await self.bring(GridPane)
        pane.aim(person, query, title, move)
        await self.come(pane)

    async def open_form(self, card: PatientCard | None, draft: PatientDraft | None) -> None:
        """Open the form of a known person, or of a new one with what is known of them."""
        from registrar_tui.screens.form import FormPane

        pane = await self.bring(FormPane)
        pane.open(card, draft)
        await self.come(pane)

    async def open_similar(self, person: Person) -> None:
        """Look for other cards of a person."""
        from registrar_tui.screens.similar import SimilarPane

        pane = await self.bring(SimilarPane)
        pane.open(person)
        await self.come(pane)

    async def open_ticket(self, visit_id: int) -> None:
        """Show a visit's ticket."""
        from registrar_tui.screens.ticket import TicketPane

        pane = await self.bring(TicketPane)
        pane.open(visit_id, self.printed.get(visit_id))
        await self.come(pane)

    async def open_cancel(self, visit: VisitRow) -> None:
        """Ask for the reason of a cancellation."""
        from registrar_tui.screens.cancel import CancelPane

        pane = await self.bring(CancelPane)
        pane.open(visit)
        await self.come(pane)

    def open_move(self, visit: VisitRow) -> None:
        """Cut a visit: find the grid it may be pasted on."""
        self._aim_at_doctor(visit, moving=True)

    def repeat_visit(self, visit: VisitRow) -> None:
        """Book for the same doctor once more."""
        self._aim_at_doctor(visit, moving=False)

    def _aim_at_doctor(self, visit: VisitRow, *, moving: bool) -> None:
        self._aiming = (visit, self.current)
        self.ask(
            "aim", lambda services: _aimed(services, visit), lambda query: MoveAimed(visit, query, moving)
        )

    @on(MoveAimed)
    async def _move_aimed(self, message: MoveAimed) -> None:
        message.stop()
        visit = message.visit
        if self._aiming != (visit, self.current):
            return  # the registrar has gone elsewhere meanwhile
        person = Person(visit.patient_id, visit.patient, short_name(visit.patient))
        move = visit if message.moving else None
        await self.open_grid(person, message.query, visit.specialty, move)


def _aimed(services: Services, visit: VisitRow) -> GridQuery:
    """Find the week of the visit's doctor, within the specialty so that Tab shows the colleagues."""
    from registrar_tui.services.dto import GridQuery, TargetKind

    doctor_id = services.visit(visit.id).doctor_id
    for target in services.find_targets(visit.specialty, patient_id=visit.patient_id):
        if target.kind is TargetKind.SPECIALTY and target.title.casefold() == visit.specialty.casefold():
            return GridQuery(target.kind, target.id, patient_id=visit.patient_id, doctor_id=doctor_id)
    return GridQuery(TargetKind.DOCTOR, doctor_id, patient_id=visit.patient_id, doctor_id=doctor_id)
