"""One search as a series of steps, from whole numbers to similar surnames; each adds hits of a worse tier."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final

from sqlmodel import Session

from registrar_tui.services import search_people as people
from registrar_tui.services import surname_index, surname_memory
from registrar_tui.services.search_keys import has_cyrillic, one_typo_apart, one_typo_from_start
from registrar_tui.services.search_people import POOL, Person
from registrar_tui.services.search_query import (
    PATRONYMIC,
    Birth,
    Names,
    NumberKind,
    Query,
    name_readings,
    regrouped,
)
from registrar_tui.services.search_sound import sound
from registrar_tui.services.search_statements import MOST_LISTED
from registrar_tui.services.search_words import why_names, why_number
from registrar_tui.services.surname_memory import Near, as_near

_SIMILAR_SHOWN: Final = 5
_SIMILAR_READ: Final = 3 * POOL
_BY_TURNS: Final = 5
_SHORTEST_WITH_TYPO: Final = 4
_SHORTEST_GIVEN: Final = 3
_SHORTEST_INSIDE: Final = 3
_SHORTEST_UNFINISHED: Final = 5
_SHORTEST_TWO_TYPOS: Final = 6
WHOLE_NUMBER, _SAME, _BEGINNING, _SIMILAR = range(4)


@dataclass(slots=True)
class Hit:
    """One person found; the worse the greater its tier, then its distance, then where names are only begun."""

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

    def __init__(self, session: Session, query: Query, limit: int) -> None:
        self.hits: dict[int, Hit] = {}
        self.reading: Names | None = None
        self.full = False
        self._session = session
        self.query = query
        self._limit = limit
        self._most = max(POOL, limit + 1)
        self._groups = [group for group in (query.tokens,) if 0 < len(group) <= 3] + regrouped(query.tokens)
        self._known: dict[str, list[str]] = {}

    def makes_sense(self) -> bool:
        """Tell whether any word begins a surname: Russian text read as Latin hardly ever does."""
        return any(len(word) > 1 and self._surnames(word) for word in self.query.tokens)

    def find_certain(self) -> None:
        """Add people whose numbers, dates and names agree with what was typed."""
        query = self.query
        for number in query.numbers:
            if number.kind is not NumberKind.TAIL:
                found = people.by_number(self._session, number.kind, number.value)
                self._add(found, WHOLE_NUMBER, why_number(number.kind, number.value))
        if query.tokens and self.hits:
            return
        tails = self._tails()
        for birth in query.births:
            self._find_born(birth)
        for tail in tails:
            self._find_phone(tail, typos=False)
        if query.tokens and not (query.births or tails):
            self._find_named(None)

    def find_similar(self) -> None:
        """Add people whose names differ by a typo or two, likeliest guess first, until one of them gives any.

        After certain hits only the surname they were found by is taken for misspelt.
        """
        if not has_cyrillic("".join(self.query.tokens)):
            return
        births: list[Birth] = list(self.query.births)
        tails = self._tails()
        if self.hits and any(birth.exact for birth in births):
            return  # a name and a birthday that agree are the person
        for birth in self.query.births:
            if birth.exact:
                self._find_born_misspelt(birth)
                births.remove(birth)
        if not self.query.births:
            for tail in tails:
                self._find_phone(tail, typos=True)
        dated: list[Birth | None] = [*births] if self.query.births or tails else [None]
        known = len(self.hits)
        guesses = (self._given_name_typo, self._misspelt, self._unfinished, self._two_typos)
        if known:
            guesses = (self._misspelt,)
        for guess in guesses:
            for limit in dated:
                guess(limit)
            if len(self.hits) > known:
                return

    def _tails(self) -> list[str]:
        return [number.value for number in self.query.numbers if number.kind is NumberKind.TAIL]

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
        if birth.exact:
            found = people.by_days(self._session, Names(), birth, self._most)
        else:
            found = people.by_year(self._session, birth, self._most)
        self._note_full(found)
        self._add(found, _BEGINNING, why_names(self.query, birth))

    def _find_born_misspelt(self, birth: Birth) -> None:
        """Compare the names of all who share a birthday: some thirty people of a million."""
        found = people.by_days(self._session, Names(), birth, people.BORN_THAT_DAY)
        self._add_fitting(found, birth, "", typos=True)

    def _find_phone(self, tail: str, *, typos: bool) -> None:
        phone = why_number(NumberKind.TAIL, tail)
        if not self.query.tokens:
            found = people.by_phone(self._session, tail, self._most)
            self._note_full(found)
            self._add(found, _BEGINNING, phone)
        elif typos:
            found = people.by_phone(self._session, tail, _SIMILAR_READ)
            self._add_fitting(found, None, phone, typos=True)
        else:
            for group in self._groups:
                found = people.by_phone_and_names(self._session, tail, group, self._most)
                self._add_fitting(found, None, phone, typos=False)

    def _add_fitting(self, found: Sequence[Person], birth: Birth | None, also: str, *, typos: bool) -> None:
        for person in found:
            names = self._fitting(person, typos=typos)
            if names is None:
                continue
            words = why_names(self.query, birth, person.last_name if typos else "")
            reason = f"{words}, {also}" if also else words
            self._add([person], _SIMILAR if typos else _SAME, reason, names)

    def _fitting(self, person: Person, *, typos: bool) -> Names | None:
        keys = (person.last_key, person.first_key, person.middle_key)
        for group in self._groups:
            agreed = [[_agrees(word, key, typos) for key in keys] for word in group]
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
            readings = [names for names in name_readings(group) if self._may_be(names)]
            for place, names in enumerate(readings):
                found = self._people(names, birth)
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
        """Add people by two letters typed together, which the words in order took for a beginning: «ив», И. В.

        Capitals are initials first of all; small letters may be either, and both are shown by turns.
        """
        joined = [group for group in self._groups[1:] if [len(name) for name in group[1:]] == [1, 1]]
        if not joined or self.query.tokens in joined:
            return
        before = list(self.hits.values())
        for group in joined:
            names = Names(*group)
            if self._may_be(names):
                self._add(self._people(names, birth), _SAME, why_names(self.query, birth), names)
        capitals = any(word.isupper() and len(word) == 2 for word in self.query.typed)
        added = list(self.hits.values())[len(before) :]
        for place, hit in enumerate(before):
            hit.distance = 1 if capitals and added else place // _BY_TURNS
        for place, hit in enumerate(added):
            hit.distance = 0 if capitals else place // _BY_TURNS

    def _surnames(self, start: str) -> list[str]:
        """Return the first two surnames of the dictionary that begin so: they tell of none, one and exact."""
        if start not in self._known:
            self._known[start] = surname_index.starting(self._session, start, 2)
        return self._known[start]

    def _may_be(self, names: Names) -> bool:
        """Tell whether people need to be asked: the dictionary knows no such surname, nobody bears it."""
        if not names.last:
            # Reading through all of one pair of initials is dear: the words must look like given names.
            short = min(len(names.first), len(names.middle)) <= _SHORTEST_GIVEN
            return short or PATRONYMIC(names.middle) is not None
        return not (names.first or names.middle) or bool(self._surnames(names.last))

    def _people(self, names: Names, birth: Birth | None) -> Sequence[Person]:
        session, most = self._session, self._most
        if not names.last:
            return people.by_given_names(session, names, birth, most)
        if names.middle:
            return people.by_initials(session, names, birth, most)
        if not (names.first or birth):
            return people.by_last(session, names.last, most)
        if not surname_index.crowded(self._session, names.last, people.SURNAMES_ENTERED):
            same = self._bearers_of(names, birth)
            if len(same) >= self._limit:
                return same
            return [*same, *people.by_start(session, names, birth, most)]
        if birth is None:
            return people.by_initials(session, names, birth, most)
        return sorted(people.by_days(session, names, birth, most), key=lambda one: one.last_key)

    def _bearers_of(self, names: Names, birth: Birth | None) -> Sequence[Person]:
        """Return the people with exactly this surname, where longer ones might crowd them out."""
        known = self._surnames(names.last)
        if known[:1] != [names.last] or len(known) == 1:
            return []
        return people.by_surnames(self._session, [names.last], names, birth, self._most)

    def _misspelt(self, birth: Birth | None) -> None:
        """Add bearers of surnames one typo away, or with the word inside, or two typos away.

        They are weighed together: a wrong surname is often one typo from a third one, whose bearers would
        otherwise hide the person meant.
        """
        words = {word for group in self._groups for word in group if len(word) >= _SHORTEST_WITH_TYPO}
        if self.reading is not None:
            words &= {self.reading.last}
        agreed = (
            self.reading is not None and len(self.query.tokens) > 2
        )  # three names that agree are the person
        near = {
            word: as_near((row for row in rows if not row.name.startswith(word)), word, 1)
            for word, rows in surname_index.one_typo(self._session, () if agreed else words).items()
        }
        whole = self.query.tokens if self.reading is None else tuple(words)
        for word in whole:
            if len(word) >= _SHORTEST_INSIDE and not PATRONYMIC(word):
                near.setdefault(word, []).extend(self._inside(word))
        if self.reading is None and (birth or len(self.query.tokens) > 1):
            for word in self._strange(_SHORTEST_TWO_TYPOS):
                far = surname_memory.two_typos(self._session, word, likeliest=True)
                near.setdefault(word, []).extend(far)
        self._add_similar(near, birth)

    def _inside(self, word: str) -> list[Near]:
        """Return surnames with the word inside, those that end with it first: the second of a double one."""
        found = surname_index.containing(self._session, word)
        if self.reading is not None:
            found = [row for row in found if row.name.endswith(word) and row.name != word]
        return [Near(row.name, row.people, 1 if row.name.endswith(word) else 2) for row in found]

    def _unfinished(self, birth: Birth | None) -> None:
        found = {
            word: as_near(surname_index.one_typo_unfinished(self._session, word), word, 1)
            for word in self._strange(_SHORTEST_UNFINISHED)
        }
        self._add_similar(found, birth)

    def _two_typos(self, birth: Birth | None) -> None:
        words = self._strange(_SHORTEST_WITH_TYPO + 1)
        self._add_similar({word: surname_memory.two_typos(self._session, word) for word in words}, birth)

    def _strange(self, shortest: int) -> list[str]:
        """Return the words that begin no surname (a typo makes them strange), or all if each begins some."""
        words = [word for word in self.query.tokens if len(word) >= shortest]
        strange = [word for word in words if not self._surnames(word)]
        return strange or words

    def _add_similar(self, near: dict[str, list[Near]], birth: Birth | None) -> None:
        for group in self._groups:
            for names in name_readings(group):
                surnames = nearest(near.get(names.last, ()))
                if surnames:
                    distances = {one.name: one.distance for one in surnames}
                    found = self._bearers(surnames, names, birth)
                    self._add(found, _SIMILAR, self._why_similar(names, birth), names, distances)

    def _why_similar(self, names: Names, birth: Birth | None) -> Callable[[Person], str]:
        return lambda person: (
            why_names(self.query, birth, part_of_surname=True)
            if names.last in person.last_key and not one_typo_apart(names.last, person.last_key)
            else why_names(self.query, birth, person.last_name)
        )

    def _bearers(self, surnames: list[Near], names: Names, birth: Birth | None) -> Sequence[Person]:
        session = self._session
        if names.first or names.middle or birth is not None:
            listed = [one.name for one in surnames]
            if not names.first and names.middle and birth is None:
                listed = listed[:_SIMILAR_SHOWN]  # each is entered by every letter of the alphabet
            return people.by_surnames(session, listed, names, birth, _SIMILAR_READ)
        found: list[Person] = []
        shown = surnames[:_SIMILAR_SHOWN]
        share = self._limit // len(shown) + 1
        for one in shown:
            found += people.by_surnames(session, [one.name], Names(), None, share)
        return found

    def _given_name_typo(self, birth: Birth | None) -> None:
        """Add namesakes of the whole surname whose first or middle name is a typo away."""
        for group in self._groups:
            for names in name_readings(group):
                whole = len(names.last) > 1 and self._surnames(names.last)[:1] == [names.last]
                if not whole or len(names.first) < _SHORTEST_GIVEN:
                    continue
                known = people.first_names_of(self._session, names.last)
                firsts = [first for first in known if _agrees(names.first, first, True)][:MOST_LISTED]
                for initial in dict.fromkeys((names.middle[:1], "")):
                    found = people.by_full_names(self._session, names.last, firsts, initial, birth)
                    fitting = [one for one in found if _agrees(names.middle, one.middle_key, True)]
                    if self._add(fitting, _SIMILAR, self._why_misspelt(birth), names):
                        return

    def _why_misspelt(self, birth: Birth | None) -> Callable[[Person], str]:
        return lambda person: why_names(self.query, birth, person.last_name)


def nearest(found: Iterable[Near]) -> list[Near]:
    """Return each surname once, at its least distance, the nearest and most frequent first."""
    least: dict[str, Near] = {}
    for one in found:
        if one.name not in least or one.distance < least[one.name].distance:
            least[one.name] = one
    ranked = sorted(least.values(), key=lambda one: (one.distance, -one.people, one.name))
    return ranked[:MOST_LISTED]


def _whole(typed: str, key: str) -> bool:
    return len(typed) <= 1 or typed == key


def _agrees(typed: str, key: str, typos: bool) -> bool:
    if key.startswith(typed):
        return True
    if not typos or len(typed) < _SHORTEST_GIVEN:
        return False
    if one_typo_from_start(typed, key):
        return True
    return len(typed) >= _SHORTEST_WITH_TYPO and (key.endswith(typed) or sound(key) == sound(typed))
