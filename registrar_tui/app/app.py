"""The desk as a program: it paints first, then opens the base, and outlives whatever the base does."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from rich.text import Text
from textual import events, on, work
from textual.app import App
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Input

from registrar_tui.app import keymap
from registrar_tui.app.door import ClinicDoor
from registrar_tui.app.idle import Idleness
from registrar_tui.app.layout_keys import LayoutKeysMixin
from registrar_tui.app.scans import ScanWatch
from registrar_tui.app.themes import DEFAULT_THEME, THEMES
from registrar_tui.errors import NOT_SIGNED_IN, NotAllowed, RegistrarError
from registrar_tui.screens.desk import DeskScreen
from registrar_tui.screens.failures import FailureLog
from registrar_tui.screens.messages import AdmissionLost, EntryPassed, OtherOperatorAsked, RetryRequested
from registrar_tui.screens.pane import Pane

if TYPE_CHECKING:
    from registrar_tui.config import Config
    from registrar_tui.screens.entry import EntryScreen
    from registrar_tui.services.dto import DeskGreeting
    from registrar_tui.services.protocol import Services

LOG_FILE = "desk-failures.log"
PAINTING_SECONDS = 0.02
SETTLE_SECONDS = 0.5
CLOSING_SECONDS = 2.0
IDLE_CHECK_SECONDS = 1.0
BACKUP_AFTER_SECONDS = 20.0  # from the opening of the base: the first patient comes first
BACKUP_CHECK_SECONDS = 3600.0  # a desk that is never closed has its backup too
_TOUCHES = (events.Key, events.Paste, events.MouseEvent)


@dataclass(eq=False, repr=False)
class BaseOpened(Message):
    """The services are there."""

    services: Services
    greeting: DeskGreeting


@dataclass(eq=False, repr=False)
class BaseRefused(Message):
    """The services could not be built."""

    error: RegistrarError


@dataclass(eq=False, repr=False)
class BackupFailed(Message):
    """The day's backup was due and could not be taken."""

    error: RegistrarError


@dataclass(eq=False, repr=False)
class SignInNeeded(Message):
    """Nobody has signed in at this desk; `first`: the base has no operator at all."""

    refusal: NotAllowed
    first: bool


