"""Start-up: the first paint of the desk and `--help`, each against the barest program of its kind."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence

from benchmarks.demo_desk import PYTHON, DemoDesk, demo_desk
from benchmarks.pty_probe import ProbeError, PtyProbe
from benchmarks.table import Row, Series

_RUNS = 15


def run() -> Iterator[Row]:
    """Measure the first paint, then `--help`; whole processes, by turns, after one unmeasured run of each."""
    with demo_desk() as desk:
        yield _first_paint(desk)
        yield _help(desk)


def _first_paint(desk: DemoDesk) -> Row:
    name, target = "first paint of the desk", 1.3
    if desk.missing:
        return Row(name, target, note=desk.missing)
    floor = (PYTHON, "-m", "benchmarks.floors", "input")
    try:
        pairs = [(_start(desk.command, desk.environment), _start(floor, {})) for _ in range(_RUNS + 1)][1:]
    except ProbeError as problem:
        return Row(name, target, note=" ".join(str(problem).split())[:160])
    return Row(name, target, *_series(pairs))


def _start(command: Sequence[str], environment: dict[str, str]) -> float:
    with PtyProbe(command, environment=environment) as probe:
        return probe.first_paint(lambda lines: any(line.strip() for line in lines))


def _help(desk: DemoDesk) -> Row:
    name, target = "registrar --help", 2.0
    if not desk.command:
        return Row(name, target, note=desk.missing)
    floor = (PYTHON, "-m", "benchmarks.floors", "help", "--help")
    ours = (*desk.command, "--help")
    pairs = [(_finish(ours), _finish(floor)) for _ in range(_RUNS + 1)][1:]
    return Row(name, target, *_series(pairs))


def _finish(command: Sequence[str]) -> float:
    begun = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, env={**os.environ, "LANG": "C.UTF-8"}, check=True)
    return time.monotonic() - begun


def _series(pairs: Sequence[tuple[float, float]]) -> tuple[Series, Series]:
    return Series(tuple(ours for ours, _ in pairs)), Series(tuple(floor for _, floor in pairs))
