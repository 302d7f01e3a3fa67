"""The dictionary of surnames compared with the cards it was made of, and mended where the two have parted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import TextClause, bindparam, delete, func, insert, select, tuple_, update
from sqlmodel import Session

from registrar_tui.models import Patient
from registrar_tui.services.surname_index import ADD_DELETION, ADD_TRIGRAM, deletions, trigrams

Progress = Callable[[str, int, int], None]
"""Takes the name of a step in Russian, how much of it is done, of how much."""

BATCH: Final = 2000
"""Rows mended by one transaction: no desk waits for longer."""
_FETCHED: Final = 10_000

_TABLES: Final = Patient.metadata.tables
_P: Final = _TABLES["patient"].c
_SURNAME: Final = _TABLES["surname"]


class _KeyTable(NamedTuple):
    """A table of keys of surnames, the statement that adds one, and what the keys of a name are."""

    table: Any
    column: Any
    add: TextClause
    keys_of: Callable[[str], set[str]]


_DELETION: Final = _TABLES["surname_deletion"]
_TRIGRAM: Final = _TABLES["surname_trigram"]
_KEY_TABLES: Final = (
    _KeyTable(_DELETION, _DELETION.c.deletion, ADD_DELETION, deletions),
    _KeyTable(_TRIGRAM, _TRIGRAM.c.trigram, ADD_TRIGRAM, trigrams),
)


class Drift(NamedTuple):
    """One kind of difference: a code, a line for the administrator, and how many rows it concerns."""

    code: str
    message: str
    rows: int


class _Sum(NamedTuple):
    """How many keys a surname has and the sum of their hashes: two sets that agree in both are the same."""

    keys: int
    hashes: int


_NO_KEYS: Final = _Sum(0, 0)


def drift(session: Session, counts: Mapping[str, int]) -> tuple[Drift, ...]:
    """Return every kind of drift, found or not; `counts` maps the folded surnames of the cards to people."""
    surnames = _dictionary(session)
    kept = dict(surnames.values())
    missing = sum(1 for name in counts if name not in kept)
    surplus = sum(1 for name in kept if name not in counts)
    miscounted = sum(1 for name, people in kept.items() if name in counts and counts[name] != people)
    spoilt = sum(len(_spoilt(_stored(session, keys), surnames, keys)) for keys in _KEY_TABLES)
    return (
        Drift("surname_missing", "фамилии, которых нет в словаре", missing),
        Drift("surname_surplus", "фамилии словаря, которых нет ни у кого", surplus),
        Drift("surname_count", "фамилии с неверным числом людей", miscounted),
        Drift("surname_keys", "фамилии с неполными или лишними ключами", spoilt),
    )


def mend(session: Session, progress: Progress) -> int:
    """Mend the names and their keys, committing batch by batch; returns how many rows were wrong."""
    return _mend_names(session, progress) + _mend_keys(session, progress)


def _dictionary(session: Session) -> dict[int, tuple[str, int]]:
    rows = session.connection().execute(select(_SURNAME.c.id, _SURNAME.c.name, _SURNAME.c.people))
    return {number: (name, people) for number, name, people in rows}


def _stored(session: Session, keys: _KeyTable, *, release: bool = False) -> Iterator[tuple[str, int]]:
    """Yield every stored key with its surname; `release` ends the transaction after each batch."""
    number = keys.table.c.surname_id
    statement = (
        select(keys.column, number)
        .where(tuple_(keys.column, number) > tuple_(bindparam("key"), bindparam("surname")))
        .order_by(keys.column, number)
        .limit(_FETCHED)
    )
    after = {"key": "", "surname": 0}
    while rows := session.connection().execute(statement, after).all():
        if release:
            session.commit()
        after = {"key": rows[-1][0], "surname": rows[-1][1]}
        yield from ((key, surname) for key, surname in rows)


def _spoilt(
    stored: Iterable[tuple[str, int]], surnames: Mapping[int, tuple[str, int]], keys: _KeyTable
) -> set[int]:
    """Return the surnames whose stored keys are not those of their name, or that are in no dictionary."""
    sums: dict[int, _Sum] = {}
    for key, number in stored:
        known = sums.get(number, _NO_KEYS)
        sums[number] = _Sum(known.keys + 1, known.hashes + hash(key))
    wrong = {number for number in sums if number not in surnames}
    for number, (name, _) in surnames.items():
        expected = keys.keys_of(name)
        if sums.get(number, _NO_KEYS) != _Sum(len(expected), sum(map(hash, expected))):
            wrong.add(number)
    return wrong


def _mend_names(session: Session, progress: Progress) -> int:
    """Make the names of the dictionary and their counts those of the cards, in alphabetical stretches."""
    total = int(session.connection().execute(select(func.count()).select_from(_SURNAME)).scalar() or 0)
    session.commit()
    after, done, mended = "", 0, 0
    while True:
        upto = _stretch(session, after)
        mended += _mend_stretch(session, after, upto)
        session.commit()
        done += BATCH
        progress("словарь", min(done, total), total)
        if upto is None:
            return mended
        after = upto


def _stretch(session: Session, after: str) -> str | None:
    """Return the last name of the next stretch of the dictionary, None where it is the rest."""
    name = _SURNAME.c.name
    statement = select(name).where(name > after).order_by(name).offset(BATCH - 1).limit(1)
    return session.connection().execute(statement).scalar()


def _mend_stretch(session: Session, after: str, upto: str | None) -> int:
    def within(column: Any) -> Any:
        return (column > after) if upto is None else (column > after) & (column <= upto)

    connection = session.connection()
    # Locked until the commit: a card of such a name written meanwhile waits, and is then counted.
    locked = select(_SURNAME.c.name, _SURNAME.c.people).where(within(_SURNAME.c.name))
    kept = {
        row.name: row.people for row in connection.execute(locked.order_by(_SURNAME.c.name).with_for_update())
    }
    counted = (
        select(_P.last_key, func.count().label("people")).where(within(_P.last_key)).group_by(_P.last_key)
    )
    counts = {row.last_key: row.people for row in connection.execute(counted)}
    fresh = [{"name": name, "people": people} for name, people in counts.items() if name not in kept]
    if fresh:
        connection.execute(insert(_SURNAME), fresh)
    miscounted = [
        {"known": name, "counted": counts[name]}
        for name, people in kept.items()
        if name in counts and counts[name] != people
    ]
    if miscounted:
        statement = update(_SURNAME).where(_SURNAME.c.name == bindparam("known"))
        connection.execute(statement.values(people=bindparam("counted")), miscounted)
    surplus = [name for name in kept if name not in counts]
    _forget(session, surplus)
    return len(fresh) + len(miscounted) + len(surplus)


def _forget(session: Session, names: list[str]) -> None:
    """Take names out of the dictionary; their keys are found by their own index, or later by `_mend_keys`."""
    if not names:
        return
    connection = session.connection()
    known = select(_SURNAME.c.id, _SURNAME.c.name).where(_SURNAME.c.name.in_(names))
    for number, name in connection.execute(known).all():
        for keys in _KEY_TABLES:
            _drop(session, keys, [(key, number) for key in keys.keys_of(name)])
    connection.execute(delete(_SURNAME).where(_SURNAME.c.name.in_(names)))


def _drop(session: Session, keys: _KeyTable, pairs: list[tuple[str, int]]) -> None:
    if pairs:
        entered = (keys.column == bindparam("key")) & (keys.table.c.surname_id == bindparam("surname"))
        dropped = [{"key": key, "surname": number} for key, number in pairs]
        session.connection().execute(delete(keys.table).where(entered), dropped)


def _mend_keys(session: Session, progress: Progress) -> int:
    """Add the missing keys of surnames and drop the surplus ones; reading holds no lock for long."""
    mended = 0
    for keys in _KEY_TABLES:
        surnames = _dictionary(session)
        session.commit()
        wrong = _spoilt(_stored(session, keys, release=True), surnames, keys)
        surplus: dict[int, list[str]] = defaultdict(list)
        for key, number in _stored(session, keys, release=True) if wrong else ():
            if number in wrong and (number not in surnames or key not in keys.keys_of(surnames[number][0])):
                surplus[number].append(key)
        numbers = sorted(wrong)
        for start in range(0, len(numbers), BATCH):
            batch = numbers[start : start + BATCH]
            _mend_keys_of(session, batch, surplus, keys)
            session.commit()
            progress("ключи словаря", start + len(batch), len(numbers))
        mended += len(numbers)
    return mended


def _mend_keys_of(
    session: Session, numbers: list[int], surplus: Mapping[int, list[str]], keys: _KeyTable
) -> None:
    connection = session.connection()
    # Asked again under the lock: a desk may have removed a name meanwhile, and SQLite given its number anew.
    locked = select(_SURNAME.c.id, _SURNAME.c.name).where(_SURNAME.c.id.in_(numbers)).with_for_update()
    expected = {number: keys.keys_of(name) for number, name in connection.execute(locked).all()}
    pairs = [
        (key, number)
        for number in numbers
        for key in surplus.get(number, ())
        if key not in expected.get(number, ())
    ]
    _drop(session, keys, pairs)
    column = keys.column.name
    rows = [{column: key, "surname_id": number} for number in expected for key in sorted(expected[number])]
    if rows:
        connection.execute(keys.add, rows)
