"""The desk on a real base, with people who sign in."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from registrar_tui.app.app import RegistrarApp
from registrar_tui.config import Config
from registrar_tui.errors import NotAllowed, RegistrarError
from registrar_tui.screens.entry import EntryScreen
from registrar_tui.services.protocol_office import Office
from tests.integration.real_clinic import password_of
from tests.tui.desk_driver import DeskDriver


class EntryDriver(DeskDriver):
    """The desk under test where an entry screen may stand before it."""

    @property
    def entry(self) -> EntryScreen:
        """The entry screen in front."""
        screen = self.app.screen
        assert isinstance(screen, EntryScreen), f"no entry screen\n{self.picture()}"
        return screen

    @property
    def told(self) -> str:
        """What the entry screen says."""
        return self.entry.notice.text

    def typed(self, name: str) -> str:
        """Return what stands in a line of the entry screen."""
        return next(field.value for field in self.entry.fields if field.field_name == name)

    async def until_entry(self, heading: str) -> None:
        """Wait until an entry screen is painted and takes keys."""
        await self.until(lambda: self.app.screen is not self.desk, heading)
        await self.until_seen(heading)
        await self.until(lambda: self.app.focused is not None or not self.entry.fields, "the focus")

    async def until_desk(self) -> None:
        """Wait until the desk is in front and connected."""
        await self.until(lambda: self.app.screen is self.desk and self.desk.services is not None, "the desk")

    async def sign_in(self, login: str, password: str | None = None) -> None:
        """Type a name and a password in one go, as a program would."""
        await self.until_entry("Вход")
        await self.press(*login, "enter", *(password or password_of(login)), "enter")


@asynccontextmanager
async def open_real_desk(config: Config, size: tuple[int, int] = (110, 36)) -> AsyncIterator[EntryDriver]:
    """Open the desk on a base and let everything go afterwards."""
    app = RegistrarApp(config)
    try:
        async with app.run_test(size=size) as pilot:
            yield EntryDriver(app, pilot)
            await app.workers.wait_for_complete()
    finally:
        if app.desk.services is not None:
            app.desk.services.close()
        app.leave()


class FakeDoor:
    """A door in memory: one password, what was tried, and troubles to come."""

    def __init__(self, password: str = "верный пароль") -> None:
        self.desk = "окно 2"
        self.login = ""
        self.tried: list[tuple[str, str]] = []
        self.troubles: list[RegistrarError] = []
        self.gates: list[threading.Event] = []
        self._password = password

    def sign_in(self, login: str, password: str) -> None:
        """Let in with the password."""
        self.tried.append((login, password))
        if self.gates:
            self.gates.pop(0).wait(10)
        if self.troubles:
            raise self.troubles.pop(0)
        if password != self._password:
            raise NotAllowed("Имя или пароль неверны.", code="sign_in_failed")

    def nobody_yet(self) -> bool:
        """Somebody is here."""
        return False

    def found(self, login: str, name: str, password: str) -> None:
        """Nobody is first."""
        raise NotAllowed("Операторы уже есть.")

    def change_password(self, login: str, password: str) -> None:
        """Take another password."""
        self._password = password

    def office(self) -> Office:
        """There is no office behind this door."""
        raise NotAllowed("Кабинета нет.")

    def close(self) -> None:
        """Nothing to give back."""
