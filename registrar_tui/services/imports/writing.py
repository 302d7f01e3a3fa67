"""What an import needs of a store beyond a session; the store's side is `storage.bulk_write`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol


class RowWriter(Protocol):
    """Writes many rows the quickest way of the database, in the session's transaction."""

    def reserve(self, table: str, count: int) -> Sequence[int]:
        """Return ids that nobody else will take."""
        ...

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows given as tuples in the order of `columns`."""
        ...

    def drop_indexes(self, tables: Sequence[str], meanwhile: Callable[[], None] | None = None) -> None:
        """Drop the indexes of tables until `build_indexes`: random keys go in four times faster without.

        Foreign keys may rest too: rows are put in whose parents are sure to be there. `meanwhile` is called
        where desks must first hear of it.
        """
        ...

    def build_indexes(self) -> None:
        """Build what was dropped; a key that stands twice raises the database's own error."""
        ...
