"""The desk for whoever has signed in: where their role begins, the office panes, and the lock."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from textual.widgets import Input

from registrar_tui.screens.link import Link
from registrar_tui.screens.pane import Command, Pane, Person

if TYPE_CHECKING:
    from registrar_tui.screens.failures import FailureLog
    from registrar_tui.services.dto import DeskGreeting
    from registrar_tui.services.protocol import Services
    from registrar_tui.services.protocol_office import Door


class OfficeWays(Link):
    """What the role may not do is not offered; who may open no card begins in the office."""

    failures: FailureLog

    def __init__(self) -> None:
        super().__init__()
        self.door: Door | None = None

    def may(self, right: str) -> bool:
        """Tell whether the operator's role has a right; before the base is open, whether it might."""
        return self.greeting is None or right in self.greeting.rights

    def office_commands(self) -> dict[str, Command]:
        """Return the office panes of this role, and the lock."""
        if self.services is None or self.greeting is None:
            return {}
        commands: dict[str, Command] = {}
        if self.door is not None and self.may("read-journal"):
            commands["desk.journal"] = self.open_journal
        if self.door is not None and self.may("operators"):
            commands["desk.operators"] = self.open_operators
        if self.door is not None or self.greeting.demo:
            commands["desk.lock"] = self.lock_desk
        return commands

    def forget_typed(self) -> None:
        """Empty the line typed into before it was known that somebody must sign in: it may be a password."""
        for line in self.query(Input):
            line.value = ""

    async def connect(self, services: Services, greeting: DeskGreeting) -> None:
        """Begin to work where the role begins."""
        if "open-card" not in greeting.rights:
            pane = await self._office_pane(greeting)
            self.trail.clear()
            await self.come(pane)
        await super().connect(services, greeting)

    async def _office_pane(self, greeting: DeskGreeting) -> Pane:
        if "operators" in greeting.rights:
            from registrar_tui.screens.operators import OperatorsPane

            return await self.bring(OperatorsPane)
        from registrar_tui.screens.journal import JournalPane

        return await self.bring(JournalPane)

    async def open_card(self, person: Person) -> None:
        """Open a person's card; who may only follow their journal opens that."""
        if self.may("open-card") or not self.may("read-journal"):
            await super().open_card(person)
        else:
            await self.open_journal(person)

    async def open_journal(self, person: Person | None = None) -> None:
        """Open the journal, or the part of it that is about one person."""
        from registrar_tui.screens.journal import JournalPane

        pane = await self.bring(JournalPane)
        await self.come(pane)
        pane.open(person)

    async def open_operators(self) -> None:
        """Open the list of operators."""
        from registrar_tui.screens.operators import OperatorsPane

        pane = await self.bring(OperatorsPane)
        await self.come(pane)
        pane.shown()

    async def lock_desk(self) -> None:
        """F12, or nobody at the keys: hide everything, and give back a slot that is being confirmed."""
        from registrar_tui.screens.lock import LockScreen

        greeting = self.greeting
        if greeting is None or not self.is_active:
            return
        await self.hidden_by(self.app.push_screen(LockScreen(greeting, self.door, self.failures)))

    async def hidden_by(self, hiding: Awaitable[None]) -> None:
        """Give back what is held while a screen comes before the desk."""
        for pane in self.trail:
            await pane.left()
        await hiding
