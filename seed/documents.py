"""Identity documents that agree with the age: certificates, passports, foreign papers, some out of date."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import NamedTuple

from registrar_tui.vocabulary import Verification
from seed.calendar import birthday, years_before

_FIRST_PASSPORT = date(1997, 10, 1).toordinal()
_SOVIET_EXCHANGE_ENDED = date(2004, 6, 30).toordinal()
_FIRST_NUMBER, _NUMBERS, _STEP = 101, 999_800, 387_341
"""Numbers of one series walk through all of 000101-999900 by a step without a common divisor."""
_REGION = "46"
_OTHER_REGIONS = ("03", "18", "20", "22", "36", "40", "45", "57", "60", "65", "71", "75", "80", "92")
_CERTIFICATE_LETTERS = ("ИК", "ИК", "ИК", "МЮ", "АК", "БА", "ОТ", "РЕ")
_FOREIGN_SHARE = {"turkic": 0.05, "armenian": 0.05, "georgian": 0.03, "other": 0.03}
_FOREIGN_SHARE_ELSE = 0.003
_FOREIGN_PASSPORT, _RESIDENCE, _TEMPORARY_RESIDENCE, _FOREIGN_CERTIFICATE = "9", "11", "23", "24"
_CERTIFICATE, _PASSPORT = "3", "14"
# Bound once: an enum member costs 50 ns a look in Python 3.11, and a person takes five.
_SEEN, _MATCHED, _NOT_SHOWN = Verification.SEEN, Verification.MATCHED, Verification.NOT_SHOWN


class DocumentSeed(NamedTuple):
    """An identity document: its code in F011 (directory of the federal fund), numbers, who issued it."""

    kind: str
    series: str
    number: str
    issued_on: date
    issuer: str
    issuer_code: str | None
    verification: Verification


class DocumentSource:
    """Gives every person a document; no two documents of a kind share series and number."""

    def __init__(self, chooser: Random, today: date) -> None:
        self._random = chooser.random
        self._today = today.toordinal()
        self._fourteen, self._twenty, self._forty_five = (years_before(today, age) for age in (14, 20, 45))
        self._used: dict[str, int] = {}

    def is_foreign(self, group: str) -> bool:
        """Decide whether a person with a surname of this group is a foreign citizen."""
        return self._random() < _FOREIGN_SHARE.get(group, _FOREIGN_SHARE_ELSE)

    def document_of(self, born: date, *, foreign: bool) -> DocumentSeed | None:
        """Return the document of a person born on a day; None for the newborn and for who has none."""
        age_days = self._today - born.toordinal()
        if age_days < 5 or self._random() < 0.012:
            return None
        young = born.toordinal() > self._fourteen
        if foreign:
            return self._foreign(born, young=young)
        return self._certificate(born) if young else self._passport(born)

    def _certificate(self, born: date) -> DocumentSeed:
        chance = self._random()
        issued = min(born.toordinal() + 3 + int(chance * 40), self._today)
        letters = _CERTIFICATE_LETTERS[int(self._random() * len(_CERTIFICATE_LETTERS))]
        roman = "III" if born.year < 2012 else "IV" if born.year < 2017 else "V" if born.year < 2023 else "VI"
        series = f"{roman}-{letters}"
        issuer = "Отдел ЗАГС по городскому округу Светлореченск"
        return DocumentSeed(
            _CERTIFICATE,
            series,
            self._number(series),
            date.fromordinal(issued),
            issuer,
            None,
            self._checked(),
        )

    def _passport(self, born: date) -> DocumentSeed:
        issued = date.fromordinal(self._passport_day(born))
        # Blanks are printed up to a year before they are handed out.
        printed = max(issued.year - (self._random() < 0.3), 1997)
        chance = self._random()
        region = _REGION if chance < 0.8 else _OTHER_REGIONS[int((chance - 0.8) * 5 * len(_OTHER_REGIONS))]
        series = f"{region} {printed % 100:02d}"
        number = self._number(series)
        department = int(self._random() * 60) + 1
        if issued.year < 2007:
            issuer = f"{department} отделом милиции УВД г. Светлореченска"
        elif issued.year < 2017:
            issuer = f"ТП № {department} ОУФМС России по Заречной области в г. Светлореченске"
        else:
            issuer = "ГУ МВД России по Заречной области"
        code = f"50{department % 4}-{department:03d}"
        return DocumentSeed(_PASSPORT, series, number, issued, issuer, code, self._checked())

    def _passport_day(self, born: date) -> int:
        ordinal = born.toordinal()
        last, before = (
            (45, 20) if ordinal <= self._forty_five else (20, 14) if ordinal <= self._twenty else (14, 0)
        )
        due = birthday(born, last)
        chance = self._random()
        if chance < 0.012 and before and due > _FIRST_PASSPORT + 400:
            # Not renewed at 20 or 45: the deliberate doubtful case.
            return max(birthday(born, before), _FIRST_PASSPORT) + int(chance * 30_000) % 300
        issued = due + int(chance * 80)
        if issued < _FIRST_PASSPORT:
            span = _SOVIET_EXCHANGE_ENDED - _FIRST_PASSPORT
            issued = _FIRST_PASSPORT + int(self._random() * span)
        if self._random() < 0.15:
            # Lost, or a new surname.
            issued += int(self._random() * max(self._today - issued, 0))
        return min(issued, self._today)

    def _foreign(self, born: date, *, young: bool) -> DocumentSeed:
        chance = self._random()
        oldest = max(born.toordinal() + 3, self._today - 3200)
        issued = date.fromordinal(oldest + int(chance * (self._today - oldest)))
        issuer, series = "Орган иностранного государства", ""
        if young:
            kind = _FOREIGN_CERTIFICATE
        elif chance < 0.5:
            kind, series = _FOREIGN_PASSPORT, "AN" if chance < 0.25 else "FA"
        else:
            kind = _RESIDENCE if chance < 0.8 else _TEMPORARY_RESIDENCE
            issuer, series = "ГУ МВД России по Заречной области", "82"
        number = f"{int(self._number(kind)):07d}"
        return DocumentSeed(kind, series, number, issued, issuer, None, self._checked())

    def _number(self, series: str) -> str:
        last = self._used.get(series)
        place = int(self._random() * _NUMBERS) if last is None else (last + _STEP) % _NUMBERS
        self._used[series] = place
        return f"{_FIRST_NUMBER + place:06d}"

    def _checked(self) -> Verification:
        chance = self._random()
        if chance < 0.7:
            return _SEEN
        return _MATCHED if chance < 0.82 else _NOT_SHOWN
