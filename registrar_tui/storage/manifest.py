"""What a base says of itself, and the small file beside a backup that remembers it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registrar_tui.storage.files import write_private

FORMAT = 1
Ask = Callable[[str], Sequence[Any]]
"""Runs one SELECT and returns its only row."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """How far a base has got: enough to tell which of two states of it is the later one."""

    revision: str
    clinic: str
    visits: int
    events: int
    ops: int
    last_op: str | None
    """UTC, ISO 8601."""

    def is_behind(self, other: Stamp) -> bool:
        """Tell whether the other state holds work that this one lacks."""
        return (
            self.ops < other.ops or self.events < other.events or (other.last_op or "") > (self.last_op or "")
        )


@dataclass(frozen=True, slots=True)
class Manifest:
    """The facts of one backup; `key` is a fingerprint, empty for a file that is not encrypted."""

    sha256: str
    bytes: int
    taken_at: str
    key: str
    stamp: Stamp


def read_stamp(ask: Ask) -> Stamp:
    """Ask a base how far it has got."""
    clinic = ask("SELECT max(value) FROM setting WHERE key = 'clinic_id'")[0]
    ops, last_op = ask("SELECT count(*), max(at) FROM op")
    return Stamp(
        revision=str(ask("SELECT version_num FROM alembic_version")[0]),
        clinic=clinic or "",
        visits=int(ask("SELECT count(*) FROM visit")[0]),
        events=int(ask("SELECT count(*) FROM visit_event")[0]),
        ops=int(ops),
        last_op=_instant(last_op),
    )


def _instant(value: object) -> str | None:
    """SQLite gives text and PostgreSQL a datetime; both are naive UTC."""
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC).isoformat()


def manifest_file(backup: Path) -> Path:
    """Return the place of a backup's manifest: beside it."""
    return backup.with_name(f"{backup.name}.json")


def write_manifest(backup: Path, manifest: Manifest) -> None:
    """Write the manifest (0600)."""
    content = {"format": FORMAT, "program": "registrar", "file": backup.name, **asdict(manifest)}
    write_private(manifest_file(backup), json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def read_manifest(backup: Path) -> Manifest | None:
    """Return the manifest, None where it is absent or cannot be read."""
    try:
        content = json.loads(manifest_file(backup).read_text(encoding="utf-8"))
        return Manifest(
            sha256=str(content["sha256"]),
            bytes=int(content["bytes"]),
            taken_at=str(content["taken_at"]),
            key=str(content["key"]),
            stamp=Stamp(**content["stamp"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
