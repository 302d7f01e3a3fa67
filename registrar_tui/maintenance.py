"""Care of the base: the administrator's use-cases, each settings in and a plain dictionary out.

They stand beside `bootstrap` and above `storage`; `registrar db` is a shell over them. Who may call them is
decided before (`Permission.MAINTAIN`): a base that cannot be read has nobody to sign in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from registrar_tui.clock import Clock, SystemClock
from registrar_tui.config import Config, is_url
from registrar_tui.errors import Refusal, RegistrarError, StoreUnavailable, UsageError
from registrar_tui.services.audit import Writer
from registrar_tui.storage import schema
from registrar_tui.storage.backup import backup_folder, daily_backup, make_backup, stem_of
from registrar_tui.storage.base_key import BaseKey, any_key, configured_key, create_key_file, read_key_file
from registrar_tui.storage.engine import open_engine, shown_name
from registrar_tui.storage.failures import unavailable
from registrar_tui.storage.key_files import demo_keys, read_keys
from registrar_tui.storage.manifest import Manifest
from registrar_tui.storage.restored import Restored
from registrar_tui.storage.session import Store

Progress = Callable[[str, int, int], None]


def silent(_what: str, _done: int, _of: int) -> None:
    """Report progress to nobody."""


def backup(
    config: Config, *, out: Path | None = None, progress: Progress | None = None, clock: Clock | None = None
) -> dict[str, Any]:
    """Take a verified backup while desks work: `{"file", "sha256", "bytes"}`.

    `out` is a new file or a folder; without it the backups' folder, where old ones are then thinned out.
    """
    name = shown_name(config.database)
    file, manifest = make_backup(config.database, name, out=out, clock=clock, progress=progress or silent)
    return _backup_shape(file, manifest)


def _backup_shape(file: Path, manifest: Manifest) -> dict[str, Any]:
    return {"file": str(file), "sha256": manifest.sha256, "bytes": manifest.bytes}


def daily_backup_if_due(config: Config, *, clock: Clock | None = None) -> dict[str, Any] | None:
    """Take the day's backup if none was made within 24 hours, for a desk's start; None where it is not due.

    On a demo base nothing is due. Several desks may ask at once: one of them does it.
    """
    name = shown_name(config.database)
    engine = open_engine(config.database)
    try:
        with engine.connect() as connection:
            demo = connection.execute(text("SELECT value FROM setting WHERE key = 'demo'")).scalar()
    except DBAPIError as error:
        raise unavailable(error, name) from error
    finally:
        engine.dispose()
    taken = None if demo == "1" else daily_backup(config.database, name, clock=clock)
    return _backup_shape(*taken) if taken else None


def backups(config: Config) -> list[dict[str, Any]]:
    """List the backups of this base, newest first: `[{"file", "at", "bytes", "made_before"}]`."""
    from registrar_tui.storage.retention import copies_in

    return [
        {
            "file": str(copy.file),
            "at": copy.at.isoformat(),
            "bytes": copy.file.stat().st_size,
            "made_before": copy.label.removeprefix("-before-") or None,
        }
        for copy in copies_in(backup_folder(config.database), stem_of(config.database))
    ]


def verify_backup(file: Path, *, key_file: Path | None = None) -> dict[str, Any]:
    """Check a backup file: `{"ok", "checked", "problems"}`, the problem's code names the fault."""
    from registrar_tui.storage.backup_check import examine, require_manifest

    try:
        facts = examine(file, keys=_keys(key_file))
        require_manifest(file)
    except RegistrarError as error:
        if error.code == "key_unavailable":
            raise
        return {"ok": False, "checked": 0, "problems": [{"code": error.code, "message": error.message}]}
    return {"ok": True, "checked": facts.rows_checked, "problems": []}


def restore(
    config: Config,
    file: Path,
    *,
    force: bool = False,
    key_file: Path | None = None,
    progress: Progress | None = None,
    by: Writer | None = None,
    clock: Clock | None = None,
) -> dict[str, Any]:
    """Bring a backup back: `restored_from, safety_copy, revision, visits, ops, last_op, unmarked`.

    `key_file` is the key of the backup, if it is another than the base's. `safety_copy` is the file with the
    state before, None where there was no base. `by` is who does it, None where no base let them sign in.
    `unmarked` says why the journal could not take note of the restore, None where it has. Everybody has to
    sign in again.
    """
    from registrar_tui.storage.restore import restore as bring_back

    done = bring_back(
        config.database,
        shown_name(config.database),
        file,
        force=force,
        keys=_keys(key_file),
        progress=progress or silent,
    )
    return {
        "restored_from": str(file),
        "safety_copy": str(done.safety_copy) if done.safety_copy else None,
        "revision": done.stamp.revision,
        "visits": done.stamp.visits,
        "ops": done.stamp.ops,
        "last_op": done.stamp.last_op,
        "unmarked": _mark(config, file, done, by, clock or SystemClock()),
    }


def _mark(config: Config, file: Path, done: Restored, by: Writer | None, clock: Clock) -> str | None:
    """Write the restore down; it is done, so what stands against that is returned and not raised."""
    from registrar_tui.storage.restore_mark import mark_restore

    try:
        engine = open_engine(config.database)
        store = Store(engine, shown_name(config.database))
        try:
            key = _journal_key(store, config)
            writer = replace(by, key=key) if by else Writer("", "", config.desk, key)
            mark_restore(store, config.keys, writer, clock.utc(), file, done)
        finally:
            store.close()
    except RegistrarError as error:
        return error.message
    return None


