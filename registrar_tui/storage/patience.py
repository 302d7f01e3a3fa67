"""A client-side limit on PostgreSQL's answers: a frozen server never says that it is frozen.

`connect_timeout` ends with the greeting, and a `statement_timeout` is kept by the server itself. Only work
that asks for it is limited: a migration or a bulk copy may rightly take minutes.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, event

# Of one statement of a desk; the slowest honest one takes less than one. With the attempt to connect anew the
# registrar reads after 13 seconds that the server is silent (measured 15 with ten).
ANSWER_SECONDS = 8.0
CONNECT_SECONDS = 5
_OPTION = "answer_seconds"
_NO_ANSWER = "connection timeout: no answer from the server"
Answer = TypeVar("Answer")


def patient(engine: Engine) -> Engine:
    """Return the same pool for a desk's work: a statement without an answer breaks its connection."""
    return engine.execution_options(**{_OPTION: ANSWER_SECONDS})


def limit_answers(engine: Engine) -> None:
    """Let an engine's connections know the limit of the work they do."""
    connect = _connection_class().connect

    @event.listens_for(engine, "do_connect")
    def do_connect(_dialect: Any, _record: Any, words: Any, settings: Any) -> Any:
        return connect(*words, **settings)

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.connection.dbapi_connection.answer_seconds = connection.get_execution_options().get(
            _OPTION
        )


def wait_for_ever(connection: Connection) -> None:
    """Lift the limit until the transaction ends: for work that may rightly take minutes."""
    driver: Any = connection.connection.dbapi_connection
    driver.answer_seconds = None


@contextmanager
def brief_connection(engine: Engine, seconds: int) -> Iterator[Any]:
    """Yield the driver's connection beside the pool that waits so long for the greeting and for an answer."""
    words, settings = engine.dialect.create_connect_args(engine.url)
    driver = _connection_class().connect(*words, **{**settings, "connect_timeout": seconds})
    try:
        driver.answer_seconds = float(seconds)
        yield driver
    finally:
        driver.close()


def gave_up(error: BaseException) -> bool:
    """Tell whether an error is that of a connection whose server did not answer in time."""
    return _NO_ANSWER in str(getattr(error, "orig", error))


def _connection_class() -> Any:
    import psycopg

    class LimitedConnection(psycopg.Connection[Any]):
        """A connection that is given up when the server does not answer in time."""

        answer_seconds: float | None = None

        def wait(self, gen: Any, *words: Any, **settings: Any) -> Any:
            if self.answer_seconds is None:
                return super().wait(gen, *words, **settings)
            return super().wait(self._in_time(gen, self.answer_seconds), *words, **settings)

        def _in_time(self, gen: Generator[Any, Any, Answer], seconds: float) -> Generator[Any, Any, Answer]:
            deadline = time.monotonic() + seconds
            try:
                wanted = next(gen)
                while True:
                    ready = yield wanted
                    if not ready and time.monotonic() > deadline:
                        self.pgconn.finish()  # what the server still does with the statement is unknown
                        raise psycopg.OperationalError(_NO_ANSWER)
                    wanted = gen.send(ready)
            except StopIteration as end:
                answer: Answer = end.value
                return answer

    return LimitedConnection
