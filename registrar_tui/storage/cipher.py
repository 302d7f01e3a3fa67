"""Encryption at rest: a base written anew with a key, without one or with another, and put in its place.

Only here a file is put over the live one, and this is why nothing can be lost by it. Whoever does it holds
the entrance of the folder (`storage.gate`), so nobody can come in, and SQLite's exclusive lock, which is
refused as long as any other connection is open: in WAL mode each keeps a shared lock all its life, idle or
not. So there is no desk that could go on writing into the orphan, and none that could put a log of the old
file beside the new one. Everything is released only when the new file is on the disk under its name; a crash
before the rename leaves the old base, after it the new one, whole either way.

The drivers' SQLCipher 4: AES-256 in CBC mode and an HMAC for each page. No certified means (СКЗИ).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from registrar_tui.errors import Refusal, StoreUnavailable
from registrar_tui.storage import files, gate
from registrar_tui.storage.base_key import BaseKey, open_with_key
from registrar_tui.storage.engine import sqlite_driver
from registrar_tui.storage.failures import unavailable

Progress = Callable[[str, int, int], None]
_WAIT = 2.0  # seconds for a connection that is just closing
_EXPORTED, _COMPARED, _STEPS = 1, 2, 3


def raw_connection(path: Path, keys: Sequence[BaseKey | None]) -> tuple[Any, BaseKey | None]:
    """Open a base past the engine with the first key that fits; without the entrance, so not a live one."""
    driver = sqlite_driver()
    uri = f"file:{quote(str(path.absolute()))}?mode=rw"

    def connect() -> Any:
        return driver.connect(uri, uri=True, isolation_level=None, timeout=_WAIT)

    return open_with_key(path, connect, driver.Error, keys)


def export(source: Path, source_key: BaseKey | None, target: Path, target_key: BaseKey | None) -> None:
    """Write a base that nobody uses into an empty file under another key."""
    require_cipher()
    connection, _ = raw_connection(source, [source_key])
    try:
        _export(connection, target, target_key)
    finally:
        connection.close()


def require_cipher() -> None:
    """Refuse encryption where the SQLite at hand has none."""
    connection = sqlite_driver().connect(":memory:")
    try:
        if connection.execute("PRAGMA cipher_version").fetchone() is None:
            raise StoreUnavailable("Для шифрования нужен пакет sqlcipher3: установите его.", code="no_cipher")
    finally:
        connection.close()


def change_key(
    database: str, name: str, old: Sequence[BaseKey | None], new: BaseKey | None, progress: Progress
) -> None:
    """Write the base anew under another key (None: plain) and put it in place; every desk must be out.

    Refusal `desks_connected` where one is not. The new file is compared row by row before it counts.
    """
    require_cipher()
    path = Path(database).absolute()
    fresh = path.with_name(f"{path.name}.recoded")
    driver = sqlite_driver()
    try:
        with gate.closed_gate(path), gate.closed_entrance(path), _alone_in(path, old) as (live, key):
            if key == new:
                raise _nothing_to_do(new)
            try:
                files.discard(fresh)
                files.create_private(fresh)
                _export(live, fresh, new)
                progress("Перезапись базы", _EXPORTED, _STEPS)
                _require_same(live, fresh, new)
                progress("Перезапись базы", _COMPARED, _STEPS)
                _prepare_log(fresh, new)
                files.put_in_place(fresh, path)
                progress("Перезапись базы", _STEPS, _STEPS)
            finally:
                files.discard(fresh)
    except driver.Error as error:
        raise unavailable(error, name) from error
    except OSError as error:
        raise StoreUnavailable(
            f"Рядом с базой {name} не хватает места или прав: база не изменена.", code="disk_full"
        ) from error


@contextmanager
def _alone_in(path: Path, keys: Sequence[BaseKey | None]) -> Iterator[tuple[Any, BaseKey | None]]:
    """Yield the only connection to a base: its log is folded in and nobody else can read or write."""
    driver = sqlite_driver()
    live, key = raw_connection(path, keys)
    try:
        try:
            live.execute("PRAGMA locking_mode=EXCLUSIVE")
            mode = live.execute("PRAGMA journal_mode=DELETE").fetchone()[0]
            live.execute("BEGIN EXCLUSIVE")
            live.execute("COMMIT")
        except driver.OperationalError as error:
            if "locked" not in str(error):
                raise
            mode = None
        if mode != "delete":
            raise Refusal(
                "desks_connected", "База открыта другими окнами: закройте все рабочие места и повторите."
            )
        yield live, key
    finally:
        live.close()


def _export(connection: Any, target: Path, key: BaseKey | None) -> None:
    """`sqlcipher_export` copies schema and rows, not the two numbers of the header."""
    connection.isolation_level = None
    connection.execute(
        "ATTACH DATABASE ? AS fresh KEY ?", (str(target.absolute()), key.literal if key else "")
    )
    try:
        # A file nobody counts on yet: it is put on the disk as a whole before it gets its name.
        connection.execute("PRAGMA fresh.journal_mode=OFF")
        connection.execute("PRAGMA fresh.synchronous=OFF")
        connection.execute("SELECT sqlcipher_export('fresh')").fetchone()
        for number in ("application_id", "user_version"):
            value = int(connection.execute(f"PRAGMA main.{number}").fetchone()[0])
            connection.execute(f"PRAGMA fresh.{number} = {value}")
    finally:
        connection.execute("DETACH DATABASE fresh")


def _require_same(live: Any, fresh: Path, key: BaseKey | None) -> None:
    """Every table has the same rows and every index and trigger is there, told by SQLite itself."""
    live.execute("ATTACH DATABASE ? AS fresh KEY ?", (str(fresh), key.literal if key else ""))
    try:
        objects = "SELECT type, name, sql FROM {}.sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1, 2"
        same = _all(live, objects.format("main")) == _all(live, objects.format("fresh"))
        same = same and live.execute("PRAGMA fresh.quick_check(1)").fetchone()[0] == "ok"
        tables = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        same = same and all(_same_rows(live, name) for (name,) in _all(live, tables))
    finally:
        live.execute("DETACH DATABASE fresh")
    if not same:
        raise StoreUnavailable("Новый файл отличается от базы: база не изменена.", code="corrupt")


def _same_rows(live: Any, table: str) -> bool:
    quoted = '"' + table.replace('"', '""') + '"'
    counts = [live.execute(f"SELECT count(*) FROM {side}.{quoted}").fetchone() for side in ("main", "fresh")]  # noqa: S608
    other = f"SELECT 1 FROM (SELECT * FROM main.{quoted} EXCEPT SELECT * FROM fresh.{quoted}) LIMIT 1"  # noqa: S608
    return counts[0] == counts[1] and live.execute(other).fetchone() is None


def _all(connection: Any, statement: str) -> list[Any]:
    return list(connection.execute(statement).fetchall())


def _prepare_log(fresh: Path, key: BaseKey | None) -> None:
    """Begin in WAL mode: from its very first read on a connection is then seen by the next `change_key`."""
    connection, _ = raw_connection(fresh, [key])
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _nothing_to_do(key: BaseKey | None) -> Refusal:
    if key is None:
        return Refusal("not_encrypted", "База и так не зашифрована.")
    return Refusal("same_key", "База уже зашифрована этим ключом.")
