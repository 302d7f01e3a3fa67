"""ИНН: twelve digits of a person or ten of an organisation."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from registrar_tui.validators.reading import compact, non_digit_problem, refused
from registrar_tui.validators.result import Checked

if TYPE_CHECKING:
    from collections.abc import Callable

Holder = Literal["person", "organisation"]

_FIELD = "inn"
_LENGTHS: dict[Holder, int] = {"person": 12, "organisation": 10}


@cache
def _checksum_fits() -> Callable[[str], bool]:
    from stdnum.ru.inn import is_valid

    verdict: Callable[[str], bool] = is_valid
    return verdict


def check_inn(text: str, *, holder: Holder | None = None) -> Checked:
    """Check an ИНН and return its digits; a patient's is checked with `holder="person"`.

    Errors: `inn_empty`, `inn_characters`, `inn_length`, `inn_holder` (the other kind of owner),
    `inn_region` (inspections are numbered from 01), `inn_checksum`.
    Source of the control digits: `stdnum.ru.inn`.
    """
    digits = compact(text)
    problem = non_digit_problem(digits, _FIELD, "ИНН", "12 цифр")
    if problem:
        return Checked(None, (problem,))
    length = len(digits)
    if length not in _LENGTHS.values():
        message = f"ИНН: цифр {length}, а нужно 12 (у организации 10)."
        return refused("inn_length", _FIELD, message)
    if holder is not None and length != _LENGTHS[holder]:
        owner = "организации" if length == _LENGTHS["organisation"] else "человека"
        message = f"ИНН: {length} цифр — это номер {owner}, а нужно {_LENGTHS[holder]} цифр."
        return refused("inn_holder", _FIELD, message)
    if digits.startswith("00"):
        return refused("inn_region", _FIELD, "ИНН не начинается с 00: кода региона 00 нет.")
    if not _checksum_fits()(digits):
        return refused("inn_checksum", _FIELD, "ИНН: контрольные цифры не сходятся, сверьте номер.")
    return Checked(digits)
