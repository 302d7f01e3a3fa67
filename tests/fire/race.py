"""Desk processes run for the same slots at the same moment; counted are doubles, losses, errors and waits.

A racer is what takes one slot for one person: the real use-cases, the bare driver with the same statements,
or (the negative control) a table without the claim's key.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlmodel import Session, col

from registrar_tui.config import is_url
from registrar_tui.errors import Refusal, RegistrarError
from registrar_tui.models import Visit
from registrar_tui.services import booking, dto
from registrar_tui.storage.engine import open_engine
from registrar_tui.vocabulary import ACTIVE_STATUSES
from tests.fire.arena import open_desk, slot_ids, take_all_time
from tests.fire.desk_child import processes
from tests.fire.history import connect_naively, meet

_WINDOW = 16  # slots that the desks fight over at a time


class Racer(Protocol):
    """One desk in a race."""

    def take(self, op_id: str, patient: int, slot: int) -> str:
        """Return `won`, `slot_taken`, or what went wrong."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...


@dataclass(frozen=True)
class Lane:
    """What one desk of a race does."""

    database: str
    folder: Path
    number: int
    wishes: tuple[tuple[int, int], ...]
    """Patient and slot of each attempt."""
    think: float = 0.0
    """Mean seconds between two bookings; 0: as fast as it goes."""
    first: int = 0
    """Number of the first attempt: a race may be run in turns on one base."""

    def turn(self, first: int, count: int) -> Lane:
        """Return a part of the lane."""
        return replace(self, wishes=self.wishes[first : first + count], first=first)


@dataclass
class Result:
    """What a race came to; times in seconds."""

    wall: float = 0.0
    cpu: float = 0.0
    """Of the desks and, where the server is on this machine, of its processes that serve them."""
    waits: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    """The waits of each desk's first attempt, made before the start: its statements are written then."""
    won: list[tuple[int, int]] = field(default_factory=list)
    taken: int = 0
    errors: list[str] = field(default_factory=list)
    fairness: float = 1.0
    """The slowest desk's rate over the fastest one's, in the worst turn."""

    @property
    def attempts(self) -> int:
        """Return how many attempts were made after the start."""
        return len(self.waits)

    @property
    def rate(self) -> float:
        """Return attempts a second, all desks together."""
        return self.attempts / self.wall

    def add(self, turn: Result) -> None:
        """Take in another turn of the same race."""
        self.wall += turn.wall
        self.cpu += turn.cpu
        self.firsts += turn.firsts
        self.waits += turn.waits
        self.won += turn.won
        self.taken += turn.taken
        self.errors += turn.errors
        self.fairness = min(self.fairness, turn.fairness)

    def wait(self, share: float) -> float:
        """Return a quantile of the waits."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class ServiceRacer:
    """The real use-cases."""

    def __init__(self, lane: Lane) -> None:
        self._desk = open_desk(lane.database, lane.folder, f"окно {lane.number}")

    def take(self, op_id: str, patient: int, slot: int) -> str:
        """Book as the desk does."""
        try:
            self._desk.book(dto.BookVisit(op_id, patient, slot))
        except Refusal as refused:
            return refused.code
        except RegistrarError as error:
            return f"{error.code}: {error}"
        return "won"

    def close(self) -> None:
        """Close the desk."""
        self._desk.close()


class MeetingRacer(ServiceRacer):
    """The real use-cases, held up: at the first booking nobody writes before all have looked.

    It changes the use-case for its whole process.
    """

    def __init__(self, lane: Lane, *, desks: int) -> None:
        super().__init__(lane)
        real, met = booking.examine, list[bool]()

        def examine(*words: Any, **how: Any) -> Any:
            found = real(*words, **how)
            if not met:
                met.append(True)
                meet(lane.folder, "examined", str(lane.number), desks)
            return found

        booking.examine = examine


def contended_lanes(
    database: str, folder: Path, patients: Sequence[int], *, desks: int, bookings: int, slots: int
) -> list[Lane]:
    """Let every slot be wanted by equally many desks at about the same time."""
    chance = random.Random(7)
    wanted = slot_ids(slots) * -(-desks * bookings // slots)
    wanted = sorted(wanted[: desks * bookings])
    order: list[int] = []
    for start in range(0, len(wanted), _WINDOW):
        window = wanted[start : start + _WINDOW]
        chance.shuffle(window)
        order += window
    return [
        Lane(
            f"{database}&application_name=race-{number}" if is_url(database) else database,
            folder,
            number,
            tuple(zip(patients[number::desks], order[number::desks], strict=False)),
        )
        for number in range(desks)
    ]


def run_race(lanes: Sequence[Lane], racer: Callable[[Lane], Racer]) -> Result:
    """Start all desks behind one barrier and gather what they say."""
    context: Any = processes()
    barrier = context.Barrier(len(lanes))
    files = [lane.folder / f"race-{time.monotonic_ns()}-{lane.number}.json" for lane in lanes]
    started = [
        context.Process(target=_run_lane, args=(lane, racer, barrier, file), daemon=True)
        for lane, file in zip(lanes, files, strict=True)
    ]
    for process in started:
        process.start()
    for process in started:
        process.join()
        assert process.exitcode == 0, f"a desk ended with {process.exitcode}"
    return _gathered(lanes, [json.loads(file.read_text(encoding="utf-8")) for file in files])


def _run_lane(lane: Lane, racer: Callable[[Lane], Racer], barrier: Any, file: Path) -> None:
    take_all_time()
    desk = racer(lane)
    chance = random.Random(lane.number)
    said: list[tuple[float, float, str]] = []
    cpu = 0.0
    for number, (patient, slot) in enumerate(lane.wishes, lane.first):
        if len(said) == 1:
            cpu -= _cpu_seconds(lane)
            barrier.wait(120)
        if lane.think and said:
            time.sleep(lane.think * chance.uniform(0.5, 1.5))
        began = time.monotonic()
        outcome = desk.take(f"race-{lane.number}-{number}", patient, slot)
        said.append((began, time.monotonic(), outcome))
    cpu += _cpu_seconds(lane)
    desk.close()
    file.write_text(json.dumps({"said": said, "cpu": cpu}), encoding="utf-8")


def _cpu_seconds(lane: Lane) -> float:
    """Return what this desk has used so far, with the server's processes that serve it."""
    own = time.process_time()
    if not is_url(lane.database):
        return own
    import psycopg

    with psycopg.connect(lane.database, autocommit=True) as connection:
        served = connection.execute(
            "SELECT pid FROM pg_stat_activity "
            "WHERE application_name = current_setting('application_name') AND pid <> pg_backend_pid()"
        ).fetchall()
    return own + sum(_process_seconds(Path(f"/proc/{row[0]}/stat")) for row in served)


