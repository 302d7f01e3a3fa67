"""The lines under the grid: what to read out before booking, why a slot cannot be taken, what can be done."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from registrar_tui.errors import WayOut
from registrar_tui.plain import plain
from registrar_tui.services.dto import BookingOffer
from registrar_tui.widgets.status_line import TONE_STYLES, Tone

MAX_WAYS = 5


class ConfirmBox(Vertical, can_focus=True):
    """Text in place, not a window; with an override it also takes the reason."""

    DEFAULT_CSS = """
    ConfirmBox {
        height: auto;
        max-height: 9;
        padding: 0 1;
        background: $panel;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & Static { height: auto; }
        & Input { height: 1; border: none; padding: 0; background: $background; }
        & Input:focus { border: none; background-tint: $foreground 0%; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.ways: tuple[WayOut, ...] = ()
        self.text = ""
        self._standing = Content("")
        self._said = Static(markup=False)
        self.reason = Input(placeholder="основание: почему правило нарушается", compact=True, max_length=200)

    def compose(self) -> ComposeResult:
        """Lay out the text and the line for a reason."""
        yield self._said
        yield self.reason

    def on_mount(self) -> None:
        """Begin empty."""
        self.clear()

    def clear(self) -> None:
        """Take the text away and give the lines back to the grid."""
        self.ways = ()
        self.reason.value = ""
        self.reason.display = False
        self._say(Content(""))

    def say(self, text: str, tone: Tone = "", ways: Sequence[WayOut] = ()) -> None:
        """Say why, and number the slots that can be taken instead."""
        self.ways = tuple(ways)[:MAX_WAYS]
        lines = [Content.assemble((plain(text), TONE_STYLES[tone]))]
        number = 0
        for way in self.ways:
            if way.kind == "slot" and way.slot_id is not None:
                number += 1
                lines.append(Content.assemble((f" {number} ", "bold $text-accent"), plain(way.text)))
            else:
                lines.append(Content(f" — {plain(way.text)}"))
        self._say(Content("\n").join(lines))

    def offer(self, offer: BookingOffer) -> None:
        """Show the sentence to read out with everything to be told beside it."""
        self.ways = ()
        sentence = plain(offer.sentence)
        quoted = sentence if sentence.startswith("«") else f"«{sentence}»"
        lines = [Content.assemble((quoted, "bold"))]
        for warning in offer.warnings:
            style = TONE_STYLES["stop" if warning.stops else "warn"]
            lines.append(Content.assemble((f"! {plain(warning.message)}", style)))
        if offer.refusal is not None:
            lines.append(Content.assemble((f"! {plain(offer.refusal)}", TONE_STYLES["stop"])))
        self.reason.display = offer.override is not None
        self._say(Content("\n").join(lines))

    def add(self, text: str, tone: Tone) -> None:
        """Say one thing more under what stands."""
        self._say(self._with(text, tone))

    def remark(self, text: str, tone: Tone) -> None:
        """Say how it goes under what stands, in place of the last remark."""
        self._show(self._with(text, tone))

    def _with(self, text: str, tone: Tone) -> Content:
        return Content("\n").join([self._standing, Content.assemble((plain(text), TONE_STYLES[tone]))])

    def slot_of_way(self, number: int) -> int | None:
        """Return the slot of the way out shown under a number from 1."""
        slots = [way.slot_id for way in self.ways if way.kind == "slot" and way.slot_id is not None]
        return slots[number - 1] if 0 < number <= len(slots) else None

    def _say(self, content: Content) -> None:
        self._standing = content
        self._show(content)

    def _show(self, content: Content) -> None:
        self.text = content.plain
        self._said.update(content)
        self.display = bool(self.text)
