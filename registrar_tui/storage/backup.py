"""Backups: whole, verified, encrypted like the base itself, and made while desks work.

A backup is always a SQLite base with a manifest beside it. From a file it is taken by `VACUUM INTO` (one
snapshot, the writers are not stopped); from PostgreSQL every row is copied inside one REPEATABLE READ
transaction. Only the copy is ever opened, hashed or inspected as a file.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from registrar_tui.clock import Clock, SystemClock
from registrar_tui.config import data_folder, is_url
from registrar_tui.errors import Refusal, StoreUnavailable
from registrar_tui.storage import files, retention, schema
from registrar_tui.storage.backup_check import inspect_copy, is_intact
from registrar_tui.storage.copying import copy_rows
from registrar_tui.storage.engine import open_engine, run_pragma, sqlite_driver
from registrar_tui.storage.failures import unavailable
from registrar_tui.storage.manifest import Manifest, manifest_file, write_manifest

Progress = Callable[[str, int, int], None]
FOLDER_VARIABLE = "REGISTRAR_BACKUPS"
DAILY = timedelta(hours=24)
_DAILY_LOCK = ".daily.lock"
_HANDLER_STEPS = 20_000  # virtual machine steps between two reports: about 100 a second


def silent(_what: str, _done: int, _of: int) -> None:
    """Report progress to nobody."""


def backup_folder(database: str) -> Path:
    """Return where backups of a base go by default: beside the file, else the program's data folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    if is_url(database):
        return data_folder() / "backups"
    return Path(database).absolute().parent / f"{Path(database).stem}-backups"


def stem_of(database: str) -> str:
    """Return what the names of a base's backups begin with."""
    if not is_url(database):
        return Path(database).stem
    name = make_url(database).database or "postgresql"
    return "".join(sign if sign.isalnum() or sign == "_" else "_" for sign in name)


def make_backup(
    database: str,
    name: str,
    *,
    out: Path | None = None,
    label: str = "",
    clock: Clock | None = None,
    progress: Progress = silent,
) -> tuple[Path, Manifest]:
    """Take a backup, verify it, give it its name; returns the file and its manifest.

    `out` is a new file or a folder; without it the default folder is used and old backups are thinned out.
    """
    now = (clock or SystemClock()).utc()
    folder = out if out is not None and out.is_dir() else out.parent if out else backup_folder(database)
    own = out is None
    if own:
        files.make_folder(folder)
    _require_free(out, folder, database)
    part = folder / f".{stem_of(database)}-{os.getpid()}-{now:%H%M%S%f}.part"
    try:
        files.create_private(part)
        _take(database, part, progress)
        file, manifest = _finish(part, out, folder, database, now, label)
    except DBAPIError as error:
        raise unavailable(error, name) from error
    except sqlite_driver().Error as error:
        raise unavailable(error, name) from error
    except OSError as error:
        raise StoreUnavailable(
            f"Копия в {folder} не записана: проверьте место и права.", code="disk_full"
        ) from error
    finally:
        files.discard(part)
    if own:
        _thin_out(folder, stem_of(database), file)
        _clear_up(folder, database)
    return file, manifest


def _require_free(out: Path | None, folder: Path, database: str) -> None:
    if not folder.is_dir():
        raise StoreUnavailable(f"Папки {folder} нет: создайте её или укажите другое место.", code="read_only")
    if out is None or out.is_dir():
        return
    if out.exists() or (not is_url(database) and files.same_base(out, database)):
        raise Refusal("already_exists", f"Файл {out} уже есть: укажите другой.", field="out")


def _take(database: str, part: Path, progress: Progress) -> None:
    if is_url(database):
        _copy_server(database, part, progress)
    else:
        _vacuum_into(database, part, progress)


def _vacuum_into(database: str, part: Path, progress: Progress) -> None:
    engine = open_engine(database)
    pooled = engine.raw_connection()
    try:
        driver: Any = pooled.driver_connection
        # SQLCipher answers the first of them with a text.
        pages, size = (int(driver.execute(f"PRAGMA page_{what}").fetchone()[0]) for what in ("count", "size"))
        total = pages * size
        _run_reporting(
            driver,
            ("VACUUM INTO ?", (str(part.absolute()),)),
            lambda: progress("Копия", min(part.stat().st_size, total), total),
        )
        progress("Копия", total, total)
    finally:
        pooled.close()
        engine.dispose()


