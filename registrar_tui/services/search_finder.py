"""One search as a series of steps, from whole numbers to similar surnames; each adds hits of a worse tier."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import permutations
from typing import Final

from sqlmodel import Session

from registrar_tui.services import search_people as people
from registrar_tui.services import surname_index
from registrar_tui.services.search_keys import has_cyrillic, one_typo_from_start
from registrar_tui.services.search_people import POOL, Person
from registrar_tui.services.search_query import Birth, Names, NumberKind, Query, name_readings, regrouped
from registrar_tui.services.search_words import why_names, why_number
from registrar_tui.services.surname_index import Similar

_SURNAMES_ENTERED: Final = 300
_SIMILAR_SURNAMES: Final = 40
_SIMILAR_SHOWN: Final = 5
_SHORTEST_WITH_TYPO: Final = 4
_SHORTEST_GIVEN: Final = 3
_FREQUENT: Final = 1000
WHOLE_NUMBER, _SAME, _BEGINNING, _SIMILAR = range(4)


@dataclass(slots=True)
class Hit:
    """One person found; the worse the greater its tier, then where given names are only begun."""

    person: Person
    tier: int
    begun: bool
    why: str


class Finder:
    """Collects the hits of one query; `reading` is the order of names that gave the first of them."""

    def __init__(self, session: Session, query: Query, limit: int) -> None:
        self.hits: dict[int, Hit] = {}
        self.reading: Names | None = None
        self.full = False
        self._session = session
        self._query = query
        self._limit = limit
        self._most = max(POOL, limit + 1)
        self._groups = [group for group in (query.tokens,) if 0 < len(group) <= 3] + regrouped(query.tokens)
        self._known: dict[str, list[str]] = {}

    def find_certain(self) -> None:
        """Add people whose numbers, dates and names agree with what was typed."""
        query = self._query
        for number in query.numbers:
            if number.kind is not NumberKind.TAIL:
                found = people.by_number(self._session, number.kind, number.value)
                self._add(found, WHOLE_NUMBER, why_number(number.kind, number.value))
        if query.tokens and self.hits:
            return
        tails = self._tails()
        for birth in query.births:
            self._find_born(birth, typos=False)
        for tail in tails:
            self._find_phone(tail, typos=False)
        if query.tokens and not (query.births or tails):
            self._find_named(None)

    def find_similar(self) -> None:
        """Add people whose names differ by a typo, likeliest guess first, until one of them gives any.

        After certain hits only the surname they were found by is taken for misspelt.
        """
        if not has_cyrillic("".join(self._query.tokens)):
            return
        births: list[Birth] = list(self._query.births)
        tails = self._tails()
        for birth in self._query.births:
            if birth.exact:
                self._find_born(birth, typos=True)
                births.remove(birth)
        for tail in tails:
            self._find_phone(tail, typos=True)
        dated: list[Birth | None] = [*births] if self._query.births or tails else [None]
        known = len(self.hits)
        if self.reading is not None and len(self._query.tokens) > 2:
            return  # three names that agree are the person
        guesses = (self._one_typo, self._inside, self._given_name_typo, self._unfinished, self._two_typos)
        for guess in guesses:
            for limit in dated:
                guess(limit)
            if len(self.hits) > known or known:
                return

    def _tails(self) -> list[str]:
        return [number.value for number in self._query.numbers if number.kind is NumberKind.TAIL]

    def _add(
        self,
        found: Iterable[Person],
        tier: int,
        why: str | Callable[[Person], str],
        names: Names | None = None,
    ) -> int:
        added = 0
        for person in found:
            if person.id in self.hits:
                continue
            named = names or Names()
            worse = tier == _SAME and named.last != person.last_key
            begun = not (_whole(named.first, person.first_key) and _whole(named.middle, person.middle_key))
            reason = why if isinstance(why, str) else why(person)
            self.hits[person.id] = Hit(person, _BEGINNING if worse else tier, begun, reason)
            added += 1
        if added and self.reading is None:
            self.reading = names
        return added

    def _find_born(self, birth: Birth, *, typos: bool) -> None:
        query = self._query
        if not query.tokens:
            ways = people.by_days(self._session, Names(), birth, self._most) if birth.exact else None
            found = ways if ways is not None else people.by_year(self._session, birth, self._most)
            self._note_full(found)
            self._add(found, _BEGINNING, why_names(query, birth))
        elif birth.exact:
            # Some thirty people of a million share a birthday: their names are compared here, in any order.
            found = people.by_days(self._session, Names(), birth, people.BORN_THAT_DAY)
            self._add_fitting(found, birth, "", typos=typos)
        else:
            self._find_named(birth)

    def _find_phone(self, tail: str, *, typos: bool) -> None:
        found = people.by_phone(self._session, tail, 3 * POOL)
        phone = why_number(NumberKind.TAIL, tail)
        if self._query.tokens:
            self._add_fitting(found, None, phone, typos=typos)
        else:
            self._note_full(found)
            self._add(found, _BEGINNING, phone)

    def _add_fitting(self, found: list[Person], birth: Birth | None, also: str, *, typos: bool) -> None:
        for person in found:
            names = self._fitting(person, typos=typos)
            if names is None:
                continue
            words = why_names(self._query, birth, person.last_name if typos else "")
            reason = f"{words}, {also}" if also else words
            self._add([person], _SIMILAR if typos else _SAME, reason, names)

    def _fitting(self, person: Person, *, typos: bool) -> Names | None:
        keys = (person.last_key, person.first_key, person.middle_key)
        for group in self._groups:
            for places in permutations(range(3), len(group)):
                if all(_agrees(word, keys[place], typos) for word, place in zip(group, places, strict=True)):
                    return Names(
                        *(group[places.index(place)] if place in places else "" for place in range(3))
                    )
        return None

    def _note_full(self, found: list[Person]) -> None:
        self.full = self.full or len(found) >= self._most

    def _find_named(self, birth: Birth | None) -> None:
        why = why_names(self._query, birth)
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
                return

    def _surnames(self, start: str) -> list[str]:
        if start not in self._known:
            self._known[start] = surname_index.starting(self._session, start, _SURNAMES_ENTERED)
        return self._known[start]

    def _may_be(self, names: Names) -> bool:
        """Tell whether people need to be asked: the dictionary knows no such surname, nobody bears it."""
        return not names.last or not (names.first or names.middle) or bool(self._surnames(names.last))

    def _people(self, names: Names, birth: Birth | None) -> list[Person]:
        session, most = self._session, self._most
        if not names.last:
            return people.by_given_names(session, names, birth, most)
        if names.middle:
            way = people.by_initials if names.first else people.by_patronymic
            return way(session, names, birth, most)
        if birth is not None:
            return people.by_days(session, names, birth, most)
        if not names.first:
            return people.by_last(session, names, most)
        surnames = self._surnames(names.last)
        if len(surnames) == _SURNAMES_ENTERED:
            return people.by_last(session, names, most)
        same = [name for name in surnames if name == names.last]
        found = people.by_surnames(session, same, names, None, most)
        if len(found) < self._limit:
            longer = surnames[len(same) :]
            found += people.by_surnames(session, longer, names, None, most)
        return found

    def _one_typo(self, birth: Birth | None) -> None:
        words = {word for group in self._groups for word in group}
        if self.reading is not None:
            words = {self.reading.last}
        words = {word for word in words if len(word) >= _SHORTEST_WITH_TYPO}
        near = surname_index.one_typo(self._session, words)
        other = {word: [row for row in rows if not row.name.startswith(word)] for word, rows in near.items()}
        self._add_similar(other, birth)

    def _inside(self, birth: Birth | None) -> None:
        self._add_similar(self._by_word(surname_index.containing, 3), birth, "часть фамилии")

    def _unfinished(self, birth: Birth | None) -> None:
        self._add_similar(self._by_word(surname_index.one_typo_unfinished, 5), birth)

    def _two_typos(self, birth: Birth | None) -> None:
        self._add_similar(self._by_word(surname_index.two_typos, 5), birth)

    def _by_word(
        self, look: Callable[[Session, str], list[Similar]], shortest: int
    ) -> dict[str, list[Similar]]:
        """Look up the words that begin no surname (a typo makes them strange), or all if each begins some."""
        words = [word for word in self._query.tokens if len(word) >= shortest]
        strange = [word for word in words if not self._surnames(word)]
        return {word: look(self._session, word) for word in strange or words}

    def _add_similar(self, near: dict[str, list[Similar]], birth: Birth | None, why: str = "") -> None:
        for group in self._groups:
            for names in name_readings(group):
                surnames = near.get(names.last, [])[:_SIMILAR_SURNAMES]
                if surnames:
                    found = self._bearers(surnames, names, birth)
                    self._add(found, _SIMILAR, why or self._why_similar(birth), names)

    def _why_similar(self, birth: Birth | None) -> Callable[[Person], str]:
        return lambda person: why_names(self._query, birth, person.last_name)

    def _bearers(self, surnames: list[Similar], names: Names, birth: Birth | None) -> list[Person]:
        session = self._session
        given = Names("", names.first, names.middle)
        if names.first or names.middle:
            return people.by_surnames(session, [row.name for row in surnames], given, birth, self._most)
        found: list[Person] = []
        if birth is None:
            shown = surnames[:_SIMILAR_SHOWN]
            share = self._limit // len(shown) + 1
            for row in shown:
                found += people.by_surnames(session, [row.name], given, None, share)
            return found
        for row in surnames:
            if (
                row.people > _FREQUENT
            ):  # the year first, then the surname: 10 k namesakes are not read through
                born = people.by_days(session, Names(row.name), birth, self._most)
                found += [person for person in born if person.last_key == row.name]
        rare = [row.name for row in surnames if row.people <= _FREQUENT]
        return found + people.by_surnames(session, rare, given, birth, self._most)

    def _given_name_typo(self, birth: Birth | None) -> None:
        """Add namesakes of the whole surname whose first or middle name is a typo away."""
        for group in self._groups:
            for names in name_readings(group):
                if not (
                    len(names.last) > 1 and names.first and self._surnames(names.last)[:1] == [names.last]
                ):
                    continue
                known = people.first_names_of(self._session, names.last)
                firsts = [first for first in known if _agrees(names.first, first, True)]
                for initial in dict.fromkeys((names.middle[:1], "")):
                    given = Names("", "", initial)
                    found = people.by_full_names(self._session, [names.last], firsts, given, birth)
                    fitting = [one for one in found if _agrees(names.middle, one.middle_key, True)]
                    if self._add(fitting, _SIMILAR, self._why_similar(birth), names):
                        return


def _whole(typed: str, key: str) -> bool:
    return len(typed) <= 1 or typed == key


def _agrees(typed: str, key: str, typos: bool) -> bool:
    if key.startswith(typed):
        return True
    return typos and len(typed) >= _SHORTEST_GIVEN and one_typo_from_start(typed, key)
