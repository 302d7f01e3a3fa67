"""A dry run: the same questions and the same order as in earnest, answered beside the base.

What rows would have written stands in a temporary table of this connection: it needs no write lock, so the
desks do not notice, and lies on disk, so a million rows need no more memory than ten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Column, MetaData, Table, delete, insert, select
from sqlmodel import Session

from registrar_tui.services.imports.patient_batch import Outcome, settle
from registrar_tui.services.imports.patients import Person
from registrar_tui.services.imports.people import FIELDS, PATIENT, Card, Index, find

_FIRST_ID: Final = 1 << 40
"""Beyond every id of the base."""


class Rehearsal:
    """Settles batches without writing into the base."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._next = _FIRST_ID
        self._table = _shadow()
        self._table.create(session.connection())
        session.commit()

    def apply(self, people: Sequence[tuple[int, Person]]) -> Outcome:
        """Return what would become of the rows, after those before them."""
        rows = [person for _, person in people]
        stored = {card.id: card for card in find(self._session, rows)}
        shadow = find(self._session, rows, self._table) + self._shadows_of(stored)
        for card in shadow:
            if card.id in stored:
                card.retired = stored[card.id].retired
        stored.update((card.id, card) for card in shadow)
        outcome, cards = settle(Index(stored.values()), people)
        self._keep(card for card in cards if card.changed)
        self._session.commit()  # a read that goes on for minutes would pin the log of every desk
        return outcome

    def _shadows_of(self, stored: dict[int | None, Card]) -> list[Card]:
        """Return cards found by what they were before a row of this run changed them."""
        if not stored:
            return []
        table = self._table
        statement = select(table.c.id, table.c.version, *(table.c[name] for name in FIELDS))
        found = self._session.connection().execute(statement.where(table.c.id.in_(list(stored))))
        return [Card(row.id, row.version, dict(zip(FIELDS, row[2:], strict=True))) for row in found]

    def _keep(self, cards: Iterable[Card]) -> None:
        rows: list[dict[str, Any]] = []
        for card in cards:
            if card.id is None:
                card.id = self._next
                self._next += 1
            rows.append({"id": card.id, "version": card.version, **card.values})
        if rows:
            connection = self._session.connection()
            connection.execute(delete(self._table).where(self._table.c.id.in_([row["id"] for row in rows])))
            connection.execute(insert(self._table), rows)


def _shadow() -> Table:
    """Return a temporary table with the columns and keys that a person is found by."""
    from sqlalchemy import BigInteger, Index, Integer

    columns = [Column("id", BigInteger, primary_key=True, autoincrement=False)]
    columns += [Column("version", Integer), Column("merged_into_id", Integer)]
    columns += [Column(name, PATIENT.c[name].type) for name in FIELDS]
    table = Table("import_rehearsal", MetaData(), *columns, prefixes=["TEMPORARY"])
    Index("ix_import_rehearsal_enp", table.c.enp)
    Index("ix_import_rehearsal_snils", table.c.snils)
    Index("ix_import_rehearsal_born", table.c.birth_date, table.c.last_key)
    return table
