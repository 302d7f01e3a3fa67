"""СНИЛС: eleven digits, the last two of which control the first nine."""

from __future__ import annotations

import re

from registrar_tui.validators.reading import compact, is_digits, non_digit_problem, refused
from registrar_tui.validators.result import Checked, Problem

_FIELD = "snils"
_SHAPE = re.compile(r"[0-9]{3}-[0-9]{3}-[0-9]{3}[ -][0-9]{2}")
_LAST_UNCONTROLLED = "00100199899"

# The nine weights fall on three groups of three digits: a look-up a group instead of nine products
# halves the time of a row (1 µs against 2), and a group that is not digits is simply not found.
_GROUPS = [f"{group:03d}" for group in range(1000)]
_HEAD, _MIDDLE, _TAIL = (
    {g: first * int(g[0]) + (first - 1) * int(g[1]) + (first - 2) * int(g[2]) for g in _GROUPS}
    for first in (9, 6, 3)
)
_MAX_SUM = 9 * sum(range(1, 10))
# The remainder by 101 is the control number, but for 100, which is written 00.
_CONTROLS = [f"{weighted % 101 % 100:02d}" for weighted in range(_MAX_SUM + 1)]


def snils_control(base: str) -> str:
    """Return the two control digits of the first nine.

    Raises ValueError when `base` is not nine digits.
    Source: the Pension Fund's algorithm for the control number of an insured person's account.
    """
    if len(base) != 9 or not is_digits(base):
        raise ValueError("the base of a СНИЛС is nine digits")
    return _CONTROLS[_HEAD[base[:3]] + _MIDDLE[base[3:6]] + _TAIL[base[6:]]]


def check_snils(text: str) -> Checked:
    """Check СНИЛС and return its eleven digits; spaces and hyphens between the groups do not matter.

    Errors: `snils_empty`, `snils_characters`, `snils_length`, `snils_zero`, `snils_checksum`.
    Warning `snils_uncontrolled`: numbers up to 001-001-998 were issued without control digits.
    Source: the Pension Fund's algorithm for the control number of an insured person's account.
    """
    digits = text
    if len(text) != 11:
        shaped = _SHAPE.fullmatch(text)
        digits = text[:3] + text[4:7] + text[8:11] + text[12:] if shaped else compact(text)
    try:
        control = _CONTROLS[_HEAD[digits[:3]] + _MIDDLE[digits[3:6]] + _TAIL[digits[6:9]]]
    except KeyError:
        return _explain(compact(digits))
    if digits[9:] == control and digits > _LAST_UNCONTROLLED:
        return Checked(digits)
    return _explain(compact(digits))


def _explain(digits: str) -> Checked:
    problem = non_digit_problem(digits, _FIELD, "СНИЛС", "11 цифр")
    if problem:
        return Checked(None, (problem,))
    if len(digits) != 11:
        return refused("snils_length", _FIELD, f"СНИЛС: цифр {len(digits)}, а нужно 11.")
    if digits.startswith("000000000"):
        return refused(
            "snils_zero", _FIELD, "СНИЛС из одних нулей не выдают; нет СНИЛС — оставьте поле пустым."
        )
    if digits > _LAST_UNCONTROLLED:
        return refused("snils_checksum", _FIELD, "СНИЛС: контрольное число не сходится, сверьте цифры.")
    note = "СНИЛС до 001-001-998: контрольного числа нет, сверьте цифры с документом."
    return Checked(digits, warnings=(Problem("snils_uncontrolled", _FIELD, note),))


def format_snils(digits: str) -> str:
    """Return eleven digits as on the card, `XXX-XXX-XXX YY`; anything else is returned as it is."""
    if len(digits) != 11:
        return digits
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:9]} {digits[9:]}"
