"""What a search text may mean: numbers, dates, names in any order and layout. Pure: no clock, no database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import permutations
from typing import Any, Final, NamedTuple

from registrar_tui.services.search_keys import fold, has_cyrillic, other_layout
from registrar_tui.services.search_numbers import (
    LABEL_WORDS,
    RARE_TAILS,
    Number,
    NumberKind,
    is_label,
    lettered,
    meanings,
)
from registrar_tui.validators.policy_barcode import PolicyBarcode, read_policy_barcode

LONGEST_TEXT: Final = 300
"""Signs read of a text; a scanned policy has 260."""
_EARLIEST: Final = 1900
_MOST_TOKENS: Final = 4


class Birth(NamedTuple):
    """Days of birth that fit: one day, a month or a year."""

    first: date
    last: date

    @property
    def exact(self) -> bool:
        """Tell whether the whole date is known."""
        return self.first == self.last

    @property
    def is_year(self) -> bool:
        """Tell whether more than a month fits."""
        return self.first.month != self.last.month


class Names(NamedTuple):
    """Beginnings of the folded names; empty means any, one letter is an initial."""

    last: str = ""
    first: str = ""
    middle: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """One reading of the text: name tokens as typed and folded, and alternative meanings of its digits."""

    typed: tuple[str, ...] = ()
    tokens: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    births: tuple[Birth, ...] = ()
    switched: bool = False
    sex: str = ""
    """M or F where a scan says it."""
    unlikely: tuple[Number, ...] = ()
    """Meanings looked at where all others fail: «иванов 1958» is hardly the end of a СНИЛС."""

    def __bool__(self) -> bool:
        """Tell whether anything was understood."""
        return bool(self.tokens or self.numbers or self.births)


_Meant = Callable[[re.Match[str], date], tuple[Birth, ...]]
_DOTS: Final = "[./,юЮ-]"  # «ю» is the dot's key of the other layout
_DATE: Final = re.compile(rf"(?<![\d+-])(\d{{1,2}}){_DOTS}(\d{{1,2}}){_DOTS}(\d{{4}}|\d{{2}})(?![\d-])")
_ISO_DATE: Final = re.compile(r"(?<![\d+])(\d{4})-(\d{2})-(\d{2})(?![\d-])")
_MONTH: Final = re.compile(r"(?<![\d.])(\d{1,2})[./](\d{4})(?!\d)")
_YEAR_WORD: Final = re.compile(
    r"(?<!\d)((?:19|20)?\d\d)[\s-]*(?:года?\b|г(?![^\W\d_])\.?\s*(?:р(?![^\W\d_])\.?)?)(?:\s*рожд\w*\.?)?",
    re.IGNORECASE,
)
_GROUP: Final = re.compile(
    rf"(?:\b(?P<label>{LABEL_WORDS})\b[\s.:#]*)?"
    r"(?P<digits>\+?[ (]*\d(?:[\d\s().#/-]*\d)?)",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’`][^\W\d_]+)*")
_PLAIN: Final = re.compile(r"[0-9A-Za-zА-Яа-яЁё .,+()'-]*").fullmatch
"""Text as it is nearly always typed, in which there is nothing to clean."""
_DIGIT: Final = re.compile(r"\d").search
_LETTER: Final = re.compile(r"[^\W\d_]").search
_LATIN: Final = re.compile("[a-z]", re.IGNORECASE).search
# What a scanner sets before a code (ISO/IEC 15424: `]Q1`, `]L2`), as either layout types it.
_SCANNER_PREFIX: Final = re.compile(r"\s*[\]ъЪ][A-Za-zА-Яа-я]\d(?=[0-9A-Za-zА-Яа-я]{8})")


def understand(text: str, today: date) -> tuple[Query, ...]:
    """Return the readings of any text, the likeliest first; empty where it holds no letter and no digit."""
    return tuple(readings(text, today))


def readings(text: str, today: date) -> Iterator[Query]:
    """Yield the readings one by one: the second is seldom asked for."""
    text = _SCANNER_PREFIX.sub("", text[:LONGEST_TEXT], count=1)
    if (barcode := read_policy_barcode(text)) is not None:
        yield _scanned(barcode)
        return
    clean = _cleaned(text)
    chunks = clean.split()
    switched = _all_switched(chunks) if _LATIN(clean) else ""
    if switched and switched != " ".join(chunks):
        candidates = ((switched, True), (clean, False))
    elif has_cyrillic(clean):
        candidates = ((clean, False), (other_layout(clean), True))
    else:
        candidates = ((clean, False), ("", False))
    for candidate, is_switched in candidates:
        if query := _parse(candidate, today, switched=is_switched):
            yield query


def _scanned(barcode: PolicyBarcode) -> Query:
    """Return the reading of a policy's barcode: its number, else its owner by name and birth."""
    names = (barcode.last_name, barcode.first_name, barcode.middle_name)
    typed = tuple(name for name in names if fold(name))
    return Query(
        typed,
        tuple(map(fold, typed)),
        (Number(NumberKind.ENP, barcode.enp),),
        (Birth(barcode.birth_date, barcode.birth_date),),
        sex=barcode.sex,
    )


