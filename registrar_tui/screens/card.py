"""Карточка (Enter): the person, documents, warnings, coming and past visits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from registrar_tui.plain import plain
from registrar_tui.screens.answers import CardOpened
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.pane import Command, Pane, Person, command
from registrar_tui.screens.words import day_and_time, full_day, plural
from registrar_tui.services.dto import DocumentLine, PatientCard, VisitRow
from registrar_tui.vocabulary import ACTIVE_STATUSES, VisitStatus
from registrar_tui.widgets.patient_list import shown_phone
from registrar_tui.widgets.row_list import Column, Row, RowList, fit
from registrar_tui.widgets.status_line import TONE_STYLES, SplitLine
from registrar_tui.widgets.term_list import Term, TermList

_VISIT_COLUMNS: Final = (
    Column("Когда", 14, 14),
    Column("К кому", 14, 34),
    Column("Каб.", 5, 6, rank=2),
    Column("", 14, 26),
)
NARROW: Final = 100
_NUMBER_CELLS: Final = 19
_LEAST_NAME: Final = 66  # 40 of the name, sex, age and the date of birth: they tell people apart
SEX_WORDS: Final = {"M": "м", "F": "ж"}


class CardPane(Pane, can_focus=True):
    """Everything about one person; letters typed here begin the choice of what to book for."""

    NAME = "card"
    # A narrow desk reads downwards: documents, then visits.
    DEFAULT_CSS = """
    #card-warnings { padding: 0 1; max-height: 8; }
    #card-body { height: 1fr; }
    #card-documents { width: 5fr; padding: 0 1; scrollbar-size-vertical: 1; }
    #card-visits { width: 6fr; height: 1fr; }
    CardPane.-narrow #card-body { layout: vertical; }
    CardPane.-narrow #card-documents { width: 1fr; height: auto; max-height: 9; }
    CardPane.-narrow #card-visits { width: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.head = SplitLine(id="card-head", classes="ruled", least=_LEAST_NAME)
        self.told = Static(markup=False, id="card-warnings")
        self.person: Person | None = None
        self.card: PatientCard | None = None
        self.visits = RowList(_VISIT_COLUMNS, titles=False, id="card-visits")
        self.lines = TermList(id="card-lines")
        self._number = 0

    def compose(self) -> ComposeResult:
        """Lay out the heading, the warnings, documents and visits."""
        yield self.head
        yield self.told
        with Horizontal(id="card-body"):
            with VerticalScroll(id="card-documents", can_focus=False):
                yield self.lines
            yield self.visits

    def commands(self) -> Mapping[str, Command]:
        """What can be done with the person and with the visit under the cursor."""
        commands: dict[str, Command] = {}
        if self.person is not None:
            commands["card.book"] = command(self.desk.open_target, self.person)
        if self.card is not None:
            commands["card.edit"] = command(self.desk.open_form, self.card, self.card.draft)
            commands["card.similar"] = command(self.desk.open_similar, self.person)
        visit = self.visit
        if visit is not None:
            commands["card.repeat"] = command(self.desk.repeat_visit, visit)
            commands["visit.ticket"] = command(self.desk.open_ticket, visit.id)
            commands["list.up"] = command(self.visits.step, -1)
            commands["list.down"] = command(self.visits.step, 1)
            commands["list.page_up"] = command(self.visits.page, -1)
            commands["list.page_down"] = command(self.visits.page, 1)
            if visit.status == VisitStatus.BOOKED:
                commands["visit.move"] = command(self.desk.open_move, visit)
                commands["visit.cancel"] = command(self.desk.open_cancel, visit)
        return commands

    @property
    def visit(self) -> VisitRow | None:
        """The visit under the cursor."""
        row = self.visits.current
        if row is None or self.card is None:
            return None
        return next((visit for visit in (*self.card.coming, *self.card.past) if visit.id == row.key), None)

    def open(self, person: Person) -> None:
        """Show a person; what was shown of another is gone at once."""
        if self.person is None or self.person.id != person.id:
            self._clear()
        self.person = person
        self._show_head(Content.assemble((plain(person.name), "bold")), "")
        self.renew()

    def renew(self) -> None:
        """Read the card again."""
        person = self.person
        if person is None:
            return
        self._number += 1
        number = self._number
        self.ask(
            "patient_card",
            lambda services: services.patient_card(person.id),
            lambda card: CardOpened(number, card),
            number,
        )

    def shown(self) -> None:
        """Read the card again: coming back, a visit may be new."""
        self.renew()

    def on_resize(self, event: events.Resize) -> None:
        """Put documents and visits side by side only where both fit."""
        self.set_class(event.size.width < NARROW, "-narrow")

    async def on_key(self, event: events.Key) -> None:
        """Take the first letter of a specialty typed without F3."""
        if self.person is not None and event.character is not None and event.character.isalpha():
            event.stop()
            await self.desk.type_target(self.person, event.character)

    def failed(self, failure: CallFailed) -> None:
        """Say why the card is not there."""
        if failure.number == self._number:
            super().failed(failure)

    @on(RowList.RowHighlighted)
    def _visit_highlighted(self, message: RowList.RowHighlighted) -> None:
        message.stop()
        self.desk.keys_changed()

    @on(CardOpened)
    def _card_opened(self, message: CardOpened) -> None:
        message.stop()
        if message.number == self._number:
            self._show(message.card)

    def _clear(self) -> None:
        self.card = None
        self.visits.show(())
        self._show_warnings(Content(""))
        self.lines.show(())

    def _show_head(self, left: Content, right: str) -> None:
        self.head.show(left, Content.assemble((plain(right), "$foreground-muted")))

    def _show_warnings(self, warnings: Content) -> None:
        self.told.update(warnings)
        self.told.display = bool(warnings)

    def _show(self, card: PatientCard) -> None:
        self.card = card
        self.person = Person(card.id, card.full_name, card.short_name)
        age = plural(card.age, "год", "года", "лет")
        born = f"   {SEX_WORDS[card.sex]}, {age} ({card.birth_date:%d.%m.%Y})"
        self._show_head(Content.assemble((plain(card.full_name), "bold"), born), card.attachment)
        self._show_warnings(_warnings(card))
        self.lines.show(_terms(card))
        self.visits.show(_visit_rows(card), keep=True)
        self.desk.person_read(self.person)
        self.desk.keys_changed()


