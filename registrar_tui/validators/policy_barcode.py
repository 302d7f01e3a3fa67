"""The barcode of a paper OMS policy, as a scanner in hexadecimal mode types it: whose policy it is.

130 bytes of fixed offsets, numbers big-endian; the fund's signature in the last 65 cannot be checked
here: its key is not published. Source: rules of the federal fund for the barcode of a paper policy, types 01
and 02.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final, NamedTuple

from registrar_tui.validators.enp import Sex, check_enp

BYTES: Final = 130
# The code of a sign is its place; 47-62 are reserved, 63 divides the names.
_SIGNS: Final = " .-’0123456789АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЬЪЫЭЮЯ"
_DIVIDER: Final = 63
_HEX: Final = re.compile(f"[0-9a-f]{{{2 * BYTES}}}(?:0d)?(?:0a)?").fullmatch
_UNDER_RUSSIAN: Final = str.maketrans("фисвуа", "abcdef")  # what the scanner's A-F become under ЙЦУКЕН
_DAY_ZERO: Final = date(1900, 1, 1)
_SEXES: Final[dict[int, Sex]] = {1: "M", 2: "F"}


class PolicyBarcode(NamedTuple):
    """What a barcode says; names are in capitals and may be cut (68 signs for all three)."""

    enp: str
    last_name: str
    first_name: str
    middle_name: str
    sex: Sex
    birth_date: date
    valid_until: date | None


class _Layout(NamedTuple):
    """Where the fields after the number stand."""

    names_end: int
    sex: int
    little_endian: bool
    """Type 01: the field of names is one little-endian number, and the first name comes first."""


_LAYOUTS: Final = {1: _Layout(51, 51, True), 2: _Layout(60, 60, False)}


def read_policy_barcode(text: str) -> PolicyBarcode | None:
    """Read a scan, in either keyboard layout; None where it is not such a code, or is a spoilt one.

    The control digit of the ЕНП, the sex and the signs of the names are checked.
    """
    if len(text) < 2 * BYTES:
        return None
    typed = text.strip().lower().translate(_UNDER_RUSSIAN)
    if not _HEX(typed):
        return None
    data = bytes.fromhex(typed[: 2 * BYTES])
    layout = _LAYOUTS.get(data[0])
    if layout is None:
        return None
    enp = f"{int.from_bytes(data[1:9], 'big'):016}"
    names = _names(data[9 : layout.names_end], layout)
    sex = _SEXES.get(data[layout.sex])
    if names is None or sex is None or not check_enp(enp).ok:
        return None
    born, until = (int.from_bytes(data[layout.sex + at : layout.sex + at + 2], "big") for at in (1, 3))
    return PolicyBarcode(enp, *names, sex, _day(born), _day(until) if until else None)


def _day(number: int) -> date:
    return _DAY_ZERO + timedelta(days=number)


def _names(field: bytes, layout: _Layout) -> tuple[str, str, str] | None:
    number = int.from_bytes(field, "little" if layout.little_endian else "big")
    count = len(field) * 8 // 6
    shifts = range(0, 6 * count, 6) if layout.little_endian else range(6 * (count - 1), -1, -6)
    codes = [number >> shift & 63 for shift in shifts]
    if any(len(_SIGNS) <= code < _DIVIDER for code in codes):
        return None
    signs = "".join("|" if code == _DIVIDER else _SIGNS[code] for code in codes)
    one, other, middle = ([part.strip() for part in signs.split("|")] + ["", "", ""])[:3]
    return (other, one, middle) if layout.little_endian else (one, other, middle)
