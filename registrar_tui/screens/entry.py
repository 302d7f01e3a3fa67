"""What stands before the desk: an opaque screen with a few lines to fill in, Enter, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static

from registrar_tui.errors import RegistrarError
from registrar_tui.plain import plain
from registrar_tui.screens.failures import FailureLog
from registrar_tui.screens.messages import EntryPassed
from registrar_tui.widgets.field import Field
from registrar_tui.widgets.status_line import KeyHint, KeyLine, NoticeLine, SplitLine

MAX_SECRET = 256
_QUIT = KeyHint("Ctrl+Q", "выйти")


@dataclass(eq=False, repr=False)
class EntryRefused(Message):
    """What was typed did not open the door."""

    error: RegistrarError


class SecretInput(Input):
    """A line whose text is neither shown nor copied: a clipboard outlives the desk."""

    def __init__(self) -> None:
        super().__init__(password=True, compact=True, max_length=MAX_SECRET, select_on_focus=False)

    def action_copy(self) -> None:
        """Copy nothing."""

    def action_cut(self) -> None:
        """Cut nothing."""


class SecretField(Field):
    """A field for a password."""

    def __init__(self, name: str, title: str, hint: str = "") -> None:
        super().__init__(name, title, hint)
        self.input = SecretInput()


class EntryScreen(Screen[None]):
    """Enter on the last line tries what was typed; a refusal is one line and takes only the password away."""

    AUTO_FOCUS: ClassVar[str | None] = None
    HEADING: ClassVar[str]
    ACTION: ClassVar[str]
    """What Enter does, for the line of keys."""
    MORE: Sequence[KeyHint] = ()
    """Other keys of this screen, for the same line."""
    # With priority: run by the app in the order of the keys, so that no letter of a password that is typed
    # fast or pasted by a program lands in the line above it, which everybody can read.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,ctrl+j", "enter", show=False, priority=True),
        Binding("down,tab", "step(1)", show=False, priority=True),
        Binding("up,shift+tab", "step(-1)", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    EntryScreen {
        background: $background;
        color: $foreground;
        & #entry { height: 1fr; padding: 2 4 0 4; }
        & #entry-told { height: auto; padding: 0 0 1 0; color: $foreground-muted; }
        & #entry-heading { height: 2; text-style: bold; }
        & NoticeLine { padding: 1 0 0 0; }
    }
    """

    def __init__(self, desk: str, fields: Sequence[Field], told: str, failures: FailureLog) -> None:
        super().__init__()
        self.fields = tuple(fields)
        self.notice = NoticeLine()
        self._desk = desk
        self._told = told
        self._failures = failures
        self._trying = False

    def compose(self) -> ComposeResult:
        """Lay out the heading, what is asked and why, the fields, and the place for a refusal."""
        head, keys = SplitLine(), KeyLine()
        head.show(Content("registrar"), Content.assemble((plain(self._desk), "$foreground-muted")))
        moves = [KeyHint("↑ ↓", "другое поле", 1)] if len(self.fields) > 1 else []
        keys.show([KeyHint("Enter", self.ACTION), *moves, *self.MORE, _QUIT])
        yield head
        with Vertical(id="entry"):
            yield Static(self.HEADING, markup=False, id="entry-heading")
            if self._told:
                yield Static(Content(plain(self._told)), id="entry-told")
            yield from self.fields
            yield self.notice
        yield keys

    def on_mount(self) -> None:
        """Begin in the first empty line."""
        self._focus_first(lambda field: not field.value)

    # --- keys -----------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Of the desk's commands none but leaving works here."""
        if action == "command":
            return parameters[0] == "desk.quit"
        return super().check_action(action, parameters)

    async def action_command(self, name: str) -> None:
        """Ctrl+Q: leave."""
        if name == "desk.quit":
            await self.app.action_quit()

    def action_step(self, by: int) -> None:
        """Go to a neighbouring line."""
        lines = [field.input for field in self.fields]
        if self.focused in lines:
            self.set_focus(lines[min(max(lines.index(self.focused) + by, 0), len(lines) - 1)])

    def action_enter(self) -> None:
        """Enter: the next line; on the last one, try what was typed, once."""
        if self.fields and self.focused is not self.fields[-1].input:
            self.action_step(1)
            return
        if self._trying:
            return
        self.notice.clear()
        problem = self.problem()
        if problem is not None:
            field, message = problem
            self.notice.show(message, "warn")
            self.set_focus(field.input)
            return
        self._trying = True
        self._try(self.attempt())

    # --- what a screen says of itself -------------------------------------------

    def problem(self) -> tuple[Field, str] | None:
        """Return the field that cannot be sent as it is, and why; None: all is filled in."""
        empty = next((field for field in self.fields if not field.value), None)
        return None if empty is None else (empty, "Заполните это поле.")

    def attempt(self) -> Callable[[], None]:
        """Return what is tried in a thread, with the values as they are typed now."""
        raise NotImplementedError

    def refused(self, error: RegistrarError) -> None:
        """Say in one line why not; only what was typed unseen is to be typed again."""
        self._trying = False
        self.notice.show(error.message, "stop")
        for field in self.fields:
            if isinstance(field, SecretField):
                field.value = ""
        named = next((field for field in self.fields if field.field_name == error.field), None)
        if named is None:
            self._focus_first(lambda field: isinstance(field, SecretField))
        else:
            self.set_focus(named.input)

    # --- the attempt ------------------------------------------------------------

    @work(thread=True, exit_on_error=False, group="entry")
    def _try(self, attempt: Callable[[], None]) -> None:
        outcome: Message = EntryPassed()
        try:
            attempt()
        except RegistrarError as error:
            outcome = EntryRefused(error)
        except Exception as failure:  # a broken installation is told in one line too
            outcome = EntryRefused(self._failures.record("entry", failure))
        self.post_message(outcome)

    @on(EntryRefused)
    def _attempt_refused(self, message: EntryRefused) -> None:
        message.stop()
        self.refused(message.error)

    def _focus_first(self, wanted: Callable[[Field], bool]) -> None:
        field = next((field for field in self.fields if wanted(field)), None)
        if field is None and self.fields:
            field = self.fields[-1]
        self.set_focus(None if field is None else field.input)
