"""Learning that another desk has changed the base, at next to no cost."""

from __future__ import annotations

import threading
import time
from typing import Any

from sqlalchemy import Engine, text
from sqlmodel import Session

from registrar_tui.services.prepared import Prepared
from registrar_tui.storage.patience import ANSWER_SECONDS

# A schema is a clinic; a notice goes to the whole database, so each has a channel of its own.
_CHANNEL = "'registrar_' || md5(current_schema())"
# Behind pgbouncer in transaction mode no notice arrives, so the tables are looked at as well, seldom.
LOOK_EVERY = 2.0  # seconds
_LOOK = text(
    "SELECT (SELECT max(id) FROM visit_event), "
    "(SELECT max(held_until) FROM claim WHERE visit_id IS NULL), "
    "(SELECT count(*) FROM claim WHERE visit_id IS NULL)"
)
_NOTIFY = Prepared(text(f"SELECT pg_notify({_CHANNEL}, '')"))


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
        self._opened = 0
        self._notices = 0
        self._looked_at = -LOOK_EVERY
        self._looked: object = None

    def stamp(self) -> object:
        """Return the present stamp; a lost connection raises once and is opened anew by the next call."""
        with self._lock:
            try:
                # What happened while the watch was away nobody tells: opened anew, the stamp is another.
                if self._engine.dialect.name == "sqlite":
                    return self._data_version(), self._opened
                return self._heard(), self._seen(), self._opened
            except BaseException:
                self._drop()
                raise

    def _data_version(self) -> int:
        """Ask the one connection that is kept for it: SQLite tells the counter per connection."""
        cursor = (self._connection or self._open()).cursor()
        try:
            return int(cursor.execute("PRAGMA data_version").fetchone()[0])
        finally:
            cursor.close()

    def _heard(self) -> int:
        if self._connection is None:
            driver = self._open().dbapi_connection
            driver.autocommit = True
            driver.answer_seconds = ANSWER_SECONDS
            channel = driver.execute(f"SELECT {_CHANNEL}").fetchone()[0]
            driver.execute(f"LISTEN {channel}")
        for _ in self._connection.dbapi_connection.notifies(timeout=0):
            self._notices += 1
            self._looked_at = -LOOK_EVERY  # looked at now, or the look to come would tell the same again
        return self._notices

    def _open(self) -> Any:
        self._connection = self._engine.raw_connection()
        self._opened += 1
        return self._connection

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
