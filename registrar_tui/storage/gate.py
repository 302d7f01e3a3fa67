"""Two doors of a base: the gate that stops writing during maintenance, and the entrance of a file.

Both are locks and not rows: they vanish with the process that held them, a restore cannot bring an old one
back, and a killed administrator leaves no clinic locked out. On a file they are `flock`s (the base itself
must never be opened beside SQLite), on PostgreSQL an advisory lock of the transaction.

The write gate. A writer looks at it after it has got the write lock. Whoever closes it therefore passes the
write lock once more: afterwards nobody is inside, and everybody who comes is told `maintenance`.

The entrance. A connection comes in under a shared lock of the folder and, in WAL mode, then keeps SQLite's
own shared lock for as long as it lives. Whoever holds the entrance and SQLite's exclusive lock is alone.
"""

from __future__ import annotations

import fcntl
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from registrar_tui.errors import StoreUnavailable
from registrar_tui.storage import patience

PEEK_EVERY = 0.5  # seconds between two looks at PostgreSQL's gate: a look is a round trip
_GLANCE = 2  # seconds for a look when an answer has not come; libpq's least
_PATIENCE = 5.0  # seconds the administrator waits for those who are just coming in
_KEY = "hashtextextended('registrar maintenance ' || current_schema(), 0)"
_PEEK = f"SELECT pg_try_advisory_xact_lock_shared({_KEY})"


def closed() -> StoreUnavailable:
    """Return what a desk is told while the base is being looked after."""
    return StoreUnavailable("Идёт обслуживание базы: подождите, работа продолжится сама.", code="maintenance")


def gate_file(path: Path) -> Path:
    """Return the file whose lock is the write gate; it stands only while the gate is closed."""
    return path.with_name(f"{path.name}.maintenance")


def is_closed(path: Path) -> bool:
    """Tell whether somebody holds the gate of a file; a file left by a killed process closes nothing."""
    try:
        descriptor = os.open(gate_file(path), os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def closed_gate(path: Path) -> Iterator[None]:
    """Let nobody begin a write to a file; the caller passes the write lock once to be past the last one."""
    descriptor = _take_gate(gate_file(path))
    try:
        yield
    finally:
        gate_file(path).unlink(missing_ok=True)
        os.close(descriptor)


def _take_gate(file: Path) -> int:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise StoreUnavailable(
                f"Нет права записи в папку {file.parent}: обратитесь к администратору.", code="read_only"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file, descriptor):
                return descriptor
        except BlockingIOError as error:
            # A desk holds it for a moment to look at it, another administrator for longer.
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise closed() from error
            time.sleep(random.uniform(0.001, 0.01))  # noqa: S311 - jitter
        os.close(descriptor)


def _is_at(file: Path, descriptor: int) -> bool:
    """Tell whether the locked file still stands under its name: the holder before may have removed it."""
    try:
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


@contextmanager
def entrance(path: Path) -> Iterator[None]:
    """Open a connection to a file while nobody is replacing it; StoreUnavailable `maintenance` otherwise."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise closed() from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def closed_entrance(path: Path) -> Iterator[None]:
    """Let nobody open a file of this folder; StoreUnavailable `busy` where somebody stays in the door."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    deadline = time.monotonic() + _PATIENCE
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise StoreUnavailable(
                        "База занята другим окном: повторите через несколько секунд.", code="busy"
                    ) from error
                time.sleep(random.uniform(0.001, 0.01))  # noqa: S311 - jitter
        yield
    finally:
        os.close(descriptor)


class PostgresGate:
    """The writers' side on a server: looked at twice a second, because the tables' locks keep it honest."""

    def __init__(self) -> None:
        self._looked_at = -PEEK_EVERY

    def require_open(self, connection: Connection) -> None:
        """Refuse to begin a write while the gate is closed; a lost connection is a DBAPIError."""
        if time.monotonic() - self._looked_at < PEEK_EVERY:
            return
        if not connection.exec_driver_sql(_PEEK).scalar():
            raise closed()
        self._looked_at = time.monotonic()


def close_postgres_gate(connection: Connection, meanwhile: Callable[[], None] | None = None) -> None:
    """Close the gate until this transaction ends; returns when every desk has had time to see it.

    `meanwhile` may make use of that time.
    """
    if not connection.execute(text(f"SELECT pg_try_advisory_xact_lock({_KEY})")).scalar():
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_KEY})"))
    seen_by_all = time.monotonic() + PEEK_EVERY + 0.1
    if meanwhile is not None:
        meanwhile()
    time.sleep(max(0.0, seen_by_all - time.monotonic()))


def postgres_gate_closed(engine: Engine) -> bool:
    """Ask by a connection of its own whether the gate is closed; two seconds of silence are a no."""
    failures = engine.dialect.loaded_dbapi.Error
    try:
        with patience.brief_connection(engine, _GLANCE) as driver:
            return not driver.execute(_PEEK).fetchone()[0]
    except failures:
        return False