def _warnings(card: PatientCard) -> Content:
    lines = [
        Content.assemble((f"! {plain(warning.message)}", TONE_STYLES["stop" if warning.stops else "warn"]))
        for warning in card.warnings
    ]
    return Content("\n").join(lines)


def _terms(card: PatientCard) -> list[Term]:
    terms: list[Term] = []
    for line in card.documents:
        terms += _document(line)
    titles = {line.title for line in card.documents}
    contacts = (
        ("Телефон", shown_phone(card.draft.phone)),
        ("Почта", card.draft.email),
        ("Адрес", card.draft.address),
    )
    terms += [Term(title, Content(plain(text))) for title, text in contacts if text and title not in titles]
    return terms + [Term("Представитель", Content(plain(text))) for text in card.representatives]


def _document(line: DocumentLine) -> list[Term]:
    tone = TONE_STYLES["done" if line.ok else "warn"]
    number = fit(line.number, max(_NUMBER_CELLS, len(line.number)))
    state = ("✓ " if line.ok else "! ", tone), (plain(line.verified), "$foreground-muted")
    terms = [Term(line.title, Content.assemble(number, " ", *state))]
    if line.problem:
        terms.append(Term(" ", Content.assemble((plain(line.problem), TONE_STYLES["warn"]))))
    return terms


def _visit_rows(card: PatientCard) -> list[Row]:
    rows: list[Row] = []
    rows.append(
        Row("coming", ("Предстоящие приёмы" if card.coming else "Предстоящих приёмов нет",), heading=True)
    )
    rows += [_visit_row(visit, coming=True) for visit in card.coming]
    if card.past:
        rows.append(Row("past", ("Прошлые приёмы",), heading=True))
        rows += [_visit_row(visit, coming=False) for visit in card.past]
    return rows


def _visit_row(visit: VisitRow, *, coming: bool) -> Row:
    when = day_and_time(visit.starts_at) if coming else full_day(visit.starts_at.date())
    cancelled = visit.status not in (*ACTIVE_STATUSES, VisitStatus.FULFILLED)
    tone = "muted" if cancelled or not coming else ""
    return Row(
        key=visit.id,
        cells=(when, f"{visit.specialty} {visit.doctor}", visit.room, visit.note),
        tone=tone,
    )


def visit_words(visit: VisitRow) -> str:
    """Return a visit in one phrase: `чт 26.11 10:15, кардиолог Орлова Н. В., каб. 214`."""
    room = f", каб. {visit.room}" if visit.room else ""
    return f"{day_and_time(visit.starts_at)}, {visit.specialty} {visit.doctor}{room}"