def _cleaned(text: str) -> str:
    if _PLAIN(text):
        return text
    text = unicodedata.normalize("NFKC", text.replace("№", "#"))
    kept = [
        str(unicodedata.decimal(sign)) if sign.isdecimal() else sign
        for sign in text
        if unicodedata.category(sign) not in ("Mn", "Cs", "Cf")
    ]
    return re.sub("[‐-―−]", "-", "".join(kept))


def _all_switched(chunks: list[str]) -> str:
    """Return the chunks typed in the Latin layout as the Russian keys give them; others as they are."""
    latin = [any("a" <= sign <= "z" for sign in chunk.lower()) for chunk in chunks]
    # A lone sign beside Latin letters is a letter too: «bdfyjd .» is Иванов Ю.
    anywhere = any(latin) and not any(has_cyrillic(chunk) for chunk in chunks)
    return " ".join(
        other_layout(chunk) if _in_other_layout(chunk, is_latin or anywhere) else chunk
        for chunk, is_latin in zip(chunks, latin, strict=True)
    )


def _in_other_layout(chunk: str, latin: bool) -> bool:
    return latin and not has_cyrillic(chunk) and not any(sign.isdigit() for sign in chunk)


def _parse(text: str, today: date, *, switched: bool = False) -> Query:
    rest, births = _without_births(text, today)
    digits, letters = _DIGIT(rest), _LETTER(rest)
    groups = list(_GROUP.finditer(rest)) if digits else []
    words = _WORD.findall(_GROUP.sub(" | ", rest) if groups else rest) if letters else []
    pairs = [(word, key) for word in words if (key := fold(word)) and not (groups and is_label(word))]
    pairs = pairs[:_MOST_TOKENS]
    numbers: list[Number] = []
    unlikely: list[Number] = []
    for group in groups:
        label = group["label"] or ""
        kinds = meanings(group["digits"], label)
        if not label:
            compact = _compact_births(group["digits"], today)
            births.extend(compact)
            if pairs:
                kinds = [number for number in kinds if number.kind is not NumberKind.VISIT]
            if pairs and compact:
                unlikely += [number for number in kinds if number.kind in RARE_TAILS]
                kinds = [number for number in kinds if number.kind not in RARE_TAILS]
        numbers.extend(kinds)
    if digits and letters:
        numbers.extend(lettered(rest))
    return Query(
        tuple(word for word, _ in pairs),
        tuple(key for _, key in pairs),
        tuple(dict.fromkeys(numbers)),
        tuple(dict.fromkeys(births)),
        switched,
        unlikely=tuple(unlikely),
    )


def _without_births(text: str, today: date) -> tuple[str, list[Birth]]:
    """Return the text with a bar for every date or year that is one beyond doubt, and the days they mean."""
    births: list[Birth] = []
    for sign, dated, meant in _DATES:

        def take(match: re.Match[str], meant: _Meant = meant) -> str:
            found = meant(match, today)
            births.extend(found)
            return " | " if found else match[0]

        if sign(text) and _DIGIT(text):
            text = dated.sub(take, text)
    return text, births


