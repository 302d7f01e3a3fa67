"""The second half of a search: people whose names differ from what was typed, likeliest guess first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Final

from registrar_tui.services import search_people as people
from registrar_tui.services import surname_index, surname_memory
from registrar_tui.services.likeness import near_dates, near_years
from registrar_tui.services.search_finder import SIMILAR, SIMILAR_READ, Finder, agrees
from registrar_tui.services.search_keys import has_cyrillic, one_typo_apart
from registrar_tui.services.search_people import Person
from registrar_tui.services.search_query import PATRONYMIC, Birth, Names
from registrar_tui.services.search_statements import MOST_LISTED
from registrar_tui.services.search_ways import POOL
from registrar_tui.services.search_words import why_names, why_otherwise
from registrar_tui.services.surname_memory import Near, as_near

_SIMILAR_SHOWN: Final = 5
_NAMESAKES_READ: Final = 5 * POOL
_SHORTEST_WITH_TYPO: Final = 4
_SHORTEST_GIVEN: Final = 3
_SHORTEST_INSIDE: Final = 3
_SHORTEST_UNFINISHED: Final = 5
_SHORTEST_TWO_TYPOS: Final = 6


class SimilarFinder(Finder):
    """Finds certain people, and if asked similar ones beside or instead of them."""

    def find_similar(self) -> None:
        """Add people whose names differ by a typo or two, likeliest guess first, until one of them gives any.

        After certain hits only the surname they were found by is taken for misspelt.
        """
        if not has_cyrillic("".join(self.query.tokens)):
            return
        births: list[Birth] = list(self.query.births)
        tails = self._tails()
        if self.hits and (tails or any(birth.exact for birth in births)):
            return  # a name that agrees with a birthday or with the end of a number is the person
        for birth in self.query.births:
            if birth.exact:
                self._find_born_misspelt(birth)
                births.remove(birth)
        for tail in () if self.query.births else tails:
            self._find_tail(tail, typos=True)
            if self.hits:
                return
        dated: list[Birth | None] = [*births] if self.query.births or tails else [None]
        known = len(self.hits)
        guesses = (self._given_name_typo, self._misspelt, self._unfinished, self._two_typos)
        for guess in (self._misspelt,) if known else guesses:
            for limit in dated:
                guess(limit)
            if len(self.hits) > known:
                return

    def _find_born_misspelt(self, birth: Birth) -> None:
        """Compare the names of all who share a birthday: some thirty people of a million."""
        found = people.by_birth(self._reader, birth, people.BORN_THAT_DAY)
        self._add_fitting(found, birth, "", typos=True)

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
            for word, rows in surname_index.one_typo(self._reader, () if agreed else words).items()
        }
        inside = self._surname_like(_SHORTEST_INSIDE) if self.reading is None else tuple(words)
        for word in inside:
            near.setdefault(word, []).extend(self._inside(word))
        if self.reading is None and (birth or len(self.query.tokens) > 1):
            for word in self._strange(_SHORTEST_TWO_TYPOS):
                far = surname_memory.two_typos(self._reader, word, likeliest=True)
                near.setdefault(word, []).extend(far)
        self._add_similar(near, birth)

    def _inside(self, word: str) -> list[Near]:
        """Return surnames with the word inside, those that end with it first: the second of a double one."""
        found = surname_memory.containing(self._reader, word)
        if self.reading is not None:
            found = [row for row in found if row.name.endswith(word) and row.name != word]
        return [Near(row.name, row.people, 1 if row.name.endswith(word) else 2) for row in found]

    def _unfinished(self, birth: Birth | None) -> None:
        found = {
            word: as_near(surname_index.one_typo_unfinished(self._reader, word), word, 1)
            for word in self._strange(_SHORTEST_UNFINISHED)
        }
        self._add_similar(found, birth)

    def _two_typos(self, birth: Birth | None) -> None:
        words = self._strange(_SHORTEST_WITH_TYPO + 1)
        self._add_similar({word: surname_memory.two_typos(self._reader, word) for word in words}, birth)

    def _surname_like(self, shortest: int) -> list[str]:
        """Return the words that are no common first name and no patronymic, or all if each is one."""
        words = [word for word in self.query.tokens if len(word) >= shortest]
        given = surname_memory.common_given_names(self._reader) if len(words) > 1 else ()
        return [word for word in words if word not in given and not PATRONYMIC(word)] or words

    def _strange(self, shortest: int) -> list[str]:
        """Return the words that begin no surname (a typo makes them strange), or all if each begins some."""
        words = self._surname_like(shortest)
        strange = [word for word in words if not self._namesakes.surnames(word)]
        return strange or words

    def _add_similar(self, near: dict[str, list[Near]], birth: Birth | None) -> None:
        for group in self._groups:
            borne: set[str] = set()
            for names in self._readings(group):
                # Initials the other way round are looked at only where nobody has them as typed.
                surnames = [] if names.last in borne else nearest(near.get(names.last, ()))
                if surnames:
                    distances = {one.name: one.distance for one in surnames}
                    found = self._bearers(surnames, names, birth)
                    if self._add(found, SIMILAR, self._why_similar(names, birth), names, distances):
                        borne.add(names.last)

    def _why_similar(self, names: Names, birth: Birth | None) -> Callable[[Person], str]:
        return lambda person: (
            why_names(self.query, birth, part_of_surname=True)
            if names.last in person.last_key and not one_typo_apart(names.last, person.last_key)
            else why_names(self.query, birth, person.last_name)
        )

    def _bearers(self, surnames: list[Near], names: Names, birth: Birth | None) -> Sequence[Person]:
        reader = self._reader
        if names.first or names.middle or birth is not None:
            listed = [one.name for one in surnames]
            return people.by_surnames(reader, listed, names, birth, SIMILAR_READ)
        shown = [one.name for one in surnames[:_SIMILAR_SHOWN]]
        return people.by_each_surname(reader, shown, self._limit // len(shown) + 1)

    def _given_name_typo(self, birth: Birth | None) -> None:
        """Add namesakes of the whole surname whose first or middle name is a typo away."""
        for group in self._groups:
            for names in self._readings(group):
                whole = len(names.last) > 1 and self._namesakes.surnames(names.last)[:1] == [names.last]
                if not whole or len(names.first) < _SHORTEST_GIVEN:
                    continue
                known = people.first_names_of(self._reader, names.last)
                firsts = [first for first in known if agrees(names.first, first, True)][:MOST_LISTED]
                # A patronymic may be misspelt as well: it is compared among more people than are shown.
                most = _NAMESAKES_READ if names.middle else self._most
                for initial in dict.fromkeys((names.middle[:1], "")):
                    found = people.by_full_names(self._reader, names.last, firsts, initial, birth, most)
                    fitting = [one for one in found if agrees(names.middle, one.middle_key, True)]
                    if self._add(fitting, SIMILAR, self._why_misspelt(birth), names):
                        return

    def find_unlikely(self) -> None:
        """Add people by meanings left aside, then namesakes with another birth or number than was said."""
        super().find_unlikely()
        if self.hits or not (self.query.births or self._tails()):
            return
        for group in self._groups:
            for names in self._readings(group):
                if len(names.last) >= _SHORTEST_GIVEN and self._may_be(names):
                    self._find_otherwise(names)
                if self.hits:
                    return

    def _find_otherwise(self, names: Names) -> None:
        """Add namesakes, those whose birth was perhaps misheard first; of very many these alone."""
        namesakes = self._namesakes.people(names, None)
        full = len(namesakes) >= self._most
        near = self._misheard(names)
        whole = len(names.first) > 1 and len(names.middle) > 1
        found = near if full and not whole else [*near, *namesakes]
        self._add(found, SIMILAR, why_otherwise(self.query), names)
        misheard = {person.id for person in near}
        for hit in self.hits.values():
            hit.distance = 2 * (hit.person.id not in misheard) + (hit.person.last_key != names.last)

    def _misheard(self, names: Names) -> Sequence[Person]:
        """Return namesakes born on a day, or in a year, that is told for the one that was said."""
        days = {day for birth in self.query.births if birth.exact for day in near_dates(birth.first)}
        if days:
            return people.by_days(self._reader, names, sorted(days), self._most)
        years = {year for birth in self.query.births for year in near_years(birth.first.year)}
        births = [Birth(date(year, 1, 1), date(year, 12, 31)) for year in sorted(years)]
        return [person for birth in births for person in self._namesakes.people(names, birth)]

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
