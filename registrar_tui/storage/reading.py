"""A bare reading: the shortest way from a key press to the base, without a session.

On SQLite it is one read transaction and sees one state of the base. On PostgreSQL every statement stands
alone, as it does in a session at READ COMMITTED too, where each sees what was committed before it: the BEGIN
and the ROLLBACK around them would say nothing and cost a way to the server each.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine

from registrar_tui.services.prepared import Reading
from registrar_tui.storage.patience import ANSWER_SECONDS


@contextmanager
def reading(engine: Engine) -> Iterator[Reading]:
    """Open a reading; the driver's own errors of the beginning come as they are."""
    pooled = engine.raw_connection()
    try:
        raw: Any = pooled.dbapi_connection
        if engine.dialect.name == "sqlite":
            raw.execute("BEGIN")  # the pool rolls back what comes home
            yield Reading(engine, pooled)
        else:
            with _standing_alone(raw):
                yield Reading(engine, pooled)
    finally:
        pooled.close()


@contextmanager
def _standing_alone(raw: Any) -> Iterator[None]:
    raw.answer_seconds = ANSWER_SECONDS
    raw.autocommit = True
    try:
        yield
    finally:
        if not raw.closed:
            raw.autocommit = False
