"""What every pane of the desk is: a place with commands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple, cast

from textual.containers import Vertical
from textual.widget import Widget

from registrar_tui.screens.calls import Caller

if TYPE_CHECKING:
    from registrar_tui.screens.desk import DeskScreen

Command = Callable[[], Awaitable[None] | None]


class Person(NamedTuple):
    """Whom the desk works with now; `short` is the name for a heading."""

    id: int
    name: str
    short: str


def command(action: Callable[..., object], *values: object, **named: object) -> Command:
    """Return a command that calls `action` with values; what it returns is not used."""
    return cast("Command", partial(action, *values, **named))


class Pane(Caller, Vertical):
    """One place of the desk."""

    NAME: ClassVar[str]
    """The place's name in the key table and the pane's id in the switcher."""
    LIVE: ClassVar[bool] = False
    """Whether what other desks do is to be seen here at once."""

    ASIDE: ClassVar[bool] = False
    """Whether the pane is only looked into on the way, so that the others are not left for it."""

    def __init__(self) -> None:
        super().__init__(id=self.NAME)

    @property
    def desk(self) -> DeskScreen:
        """The screen this pane lives on."""
        return cast("DeskScreen", self.screen)

    @property
    def place(self) -> str:
        """The place as the key table knows it; a pane may have several."""
        return self.NAME

    def commands(self) -> Mapping[str, Command]:
        """Return what can be done here now, by binding id."""
        return {}

    def focus_target(self) -> Widget:
        """Return the widget that takes the keys."""
        return self

    def shown(self) -> None:
        """Take note that the pane is in front again."""

    async def left(self) -> None:
        """Take note that the registrar works elsewhere now; may be told more than once."""

    def connected(self) -> None:
        """Take note that the base has just been opened."""

    def stale(self, now: datetime) -> bool:  # noqa: ARG002 - for panes that show what passes
        """Tell whether what is shown has grown old by time alone, at this wall-clock time of the clinic."""
        return False

    def renew(self) -> None:
        """Read again what is shown: something has changed in the base."""
