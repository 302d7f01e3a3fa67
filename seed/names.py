"""Given names by generation and patronymics made of them by rule."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from functools import cache
from itertools import accumulate
from typing import Literal, NamedTuple

from seed.reading import read_data

Sex = Literal["M", "F"]

_GENERATIONS = (1960, 1996)
"""The columns of weights in the data: born before the first year, before the second, later."""
_FALLBACK_GROUP = "slavic"
_HUSHING = "жшчщц"
_IRREGULAR = {
    "Илья": ("Ильич", "Ильинична"),
    "Никита": ("Никитич", "Никитична"),
    "Фома": ("Фомич", "Фоминична"),
    "Лука": ("Лукич", "Лукинична"),
    "Кузьма": ("Кузьмич", "Кузьминична"),
    "Савва": ("Саввич", "Саввична"),
    "Павел": ("Павлович", "Павловна"),
    "Лев": ("Львович", "Львовна"),
    "Пётр": ("Петрович", "Петровна"),
    "Яков": ("Яковлевич", "Яковлевна"),
    "Михаил": ("Михайлович", "Михайловна"),
    "Дмитрий": ("Дмитриевич", "Дмитриевна"),
    "Ираклий": ("Ираклиевич", "Ираклиевна"),
    "Георгий": ("Георгиевич", "Георгиевна"),
}


class NameTable(NamedTuple):
    """Names of one sex, group and generation; `bounds` are summed frequencies to 1."""

    names: list[str]
    bounds: list[float]

    def pick(self, chance: float) -> str:
        """Return a name by a chance in 0..1 (1 excluded), popular ones more often."""
        return self.names[bisect(self.bounds, chance)]


def generation(year: int) -> int:
    """Return the column of popularity for a year of birth: 0, 1 or 2."""
    return bisect(_GENERATIONS, year)


def patronymics(father: str) -> tuple[str, str]:
    """Return the male and the female patronymic of a father's given name.

    Source: the usual rule (-ович after a hard consonant, -евич after й, ь and hushing ones, -ьевич for
    -ий) and a table of the irregular ones: «Ильич, Ильинична», «Лукич, Лукинична».
    """
    if father in _IRREGULAR:
        return _IRREGULAR[father]
    if father.endswith("ий"):
        stem = father[:-2] + "ье"
    elif father[-1] in "йь":
        stem = father[:-1] + "е"
    elif father[-1] in "аеиоуыэюя" + _HUSHING:
        stem = father + "е"
    else:
        stem = father + "о"
    return stem + "вич", stem + "вна"


@cache
def patronymics_of_all() -> Mapping[str, tuple[str, str]]:
    """Return every male name of the stock with its two patronymics."""
    return {
        name: patronymics(name) for group in read_data("given_names.json").values() for name in group["male"]
    }


@cache
def name_tables() -> Mapping[tuple[str, Sex, int], NameTable]:
    """Return the tables by group, sex and generation; groups without names of their own use the Slavic."""
    data = read_data("given_names.json")
    tables: dict[tuple[str, Sex, int], NameTable] = {}
    for group in (*data, "other"):
        names = data.get(group, data[_FALLBACK_GROUP])
        for column in range(len(_GENERATIONS) + 1):
            tables[group, "M", column] = _table(names["male"], column)
            tables[group, "F", column] = _table(names["female"], column)
    return tables


def _table(weights: Mapping[str, list[float]], column: int) -> NameTable:
    total = sum(columns[column] for columns in weights.values())
    bounds = list(accumulate(columns[column] / total for columns in weights.values()))
    bounds[-1] = 1.0
    return NameTable(list(weights), bounds)
