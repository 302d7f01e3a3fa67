"""Anchors: the heads of the journal's chains, remembered in a file outside the base.

Without them a journal that was cut short would still be a whole chain.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from registrar_tui.errors import StoreUnavailable
from registrar_tui.services.audit import Head

FILE = "journal-anchors.jsonl"


def write_anchor(folder: Path, at: datetime, heads: tuple[Head, ...]) -> None:
    """Append one anchor (0600, on the disk when this returns)."""
    line = json.dumps({"at": at.isoformat(), "heads": [[head.chain, head.count, head.mac] for head in heads]})
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # A line that a crash cut short must not swallow this one.
            size = os.fstat(descriptor).st_size
            torn = size and _last_byte(descriptor) != b"\n"
            os.write(descriptor, f"{chr(10) if torn else ''}{line}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreUnavailable(
            f"Отметка журнала не записана в {folder}: проверьте права и место.", code="keys_unavailable"
        ) from error


def _last_byte(descriptor: int) -> bytes:
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1)


def read_anchors(folder: Path) -> Mapping[str, tuple[Head, ...]]:
    """Return every anchor by its moment; a line cut by a crash is passed over."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    anchors: dict[str, tuple[Head, ...]] = {}
    for line in lines:
        try:
            content = json.loads(line)
            found = tuple(Head(*head) for head in content["heads"])
            anchors[content["at"]] = (*anchors.get(content["at"], ()), *found)
        except (ValueError, KeyError, TypeError):
            continue
    return anchors