class RegistrarApp(LayoutKeysMixin, App[int]):
    """The registrar's desk; with a `config` it builds its services after the first paint."""

    TITLE = "registrar"
    CSS_PATH = "../screens/desk.tcss"  # of the default screen only the app's own style sheet is read
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [*keymap.bindings()]

    def __init__(self, config: Config | None = None, *, services: Services | None = None) -> None:
        super().__init__()
        if (config is None) == (services is None):
            raise ValueError("the desk needs either settings or services")
        self._config = config
        self._services = services
        self._door = None if config is None else ClinicDoor(config)
        self.idle = Idleness(0 if config is None else config.idle_minutes)
        self._scans = ScanWatch()
        self._failures = FailureLog(None if config is None else config.keys.parent / LOG_FILE)
        self._begin_in(DEFAULT_THEME)
        self.desk = DeskScreen(keymap, _make_palette, _qr_matrix, self._failures)
        self.desk.door = self._door

    def _begin_in(self, theme: str) -> None:
        # Setting `theme` as usual would parse every style sheet twice before the first paint (10 ms).
        for offered in THEMES:
            self.register_theme(offered)
        self.set_reactive(App.theme, theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_default_screen(self) -> DeskScreen:
        """Begin on the desk: a second screen under it would cost a tenth of the first paint."""
        return self.desk

    def on_mount(self) -> None:
        """Open the base once the desk is painted: what it imports would hold up the painting thread."""
        self.call_after_refresh(self.set_timer, PAINTING_SECONDS, self._open_base)
        self.set_interval(IDLE_CHECK_SECONDS, self._lock_if_idle)
        self.set_interval(BACKUP_CHECK_SECONDS, self._back_up_if_due)

    # --- the base -------------------------------------------------------------

    @work(thread=True, exit_on_error=False, group="base")
    def _open_base(self) -> None:
        try:
            outcome: Message = self._base_or_sign_in()
        except RegistrarError as error:
            outcome = BaseRefused(error)
        except Exception as failure:  # a broken installation is told in one line too
            outcome = BaseRefused(self._failures.record("open", failure))
        self.post_message(outcome)

    def _base_or_sign_in(self) -> Message:
        door = self._door
        try:
            # sqlalchemy and the rest of storage cost 0.25-0.4 s to import: the desk is painted before that.
            services = self._services if door is None else door.open()
            assert services is not None
            return BaseOpened(services, services.greeting())
        except NotAllowed as refusal:
            if door is None or refusal.code != NOT_SIGNED_IN:
                raise
            return SignInNeeded(refusal, door.nobody_yet())

    @property
    def _entry(self) -> EntryScreen | None:
        """The screen that hides the desk: it is the only thing that ever stands before it."""
        return None if self.screen is self.desk else cast("EntryScreen", self.screen)

    @on(BaseOpened)
    async def _base_opened(self, message: BaseOpened) -> None:
        services, greeting = message.services, message.greeting
        if greeting.must_change and self._door is not None:
            from registrar_tui.screens.sign_in import NewPasswordScreen

            self._let_go(services)
            await self._ask_for(NewPasswordScreen(self._door, self._failures, greeting.login))
            return
        former, before = self.desk.services, self.desk.greeting
        if before is None:
            await self.desk.connect(services, greeting)
            self.set_timer(BACKUP_AFTER_SECONDS, self._back_up_if_due)
        elif before.login == greeting.login and before.rights <= greeting.rights:
            self.desk.reconnect(services, greeting)
        else:
            await self.desk.begin_anew()
            await self.desk.connect(services, greeting)
        if former is not None and former is not services:
            self._let_go(former)
        if self._entry is not None:
            await self.pop_screen()

    @work(thread=True, exit_on_error=False, group="backup")
    def _back_up_if_due(self) -> None:
        if self._door is None:
            return
        try:
            self._door.back_up_if_due()
        except RegistrarError as error:
            self.post_message(BackupFailed(error))
        except Exception as failure:
            self.post_message(BackupFailed(self._failures.record("backup", failure)))

    @on(BackupFailed)
    def _backup_failed(self, message: BackupFailed) -> None:
        told = message.error.message
        self.desk.announce(f"Суточная копия базы не сделана: {told} Сообщите администратору.", "warn")

    @work(thread=True, exit_on_error=False, group="base")
    def _let_go(self, services: Services) -> None:
        services.close()

    @on(BaseRefused)
    def _base_refused(self, message: BaseRefused) -> None:
        if self._entry is not None:
            self._entry.refused(message.error)
        else:
            self.desk.start_failed(message.error)

    @on(SignInNeeded)
    async def _sign_in_needed(self, message: SignInNeeded) -> None:
        from registrar_tui.screens.sign_in import FirstAdministratorScreen, SignInScreen

        if isinstance(self._entry, SignInScreen):
            self._entry.refused(message.refusal)
        elif self._entry is not None and self._door is not None:
            await self._ask_for(SignInScreen(self._door, self._failures, message.refusal.message))
        elif self._door is not None:
            self.desk.forget_typed()
            kind = FirstAdministratorScreen if message.first else SignInScreen
            await self._ask_for(kind(self._door, self._failures))

    @on(AdmissionLost)
    async def _admission_lost(self, message: AdmissionLost) -> None:
        """Hide everything at once; it is there again only for the same operator in the same role."""
        if self._door is None or self._entry is not None or message.services is not self.desk.services:
            return
        from registrar_tui.screens.sign_in import SignInScreen

        entry = SignInScreen(self._door, self._failures, message.error.message)
        await self.desk.hidden_by(self.push_screen(entry))
        self.desk.notice.clear()  # the reason stands on the screen in front

    async def _ask_for(self, entry: EntryScreen) -> None:
        if self._entry is None:
            await self.push_screen(entry)
        else:
            await self.switch_screen(entry)

    @on(OtherOperatorAsked)
    async def _other_operator_asked(self) -> None:
        """F2 on the locked desk: whoever comes next signs in, and finds nothing of who was here."""
        from registrar_tui.screens.sign_in import SignInScreen

        if self._door is not None:
            self._door.login = ""
            told = "Войдёт другой оператор — набранное прежним пропадёт."
            await self._ask_for(SignInScreen(self._door, self._failures, told))

    @on(EntryPassed)
    def _entry_passed(self) -> None:
        """Open the base for who has signed in."""
        self._open_base()

    @on(RetryRequested)
    def _retry_requested(self) -> None:
        self._open_base()

    # --- keys -------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Obey keys in the order they were pressed, however fast.

        Bindings of the desk run here, letters run in the widget's own queue: before anything but a letter is
        obeyed, the widget in focus has taken what was typed before it.
        """
        if isinstance(event, _TOUCHES) and not event.is_forwarded and await self._woken():
            return
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._settle(event)
            scanned = self._scans.ended_by(event)
            if self.screen is self.desk:
                self.desk.key_pressed()
                if scanned is not None and await self.desk.took_scan(scanned):
                    return
        await super().on_event(event)

    async def _woken(self) -> bool:
        """Lock before the first touch after a long silence is obeyed: a suspended computer ran no timer."""
        late = await self._lock_if_idle()
        self.idle.touched()
        return late

    async def _lock_if_idle(self) -> bool:
        if not self.idle.over or self.screen is not self.desk:
            return False
        await self.desk.action_command("desk.lock")
        return self.screen is not self.desk

    async def _settle(self, event: events.Key) -> None:
        focused = self.focused
        if focused is None or (isinstance(focused, Input) and event.is_printable):
            return
        settled = asyncio.Event()
        if focused.call_later(settled.set):
            with suppress(TimeoutError):
                async with asyncio.timeout(SETTLE_SECONDS):
                    await settled.wait()

    def action_help_quit(self) -> None:
        """Ctrl+C does not quit: a copying hand must not close the desk."""
        self.desk.announce("Выход — Ctrl+Q.")

    def _fatal_error(self) -> None:
        """Leave with one line: Textual's own report prints every local variable, patients among them."""
        failure = sys.exc_info()[1]
        told = "Программа остановилась из-за внутренней ошибки. Записанное сохранено: откройте её ещё раз."
        where = self._failures.written(failure) if failure is not None else None
        self.panic(Text(told if where is None else f"{told} Подробности: {where}."))

    def leave(self) -> None:
        """End the session of who has signed in."""
        if self._door is not None:
            self._door.close()

    async def action_quit(self) -> None:
        """Give back a held slot, then close."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_SECONDS):
                await self.desk.release_all()
                await self.desk.workers.wait_for_complete()
        self.exit(0)


def run_desk(config: Config) -> int:
    """Run the desk until the registrar leaves it; returns the exit code."""
    app = RegistrarApp(config)
    try:
        app.run()
        return app.return_code or 0
    finally:
        if app.desk.services is not None:
            app.desk.services.close()  # what was shown last is written down before the session ends
        app.leave()


def _make_palette() -> Pane:
    from registrar_tui.app.palette import PalettePane

    return PalettePane()


def _qr_matrix(code: str) -> Sequence[Sequence[bool]]:
    from registrar_tui.printing.qr import matrix

    return matrix(code)
