"""Bringing a backup back while desks stand at their counters.

Never by a rename over the live file: desks would go on writing into the orphan, and 801 of 801 later bookings
were lost that way without an error. On SQLite the copy is written into the live file by the backup API, one
transaction that every desk sees whole; on PostgreSQL all tables are emptied and filled in one transaction.
Writing stops at the gate first (`storage.gate`) and the state found then is kept aside, so that whatever was
acknowledged is either in the base afterwards or in that safety copy, which the answer names.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from registrar_tui.config import is_url
from registrar_tui.errors import RegistrarError, StoreUnavailable, UsageError
from registrar_tui.storage import files, gate, schema
from registrar_tui.storage.backup import backup_folder
from registrar_tui.storage.backup_check import CopyFacts, examine, require_manifest
from registrar_tui.storage.base_key import BaseKey, any_key, configured_key
from registrar_tui.storage.cipher import export, raw_connection
from registrar_tui.storage.engine import open_engine, run_pragma, sqlite_driver
from registrar_tui.storage.failures import unavailable
from registrar_tui.storage.integrity import require_sound
from registrar_tui.storage.restore_file import as_new_file, into_file
from registrar_tui.storage.restore_server import into_server
from registrar_tui.storage.restored import Restored

Progress = Callable[[str, int, int], None]


def restore(
    database: str,
    name: str,
    file: Path,
    *,
    force: bool,
    keys: Sequence[BaseKey | None] | None,
    progress: Progress,
) -> Restored:
    """Replace the content of a base by a backup; refusals say why not.

    Without `force` a backup that lacks work of the live base, has no manifest, or is of another clinic is
    refused. With it a live file that cannot be read is put aside, if nobody has it open.
    """
    if not is_url(database) and files.same_base(file, database):
        raise UsageError("Копия и рабочая база — один файл: укажите файл копии.", field="file")
    facts = examine(file, keys=keys)
    if not force:
        require_manifest(file)
    try:
        with _scratch(database, file, facts, force=force, progress=progress) as scratch:
            if is_url(database):
                return into_server(database, name, scratch, force=force, progress=progress)
            if not Path(database).exists():
                return as_new_file(Path(database), scratch)
            return into_file(database, name, scratch, force=force, progress=progress)
    except (DBAPIError, sqlite_driver().Error) as error:
        raise unavailable(error, name) from error


@contextmanager
def _scratch(
    database: str, file: Path, facts: CopyFacts, *, force: bool, progress: Progress
) -> Iterator[Path]:
    """Yield a private copy of the backup: of the newest schema, keyed like the live base, checked."""
    folder = backup_folder(database) if is_url(database) else Path(database).absolute().parent
    files.make_folder(folder)
    scratch = folder / f".restore-{os.getpid()}.db"
    files.discard(scratch)
    try:
        _prepare(scratch, database, file, facts)
        _check(scratch, progress, structure_only=force)
        yield scratch
    except OSError as error:
        raise StoreUnavailable(
            f"В папке {folder} не хватает места или прав для восстановления.", code="disk_full"
        ) from error
    finally:
        files.discard(scratch)
        scratch.with_name(f"{scratch.name}.migrate.lock").unlink(missing_ok=True)


def _prepare(scratch: Path, database: str, file: Path, facts: CopyFacts) -> None:
    files.create_private(scratch)
    key = _key_for(database)
    if key == facts.key:
        shutil.copyfile(file, scratch)
    else:
        export(file, facts.key, scratch, key)
    schema.upgrade(str(scratch), str(file), with_backup=False)


def _check(scratch: Path, progress: Progress, *, structure_only: bool) -> None:
    engine = open_engine(str(scratch))
    try:
        with engine.connect() as connection:
            require_sound(connection, progress, structure_only=structure_only)
        run_pragma(engine, "wal_checkpoint(TRUNCATE)")
    finally:
        engine.dispose()


def _key_for(database: str) -> BaseKey | None:
    """Return the key the restored base will have: that of the live file, else the configured one."""
    if is_url(database) or not Path(database).exists():
        return configured_key()
    try:
        with gate.entrance(Path(database).absolute()):
            connection, key = raw_connection(Path(database), [any_key(), None])
    except (RegistrarError, sqlite_driver().Error):  # the live file cannot be read: nothing to go by
        return configured_key()
    connection.close()
    return key
