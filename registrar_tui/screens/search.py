"""Поиск (F2): one line for everything, people found below it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from registrar_tui.plain import plain
from registrar_tui.screens.lookup import Question
from registrar_tui.screens.lookup_pane import LookupPane
from registrar_tui.screens.messages import PatientsFound
from registrar_tui.screens.pane import Command, Person
from registrar_tui.screens.words import grouped, short_name
from registrar_tui.widgets.search_line import SearchLine

if TYPE_CHECKING:
    from registrar_tui.services.dto import PatientPage, PatientRow
    from registrar_tui.widgets.patient_list import PatientList

PLACEHOLDER = "фамилия, дата рождения, СНИЛС, полис, паспорт, телефон, талон или скан"


class SearchPane(LookupPane):
    """Find a person by any fragment; Enter opens the card, F3 goes straight to booking."""

    NAME = "search"

    def __init__(self) -> None:
        super().__init__(SearchLine(PLACEHOLDER, id="search-line"))
        self.understood = Static(markup=False, id="understood")
        self.count_line = Static(markup=False, id="found-count")
        self.people: PatientList | None = None
        self._laying = asyncio.Lock()
        self.page: PatientPage | None = None
        self._booking = False
        self._shown_for: str | None = None

    def compose(self) -> ComposeResult:
        """Lay out the line with what was understood; the rows come after the first paint."""
        with Horizontal(classes="ask"):
            yield self.line
            yield self.understood

    def on_mount(self) -> None:
        """Lay out the rows once the line is on the screen: they are a tenth of the start."""
        self.call_after_refresh(self._rows)

    async def _rows(self) -> PatientList:
        async with self._laying:
            if self.people is None:
                from registrar_tui.widgets.patient_list import PatientList

                people = self.found = PatientList(id="people")
                await self.mount(people, self.count_line)
                self.people = people
            return self.people

    def commands(self) -> Mapping[str, Command]:
        """What can be done with the person under the cursor, and a new card."""
        commands: dict[str, Command] = {"search.open": self.press_open, "search.new": self.new_patient}
        if self.line.value:
            commands["search.clear"] = self.clear
        person = self._person()
        if person is not None:
            commands.update(self.list_commands())
        if person is not None or self.line.value:
            commands["search.book"] = self.press_book
        return commands

    def _person(self) -> PatientRow | None:
        return None if self.people is None else self.people.person

    def shown(self) -> None:
        """Offer the old text for overwriting and look again: people may be new or changed."""
        self.line.action_select_all()
        self.lookup.forget()
        self.ask_next()

    def clear(self) -> None:
        """Empty the line."""
        self.line.value = ""

    async def press_open(self) -> None:
        """Enter: the card."""
        self._booking = False
        await self.press_enter()

    async def press_book(self) -> None:
        """F3: like Enter, but past the card to what to book for."""
        self._booking = True
        await self.press_enter()

    async def choose(self) -> None:
        """Open the card of the person under the cursor, or aim a booking at them."""
        booking, self._booking = self._booking, False
        row = self._person()
        if row is None:
            if self.line.value.strip():
                self.desk.announce("Никто не найден. Ins — новый пациент с тем, что набрано.", "warn")
            return
        person = Person(row.id, row.full_name, short_name(row.full_name))
        if booking:
            await self.desk.open_target(person)
        else:
            await self.desk.open_card(person)

    async def new_patient(self) -> None:
        """Open an empty card, filled with what the query tells."""
        draft = self.page.draft if self.page is not None and self.lookup.fresh else None
        await self.desk.open_form(None, draft)

    def inquire(self, question: Question) -> None:
        """Ask for people; an empty line empties the list at once."""
        if not question.text.strip():
            self.post_message(PatientsFound(question.number, None))
            return
        self.ask(
            "find_patients",
            lambda services: services.find_patients(question.text),
            lambda page: PatientsFound(question.number, page),
            question.number,
        )

    @on(PatientsFound)
    async def _patients_found(self, message: PatientsFound) -> None:
        message.stop()
        if self.lookup.answered(message.number):
            await self._show(message.page)
        await self.settle()

    async def _show(self, page: PatientPage | None) -> None:
        self.page = page
        people = await self._rows()
        rows = () if page is None else page.rows
        people.show_people(rows, keep=self._shown_for == self.lookup.text)
        self._shown_for = self.lookup.text
        understood = "" if page is None else plain(page.understood)
        self.understood.update(Content(understood))
        self.count_line.update(Content("" if page is None else self._count(page)))
        self.desk.keys_changed()

    def _count(self, page: PatientPage) -> str:
        if not page.rows:
            return "Никто не найден. Ins — новый пациент."
        shown = f"{grouped(len(page.rows))} из {grouped(page.total)}"
        return f"{shown} · есть ещё: наберите дату или год рождения" if page.more else shown
