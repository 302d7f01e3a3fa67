"""How soon one desk's open grid shows what another desk does, and what it costs to look on.

Both desks are the real program in ptys of their own. Time runs from the key on the acting desk to the arrival
of the output that shows the change on the other one, so it holds the acting desk's own work as well.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text

from benchmarks.demo_desk import demo_desk
from benchmarks.pty_probe import ProbeError, PtyProbe, Seen
from benchmarks.table import Limit, Series
from registrar_tui import bootstrap
from registrar_tui.clock import ShiftedClock
from registrar_tui.desk_services import DeskServices
from registrar_tui.services import dto
from registrar_tui.storage.engine import open_engine
from tests.integration.bases import PG_VARIABLE, own_schema, settings

STORES = ("sqlite", "postgresql")
ROUNDS = 10
REFRESH_LIMIT = 1.0  # seconds
IDLE_LIMIT = 0.02  # seconds of a core a second
BUSY_LIMIT = 0.05
IDLE_SECONDS = 30.0
BUSY_SECONDS = 15.0
_PATIENCE = 20.0
_LOST = 5.0
_READ = 0.8  # the card stands as it was until it is read anew
_DAY = "2026-11-22"  # a Sunday: what is booked for Monday may still be moved and cancelled in time
_NOW = f"{_DAY}T07:00"
_NOW_UTC = datetime(2026, 11, 22, 4, tzinfo=UTC)
_F6, _F8, _PAGE_UP, _ESCAPE, _ENTER, _TAB = "\x1b[17~", "\x1b[19~", "\x1b[5~", "\x1b", "\r", "\t"
_SPECIALTY = "терапевт"
_WITHOUT_PLANS = (
    "SELECT id, last_name FROM patient WHERE id NOT IN "
    "(SELECT patient_id FROM visit WHERE starts_at > '2026-11-22')"
)
# The surname of a watched visit stands on the grid once and is not cut.
_KNOWN_BY_NAME = (
    f"{_WITHOUT_PLANS} AND length(last_name) BETWEEN 5 AND 8 AND last_name IN "
    "(SELECT last_name FROM patient GROUP BY last_name HAVING count(*) = 1) ORDER BY id"
)


@dataclass
class Pair:
    """Two desks on one base: one acts, the other has a doctor's week open and looks on."""

    store: str
    database: str
    actor: PtyProbe
    watcher: PtyProbe
    name: str
    """The surname of the actor's patient, of whom there is one."""
    others: list[int]
    waits: dict[str, list[float | None]] = field(default_factory=dict)
    painted: list[int] = field(default_factory=list)
    """Bytes the watcher wrote for each change."""
    grid_bytes: int = 0
    """Bytes it wrote for the whole grid."""


def run() -> Iterator[Limit]:
    """Measure the stores that are at hand: the refreshes of each, then what looking on costs both."""
    with ExitStack() as open_bases:
        pairs = []
        for store in STORES:
            if store != "sqlite" and not os.environ.get(PG_VARIABLE):
                yield Limit(f"{store} refresh", REFRESH_LIMIT, note=f"{PG_VARIABLE} is not set")
                continue
            try:
                pair = open_bases.enter_context(_pair(store))
                for _ in range(ROUNDS):
                    _round(pair)
            except ProbeError as problem:
                yield Limit(f"{store} refresh", REFRESH_LIMIT, note=" ".join(str(problem).split())[:160])
                continue
            yield from _refresh_rows(pair)
            pairs.append(pair)
        if pairs:
            yield from _cost_rows(pairs)


def _refresh_rows(pair: Pair) -> Iterator[Limit]:
    lines = sorted(pair.painted)
    for kind, waits in pair.waits.items():
        yield Limit(f"{pair.store} {kind} to paint", REFRESH_LIMIT, Series(tuple(waits)))
    every = tuple(wait for waits in pair.waits.values() for wait in waits)
    note = f"median {lines[len(lines) // 2]} bytes a change, {pair.grid_bytes} the whole grid"
    yield Limit(f"{pair.store} all to paint", REFRESH_LIMIT, Series(every), note)


# --- two desks -------------------------------------------------------------------------


@contextmanager
def _pair(store: str) -> Iterator[Pair]:
    with ExitStack() as opened:
        url = None
        if store != "sqlite":
            url = opened.enter_context(own_schema(os.environ[PG_VARIABLE], f"live_{os.getpid()}"))
        desk = opened.enter_context(demo_desk(url, "--today", _DAY))
        if desk.missing:
            raise ProbeError(desk.missing)
        database = desk.environment["REGISTRAR_DB"]
        (_, name), (_, another), *_ = _people(database, _KNOWN_BY_NAME)
        probes = []
        for number in (1, 2):
            mine = {**desk.environment, "REGISTRAR_NOW": _NOW, "REGISTRAR_DESK": f"окно {number}"}
            probes.append(opened.enter_context(PtyProbe(desk.command, environment=mine)))
        actor, watcher = probes
        others = [number for number, surname in _people(database, _WITHOUT_PLANS) if surname != name]
        pair = Pair(store, database, actor, watcher, name, others)
        _open_week(pair.watcher, another)
        before = pair.watcher.painted_bytes
        _do(pair.watcher, _TAB, "свободно")
        pair.watcher.settle()
        pair.grid_bytes = pair.watcher.painted_bytes - before
        _open_card(pair.actor, name)
        yield pair


def _people(database: str, statement: str) -> list[tuple[int, str]]:
    engine = open_engine(database)
    try:
        with engine.connect() as connection:
            return [(row[0], row[1]) for row in connection.execute(text(statement))]
    finally:
        engine.dispose()


