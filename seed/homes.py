"""Where a household lives: address, telephone and e-mail, and the district that follows from the street."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import NamedTuple

from registrar_tui.validators.phone import check_phone
from registrar_tui.vocabulary import AttachmentStatus
from seed.names import Sex
from seed.reading import read_data

BRANCHES = 3
_STREETS_IN_DISTRICT = 3
_CHILD_DISTRICT = 2
"""Adult districts in one district of a children's doctor."""
_LOCAL_SHARE = 0.92
_LOCAL_CODES = tuple(code for code in range(900, 1000) if not check_phone(f"+7{code}0000000").warnings)
"""Allocated mobile codes. In each only 000-XX-XX is used: valid, and seen at once to be made up."""
_NUMBERS_IN_CODE = 10_000
_PHONES = len(_LOCAL_CODES) * _NUMBERS_IN_CODE
_PHONE_STEP = 308_117
_MAIL_DOMAINS = ("example.org", "example.com", "example.net", "mail.example.org", "post.example.com")
_REFUSALS = (
    "адрес вне зоны обслуживания",
    "не предъявлен документ о месте жительства",
    "прикрепление менялось менее года назад",
)
# Bound once: an enum member costs 50 ns a look in Python 3.11.
_REVIEW, _REFUSED, _ACTIVE = AttachmentStatus.REVIEW, AttachmentStatus.REFUSED, AttachmentStatus.ACTIVE
_LATIN = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуфхцыэ", "abvgdeziiklmnoprstufhcye", strict=True)),
        **{"ё": "e", "ж": "zh", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "yu", "я": "ya"},
        **{"ь": "", "ъ": "", "'": "", " ": "-"},
    }
)


class Home(NamedTuple):
    """An address and the number of its street in town; `street` None: another town."""

    address: str
    street: int | None


class AttachmentSeed(NamedTuple):
    """A request to be attached to the clinic; `branch` counts from 0, `refusal` says why it was refused."""

    branch: int
    district: str | None
    status: AttachmentStatus
    since: date
    refusal: str | None = None


class HomeSource:
    """Gives addresses, telephones, e-mails and attachments."""

    def __init__(self, chooser: Random, today: date) -> None:
        self._random = chooser.random
        self._today = today.toordinal()
        places = read_data("places.json")
        self._town: str = places["town"]
        self._streets: list[str] = places["streets"]
        self._other_towns: list[str] = places["other_towns"]
        self._next_phone = int(self._random() * _PHONES)

    def home(self) -> Home:
        """Return a new address, mostly in the clinic's town."""
        chance = self._random()
        street = int(self._random() * len(self._streets))
        house, flat = int(chance * 9973) % 140 + 1, int(chance * 99_991) % 220 + 1
        if chance < _LOCAL_SHARE:
            return Home(f"{self._town}, ул. {self._streets[street]}, д. {house}, кв. {flat}", street)
        town = self._other_towns[flat % len(self._other_towns)]
        return Home(f"Заречная обл., {town}, ул. {self._streets[street]}, д. {house}", None)

    def phone(self) -> str:
        """Return the next number in E.164, of the form +7 9xx 000-xx-xx; 800,000 pass before one returns."""
        self._next_phone = (self._next_phone + _PHONE_STEP) % _PHONES
        code, tail = divmod(self._next_phone, _NUMBERS_IN_CODE)
        return f"+7{_LOCAL_CODES[code]}000{tail:04d}"

    def email(self, last: str, first: str, born: int) -> str:
        """Return an address in a domain reserved for examples (RFC 2606): no letter reaches anybody."""
        name = last.lower().translate(_LATIN)
        initial = first[0].lower().translate(_LATIN)
        domain = _MAIL_DOMAINS[int(self._random() * len(_MAIL_DOMAINS))]
        return f"{initial}.{name}{born % 100:02d}@{domain}"

    def attachment(self, home: Home, born: int, *, child: bool) -> AttachmentSeed | None:
        """Return the attachment of a person born on an ordinal: active for most of the town."""
        chance, moment = self._random(), self._random()
        if chance > (0.965 if home.street is not None else 0.25):
            return None
        branch, district = self._district(home.street, child=child)
        life = self._today - born
        if chance < 0.03:
            since = date.fromordinal(self._today - min(int(moment * 6), life))
            return AttachmentSeed(branch, district, _REVIEW, since)
        since = date.fromordinal(self._today - int(moment * min(life, 4000)))
        if chance < 0.045:
            refusal = _REFUSALS[int(moment * len(_REFUSALS))]
            return AttachmentSeed(branch, None, _REFUSED, since, refusal)
        return AttachmentSeed(branch, district, _ACTIVE, since)

    def _district(self, street: int | None, *, child: bool) -> tuple[int, str]:
        if street is None:
            return 0, "вне участка"
        branch, place = street % BRANCHES, street // BRANCHES
        number = place // _STREETS_IN_DISTRICT
        return branch, f"П{number // _CHILD_DISTRICT + 1}" if child else str(number + 1)


def wants_email(age: int, sex: Sex, chance: float) -> bool:
    """Decide whether a person left an e-mail: the young and women do so more often."""
    return chance < (0.45 if age < 60 else 0.12) + (0.05 if sex == "F" else 0.0)
