"""The generated queries: seeded, as many of each kind, each for a card that is there."""

from __future__ import annotations

from datetime import date

from benchmarks.search_base import Someone
from benchmarks.search_quality import generated
from registrar_tui.services.search_keys import fold

SURNAMES = ("Кузнецова", "Салтыков-Щедрин", "Королёва", "Соболева", "Ильинская", "Мартынова-Белова")
FIRSTS = ("Анна", "Пётр", "Семён", "Мария")
MIDDLES = ("Ивановна", "Олегович", "")


def everyone() -> list[Someone]:
    names = [(last, first, middle) for last in SURNAMES for first in FIRSTS for middle in MIDDLES]
    return [
        Someone(place, *name, date(1950 + place % 40, 1, 1 + place % 28), None, None, None, *map(fold, name))
        for place, name in enumerate(names, 1)
    ]


def test_as_many_queries_of_each_kind_and_the_same_every_time() -> None:
    people = everyone()
    queries = generated(people, 400, seed=1)
    assert queries == generated(people, 400, seed=1)
    assert queries != generated(people, 400, seed=2)
    kinds = [asked.kind for asked in queries]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(kinds, 50)
    assert len(set(kinds)) == 8
    assert {asked.target for asked in queries} <= {one.id for one in people}


def test_kinds_are_what_they_are_called() -> None:
    people = {one.id: one for one in everyone()}
    for asked in generated(list(people.values()), 400, seed=3):
        one = people[asked.target]
        if asked.kind == "wrong layout":
            assert asked.text.isascii()
        elif asked.kind in ("typo", "transposition", "missing letter", "sounds alike"):
            assert fold(asked.text.split()[0]) != one.last_key
        elif asked.kind == "ё/е":
            assert "ё" not in asked.text.lower()
        elif asked.kind == "double surname":
            assert "-" in one.last
