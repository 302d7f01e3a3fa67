"""What is remembered of the journal in a file outside the base: its heads, and every restore.

Without the heads a journal that was cut short would still be a whole chain. A restore also cuts it short, so
the program leaves a mark of it here (docs/adr/0010): who, when, from which copy, which remembered heads are
gone with it, and the heads afterwards, under a MAC of the journal's key and bound to its place in the file.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from registrar_tui.errors import StoreUnavailable
from registrar_tui.services.audit import Fault, Head

FILE = "journal-anchors.jsonl"


@dataclass(frozen=True, slots=True)
class RestoreFacts:
    """What a restore was, for whoever verifies the journal later; counts are entries of all chains."""

    at: str
    operator: str
    desk: str
    copy: str
    """The name of the backup's file."""
    sha256: str
    """The checksum of the backup."""
    kept: str
    """The name of the file with the state before, empty where there was none."""
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class AnchorBook:
    """What the file says: heads by moment without those a restore took back, restores, and what is forged."""

    anchors: Mapping[str, tuple[Head, ...]]
    restores: tuple[RestoreFacts, ...]
    faults: tuple[Fault, ...]


def write_anchor(folder: Path, at: datetime, heads: tuple[Head, ...]) -> None:
    """Append one anchor (0600, on the disk when this returns)."""
    _append(folder, lambda _before: _encoded({"at": at.isoformat(), "heads": _listed(heads)}))


def write_mark(
    folder: Path, key: bytes, facts: RestoreFacts, heads: tuple[Head, ...], forgets: Iterable[Head]
) -> None:
    """Append the mark of a restore: `heads` are those afterwards, `forgets` the remembered ones now gone."""
    _append(folder, lambda before: mark_line(key, before, facts, heads, forgets))


def mark_line(
    key: bytes, before: bytes, facts: RestoreFacts, heads: tuple[Head, ...], forgets: Iterable[Head]
) -> bytes:
    """Return the line of a restore that follows `before` in the file."""
    content: dict[str, Any] = {
        "at": facts.at,
        "restore": {name: getattr(facts, name) for name in RestoreFacts.__slots__},
        "heads": _listed(heads),
        "forgets": _listed(forgets),
        "follows": hashlib.sha256(before).hexdigest(),
    }
    return _encoded({**content, "mac": _mac(key, content)})


def _mac(key: bytes, content: Mapping[str, Any]) -> str:
    signed = {name: value for name, value in content.items() if name != "mac"}
    return hmac.digest(key, b"registrar-restore-v1 " + _encoded(signed), "sha256").hex()


def _encoded(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True).encode()


def _listed(heads: Iterable[Head]) -> list[list[object]]:
    return [[head.chain, head.count, head.mac] for head in heads]


def _append(folder: Path, line_after: Callable[[bytes], bytes]) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with os.fdopen(os.open(folder / FILE, flags, 0o600), "r+b", buffering=0) as file:
            before = file.read()
            # A line that a crash cut short must not swallow this one.
            torn = b"" if not before or before.endswith(b"\n") else b"\n"
            file.write(torn + line_after(before + torn) + b"\n")
            os.fsync(file.fileno())
    except OSError as error:
        raise StoreUnavailable(
            f"Отметка журнала не записана в {folder}: проверьте права и место.", code="keys_unavailable"
        ) from error


def read_book(folder: Path, key: bytes) -> AnchorBook:
    """Return what the file of a folder remembers; an absent one remembers nothing."""
    try:
        content = (folder / FILE).read_bytes()
    except OSError:
        content = b""
    return book_of(content, key)


def book_of(content: bytes, key: bytes) -> AnchorBook:
    """Read a file of anchors; a line cut by a crash is passed over, a mark that is not ours is a fault.

    A mark takes back what it names and nothing else, of the lines before it: copied to another place, or
    after another cut, it explains nothing.
    """
    anchors: list[tuple[str, Head]] = []
    restores: list[RestoreFacts] = []
    faults: list[Fault] = []
    place = 0
    for line in content.splitlines(keepends=True):
        before, place = content[:place], place + len(line)
        entry = _entry(line)
        if entry is None:
            continue
        if "restore" in entry:
            facts = _facts(entry, before, key)
            if facts is None:
                faults.append(_forged(entry))
                continue
            gone = set(_heads(entry.get("forgets")))
            anchors = [(at, head) for at, head in anchors if head not in gone]
            restores.append(facts)
        anchors += [(str(entry.get("at")), head) for head in _heads(entry.get("heads"))]
    remembered: dict[str, tuple[Head, ...]] = {}
    for at, head in anchors:
        remembered[at] = (*remembered.get(at, ()), head)
    return AnchorBook(remembered, tuple(restores), tuple(faults))


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _facts(entry: Mapping[str, Any], before: bytes, key: bytes) -> RestoreFacts | None:
    """Return what a mark tells, None where it is not the program's own or stands in another place."""
    mac = entry.get("mac")
    if not isinstance(mac, str) or not hmac.compare_digest(mac.encode(), _mac(key, entry).encode()):
        return None
    if entry["follows"] != hashlib.sha256(before).hexdigest():
        return None
    return RestoreFacts(**entry["restore"])


def _forged(entry: Mapping[str, Any]) -> Fault:
    message = f"Отметка о восстановлении {entry.get('at')} подделана или перенесена: она ничего не объясняет."
    return Fault("audit_mark_forged", message)


def _heads(listed: object) -> list[Head]:
    """Return heads that somebody may have written by hand: what is none is passed over."""
    heads: list[Head] = []
    for head in listed if isinstance(listed, list) else ():
        match head:
            case [str(chain), int(count), str(mac)]:
                heads.append(Head(chain, count, mac))
    return heads
