"""People by the beginnings of their names: of the ways into the base the one that reads least."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from registrar_tui.services import search_people as people
from registrar_tui.services import surname_memory
from registrar_tui.services.prepared import Reader
from registrar_tui.services.search_people import Person
from registrar_tui.services.search_query import Birth, Names
from registrar_tui.services.search_ways import POOL


class Namesakes:
    """Asks for people by names; where more are called so than are read, those of one branch come first.

    `words` are those of the query that may be surnames: the dictionary is asked about all of them at once.
    """

    def __init__(self, reader: Reader, words: Collection[str], limit: int, branch_id: int | None) -> None:
        self._reader = reader
        self._words = words
        self._limit = limit
        self._most = max(POOL, limit + 1)
        self._branch_id = branch_id
        self._known: dict[str, list[str]] = {}

    def surnames(self, start: str) -> list[str]:
        """Return the first two surnames of the dictionary that begin so: they tell of none, one and exact."""
        if start not in self._known:
            fresh = [start, *(word for word in self._words if word != start and word not in self._known)]
            self._known |= surname_memory.starting_each(self._reader, fresh, 2)
        return self._known[start]

    def people(self, names: Names, birth: Birth | None) -> Sequence[Person]:
        """Return `max(POOL, limit + 1)` people or a few more, or all there are."""
        if names.last and not (names.first or names.middle or birth):
            return self._by_surname(names)
        found = self._wherever(names, birth)
        full = len(found) >= self._most
        return _joined(self._of_the_branch(names, birth), found) if full and names.last else found

    def _by_surname(self, names: Names) -> Sequence[Person]:
        if not self.surnames(names.last):  # nobody, unless the dictionary has lost a name
            return people.by_last(self._reader, names.last, self._most)
        own = self._of_the_branch(names, None)
        exact = self.surnames(names.last)[:1] == [names.last]
        if len(own) >= self._most and (not exact or own[-1].last_key == names.last):
            return own  # of whom the page is full, and nobody's name fits better
        return _joined(own, people.by_last(self._reader, names.last, self._most))

    def _of_the_branch(self, names: Names, birth: Birth | None) -> Sequence[Person]:
        if self._branch_id is None:
            return []
        return people.by_branch(self._reader, self._branch_id, names, birth, self._most)

    def _wherever(self, names: Names, birth: Birth | None) -> Sequence[Person]:
        reader, most = self._reader, self._most
        if not names.last:
            return people.by_given_names(reader, names, birth, most)
        if birth is not None and not birth.is_year:
            return people.by_name_and_birth(reader, names, birth, most)
        if names.first and names.middle:
            return people.by_initials(reader, names, birth, most)
        if not surname_memory.crowded(reader, names.last, people.SURNAMES_ENTERED):
            return self._by_few_surnames(names, birth)
        if birth is None:
            return people.by_initials(reader, names, birth, most)
        same = self._bearers(names, birth)
        return _joined(same, people.by_name_and_birth(reader, names, birth, most))

    def _by_few_surnames(self, names: Names, birth: Birth | None) -> Sequence[Person]:
        """Return people by the beginning of a surname that few share, those of exactly this one first."""
        reader, most = self._reader, self._most
        surnames = surname_memory.starting(reader, names.last, POOL + 1)
        if len(surnames) <= POOL:
            found = people.by_surnames(reader, surnames, names, birth, most)
            if len(found) < most:
                return sorted(found, key=lambda one: one.last_key)
        same = self._bearers(names, birth)
        if len(same) >= self._limit:
            return same
        return _joined(same, people.by_start(reader, names, birth, most))

    def _bearers(self, names: Names, birth: Birth | None) -> Sequence[Person]:
        """Return the people with exactly this surname, where longer ones might crowd them out."""
        known = self.surnames(names.last)
        if known[:1] != [names.last] or len(known) == 1:
            return []
        return people.by_surnames(self._reader, [names.last], names, birth, self._most)


def _joined(first: Sequence[Person], then: Sequence[Person]) -> Sequence[Person]:
    """Return people of two ways, each once: by their number it is told whether more are left."""
    known = {one.id for one in first}
    return [*first, *(one for one in then if one.id not in known)]
