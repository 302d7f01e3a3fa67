"""A new base appears under its name only when it is complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from registrar_tui.config import data_folder, is_url
from registrar_tui.errors import StoreUnavailable
from registrar_tui.storage import schema
from registrar_tui.storage.engine import open_engine, reachable
from registrar_tui.storage.failures import unavailable


@contextmanager
def new_base(database: str, name: str) -> Iterator[Connection]:
    """Yield a connection in one transaction on an empty base; nothing stays if the block fails."""
    try:
        if is_url(database):
            with _new_schema(database, name) as connection:
                yield connection
        else:
            with _new_file(Path(database), name) as connection:
                yield connection
    except DBAPIError as error:
        raise unavailable(error, name) from error


@contextmanager
def _new_schema(database: str, name: str) -> Iterator[Connection]:
    engine = open_engine(database)
    try:
        with schema.migration_connection(engine) as connection:
            # Under the lock: whoever waited for it must see what the one before has created.
            schema.refuse_existing_tables(connection, name)
            yield connection
        _take_statistics(engine)
    finally:
        engine.dispose()


def _take_statistics(engine: Engine) -> None:
    """Let the planner know what is there: autovacuum comes minutes later, or never where it is off.

    Without statistics a list of forty people is looked up by reading through a million attachments.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


@contextmanager
def _new_file(path: Path, name: str) -> Iterator[Connection]:
    fresh = path.with_name(f"{path.name}.new")
    with reachable(path):
        _make_default_folder(path.parent)
        if not path.parent.is_dir():
            raise StoreUnavailable(f"Папки {path.parent} нет: создайте её или укажите другой файл базы.")
        schema.refuse_existing_file(path, name)  # before a lock file is made beside somebody else's file
    with schema.file_lock(str(path), name):
        schema.refuse_existing_file(path, name)
        _discard(fresh)
        _create_empty(fresh, name)
        engine = open_engine(str(fresh), create=True)
        try:
            with schema.migration_connection(engine) as connection:
                yield connection
            _settle(engine)
            engine.dispose()
            _appear(fresh, path)
        finally:
            engine.dispose()
            _discard(fresh)


def _make_default_folder(folder: Path) -> None:
    """The program's own data folder is made on first use; any other is the user's to make."""
    if folder != data_folder() or folder.is_dir():
        return
    try:
        folder.mkdir(mode=0o700, parents=True)
    except OSError as error:
        raise StoreUnavailable(
            f"Папку {folder} создать нельзя: укажите файл базы ключом --db.", code="read_only"
        ) from error


def _create_empty(path: Path, name: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        os.close(os.open(path, flags, 0o600))
    except OSError as error:
        raise StoreUnavailable(
            f"Базу {name} создать нельзя: проверьте права и место на диске.", code="read_only"
        ) from error


def _settle(engine: Engine) -> None:
    """Move everything from the log into the file and onto the disk before it gets its name."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _appear(fresh: Path, path: Path) -> None:
    """No connection is open here, so the file may be opened and renamed."""
    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(path)
    if os.name == "posix":
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _discard(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
