"""The lines that frame the desk: where and who you are, what has just happened, which keys matter now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from rich.cells import cell_len
from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from registrar_tui.plain import plain

Tone = Literal["", "done", "warn", "stop", "muted"]

TONE_STYLES: Final[dict[str, str]] = {
    "": "$foreground",
    "done": "$text-success",
    "warn": "$text-warning",
    "stop": "$text-error",
    "muted": "$foreground-muted",
}
_LEAST_LEFT: Final = 14


class KeyHint(NamedTuple):
    """One key of the bottom line; a narrow line drops the highest rank first."""

    label: str
    text: str
    rank: int = 0


class SplitLine(Widget):
    """One line with a left and a right part; where they would meet the left is cut, but not under `least`."""

    DEFAULT_CSS = "SplitLine { height: 1; width: 1fr; padding: 0 1; }"

    def __init__(
        self,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
        least: int = _LEAST_LEFT,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._least = least
        self.left = Content("")
        self.right = Content("")

    def show(self, left: Content | str, right: Content | str = "") -> None:
        """Draw both parts; text of strangers comes as `Content` or is made safe here."""
        drawn = (_content(left), _content(right))
        if drawn != (self.left, self.right):
            self.left, self.right = drawn
            self.refresh()

    def render(self) -> RenderResult:
        """Draw the line for the width it has."""
        width = self.content_size.width
        least = min(self._least, self.left.cell_length)
        right = self.right.truncate(max(width - least - 2, 0), ellipsis=True)
        room = width - right.cell_length - (2 if right else 0)
        left = self.left.truncate(max(room, 0), ellipsis=True)
        gap = " " * max(width - left.cell_length - right.cell_length, 0)
        return Content.assemble(left, gap, right)


class StatusLine(SplitLine):
    """The top line: clinic, branch, desk, operator; date and time; whether the base answers."""

    DEFAULT_CSS = "StatusLine { background: $surface; color: $foreground; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._who = ("registrar", "", False)
        self._now = ""
        self._connected: bool | None = None

    def place(self, clinic: str, branch: str, desk: str, operator: str, *, demo: bool) -> None:
        """Say where and who this desk is."""
        where = plain(f"{clinic}, {branch}" if branch else clinic)
        self._who = (where, "".join(f" · {plain(part)}" for part in (desk, operator) if part), demo)
        self._draw()

    def tick(self, now: str) -> None:
        """Show the clinic's date and minute; repaints only when it changes."""
        if now != self._now:
            self._now = now
            self._draw()

    def connection(self, connected: bool | None) -> None:
        """Show whether the base answers; None: not opened yet."""
        if connected != self._connected:
            self._connected = connected
            self._draw()

    def _draw(self) -> None:
        if self._connected is None:
            link = Content.assemble(("○ открываю базу", TONE_STYLES["muted"]))
        elif self._connected:
            link = Content.assemble(("● ", TONE_STYLES["done"]), "связь")
        else:
            link = Content.assemble(("○ нет связи", TONE_STYLES["stop"]))
        right = Content.assemble(f"{self._now}  " if self._now else "", link)
        self.show(self._left(self.content_size.width - right.cell_length - 2), right)

    def _left(self, room: int) -> Content:
        """Cut the clinic's name before the desk and the operator."""
        where, who, demo = self._who
        mark = ("демо " if demo else "", TONE_STYLES["warn"])
        spare = max(room - cell_len(mark[0] + who), _LEAST_LEFT)
        return Content.assemble(mark, Content(where).truncate(spare, ellipsis=True), who)

    def on_resize(self) -> None:
        """Spread the parts over the new width."""
        self._draw()


class NoticeLine(Static):
    """What has just happened; empty it takes no line."""

    DEFAULT_CSS = "NoticeLine { height: auto; max-height: 4; padding: 0 1; display: none; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(markup=False, id=id)
        self.text = ""

    def show(self, text: str, tone: Tone = "") -> None:
        """Say one thing."""
        self.text = plain(text)
        self.update(Content.assemble((self.text, TONE_STYLES[tone])))
        self.display = bool(self.text)

    def clear(self) -> None:
        """Take the line away."""
        if self.text:
            self.show("")


class KeyLine(Widget):
    """The bottom line: the keys that matter now, as many as fit."""

    DEFAULT_CSS = "KeyLine { height: 1; padding: 0 1; background: $surface; color: $foreground-muted; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.hints: tuple[KeyHint, ...] = ()

    def show(self, hints: Sequence[KeyHint]) -> None:
        """Draw hints; nothing is repainted if they are the same."""
        if tuple(hints) != self.hints:
            self.hints = tuple(hints)
            self.refresh()

    def render(self) -> RenderResult:
        """Draw the hints that fit, in their order, least important dropped."""
        width = self.content_size.width
        # A line that is a little too narrow loses space before it loses keys.
        gap = 3 if _hints_width(self.hints, 3) <= width else 2
        fitting = fitting_hints(self.hints, width, gap)
        return Content(" " * gap).join(
            Content.assemble((hint.label, "bold $text-accent"), " ", hint.text) for hint in fitting
        )


def fitting_hints(hints: Sequence[KeyHint], width: int, gap: int) -> list[KeyHint]:
    """Return the hints that fit into a line, dropping the highest ranks, later ones first."""
    kept = list(hints)
    while kept and _hints_width(kept, gap) > width:
        kept.remove(max(reversed(kept), key=lambda hint: hint.rank))
    return kept


def _hints_width(hints: Sequence[KeyHint], gap: int) -> int:
    return sum(cell_len(hint.label) + 1 + cell_len(hint.text) for hint in hints) + gap * (len(hints) - 1)


def _content(part: Content | str) -> Content:
    return part if isinstance(part, Content) else Content(plain(part))
