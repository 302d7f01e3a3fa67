"""Looking at a backup file and naming what is wrong with it.

The file is opened read-only and `immutable`: no log appears beside it, and nothing of it is changed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from registrar_tui.errors import Refusal, RegistrarError, StoreUnavailable
from registrar_tui.storage import files, schema
from registrar_tui.storage.base_key import BaseKey, any_key, open_with_key
from registrar_tui.storage.engine import APPLICATION_ID, sqlite_driver
from registrar_tui.storage.manifest import Manifest, Stamp, read_manifest, read_stamp

_HEADER = 100
_MAGIC = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """What a sound backup is."""

    stamp: Stamp
    key: BaseKey | None
    rows_checked: int


def inspect_copy(file: Path, *, thorough: bool, keys: Sequence[BaseKey | None] | None = None) -> CopyFacts:
    """Open a copy and check it; Refusal names the fault. `thorough` reads indexes too, 30 times slower."""
    connection, key = _open_copy(file, keys)
    try:
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise _foreign(file)
        pragma = "integrity_check" if thorough else "quick_check"
        if connection.execute(f"PRAGMA {pragma}(1)").fetchone()[0] != "ok":
            raise _damaged(file)
        stamp = read_stamp(lambda statement: connection.execute(statement).fetchone())
        if stamp.revision not in schema.REVISIONS:
            raise Refusal(
                "newer_schema", f"Копия {file} сделана более новой версией программы: обновите registrar."
            )
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise Refusal("foreign_keys", f"В копии {file} нарушены связи строк: возьмите другую.")
        return CopyFacts(stamp, key, stamp.visits + stamp.events + stamp.ops)
    except sqlite_driver().Error as error:
        raise (_foreign(file) if "no such table" in str(error) else _damaged(file)) from error
    finally:
        connection.close()


def examine(file: Path, *, keys: Sequence[BaseKey | None] | None = None) -> CopyFacts:
    """Check a backup against its manifest and then as a base; Refusal names the first fault.

    Codes: not_found, not_a_backup, truncated, damaged, no_manifest, foreign_database, newer_schema,
    wrong_key, foreign_keys.
    """
    manifest = _outside(file)
    chosen = [None, any_key()] if keys is None else list(keys)
    if manifest and manifest.key and all(key is None or key.fingerprint != manifest.key for key in chosen):
        raise _wrong_key(file)
    facts = inspect_copy(file, thorough=True, keys=chosen)
    if manifest and manifest.stamp != facts.stamp:
        raise _damaged(file)
    return facts


def _outside(file: Path) -> Manifest | None:
    """Look at the file from outside: its size and checksum, or without a manifest its header."""
    if not file.is_file():
        raise Refusal("not_found", f"Файла копии {file} нет: проверьте путь.", field="file")
    manifest = read_manifest(file)
    size = file.stat().st_size
    if manifest is None:
        _by_header(file, size)
        return None
    if size < manifest.bytes:
        raise _truncated(file, size, manifest.bytes)
    if size > manifest.bytes or files.sha256_of(file) != manifest.sha256:
        raise _damaged(file)
    return manifest


def _by_header(file: Path, size: int) -> None:
    with file.open("rb") as stream:
        header = stream.read(_HEADER)
    if header.startswith(_MAGIC) and len(header) == _HEADER:
        page = int.from_bytes(header[16:18], "big")
        promised = (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
        if size < promised:
            raise _truncated(file, size, promised)
        return
    if size < _HEADER or size % 512 or zipfile.is_zipfile(file):
        raise _not_a_backup(file)


def _open_copy(file: Path, keys: Sequence[BaseKey | None] | None) -> tuple[Any, BaseKey | None]:
    driver = sqlite_driver()
    uri = f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"
    chosen = [None, any_key()] if keys is None else list(keys)
    try:
        return open_with_key(file, lambda: driver.connect(uri, uri=True), driver.Error, chosen)
    except StoreUnavailable as error:
        if error.code == "wrong_key" or (error.code == "missing_key" and read_manifest(file) is not None):
            raise _wrong_key(file) from error
        raise _not_a_backup(file) from error
    except driver.Error as error:
        raise _damaged(file) from error


def require_manifest(file: Path) -> None:
    """Refuse a copy without its manifest: a bit flipped inside a name would not be seen."""
    if read_manifest(file) is None:
        raise Refusal(
            "no_manifest",
            f"Рядом с копией {file} нет её описания (.json): верните его или повторите с --force.",
            field="file",
        )


def is_intact(file: Path) -> bool:
    """Tell whether a backup is what its manifest remembers, without opening it as a base."""
    try:
        return file.is_file() and _outside(file) is not None
    except RegistrarError:
        return False


def _truncated(file: Path, size: int, promised: int) -> Refusal:
    return Refusal(
        "truncated", f"Копия {file} обрезана: в ней {size} байт из {promised}, возьмите другую.", field="file"
    )


def _damaged(file: Path) -> Refusal:
    return Refusal(
        "damaged", f"Копия {file} повреждена: её содержимое изменилось, возьмите другую.", field="file"
    )


def _foreign(file: Path) -> Refusal:
    return Refusal("foreign_database", f"Файл {file} — база другой программы: укажите копию registrar.")


def _not_a_backup(file: Path) -> Refusal:
    return Refusal("not_a_backup", f"Файл {file} — не копия базы registrar: укажите другой.", field="file")


def _wrong_key(file: Path) -> StoreUnavailable:
    return StoreUnavailable(
        f"Копия {file} зашифрована другим ключом: укажите файл того ключа.", code="wrong_key"
    )
