"""A search in Russian words: what was understood, why a person matched, the new card it would make."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from registrar_tui.services.dto import PatientDraft
from registrar_tui.services.search_keys import fold
from registrar_tui.services.search_numbers import TAILS, Number, NumberKind
from registrar_tui.services.search_query import PATRONYMIC, Birth, Names, Query, name_readings

_LOWER_PARTS: Final = ("оглы", "кызы", "заде")
_PART: Final = re.compile("([-'’` ])").split
_ROLES: Final = ("фамилия", "имя", "отчество")


def understood(query: Query, names: Names | None = None) -> str:
    """Return what was understood: «фамилия «ива…», имя «ив…», год рождения 1958»."""
    if names is None:
        readings = name_readings(query.tokens[:3])
        names = readings[0] if readings else Names()
    shown = {key: word.lower() for word, key in zip(query.typed, query.tokens, strict=True)}
    parts = [f"{role} «{shown.get(name, name)}…»" for role, name in zip(_ROLES, names, strict=True) if name]
    if meanings := _meanings(query):
        parts.append(" или ".join(meanings))
    return ("другая раскладка: " if query.switched else "") + ", ".join(parts)


def not_found(queries: tuple[Query, ...], *, fuzzy: bool) -> str:
    """Return what was understood and what else was tried in vain."""
    tried = [
        f"{'другую раскладку' if query.switched else 'как набрано'} («{' '.join(query.typed)}»)"
        for query in queries[1:]
        if query.typed
    ]
    if fuzzy:
        tried.append("похожие фамилии")
    text = understood(queries[0])
    return f"{text}; пробовали и {', '.join(tried)}" if tried else text


def _meanings(query: Query) -> list[str]:
    found: list[str] = []
    for birth in query.births:
        kind, value = _birth(birth)
        found.append(value if found and found[0].startswith(kind) else f"{kind} {value}")
    numbers = list(query.numbers)
    if found or len(numbers) > 1:
        # Any short number may be that of an old policy; it is looked up, but not worth a word beside others.
        numbers = [number for number in numbers if number.kind is not NumberKind.POLICY]
    ends = [number for number in numbers if number.kind in TAILS]
    found += [_number(number) for number in numbers if number not in ends]
    return found + ([f"конец номера …{ends[0].value}"] if len(ends) > 1 else [_number(end) for end in ends])


def _birth(birth: Birth) -> tuple[str, str]:
    if birth.exact:
        return "дата рождения", russian_date(birth.first)
    if not birth.is_year:
        return "месяц рождения", f"{birth.first:%m}.{birth.first.year}"
    return "год рождения", str(birth.first.year)


def _number(number: Number) -> str:
    value = number.value
    if number.kind is NumberKind.SNILS:
        return f"СНИЛС {snils_text(value)}"
    if number.kind is NumberKind.DOCUMENT:
        return f"документ {passport_text(value)}" if value.isdigit() else f"документ …{value[-4:]}"
    if number.kind is NumberKind.PHONE:
        return f"телефон +{value}"
    if number.kind in TAILS:
        return why_number(number.kind, value)
    if number.kind is NumberKind.TICKET:
        return "код талона"
    if number.kind is NumberKind.VISIT:
        return f"талон {value}"
    return f"полис {policy_text(value)}"


def why_number(kind: NumberKind, value: str) -> str:
    """Return why a person was found by a number."""
    words = {
        NumberKind.TICKET: "талон",
        NumberKind.VISIT: "талон",
        NumberKind.SNILS: "СНИЛС",
        NumberKind.ENP: "полис",
        NumberKind.POLICY: "полис",
        NumberKind.DOCUMENT: "документ",
        NumberKind.SNILS_TAIL: f"СНИЛС …{value[-4:]}",
        NumberKind.POLICY_TAIL: f"полис …{value[-4:]}",
        NumberKind.DOCUMENT_TAIL: f"документ …{value[-4:]}",
    }
    return words.get(kind) or f"телефон …{value[-4:]}"


def why_names(
    query: Query, birth: Birth | None, similar_to: str = "", *, part_of_surname: bool = False
) -> str:
    """Return why a person was found by names: «ФИО, год», «похоже: Иванов», «часть фамилии»."""
    parts = [f"похоже: {similar_to}"] if similar_to else []
    if part_of_surname:
        parts = ["часть фамилии"]
    elif query.tokens and not similar_to:
        parts.append("ФИО" if len(query.tokens) > 1 else "фамилия")
    if birth is not None:
        parts.append("дата рождения" if birth.exact else "год" if birth.is_year else "месяц рождения")
    if query.switched:
        parts.append("раскладка")  # a narrow column; the line above says it in full
    return ", ".join(parts)


def why_otherwise(query: Query) -> str:
    """Return why a person was found whose names agree and nothing else: «другая дата», short for a column."""
    other = "другой номер"
    if query.births:
        other = "другой год" if query.births[0].is_year else "другая дата"
    return f"{other}, раскладка" if query.switched else other


def snils_text(digits: str) -> str:
    """Return 11 digits as `XXX-XXX-XXX YY`."""
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:9]} {digits[9:]}"


def passport_text(digits: str) -> str:
    """Return 10 digits as `45 08 123456`."""
    return f"{digits[:2]} {digits[2:4]} {digits[4:]}"


def policy_text(number: str) -> str:
    """Return a 16-digit number in fours, any other as it is."""
    if len(number) == 16 and number.isdigit():
        return " ".join(number[place : place + 4] for place in range(0, 16, 4))
    return number


def russian_date(day: date) -> str:
    """Return a date as `12.05.1958`."""
    return f"{day.day:02}.{day.month:02}.{day.year:04}"


def draft(query: Query) -> PatientDraft:
    """Return a new card filled from the query; a number with two meanings goes to the likelier field."""
    last, first, middle = _named(query.typed)
    exact = {birth.first for birth in query.births if birth.exact}
    numbers = {number.kind: number.value for number in reversed(query.numbers)}
    phone = numbers.get(NumberKind.PHONE, "")
    # A mobile number: 11 digits beginning with 79 or 89 are hardly ever a СНИЛС.
    mobile = phone.startswith("79")
    snils = "" if mobile else numbers.get(NumberKind.SNILS, "")
    document = "" if mobile else numbers.get(NumberKind.DOCUMENT, "")
    passport = document if len(document) == 10 and document.isdigit() else ""
    return PatientDraft(
        last_name=last,
        first_name=first,
        middle_name=middle,
        birth_date=russian_date(exact.pop()) if len(exact) == 1 else "",
        sex=query.sex,
        snils=snils_text(snils) if snils else "",
        policy=numbers.get(NumberKind.ENP, ""),
        passport=passport_text(passport) if passport else "",
        phone=f"+{phone}" if phone and not (snils or passport) else "",
    )


def _named(typed: tuple[str, ...]) -> tuple[str, str, str]:
    """Return last, first and middle name capitalised; a patronymic in second place puts the surname last."""
    if not typed:
        return "", "", ""
    words = [word for word in typed if len(fold(word)) > 1]
    if len(words) in (2, 3) and PATRONYMIC(fold(words[1])):
        words = [*words[2:], *words[:2]] if len(words) == 3 else ["", *words]
    named = [_capital(word) for word in words]
    return " ".join(named[:1]), " ".join(named[1:2]), " ".join(named[2:])


def _capital(word: str) -> str:
    lowered = word.lower()
    parts = [lowered] if lowered.isalpha() else _PART(lowered)
    return "".join(part if part in _LOWER_PARTS else part.capitalize() for part in parts)
