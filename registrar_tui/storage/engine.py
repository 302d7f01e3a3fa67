"""Opening a database: the driver gate, the PRAGMAs, how a write transaction begins.

Figures behind each line are in docs/adr/0002-store.md.
"""

from __future__ import annotations

import os
import random
import select
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError, NoSuchModuleError

from registrar_tui.config import data_folder, is_url
from registrar_tui.errors import StoreUnavailable, UsageError
from registrar_tui.storage import gate, patience
from registrar_tui.storage.base_key import BaseKey, configured_key, open_with_key
from registrar_tui.storage.failures import unavailable
from registrar_tui.storage.limits import LimitCompiler

APPLICATION_ID = 0x52454753  # "REGS": tells our file from a foreign SQLite base
BUSY_DEADLINE = 30.0  # seconds a write waits for its turn; only a starved machine comes near
READ_TIMEOUT = 30_000  # ms; a reader meets a lock only while a WAL is recovered or removed
_NOT_CREATED = "Базы {path} нет: создайте её командой «registrar init» или откройте «registrar demo»."
NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs"}
)


def sqlite_driver() -> ModuleType:
    """Return the one SQLite library of this process: sqlcipher3, else Python's own."""
    try:
        from sqlcipher3 import dbapi2
    except ImportError:
        import sqlite3

        return sqlite3
    return dbapi2  # type: ignore[no-any-return]


def wal_reset_safe(version: tuple[int, ...]) -> bool:
    """Tell whether a SQLite version is free of the WAL-reset corruption bug (sqlite.org/wal.html)."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)


def driver_warning() -> str | None:
    """Say in Russian that the SQLite at hand is vulnerable and slower settings are used, else None."""
    driver = sqlite_driver()
    if wal_reset_safe(tuple(int(part) for part in driver.sqlite_version.split("."))):
        return None
    return (
        f"SQLite {driver.sqlite_version} может повредить базу в режиме WAL: "
        "включён медленный безопасный режим, установите пакет sqlcipher3."
    )


def open_engine(database: str, *, create: bool = False) -> Engine:
    """Open a file or a PostgreSQL URL; StoreUnavailable says in one line why it cannot be."""
    return _open_postgres(database) if is_url(database) else _open_sqlite(Path(database), create=create)


def write_engine(engine: Engine) -> Engine:
    """Return the same pool with transactions that take the write lock at once."""
    return engine.execution_options(sqlite_begin="IMMEDIATE")


def shown_name(database: str) -> str:
    """Return the base's name for messages, without a password."""
    if not is_url(database):
        return database
    try:
        return make_url(database).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "PostgreSQL"


def run_pragma(engine: Engine, pragma: str) -> None:
    """Run one PRAGMA outside any transaction: the `begin` event would open one."""
    pooled = engine.raw_connection()
    try:
        driver: Any = pooled.driver_connection
        driver.execute(f"PRAGMA {pragma}").fetchall()
    finally:
        pooled.close()


def _open_postgres(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.drivername != "postgresql+psycopg":
            raise UsageError("Адрес базы не распознан: укажите путь к файлу или postgresql://…", field="db")
        # Server-side prepared statements break behind pgbouncer in transaction mode.
        engine = create_engine(
            parsed,
            connect_args={"prepare_threshold": None, "connect_timeout": patience.CONNECT_SECONDS},
            hide_parameters=True,
        )
        patience.limit_answers(engine)
        event.listen(engine, "checkout", _require_living)
        event.listen(engine, "begin", _enter_postgres_gate(gate.PostgresGate()))
        return engine
    except (ArgumentError, ValueError) as error:
        raise UsageError(
            "Адрес базы не распознан: укажите путь к файлу или postgresql://…", field="db"
        ) from error
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreUnavailable("Нет драйвера PostgreSQL: установите registrar[postgres].") from error


def _open_sqlite(path: Path, *, create: bool) -> Engine:
    with reachable(path):
        _require_usable_path(path, create=create)
    driver = sqlite_driver()
    safe = wal_reset_safe(tuple(int(part) for part in driver.sqlite_version.split(".")))
    mode = "rwc" if create else "rw"
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}"

    found: list[BaseKey | None] = [configured_key()] if create else []

    def connect() -> Any:
        def open_file() -> Any:
            return driver.connect(uri, uri=True, timeout=READ_TIMEOUT / 1000, check_same_thread=False)

        with reachable(path), gate.entrance(path):
            connection, key = open_with_key(path, open_file, driver.Error, found or None)
        found[:] = [key]
        return connection

    engine = create_engine(
        "sqlite://", module=driver, creator=connect, poolclass=_pool(), hide_parameters=True
    )
    engine.dialect.statement_compiler = LimitCompiler
    event.listen(engine, "connect", _pragmas(safe=safe, create=create))
    event.listen(engine, "begin", _begin(driver, path))
    return engine


def _pool() -> Any:
    from sqlalchemy.pool import QueuePool

    return QueuePool


