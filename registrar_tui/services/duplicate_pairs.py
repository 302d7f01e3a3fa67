"""Pairs of cards of one person over the whole base: page by page, by exact keys, in constant memory.

Four passes: born on one day with a surname, given names or swapped names in common; one phone; one document;
one policy. A pair that an earlier pass has compared is not told again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import cache, partial
from itertools import combinations, groupby
from typing import Any, Final

from sqlalchemy import bindparam, func, select
from sqlmodel import Session

from registrar_tui.models import Patient
from registrar_tui.services import search_people as people
from registrar_tui.services.dto_merge import DuplicatePair
from registrar_tui.services.duplicates import full_persons, row_of
from registrar_tui.services.likeness import LIKELY, Person, likeness, shared_buckets
from registrar_tui.services.search_statements import MOST_LISTED, Question, among, listed, width
from registrar_tui.services.wording import full_name

Read = Callable[[Callable[[Session], Any]], Any]
"""Runs one question in a short read of its own: a long one would pin the write-ahead log."""

_DAYS: Final = 30
_GROUPS: Final = 100
_CROWD: Final = 40
"""People with one phone, from which it is nobody's own: the number of a boarding school, or a blank."""
_TABLES: Final = Patient.metadata.tables
_P: Final = _TABLES["patient"].c
_COLUMNS: Final = [_P[name] for name in people.Person._fields]
_LIVING: Final = _P.merged_into_id.is_(None)
_SPAN: Final = Question(select(func.min(_P.birth_date), func.max(_P.birth_date)))
_BORN: Final = Question(
    select(*_COLUMNS)
    .where(_P.birth_date >= bindparam("first"), _P.birth_date < bindparam("last"), _LIVING)
    .order_by(_P.birth_date, _P.last_key)
)


def _repeated(key: Any, owner: Any) -> Question:
    """Keys after one that stand with several cards, in their order."""
    counted = func.count(func.distinct(owner))
    return Question(
        select(key)
        .where(key > bindparam("after"))
        .group_by(key)
        .having(counted > 1, counted <= _CROWD)
        .order_by(key)
        .limit(_GROUPS)
    )


_DOCUMENT: Final = _TABLES["identity_document"].c
_POLICY: Final = _TABLES["policy"].c
_KEYS: Final = {
    "phone": (_P.phone_reversed, _P.id),
    "document": (_DOCUMENT.number_key, _DOCUMENT.patient_id),
    "policy": (_POLICY.number, _POLICY.patient_id),
}
_REPEATED: Final = {name: _repeated(*columns) for name, columns in _KEYS.items()}


@cache
def _owners(name: str, places: int) -> Question:
    key, owner = _KEYS[name]
    return Question(select(key, owner).where(among(key, "keys", places)).order_by(key, owner))


def pairs(read: Read) -> Iterator[DuplicatePair]:
    """Yield likely pairs as they are found; `read` opens a session for one page."""
    yield from _by_day(read)
    for place, name in enumerate(_KEYS):
        yield from _by_number(read, name, tuple(_KEYS)[:place])


def _by_day(read: Read) -> Iterator[DuplicatePair]:
    first, last = read(lambda session: _SPAN.run(session, {})[0])
    if first is None:
        return
    start, end = people.as_day(first), people.as_day(last)
    while start <= end:
        stop = start + timedelta(_DAYS) if (date.max - start).days > _DAYS else date.max
        yield from read(partial(_born_between, start, stop))
        if stop == date.max:
            return
        start = stop


def _born_between(first: date, last: date, session: Session) -> list[DuplicatePair]:
    """Return the likely pairs among people born on each day of [first, last)."""
    found: list[DuplicatePair] = []
    born = people.as_persons(_BORN.run(session, {"first": first, "last": last}))
    for _, same_day in groupby(born, key=lambda one: one.birth_date):
        found += _compared(session, list(_in_buckets(list(same_day))))
    return found


def _in_buckets(born: Sequence[people.Person]) -> Iterator[tuple[people.Person, people.Person]]:
    """Yield each two people who share a bucket, once."""
    buckets: dict[tuple[str, ...], list[people.Person]] = {}
    for one in born:
        for key in shared_buckets(one.last_key, one.first_key, one.middle_key):
            buckets.setdefault(key, []).append(one)
    told: set[tuple[int, int]] = set()
    for bucket in buckets.values():
        if len(bucket) > _CROWD:
            continue
        for one, other in combinations(bucket, 2):
            ids = (min(one.id, other.id), max(one.id, other.id))
            if one.id != other.id and ids not in told:
                told.add(ids)
                yield one, other


def _by_number(read: Read, name: str, earlier: tuple[str, ...]) -> Iterator[DuplicatePair]:
    after = ""
    while True:
        keys, found = read(partial(_page, name, after, earlier))
        yield from found
        if not keys:
            return
        after = keys[-1]


def _page(
    name: str, after: str, earlier: tuple[str, ...], session: Session
) -> tuple[list[str], list[DuplicatePair]]:
    """Return the next keys that stand with several cards, and the likely pairs of these cards."""
    keys = [key for (key,) in _REPEATED[name].run(session, {"after": after})]
    return keys, _sharing(session, name, keys, earlier) if keys else []


def _sharing(
    session: Session, name: str, keys: Sequence[str], earlier: tuple[str, ...]
) -> list[DuplicatePair]:
    rows = _owners(name, width(len(keys))).run(session, listed("keys", keys))
    ids = sorted({number for _, number in rows})
    cards: dict[int, people.Person] = {}
    for start in range(0, len(ids), MOST_LISTED):
        some = people.by_ids(session, ids[start : start + MOST_LISTED])
        cards |= {one.id: one for one in some if one.merged_into_id is None}
    wanted = dict.fromkeys(
        (one, other)
        for _, group in groupby(rows, key=lambda row: row[0])
        for one, other in combinations(sorted({number for _, number in group} & cards.keys()), 2)
    )
    return _compared(session, [(cards[one], cards[other]) for one, other in wanted], earlier, by_day=True)


def _compared(
    session: Session,
    wanted: Sequence[tuple[people.Person, people.Person]],
    earlier: tuple[str, ...] = (),
    *,
    by_day: bool = False,
) -> list[DuplicatePair]:
    """Score pairs and return the likely ones; `by_day` and `earlier` name the passes that came before."""
    cards = {one.id: one for pair in wanted for one in pair}
    full: dict[int, Person] = {}
    ids = sorted(cards)
    for start in range(0, len(ids), MOST_LISTED):
        full |= full_persons(session, [cards[number] for number in ids[start : start + MOST_LISTED]])
    found: list[DuplicatePair] = []
    for one, other in wanted:
        left, right = full[one.id], full[other.id]
        if (by_day and _met_by_day(left, right)) or _met_by_number(left, right, earlier):
            continue
        told = likeness(left, right)
        if told.score >= LIKELY:
            name = full_name(one.last_name, one.first_name, one.middle_name)
            found.append(DuplicatePair(one.id, name, people.as_day(one.birth_date), row_of(other, told)))
    return found


def _met_by_day(left: Person, right: Person) -> bool:
    return left.birth == right.birth and not set(
        shared_buckets(left.last, left.first, left.middle)
    ).isdisjoint(shared_buckets(right.last, right.first, right.middle))


def _met_by_number(left: Person, right: Person, earlier: tuple[str, ...]) -> bool:
    return ("phone" in earlier and left.phone is not None and left.phone == right.phone) or (
        "document" in earlier and not left.documents.isdisjoint(right.documents)
    )
