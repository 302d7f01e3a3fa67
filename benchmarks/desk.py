"""Key to paint through a real pty: the grid and the search line against a bare Textual app.

Both programs are alive at once and keys go to them by turns, so that a busy machine slows both alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from benchmarks.demo_desk import PYTHON, DemoDesk, demo_desk
from benchmarks.pty_probe import ProbeError, PtyProbe
from benchmarks.table import Row, Series

_UP, _DOWN, _RIGHT, _LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
# A whole column down and up again (a third of these keys scroll), then across the doctors and back.
_GRID_KEYS = (*(_DOWN,) * 44, *(_UP,) * 44, *(_RIGHT,) * 16, *(_LEFT,) * 16)
_WORDS = (
    "иванов",
    "петрова",
    "сидоренко",
    "ким",
    "абрамова",
    "гусев",
    "белова",
    "шевченко",
    "орлова",
    "ли ан",
)
_CLEAR = "\x15"
_WARM_UP = 6
# Longer than the debounce of the search and its answer: the next key starts from a quiet screen.
_ANSWERED = 0.3
_LOADED = 4.0
"""Seconds after which the storage has been imported behind the first paint."""


def run() -> Iterator[Row]:
    """Measure the grid, then the search line."""
    yield _grid()
    yield _search()


def _grid() -> Row:
    floor_keys = tuple(_DOWN if key in (_DOWN, _RIGHT) else _UP for key in _GRID_KEYS)
    with (
        PtyProbe([PYTHON, "-m", "benchmarks.grid_app"]) as ours,
        PtyProbe([PYTHON, "-m", "benchmarks.floors", "highlight"]) as floor,
    ):
        for probe in (ours, floor):
            probe.first_paint(_painted)
            probe.settle()
            for key in (_DOWN, _UP) * (_WARM_UP // 2):
                probe.press(key)
        pairs = [
            (ours.press(key), floor.press(floor_key))
            for key, floor_key in zip(_GRID_KEYS, floor_keys, strict=True)
        ]
    return Row("grid, key to paint", 1.5, *_series(pairs))


def _search() -> Row:
    row = Row("search line, key to paint", 2.0)
    with demo_desk() as desk:
        if desk.missing:
            return Row(row.name, row.target, note=desk.missing)
        try:
            return Row(row.name, row.target, *_series(_type_words(desk)), note="echo of the typed letter")
        except ProbeError as problem:
            return Row(row.name, row.target, note=" ".join(str(problem).split())[:160])


def _type_words(desk: DemoDesk) -> list[tuple[float | None, float | None]]:
    pairs = []
    with (
        PtyProbe(desk.command, environment=desk.environment) as ours,
        PtyProbe([PYTHON, "-m", "benchmarks.floors", "input"]) as floor,
    ):
        for probe in (ours, floor):
            probe.first_paint(_painted)
            probe.settle(1.5, _LOADED)
        for word in _WORDS:
            for letter in word:
                pairs.append((ours.press(letter), floor.press(letter)))
                for probe in (ours, floor):
                    probe.settle(_ANSWERED)
            for probe in (ours, floor):
                probe.press(_CLEAR)
                probe.settle(_ANSWERED)
    return pairs


def _series(pairs: Sequence[tuple[float | None, float | None]]) -> tuple[Series, Series]:
    return Series(tuple(ours for ours, _ in pairs)), Series(tuple(floor for _, floor in pairs))


def _painted(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)
