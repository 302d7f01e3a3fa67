"""The filter of the slot grid: one line of choices changed by the arrows, no dialog."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from textual import events
from textual.app import RenderResult
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from registrar_tui.plain import plain

MAX_LABEL = 30


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter; `value` None lets everything through."""

    value: int | None
    label: str


@dataclass
class FilterField:
    """One filter: its name, its choices and which of them is set."""

    name: str
    title: str
    choices: tuple[Choice, ...]
    index: int = 0

    @property
    def value(self) -> int | None:
        """The value that is set."""
        return self.choices[self.index].value


class FilterLine(Widget, can_focus=True):
    """←→ chooses the filter, ↑↓ or a first letter its value; every change is told at once.

    The arrows are keys of the pane, so that none of them is overtaken by the key after it.
    """

    DEFAULT_CSS = """
    FilterLine { height: auto; padding: 0 1; background: $surface; display: none; }
    """

    @dataclass
    class FilterChanged(Message):
        """A filter got another value."""

        name: str
        value: int | None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.fields: list[FilterField] = []
        self._at = 0

    def commands(self) -> dict[str, Callable[[], None]]:
        """Return the keys of the line by binding id."""
        return {
            "filter.left": partial(self.action_field, -1),
            "filter.right": partial(self.action_field, 1),
            "filter.up": partial(self.action_value, -1),
            "filter.down": partial(self.action_value, 1),
            "filter.reset": self.action_reset,
        }

    def set_fields(self, fields: Sequence[FilterField]) -> None:
        """Offer filters; the one chosen before stays chosen."""
        self.fields = list(fields)
        self._at = min(self._at, max(len(self.fields) - 1, 0))
        self.refresh(layout=True)

    def render(self) -> RenderResult:
        """Draw every filter with its value, the chosen one marked."""
        parts = [self._drawn(place, field) for place, field in enumerate(self.fields)]
        return Content("   ").join(parts)

    def _drawn(self, place: int, field: FilterField) -> Content:
        label = plain(field.choices[field.index].label)[:MAX_LABEL]
        if place != self._at:
            return Content.assemble((f"{field.title} ", "$foreground-muted"), f"  {label}  ")
        return Content.assemble((f"{field.title} ", "bold"), (f"‹ {label} ›", "bold $text-accent"))

    def action_field(self, by: int) -> None:
        """Choose a neighbouring filter."""
        self._at = min(max(self._at + by, 0), len(self.fields) - 1)
        self.refresh()

    def action_value(self, by: int) -> None:
        """Set the next or previous value, round the ends."""
        field = self.fields[self._at]
        self._set(field, (field.index + by) % len(field.choices))

    def action_reset(self) -> None:
        """Let everything through this filter."""
        self._set(self.fields[self._at], 0)

    def on_key(self, event: events.Key) -> None:
        """Set the next value that begins with the letter or digit typed."""
        typed = event.character
        if typed is None or not typed.isalnum():
            return
        event.stop()
        field = self.fields[self._at]
        order = [(field.index + step) % len(field.choices) for step in range(1, len(field.choices) + 1)]
        for index in order:
            if field.choices[index].label.casefold().startswith(typed.casefold()):
                self._set(field, index)
                return

    def _set(self, field: FilterField, index: int) -> None:
        if index != field.index:
            field.index = index
            self.refresh(layout=True)
            self.post_message(self.FilterChanged(field.name, field.value))
