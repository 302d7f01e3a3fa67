"""The surname dictionary kept in step with many cards at once; one at a time is `services.surname_index`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import bindparam, delete, select, text, update
from sqlmodel import Session

from registrar_tui.models import Surname
from registrar_tui.services.imports.writing import RowWriter
from registrar_tui.services.surname_index import LONGEST, deletions, trigrams

_TABLES: Final = Surname.metadata.tables
_SURNAME: Final = _TABLES["surname"]
_DELETION: Final = _TABLES["surname_deletion"]
_TRIGRAM: Final = _TABLES["surname_trigram"]
_KNOWN: Final = select(_SURNAME.c.name).where(_SURNAME.c.name.in_(bindparam("names", expanding=True)))
_IDS: Final = select(_SURNAME.c.id, _SURNAME.c.name).where(
    _SURNAME.c.name.in_(bindparam("names", expanding=True))
)
_COUNT_IN: Final = text(
    "INSERT INTO surname (name, people) VALUES (:name, :more)"
    " ON CONFLICT (name) DO UPDATE SET people = surname.people + :more"
)
_ADD_DELETION: Final = text(
    "INSERT INTO surname_deletion (deletion, surname_id) VALUES (:key, :surname_id) ON CONFLICT DO NOTHING"
)
_ADD_TRIGRAM: Final = text(
    "INSERT INTO surname_trigram (trigram, surname_id) VALUES (:key, :surname_id) ON CONFLICT DO NOTHING"
)


def _once_each(statement: str) -> dict[str, Any]:
    """Return an insert of keys that may stand twice for each database.

    SQLite's primary key passes over the second; PostgreSQL's is away while a base is loaded.
    """
    return {"sqlite": text(statement.format("")), "postgresql": text(statement.format("DISTINCT"))}


# What `deletions` and `trigrams` give, made by the database itself: a third of the time, and already in the
# order of the primary key. `db check` holds each name's keys against those functions.
_PLACES: Final = "WITH RECURSIVE place (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM place WHERE n < :longest)"
_ALL_DELETIONS: Final = _once_each(
    f"INSERT INTO surname_deletion (deletion, surname_id) {_PLACES}"  # noqa: S608 - our own words
    " SELECT {} CASE WHEN n = 0 THEN name ELSE substr(name, 1, n - 1) || substr(name, n + 1) END, id"
    " FROM place CROSS JOIN surname"
    " WHERE n = 0 OR n <= length(name) AND length(name) BETWEEN 2 AND :longest"
    " ORDER BY 1, 2 ON CONFLICT DO NOTHING"
)
_ALL_TRIGRAMS: Final = _once_each(
    f"INSERT INTO surname_trigram (trigram, surname_id) {_PLACES}"  # noqa: S608 - our own words
    " SELECT {} substr(name, n, 3), id FROM place CROSS JOIN surname"
    " WHERE n BETWEEN 1 AND :longest - 2 AND n <= length(name) - 2"
    " ORDER BY 1, 2 ON CONFLICT DO NOTHING"
)


def write_all(session: Session, writer: RowWriter, counts: Mapping[str, int]) -> None:
    """Write a whole dictionary where there is none."""
    names = sorted(name for name in counts if name)
    ids = writer.reserve("surname", len(names))
    rows = [(number, name, counts[name]) for number, name in zip(ids, names, strict=True)]
    writer.insert("surname", ("id", "name", "people"), rows)
    connection = session.connection()
    for statement in (_ALL_DELETIONS, _ALL_TRIGRAMS):
        connection.execute(statement[connection.dialect.name], {"longest": LONGEST})


def count(session: Session, changes: Counter[str]) -> None:
    """Apply how many cards each surname has won or lost; names in order, so that imports cannot deadlock."""
    gains = {name: more for name, more in sorted(changes.items()) if name and more > 0}
    losses = {name: -less for name, less in sorted(changes.items()) if name and less < 0}
    connection = session.connection()
    if gains:
        names = list(gains)
        known = set(connection.execute(_KNOWN, {"names": names}).scalars())
        connection.execute(_COUNT_IN, [{"name": name, "more": more} for name, more in gains.items()])
        fresh = [name for name in names if name not in known]
        if fresh:
            _add_keys(session, {row.name: row.id for row in connection.execute(_IDS, {"names": fresh})})
    if losses:
        _count_out(session, losses)


def _add_keys(session: Session, ids: Mapping[str, int]) -> None:
    connection = session.connection()
    for statement, keys_of in ((_ADD_DELETION, deletions), (_ADD_TRIGRAM, trigrams)):
        rows: list[dict[str, Any]] = [
            {"key": key, "surname_id": number}
            for name, number in sorted(ids.items())
            for key in sorted(keys_of(name))
        ]
        if rows:
            connection.execute(statement, rows)


def _count_out(session: Session, losses: Mapping[str, int]) -> None:
    connection = session.connection()
    connection.execute(
        update(_SURNAME)
        .where(_SURNAME.c.name == bindparam("lost"))
        .values(people=_SURNAME.c.people - bindparam("less")),
        [{"lost": name, "less": less} for name, less in losses.items()],
    )
    gone = list(
        connection.execute(
            select(_SURNAME.c.id).where(_SURNAME.c.name.in_(list(losses)), _SURNAME.c.people <= 0)
        ).scalars()
    )
    if gone:
        for table in (_DELETION, _TRIGRAM):
            connection.execute(delete(table).where(table.c.surname_id.in_(gone)))
        connection.execute(delete(_SURNAME).where(_SURNAME.c.id.in_(gone)))