def _compact_births(raw: str, today: date) -> tuple[Birth, ...]:
    digits = re.sub(r"\D", "", raw)
    if raw.lstrip().startswith("+"):
        return ()
    if len(digits) == 8:
        ordinary = _day(digits[:2], digits[2:4], digits[4:], today)
        return ordinary or _day(digits[6:], digits[4:6], digits[:4], today)
    if len(digits) == 6:
        return _day(digits[:2], digits[2:4], digits[4:], today)
    return _years(digits, today) if len(digits) in (2, 4) else ()


def _full_years(year: str, today: date) -> list[int]:
    candidates = [int(year)] if len(year) == 4 else [1900 + int(year), 2000 + int(year)]
    return [number for number in candidates if _EARLIEST <= number <= today.year]


def _day(day: str, month: str, year: str, today: date) -> tuple[Birth, ...]:
    found = []
    for number in _full_years(year, today):
        try:
            born = date(number, int(month), int(day))
        except ValueError:
            continue
        if born <= today:
            found.append(Birth(born, born))
    return tuple(found)


def _month(month: str, year: str, today: date) -> tuple[Birth, ...]:
    if not 1 <= int(month) <= 12:
        return ()
    firsts = [date(number, int(month), 1) for number in _full_years(year, today)]
    return tuple(Birth(first, (first + timedelta(31)).replace(day=1) - timedelta(1)) for first in firsts)


def _years(year: str, today: date) -> tuple[Birth, ...]:
    return tuple(Birth(date(number, 1, 1), date(number, 12, 31)) for number in _full_years(year, today))


_DATES: Final[tuple[tuple[Any, re.Pattern[str], _Meant], ...]] = (
    (re.compile("-").search, _ISO_DATE, lambda found, today: _day(found[3], found[2], found[1], today)),
    (re.compile(_DOTS).search, _DATE, lambda found, today: _day(found[1], found[2], found[3], today)),
    (re.compile("[./]").search, _MONTH, lambda found, today: _month(found[1], found[2], today)),
    (re.compile("[гГ]").search, _YEAR_WORD, lambda found, today: _years(found[1], today)),
)
"""How births are written: the sign without which none is, the text, and the days it means."""

PATRONYMIC: Final = re.compile("(?:[оеь]вич|ьич|[оеь]вна|ична|оглы|кызы)$").search

_ORDERS: Final = {
    1: ((0, None, None),),
    2: ((0, 1, None), (1, 0, None), (0, None, 1), (1, None, 0), (None, 0, 1)),
    3: (
        (0, 1, 2),
        (2, 0, 1),
        *((p[0], p[1], p[2]) for p in permutations(range(3)) if p not in ((0, 1, 2), (2, 0, 1))),
    ),
}
"""Which token is the last, first and middle name, the likeliest order first."""


def name_readings(tokens: tuple[str, ...]) -> list[Names]:
    """Return the orders in which one to three tokens may be names, the likeliest first.

    An initial is no surname beside a word; what ends like a patronymic is first tried as one.
    """
    whole = any(len(token) > 1 for token in tokens)
    patronymics = [token for token in tokens[1:] if PATRONYMIC(token)]
    found = []
    for order in _ORDERS.get(len(tokens), ()):
        names = Names(*("" if place is None else tokens[place] for place in order))
        if not (whole and len(names.last) == 1):
            found.append(names)
    found.sort(key=lambda names: bool(patronymics) and names.middle not in patronymics)
    return list(dict.fromkeys(found))


def regrouped(tokens: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the tokens grouped otherwise: a double surname typed apart, initials typed together."""
    found: list[tuple[str, ...]] = []
    if len(tokens) == 2:
        for pair, word in (tokens, tokens[::-1]):
            if len(pair) == 2 and len(word) > 2:
                found.append((word, pair[0], pair[1]))
    for place in range(len(tokens) - 1):
        if len(tokens[place]) > 1 and len(tokens[place + 1]) > 1:
            joined = tokens[place] + tokens[place + 1]
            found.append((*tokens[:place], joined, *tokens[place + 2 :]))
    return [group for group in found if len(group) <= 3]
