"""The surname dictionary in memory: what a desk asks of it at every key costs no way to the base.

Names two typos apart have no key in the base to share, so that they are looked for here alone. Loading 95,000
surnames takes half a second, once for each engine, on a thread of its own; from then on a search asks the
base only for surnames added since. Until it is loaded, and in a command that ends with its answer, the base
answers instead.

What is kept may lag behind the base, and only in harmless ways: a surname that has left the dictionary leads
to nobody, and «nobody is called so» is believed of the base alone, except of text in the wrong layout. Long
work is done in pieces of a few milliseconds: a thread that is busy in C would hold up the echo of keys.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from threading import Lock
from time import monotonic, sleep
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, bindparam, select

from registrar_tui.models import Surname
from registrar_tui.services import surname_index
from registrar_tui.services.prepared import Reader, engine_of
from registrar_tui.services.search_people import first_names_of
from registrar_tui.services.search_sound import first_sound, sound, sounds
from registrar_tui.services.search_statements import Question
from registrar_tui.services.surname_index import END, LARGE, Similar, trigrams

_FURTHEST: Final = 2
_NEIGHBOURS: Final = 400
_BEGINNING: Final = 2
_START: Final = 3
_END: Final = 4
_FREQUENT: Final = 6
_PIECE: Final = 4000
_SLICE: Final = 200
_BREATH: Final = 0.001
_REFRESHED_EVERY: Final = 1.0
_SETTLED_AFTER: Final = 60.0
"""Seconds after which no transaction is under way that could still add a lower number (PostgreSQL)."""
_SURNAME: Final = Surname.metadata.tables["surname"].c
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
    """Surnames by beginning, by end, by length (two typos change it by two at most), by sound, by trigram."""

    def __init__(self) -> None:
        self.people: dict[str, int] = {}
        self.last = (0, "")
        self.settled = self._settling = self.last
        self.asked = self._settling_since = monotonic()
        self.alike: dict[str, list[str]] = {}
        self._names: list[str] = []
        self._with: dict[str, array[int]] = {}
        """The places in `_names` of those with three letters in a row."""
        self._by_length: dict[int, list[str]] = {}
        self._by_start: dict[str, list[str]] = {}
        self._by_end: dict[str, list[str]] = {}
        self._begun: dict[str, list[str]] = {}
        self._unsorted: set[str] = set()

    def learn(self, rows: Sequence[Any]) -> None:
        for (number, name, people), heard in zip(rows, sounds([row[1] for row in rows]), strict=True):
            fresh = name not in self.people
            self.people[name] = people
            if fresh:
                self._take(name, heard)
            self.last = (number, name)

    def settle_all(self) -> None:
        """Take everything for final: it was read at once."""
        self.settled = self._settling = self.last

    def settle(self) -> None:
        """Take for final what was learned a while ago: it need not be read again."""
        if monotonic() - self._settling_since > _SETTLED_AFTER:
            self.settled, self._settling = self._settling, self.last
            self._settling_since = monotonic()

    def _take(self, name: str, heard: str) -> None:
        # Whoever reads meanwhile must find a name wherever its place is told.
        place = len(self._names)
        self._names.append(name)
        self.alike.setdefault(heard, []).append(name)
        self._by_length.setdefault(len(name), []).append(name)
        self._by_start.setdefault(name[:_START], []).append(name)
        self._by_end.setdefault(_end(name), []).append(name)
        self._begun.setdefault(name[:_BEGINNING], []).append(name)
        self._unsorted.add(name[:_BEGINNING])
        for trigram in trigrams(name):
            if (places := self._with.get(trigram)) is None:
                places = self._with[trigram] = array("L")
            places.append(place)

    def begun(self, start: str, most: int) -> list[str]:
        """Return the first names that begin so, in alphabetical order."""
        found: list[str] = []
        for shelf, first, last in self._places(start):
            found += shelf[first : min(last, first + most - len(found))]
            if len(found) >= most:
                break
        return found

    def count(self, start: str) -> int:
        return sum(last - first for _, first, last in self._places(start))

    def _places(self, start: str) -> Iterator[tuple[list[str], int, int]]:
        if len(start) >= _BEGINNING:
            shelf = self._shelf(start[:_BEGINNING])
            yield shelf, bisect_left(shelf, start), bisect_left(shelf, start + END)
            return
        for key in sorted(key for key in self._begun if key.startswith(start)):
            shelf = self._shelf(key)
            yield shelf, 0, len(shelf)

    def _shelf(self, key: str) -> list[str]:
        if key in self._unsorted:
            with _LEARNING:
                self._begun[key] = sorted(self._begun[key])
                self._unsorted.discard(key)
        return self._begun.get(key, [])

    def with_part(self, part: str) -> Iterator[str]:
        rarest = min((self._with.get(key, ()) for key in trigrams(part)), key=len)
        return (name for place in rarest if part in (name := self._names[place]))

    def all_around(self, word: str) -> list[list[str]]:
        lengths = range(len(word) - _FURTHEST, len(word) + _FURTHEST + 1)
        return [self._by_length[length] for length in lengths if length in self._by_length]

    def likeliest(self, word: str) -> list[list[str]]:
        return [self._by_start.get(word[:_START], []), self._by_end.get(_end(word), [])]


def _end(name: str) -> str:
    return first_sound(name) + name[-_END:]


# Caches and not state: they may be lost at any moment.
_LOADED: WeakKeyDictionary[Engine, _Memory] = WeakKeyDictionary()
_GIVEN: WeakKeyDictionary[Engine, frozenset[str]] = WeakKeyDictionary()
_LEARNING: Final = Lock()


def prepare(reader: Reader) -> None:
    """Load what is kept in memory, so that the first misspelt name need not wait for it."""
    common_given_names(reader)
    _memory(reader, gently=True)


def refresh(reader: Reader) -> None:
    """Learn the surnames added since, at most once a second; nothing is loaded that was not before."""
    engine = engine_of(reader)
    known = _LOADED.get(engine)
    if known is None or monotonic() - known.asked < _REFRESHED_EVERY:
        return
    with _LEARNING:
        known.asked = monotonic()
        if _learn(reader, known, known.settled):
            known.settle()
            return
        # The last surname that was sure has gone: the dictionary was shortened or built anew.
        known = _Memory()
        _learn(reader, known, known.last)
        known.settle_all()
        _LOADED[engine] = known


def starting(reader: Reader, start: str, most: int) -> list[str]:
    """Return the surnames that begin so, in alphabetical order."""
    return starting_each(reader, [start], most)[start]


def starting_each(reader: Reader, starts: Sequence[str], most: int) -> dict[str, list[str]]:
    """Return the surnames that begin with each of some beginnings, in alphabetical order."""
    known = _LOADED.get(engine_of(reader)) or _Memory()
    found = {start: known.begun(start, most) for start in starts}
    strange = [start for start, names in found.items() if not names]
    return {**found, **surname_index.starting_each(reader, strange, most)}


def begins(reader: Reader, start: str) -> bool:
    """Tell whether any surname begins so, for a guess: one added within the last second may be missed."""
    known = _LOADED.get(engine_of(reader))
    return bool(known.begun(start, 1) if known else surname_index.starting_each(reader, [start], 1)[start])


def crowded(reader: Reader, start: str, many: int) -> bool:
    """Tell whether so many surnames, or more, begin so."""
    known = _LOADED.get(engine_of(reader))
    if known is None:
        return surname_index.crowded(reader, start, many)
    return known.count(start) >= many


def containing(reader: Reader, part: str) -> list[Similar]:
    """Return surnames with these letters (three or more) in a row anywhere, the most frequent first."""
    known = _LOADED.get(engine_of(reader))
    if known is None or not trigrams(part):
        return surname_index.containing(reader, part)
    found = [Similar(name, known.people[name]) for name in islice(known.with_part(part), LARGE)]
    return sorted(found, key=lambda one: (-one.people, one.name))


def two_typos(reader: Reader, word: str, *, likeliest: bool = False) -> list[Near]:
    """Return surnames at most two typos apart or sounding alike, the nearest first.

    `likeliest` looks only at surnames with the same three letters at the start, or the same first sound and
    four letters at the end: four names in five for a hundredth of the work.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    memory = _memory(reader)
    shelves = memory.likeliest(word) if likeliest else memory.all_around(word)
    distances: dict[str, int] = {}
    for names in (piece for shelf in shelves for piece in _pieces(shelf)):
        found = process.extract(word, names, scorer=OSA.distance, score_cutoff=_FURTHEST, limit=_NEIGHBOURS)
        distances.update((name, int(distance)) for name, distance, _ in found)
    distances.update(dict.fromkeys(memory.alike.get(sound(word), ()), 0))
    near = [Near(name, memory.people[name], distance) for name, distance in distances.items()]
    return sorted(near, key=lambda one: (one.distance, -one.people, one.name))


