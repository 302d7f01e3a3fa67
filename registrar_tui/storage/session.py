"""Sessions: a short read, or a write that is tried again when that is safe."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from registrar_tui.errors import StoreUnavailable
from registrar_tui.services.prepared import Reader, Reading
from registrar_tui.storage import gate
from registrar_tui.storage.changes import ChangeWatch, announce
from registrar_tui.storage.engine import write_engine
from registrar_tui.storage.failures import is_transient, unavailable
from registrar_tui.storage.patience import ANSWER_SECONDS, gave_up, patient
from registrar_tui.storage.reading import reading

Answer = TypeVar("Answer")
RETRIES = 5


class Guard(Protocol):
    """Asked at the beginning of every read and write whether who works here still may; raises where not."""

    def __call__(self, reader: Reader, /, newcomer: bool = False) -> None:
        """Let pass or raise; `newcomer`: what is done is open to who has yet to set a password."""
        ...


def _nobody_asks(_reader: Reader, /, newcomer: bool = False) -> None:
    """Let pass: a demo base, and the work of the program itself."""


class Store:
    """One database: `read` and `ask` for questions, `write` for one transaction of one operation."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = patient(engine)
        self.name = name
        self.guard: Guard = _nobody_asks
        self._writer = write_engine(self.engine)
        self._watch = ChangeWatch(self.engine)
        # The watch speaks to the driver past SQLAlchemy, so the driver's own errors come as they are.
        self._failures: tuple[type[Exception], ...] = (
            DBAPIError,
            PoolTimeout,
            engine.dialect.loaded_dbapi.Error,
        )

    @contextmanager
    def read(self, *, newcomer: bool = False) -> Iterator[Session]:
        """Open a short read; it never outlives one action, or it would pin the WAL."""
        try:
            with Session(self.engine, expire_on_commit=False) as session:
                self.guard(session, newcomer)
                yield session
        except (DBAPIError, PoolTimeout) as error:
            raise self._unanswered(error) from error

    @contextmanager
    def ask(self) -> Iterator[Reading]:
        """Open a short read for prepared questions alone: what is asked at every key."""
        try:
            with reading(self.engine) as reader:
                self.guard(reader)
                yield reader
        except self._failures as error:
            raise self._unanswered(error) from error

    def _unanswered(self, error: Exception) -> Exception:
        # A table that maintenance has locked answers as a dead server does: not at all.
        if gave_up(error) and gate.postgres_gate_closed(self.engine):
            return gate.closed()
        return unavailable(error, self.name)

    def write(self, work: Callable[[Session], Answer], *, newcomer: bool = False) -> Answer:
        """Run one transaction; transient failures are retried, so `work` must be guarded by an `op_id`."""

        def guarded(session: Session) -> Answer:
            self.guard(session, newcomer)
            answer = work(session)
            announce(session)
            return answer

        return self._run(guarded)

    def record(self, work: Callable[[Session], None]) -> None:
        """Write down what has been seen already: nobody is asked, and no other desk has to look anew."""
        self._run(work)

    def _run(self, work: Callable[[Session], Answer]) -> Answer:
        give_up = time.monotonic() + ANSWER_SECONDS
        for attempt in range(RETRIES):
            try:
                return self._transaction(work)
            except (DBAPIError, PoolTimeout) as error:
                late = attempt == RETRIES - 1 or time.monotonic() > give_up
                if late or not is_transient(error):
                    raise unavailable(error, self.name) from error
                time.sleep(random.uniform(0.02, 0.1) * (attempt + 1))  # noqa: S311 - jitter
        raise StoreUnavailable("База занята: повторите через несколько секунд.", code="busy")

    def _transaction(self, work: Callable[[Session], Answer]) -> Answer:
        """Do the work in a session on a connection that has begun: one of its own costs 70 us."""
        with self._writer.connect() as connection, Session(connection, expire_on_commit=False) as session:
            with connection.begin():
                answer = work(session)
                session.flush()
            return answer

    def change_stamp(self) -> object:
        """Return a value that differs once any process has committed a change."""
        try:
            return self._watch.stamp()
        except self._failures as error:
            raise unavailable(error, self.name) from error

    def close(self) -> None:
        """Give every connection back."""
        self._watch.close()
        self.engine.dispose()
