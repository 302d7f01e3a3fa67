"""What digits in a search text may be: a number of a document, policy, phone, ticket, or its end. Pure."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple

from registrar_tui.services.search_keys import number_key


class NumberKind(StrEnum):
    """What a run of digits may be the number of."""

    TICKET = "ticket"
    VISIT = "visit"
    SNILS = "snils"
    ENP = "enp"
    POLICY = "policy"
    DOCUMENT = "document"
    PHONE = "phone"
    TAIL = "tail"
    """The last digits of a phone."""
    SNILS_TAIL = "snils-tail"
    POLICY_TAIL = "policy-tail"
    DOCUMENT_TAIL = "document-tail"


class Number(NamedTuple):
    """One meaning of digits; the value is what the index holds (a tail: digits as typed)."""

    kind: NumberKind
    value: str


TAILS: Final = (
    NumberKind.TAIL,
    NumberKind.SNILS_TAIL,
    NumberKind.POLICY_TAIL,
    NumberKind.DOCUMENT_TAIL,
)
"""The numbers people name by their last digits, the phone first."""
RARE_TAILS: Final = TAILS[1:]
SHORTEST_TAIL: Final = 4
_LONGEST_TAIL: Final = 9

LABEL_WORDS: Final = "тел(?:ефон)?|снилс|енп|полис|паспорт|талон|при[её]м|визит"
# «тел» away from its digits is the beginning of a surname.
is_label: Final = re.compile(rf"(?!тел[.:]?$)(?:{LABEL_WORDS})[.:]?", re.IGNORECASE).fullmatch
_SNILS_SHAPE: Final = re.compile(r"\d{3}-\d{3}-\d{3}[- ]\d{2}")
_LABELLED: Final[dict[str, tuple[NumberKind, ...]]] = {
    "тел": (NumberKind.PHONE, NumberKind.TAIL),
    "сни": (NumberKind.SNILS, NumberKind.SNILS_TAIL),
    "енп": (NumberKind.ENP, NumberKind.POLICY_TAIL),
    "пол": (NumberKind.ENP, NumberKind.POLICY, NumberKind.POLICY_TAIL),
    "пас": (NumberKind.DOCUMENT, NumberKind.DOCUMENT_TAIL),
    "тал": (NumberKind.TICKET, NumberKind.VISIT),
    "при": (NumberKind.VISIT,),
    "виз": (NumberKind.VISIT,),
}


def meanings(raw: str, label: str = "") -> list[Number]:
    """Return what a group of digits may be, the likeliest first; a label («полис») leaves its own kinds."""
    found = _meanings(raw)
    if not label:
        return found
    kinds = _LABELLED[label[:3].lower()]
    return [number for number in found if number.kind in kinds]


def _meanings(raw: str) -> list[Number]:
    digits = re.sub(r"\D", "", raw)
    size = len(digits)
    if raw.lstrip().startswith("+"):
        return [_phone(digits)] if size == 11 else _tails(digits)[:1]
    if _SNILS_SHAPE.fullmatch(raw.strip()):
        return [Number(NumberKind.SNILS, digits)]
    found: list[Number] = []
    if size == 20:
        found.append(Number(NumberKind.TICKET, digits))
    elif size == 16:
        found.append(Number(NumberKind.ENP, digits))
    elif size == 11:
        found.append(Number(NumberKind.SNILS, digits))
        if digits[0] in "78":
            found.append(_phone(digits))
    elif size == 10:
        found.append(Number(NumberKind.DOCUMENT, digits))
        if digits[0] in "3489":
            found.insert(0 if digits[0] == "9" else 1, Number(NumberKind.PHONE, "7" + digits))
    elif size < 10:
        found.extend(_tails(digits))
        if size <= 7:
            found.append(Number(NumberKind.VISIT, digits))
    if 6 <= size <= 19 and size != 16:
        found.append(Number(NumberKind.POLICY, digits))
    return found


def _phone(digits: str) -> Number:
    return Number(NumberKind.PHONE, "7" + digits[1:] if digits[0] == "8" else digits)


def _tails(digits: str) -> list[Number]:
    if not SHORTEST_TAIL <= len(digits) <= _LONGEST_TAIL:
        return []
    return [Number(kind, digits) for kind in TAILS]


def lettered(text: str) -> list[Number]:
    """Return documents and policies whose numbers have letters: «I-АК 123456», «АБ-12345», «АБ 12345»."""
    chunks = [chunk for chunk in text.split() if not is_label(chunk) and chunk != "|"]
    joined = "".join(chunks)
    digits = sum(sign.isdigit() for sign in joined)
    letters = sum(sign.isalpha() for sign in joined)
    if not (5 <= digits <= 14 and 1 <= letters <= 7):
        return []
    key = number_key("", joined)
    return [Number(NumberKind.DOCUMENT, key), Number(NumberKind.POLICY, key)]
