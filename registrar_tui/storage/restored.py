"""What restoring into a file and into a server have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, text
from sqlmodel import Session

from registrar_tui.errors import Refusal
from registrar_tui.services.audit import Head, heads
from registrar_tui.storage import schema
from registrar_tui.storage.engine import open_engine
from registrar_tui.storage.manifest import Stamp, read_stamp

LABEL = "before-restore"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did; `safety_copy` is None where there was no base before."""

    safety_copy: Path | None
    stamp: Stamp
    heads_before: tuple[Head, ...] = field(default=())
    """Where the journal ended before, empty where there was none that could be read."""


def live_stamp(connection: Connection) -> Stamp:
    """Return how far an open base has got."""
    return read_stamp(lambda statement: tuple(connection.execute(text(statement)).one()))


def live_heads(connection: Connection) -> tuple[Head, ...]:
    """Return where the journal of an open base ends; a base of before the journal has none."""
    if schema.current_revision(connection) != schema.HEAD:
        return ()
    with Session(connection) as session:
        return heads(session)


def stamp_of(file: Path) -> Stamp:
    """Return how far the base in a private file has got."""
    engine = open_engine(str(file))
    try:
        with engine.connect() as connection:
            return live_stamp(connection)
    finally:
        engine.dispose()


def require_not_older(live: Stamp, copy: Stamp) -> None:
    """Refuse a copy of another clinic, and one that lacks work of the live base."""
    if live.clinic and copy.clinic and live.clinic != copy.clinic:
        raise Refusal("other_clinic", "Это копия базы другой клиники: проверьте файл или добавьте --force.")
    if copy.is_behind(live):
        lost = max(live.ops - copy.ops, 1)
        raise Refusal(
            "backup_older",
            f"В базе есть работа новее копии (операций: {lost}, последняя {live.last_op or '—'}): "
            "она пропадёт; если так и нужно, повторите с --force.",
        )
