"""Restoring into a SQLite file."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from registrar_tui.errors import Refusal, StoreUnavailable
from registrar_tui.services.audit import Head
from registrar_tui.storage import files, gate
from registrar_tui.storage.backup import backup_folder, make_backup
from registrar_tui.storage.base_key import any_key
from registrar_tui.storage.cipher import raw_connection
from registrar_tui.storage.engine import open_engine, run_pragma, sqlite_driver
from registrar_tui.storage.failures import unavailable
from registrar_tui.storage.integrity import require_sound
from registrar_tui.storage.manifest import Stamp
from registrar_tui.storage.restored import (
    LABEL,
    Restored,
    live_heads,
    live_stamp,
    require_not_older,
    stamp_of,
)

Progress = Callable[[str, int, int], None]
_PAGES = 2000  # a step of the backup API; the write lock is held from the first to the last
_LOCK_BYTES = (0x4000_0000, 512)  # where SQLite locks a file (sqlite.org/fileformat2.html, lock-byte page)
_UNREADABLE = ("corrupt", "foreign_database", "missing_key", "wrong_key", "no_database")


def as_new_file(path: Path, scratch: Path) -> Restored:
    """Put a copy where no file stands: nothing can be lost and nobody can have it open."""
    stamp = stamp_of(scratch)
    with gate.closed_entrance(path):
        if path.exists():
            raise Refusal("already_exists", f"Файл {path} уже есть: повторите восстановление.")
        files.put_in_place(scratch, path)
    return Restored(None, stamp)


def into_file(database: str, name: str, scratch: Path, *, force: bool, progress: Progress) -> Restored:
    """Write a copy into the live file behind the gate; see `storage.restore`."""
    path = Path(database).absolute()
    with gate.closed_gate(path):
        engine = open_engine(database)
        try:
            live, heads_before = _standing_behind_gate(engine, name)
            stamp = stamp_of(scratch)
            if not force:
                require_not_older(live, stamp)
            aside, _ = make_backup(database, name, label=LABEL)
            _pour(scratch, engine, progress)
            _require_restored(engine, aside, progress, structure_only=force)
            return Restored(aside, stamp, heads_before)
        except (StoreUnavailable, Refusal) as error:
            if not force or error.code not in (*_UNREADABLE, "damaged", "foreign_keys"):
                raise
        finally:
            engine.dispose()
        return _over_broken(database, scratch, progress)


def _standing_behind_gate(engine: Engine, name: str) -> tuple[Stamp, tuple[Head, ...]]:
    """Wait for the last writer who came before the gate closed, then look how far the base has got."""
    try:
        pooled = engine.raw_connection()
        try:
            driver: Any = pooled.driver_connection
            driver.execute("BEGIN IMMEDIATE")
            driver.execute("ROLLBACK")
        finally:
            pooled.close()
        with engine.connect() as connection:
            return live_stamp(connection), live_heads(connection)
    except (DBAPIError, sqlite_driver().Error) as error:
        raise unavailable(error, name) from error


def _pour(source: Path, engine: Engine, progress: Progress) -> None:
    """Write a file into the live base through SQLite itself: one transaction, seen whole or not at all."""
    connection, _ = raw_connection(source, [any_key(), None])
    pooled = engine.raw_connection()
    target: Any = pooled.driver_connection

    def report(_status: int, remaining: int, total: int) -> None:
        progress("Восстановление", total - remaining, total)

    try:
        connection.backup(target, pages=_PAGES, progress=report)
    finally:
        pooled.close()
        connection.close()
    run_pragma(engine, "wal_checkpoint(TRUNCATE)")


def _require_restored(engine: Engine, aside: Path, progress: Progress, *, structure_only: bool) -> None:
    try:
        with engine.connect() as connection:
            require_sound(connection, progress, structure_only=structure_only)
    except Refusal as broken:
        _pour(aside, engine, progress)
        raise StoreUnavailable(
            "Восстановленная база не прошла проверку: возвращено прежнее состояние.", code="restore_failed"
        ) from broken


def _over_broken(database: str, scratch: Path, progress: Progress) -> Restored:
    """Restore over a base that cannot be read: it is kept as it is, byte by byte.

    Pages are copied where SQLite can still read them, so that connected desks go on; a file that is no base
    any more is put aside itself, if nobody has it open.
    """
    path = Path(database).absolute()
    stamp = stamp_of(scratch)
    try:
        engine = open_engine(database)
        try:
            aside = _page_copy(engine, database)
            _pour(scratch, engine, progress)
        finally:
            engine.dispose()
    except (StoreUnavailable, DBAPIError, sqlite_driver().Error):
        aside = _put_aside(path, scratch)
    return Restored(aside, stamp)


def _page_copy(engine: Engine, database: str) -> Path:
    folder = backup_folder(database)
    files.make_folder(folder)
    aside = folder / f"{Path(database).stem}-damaged-{os.getpid()}.db"
    files.discard(aside)
    files.create_private(aside)
    pooled = engine.raw_connection()
    key = any_key() if _is_encrypted(Path(database)) else None
    connection, _ = raw_connection(aside, [key])
    try:
        driver: Any = pooled.driver_connection
        driver.backup(connection)
    finally:
        connection.close()
        pooled.close()
    return aside


def _is_encrypted(path: Path) -> bool:
    connection, key = raw_connection(path, [any_key(), None])
    connection.close()
    return key is not None


def _put_aside(path: Path, scratch: Path) -> Path:
    aside = path.with_name(f"{path.stem}-unreadable-{os.getpid()}{path.suffix}")
    with gate.closed_entrance(path), path.open("rb+") as stream:
        try:
            start, length = _LOCK_BYTES
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        except OSError as error:
            raise Refusal(
                "desks_connected", "База открыта другими окнами: закройте все рабочие места и повторите."
            ) from error
        for suffix in ("", "-wal", "-shm", "-journal"):
            former = path.with_name(path.name + suffix)
            if former.exists():
                former.replace(aside.with_name(aside.name + suffix))
        files.put_in_place(scratch, path)
    return aside