def _run_reporting(driver: Any, statement: tuple[str, tuple[str]], report: Callable[[], None]) -> None:
    """Run one long statement; what the report raises (Ctrl+C among it) stops the statement and comes out."""
    raised: list[BaseException] = []

    def handler() -> int:
        try:
            report()
        except BaseException as error:
            raised.append(error)
        return len(raised)

    driver.set_progress_handler(handler, _HANDLER_STEPS)
    try:
        driver.execute(*statement)
    except sqlite_driver().Error:
        if raised:
            raise raised[0] from None
        raise
    finally:
        driver.set_progress_handler(None, 0)


def _copy_server(database: str, part: Path, progress: Progress) -> None:
    source = open_engine(database)
    try:
        with source.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            revision = schema.current_revision(connection)
            if revision not in schema.REVISIONS:
                schema.require_current(source, database)  # says what is wrong with it
                raise AssertionError("unreachable")
            with _empty_file(part, revision) as target:
                copy_rows(connection, target, progress)
    finally:
        source.dispose()


@contextmanager
def _empty_file(part: Path, revision: str) -> Iterator[Connection]:
    """Yield a connection to a new base of a revision; afterwards it is one file without a log."""
    engine = open_engine(str(part), create=True)
    try:
        with schema.migration_connection(engine) as connection:
            schema.migrate(connection, revision)
            yield connection
            require_sound_links(connection)
        run_pragma(engine, "journal_mode=DELETE")
    finally:
        engine.dispose()


def require_sound_links(connection: Connection) -> None:
    """Refuse rows whose foreign keys point nowhere, where they were written with the keys off."""
    if connection.dialect.name == "sqlite" and connection.execute(text("PRAGMA foreign_key_check")).first():
        raise Refusal("copy_differs", "Связи строк в копии нарушены: копия отменена.")


def _finish(
    part: Path, out: Path | None, folder: Path, database: str, now: datetime, label: str
) -> tuple[Path, Manifest]:
    """Verify the copy as a file of its own, then name it; the manifest is there before the name is."""
    facts = inspect_copy(part, thorough=False)
    manifest = Manifest(
        sha256=files.sha256_of(part),
        bytes=part.stat().st_size,
        taken_at=now.isoformat(),
        key=facts.key.fingerprint if facts.key else "",
        stamp=facts.stamp,
    )
    file = out
    if file is None or file.is_dir():
        file = _free_name(folder, retention.name_for(stem_of(database), now, facts.stamp.revision, label))
    write_manifest(file, manifest)
    try:
        files.put_in_place(part, file)
    except OSError:
        manifest_file(file).unlink(missing_ok=True)
        raise
    return file, manifest


def _free_name(folder: Path, name: str) -> Path:
    file, number = folder / name, 1
    while file.exists():
        number += 1
        file = folder / f"{name.removesuffix('.db')}-{number}.db"
    return file


def _thin_out(folder: Path, stem: str, newest: Path) -> None:
    """A backup that has just been verified is good without being read again."""
    retention.prune(folder, stem, lambda file: file == newest or is_intact(file))


def _clear_up(folder: Path, database: str) -> None:
    files.discard_abandoned(folder, ".*.part")
    files.discard_abandoned(folder, ".restore-*.db")
    if not is_url(database):
        path = Path(database).absolute()
        files.discard_abandoned(path.parent, ".restore-*.db")
        files.discard_abandoned(path.parent, f"{path.name}.recoded")


def backup_before_migration(database: str, name: str) -> Path:
    """Keep the base as it is before its schema changes; a migration without a backup is not begun."""
    file, _ = make_backup(database, name, label=f"before-{schema.HEAD}")
    return file


def daily_backup(database: str, name: str, *, clock: Clock | None = None) -> tuple[Path, Manifest] | None:
    """Take the day's backup if the newest one is older than a day; one desk does it, the others go on."""
    clock = clock or SystemClock()
    folder = backup_folder(database)
    files.make_folder(folder)
    with _alone(folder) as alone:
        if not alone or not _is_due(folder, stem_of(database), clock.utc()):
            return None
        return make_backup(database, name, clock=clock)


def _is_due(folder: Path, stem: str, now: datetime) -> bool:
    ordinary = [copy for copy in retention.copies_in(folder, stem) if not copy.label]
    return not ordinary or now.astimezone(UTC) - ordinary[0].at >= DAILY


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Tell whether this process is the only one that makes the day's backup in a folder."""
    descriptor = os.open(folder / _DAILY_LOCK, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)