def _journal_key(store: Store, config: Config) -> bytes:
    with store.read() as session:
        rows = session.connection().execute(text("SELECT key, value FROM setting WHERE key LIKE 'demo%'"))
        settings = {row[0]: row[1] for row in rows}
    demo = settings.get("demo") == "1"
    return (demo_keys(settings.get("demo_secret", "")) if demo else read_keys(config.keys)).journal


def _keys(key_file: Path | None) -> list[BaseKey | None] | None:
    return [read_key_file(key_file), configured_key(), None] if key_file else None


def check(config: Config, *, thorough: bool = True, progress: Progress | None = None) -> dict[str, Any]:
    """Check the base: `{"ok", "checked" (rows), "problems": [{"code", "message"}]}`; desks may work."""
    from registrar_tui.storage.integrity import check_base

    name = shown_name(config.database)
    engine = open_engine(config.database)
    try:
        schema.require_current(engine, name)
        level = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with engine.connect().execution_options(**level) as connection:
            return check_base(connection, progress or silent, thorough=thorough)
    except DBAPIError as error:
        raise unavailable(error, name) from error
    finally:
        engine.dispose()


def reindex(config: Config, *, progress: Progress | None = None) -> dict[str, int]:
    """Make the keys of the search anew where they have parted from the cards: `{"mended" (rows)}`.

    Desks may work; broken off, it is simply run again.
    """
    from sqlmodel import Session

    from registrar_tui.services import reindexing
    from registrar_tui.storage.engine import write_engine

    name = shown_name(config.database)
    engine = open_engine(config.database)
    try:
        _require_upgraded(engine, name)
        with Session(write_engine(engine)) as session:
            return {"mended": reindexing.reindex(session, progress or silent)}
    except DBAPIError as error:
        raise unavailable(error, name) from error
    finally:
        engine.dispose()


def _require_upgraded(engine: Engine, name: str) -> None:
    if not schema.require_current(engine, name):
        raise StoreUnavailable("Сначала обновите базу командой «registrar db upgrade».", code="old_schema")


def copy(config: Config, to: str, *, progress: Progress | None = None) -> dict[str, Any]:
    """Copy every row into a new base: `{"to", "tables", "rows", "checksums"}`.

    The target must be empty; it appears whole, in one transaction, or not at all. The source is read as it
    is at one moment: what desks book later stays in the old base, so close them before they are moved over.
    """
    from registrar_tui.storage.backup import require_sound_links
    from registrar_tui.storage.copying import copy_rows
    from registrar_tui.storage.creation import new_base

    name = shown_name(config.database)
    source = open_engine(config.database)
    try:
        _require_upgraded(source, name)
        level = {} if source.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with (
            source.connect().execution_options(**level) as rows,
            new_base(to, shown_name(to)) as target,
        ):
            schema.migrate(target)
            sums = copy_rows(rows, target, progress or silent)
            require_sound_links(target)
    except DBAPIError as error:
        raise unavailable(error, name) from error
    finally:
        source.dispose()
    return {
        "to": shown_name(to),
        "tables": len(sums),
        "rows": sum(entry.rows for entry in sums.values()),
        "checksums": {table: entry.checksum for table, entry in sums.items()},
    }


# --- encryption at rest ---------------------------------------------------------


def new_key(file: Path) -> dict[str, Any]:
    """Write a new random key into a new file (0600): `{"file", "fingerprint"}`.

    Without the key an encrypted base and its backups are lost: a copy of it belongs into a safe.
    """
    return {"file": str(file), "fingerprint": create_key_file(file).fingerprint}


def encrypt(config: Config, *, progress: Progress | None = None) -> dict[str, Any]:
    """Encrypt a plain base with the configured key: `{"database", "encrypted", "fingerprint"}`."""
    return _change_key(config, [None], _required_key(), progress, "already_encrypted")


def decrypt(config: Config, *, progress: Progress | None = None) -> dict[str, Any]:
    """Take the encryption off: `{"database", "encrypted", "fingerprint"}`."""
    return _change_key(config, [_required_key(), None], None, progress, "")


def rekey(config: Config, new_key_file: Path, *, progress: Progress | None = None) -> dict[str, Any]:
    """Write an encrypted base anew under the key in a file; afterwards that file must be the configured one.

    Earlier backups stay under the former key: keep it as long as they are kept.
    """
    return _change_key(config, [_required_key()], read_key_file(new_key_file), progress, "")


def _required_key() -> BaseKey:
    key = any_key()
    if key is None:
        raise StoreUnavailable(
            "Ключа базы нет: укажите файл ключа в REGISTRAR_DB_KEY_FILE.", code="key_unavailable"
        )
    return key


def _change_key(
    config: Config,
    old: list[BaseKey | None],
    new: BaseKey | None,
    progress: Progress | None,
    when_unreadable: str,
) -> dict[str, Any]:
    from registrar_tui.storage.cipher import change_key

    if is_url(config.database):
        raise UsageError("Шифруется только файл базы; для PostgreSQL шифруйте диск сервера.", field="db")
    name = shown_name(config.database)
    open_engine(config.database).dispose()  # says what is wrong with the path
    try:
        change_key(config.database, name, old, new, progress or silent)
    except StoreUnavailable as error:
        if when_unreadable and error.code == "missing_key":
            raise Refusal(
                when_unreadable, "База уже зашифрована: сменить ключ можно командой rekey."
            ) from error
        raise
    return {
        "database": name,
        "encrypted": new is not None,
        "fingerprint": new.fingerprint if new else None,
    }
