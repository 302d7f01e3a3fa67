"""Progress of a long command: a bar for a person at a terminal, now and then a line for a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from registrar_tui.cli.output import Output
from registrar_tui.plain import plain
from registrar_tui.services.wording import plural

if TYPE_CHECKING:
    from registrar_tui.bulk.job import Progress as Standing

Progress = Callable[[str, int, int], None]
_NAMES: Final = 10
_LONGEST_NAME: Final = 30
"""How many columns or sheets are named in one line, and how many characters of each."""
LINE_EVERY: Final = 10.0
"""Seconds between two lines of a log; what ends sooner says nothing."""


@contextmanager
def progress_bar(output: Output) -> Iterator[Progress | None]:
    """Draw progress on stderr where a person would see it; else give None."""
    if not output.shows_progress:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield show


@contextmanager
def table_progress(output: Output, title: str) -> Iterator[Callable[[Standing], None] | None]:
    """Tell how a table gets on: rows, rate and time left; None where nobody wants to know."""
    if output.quiet:
        yield None
    elif output.shows_progress:
        with _drawn(title) as show:
            yield show
    else:
        yield _Lines(output, title)


@contextmanager
def _drawn(title: str) -> Iterator[Callable[[Standing], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[pace]}"))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, pace="")

        def show(standing: Standing) -> None:
            if unread := unread_of(standing):
                bar.console.print(plain(unread), markup=False, highlight=False, soft_wrap=True)
                return
            total = standing.total or None
            bar.update(task, completed=standing.done, total=total, pace=pace_of(standing))

        yield show


class _Lines:
    """Lines of plain text at a rhythm that a log can bear."""

    def __init__(self, output: Output, title: str) -> None:
        self._output, self._title = output, title
        self._told = time.monotonic()

    def __call__(self, standing: Standing) -> None:
        if unread := unread_of(standing):
            self._output.narrate(unread)
            return
        now = time.monotonic()
        if now - self._told >= LINE_EVERY:
            self._told = now
            self._output.narrate(f"{self._title}: {pace_of(standing)}")


def unread_of(standing: Standing) -> str:
    """Return what of a table is not read, empty where all is: data may not be lost in silence."""
    told = (("столбцы", standing.unread), ("листы", standing.other_sheets))
    return " ".join(f"Не читаются {what}: {_listed(names)}." for what, names in told if names)


def _listed(names: Sequence[str]) -> str:
    shown = [f"«{name[:_LONGEST_NAME]}»" for name in names[:_NAMES]]
    more = len(names) - len(shown)
    return f"{', '.join(shown)}{f' и ещё {more}' if more else ''}"


def pace_of(standing: Standing) -> str:
    """Return «42 %, 120 000 строк, 11 500 строк/с, осталось 0:35»; without an end, rows and rate only."""
    parts = [f"{100 * standing.done // standing.total} %"] if standing.total else []
    parts += [_rows(standing.rows), f"{_grouped(round(standing.rate))} строк/с"]
    if standing.stage == "finishing":
        parts.append("завершение")
    elif standing.left is not None:
        minutes, seconds = divmod(round(standing.left), 60)
        parts.append(f"осталось {minutes}:{seconds:02d}")
    return ", ".join(parts)


def _rows(count: int) -> str:
    return plural(count, "строка", "строки", "строк").replace(str(count), _grouped(count), 1)


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")
