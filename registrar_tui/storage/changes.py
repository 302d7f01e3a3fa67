"""Learning that another desk has changed the base, at next to no cost."""

from __future__ import annotations

import threading
import time
from typing import Any

from sqlalchemy import Engine, text
from sqlmodel import Session

from registrar_tui.services.prepared import Prepared

CHANNEL = "registrar_changed"
# Behind pgbouncer in transaction mode no notice arrives, so the tables are looked at as well, seldom.
LOOK_EVERY = 2.0  # seconds
_LOOK = text(
    "SELECT (SELECT max(id) FROM visit_event), "
    "(SELECT max(held_until) FROM claim WHERE visit_id IS NULL), "
    "(SELECT count(*) FROM claim WHERE visit_id IS NULL)"
)
_NOTIFY = Prepared(text(f"NOTIFY {CHANNEL}"))


def announce(session: Session) -> None:
    """Tell the other desks, when this transaction commits; SQLite counts changes by itself."""
    if session.get_bind().dialect.name == "postgresql":
        _NOTIFY.run(session, {})


class ChangeWatch:
    """One desk's watch: `stamp` differs once any process has committed a change."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Any = None
        self._lock = threading.Lock()
        self._notices = 0
        self._looked_at = 0.0
        self._looked: object = None

    def stamp(self) -> object:
        """Return the present stamp; a lost connection raises once and is opened anew by the next call."""
        with self._lock:
            try:
                if self._engine.dialect.name == "sqlite":
                    return self._data_version()
                return self._heard(), self._seen()
            except BaseException:
                self._drop()
                raise

    def _data_version(self) -> int:
        """Ask the one connection that is kept for it: SQLite tells the counter per connection."""
        if self._connection is None:
            self._connection = self._engine.raw_connection()
        cursor = self._connection.cursor()
        try:
            return int(cursor.execute("PRAGMA data_version").fetchone()[0])
        finally:
            cursor.close()

    def _heard(self) -> int:
        if self._connection is None:
            self._connection = self._engine.raw_connection()
            driver = self._connection.dbapi_connection
            driver.autocommit = True
            driver.execute(f"LISTEN {CHANNEL}")
        for _ in self._connection.dbapi_connection.notifies(timeout=0):
            self._notices += 1
        return self._notices

    def _seen(self) -> object:
        if time.monotonic() - self._looked_at >= LOOK_EVERY:
            with self._engine.connect() as connection:
                self._looked = tuple(connection.execute(_LOOK).one())
            self._looked_at = time.monotonic()
        return self._looked

    def close(self) -> None:
        """Give the connection back to nobody: it listens, so no other use may have it."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection = None
