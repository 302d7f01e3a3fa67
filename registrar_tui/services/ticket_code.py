"""The signed code of a ticket: twenty digits that a scanner types the same under any keyboard layout.

`K NNNNNNNNNN TTTTTTTT C`: key id, ticket number, tag, check digit. The tag is HMAC-SHA256 over a
domain-separated string, so a code cannot be made without the clinic's key; the check digit catches a slip of
the hand before the key is asked. Nothing of the patient is in it.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NUMBER_DIGITS: Final = 10
TAG_DIGITS: Final = 8
LENGTH: Final = 1 + NUMBER_DIGITS + TAG_DIGITS + 1
MIN_KEY_BYTES: Final = 16

_DOMAIN: Final = "registrar-ticket-v1"
# H. M. Damm, "Total anti-symmetrische Quasigruppen" (dissertation, Marburg 2004): the order-10 table.
# Row: interim digit, column: next digit; zero diagonal, so a whole code ends in 0.
_DAMM: Final = tuple(
    tuple(map(int, row))
    for row in (
        "0317598642",
        "7092154863",
        "4206871359",
        "1750983426",
        "6123045978",
        "3674209581",
        "5869720134",
        "8945362017",
        "9438617205",
        "2581436790",
    )
)
# `]Q1` is the AIM identifier of a QR symbol (ISO/IEC 15424); the Russian layout types it as `ъЙ1`.
_PREFIX: Final = re.compile(r"(?:\]Q|ъй)[0-6]", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
_DIGITS: Final = re.compile(f"[0-9]{{{LENGTH}}}")
# The longest honest form (prefix, a separator after every digit) is far below; longer text is not a code.
_MAX_TEXT: Final = 120


@dataclass(frozen=True, slots=True)
class ParsedCode:
    """A code of the right length and check digit; only `verify` says whether it is genuine."""

    digits: str

    @property
    def key_id(self) -> int:
        """Return which of the ten keys signed it."""
        return int(self.digits[0])

    @property
    def number(self) -> int:
        """Return the ticket number it claims."""
        return int(self.digits[1 : 1 + NUMBER_DIGITS])

    @property
    def tag(self) -> str:
        """Return its eight tag digits."""
        return self.digits[1 + NUMBER_DIGITS : -1]


def make_code(key_id: int, key: bytes, clinic: str, number: int) -> str:
    """Return the 20 digits for a ticket number of one clinic.

    `key_id` is 0-9, `number` 0..10^10-1, `key` at least 16 bytes (32 random ones by rule); ValueError else.
    """
    if not 0 <= key_id <= 9:
        raise ValueError("a key id is one digit")
    if not 0 <= number < 10**NUMBER_DIGITS:
        raise ValueError(f"a ticket number has at most {NUMBER_DIGITS} digits")
    if len(key) < MIN_KEY_BYTES:
        raise ValueError(f"a signing key has at least {MIN_KEY_BYTES} bytes")
    body = f"{key_id}{number:0{NUMBER_DIGITS}d}{_tag(key_id, key, clinic, number)}"
    return f"{body}{damm(body)}"


def read_code(text: str) -> ParsedCode | None:
    """Read a code as typed, pasted or scanned; None if it is not 20 ASCII digits with a right check digit.

    Spaces, dashes and any grouping are allowed, and the scanner's prefix in either layout.
    """
    if len(text) > _MAX_TEXT:
        return None
    bare = _PREFIX.sub("", text.strip(), count=1) if _PREFIX.match(text.strip()) else text
    digits = _SEPARATORS.sub("", bare)
    if not _DIGITS.fullmatch(digits) or damm(digits) != 0:
        return None
    return ParsedCode(digits)


def verify(code: ParsedCode | str, keys: Mapping[int, bytes], clinic: str) -> int | None:
    """Return the ticket number of a genuine code of this clinic; None for any other text."""
    parsed = read_code(code) if isinstance(code, str) else code
    if parsed is None:
        return None
    key = keys.get(parsed.key_id)
    if key is None:
        return None
    expected = _tag(parsed.key_id, key, clinic, parsed.number)
    return parsed.number if hmac.compare_digest(expected.encode(), parsed.tag.encode()) else None


def group(code: str) -> str:
    """Return the code as printed for people, in fours: `1000 0000 4121 2345 6789`."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def damm(digits: str) -> int:
    """Return the Damm digit of ASCII digits; 0 for digits that end in their own check digit."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][ord(digit) - ord("0")]
    return interim


def _tag(key_id: int, key: bytes, clinic: str, number: int) -> str:
    # The last two fields are digits only, so no clinic id can imitate another number or key.
    message = f"{_DOMAIN}|{clinic}|{key_id}|{number}".encode("utf-8", "surrogatepass")
    digest = hmac.digest(key, message, "sha256")
    return f"{int.from_bytes(digest, 'big') % 10**TAG_DIGITS:0{TAG_DIGITS}d}"
