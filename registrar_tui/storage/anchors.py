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
        descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, f"{line}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise StoreUnavailable(
            f"Отметка журнала не записана в {folder}: проверьте права и место.", code="keys_unavailable"
        ) from error


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
            anchors[content["at"]] = tuple(Head(*head) for head in content["heads"])
        except (ValueError, KeyError, TypeError):
            continue
    return anchors