def _process_seconds(stat: Path) -> float:
    try:
        fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0.0  # a server on another machine
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _gathered(lanes: Sequence[Lane], told: Sequence[dict[str, Any]]) -> Result:
    result = Result(cpu=sum(lane["cpu"] for lane in told))
    said: list[list[tuple[float, float, str]]] = [lane["said"] for lane in told]
    result.wall = max(lane[-1][1] for lane in said) - min(lane[1][0] for lane in said)
    rates = [(len(lane) - 1) / (lane[-1][1] - lane[1][0]) for lane in said]
    result.fairness = min(rates) / max(rates)
    for lane, words in zip(lanes, said, strict=True):
        for (patient, slot), (began, ended, outcome) in zip(lane.wishes, words, strict=True):
            (result.firsts if began == words[0][0] else result.waits).append(ended - began)
            if outcome == "won":
                result.won.append((patient, slot))
            elif outcome == "slot_taken":
                result.taken += 1
            else:
                result.errors.append(outcome)
    return result


def race_faults(database: str, result: Result, *, slots: int) -> Iterator[str]:
    """Yield doubles, lost bookings and errors; the visits are asked, not the claims that guard them."""
    engine = open_engine(database)
    with Session(engine) as session:
        active = col(Visit.status).in_(ACTIVE_STATUSES)
        doubles = session.execute(
            select(col(Visit.slot_id)).where(active).group_by(col(Visit.slot_id)).having(func.count() > 1)
        ).all()
        standing = {
            (row[0], row[1])
            for row in session.execute(select(col(Visit.patient_id), col(Visit.slot_id)).where(active))
        }
    engine.dispose()
    yield from (f"slot {row[0]} is booked twice" for row in doubles)
    yield from (f"lost: patient {who}, slot {slot}" for who, slot in sorted(set(result.won) - standing))
    yield from (f"nobody was told of it: {one}" for one in sorted(standing - set(result.won)))
    yield from result.errors
    missed = set(slot_ids(slots)) - {slot for _, slot in result.won}
    if missed:
        yield f"{len(missed)} slots were wanted and nobody got them"


class UnguardedRacer:
    """The negative control: a table without the claim's key, looked at and then written.

    At the first attempt nobody writes before all have looked.
    """

    def __init__(self, lane: Lane, *, desks: int) -> None:
        self._lane = lane
        self._desks = desks
        self._met = False
        self._connection = connect_naively(lane.database)
        self._mark = "%s" if is_url(lane.database) else "?"

    def take(self, op_id: str, patient: int, slot: int) -> str:
        """Look whether the slot is free, then write."""
        look = f"SELECT id FROM scratch_booking WHERE slot_id = {self._mark}"
        if self._connection.execute(look, (slot,)).fetchone():
            return "slot_taken"
        if not self._met:
            meet(self._lane.folder, "looked", str(self._lane.number), self._desks)
            self._met = True
        self._connection.execute(f"INSERT INTO scratch_booking (slot_id) VALUES ({self._mark})", (slot,))
        return "won"

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
