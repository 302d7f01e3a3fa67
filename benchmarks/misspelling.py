"""How a Russian surname gets spoilt at the desk: a wrong key, two keys swapped, one missed, one misheard."""

from __future__ import annotations

from random import Random
from typing import Final

_ROWS: Final = ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
_LETTERS: Final = "".join(_ROWS)
# What is written for what is heard: unstressed vowels, voiced and voiceless pairs, doubled letters, «тс».
_HEARD: Final = (
    *(("о", "а"), ("а", "о"), ("е", "и"), ("и", "е"), ("я", "е"), ("э", "е")),
    *(("б", "п"), ("п", "б"), ("в", "ф"), ("ф", "в"), ("г", "к"), ("д", "т"), ("т", "д")),
    *(("ж", "ш"), ("з", "с"), ("с", "з"), ("щ", "сч"), ("ц", "тс"), ("тс", "ц")),
    *(("нн", "н"), ("сс", "с"), ("лл", "л"), ("мм", "м"), ("тт", "т"), ("ь", "")),
)
_VOWELS: Final = "аеёиоуыэюя"


def _neighbours(letter: str) -> str:
    for row in _ROWS:
        place = row.find(letter)
        if place >= 0:
            return row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    return _LETTERS


def typed_wrong(name: str, chooser: Random) -> str:
    """Return the name with one other letter, half of the time that of a key beside."""
    lower = name.lower()
    places = [place for place, letter in enumerate(lower) if letter.isalpha()]
    place = chooser.choice(places)
    choice = _neighbours(lower[place]) if chooser.random() < 0.5 else _LETTERS
    return lower[:place] + chooser.choice(choice) + lower[place + 1 :]


def swapped(name: str, chooser: Random) -> str:
    """Return the name with two neighbouring letters changed over; the same name has no such pair."""
    lower = name.lower()
    places = [place for place in range(len(lower) - 1) if lower[place] != lower[place + 1]]
    if not places:
        return lower
    place = chooser.choice(places)
    return lower[:place] + lower[place + 1] + lower[place] + lower[place + 2 :]


def left_out(name: str, chooser: Random) -> str:
    """Return the name without one of its letters."""
    lower = name.lower()
    place = chooser.randrange(len(lower))
    return lower[:place] + lower[place + 1 :]


def heard_wrong(name: str, chooser: Random) -> str:
    """Return the name as it might be written by ear: one change, in a third of names two; maybe none fits."""
    spoilt = name.lower()
    for _ in range(2 if chooser.random() < 1 / 3 else 1):
        spoilt = _heard_once(spoilt, chooser)
    return spoilt


def _heard_once(lower: str, chooser: Random) -> str:
    ways = [
        (place, written, heard)
        for written, heard in _HEARD
        for place in range(len(lower))
        if lower.startswith(written, place) and _may_be_misheard(lower, place, written)
    ]
    if not ways:
        return lower
    place, written, heard = chooser.choice(ways)
    return lower[:place] + heard + lower[place + len(written) :]


def _may_be_misheard(lower: str, place: int, written: str) -> bool:
    """Consonants lose or gain their voice before another or at the end; vowels are heard anywhere."""
    if written[0] in _VOWELS + "ьщц" or len(written) > 1:
        return True
    following = lower[place + 1 : place + 2]
    return not following or following not in _VOWELS + "лмнрвй"
