"""Анкета (Ins, F4): the fields of a person's card; what is wrong stands under its field."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from registrar_tui.errors import FieldErrors
from registrar_tui.plain import plain
from registrar_tui.screens.answers import CardReread, DraftCompared, PatientSaved
from registrar_tui.screens.calls import may_retry, new_op_id
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.pane import Command, Pane, Person, command
from registrar_tui.screens.similar_rows import SimilarBox
from registrar_tui.screens.words import short_name
from registrar_tui.services.dto import PatientCard, PatientDraft
from registrar_tui.widgets.field import Field
from registrar_tui.widgets.status_line import SplitLine

FIELDS: Final[tuple[tuple[str, str, str], ...]] = (
    ("last_name", "Фамилия", ""),
    ("first_name", "Имя", ""),
    ("middle_name", "Отчество", "если есть"),
    ("birth_date", "Дата рождения", "дд.мм.гггг"),
    ("sex", "Пол", "м или ж"),
    ("snils", "СНИЛС", "11 цифр"),
    ("policy", "Полис ОМС", "16 цифр"),
    ("passport", "Паспорт", "серия и номер"),
    ("passport_issued", "Паспорт выдан", "дд.мм.гггг"),
    ("phone", "Телефон", ""),
    ("email", "Почта", ""),
    ("address", "Адрес", ""),
)
KNOWN_BY: Final = frozenset(
    {"last_name", "first_name", "middle_name", "birth_date", "snils", "policy", "passport", "phone"}
)
_SEX_SHOWN: Final = {"M": "м", "F": "ж"}
_SEX_TYPED: Final = {"м": "M", "муж": "M", "m": "M", "v": "M", "ж": "F", "жен": "F", "f": "F", "w": "F"}


class FormPane(Pane, can_focus=True):
    """A new card or a change of one; nothing typed is lost to a refusal."""

    NAME = "form"
    DEFAULT_CSS = "#form-fields { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }"

    def __init__(self) -> None:
        super().__init__()
        self.head = SplitLine(id="form-head", classes="ruled")
        self.scroll = VerticalScroll(id="form-fields", can_focus=False)
        self.card: PatientCard | None = None
        self.lines = {name: Field(name, title, hint) for name, title, hint in FIELDS}
        self._opened = PatientDraft()
        self._op_id = ""
        self._sent: PatientDraft | None = None
        self._cleared: PatientDraft | None = None
        self.similar = SimilarBox(id="form-similar")
        self._saving = False
        self._leaving = False

    def compose(self) -> ComposeResult:
        """Lay out the heading and the fields."""
        yield self.head
        with self.scroll:
            yield from self.lines.values()
        yield self.similar

    @property
    def place(self) -> str:
        """The fields, or the cards that are like what is typed."""
        return "warned" if self.similar.cards.card else self.NAME

    def commands(self) -> Mapping[str, Command]:
        """Saving and the way between fields, or what to do about cards that are alike."""
        if self.place == "warned":
            return {
                "warned.open": self.open_similar,
                "warned.save": self.save_anyway,
                "warned.back": self.back_to_fields,
                "list.up": command(self.similar.cards.step, -1),
                "list.down": command(self.similar.cards.step, 1),
            }
        commands: dict[str, Command] = {
            "form.next": command(self.step, 1),
            "form.previous": command(self.step, -1),
            "form.leave": command(self.leave, self.desk.back),
        }
        if self._unsaved():
            # These keys leave the form too, and nothing brings back what is typed in it.
            commands["desk.search"] = command(self.leave, self.desk.open_search)
            commands["desk.today"] = command(self.leave, self.desk.open_today)
        if not self._saving:
            commands["form.save"] = self.save
        return commands

    def focus_target(self) -> Widget:
        """The first field with a problem, else the first empty one a new card needs, else the first."""
        if self.place == "warned":
            return self
        lines = list(self.lines.values())
        wrong = [line for line in lines if line.problem]
        empty = [line for line in lines if not line.value and self.card is None]
        return (wrong or empty or lines)[0].input

    def open(self, card: PatientCard | None, draft: PatientDraft | None) -> None:
        """Begin with a card to change, or with what is known of a new person."""
        draft = draft or PatientDraft()
        self.card = card
        self._op_id, self._sent, self._cleared = new_op_id(), None, None
        self._saving = self._leaving = False
        self.similar.warn(())
        for name, line in self.lines.items():
            line.value = _shown(name, getattr(draft, name))
            line.tell("")
        self._opened = self.draft() if card is not None else PatientDraft()
        what = "Новый пациент" if card is None else f"Правка: {plain(card.full_name)}"
        self.head.show(Content.assemble((what, "bold")))
        self.scroll.scroll_home(animate=False)

    def draft(self) -> PatientDraft:
        """Return the fields as typed."""
        values = {name: line.value.strip() for name, line in self.lines.items()}
        values["sex"] = _SEX_TYPED.get(values["sex"].casefold().rstrip("."), values["sex"])
        return PatientDraft(**values)

    def step(self, by: int) -> None:
        """Go to the next or previous field; Enter on the last one does not save by surprise."""
        inputs = [line.input for line in self.lines.values()]
        focused = self.screen.focused
        at = next((index for index, line in enumerate(inputs) if line is focused), 0)
        self.screen.set_focus(inputs[min(max(at + by, 0), len(inputs) - 1)])

    def save(self) -> None:
        """Ctrl+S: look for the same person first, then send; a retry of the same text is only sent again."""
        if self._saving:
            return
        draft, own_id = self.draft(), None if self.card is None else self.card.id
        self._saving, self._leaving = True, False
        for line in self.lines.values():
            line.tell("")
        if draft in (self._sent, self._cleared) or not self._names_another(draft):
            self._send(draft)
        else:
            self.ask(
                "draft_duplicates",
                lambda services: services.draft_duplicates(draft, own_id=own_id),
                lambda rows: DraftCompared(draft, rows),
            )

    def _names_another(self, draft: PatientDraft) -> bool:
        """Tell whether anything that a person is known by was typed since the form was opened."""
        return self.card is None or any(
            getattr(draft, name) != getattr(self._opened, name) for name in KNOWN_BY
        )

    def _send(self, draft: PatientDraft) -> None:
        if self._sent is not None and draft != self._sent:
            self._op_id = new_op_id()
        self._sent = draft
        card, op_id = self.card, self._op_id
        if card is None:
            self.ask(
                "register_patient",
                lambda services: services.register_patient(draft, op_id=op_id),
                lambda saved: PatientSaved(saved, created=True),
            )
        else:
            self.ask(
                "edit_patient",
                lambda services: services.edit_patient(card.id, card.version, draft, op_id=op_id),
                lambda saved: PatientSaved(saved, created=False),
            )

    @on(DraftCompared)
    def _draft_compared(self, message: DraftCompared) -> None:
        message.stop()
        if not message.rows:
            self._send(message.draft)
            return
        self._saving = False
        self.similar.warn(message.rows)
        self.screen.set_focus(self.focus_target())
        self.desk.keys_changed()

    async def open_similar(self) -> None:
        """Enter: that is the person; nothing new is saved."""
        card = self.similar.cards.card
        if card is not None:
            self.desk.leave_behind(self)
            await self.desk.open_card(Person(card.id, card.full_name, short_name(card.full_name)))

    def save_anyway(self) -> None:
        """Ctrl+S once more: it is another person."""
        self._cleared = self.draft()
        self.back_to_fields()
        self.save()

    def back_to_fields(self) -> None:
        """Esc: the fields as they are typed."""
        self.similar.warn(())
        self.screen.set_focus(self.focus_target())
        self.desk.keys_changed()

    async def leave(self, way: Callable[[], Awaitable[None]]) -> None:
        """Esc, F2, F5: away; the first one warns if something typed would be lost."""
        if self._unsaved() and not self._leaving:
            self._leaving = True
            told = "Не сохранено. Ctrl+S — сохранить, та же клавиша ещё раз — уйти без сохранения."
            self.desk.announce(told, "warn")
            return
        await way()

    def _unsaved(self) -> bool:
        return self.draft() != self._opened

    def on_key(self, event: events.Key) -> None:
        """Typing after a warning means the registrar stays."""
        if event.is_printable:
            self._leaving = False

    @on(Input.Changed)
    def _field_changed(self, message: Input.Changed) -> None:
        message.stop()
        line = message.input.parent and message.input.parent.parent
        if isinstance(line, Field) and line.problem and not self._saving:
            line.tell("")

    @on(PatientSaved)
    async def _patient_saved(self, message: PatientSaved) -> None:
        message.stop()
        self._saving = False
        self._opened = self.draft()
        card = message.card
        done = "Карточка заведена" if message.created else "Изменения сохранены"
        self.desk.announce(f"✓ {done}: {card.full_name}", "done")
        if self.desk.current is self:
            self.desk.leave_behind(self)
            await self.desk.open_card(Person(card.id, card.full_name, card.short_name))

    @on(CardReread)
    def _card_reread(self, message: CardReread) -> None:
        message.stop()
        card, self.card = self.card, message.card
        if card is None:
            return
        for name, line in self.lines.items():
            theirs = _shown(name, getattr(message.card.draft, name))
            if theirs != _shown(name, getattr(card.draft, name)) and theirs != line.value.strip():
                line.tell(f"на другом окне теперь: {theirs or 'пусто'}", "warn")

    def failed(self, failure: CallFailed) -> None:
        """Put each problem under its field; keep every letter typed."""
        self._saving = False
        self.desk.keys_changed()
        if isinstance(failure.error, FieldErrors):
            self._show_problems(failure.error)
        elif failure.error.code == "stale_edit" and self.card is not None:
            self.desk.announce(
                f"{failure.error.message} Отличия — под полями; Ctrl+S сохранит набранное у вас.",
                "warn",
            )
            self._op_id, self._sent = new_op_id(), None
            card_id = self.card.id
            self.ask("patient_card", lambda services: services.patient_card(card_id), CardReread)
        elif may_retry(failure.error):
            self.desk.announce(f"{failure.error.message} Ctrl+S — повторить: набранное цело.", "stop")
        elif failure.error.field in self.lines:
            self.lines[failure.error.field].tell(failure.error.message)
            self.screen.set_focus(self.lines[failure.error.field].input)
        else:
            super().failed(failure)

    def _show_problems(self, error: FieldErrors) -> None:
        elsewhere = []
        for problem in error.problems:
            line = self.lines.get(problem.field)
            if line is None:
                elsewhere.append(problem.message)
            elif not line.problem:
                line.tell(problem.message)
        self.screen.set_focus(self.focus_target())
        self.desk.announce(" ".join(elsewhere) or "Исправьте отмеченные поля: набранное цело.", "stop")


def _shown(name: str, value: str) -> str:
    return _SEX_SHOWN.get(value, value) if name == "sex" else value
