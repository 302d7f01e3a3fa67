"""The dictionary of distinct surnames: kept by the transaction that writes a card, asked for similar names.

Looking for typos among tens of thousands of surnames instead of a million people is what makes it instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Integer, bindparam, func, literal_column, select, text, union_all
from sqlmodel import Session

from registrar_tui.models import Surname
from registrar_tui.services.prepared import Reader
from registrar_tui.services.search_keys import one_typo_apart, one_typo_from_start
from registrar_tui.services.search_statements import MOST_LISTED, Question, among, listed, width

END: Final = "\U0010ffff"
"""After every letter: `key >= p AND key < p + END` is the range of keys that begin with p."""
LONGEST: Final = 64
"""Letters; a longer «surname» (a broken import) is kept but has no typo keys, which grow with its square."""
LARGE: Final = 1000
"""Postings read at most of one trigram or of one beginning."""

# Columns of the tables and not of the mapped classes: a statement costs half as much without the ORM.
_SURNAME: Final = Surname.metadata.tables["surname"]
_DELETION: Final = Surname.metadata.tables["surname_deletion"]
_TRIGRAM: Final = Surname.metadata.tables["surname_trigram"]

# One spelling for both databases; on PostgreSQL the row stays locked until the transaction ends, so that the
# counter is exact and the keys of a name are written and removed by one transaction at a time.
_COUNT_IN: Final = text(
    "INSERT INTO surname (name, people) VALUES (:name, 1)"
    " ON CONFLICT (name) DO UPDATE SET people = surname.people + 1 RETURNING id, people"
)
_COUNT_OUT: Final = text("UPDATE surname SET people = people - 1 WHERE name = :name RETURNING id, people")
ADD_DELETION: Final = text(
    "INSERT INTO surname_deletion (deletion, surname_id) VALUES (:deletion, :surname_id)"
    " ON CONFLICT DO NOTHING"
)
ADD_TRIGRAM: Final = text(
    "INSERT INTO surname_trigram (trigram, surname_id) VALUES (:trigram, :surname_id) ON CONFLICT DO NOTHING"
)

_NAME_LIST: Final = select(_SURNAME.c.name, _SURNAME.c.people)
_LATER: Final = Question(
    select(literal_column("1"))
    .where(_SURNAME.c.name >= bindparam("start"), _SURNAME.c.name < bindparam("stop"))
    .order_by(_SURNAME.c.name)
    .limit(1)
    .offset(bindparam("before", type_=Integer))
)
_STARTS: Final = 16
"""Beginnings of keys that are asked about at once."""
_PROBED: Final = 14
"""Letters of a fragment whose trigrams are weighed."""
_JOINED: Final = 3
"""The rarest trigrams that are looked up: planning a join of six takes PostgreSQL 12 ms, of three a tenth."""


@cache
def _starting(places: int) -> Question:
    """The place of a beginning among so many, and a surname that begins so."""
    parts = [
        select(literal_column(str(place)).label("place"), _SURNAME.c.name)
        .where(_SURNAME.c.name >= bindparam(f"start{place}"), _SURNAME.c.name < bindparam(f"stop{place}"))
        .order_by(_SURNAME.c.name)
        .limit(bindparam("most"))
        for place in range(places)
    ]
    return Question(parts[0] if places == 1 else union_all(*(select(part.subquery()) for part in parts)))


@cache
def _sharing_starts(places: int) -> Question:
    """Surnames with a key that begins like one of so many; each gives a bounded number."""
    joined = _NAME_LIST.join(_DELETION, _DELETION.c.surname_id == _SURNAME.c.id)
    key = _DELETION.c.deletion
    parts = [
        joined.where(key >= bindparam(f"start{place}"), key < bindparam(f"stop{place}")).limit(LARGE)
        for place in range(places)
    ]
    return Question(parts[0] if places == 1 else union_all(*(select(part.subquery()) for part in parts)))


@cache
def _sharing(places: int) -> Question:
    joined = _NAME_LIST.join(_DELETION, _DELETION.c.surname_id == _SURNAME.c.id)
    return Question(joined.where(among(_DELETION.c.deletion, "keys", places)))


@cache
def _sizes(places: int) -> Question:
    """How many surnames, up to so many, have each of so many trigrams."""
    counts = []
    for place in range(places):
        some = select(_TRIGRAM.c.surname_id).where(_TRIGRAM.c.trigram == bindparam(f"k{place}")).limit(LARGE)
        counts.append(select(func.count()).select_from(some.subquery()).scalar_subquery())
    return Question(select(*counts))


@cache
def _with_trigrams(places: int) -> Question:
    """Surnames with the first trigram, each row of which is probed for the others by their key."""
    statement = _NAME_LIST.join(_TRIGRAM, _TRIGRAM.c.surname_id == _SURNAME.c.id).where(
        _TRIGRAM.c.trigram == bindparam("k0")
    )
    for place in range(1, places):
        other = _TRIGRAM.alias(f"t{place}")
        statement = statement.join(
            other, (other.c.surname_id == _TRIGRAM.c.surname_id) & (other.c.trigram == bindparam(f"k{place}"))
        )
    return Question(statement.limit(LARGE))


class BulkRows(NamedTuple):
    """Rows for Core inserts into the three tables, in the order they must be written."""

    surnames: list[dict[str, Any]]
    deletions: list[dict[str, Any]]
    trigrams: list[dict[str, Any]]


class Similar(NamedTuple):
    """A surname of the dictionary and how many people bear it."""

    name: str
    people: int


def deletions(name: str) -> set[str]:
    """Return the name and every form of it with one letter left out."""
    if len(name) > LONGEST:
        return {name}
    found = {name[:place] + name[place + 1 :] for place in range(len(name))}
    found.add(name)
    found.discard("")
    return found


def trigrams(name: str) -> set[str]:
    """Return every three letters in a row."""
    return {name[place : place + 3] for place in range(min(len(name), LONGEST) - 2)}


def bulk_rows(counts: Mapping[str, int], first_id: int = 1) -> BulkRows:
    """Return the rows of a whole dictionary, or of a part of it starting at `first_id`.

    `counts` maps a folded surname to the number of its people. On PostgreSQL the caller sets the sequence of
    `surname.id` past the last row, as after any insert with given ids.
    """
    rows = BulkRows([], [], [])
    for number, name in enumerate(sorted(name for name in counts if name), first_id):
        rows.surnames.append({"id": number, "name": name, "people": counts[name]})
        rows.deletions.extend({"deletion": key, "surname_id": number} for key in sorted(deletions(name)))
        rows.trigrams.extend({"trigram": key, "surname_id": number} for key in sorted(trigrams(name)))
    return rows


def add(session: Session, last_key: str) -> None:
    """Count one more card with this folded surname, and write its keys if it is the first one."""
    if not last_key:
        return
    connection = session.connection()
    number, people = connection.execute(_COUNT_IN, {"name": last_key}).one()
    if people > 1:
        return
    connection.execute(ADD_DELETION, [{"deletion": k, "surname_id": number} for k in deletions(last_key)])
    if keys := trigrams(last_key):
        connection.execute(ADD_TRIGRAM, [{"trigram": k, "surname_id": number} for k in keys])


def remove(session: Session, last_key: str) -> None:
    """Count one card less with this folded surname; with the last of them the name leaves the dictionary."""
    if not last_key:
        return
    connection = session.connection()
    row = connection.execute(_COUNT_OUT, {"name": last_key}).one_or_none()
    if row is None or row.people > 0:
        return
    for table in (_DELETION, _TRIGRAM):
        connection.execute(table.delete().where(table.c.surname_id == row.id))
    connection.execute(_SURNAME.delete().where(_SURNAME.c.id == row.id))


def replace(session: Session, old_key: str, new_key: str) -> None:
    """Move one card from a surname to another, in the order of names: two such edits cannot deadlock."""
    if old_key == new_key:
        return
    steps = sorted([(old_key, remove), (new_key, add)], key=lambda step: step[0])
    for key, step in steps:
        step(session, key)


def starting_each(reader: Reader, starts: Sequence[str], most: int) -> dict[str, list[str]]:
    """Return the surnames that begin with each of a few beginnings, in alphabetical order."""
    if not starts:
        return {}
    values: dict[str, Any] = {"most": most}
    for place, start in enumerate(starts):
        values |= {f"start{place}": start, f"stop{place}": start + END}
    found: dict[str, list[str]] = {start: [] for start in starts}
    for place, name in _starting(len(starts)).run(reader, values):
        found[starts[place]].append(name)
    return {start: sorted(names) for start, names in found.items()}


def crowded(reader: Reader, start: str, many: int) -> bool:
    """Tell whether so many surnames, or more, begin so."""
    return bool(_LATER.run(reader, {"start": start, "stop": start + END, "before": many - 1}))


def one_typo(reader: Reader, words: Iterable[str]) -> dict[str, list[Similar]]:
    """Return for each word the surnames at most one typo apart, the most frequent first."""
    by_word = {word: deletions(word) for word in words if len(word) <= LONGEST}
    keys = sorted(set().union(*by_word.values()))[:MOST_LISTED]
    if not keys:
        return {}
    rows = {Similar(*row) for row in _sharing(width(len(keys))).run(reader, listed("keys", keys))}
    return {word: _ranked(row for row in rows if one_typo_apart(word, row.name)) for word in by_word}


def one_typo_unfinished(reader: Reader, word: str) -> list[Similar]:
    """Return surnames whose beginning is at most one typo apart from the word."""
    rows: set[Similar] = set()
    keys = sorted(deletions(word))
    for first in range(0, len(keys), _STARTS):
        some = keys[first : first + _STARTS]
        bounds = {f"start{place}": key for place, key in enumerate(some)}
        bounds |= {f"stop{place}": key + END for place, key in enumerate(some)}
        rows.update(Similar(*row) for row in _sharing_starts(len(some)).run(reader, bounds))
    return _ranked(row for row in rows if one_typo_from_start(word, row.name))


def containing(reader: Reader, part: str) -> list[Similar]:
    """Return surnames with these letters (three or more) in a row anywhere."""
    keys = sorted(trigrams(part[:_PROBED]))
    if not keys:
        return []
    if len(keys) > 1:
        sizes = dict(zip(keys, _sizes(len(keys)).run(reader, _named(keys))[0], strict=True))
        keys = sorted(keys, key=sizes.__getitem__)[:_JOINED]
    rows = _with_trigrams(len(keys)).run(reader, _named(keys))
    return _ranked(Similar(*row) for row in rows if part in row[0])


def _named(keys: list[str]) -> dict[str, str]:
    return {f"k{place}": key for place, key in enumerate(keys)}


def _ranked(rows: Iterable[Similar]) -> list[Similar]:
    return sorted(rows, key=lambda row: (-row.people, row.name))
