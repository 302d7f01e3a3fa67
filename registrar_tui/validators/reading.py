"""Reading a typed value: invisible marks, dashes, look-alike letters, and digits that are not digits."""

from __future__ import annotations

import re

from registrar_tui.validators.result import Checked, Problem

# Pasted text carries marks nobody sees: soft hyphens, zero-width signs, direction marks, BOM.
_INVISIBLE = (0x00AD, 0x061C, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF)
_SPACES = (0x00A0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000)
_DASHES = (*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0xFF0D)

_FOLD: dict[int, str | None] = {
    **dict.fromkeys(_INVISIBLE, None),
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys(_DASHES, "-"),
}
_FOLDABLE = re.compile("[" + "".join(map(chr, _FOLD)) + "]")
_EDGES = " \t\r\n"  # a scanner ends with CR LF; other control characters stay and are refused
_DROP_SEPARATORS = str.maketrans("", "", " -")

LATIN_LOOKALIKES = str.maketrans("ABCEHKMOPTXYËaceopxyë", "АВСЕНКМОРТХУЁасеорхуё")
"""Latin letters that cannot be told from Russian ones on the screen, both cases."""


def tidy(text: str) -> str:
    """Drop invisible marks and outer blanks; turn every kind of space and dash into the plain one."""
    if not text.isascii() and _FOLDABLE.search(text):
        text = text.translate(_FOLD)
    return text.strip(_EDGES)


def compact(text: str) -> str:
    """Return the tidied text without the spaces and hyphens people put between groups of digits."""
    return tidy(text).translate(_DROP_SEPARATORS)


def is_digits(text: str) -> bool:
    """Tell whether the text is one or more of 0-9; `str.isdigit` alone also takes Arabic and full-width."""
    return text.isascii() and text.isdigit()


def shown(character: str) -> str:
    """Name one character for a message without echoing what a terminal would obey or cannot draw."""
    if character == " ":
        return "пробел"
    if character.isprintable() and ord(character) < 0x10000:
        return f"«{character}»"
    return "непечатный знак"


def refused(code: str, field: str, message: str) -> Checked:
    """Return the verdict of a value stopped by one error."""
    return Checked(None, (Problem(code, field, message),))


def non_digit_problem(digits: str, field: str, subject: str, wanted: str) -> Problem | None:
    """Explain why a compacted value is not a row of digits 0-9; None when it is one.

    `subject` and `wanted` are Russian: the document's name and the length, such as «11 цифр».
    Codes: `<field>_empty`, `<field>_characters`.
    """
    if not digits:
        return Problem(f"{field}_empty", field, f"{subject}: номер не введён, нужно {wanted}.")
    if is_digits(digits):
        return None
    place, character = next((i, c) for i, c in enumerate(digits, 1) if not is_digits(c))
    if character in "OoОо":
        what = "буква «О» вместо нуля"
    elif character.isdigit():
        what = "цифра из другого набора знаков, наберите её заново"
    else:
        what = f"{shown(character)}, а нужны только цифры"
    return Problem(f"{field}_characters", field, f"{subject}: знак № {place}: {what}.")
