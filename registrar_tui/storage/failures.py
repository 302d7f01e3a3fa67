"""What a driver's error means: try again, or say one Russian line."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from registrar_tui.errors import StoreUnavailable

# 40001 serialization, 40P01 deadlock, 55P03 lock timeout, 25006 read-only after a failover.
_RETRIED_STATES = frozenset({"40001", "40P01", "55P03", "25006", "57P01", "57P02", "57P03"})


def sql_state(error: BaseException) -> str | None:
    """Return PostgreSQL's SQLSTATE of an error, if it has one."""
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def is_transient(error: BaseException) -> bool:
    """Tell whether the same operation may be tried again with the same `op_id`."""
    if isinstance(error, DisconnectionError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = sql_state(error)
    if state is not None:
        return state in _RETRIED_STATES or state.startswith("08")
    return bool(error.connection_invalidated)


def unavailable(error: BaseException, database: str) -> StoreUnavailable:
    """Turn a driver's error into the line the registrar reads; nothing of the data is in it."""
    text = str(getattr(error, "orig", error)).lower()
    for marks, message, code in _MEANINGS:
        if any(mark in text for mark in marks):
            return StoreUnavailable(message.format(database=database), code=code)
    if isinstance(error, PoolTimeout):
        return StoreUnavailable("База занята: повторите через несколько секунд.", code="busy")
    return StoreUnavailable(f"База {database} недоступна: проверьте связь и повторите.")


_MEANINGS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("locked", "busy"), "База занята другим окном: повторите через несколько секунд.", "busy"),
    (
        ("not a database", "file is encrypted"),
        "Файл {database} — не база registrar: укажите другой файл.",
        "foreign_database",
    ),
    (
        ("malformed", "corrupt"),
        "База {database} повреждена: не работайте в ней, восстановите резервную копию.",
        "corrupt",
    ),
    (
        ("readonly", "read-only"),
        "Нет права записи в базу {database}: обратитесь к администратору.",
        "read_only",
    ),
    (
        ("disk is full", "disk full", "no space"),
        "На диске базы нет места: освободите его и повторите.",
        "disk_full",
    ),
    (("disk i/o",), "Диск базы не отвечает: сообщите администратору.", "disk_error"),
    (("unable to open",), "База {database} не открывается: проверьте путь и права.", "store_unavailable"),
    (
        ("password authentication", "no password"),
        "PostgreSQL не принял имя или пароль: проверьте адрес базы.",
        "store_unavailable",
    ),
    (
        ("does not exist",),
        "Такой базы на сервере PostgreSQL нет или она не создана: выполните «registrar init».",
        "no_database",
    ),
    (
        ("connection", "could not translate", "timeout", "server closed"),
        "Сервер PostgreSQL не отвечает: проверьте связь и повторите.",
        "store_unavailable",
    ),
)
