"""Поиск (F2): one line for everything; below it people, and what they may be booked for."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from registrar_tui.plain import plain
from registrar_tui.screens.found_words import count_words, target_line
from registrar_tui.screens.lookup import Question
from registrar_tui.screens.lookup_pane import LookupPane
from registrar_tui.screens.messages import CallFailed, PatientsFound, SearchPrepared
from registrar_tui.screens.pane import Command, Person
from registrar_tui.screens.words import short_name
from registrar_tui.widgets.search_line import SearchLine

if TYPE_CHECKING:
    from registrar_tui.screens.answers import TargetsFound
    from registrar_tui.services.dto import BookingTarget, PatientPage, PatientRow
    from registrar_tui.widgets.patient_list import PatientList
    from registrar_tui.widgets.row_list import RowList

PLACEHOLDER = "ФИО, дата, номер, талон, скан"  # whole at 80 columns
SHORTEST_TARGET = 3
TARGETS_SHOWN = 5
NARROW = 100


class Wish(Enum):
    """What the last key wants of the answer."""

    CARD = auto()
    BOOKING = auto()
    NEW_CARD = auto()


class SearchPane(LookupPane):
    """Find a person by any fragment; Enter opens the card, F3 goes straight to booking.

    Callers often begin with whom they want to see: a specialty, doctor, service or branch stands below the
    people, and once chosen it waits for the person.
    """

    NAME = "search"

    def __init__(self) -> None:
        super().__init__(SearchLine(PLACEHOLDER, id="search-line"))
        self.understood = Static(markup=False, id="understood")
        self.count_line = Static(markup=False, id="found-count")
        self.people: PatientList | None = None
        self._laying = asyncio.Lock()
        self.page: PatientPage | None = None
        self._targets: tuple[BookingTarget, ...] = ()
        self._targets_asked: int | None = None
        self._wish = Wish.CARD
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
        """What can be done with the row under the cursor or the one that is awaited, and a new card."""
        commands: dict[str, Command] = {"search.new": self.press_new}
        if self.line.value or self.desk.wanted is not None:
            commands["search.clear"] = self.clear
        if self.people is not None and self.people.current is not None:
            commands.update(self.list_commands())
        if (enter := self._enter()) is not None:
            commands[enter] = self.press_open
        if enter == "search.open":
            commands["search.book"] = self.press_book
        return commands

    def _enter(self) -> str | None:
        """Return what Enter does; keys may be ahead of the answer, which then decides."""
        if self._person() is not None:
            return "search.open"
        if not self.line.value.strip():
            return None
        if self.line.value != self.lookup.text or not self.lookup.fresh:
            return "search.open"
        if self.people is not None and self.people.target is not None:
            return "search.aim"
        return "search.begin" if self.page is not None and self.page.draft is not None else "search.nobody"

    def _person(self) -> PatientRow | None:
        return None if self.people is None else self.people.person

    def shown(self) -> None:
        """Offer the old text for overwriting and look again: people may be new or changed."""
        self.line.action_select_all()
        self.lookup.forget()
        self.ask_next()

    def connected(self) -> None:
        """Ask what was typed meanwhile; then let the search get ready for misspelt names."""
        super().connected()
        self.ask("prepare_search", lambda services: services.prepare_search(), lambda _: SearchPrepared())

    def clear(self) -> None:
        """Empty the line, or forget what the next person was to be booked for."""
        if self.line.value:
            self.line.value = ""
        else:
            self._want(None)

    def on_resize(self, event: events.Resize) -> None:
        """Put what was understood beside the line only where both fit."""
        self.set_class(event.size.width < NARROW, "-narrow")

    def on_row_list_row_highlighted(self, message: RowList.RowHighlighted) -> None:
        """Another row has other keys."""
        message.stop()
        self.desk.keys_changed()

    async def press_open(self) -> None:
        """Enter: the card; what is to be booked for, where that is under the cursor."""
        self._wish = Wish.CARD
        await self.press_enter()

    async def look_for(self, code: str) -> None:
        """Take a code that was scanned elsewhere as if it were scanned here."""
        self.line.value = code
        self.line.cursor_position = len(code)
        await self.press_open()

    async def press_book(self) -> None:
        """F3: like Enter, but past the card to what to book for."""
        self._wish = Wish.BOOKING
        await self.press_enter()

    async def press_new(self) -> None:
        """Ins: a new card, filled once it is known what the typed text tells."""
        self._wish = Wish.NEW_CARD
        if self.line.value.strip():
            await self.press_enter()
        else:
            await self.desk.open_form(None, None)

    async def choose(self) -> None:
        """Open the card of the person under the cursor, or aim a booking at them.

        A target under the cursor waits for its person; where nothing is found, Enter begins a new card.
        """
        target = None if self.people is None else self.people.target
        row = self._person()
        if self._wish is Wish.NEW_CARD:
            await self._begin()
        elif target is not None:
            self._want(self._targets[target])
        elif row is not None:
            person = Person(row.id, row.full_name, short_name(row.full_name))
            booking = self._wish is Wish.BOOKING
            await (self.desk.open_target(person) if booking else self.desk.open_card(person))
        elif self._targets_asked is not None:
            self.lookup.await_answer()  # the text may name what to book for
        elif self.page is not None and self.page.draft is not None:
            await self._begin()
        elif self.line.value.strip():
            self.desk.announce("Никто не найден: наберите фамилию, дату рождения или номер.", "warn")

    async def _begin(self) -> None:
        await self.desk.open_form(None, None if self.page is None else self.page.draft)

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
            self._ask_for_targets(message.number)
        await self.settle()

    def _ask_for_targets(self, number: int) -> None:
        """Look for what the text may name beside people; the people have not waited for it."""
        from registrar_tui.screens.answers import TargetsFound

        text, self._targets_asked = self.lookup.text, None
        if sum(map(str.isalpha, text)) >= SHORTEST_TARGET and not any(map(str.isdigit, text)):
            self._targets_asked = number
            self.ask(
                "find_targets",
                lambda services: services.find_targets(text, limit=TARGETS_SHOWN),
                lambda targets: TargetsFound(number, tuple(targets)),
                number,
            )

    async def on_targets_found(self, message: TargetsFound) -> None:
        """Add them below the people of the same question."""
        message.stop()
        self._targets_told(message.number)
        if message.targets and self.lookup.is_latest(message.number):
            self._targets = message.targets
            await self._rows()
            self._show_rows(keep=True)
        await self.settle()

    def _targets_told(self, number: int) -> None:
        """Nothing waits for this question any more, whatever was typed meanwhile."""
        if number == self._targets_asked:
            self._targets_asked = None

    @on(SearchPrepared)
    def _search_prepared(self, message: SearchPrepared) -> None:
        """Leave what is in memory out of the search for cycles: reading it all held a key up for 0.1-0.2 s.

        Once for each opening of the base; what the one before has left behind goes first.
        """
        message.stop()
        if gc.get_freeze_count():
            gc.unfreeze()
            gc.collect()
        gc.freeze()

    def failed(self, failure: CallFailed) -> None:
        """Say what stopped the search; without targets, or unprepared, it still finds people."""
        if failure.call == "find_targets":
            self._targets_told(failure.number)
            self.call_later(self.settle)
        elif failure.call != "prepare_search":
            super().failed(failure)

    def _want(self, target: BookingTarget | None) -> None:
        self.desk.wanted = target
        self.line.value = ""
        self._show_count()
        if target is not None:
            self.desk.announce(f"К кому: {target.title}. Найдите пациента и нажмите F3.")
        self.desk.keys_changed()

    async def _show(self, page: PatientPage | None) -> None:
        self.page = page
        await self._rows()
        same = self._shown_for == self.lookup.text
        self._targets = self._targets if same else ()
        self._shown_for = self.lookup.text
        understood = "" if page is None or not page.rows else plain(page.understood)
        # The line keeps its size: laying out the screen anew takes longer than drawing the rows.
        self.understood.update(Content(understood), layout=False)
        self._show_rows(keep=same)

    def _show_rows(self, *, keep: bool) -> None:
        """Draw people and targets; where nobody is found, what was tried stands there in full."""
        page, people = self.page, self.people
        assert people is not None
        rows = () if page is None else page.rows
        tried = "" if page is None or page.rows else page.understood
        people.show_people(rows, [target_line(target) for target in self._targets], tried=tried, keep=keep)
        self._show_count()
        self.desk.keys_changed()

    def _show_count(self) -> None:
        wanted = self.desk.wanted
        told = "" if self.page is None else count_words(self.page, self.lookup.text, bool(self._targets))
        if wanted is not None:
            told = f"→ {plain(wanted.title)}, Esc — не нужно" + (f" · {told}" if told else "")
        self.count_line.update(Content(told), layout=False)
