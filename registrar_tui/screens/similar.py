"""Похожие карточки (Ctrl+D на карточке): whether the person is here twice, and making two cards one."""

from __future__ import annotations

from collections.abc import Mapping

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from registrar_tui.plain import plain
from registrar_tui.screens.answers import CardsMerged, MergePlanned, SimilarFound
from registrar_tui.screens.calls import may_retry, new_op_id
from registrar_tui.screens.confirm import ConfirmBox
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.pane import Command, Pane, Person, command
from registrar_tui.screens.similar_rows import SimilarList, why_in_full
from registrar_tui.screens.words import plural, short_name
from registrar_tui.services.dto_merge import FILLED_LABELS, MergePatients, MergePlan
from registrar_tui.widgets.row_list import RowList
from registrar_tui.widgets.status_line import SplitLine

_WHO_MERGES = "Объединить может старший регистратор: позовите его или запишите номера карточек."
_REASON = "почему это один человек"


class SimilarPane(Pane, can_focus=True):
    """Cards like the one that was opened; that one stays, the one under the cursor is merged into it."""

    NAME = "similar"
    DEFAULT_CSS = """
    #similar-why { height: auto; padding: 0 1; }
    #similar-told { height: auto; padding: 0 1; color: $foreground-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.head = SplitLine(id="similar-head", classes="ruled")
        self.cards = SimilarList(id="similar-rows")
        self.why = Static(markup=False, id="similar-why")
        self.told = Static(markup=False, id="similar-told")
        self.box = ConfirmBox(id="merge-confirm")
        self.person: Person | None = None
        self.plan: MergePlan | None = None
        self._number = 0
        self._op_id = ""
        self._merging = False

    def compose(self) -> ComposeResult:
        """Lay out whose likenesses these are, the list, and the confirmation."""
        yield self.head
        yield self.cards
        yield self.why
        yield self.told
        yield self.box

    @property
    def place(self) -> str:
        """The list, or a merge that is being confirmed."""
        return self.NAME if self.plan is None else "merging"

    def focus_target(self) -> Widget:
        """The reason takes the keys while a merge is being confirmed."""
        return self if self.plan is None else self.box.reason

    def commands(self) -> Mapping[str, Command]:
        """Opening, merging, and the confirmation."""
        if self.plan is not None:
            if self._merging:
                return {}
            return {"merge.confirm": self.merge, "merge.swap": self.swap, "merge.cancel": self.cancel}
        if self.cards.card is None:
            return {}
        commands: dict[str, Command] = {
            "similar.open": self.open_card,
            "list.up": command(self.cards.step, -1),
            "list.down": command(self.cards.step, 1),
            "list.page_up": command(self.cards.page, -1),
            "list.page_down": command(self.cards.page, 1),
        }
        if self.desk.may("merge"):
            commands["similar.merge"] = self.ask_plan
        return commands

    def open(self, person: Person) -> None:
        """Look for cards like this person's."""
        self.cards.show_cards(())
        self.person = person
        self._forget_plan()
        self.head.show(
            Content.assemble(("Похожие карточки", "bold"), f"   № {person.id} {plain(person.name)}")
        )
        self.told.update("Ищу…")
        self.renew()

    def renew(self) -> None:
        """Look again."""
        person = self.person
        if person is None:
            return
        self._number += 1
        number = self._number
        self.ask(
            "patient_duplicates",
            lambda services: services.patient_duplicates(person.id),
            lambda rows: SimilarFound(number, rows),
            number,
        )

    def shown(self) -> None:
        """Look again: coming back, a card may have been changed."""
        self.renew()

    @on(SimilarFound)
    def _similar_found(self, message: SimilarFound) -> None:
        message.stop()
        if message.number != self._number:
            return
        self.cards.show_cards(message.rows, keep=True)
        found = plural(len(message.rows), "похожая карточка", "похожие карточки", "похожих карточек")
        told = f"{found}." if message.rows else "Похожих карточек нет."
        if message.rows and not self.desk.may("merge"):
            told = f"{told} {_WHO_MERGES}"
        self.told.update(Content(told))
        self.desk.keys_changed()

    @on(RowList.RowHighlighted)
    def _card_highlighted(self, message: RowList.RowHighlighted) -> None:
        message.stop()
        self.why.update(why_in_full(self.cards.card))

    async def open_card(self) -> None:
        """Enter: the card under the cursor."""
        card = self.cards.card
        if card is not None:
            await self.desk.open_card(Person(card.id, card.full_name, short_name(card.full_name)))

    # --- merging ----------------------------------------------------------------

    def ask_plan(self) -> None:
        """F6: what merging the card under the cursor into this one would move."""
        card, person = self.cards.card, self.person
        if card is not None and person is not None:
            self._ask_plan(person.id, card.id)

    def swap(self) -> None:
        """Tab: keep the other card instead."""
        if self.plan is not None:
            self._ask_plan(self.plan.retired_id, self.plan.survivor_id)

    def _ask_plan(self, survivor_id: int, retired_id: int) -> None:
        self._number += 1
        number = self._number
        self.ask(
            "merge_plan",
            lambda services: services.merge_plan(survivor_id, retired_id),
            lambda plan: MergePlanned(number, plan),
            number,
        )

    @on(MergePlanned)
    def _merge_planned(self, message: MergePlanned) -> None:
        message.stop()
        if message.number != self._number or self.desk.current is not self:
            return
        plan, again = message.plan, self.plan is not None
        self.plan, self._op_id = plan, new_op_id()
        self.box.say(f"Останется № {plan.survivor_id}. {plan.sentence}")
        if plan.likeness.against:
            self.box.add(f"! Против: {', '.join(plan.likeness.against)}", "stop")
        if plan.kept:
            kept = ", ".join(FILLED_LABELS[name] for name in plan.kept)
            self.box.add(f"! Отличается и останется на № {plan.retired_id}: {kept}", "warn")
        for text in plan.overlaps:
            self.box.add(f"! Приёмы в одно время: {text}", "warn")
        if not again:
            self.box.reason.placeholder = _REASON
            self.box.reason.value = ", ".join(plan.likeness.reasons)[:200]
        self.box.reason.display = True
        self.screen.set_focus(self.focus_target())
        self.desk.keys_changed()

    def merge(self) -> None:
        """Enter: merge, once."""
        plan, reason = self.plan, self.box.reason.value.strip()
        if plan is None or self._merging:
            return
        if not reason:
            self.desk.announce("Напишите, почему это один человек: причина остаётся в журнале.", "warn")
            return
        self._merging = True
        wanted = MergePatients(
            self._op_id,
            plan.survivor_id,
            plan.retired_id,
            reason,
            plan.survivor_version,
            plan.retired_version,
        )
        self.ask("merge_patients", lambda services: services.merge_patients(wanted), CardsMerged)

    @on(CardsMerged)
    async def _cards_merged(self, message: CardsMerged) -> None:
        message.stop()
        plan = self.plan
        self._forget_plan()
        self.desk.acted()
        self.desk.announce(f"✓ {message.view.sentence} Ctrl+Z вернуть", "done")
        if plan is not None and self.desk.current is self:
            self.desk.leave_behind(self)
            await self.desk.open_card(Person(plan.survivor_id, plan.survivor, short_name(plan.survivor)))

    def cancel(self) -> None:
        """Esc: leave both cards as they are."""
        self._number += 1
        self._forget_plan()
        self.screen.set_focus(self)
        self.desk.keys_changed()

    def _forget_plan(self) -> None:
        self.plan, self._merging = None, False
        self.box.clear()

    def failed(self, failure: CallFailed) -> None:
        """Say why not; a merge lost on its way may be sent again, one that was refused is asked anew."""
        if failure.call != "merge_patients":
            if failure.number == self._number:
                super().failed(failure)
            return
        self._merging = False
        if may_retry(failure.error):
            self.desk.announce(f"{failure.error.message} Enter — повторить: дважды не объединит.", "stop")
        else:
            self.cancel()
            self.desk.announce(failure.error.message, "stop")
        self.desk.keys_changed()
