"""The surname dictionary in memory, for names two typos apart: those have no key in the base to share.

Once it is there, frequent letters in the middle of a name are looked for in it too: «анов» stands in
thousands of names, whose trigrams take the base up to 15 ms to join, a text of all names 2 ms to read.

Loading 95,000 surnames takes a quarter of a second, once for each engine; from then on a search asks the base
only for surnames added since. A surname that has left the dictionary stays here and leads to nobody. Long
work is done in pieces of a few milliseconds: a thread that is busy in C would hold up the echo of keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from threading import Lock
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, bindparam, select
from sqlmodel import Session

from registrar_tui.models import Surname
from registrar_tui.services import surname_index
from registrar_tui.services.search_people import first_names_of
from registrar_tui.services.search_sound import first_sound, sound, sounds
from registrar_tui.services.search_statements import Question
from registrar_tui.services.surname_index import LARGE, Similar, learn_sizes

_FURTHEST: Final = 2
_NEIGHBOURS: Final = 400
_START: Final = 3
_END: Final = 4
_FREQUENT: Final = 6
_SURNAME: Final = Surname.metadata.tables["surname"].c
_FREQUENT_LETTERS: Final = 500
_PIECE: Final = 4000
_FROM_ID: Final = Question(
    select(_SURNAME.id, _SURNAME.name, _SURNAME.people)
    .where(_SURNAME.id >= bindparam("known"))
    .order_by(_SURNAME.id)
    .limit(bindparam("most"))
)
_MOST_FREQUENT: Final = Question(
    select(_SURNAME.name).order_by(_SURNAME.people.desc()).limit(bindparam("most"))
)


class Near(NamedTuple):
    """A surname and how far it is from what was typed; 0 sounds alike."""

    name: str
    people: int
    distance: int


class _Memory:
    """Surnames by length (two typos change it by two at most), by beginning, by end, by sound."""

    def __init__(self) -> None:
        self.people: dict[str, int] = {}
        self.last = (0, "")
        self.alike: dict[str, list[str]] = {}
        self.texts: list[str] = []
        """Names a line each, a piece at a time."""
        self._by_length: dict[int, list[str]] = {}
        self._by_start: dict[str, list[str]] = {}
        self._by_end: dict[str, list[str]] = {}

    def learn(self, rows: Sequence[Any]) -> None:
        fresh = [row[1] for row in rows if row[1] not in self.people]
        self.texts.append("".join(f"\n{name}" for name in fresh) + "\n")
        for (number, name, people), heard in zip(rows, sounds([row[1] for row in rows]), strict=True):
            if name not in self.people:
                self.alike.setdefault(heard, []).append(name)
                self._by_length.setdefault(len(name), []).append(name)
                self._by_start.setdefault(name[:_START], []).append(name)
                self._by_end.setdefault(_end(name), []).append(name)
            self.people[name] = people
            self.last = (number, name)

    def all_around(self, word: str) -> list[list[str]]:
        lengths = range(len(word) - _FURTHEST, len(word) + _FURTHEST + 1)
        return [self._by_length[length] for length in lengths if length in self._by_length]

    def with_part(self, part: str) -> Iterator[str]:
        for text in self.texts:
            place = text.find(part)
            while place >= 0:
                end = text.index("\n", place)
                yield text[text.rindex("\n", 0, place) + 1 : end]
                place = text.find(part, end)

    def likeliest(self, word: str) -> list[list[str]]:
        return [self._by_start.get(word[:_START], []), self._by_end.get(_end(word), [])]


def _end(name: str) -> str:
    return first_sound(name) + name[-_END:]


# Caches and not state: they may be lost at any moment.
_LOADED: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()
_GIVEN: WeakKeyDictionary[Engine, frozenset[str]] = WeakKeyDictionary()
_LOADING: Final = Lock()


def two_typos(session: Session, word: str, *, likeliest: bool = False) -> list[Near]:
    """Return surnames at most two typos apart or sounding alike, the nearest first.

    `likeliest` looks only at surnames with the same three letters at the start, or the same first sound and
    four letters at the end: four names in five for a hundredth of the work.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    memory = _memory(session)
    shelves = memory.likeliest(word) if likeliest else memory.all_around(word)
    distances: dict[str, int] = {}
    for names in (piece for shelf in shelves for piece in _pieces(shelf)):
        found = process.extract(word, names, scorer=OSA.distance, score_cutoff=_FURTHEST, limit=_NEIGHBOURS)
        distances.update((name, int(distance)) for name, distance, _ in found)
    distances.update(dict.fromkeys(memory.alike.get(sound(word), ()), 0))
    near = [Near(name, memory.people[name], distance) for name, distance in distances.items()]
    return sorted(near, key=lambda one: (one.distance, -one.people, one.name))


def common_given_names(session: Session) -> frozenset[str]:
    """Return the first names of the bearers of the most frequent surnames: nearly all that are in use."""
    engine = session.get_bind().engine
    if not (known := _GIVEN.get(engine, frozenset())):
        frequent = [name for (name,) in _MOST_FREQUENT.run(session, {"most": _FREQUENT})]
        known = frozenset(name for surname in frequent for name in first_names_of(session, surname))
        _GIVEN[engine] = known
    return known


def prepare(session: Session) -> None:
    """Load what is kept in memory, so that the first misspelt name need not wait for it."""
    common_given_names(session)
    learn_sizes(session)
    _memory(session)


def containing(session: Session, part: str) -> list[Similar]:
    """Return surnames with these letters (three or more) in a row anywhere, the most frequent first.

    The memory answers for frequent letters and if it is loaded: the base is quicker to find rare ones.
    """
    loaded = session.get_bind().engine in _LOADED
    if not loaded or surname_index.rarest(session, part) < _FREQUENT_LETTERS:
        return surname_index.containing(session, part)
    memory = _memory(session)
    found = [Similar(name, memory.people[name]) for name in islice(memory.with_part(part), LARGE)]
    return sorted(found, key=lambda one: (-one.people, one.name))


def as_near(rows: Iterable[Similar], word: str, distance: int) -> list[Near]:
    """Return surnames of the base as neighbours at that distance, or at none where they sound alike."""
    typed = sound(word)
    return [Near(name, people, 0 if sound(name) == typed else distance) for name, people in rows]


def _memory(session: Session) -> _Memory:
    """Return the dictionary kept beside its engine, topped up by what was added since."""
    engine = session.get_bind().engine
    with _LOADING:
        known = _LOADED.get(engine) or _Memory()
        rows = _added(session, known)
        if known.people and (not rows or rows[0][1] != known.last[1]):
            # The last name we knew has gone: the dictionary was shortened or rebuilt.
            known = _Memory()
            rows = _added(session, known)
        while len(rows) > 1 or (rows and not known.people):
            known.learn(rows)
            rows = _added(session, known)
        _LOADED[engine] = known
    return known


def _added(session: Session, known: _Memory) -> list[tuple[Any, ...]]:
    """Return the last surname known and some of those after it."""
    return _FROM_ID.run(session, {"known": known.last[0], "most": _PIECE})


def _pieces(names: list[str]) -> Iterator[list[str]]:
    return (names[start : start + _PIECE] for start in range(0, len(names), _PIECE))
