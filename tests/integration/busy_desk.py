"""A desk that books all the time, in a process or thread of its own, and tells each acknowledged booking."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

from sqlalchemy import text

from registrar_tui import bootstrap
from registrar_tui.clock import ShiftedClock
from registrar_tui.errors import StoreUnavailable
from registrar_tui.services import dto
from registrar_tui.storage.engine import open_engine
from tests.integration import tiny_clinic
from tests.integration.bases import Clinic, settings

DAYS = 80
_FIRST_SLOT = 50_000
_BRISK = 100  # bookings of a desk before it takes its time
_ROOT = Path(__file__).parents[2]


def add_slots(clinic: Clinic) -> None:
    """Publish as many slots as the desks can book: one a day for each patient of the tiny clinic."""
    opens = datetime.combine(tiny_clinic.MONDAY + timedelta(days=7), clock_time(8))
    rows = []
    for place in range(DAYS * tiny_clinic.PATIENTS):
        day, patient = divmod(place, tiny_clinic.PATIENTS)
        moment = opens + timedelta(days=day, minutes=15 * patient)
        rows.append(tiny_clinic.slot_row(_FIRST_SLOT + place, tiny_clinic.THERAPIST, moment))
    clinic.add_slots(rows)


def book_all(
    database: str, folder: Path, desk: str, share: int, tell: Callable[[str, str], None], pause: float
) -> None:
    """Book every second slot, the even or the odd ones, and tell what came of each."""
    services = bootstrap.build(settings(database, folder, desk), clock=ShiftedClock(tiny_clinic.MORNING))
    for done, place in enumerate(range(share, DAYS * tiny_clinic.PATIENTS, 2)):
        op_id, patient = f"{desk}-{place}", place % tiny_clinic.PATIENTS + 1
        while True:
            try:
                services.book(dto.BookVisit(op_id, patient, _FIRST_SLOT + place))
                tell("booked", op_id)
                break
            except StoreUnavailable as error:
                tell(error.code, op_id)
                time.sleep(0.02)
        # On a crowded machine a test may come late: the slots last for minutes.
        time.sleep(max(pause, (done - _BRISK) / 200))
    services.close()


class BusyDesk:
    """What a desk has told so far."""

    def __init__(self) -> None:
        self.booked: list[str] = []
        self.others: list[str] = []

    def tell(self, what: str, op_id: str) -> None:
        """Note one answer of the store."""
        if what == "booked":
            self.booked.append(op_id)
        else:
            self.others.append(what)

    def wait_for(self, count: int, *, seconds: float = 300) -> None:
        """Return when so many bookings are acknowledged."""
        deadline = time.monotonic() + seconds
        while len(self.booked) < count:
            assert time.monotonic() < deadline, f"only {len(self.booked)} bookings, told {self.others[-3:]}"
            time.sleep(0.01)

    def wait_for_more(self, count: int) -> None:
        """Return when so many more bookings are acknowledged."""
        self.wait_for(len(self.booked) + count)


@contextmanager
def desk_process(database: str, folder: Path, *, pause: float = 0.0) -> Iterator[BusyDesk]:
    """Run a desk in another process; it is killed at the end, as a desk may be."""
    words = [sys.executable, "-m", "tests.integration.busy_desk", database, str(folder), str(pause)]
    desk = BusyDesk()
    with subprocess.Popen(words, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = process.stdout

        def listen() -> None:
            for line in lines:
                what, _, op_id = line.strip().partition(" ")
                desk.tell(what, op_id)

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            yield desk
        finally:
            process.kill()
            listener.join()


@contextmanager
def desk_thread(database: str, folder: Path) -> Iterator[BusyDesk]:
    """Run a desk in a thread of this process."""
    desk = BusyDesk()
    over = threading.Event()

    class Over(Exception):
        """The test is over."""

    def tell(what: str, op_id: str) -> None:
        desk.tell(what, op_id)
        if over.is_set():
            raise Over

    def work() -> None:
        try:
            book_all(database, folder, "окно-нить", 1, tell, 0.005)
        except Over:
            return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield desk
    finally:
        over.set()
        thread.join()


def stored_ops(database: str) -> set[str]:
    """Return the op_ids a base has an answer for."""
    engine = open_engine(database)
    try:
        with engine.connect() as connection:
            return set(connection.execute(text("SELECT op_id FROM op WHERE result <> ''")).scalars())
    finally:
        engine.dispose()


if __name__ == "__main__":
    book_all(
        sys.argv[1],
        Path(sys.argv[2]),
        "окно-процесс",
        0,
        lambda what, op_id: print(what, op_id, flush=True),
        float(sys.argv[3]),
    )