def _open_card(probe: PtyProbe, name: str) -> None:
    _do(probe, "", "● связь")
    _do(probe, name, f"▸ {name}")
    _do(probe, _ENTER, "Прошлые приёмы")


def _open_week(probe: PtyProbe, name: str) -> None:
    _open_card(probe, name)
    _do(probe, _SPECIALTY, f"▸ {_SPECIALTY}")
    _do(probe, _ENTER, "Tab неделя врача")


def _do(probe: PtyProbe, keys: str, shown: str, beside: tuple[PtyProbe, ...] = ()) -> None:
    probe.send(keys)
    if probe.see(_has(shown), _PATIENCE, beside=beside) is None:
        raise ProbeError(f"{keys!r} did not show {shown!r}:\n{probe.text()}")


def _has(shown: str) -> Seen:
    return lambda lines: any(shown in line for line in lines)


# --- one visit from hold to cancellation ------------------------------------------------


def _round(pair: Pair) -> None:
    """Book, move and cancel one visit by keys; the card of the patient is open before and after."""
    actor, beside = pair.actor, (pair.watcher,)
    _do(actor, _SPECIALTY, f"▸ {_SPECIALTY}", beside)
    _do(actor, _ENTER, "Tab неделя врача", beside)
    _watched(pair, "hold", _ENTER, lambda lines: any("окно 1" in line and "~ " in line for line in lines))
    _wait_for(pair, "записать и напечатать")
    _watched(pair, "booking", _ENTER, lambda lines: _visit_at(lines, pair.name) is not None)
    _wait_for(pair, "Ctrl+Z")
    first = _visit_at(pair.watcher.screen.display, pair.name)
    _do(actor, _ESCAPE, "к кому записать", beside)
    _do(actor, _ESCAPE, "Предстоящие приёмы", beside)
    _do(actor, _PAGE_UP, "F6 перенести", beside)
    _do(actor, _F6, "вырезано", beside)
    _do(actor, _ENTER, "записать и напечатать", beside)
    _watched(pair, "move", _ENTER, lambda lines: _visit_at(lines, pair.name) not in (None, first))
    _wait_for(pair, "Перенесено")
    _do(actor, _ESCAPE, "Предстоящие приёмы", beside)
    _pass(pair, _READ)
    _do(actor, _PAGE_UP, "F8 отменить", beside)
    _do(actor, _F8, "Enter отменить", beside)
    _do(actor, "1", "Enter отменить", beside)
    _watched(pair, "cancel", _ENTER, lambda lines: _visit_at(lines, pair.name) is None)
    _wait_for(pair, "Предстоящих приёмов нет")


def _watched(pair: Pair, kind: str, keys: str, seen: Seen) -> None:
    """Send keys at a moment the watcher cannot know, and note when it shows what they did."""
    watcher, actor = pair.watcher, pair.actor
    _pass(pair, random.uniform(0.3, 0.9))
    before = watcher.painted_bytes
    sent = actor.send(keys)
    arrived = watcher.see(seen, _LOST, beside=[actor])
    pair.waits.setdefault(kind, []).append(None if arrived is None else arrived - sent)
    pair.painted.append(watcher.painted_bytes - before)


def _pass(pair: Pair, seconds: float) -> None:
    pair.watcher.see(lambda _: False, seconds, beside=[pair.actor])


def _wait_for(pair: Pair, shown: str) -> None:
    _do(pair.actor, "", shown, (pair.watcher,))


def _visit_at(lines: list[str], name: str) -> tuple[int, int] | None:
    """Return where on the screen the taken slot of a patient stands."""
    for number, line in enumerate(lines):
        if found := re.search(rf"■ \d\d:\d\d {name}", line):
            return number, found.start()
    return None


# --- what looking on costs ---------------------------------------------------------------


def _cost_rows(pairs: list[Pair]) -> Iterator[Limit]:
    watchers = [pair.watcher for pair in pairs]
    for watcher in watchers:
        watcher.settle()
    for pair, cost in zip(pairs, _cpu(watchers, IDLE_SECONDS, lambda: None), strict=True):
        yield Limit(f"{pair.store} idle, CPU a s", IDLE_LIMIT, Series((cost,)), f"{cost:.2%} of a core")
    for pair in pairs:
        with _another_desk(pair.database) as desk:
            (cost,) = _cpu([pair.watcher], BUSY_SECONDS, lambda: _book_next(desk, pair.others))  # noqa: B023
        note = f"{cost:.2%} of a core while another desk books once a second"
        yield Limit(f"{pair.store} busy, CPU a s", BUSY_LIMIT, Series((cost,)), note)


def _cpu(watchers: list[PtyProbe], seconds: float, every_second: Callable[[], None]) -> list[float]:
    """Return the share of a core each desk used meanwhile, with what the system did for it."""
    before = [watcher.cpu_seconds() for watcher in watchers]
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        every_second()
        watchers[0].see(lambda _: False, min(1.0, seconds - passed), beside=watchers[1:])
    passed = time.monotonic() - began
    used = [watcher.cpu_seconds() - was for watcher, was in zip(watchers, before, strict=True)]
    return [each / passed for each in used]


@contextmanager
def _another_desk(database: str) -> Iterator[DeskServices]:
    desk = bootstrap.build(settings(database, Path(), "окно 3"), clock=ShiftedClock(_NOW_UTC))
    try:
        yield desk
    finally:
        desk.close()


def _book_next(desk: DeskServices, people: list[int]) -> None:
    desk.book_first_free(dto.BookFirstFree(uuid4().hex, people.pop(), _SPECIALTY))
