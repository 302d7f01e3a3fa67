"""What was shown of people without a command: collected, and written into the journal in batches.

An opened card is written down before it is shown. Lists, grids and searches are shown at once and written
down within seconds, in one short transaction of their own: one entry a search, a grid, a list of a day or a
visit, however often it was drawn again meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from registrar_tui.services import audit
from registrar_tui.services.audit import Writer

AGAIN = timedelta(minutes=10)
"""How long the same thing shown again is the same reading."""
TYPING = timedelta(seconds=5)
"""How long after a search the next longer or shorter text is still the same search."""
_MOST_KNOWN = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that was shown; `text` is what was searched for, and is never written."""

    at: datetime
    action: str
    object_kind: str = ""
    object_id: int | None = None
    detail: tuple[tuple[str, Any], ...] = ()
    text: str = ""


class Readings:
    """The readings of one desk that are not written yet; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Reading] = []
        self._shown: dict[tuple[str, str, int | None, object], datetime] = {}

    def shown(
        self,
        at: datetime,
        action: str,
        object_kind: str = "",
        object_id: int | None = None,
        detail: Mapping[str, Any] | None = None,
        *,
        same: object = None,
    ) -> None:
        """Take note of something shown; `same` tells it from others about the same object."""
        key = (action, object_kind, object_id, same)
        with self._lock:
            before = self._shown.get(key)
            if before is not None and at - before < AGAIN:
                return
            if len(self._shown) >= _MOST_KNOWN:
                self._shown = {key: when for key, when in self._shown.items() if at - when < AGAIN}
            self._shown[key] = at
            told = tuple((detail or {}).items())
            self._waiting.append(Reading(at, action, object_kind, object_id, told))

    def searched(self, at: datetime, text: str, rows: int, digest: str) -> None:
        """Take note of a search that found somebody; letters typed on make no search of their own."""
        made = Reading(at, "searched", detail=(("rows", rows), ("text_mac", digest)), text=text)
        with self._lock:
            last = self._waiting[-1] if self._waiting else None
            if last is not None and last.text and _typed_on(last, made):
                self._waiting[-1] = made
            else:
                self._waiting.append(made)

    def take(self) -> tuple[Reading, ...]:
        """Hand out what is waiting; whoever fails to write it puts it back."""
        with self._lock:
            batch, self._waiting = tuple(self._waiting), []
        return batch

    def put_back(self, batch: tuple[Reading, ...]) -> None:
        """Let a batch wait on, before what has come since."""
        with self._lock:
            self._waiting[:0] = batch


def append_all(session: Session, writer: Writer, batch: tuple[Reading, ...]) -> None:
    """Append a batch in the caller's transaction."""
    for reading in batch:
        audit.append(
            session,
            writer,
            reading.at,
            reading.action,
            object_kind=reading.object_kind,
            object_id=reading.object_id,
            detail=dict(reading.detail),
        )


def _typed_on(before: Reading, after: Reading) -> bool:
    shorter, longer = sorted((before.text, after.text), key=len)
    return longer.startswith(shorter) and after.at - before.at < TYPING
