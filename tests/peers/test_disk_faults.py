"""The disk is full, the file is read-only, another process has the lock: one line, nothing half-written."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from registrar_tui.desk_services import DeskServices
from registrar_tui.errors import RegistrarError, StoreUnavailable
from registrar_tui.services import dto
from registrar_tui.storage import engine
from registrar_tui.storage.engine import sqlite_driver
from tests.fire import arena
from tests.fire.desk_child import processes
from tests.fire.journal import Attempt, Command
from tests.fire.proofs import faults_of

pytestmark = pytest.mark.slow
SLOTS = 200
_NOBODY = 65534


def one_line(message: str) -> bool:
    return "\n" not in message and message.endswith(".") and message[0] > "А"


class Booker:
    """One desk that books slot after slot and remembers what it was told."""

    def __init__(self, desk: DeskServices) -> None:
        self.desk = desk
        self.attempts: list[Attempt] = []
        self._wishes = zip(arena.patient_ids(SLOTS), arena.slot_ids(SLOTS), strict=True)

    def book(self) -> None:
        """Book the next slot; the error passes on."""
        self.ask(Command(f"op-{len(self.attempts)}", "book", *next(self._wishes)))

    def ask(self, command: Command) -> None:
        """Book as told, and note the answer."""
        self.attempts.append(Attempt(command, 0))
        view = self.desk.book(dto.BookVisit(command.op_id, command.first, command.second))
        self.attempts[-1] = Attempt(command, 0, "A", 0, visit=view.id, slot=view.slot_id)

    def book_until_it_fails(self) -> StoreUnavailable:
        """Book on until the store says no."""
        while True:
            try:
                self.book()
            except StoreUnavailable as error:
                return error


def goes_on_after(booker: Booker, database: str, code: str, mend: Callable[[], object]) -> None:
    """Fail, fail again the same way, be mended, do what was asked, and keep every promise."""
    error = booker.book_until_it_fails()
    assert (error.code, one_line(str(error))) == (code, True), str(error)
    failed = booker.attempts[-1].command
    with pytest.raises(StoreUnavailable) as again:
        for _ in range(3):  # a smaller transaction may still fit
            booker.book()
    assert again.value.code == code
    assert len(booker.desk.day_list().rows) == 0  # questions are answered meanwhile
    mend()
    booker.ask(failed)
    booker.book()
    booker.desk.close()
    assert faults_of(database, [booker.attempts]) == []


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Mount a disk of a few hundred kilobytes."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("small disk skipped: mounting needs root")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("small disk skipped: this machine lets nobody mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    prepared = tmp_path / "arena.db"
    arena.build_arena(str(prepared), slots=SLOTS, patients=SLOTS)
    with small_disk(folder, f"{prepared.stat().st_size // 1024 + 900}k"):
        database = str(folder / "arena.db")
        shutil.copyfile(prepared, database)
        booker = Booker(arena.open_desk(database, tmp_path, "окно 1"))

        def mend() -> None:
            subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)

        goes_on_after(booker, database, "disk_full", mend)


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """A quota or a limit of the system answers with another error than a full disk."""
    database = str(tmp_path / "arena.db")
    arena.build_arena(database, slots=SLOTS, patients=SLOTS)
    booker = Booker(arena.open_desk(database, tmp_path, "окно 1"))
    booker.book()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    grown = (tmp_path / "arena.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (grown + 200_000, before[1]))
    try:
        goes_on_after(
            booker, database, "disk_error", lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _try_one_booking(database: str, folder: Path, number: int, answer: Path) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    said: dict[str, str] = {}
    try:
        desk = arena.open_desk(database, folder, "окно 1")
        desk.book(dto.BookVisit(f"op-{number}", arena.patient_ids(9)[number], arena.slot_ids(9)[number]))
        desk.close()
    except RegistrarError as error:
        said = {"code": error.code, "message": str(error)}
    answer.write_text(json.dumps(said), encoding="utf-8")


def test_a_read_only_file() -> None:
    """By a user who is not root, because nothing is read-only for root."""
    folder = Path(tempfile.mkdtemp(prefix="registrar-ro-"))
    try:
        database = folder / "arena.db"
        arena.build_arena(str(database), slots=SLOTS, patients=SLOTS)
        for path in (folder, database):
            os.chown(path, _NOBODY, _NOBODY) if os.geteuid() == 0 else None
        database.chmod(0o444)
        content = database.read_bytes()
        refused = _ask_nobody(str(database), folder, 0)
        assert refused["code"] == "read_only" and one_line(refused["message"])
        assert database.read_bytes() == content
        database.chmod(0o600)
        assert _ask_nobody(str(database), folder, 0) == {}
        assert faults_of(str(database), [[Attempt(Command("op-0", "book", 0, 0), 0)]]) == []
    finally:
        shutil.rmtree(folder)


def _ask_nobody(database: str, folder: Path, number: int) -> dict[str, str]:
    context: Any = processes()
    answer = folder / f"answer-{time.monotonic_ns()}.json"
    process = context.Process(target=_try_one_booking, args=(database, folder, number, answer))
    process.start()
    process.join()
    assert process.exitcode == 0
    said: dict[str, str] = json.loads(answer.read_text(encoding="utf-8"))
    return said


def _sit_on_the_lock(database: str, ready: Path) -> None:
    connection = sqlite_driver().connect(database, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE patient SET address = 'half-done'")
    ready.touch()
    time.sleep(600)


@contextmanager
def lock_holder(database: str, folder: Path) -> Iterator[BaseProcess]:
    """Let another process hold the write lock with a change it never ends."""
    context: Any = processes()
    ready = folder / "ready"
    process = context.Process(target=_sit_on_the_lock, args=(database, ready), daemon=True)
    process.start()
    while not ready.exists():
        time.sleep(0.01)
    try:
        yield process
    finally:
        process.kill()
        process.join()


def test_a_file_locked_by_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = str(tmp_path / "arena.db")
    arena.build_arena(database, slots=SLOTS, patients=SLOTS)
    booker = Booker(arena.open_desk(database, tmp_path, "окно 1"))
    monkeypatch.setattr(engine, "BUSY_DEADLINE", 0.5)
    with lock_holder(database, tmp_path) as holder:
        assert holder.pid is not None
        os.kill(holder.pid, signal.SIGSTOP)
        goes_on_after(booker, database, "busy", lambda: os.kill(holder.pid or 0, signal.SIGKILL))


def test_a_short_lock_is_waited_out(tmp_path: Path) -> None:
    database = str(tmp_path / "arena.db")
    arena.build_arena(database, slots=SLOTS, patients=SLOTS)
    booker = Booker(arena.open_desk(database, tmp_path, "окно 1"))
    with lock_holder(database, tmp_path) as holder:
        from threading import Timer

        began = time.monotonic()
        Timer(0.4, holder.kill).start()
        booker.book()
        assert time.monotonic() - began > 0.3
    booker.desk.close()
    assert faults_of(database, [booker.attempts]) == []
