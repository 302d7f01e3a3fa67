"""Surnames: a stock written by hand, tens of thousands derived from stems, and how often each occurs."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import Any, NamedTuple

from seed.reading import read_data

# Hand-written surnames stand first in their group, so that common ones stay common at any size.
_ZIPF_SHIFT = 6.0
_ZIPF_POWER = 0.97
_DOUBLE_SURNAMES = 2500
_HUSHING = "жшчщц"
_FEMININE = (
    ("ский", "ская"),
    ("цкий", "цкая"),
    ("ый", "ая"),
    ("ой", "ая"),
    ("ий", "ая"),
    ("ов", "ова"),
    ("ев", "ева"),
    ("ёв", "ёва"),
    ("ин", "ина"),
    ("ын", "ына"),
)
# Common endings first: a surname's rank is its frequency.
_SLAVIC_ENDINGS = (
    ("ов", "ин", "енко", "овский"),
    ("ук", "чук", "ович", "анов", "иков", "ушкин", "очкин", "енков", "инский", "ышев", "аев", "ихин"),
    (
        *("аков", "ачёв", "онов", "инов", "уков", "охин", "ашов", "ашин", "унин", "унов", "урин", "ыгин"),
        *("овкин", "ейкин", "айкин", "ёнков", "ищев", "еев", "ыкин", "инцев", "анский", "ецкий", "алов"),
        *("илов", "атов", "ушев", "агин", "овцев"),
    ),
)
_COMPOUND_ENDINGS = ("ов", "енко", "овский")
_TURKIC_ENDINGS = ("ов", "ин", "уллин", "баев", "беков", "заде", "ханов")
_ARMENIAN_ENDINGS = ("ян", "янц")
_GEORGIAN_ENDINGS = ("дзе", "швили", "ия", "ава")


class SurnameStock(NamedTuple):
    """Every surname in both forms with its group of given names; `bounds` are summed frequencies to 1."""

    male: list[str]
    female: list[str]
    groups: list[str]
    bounds: list[float]

    def pick(self, chance: float) -> int:
        """Return the number of a surname by a chance in 0..1 (1 excluded), common ones more often."""
        return bisect(self.bounds, chance)


def feminine(surname: str) -> str:
    """Return the female form of a surname, each part of a double one by itself.

    «Ким», «Черных», «Шевченко», «Гелашвили» do not change; a final `=` marks an exception (`Грин=`).
    """
    if "-" in surname:
        return "-".join(feminine(part) for part in surname.split("-"))
    if surname.endswith("="):
        return surname[:-1]
    for ending, female in _FEMININE:
        if surname.endswith(ending):
            return surname[: -len(ending)] + female
    return surname


@cache
def surname_stock() -> SurnameStock:
    """Return the whole stock; built once a process in about a quarter of a second."""
    data = read_data("surnames.json")
    groups = data["groups"]
    total_share = sum(group["share"] for group in groups.values())
    stock = SurnameStock([], [], [], [])
    weights: list[float] = []
    seen: set[str] = set()
    for name, group in groups.items():
        written = [text for text in group["surnames"] if text not in seen]
        derived = _derived(name, data["derived"], group["surnames"])
        members = [text for text in dict.fromkeys([*written, *derived]) if text not in seen]
        seen.update(members)
        stock.male.extend(text.replace("=", "") for text in members)
        stock.female.extend(feminine(text) for text in members)
        stock.groups.extend([name] * len(members))
        weights.extend(_frequencies(len(members), group["share"] / total_share))
    stock.bounds.extend(accumulate(weights))
    stock.bounds[-1] = 1.0
    return stock


def _frequencies(size: int, share: float) -> list[float]:
    """Zipf's law with Mandelbrot's shift: the first surname holds about one person in a hundred."""
    raw = [(rank + _ZIPF_SHIFT) ** -_ZIPF_POWER for rank in range(1, size + 1)]
    scale = share / sum(raw)
    return [weight * scale for weight in raw]


def _derived(group: str, derived: dict[str, Any], written: list[str]) -> list[str]:
    """Return the derived surnames of a group, shuffled within each tier of frequency."""
    # One order for every clinic: the seed of the clinic chooses people, not how common a surname is.
    chooser = random.Random(f"surnames of {group}")
    surnames: list[str] = []
    for tier in _tiers(group, derived, written):
        chooser.shuffle(tier)
        surnames += tier
    return surnames


def _tiers(group: str, derived: dict[str, Any], written: list[str]) -> list[list[str]]:
    if group == "slavic":
        single = [
            [_joined(stem, end) for stem in derived["stems"] for end in tier] for tier in _SLAVIC_ENDINGS
        ]
        return [*single, [*_compounds(derived), *_doubles(written)]]
    if group == "turkic":
        return [[_joined(stem, end) for stem in derived["turkic_stems"] for end in _TURKIC_ENDINGS]]
    if group == "armenian":
        return [[stem + end for stem in derived["armenian_stems"] for end in _ARMENIAN_ENDINGS]]
    if group == "georgian":
        return [
            [_without_doubled(stem, end) for stem in derived["georgian_stems"] for end in _GEORGIAN_ENDINGS]
        ]
    return []


def _compounds(derived: dict[str, Any]) -> Iterator[str]:
    for first in derived["adjectives"]:
        for second in derived["nouns"]:
            for end in _COMPOUND_ENDINGS:
                yield _joined(first + second, end)


def _doubles(written: list[str]) -> Iterator[str]:
    plain = [text for text in written if "-" not in text and "=" not in text]
    chooser = random.Random("double surnames")
    for _ in range(_DOUBLE_SURNAMES):
        yield "-".join(chooser.sample(plain, 2))


def _joined(stem: str, end: str) -> str:
    """Join a stem and an ending by the spelling rules: soft signs, hushing consonants, doubled letters."""
    if stem[-1] in "ьй":
        stem = stem[:-1]
        end = _softened(end)
    elif stem[-1] in "аеиоуыэюя":
        end = "л" + end
    elif stem[-1] in _HUSHING:
        end = _softened(end).replace("ю", "у").replace("я", "а")
    if end[0] == "ы" and stem[-1] in _HUSHING + "гкх":
        end = "и" + end[1:]
    if end[0] == "ч" and stem[-1] in _HUSHING + "кг":
        end = "е" + end[1:] if end != "чук" else "ук"
    return stem + end


def _softened(end: str) -> str:
    return {"о": "е", "у": "ю", "а": "я", "ы": "и"}.get(end[0], end[0]) + end[1:]


def _without_doubled(stem: str, end: str) -> str:
    vowels = "аеиоуя"
    return (stem.rstrip(vowels) if end[0] in vowels else stem) + end