@contextmanager
def reachable(path: Path) -> Iterator[None]:
    """Turn what the system says against a path (a closed folder, a name too long) into one line."""
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(
            f"Путь {path} недоступен: проверьте его и права на папки.", code="read_only"
        ) from error


def _require_usable_path(path: Path, *, create: bool) -> None:
    if path.is_dir():
        raise StoreUnavailable(f"{path} — это папка: укажите файл базы.")
    if not path.parent.is_dir() and not create and path.parent == data_folder():
        raise StoreUnavailable(_NOT_CREATED.format(path=path), code="no_database")
    if not path.parent.is_dir():
        raise StoreUnavailable(f"Папки {path.parent} нет: создайте её или укажите другой файл базы.")
    if _file_system(path.parent) in NETWORK_FILE_SYSTEMS:
        raise StoreUnavailable(
            f"Папка {path.parent} сетевая: база на ней портится, возьмите местный диск или PostgreSQL."
        )
    if create:
        return
    if not path.exists():
        raise StoreUnavailable(_NOT_CREATED.format(path=path), code="no_database")
    if not os.access(path, os.R_OK | os.W_OK) or not os.access(path.parent, os.W_OK):
        raise StoreUnavailable(
            f"Нет права записи в базу {path}: обратитесь к администратору.", code="read_only"
        )


def _file_system(folder: Path) -> str:
    try:
        mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    resolved = str(folder.resolve())
    best, kind = "", ""
    for line in mounts:
        _, point, name, *_ = line.split(" ")
        inside = resolved == point or resolved.startswith(point.rstrip("/") + "/")
        if inside and len(point) > len(best):
            best, kind = point, name
    return kind


def _pragmas(*, safe: bool, create: bool) -> Any:
    journal = (
        ("journal_mode=WAL", "synchronous=FULL") if safe else ("journal_mode=DELETE", "synchronous=EXTRA")
    )
    statements = (
        *journal,
        "foreign_keys=ON",
        "trusted_schema=OFF",
        "secure_delete=ON",
        "temp_store=MEMORY",
        "cache_size=-65536",
        # A page in the system's cache is read where it lies: half the time of a search (a million people).
        # No cell_size_check: it would look through every such page at every visit (docs/adr/0011).
        "mmap_size=2147418112",
        "journal_size_limit=67108864",
    )

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the begin event opens transactions, not the driver
        if not create:
            _require_ours(connection)  # before the first PRAGMA that writes
        for statement in statements:
            connection.execute(f"PRAGMA {statement}")

    return prepare


def _require_ours(connection: Any) -> None:
    """Refuse a file that is not ours while it is still untouched: WAL mode would rewrite its header."""
    if connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID:
        return
    if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        raise StoreUnavailable(
            "Файл базы пуст: удалите его и выполните «registrar init».", code="no_database"
        )
    raise StoreUnavailable("Это не база registrar: укажите другой файл или адрес.", code="foreign_database")


def _require_living(raw: Any, _record: Any, _pooled: Any) -> None:
    """Give up a connection of the pool whose server has gone.

    To ask it would cost a way there and back (0.1 ms) before every read. A server that ends a connection says
    so, or its system does: then there is something to read on a connection nobody has asked anything.
    """
    try:
        listener = select.poll()
        listener.register(raw.fileno(), select.POLLIN)
        if listener.poll(0):  # it may have been a notice
            raw.answer_seconds = patience.ANSWER_SECONDS
            raw.execute("SELECT 1")
            raw.rollback()
    except raw.Error as error:
        raise InvalidatePoolError() from error


def _enter_postgres_gate(door: gate.PostgresGate) -> Any:
    def begin(connection: Any) -> None:
        if connection.get_execution_options().get("sqlite_begin") == "IMMEDIATE":
            door.require_open(connection)

    return begin


def _begin(driver: ModuleType, path: Path) -> Any:
    """Poll for the write lock: SQLite's own back-off starves desks (docs/adr/0002-store.md)."""

    def begin(connection: Any) -> None:
        raw = connection.connection.dbapi_connection
        try:
            if connection.get_execution_options().get("sqlite_begin") == "IMMEDIATE":
                begin_immediate(driver, raw)
                if gate.is_closed(path):
                    raw.execute("ROLLBACK")
                    raise gate.closed()
            else:
                raw.execute("BEGIN")
        except driver.Error as error:  # SQLAlchemy wraps no error of this event
            raise unavailable(error, str(path)) from error

    return begin


def _pause(waited: float) -> float:
    """Return the seconds until the lock is asked for again: who has waited long asks more often."""
    longest = max(0.0004, 0.004 - waited / 50)
    return random.uniform(longest / 4, longest)  # noqa: S311 - jitter, not a secret


def begin_immediate(driver: ModuleType, raw: Any) -> None:
    """Take the write lock of a driver's connection, waiting up to the deadline."""
    began = time.monotonic()
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except driver.OperationalError as error:
                waited = time.monotonic() - began
                if "locked" not in str(error) or waited > BUSY_DEADLINE:
                    raise
                time.sleep(_pause(waited))
    finally:
        raw.execute(f"PRAGMA busy_timeout={READ_TIMEOUT}")
