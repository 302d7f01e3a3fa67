"""The patients of the demo clinic: an endless stream of families, the same for the same seed and day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from random import Random
from typing import NamedTuple

from registrar_tui.vocabulary import Verification
from seed.ages import Calendar
from seed.documents import DocumentSeed, DocumentSource
from seed.homes import AttachmentSeed, Home, HomeSource, wants_email
from seed.names import Sex, generation, name_tables, patronymics_of_all
from seed.policies import NumberSource, PolicySeed, PolicySource
from seed.surnames import surname_stock

_RECENT_FAMILIES = 4096
"""A child's parent is looked for among this many latest adults: a family stands close in the stream."""
_TRIES = 8
_YEAR = 365.25
_PARENT_GAP: dict[Sex, tuple[float, float]] = {"F": (18 * _YEAR, 44 * _YEAR), "M": (19 * _YEAR, 56 * _YEAR)}
_YOUNGEST_PARENT, _OLDEST_PARENT = 18 * _YEAR, 62 * _YEAR
_FATHER_OLDER = 27
_SAME_AGE = int(_FATHER_OLDER * _YEAR)
"""Added to a birth day, asks for a name of that very generation: a husband instead of a father."""
_GUARDIANS, _TWINS, _NAMESAKES = 0.03, 0.012, 0.004
_NO_SNILS, _NO_SNILS_FOREIGN = 0.025, 0.5
_NO_PHONE = 0.07
# Bound once: an enum member costs 50 ns a look in Python 3.11.
_MATCHED, _NOT_SHOWN = Verification.MATCHED, Verification.NOT_SHOWN
_TURKIC_WORDS = (" оглы", " кызы")
_WITHOUT_PATRONYMIC = {"turkic": 0.06, "other": 0.3, "armenian": 0.03, "georgian": 0.03}


class RepresentativeSeed(NamedTuple):
    """Who answers for a minor: the place of an adult in the stream, counted from 0, and how to call."""

    position: int
    relation: str
    name: str
    phone: str | None


class PersonSeed(NamedTuple):
    """One patient; `snils` is eleven digits, `phone` E.164. A tuple: a frozen dataclass costs 4 µs more."""

    last_name: str
    first_name: str
    middle_name: str
    birth_date: date
    sex: Sex
    snils: str | None
    snils_verification: Verification
    phone: str | None
    email: str | None
    address: str
    document: DocumentSeed | None
    policy: PolicySeed | None
    attachment: AttachmentSeed | None
    representative: RepresentativeSeed | None


class _Family(NamedTuple):
    """What the children of an adult take from him or her; `father` is the children's father."""

    position: int
    name: str
    sex: Sex
    born: int
    surname: int
    father: str
    home: Home
    phone: str | None


class _Origin(NamedTuple):
    """What is settled of a person before the given name."""

    born: int
    surname: int
    father: str
    home: Home
    phone: str | None
    representative: RepresentativeSeed | None


class _FullName(NamedTuple):
    last: str
    first: str
    middle: str


class _Namesake(NamedTuple):
    """A name that another adult of the sex will bear too."""

    sex: Sex
    surname: int
    father: str
    name: _FullName


def people(count: int, *, random_seed: int, today: date) -> Iterator[PersonSeed]:
    """Yield patients one by one in constant memory; person k is the same whatever `count` is.

    A representative always stands before the child. The rate is above 40,000 persons a second.
    """
    return islice(_Stream(random_seed, today).persons(), count)


