"""The first half of a search: people whose numbers, dates and names agree with what was typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import Final

from registrar_tui.services import search_people as people
from registrar_tui.services import surname_memory
from registrar_tui.services.prepared import Reader
from registrar_tui.services.search_keys import one_typo_from_start
from registrar_tui.services.search_namesakes import Namesakes
from registrar_tui.services.search_numbers import TAILS, Number, NumberKind
from registrar_tui.services.search_people import Person
from registrar_tui.services.search_query import (
    PATRONYMIC,
    Birth,
    Names,
    Query,
    name_readings,
    regrouped,
)
from registrar_tui.services.search_sound import sound
from registrar_tui.services.search_ways import POOL
from registrar_tui.services.search_words import why_names, why_number

SIMILAR_READ: Final = 3 * POOL
_BY_TURNS: Final = 5
_WORDS_BY_TAIL: Final = 3
_SHORTEST_WITH_TYPO: Final = 4
_SHORTEST_GIVEN: Final = 3
WHOLE_NUMBER, _SAME, _BEGINNING, SIMILAR = range(4)


@dataclass(slots=True)
class Hit:
    """One person found: the better, the less its tier, its distance, and names only begun."""

    person: Person
    tier: int
    distance: int
    begun: bool
    reason: str | Callable[[Person], str]

    @property
    def why(self) -> str:
        """Return why the person was found; worded for the few that are shown."""
        return self.reason if isinstance(self.reason, str) else self.reason(self.person)


class Finder:
    """Collects the hits of one query; `reading` is the order of names that gave the first of them."""

    def __init__(self, reader: Reader, query: Query, limit: int, branch_id: int | None) -> None:
        self.hits: dict[int, Hit] = {}
        self.reading: Names | None = None
        self.full = False
        self._reader = reader
        self.query = query
        self._limit = limit
        self._most = max(POOL, limit + 1)
        self._groups = [group for group in (query.tokens,) if 0 < len(group) <= 3] + regrouped(query.tokens)
        words = {word for group in self._groups for word in group if len(word) > 1}
        self._namesakes = Namesakes(reader, words, limit, branch_id)
        self._shared: dict[str, dict[NumberKind, list[Person]]] = {}
        self._ended: dict[tuple[Number, int, tuple[str, ...]], list[Person]] = {}
        self._orders: dict[tuple[str, ...], list[Names]] = {}

    def find_certain(self) -> None:
        """Add people whose numbers, dates and names agree with what was typed."""
        query = self.query
        for number in query.numbers:
            # Of as many digits as a passport or a СНИЛС, old policies are few: looked for where those fail.
            rare = number.kind is NumberKind.POLICY and len(number.value) in (10, 11)
            if number.kind not in TAILS and not (rare and self.hits):
                found = people.by_number(self._reader, number.kind, number.value)
                self._add(found, WHOLE_NUMBER, why_number(number.kind, number.value))
        if query.tokens and self.hits:
            return
        tails = self._tails()
        meanings = [partial(self._find_born, birth) for birth in query.births]
        meanings += [partial(self._find_tail, tail) for tail in tails]
        if query.tokens and not meanings:
            self._find_named(None)
        self._find_each(meanings)

    def find_unlikely(self) -> None:
        """Add people by the meanings that were not worth a look while there were others."""
        self._find_each([partial(self._find_tail, tail) for tail in self.query.unlikely])

    def _readings(self, group: tuple[str, ...]) -> list[Names]:
        """Return the orders of names of a group, found out once."""
        if group not in self._orders:
            self._orders[group] = name_readings(group)
        return self._orders[group]

    def _tails(self) -> list[Number]:
        return [number for number in self.query.numbers if number.kind in TAILS]

    def _find_each(self, meanings: Sequence[Callable[[], None]]) -> None:
        """Show every meaning of the digits: people by turns, as many of each as the page can hold.

        «1958» is a year to thousands, who would otherwise hide those whose phone or policy ends so.
        """
        found: list[list[Hit]] = []
        for meaning in meanings:
            known = len(self.hits)
            meaning()
            if len(self.hits) > known:
                found.append(list(self.hits.values())[known:])
        if len(found) < 2:
            return
        share = max(1, self._limit // len(found))
        for hits in found:
            hits.sort(key=lambda hit: (hit.tier, hit.distance, hit.begun))
            for place, hit in enumerate(hits):
                hit.distance += place // share

    def _add(
        self,
        found: Iterable[Person],
        tier: int,
        why: str | Callable[[Person], str],
        names: Names | None = None,
        distances: dict[str, int] | None = None,
    ) -> int:
        added = 0
        named = names or Names()
        for person in found:
            if person.id in self.hits:
                continue
            worse = tier == _SAME and named.last != person.last_key
            begun = not (_whole(named.first, person.first_key) and _whole(named.middle, person.middle_key))
            distance = distances.get(person.last_key, 0) if distances else 0
            self.hits[person.id] = Hit(person, _BEGINNING if worse else tier, distance, begun, why)
            added += 1
        if added and self.reading is None:
            self.reading = names
        return added

    def _find_born(self, birth: Birth) -> None:
        if self.query.tokens:
            self._find_named(birth)
            return
        found = people.by_birth(self._reader, birth, self._most)
        self._note_full(found)
        self._add(found, _BEGINNING, why_names(self.query, birth))

    def _find_tail(self, tail: Number, *, typos: bool = False) -> None:
        why = why_number(*tail)
        if not self.query.tokens:
            self._add(self._shares(tail)[tail.kind], _BEGINNING, why)
        elif typos:
            found = self._ending_so(tail, SIMILAR_READ)
            self._add_fitting(found, None, why, typos=True)
        else:
            found = self._ending_so(tail, self._most, self.query.tokens[:_WORDS_BY_TAIL])
            self._add_fitting(found, None, why, typos=False)

    def _shares(self, tail: Number) -> dict[NumberKind, list[Person]]:
        """Return people by the end of a number: of all that the digits may be, each its share of the page."""
        if tail.value not in self._shared:
            owners = people.owners_by_tails(self._reader, self._kinds_of(tail), tail.value, self._limit + 1)
            self.full = self.full or any(len(some) > self._limit for some in owners.values())
            meanings = sum(map(bool, owners.values())) + bool(self.hits)
            share = self._limit // max(1, meanings) + 1
            wanted = sorted({number for some in owners.values() for number in some[:share]})
            read = {one.id: one for one in people.by_ids(self._reader, wanted)}
            self._shared[tail.value] = {
                kind: [read[number] for number in some[:share] if number in read]
                for kind, some in owners.items()
            }
        return self._shared[tail.value]

    def _ending_so(self, tail: Number, most: int, words: tuple[str, ...] = ()) -> Sequence[Person]:
        """Return people by the end of a number; all that the digits may be are asked about at once."""
        if (tail, most, words) not in self._ended:
            found = people.by_tails(self._reader, self._kinds_of(tail), tail.value, most, words)
            self._ended |= {(Number(kind, tail.value), most, words): some for kind, some in found.items()}
        return self._ended[tail, most, words]

    def _kinds_of(self, tail: Number) -> list[NumberKind]:
        meant = self.query.unlikely if tail in self.query.unlikely else self._tails()
        return [number.kind for number in meant if number.value == tail.value]

    def _add_fitting(self, found: Sequence[Person], birth: Birth | None, also: str, *, typos: bool) -> None:
        for person in found:
            names = self._fitting(person, typos=typos)
            if names is None:
                continue
            words = why_names(self.query, birth, person.last_name if typos else "")
            reason = f"{words}, {also}" if also else words
            self._add([person], SIMILAR if typos else _SAME, reason, names)

    def _fitting(self, person: Person, *, typos: bool) -> Names | None:
        keys = (person.last_key, person.first_key, person.middle_key)
        for group in self._groups:
            agreed = [[agrees(word, key, typos) for key in keys] for word in group]
            if not all(map(any, agreed)):
                continue
            for places in permutations(range(3), len(group)):
                if all(agreed[which][place] for which, place in enumerate(places)):
                    return Names(
                        *(group[places.index(place)] if place in places else "" for place in range(3))
                    )
        return None

    def _note_full(self, found: Sequence[Person]) -> None:
        self.full = self.full or len(found) >= self._most

    def _find_named(self, birth: Birth | None) -> None:
        why = why_names(self.query, birth)
        for group in self._groups:
            known = len(self.hits)
            readings = [names for names in self._readings(group) if self._may_be(names)]
            for place, names in enumerate(readings):
                if len(self.hits) > known and not self._is_given(names.first):
                    break
                found = self._namesakes.people(names, birth)
                self._note_full(found)
                self._add(found, _SAME if names.last else _BEGINNING, why, names)
                added = len(self.hits) - known
                # Two words are ambiguous («иван петр»), so that the second order is looked at as well.
                if added and (len(group) != 2 or place > 0 or added >= self._limit):
                    break
            if len(self.hits) > known:
                if group is self._groups[0]:
                    self._find_initials(birth)
                return

    def _find_initials(self, birth: Birth | None) -> None:
        """Add people by two letters that the words in order took for a beginning: «ив» may be И. В.

        Capitals are initials first of all; small letters may be either, and both are shown by turns.
        """
        joined = [group for group in self._groups[1:] if [len(name) for name in group[1:]] == [1, 1]]
        if not joined or self.query.tokens in joined:
            return
        before = list(self.hits.values())
        for group in joined:
            names = Names(*group)
            if self._may_be(names):
                self._add(self._namesakes.people(names, birth), _SAME, why_names(self.query, birth), names)
        capitals = any(word.isupper() and len(word) == 2 for word in self.query.typed)
        added = list(self.hits.values())[len(before) :]
        for place, hit in enumerate(before):
            hit.distance = 1 if capitals and added else place // _BY_TURNS
        for place, hit in enumerate(added):
            hit.distance = 0 if capitals else place // _BY_TURNS

    def _may_be(self, names: Names) -> bool:
        """Tell whether people need to be asked: the dictionary knows no such surname, nobody bears it."""
        if not names.last:
            # Reading through all of one pair of initials is dear: the words must look like given names.
            short = min(len(names.first), len(names.middle)) <= _SHORTEST_GIVEN
            return short or PATRONYMIC(names.middle) is not None
        # A lone word is asked for in any case: whoever the dictionary has lost is found by it.
        return len(self.query.tokens) == 1 or bool(self._namesakes.surnames(names.last))

    def _is_given(self, start: str) -> bool:
        """Tell whether a common first name begins so: only then a second order of words is worth a look."""
        return any(name.startswith(start) for name in surname_memory.common_given_names(self._reader))


def makes_sense(reader: Reader, query: Query) -> bool:
    """Tell whether any word begins a surname: Russian text read as Latin hardly ever does."""
    return any(len(word) > 1 and surname_memory.begins(reader, word) for word in query.tokens)


def _whole(typed: str, key: str) -> bool:
    return len(typed) <= 1 or typed == key


def agrees(typed: str, key: str, typos: bool) -> bool:
    """Tell whether what was typed is the beginning of a folded name, with `typos` perhaps misspelt."""
    if key.startswith(typed):
        return True
    if not typos or len(typed) < _SHORTEST_GIVEN:
        return False
    if one_typo_from_start(typed, key):
        return True
    return len(typed) >= _SHORTEST_WITH_TYPO and (key.endswith(typed) or sound(key) == sound(typed))
