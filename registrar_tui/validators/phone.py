"""Telephone numbers: anything dialled in Russia into E.164, and back to what is read out."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from registrar_tui.validators.reading import refused, shown, tidy
from registrar_tui.validators.result import Checked, Problem

if TYPE_CHECKING:
    from types import ModuleType

    from phonenumbers import PhoneNumber

_FIELD = "phone"
_ALLOWED = re.compile(r"\(?\+?[0-9(). /-]+")
_DROP_SIGNS = str.maketrans("", "", "(). /-")
# Every 9xx number of ten digits is possible, so mobiles (nine of ten cards) need no numbering plan:
# 2 µs against 33 µs of the library.
_MOBILE = re.compile(r"(?:\+7|7|8)?(9[0-9]{9})")
_RUSSIAN_E164 = re.compile(r"\+7([0-9]{3})([0-9]{3})([0-9]{2})([0-9]{2})")
_MAX_DIGITS = 20

# Register of the numbering resource, April 2026: codes nobody holds, and codes with a few ranges only.
_UNALLOCATED = frozenset(
    (
        *("907", "935", "940", "943", "944", "945", "946", "947", "948"),
        *("956", "957", "972", "973", "974", "975", "976", "998"),
    )
)
_RARE = frozenset(("954", "955", "997"))


@cache
def _library() -> ModuleType:
    import phonenumbers

    return phonenumbers


def check_phone(text: str) -> Checked:
    """Check a telephone number and return it in E.164 (`+79161234567`).

    Russian numbers may start with 8, 7, +7 or the area code, foreign ones with +.
    Errors: `phone_empty`, `phone_characters`, `phone_length`, `phone_code`. Warnings:
    `phone_code_unallocated`, `phone_code_rare` (codes 9xx by the register of the numbering resource),
    `phone_foreign`, `phone_toll_free`, `phone_incomplete` (ten digits from 8 that are also an area number).
    Source: the Russian numbering plan as libphonenumber has it.
    """
    typed = tidy(text)
    if not typed:
        return refused("phone_empty", _FIELD, "Телефон не указан: введите код и номер, 10 цифр после +7.")
    if not _ALLOWED.fullmatch(typed):
        return _explain_characters(typed)
    dialled = typed.translate(_DROP_SIGNS)
    mobile = _MOBILE.fullmatch(dialled)
    if mobile:
        return Checked(f"+7{mobile[1]}", warnings=_mobile_doubts(mobile[1][:3]))
    return _check_by_plan(dialled)


def _explain_characters(typed: str) -> Checked:
    strange = next((c for c in typed if c not in "0123456789+(). /-"), "+")
    if strange.isalpha():
        message = "Телефон: есть буквы, нужны только цифры; добавочный номер запишите в примечание."
    else:
        message = f"Телефон: лишний знак ({shown(strange)}), нужны цифры, скобки и дефисы."
    return refused("phone_characters", _FIELD, message)


def _mobile_doubts(code: str) -> tuple[Problem, ...]:
    if code in _UNALLOCATED:
        message = f"Телефон: код {code} никому не выделен, переспросите номер."
        return (Problem("phone_code_unallocated", _FIELD, message),)
    if code in _RARE:
        message = f"Телефон: в коде {code} почти нет выделенных номеров, переспросите номер."
        return (Problem("phone_code_rare", _FIELD, message),)
    return ()


def _check_by_plan(dialled: str) -> Checked:
    library = _library()
    digits = dialled.lstrip("+")
    if not 1 <= len(digits) <= _MAX_DIGITS:
        return refused("phone_length", _FIELD, f"Телефон: цифр {len(digits)}, а нужно 10 после +7.")
    try:
        number = library.parse(dialled, "RU")
    except library.NumberParseException:
        return _explain_plan(dialled)
    if not library.is_valid_number(number):
        return _explain_plan(dialled)
    doubts = _plan_doubts(number, dialled)
    return Checked(library.format_number(number, library.PhoneNumberFormat.E164), warnings=doubts)


def _plan_doubts(number: PhoneNumber, dialled: str) -> tuple[Problem, ...]:
    library = _library()
    doubts: list[Problem] = []
    if not library.is_valid_number_for_region(number, "RU"):
        message = "Телефон иностранный: СМС и звонок могут не дойти, проверьте номер."
        doubts.append(Problem("phone_foreign", _FIELD, message))
    elif library.number_type(number) == library.PhoneNumberType.TOLL_FREE:
        message = "Телефон: бесплатная линия организации, спросите личный номер."
        doubts.append(Problem("phone_toll_free", _FIELD, message))
    if len(dialled) == 10 and dialled.startswith("8"):
        message = "Телефон: 10 цифр и первая 8 — проверьте, не пропущена ли цифра."
        doubts.append(Problem("phone_incomplete", _FIELD, message))
    return tuple(doubts)


def _explain_plan(dialled: str) -> Checked:
    digits = dialled.lstrip("+")
    if len(digits) == 10 and digits.startswith("8"):
        message = "Телефон: после 8 только 9 цифр, а нужно 10 — пропущена цифра."
        return refused("phone_length", _FIELD, message)
    if len(digits) == 10 or (len(digits) == 11 and digits[0] in "78"):
        message = f"Телефон: кода {digits[-10:-7]} нет в России, проверьте номер."
        return refused("phone_code", _FIELD, message)
    if len(digits) < 10:
        message = f"Телефон: цифр {len(digits)}, а нужно 10 после +7 вместе с кодом города."
    else:
        message = f"Телефон: цифр {len(digits)}, а нужно 10 после +7; иностранный номер начните с «+»."
    return refused("phone_length", _FIELD, message)


def format_phone(value: str) -> str:
    """Return an E.164 number as it is read out, `+7 916 123-45-67`; anything else as it is."""
    found = _RUSSIAN_E164.fullmatch(value)
    if found:
        return f"+7 {found[1]} {found[2]}-{found[3]}-{found[4]}"
    if not re.fullmatch(r"\+[0-9]{5,15}", value):
        return value
    library = _library()
    try:
        number = library.parse(value, None)
    except library.NumberParseException:
        return value
    return str(library.format_number(number, library.PhoneNumberFormat.INTERNATIONAL))
