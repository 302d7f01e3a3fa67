"""Cards that may be of one person, as rows of a list: who, when born, phone, how likely; why below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from registrar_tui.plain import plain
from registrar_tui.services.dto_merge import DuplicateRow
from registrar_tui.services.likeness import GRADE_LABELS, Grade
from registrar_tui.widgets.patient_list import masked_phone
from registrar_tui.widgets.row_list import Column, Row, RowList
from registrar_tui.widgets.status_line import TONE_STYLES

_COLUMNS: Final = (
    Column("Карточка", 8, 9),
    Column("Пациент", 24, 34),
    Column("Родился", 10, 10),
    Column("Телефон", 16, 16, rank=2),
    Column("Тот же?", 15, 15),
)
_ALREADY: Final = "Такой пациент, возможно, уже есть: откройте карточку или сохраните ещё раз."
_MOST_LINES: Final = 6  # with the titles; the fields stay in sight
_TONES: Final[dict[str, str]] = {Grade.CERTAIN: "stop", Grade.LIKELY: "warn"}


class SimilarList(RowList):
    """Cards that are alike, likeliest first."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(_COLUMNS, id=id)
        self._cards: dict[int, DuplicateRow] = {}

    @property
    def card(self) -> DuplicateRow | None:
        """The card under the cursor."""
        row = self.current
        return None if row is None or not isinstance(row.key, int) else self._cards.get(row.key)

    def show_cards(self, cards: Sequence[DuplicateRow], *, keep: bool = False) -> None:
        """Draw an answer."""
        self._cards = {card.id: card for card in cards}
        self.show([_row(card) for card in cards], keep=keep)


def why_in_full(card: DuplicateRow | None) -> Content:
    """Return every reason of the card under the cursor: a row is too short for them."""
    return Content("" if card is None else plain(f"№ {card.id} — {card.why}"))


class SimilarBox(Vertical):
    """The cards under a form that is about to be saved; without any it takes no line."""

    DEFAULT_CSS = """
    SimilarBox {
        height: auto;
        display: none;
        background: $panel;
        & > Static { height: auto; padding: 0 1; }
        & > .similar--why { color: $foreground-muted; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.cards = SimilarList()
        self._why = Static(markup=False, classes="similar--why")

    def compose(self) -> ComposeResult:
        """Lay out what it is about and the cards."""
        yield Static(Content.assemble((_ALREADY, TONE_STYLES["warn"])))
        yield self.cards
        yield self._why

    @on(RowList.RowHighlighted)
    def _card_highlighted(self, message: RowList.RowHighlighted) -> None:
        message.stop()
        self._why.update(why_in_full(self.cards.card))

    def warn(self, cards: Sequence[DuplicateRow]) -> None:
        """Show cards to be decided on, or take them away."""
        self.cards.show_cards(cards)
        self.cards.styles.height = min(len(cards) + 1, _MOST_LINES)  # rows that fit tell no height
        self.display = bool(cards)


def _row(card: DuplicateRow) -> Row:
    return Row(
        key=card.id,
        cells=(
            f"№ {card.id}",
            card.full_name,
            f"{card.birth_date:%d.%m.%Y}",
            masked_phone(card.phone),
            GRADE_LABELS[card.grade],
        ),
        tone=_TONES.get(card.grade, ""),
    )
