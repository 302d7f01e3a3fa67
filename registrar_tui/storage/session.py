"""Sessions: a short read, or a write that is tried again when that is safe."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session, text

from registrar_tui.errors import StoreUnavailable
from registrar_tui.storage.engine import write_engine
from registrar_tui.storage.failures import is_transient, unavailable

Answer = TypeVar("Answer")
RETRIES = 5


class Store:
    """One database: `read` for questions, `write` for one transaction of one operation."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self._writer = write_engine(engine)
        self._stamp_connection: object | None = None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a short read; it never outlives one action, or it would pin the WAL."""
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                yield session
        except (DBAPIError, PoolTimeout) as error:
            raise unavailable(error, self.name) from error

    def write(self, work: Callable[[Session], Answer]) -> Answer:
        """Run one transaction; transient failures are retried, so `work` must be guarded by an `op_id`."""
        for attempt in range(RETRIES):
            try:
                with Session(self._writer, expire_on_commit=False) as session, session.begin():
                    return work(session)
            except (DBAPIError, PoolTimeout) as error:
                if not is_transient(error) or attempt == RETRIES - 1:
                    raise unavailable(error, self.name) from error
                time.sleep(random.uniform(0.02, 0.1) * (attempt + 1))  # noqa: S311 - jitter
        raise StoreUnavailable("База занята: повторите через несколько секунд.", code="busy")

    def change_stamp(self) -> object:
        """Return a value that differs once any process has committed a change."""
        try:
            if self.engine.dialect.name == "sqlite":
                return self._data_version()
            with self.engine.connect() as connection:
                return tuple(
                    connection.execute(
                        text(
                            "SELECT (SELECT max(id) FROM visit_event), "
                            "(SELECT max(held_until) FROM claim WHERE visit_id IS NULL), "
                            "(SELECT count(*) FROM claim WHERE visit_id IS NULL)"
                        )
                    ).one()
                )
        except (DBAPIError, PoolTimeout) as error:
            raise unavailable(error, self.name) from error

    def _data_version(self) -> int:
        """Ask one connection that is kept for it: the counter is told per connection."""
        if self._stamp_connection is None:
            self._stamp_connection = self.engine.raw_connection()
        cursor = self._stamp_connection.cursor()  # type: ignore[attr-defined]
        try:
            return int(cursor.execute("PRAGMA data_version").fetchone()[0])
        finally:
            cursor.close()

    def close(self) -> None:
        """Give every connection back."""
        if self._stamp_connection is not None:
            self._stamp_connection.close()  # type: ignore[attr-defined]
            self._stamp_connection = None
        self.engine.dispose()