class _Stream:
    def __init__(self, random_seed: int, today: date) -> None:
        chooser = Random(f"people of {random_seed}")
        self._random = chooser.random
        self._calendar = Calendar(today)
        self._surnames = surname_stock()
        self._tables = name_tables()
        self._patronymics = patronymics_of_all()
        self._homes = HomeSource(chooser, today)
        self._numbers = NumberSource(chooser)
        self._policies = PolicySource(chooser, today, self._numbers)
        self._documents = DocumentSource(chooser, today)
        self._families: list[_Family] = []
        self._kept = 0
        self._twin: _Origin | None = None
        self._namesake: _Namesake | None = None

    def persons(self) -> Iterator[PersonSeed]:
        index = 0
        while True:
            yield self._person(index)
            index += 1

    def _person(self, index: int) -> PersonSeed:
        sex, origin = self._origin()
        origin, name = self._named(sex, origin)
        born = date.fromordinal(origin.born)
        child = origin.representative is not None
        group = self._surnames.groups[origin.surname]
        foreign = self._documents.is_foreign(group)
        phone = origin.phone
        if not child:
            phone = self._homes.phone() if self._random() >= _NO_PHONE else None
            self._remember(index, name, sex, origin, phone)
        snils = self._snils(origin.born, foreign=foreign)
        checked = _MATCHED if snils and self._random() < 0.7 else _NOT_SHOWN
        age = (self._calendar.today - origin.born) // 365
        email = None
        if not child and wants_email(age, sex, self._random()):
            email = self._homes.email(name.last, name.first, born.year)
        return PersonSeed(
            *name,
            born,
            sex,
            snils,
            checked,
            phone,
            email,
            origin.home.address,
            self._documents.document_of(born, foreign=foreign),
            self._policies.policy_of(born, sex, foreign=foreign),
            self._homes.attachment(origin.home, origin.born, child=child),
            origin.representative,
        )

    def _origin(self) -> tuple[Sex, _Origin]:
        twin = self._twin
        if twin is not None:
            self._twin = None
            return ("M" if self._random() < 0.5 else "F"), twin
        sex, born = self._calendar.pick(self._random(), self._random())
        origin = self._child(born) if born > self._calendar.adult else None
        while origin is None:
            if born <= self._calendar.adult:
                origin = self._adult(born)
            else:
                sex, born = self._calendar.pick(self._random(), self._random())
        if self._random() < _TWINS:
            self._twin = origin
        return sex, origin

    def _adult(self, born: int) -> _Origin:
        surname = self._surnames.pick(self._random())
        father = self._male_name(self._surnames.groups[surname], born)
        return _Origin(born, surname, father, self._homes.home(), None, None)

    def _child(self, born: int) -> _Origin | None:
        """Return the origin of a minor in the family of a recent adult whose age fits; None if none does."""
        for _ in range(_TRIES if self._families else 0):
            parent = self._families[int(self._random() * len(self._families))]
            youngest, oldest = _PARENT_GAP[parent.sex]
            if youngest <= born - parent.born <= oldest:
                return self._in_family(born, parent)
        return None

    def _in_family(self, born: int, parent: _Family) -> _Origin:
        if self._random() < _GUARDIANS:
            relation = RepresentativeSeed(parent.position, "опекун", parent.name, parent.phone)
            return self._adult(born)._replace(home=parent.home, phone=parent.phone, representative=relation)
        kinship = "мать" if parent.sex == "F" else "отец"
        relation = RepresentativeSeed(parent.position, kinship, parent.name, parent.phone)
        return _Origin(born, parent.surname, parent.father, parent.home, parent.phone, relation)

    def _remember(self, position: int, name: _FullName, sex: Sex, origin: _Origin, phone: str | None) -> None:
        """Keep an adult of a parent's age for the children to come, in place of the oldest one kept."""
        age = self._calendar.today - origin.born
        if not _YOUNGEST_PARENT <= age <= _OLDEST_PARENT:
            return
        father = name.first
        if sex == "F":
            father = self._male_name(self._surnames.groups[origin.surname], origin.born + _SAME_AGE)
        full_name = f"{name.last} {name.first} {name.middle}".rstrip()
        family = _Family(position, full_name, sex, origin.born, origin.surname, father, origin.home, phone)
        if len(self._families) < _RECENT_FAMILIES:
            self._families.append(family)
        else:
            self._families[self._kept % _RECENT_FAMILIES] = family
        self._kept += 1

    def _male_name(self, group: str, born: int) -> str:
        year = int(born / 365.2425) + 1 - _FATHER_OLDER
        return self._tables[group, "M", generation(year)].pick(self._random())

    def _named(self, sex: Sex, origin: _Origin) -> tuple[_Origin, _FullName]:
        """Return the full name, and the origin it speaks of: that of a namesake for a few adults."""
        adult = origin.representative is None
        same = self._namesake
        if adult and same and same.sex == sex:
            self._namesake = None
            return origin._replace(surname=same.surname, father=same.father), same.name
        group = self._surnames.groups[origin.surname]
        forms = self._surnames.male if sex == "M" else self._surnames.female
        year = date.fromordinal(origin.born).year
        first = self._tables[group, sex, generation(year)].pick(self._random())
        name = _FullName(forms[origin.surname], first, self._patronymic(sex, origin.father, group))
        if adult and self._random() < _NAMESAKES:
            self._namesake = _Namesake(sex, origin.surname, origin.father, name)
        return origin, name

    def _patronymic(self, sex: Sex, father: str, group: str) -> str:
        place = 0 if sex == "M" else 1
        if group != "slavic":
            chance = self._random()
            missing = _WITHOUT_PATRONYMIC.get(group, 0.0)
            if chance < missing:
                return ""
            if group == "turkic" and chance < missing + 0.1:
                return father + _TURKIC_WORDS[place]
        return self._patronymics[father][place]

    def _snils(self, born: int, *, foreign: bool) -> str | None:
        if self._policies.has_no_papers_yet(born) or self._random() < (
            _NO_SNILS_FOREIGN if foreign else _NO_SNILS
        ):
            return None
        return self._numbers.snils()
