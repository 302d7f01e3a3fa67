"""Birth certificate: the Roman numeral, the two letters, the age."""

from __future__ import annotations

from datetime import date

import pytest

from registrar_tui.validators.birth_certificate import (
    check_birth_certificate,
    check_birth_certificate_parts,
    check_birth_certificate_series,
)


@pytest.mark.parametrize(
    ("series", "number", "normalised"),
    [
        ("I-АК", "123456", "I-АК"),
        ("VIII-ФР", "000001", "VIII-ФР"),
        ("XII-МЮ", "999999", "XII-МЮ"),
        ("III-ЕР", "500500", "III-ЕР"),
        ("1У-АГ", "654321", "IV-АГ"),
        ("Х-МЮ", "123123", "X-МЮ"),
        ("I АК", "123456", "I-АК"),
        ("i-ак", "123456", "I-АК"),
        ("I — АК", "123456", "I-АК"),
        ("ХЛ-СС", "123456", "XL-СС"),
        ("11-АК", "123456", "II-АК"),
    ],
)
def test_valid(series: str, number: str, normalised: str) -> None:
    for checked in (
        check_birth_certificate_parts(series, number),
        check_birth_certificate(f"{series} {number}"),
        check_birth_certificate(f"{series} № {number}"),
    ):
        assert (checked.value, checked.errors, checked.warnings) == (f"{normalised} {number}", (), ())


@pytest.mark.parametrize(
    ("series", "number", "code"),
    [
        ("I-АКБ", "123456", "birth_certificate_series_format"),
        ("IAK", "123456", "birth_certificate_series_format"),
        ("I-GD", "123456", "birth_certificate_series_format"),
        ("IIII-АК", "123456", "birth_certificate_series_roman"),
        ("IIX-АК", "123456", "birth_certificate_series_roman"),
        ("I-АК", "1234567", "birth_certificate_number_format"),
        ("I-АК", "", "birth_certificate_number_format"),
        ("", "123456", "birth_certificate_series_format"),
    ],
)
def test_invalid(series: str, number: str, code: str) -> None:
    for checked in (
        check_birth_certificate_parts(series, number),
        check_birth_certificate(f"{series} {number}"),
    ):
        assert checked.value is None
        assert [problem.code for problem in checked.errors] == [code]


def test_empty() -> None:
    assert [problem.code for problem in check_birth_certificate(" ").errors] == ["birth_certificate_empty"]


def test_latin_letters_are_replaced_with_a_warning() -> None:
    checked = check_birth_certificate_series("I-AK")
    assert checked.value == "I-АК"
    assert [problem.code for problem in checked.warnings] == ["birth_certificate_lookalikes"]


@pytest.mark.parametrize(
    ("today", "doubts"), [(date(2026, 1, 9), []), (date(2026, 1, 10), ["birth_certificate_age"])]
)
def test_from_fourteen_the_passport_is_asked_for(today: date, doubts: list[str]) -> None:
    checked = check_birth_certificate("I-АК 123456", birth_date=date(2012, 1, 10), today=today)
    assert checked.ok
    assert [problem.code for problem in checked.warnings] == doubts