def common_given_names(reader: Reader) -> frozenset[str]:
    """Return the first names of the bearers of the most frequent surnames: nearly all that are in use."""
    engine = engine_of(reader)
    if not (known := _GIVEN.get(engine, frozenset())):
        frequent = [name for (name,) in _MOST_FREQUENT.run(reader, {"most": _FREQUENT})]
        known = frozenset(name for surname in frequent for name in first_names_of(reader, surname))
        _GIVEN[engine] = known
    return known


def as_near(rows: Iterable[Similar], word: str, distance: int) -> list[Near]:
    """Return surnames of the base as neighbours at that distance, or at none where they sound alike."""
    typed = sound(word)
    return [Near(name, people, 0 if sound(name) == typed else distance) for name, people in rows]


def _memory(reader: Reader, *, gently: bool = False) -> _Memory:
    """Return the dictionary kept beside its engine, loaded at the first use."""
    engine = engine_of(reader)
    if (known := _LOADED.get(engine)) is None:
        with _LEARNING:
            if (known := _LOADED.get(engine)) is None:
                known = _Memory()
                _learn(reader, known, known.last, gently=gently)
                known.settle_all()
                _LOADED[engine] = known
    return known


def _learn(reader: Reader, known: _Memory, since: tuple[int, str], *, gently: bool = False) -> bool:
    """Learn what comes after a surname of the base; tell whether that one is there, as it was.

    `gently`: others are let in between. Who waits for the interpreter after each question to the base waits
    five milliseconds for a thread that never pauses: a search while it is loaded took 200 instead of 55.
    """
    rows = _FROM_ID.run(reader, {"known": since[0], "most": _PIECE})
    sound = since == (0, "") or bool(rows and rows[0][:2] == since)
    while sound and rows:
        for start in range(0, len(rows), _SLICE):
            known.learn(rows[start : start + _SLICE])
            if gently:
                sleep(_BREATH)
        rows = _FROM_ID.run(reader, {"known": rows[-1][0] + 1, "most": _PIECE}) if len(rows) == _PIECE else []
    return sound


def _pieces(names: list[str]) -> Iterator[list[str]]:
    return (names[start : start + _PIECE] for start in range(0, len(names), _PIECE))
