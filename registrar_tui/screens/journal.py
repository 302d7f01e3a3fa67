"""Журнал: who did or saw what, for the auditor; every look into it stands in it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from registrar_tui.plain import plain
from registrar_tui.screens.journal_filter import in_words, understand
from registrar_tui.screens.messages import CallFailed
from registrar_tui.screens.office_answers import JournalRead, JournalSaved, JournalVerified
from registrar_tui.screens.office_pane import OfficePane
from registrar_tui.screens.pane import Command, Person, command
from registrar_tui.screens.words import grouped, plural
from registrar_tui.services.protocol_office import JournalQuery
from registrar_tui.widgets.row_list import Column, Row, RowList
from registrar_tui.widgets.search_line import SearchLine
from registrar_tui.widgets.status_line import SplitLine

if TYPE_CHECKING:
    from registrar_tui.services.protocol_office import JournalLine

SHOWN: Final = 500
_COLUMNS: Final = (
    Column("Время", 19, 19),
    Column("Оператор", 8, 14),
    Column("Действие", 16, 26),
    Column("Объект", 12, 22),
    Column("Причина", 9, 40, rank=1),
    Column("Рабочее место", 13, 20, rank=2),
)
_TONES: Final = {"неверный пароль": "warn", "вход закрыт на время": "stop"}
_TIMES: Final = ("раз", "раза", "раз")


class JournalPane(OfficePane):
    """Newest first; Enter reads by what is typed, never while typing: each reading is an entry itself."""

    NAME = "journal"
    DEFAULT_CSS = """
    #journal-detail { height: 2; padding: 0 1; color: $foreground-muted; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.head = SplitLine(id="journal-head")
        self.line = SearchLine("оператор, день или два дня, номер пациента", id="journal-line")
        self.entries = RowList(_COLUMNS, id="journal-entries")
        self.detail = Static(markup=False, id="journal-detail")
        self.query_now = JournalQuery()
        self._lines: dict[int, JournalLine] = {}
        self._number = 0
        self._busy: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        """Lay out what is shown, the filter, the entries and the rest of the entry under the cursor."""
        yield self.head
        with Horizontal(classes="ask"):
            yield self.line
        yield self.entries
        yield self.detail

    def commands(self) -> Mapping[str, Command]:
        """Reading, checking, writing to a file."""
        commands: dict[str, Command] = {
            "journal.read": self.press_read,
            "list.up": command(self.entries.step, -1),
            "list.down": command(self.entries.step, 1),
            "list.page_up": command(self.entries.page, -1),
            "list.page_down": command(self.entries.page, 1),
        }
        if "verify" not in self._busy:
            commands["journal.verify"] = self.verify
        if "save" not in self._busy:
            commands["journal.save"] = self.save
        return commands

    def focus_target(self) -> Widget:
        """The filter takes the keys."""
        return self.line

    def connected(self) -> None:
        """The auditor begins here."""
        self.renew()

    def open(self, person: Person | None) -> None:
        """Begin with the newest entries, or with those about one person."""
        if person is not None:
            self.line.value = f"№{person.id}"
        self.press_read()

    def press_read(self) -> None:
        """Enter: read by what is typed; a word that is no filter is named and nothing is read."""
        understood = understand(self.line.value, self.desk.now().date())
        if understood.strange:
            strange = plain(" ".join(understood.strange))
            told = f"Не понято: «{strange}». Бывает: оператор, 24.11 или 01.11-24.11, №123."
            self.desk.announce(told, "warn")
            return
        self.query_now = understood.query
        self.renew()

    def renew(self) -> None:
        """Read what is asked for."""
        self._number += 1
        number, query = self._number, self.query_now
        self.ask_office(
            "journal",
            lambda office: office.journal_lines(query, limit=SHOWN),
            lambda lines: JournalRead(number, lines),
            number,
        )

    def verify(self) -> None:
        """F6: recompute the whole journal."""
        self._begin("verify")
        self.desk.announce("Проверяю журнал…")
        self.ask_office("verify", lambda office: office.verify_journal(), JournalVerified)

    def save(self) -> None:
        """Ctrl+S: write everything that fits the filter, not only what is on the screen."""
        query = self.query_now
        self._begin("save")
        self.desk.announce("Пишу журнал в файл…")
        self.ask_office("save", lambda office: office.save_journal(query), JournalSaved)

    # --- answers ----------------------------------------------------------------

    @on(JournalRead)
    def _journal_read(self, message: JournalRead) -> None:
        message.stop()
        if message.number != self._number:
            return
        self._lines = {line.id: line for line in message.lines}
        self.entries.show([_row(line) for line in message.lines])
        count = len(message.lines)
        shown = plural(count, "запись", "записи", "записей")
        if count == SHOWN:
            shown = f"последние {grouped(SHOWN)}, остальные — в файл"
        self.head.show(
            Content.assemble(("Журнал", "bold"), f"   {plain(in_words(self.query_now))}"),
            Content.assemble((shown, "$foreground-muted")),
        )

    @on(JournalVerified)
    def _journal_verified(self, message: JournalVerified) -> None:
        message.stop()
        self._end("verify")
        checked = plural(message.verdict["checked"], "запись", "записи", "записей")
        problems = message.verdict["problems"]
        if not problems:
            restores = len(message.verdict.get("restores", ()))
            again = "" if not restores else f" База возвращалась из копии: {plural(restores, *_TIMES)}."
            self.desk.announce(f"✓ Журнал цел: проверено {checked}.{again}", "done")
            return
        more = f" И ещё {grouped(len(problems) - 1)}." if len(problems) > 1 else ""
        told = f"Журнал повреждён, проверено {checked}. {problems[0]['message']}{more}"
        self.desk.announce(told, "stop")

    @on(JournalSaved)
    def _journal_saved(self, message: JournalSaved) -> None:
        message.stop()
        self._end("save")
        saved = message.saved
        entries = plural(saved.entries, "запись", "записи", "записей")
        self.desk.announce(f"✓ {entries} в файле {saved.path}", "done")

    @on(RowList.RowHighlighted)
    def _entry_highlighted(self, message: RowList.RowHighlighted) -> None:
        message.stop()
        line = None if message.row is None else self._lines.get(_id_of(message.row))
        self.detail.update(Content("" if line is None else plain(_rest_of(line))))

    def failed(self, failure: CallFailed) -> None:
        """Say why not; what was typed stays."""
        self._end(failure.call)
        super().failed(failure)

    def _begin(self, work: str) -> None:
        self._busy |= {work}
        self.desk.keys_changed()

    def _end(self, work: str) -> None:
        self._busy -= {work}
        self.desk.keys_changed()


def _row(line: JournalLine) -> Row:
    cells = (line.at, line.operator, line.action, line.about, line.reason, line.desk)
    return Row(line.id, cells, _TONES.get(line.action, ""))


def _id_of(row: Row) -> int:
    return row.key if isinstance(row.key, int) else -1


def _rest_of(line: JournalLine) -> str:
    parts = (line.reason, line.detail, f"рабочее место {line.desk}", f"цепочка {line.place}")
    return " · ".join(part for part in parts if part)
