"""СНИЛС and OMS policies: unique valid numbers, the kinds in use in their real shares."""

from __future__ import annotations

from bisect import bisect
from datetime import date
from random import Random
from typing import NamedTuple

from registrar_tui.validators.enp import build_enp, enp_control_digit
from registrar_tui.validators.snils import snils_control
from registrar_tui.vocabulary import Verification
from seed.calendar import years_before
from seed.names import Sex

# Accounts of living people run up to about 230-000-000: a demo person never bears a real number.
_FIRST_SNILS, _SNILS_SPAN, _SNILS_STEP = 300_000_000, 1 << 29, 331_804_471
_SERIALS, _SERIAL_STEP = 100_000, 61_803
_HOME_REGION = "50"
_OTHER_REGIONS = ("05", "16", "23", "33", "36", "40", "52", "61", "62", "66", "71", "74", "77", "78", "95")
_NEWBORN_DAYS = 45
_TEMPORARY_DAYS = 63
"""A temporary certificate serves 45 working days, about nine weeks."""
_MISMATCH_SHARE = 0.003
_KIND_BOUNDS, _KINDS = (0.028, 0.04, 0.06, 0.21, 0.60), "СВКЭПЦ"
"""Upper bounds of the shares among people who have a policy, by the HL7 letter; the rest are digital."""
_ISSUED = {
    "С": (date(2003, 1, 1).toordinal(), date(2011, 4, 30).toordinal()),
    "К": (date(2013, 1, 1).toordinal(), date(2016, 12, 31).toordinal()),
    "Э": (date(2015, 8, 1).toordinal(), date(2022, 11, 30).toordinal()),
    "П": (date(2011, 5, 1).toordinal(), date(2022, 11, 30).toordinal()),
}
# Bound once: an enum member costs 50 ns a look in Python 3.11.
_SEEN, _MATCHED, _NOT_SHOWN = Verification.SEEN, Verification.MATCHED, Verification.NOT_SHOWN
_DIGITAL_SINCE = date(2022, 12, 1).toordinal()


class PolicySeed(NamedTuple):
    """An OMS policy: kind by its HL7 letter (pcyType), numbers, term; `valid_until` None: without end."""

    kind: str
    series: str
    number: str
    issued_on: date
    valid_until: date | None
    verification: Verification


class NumberSource:
    """Gives unique СНИЛС and ЕНП; the seed of the clinic shifts both."""

    def __init__(self, chooser: Random) -> None:
        self._random = chooser.random
        self._next_snils = int(self._random() * _SNILS_SPAN)
        self._offset = int(self._random() * _SERIALS)
        self._last: dict[tuple[int, Sex], tuple[str, int]] = {}
        """By birth date and sex: eight digits of the ЕНП (a million people share 70,000) and the serial."""

    def snils(self) -> str:
        """Return the next eleven digits: the step is odd, so 2^29 numbers pass before one returns."""
        self._next_snils = (self._next_snils + _SNILS_STEP) % _SNILS_SPAN
        base = str(_FIRST_SNILS + self._next_snils)
        return base + snils_control(base)

    def enp(self, born: date, sex: Sex) -> str:
        """Return the next sixteen digits; serials of one birth date and sex never repeat below 100,000."""
        chance = self._random()
        region = _HOME_REGION if chance < 0.85 else _OTHER_REGIONS[int((chance - 0.85) * 100)]
        key = (born.toordinal(), sex)
        last = self._last.get(key)
        if last is None:
            serial = (self._offset + key[0] * 7919) % _SERIALS
            number = build_enp(region, born, sex, serial)
            self._last[key] = number[2:10], serial
            return number
        coded_birth, serial = last
        serial = (serial + _SERIAL_STEP) % _SERIALS
        self._last[key] = coded_birth, serial
        base = f"{region}{coded_birth}{serial:05d}"
        return base + enp_control_digit(base)


class PolicySource:
    """Gives every person a policy or none, with the term and the state of its check."""

    def __init__(self, chooser: Random, today: date, numbers: NumberSource) -> None:
        self._random = chooser.random
        self._numbers = numbers
        self._today = today.toordinal()
        self._adult = years_before(today, 18)
        self._year_end = date(today.year, 12, 31)
        self._last_year_end = date(today.year - 1, 12, 31)
        self._temporary = int(self._random() * 1_000_000)

    def has_no_papers_yet(self, born: int) -> bool:
        """Tell whether a person is newborn: the mother's policy serves, there is no СНИЛС yet."""
        return self._today - born < _NEWBORN_DAYS

    def policy_of(self, born: date, sex: Sex, *, foreign: bool) -> PolicySeed | None:
        """Return the policy of a person; None for the newborn and for about four per cent of others."""
        ordinal = born.toordinal()
        if self.has_no_papers_yet(ordinal) or self._random() < (0.3 if foreign else 0.035):
            return None
        kind = self._kind(ordinal)
        issued = self._issued(kind, ordinal)
        if kind == "В":
            return self._temporary_certificate(issued)
        until = None
        if foreign:
            until = self._year_end if self._random() < 0.8 else self._last_year_end
            issued = min(issued, until.toordinal())
        if kind == "С":
            series, number = f"46{int(self._random() * 100):02d}", f"{1_000_000 + int(self._random() * 9e6)}"
        else:
            series, number = "", self._enp(born, sex)
        return PolicySeed(kind, series, number, date.fromordinal(issued), until, self._checked(0.75))

    def _kind(self, born: int) -> str:
        kind = _KINDS[bisect(_KIND_BOUNDS, self._random())]
        if kind == "К" and born > self._adult:
            return "Ц"
        return "Ц" if kind in _ISSUED and born > _ISSUED[kind][1] else kind

    def _issued(self, kind: str, born: int) -> int:
        low, high = _ISSUED.get(kind, (_DIGITAL_SINCE, self._today))
        if kind == "В":
            low = self._today - 90
        high = min(high, self._today)
        low = min(max(low, born), high)
        return low + int(self._random() * (high - low + 1))

    def _temporary_certificate(self, issued: int) -> PolicySeed:
        self._temporary = (self._temporary + 1) % 1_000_000
        number = f"500{self._temporary:06d}"
        until = date.fromordinal(issued + _TEMPORARY_DAYS)
        return PolicySeed("В", "", number, date.fromordinal(issued), until, self._checked(0.4))

    def _enp(self, born: date, sex: Sex) -> str:
        if self._random() >= _MISMATCH_SHARE:
            return self._numbers.enp(born, sex)
        # A corrected birth date leaves the old number in force: the deliberate doubtful case.
        return self._numbers.enp(date.fromordinal(born.toordinal() - 1), sex)

    def _checked(self, matched: float) -> Verification:
        chance = self._random()
        if chance < matched:
            return _MATCHED
        return _SEEN if chance < matched + 0.13 else _NOT_SHOWN
