"""F011: every row of the directory, the signs of its masks, and who answers for 3 and 14."""

from __future__ import annotations

from datetime import date

import pytest

from registrar_tui.validators.identity_document import (
    DOCUMENT_KINDS,
    check_identity_document,
    fits_mask,
    split_document,
)

FREE = "SSSSSSSS"
MASKS = {
    "1": ("R-ББ", "999999"),
    "2": (FREE, "00000009"),
    "3": ("R-ББ", "999999"),
    "4": ("ББ", "9999999"),
    "5": (FREE, "00000009"),
    "6": ("ББ", "999999"),
    "7": ("ББ", "9999990"),
    "8": ("99", "9999999"),
    "9": (FREE, "0000000009"),
    "10": (FREE, "00000009"),
    "11": (FREE, "00000009"),
    "12": (FREE, "00000009"),
    "13": (FREE, "00000009"),
    "14": ("99 99", "999999"),
    "15": ("99", "9999999"),
    "16": ("ББ", "9999990"),
    "17": ("ББ", "999999"),
    "18": (FREE, "0000000009"),
    "20": (FREE, "0000000009"),
    "21": (FREE, "0000000009"),
    "22": (FREE, "0000000009"),
    "23": (FREE, "0000000009"),
    "24": (FREE, "0000000009"),
    "25": ("ББ", "9999999"),
    "30": ("", "000000000009"),
}
EXAMPLES = {"R-ББ": "IV-АК", "ББ": "АБ", "99": "71", "99 99": "45 08", FREE: "АБ12", "": ""}


def test_the_directory() -> None:
    assert {kind.code: (kind.series_mask, kind.number_mask) for kind in DOCUMENT_KINDS} == MASKS


@pytest.mark.parametrize("code", MASKS)
def test_every_row_takes_its_shortest_and_longest_number(code: str) -> None:
    series, mask = EXAMPLES[MASKS[code][0]], MASKS[code][1]
    for number in ("1" * mask.count("9"), "1" * len(mask)):
        checked = check_identity_document(code, series, number)
        assert (checked.value, checked.errors, checked.warnings) == (f"{series} {number}".strip(), (), ())
        assert split_document(f"{series} {number}".strip()) == (series, number)


@pytest.mark.parametrize("code", MASKS)
def test_every_row_refuses_what_cannot_be(code: str) -> None:
    assert not check_identity_document(code, EXAMPLES[MASKS[code][0]], "").ok
    assert not check_identity_document(code, EXAMPLES[MASKS[code][0]], "1" * 21).ok
    assert not check_identity_document(code, "Ы" * 11, "1" * len(MASKS[code][1])).ok


@pytest.mark.parametrize(
    ("code", "series", "number", "valid"),
    [
        ("14", "45 08", "123456", True),
        ("15", "71", "1234567", True),
        ("7", "АБ", "1234567", True),
        ("7", "AB", "1234567", False),
        ("4", "АА", "1234567", True),
        ("3", "I-АК", "123456", True),
        ("9", "", "123456", True),
        ("25", "АБ", "1234567", True),
        ("8", "1", "1234567", False),
        ("7", "аб", "123 456", True),
        ("30", "77", "123", False),
    ],
)
def test_cases(code: str, series: str, number: str, valid: bool) -> None:
    checked = check_identity_document(code, series, number)
    assert checked.ok is valid
    assert not checked.warnings


@pytest.mark.parametrize(
    ("mask", "text", "fits"),
    [
        ("R-ББ", "XIV-ЁЯ", True),
        ("R-ББ", "-ЁЯ", False),
        ("R-ББ", "XIV-ёя", False),
        ("990", "12", True),
        ("990", "1", False),
        ("990", "1234", False),
        ("SS", "", True),
        ("SS", "я?", True),
        ("SS", "abc", False),
        ("99 99", "45 08", True),
        ("99 99", "4508", False),
        ("9", "٣", False),
    ],
)
def test_signs_of_a_mask(mask: str, text: str, fits: bool) -> None:
    assert fits_mask(mask, text) is fits


def test_foreign_passport_with_letters_warns() -> None:
    checked = check_identity_document("9", "", "ab 1234567")
    assert checked.value == "AB1234567"
    assert [problem.code for problem in checked.warnings] == ["document_unusual"]


@pytest.mark.parametrize(
    ("code", "series", "number", "errors"),
    [
        ("99", "", "1", ["document_kind_unknown"]),
        ("4", "A", "1", ["document_series_format", "document_number_format"]),
        ("9", "*", "\x00", ["document_series_format", "document_number_format"]),
        ("14", "45", "1", ["passport_series_format", "passport_number_format"]),
        ("3", "АК", "1", ["birth_certificate_series_format", "birth_certificate_number_format"]),
    ],
)
def test_errors(code: str, series: str, number: str, errors: list[str]) -> None:
    checked = check_identity_document(code, series, number)
    assert checked.value is None
    assert [problem.code for problem in checked.errors] == errors


def test_messages_say_the_form() -> None:
    assert "две русские буквы" in check_identity_document("7", "1", "123456").errors[0].message
    assert "цифр от 6 до 7" in check_identity_document("7", "АБ", "1").errors[0].message
    assert "римское число, «-»" in check_identity_document("1", "1", "123456").errors[0].message
    assert "серии нет" in check_identity_document("30", "1", "1").errors[0].message


def test_dates_reach_the_passport_and_the_certificate() -> None:
    born, today = date(2006, 1, 10), date(2026, 4, 11)
    passport = check_identity_document(
        "14", "4520", "123456", birth_date=born, issue_date=date(2020, 2, 1), today=today
    )
    certificate = check_identity_document("3", "I-АК", "123456", birth_date=born, today=today)
    assert [problem.code for problem in passport.warnings] == ["passport_expired"]
    assert [problem.code for problem in certificate.warnings] == ["birth_certificate_age"]


def test_split_document_without_a_series() -> None:
    assert split_document("123456") == ("", "123456")
    assert split_document("45 08 123456") == ("45 08", "123456")
