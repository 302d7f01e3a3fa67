"""The schema of a base: creating it, bringing it up, refusing what is foreign or newer."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError

from registrar_tui.errors import Refusal, StoreUnavailable
from registrar_tui.storage.engine import APPLICATION_ID, open_engine, write_engine
from registrar_tui.storage.failures import unavailable

HEAD = "0008"  # a test compares it with Alembic's own head; asking Alembic would cost 150 ms a start
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
_MIGRATION_LOCK = 7_245_991  # key of PostgreSQL's transaction-level advisory lock


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the base, None for an empty one; StoreUnavailable for a foreign one."""
    sqlite = connection.dialect.name == "sqlite"
    tables = set(inspect(connection).get_table_names())
    if not tables:
        return None
    foreign = "alembic_version" not in tables or "claim" not in tables
    if sqlite and not foreign:
        foreign = connection.execute(text("PRAGMA application_id")).scalar() != APPLICATION_ID
    if foreign:
        raise StoreUnavailable(
            "Это не база registrar: укажите другой файл или адрес.", code="foreign_database"
        )
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def require_current(engine: Engine, name: str) -> bool:
    """Tell whether the base is up to date; refuses an empty, foreign or newer one."""
    try:
        with engine.connect() as connection:
            revision = current_revision(connection)
    except DBAPIError as error:
        raise unavailable(error, name) from error
    if revision is None:
        raise StoreUnavailable("База пуста: создайте её командой «registrar init».", code="no_database")
    if revision not in REVISIONS:
        raise StoreUnavailable(
            "База создана более новой версией программы: обновите registrar.", code="newer_schema"
        )
    return revision == HEAD


def migrate(connection: Connection, revision: str = "head") -> None:
    """Bring the base to a revision, the newest one by default, inside the caller's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"PRAGMA application_id = {APPLICATION_ID}"))
        broken = connection.execute(text("PRAGMA foreign_key_check")).first()
        if broken is not None:
            raise StoreUnavailable("Обновление базы нарушило связи и отменено: сообщите разработчикам.")


@contextmanager
def migration_connection(engine: Engine) -> Iterator[Connection]:
    """Open one write transaction with foreign keys off: a batch ALTER with them on deletes children."""
    with write_engine(engine).connect() as connection:
        raw = connection.connection.dbapi_connection
        sqlite = connection.dialect.name == "sqlite"
        if sqlite and raw is not None:
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                if not sqlite:  # a file is locked by `file_lock`
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
                yield connection
        finally:
            if sqlite and raw is not None:
                raw.execute("PRAGMA foreign_keys=ON")


def upgrade(database: str, name: str, *, with_backup: bool = True) -> str:
    """Bring an existing base up under a lock, after a backup; returns the revision it now has."""
    from registrar_tui.storage.backup import backup_before_migration

    engine = open_engine(database)
    try:
        with file_lock(database, name):
            if not require_current(engine, name):
                if with_backup:
                    backup_before_migration(database, name)
                with migration_connection(engine) as connection:
                    migrate(connection)
    except DBAPIError as error:
        raise unavailable(error, name) from error
    finally:
        engine.dispose()
    return HEAD


@contextmanager
def file_lock(database: str, name: str) -> Iterator[None]:
    """Let one process at a time create or migrate a file; PostgreSQL has its advisory lock."""
    if "://" in database:
        yield
        return
    lock = Path(f"{database}.migrate.lock")
    try:
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreUnavailable(
            f"Нет права записи в папку базы {name}: выберите другую папку.", code="read_only"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def refuse_existing_file(path: Path, name: str) -> None:
    """Refuse to create a base where a file stands, whatever it is."""
    if path.exists():
        raise Refusal("already_exists", f"Файл {name} уже есть: укажите другой или удалите его.")


def refuse_existing_tables(connection: Connection, name: str) -> None:
    """Refuse to create a base in a schema that has one; StoreUnavailable where it is somebody else's."""
    if current_revision(connection) is not None:
        raise Refusal("already_exists", f"База {name} уже создана: откройте её командой «registrar».")
