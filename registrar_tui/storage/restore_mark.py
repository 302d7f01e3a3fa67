"""After a restore: an entry in the journal, a mark outside the base, and nobody signed in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sqlalchemy import update
from sqlmodel import Session

from registrar_tui.models import OperatorSession
from registrar_tui.services import audit
from registrar_tui.services.audit import Head, Writer
from registrar_tui.storage.anchors import RestoreFacts, read_book, write_mark
from registrar_tui.storage.files import sha256_of
from registrar_tui.storage.restored import Restored
from registrar_tui.storage.session import Store


def mark_restore(store: Store, keys: Path, writer: Writer, at: datetime, copy: Path, done: Restored) -> None:
    """Write down that the base is now what a copy was; see docs/adr/0010.

    The sessions of the copy end: somebody who was blocked or signed out since must not be let in by it.
    """
    checksum = sha256_of(copy)
    kept = done.safety_copy.name if done.safety_copy else ""

    def work(session: Session) -> tuple[Head, ...]:
        session.execute(update(OperatorSession).values(revoked=True))
        detail = {"copy": copy.name, "sha256": checksum, "kept": kept}
        audit.append(session, writer, at, "base-restored", detail=detail)
        return audit.heads(session)

    heads = store.write(work)
    with store.read() as session:
        remembered = {head for then in read_book(keys, writer.key).anchors.values() for head in then}
        gone = remembered - set(audit.standing(session, remembered))
    facts = RestoreFacts(
        at=at.isoformat(),
        operator=writer.operator,
        desk=writer.desk,
        copy=copy.name,
        sha256=checksum,
        kept=kept,
        before=_entries(done.heads_before),
        after=_entries(heads),
    )
    write_mark(keys, writer.key, facts, heads, sorted(gone, key=_place))


def _entries(heads: Iterable[Head]) -> int:
    return sum(head.count for head in heads)


def _place(head: Head) -> tuple[str, int, str]:
    return head.chain, head.count, head.mac
