"""Russian birth certificate: a Roman numeral, two Russian letters, six digits."""

from __future__ import annotations

import re
from datetime import date

from registrar_tui.validators.reading import LATIN_LOOKALIKES, refused, tidy
from registrar_tui.validators.result import Checked, Problem

_SERIES, _NUMBER = "birth_certificate_series", "birth_certificate_number"
_MAX_AGE = 14
# The directory of documents lets a Roman numeral be typed with Russian letters and the figure one.
_ROMAN_KEYS = str.maketrans("1УХЛСІ", "IVXLCI")
_ROMAN = re.compile(r"(?=.)C{0,3}(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_SERIES_SHAPE = re.compile(r"([1IVXLCУХЛСІ]+) ?[- ] ?([А-ЯЁA-Z]{2})")


def check_birth_certificate(
    text: str, *, birth_date: date | None = None, today: date | None = None
) -> Checked:
    """Check series and number in one line and return them as `I-АК 123456`.

    Errors: `birth_certificate_empty`, `birth_certificate_series_format`,
    `birth_certificate_series_roman`, `birth_certificate_number_format`. Warnings:
    `birth_certificate_lookalikes` (Latin letters replaced), `birth_certificate_age` (from 14 years the
    passport is the identity document; the certificate serves while it is being made).
    Source: mask of code 3 in F011; directory 1.2.643.5.1.13.13.99.2.48, entry 6.
    """
    typed = tidy(text)
    if not typed:
        message = "Свидетельство о рождении не указано: введите серию (I-АК) и 6 цифр номера."
        return refused("birth_certificate_empty", _SERIES, message)
    series = typed.rstrip("0123456789 ")
    number = typed[len(series) :]
    series = series.rstrip("№ ")
    return check_birth_certificate_parts(series, number, birth_date=birth_date, today=today)


def check_birth_certificate_parts(
    series: str, number: str, *, birth_date: date | None = None, today: date | None = None
) -> Checked:
    """Check series and number typed in two fields; verdicts are those of `check_birth_certificate`."""
    halves = (check_birth_certificate_series(series), check_birth_certificate_number(number))
    errors = tuple(problem for half in halves for problem in half.errors)
    doubts = [problem for half in halves for problem in half.warnings]
    if (
        birth_date
        and today
        and (today.year - birth_date.year, today.month, today.day)
        >= (
            _MAX_AGE,
            birth_date.month,
            birth_date.day,
        )
    ):
        message = "Свидетельство о рождении действует до 14 лет: попросите паспорт."
        doubts.append(Problem("birth_certificate_age", _SERIES, message))
    return Checked(None if errors else f"{halves[0].value} {halves[1].value}", errors, tuple(doubts))


def check_birth_certificate_series(text: str) -> Checked:
    """Check the series and return it as `IV-АГ`: Latin numeral, hyphen, two Russian capitals.

    Errors: `birth_certificate_series_format`, `birth_certificate_series_roman` (not written as Romans
    would). Warning: `birth_certificate_lookalikes`.
    """
    found = _SERIES_SHAPE.fullmatch(tidy(text).upper())
    if not found:
        message = (
            "Неверный формат серии свидетельства: нужно римское число, дефис и две русские буквы (I-АК)."
        )
        return refused("birth_certificate_series_format", _SERIES, message)
    roman, letters = found[1].translate(_ROMAN_KEYS), found[2].translate(LATIN_LOOKALIKES)
    if not _ROMAN.fullmatch(roman):
        message = "Серия свидетельства: римское число записано неверно (правильно, например, IV, а не IIII)."
        return refused("birth_certificate_series_roman", _SERIES, message)
    if not re.fullmatch("[А-ЯЁ]{2}", letters):
        message = "Серия свидетельства: после дефиса латинские буквы, нужны две русские (I-АК)."
        return refused("birth_certificate_series_format", _SERIES, message)
    doubts: tuple[Problem, ...] = ()
    if letters != found[2]:
        message = "Серия свидетельства: похожие латинские буквы заменены русскими, сверьте с документом."
        doubts = (Problem("birth_certificate_lookalikes", _SERIES, message),)
    return Checked(f"{roman}-{letters}", warnings=doubts)


def check_birth_certificate_number(text: str) -> Checked:
    """Check the six digits of the number; error `birth_certificate_number_format`."""
    digits = tidy(text).replace(" ", "")
    if not re.fullmatch("[0-9]{6}", digits):
        message = "Неверный формат номера свидетельства о рождении: нужно 6 цифр."
        return refused("birth_certificate_number_format", _NUMBER, message)
    return Checked(digits)
