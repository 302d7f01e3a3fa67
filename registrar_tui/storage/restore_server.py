"""Restoring into PostgreSQL: everything in one transaction, so a failure leaves the base as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, text

from registrar_tui.errors import StoreUnavailable
from registrar_tui.services.audit import Head
from registrar_tui.storage import gate, schema
from registrar_tui.storage.backup import make_backup
from registrar_tui.storage.copying import copy_rows, tables_of
from registrar_tui.storage.engine import open_engine
from registrar_tui.storage.integrity import require_sound
from registrar_tui.storage.restored import LABEL, Restored, live_heads, live_stamp, require_not_older

Progress = Callable[[str, int, int], None]


def into_server(database: str, name: str, scratch: Path, *, force: bool, progress: Progress) -> Restored:
    """Replace every row of a base behind the gate; see `storage.restore`."""
    target, source = open_engine(database), open_engine(str(scratch))
    try:
        with target.connect() as connection, connection.begin(), source.connect() as copy:
            aside: Path | None = None
            heads_before: tuple[Head, ...] = ()
            if _is_new(connection):
                schema.migrate(connection)
                copy_rows(copy, connection, progress)
            else:
                aside, heads_before = _replace(
                    connection, copy, database, name, force=force, progress=progress
                )
            require_sound(connection, progress, structure_only=force)
            return Restored(aside, live_stamp(copy), heads_before)
    finally:
        target.dispose()
        source.dispose()


def _is_new(connection: Connection) -> bool:
    revision = schema.current_revision(connection)
    if revision not in (None, schema.HEAD):
        raise StoreUnavailable("Сначала обновите базу командой «registrar db upgrade».", code="old_schema")
    return revision is None


def _replace(
    connection: Connection, copy: Connection, database: str, name: str, *, force: bool, progress: Progress
) -> tuple[Path, tuple[Head, ...]]:
    gate.close_postgres_gate(connection)
    tables = [table.name for table in tables_of(connection)]
    names = ", ".join(f'"{table}"' for table in tables)
    # Readers go on; the safety copy reads the same state over a connection of its own.
    connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))
    if not force:
        require_not_older(live_stamp(connection), live_stamp(copy))
    heads_before = live_heads(connection)
    aside, _ = make_backup(database, name, label=LABEL, progress=progress)
    # The journal's own guard is lifted by the owner of the tables, for this transaction only.
    for table in tables:
        connection.execute(text(f'ALTER TABLE "{table}" DISABLE TRIGGER USER'))
    # Not DELETE: for each visit it would look for visits that point at it, which no index answers.
    connection.execute(text(f"TRUNCATE {names}"))
    copy_rows(copy, connection, progress)
    for table in tables:
        connection.execute(text(f'ALTER TABLE "{table}" ENABLE TRIGGER USER'))
    return aside, heads_before
