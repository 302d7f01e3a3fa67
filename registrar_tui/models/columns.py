"""Column types that refuse what would differ between the two databases."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator


class WallClock(TypeDecorator[datetime]):
    """A branch's wall-clock time, naive.

    An aware value is refused: SQLite would keep its digits and PostgreSQL would convert them.
    """

    impl = DateTime(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:
        """Pass a naive value on; ValueError on an aware one."""
        if value is not None and value.tzinfo is not None:
            raise ValueError("a wall-clock column takes a naive datetime")
        return value  # type: ignore[no-any-return]


class UtcInstant(TypeDecorator[datetime]):
    """An instant; aware outside, stored as naive UTC on both databases."""

    impl = DateTime(timezone=False)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> datetime | None:
        """Convert an aware value to naive UTC; ValueError on a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant column takes an aware datetime")
        return value.astimezone(UTC).replace(tzinfo=None)  # type: ignore[no-any-return]

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the instant, aware, in UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


# Prefix ranges must order by code point on both databases: SQLite's default is BINARY, PostgreSQL's is "C".
SearchKey = Text().with_variant(Text(collation="C"), "postgresql")
