"""Dates of birth: forms, calendar, age, and the incomplete ones of the registry office."""

from __future__ import annotations

from datetime import date

import pytest

from registrar_tui.validators.birth_date import (
    birth_date_precision,
    check_birth_date,
    possible_birth_dates,
)

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("29.02.2024", "2024-02-29"),
        ("31.12.1999", "1999-12-31"),
        ("22.11.2026", "2026-11-22"),
        ("1.2.1990", "1990-02-01"),
        ("01/02/1990", "1990-02-01"),
        ("1990-02-01", "1990-02-01"),
        ("01-02-1990", "1990-02-01"),
        ("01,02,1990", "1990-02-01"),
        ("01 02 1990", "1990-02-01"),
        ("01021990", "1990-02-01"),
        ("01.02.1990 г.", "1990-02-01"),
        ("1990-02-01 00:00:00", "1990-02-01"),
        ("01.02.1990 0:00:00", "1990-02-01"),
        ("01.02.1990 00:00", "1990-02-01"),
        ("22.11.1906", "1906-11-22"),
    ],
)
def test_whole_date(text: str, iso: str) -> None:
    checked = check_birth_date(text, TODAY)
    assert (checked.value, checked.errors, checked.warnings) == (iso, (), ())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("29.02.2023", "birth_date_calendar"),
        ("00.01.1990", "birth_date_calendar"),
        ("01.13.1990", "birth_date_calendar"),
        ("01.00.1990", "birth_date_calendar"),
        ("01.01.0090", "birth_date_year"),
        ("aa.bb.cccc", "birth_date_format"),
        ("", "birth_date_empty"),
        ("01.02.90", "birth_date_format"),
        ("23.11.2026", "birth_date_future"),
        ("--.12.2026", "birth_date_future"),
        ("--.13.1950", "birth_date_calendar"),
        ("2027", "birth_date_future"),
        ("０１.０２.１９９０", "birth_date_format"),
        ("01.02.1990\x00", "birth_date_format"),
    ],
)
def test_wrong_date(text: str, code: str) -> None:
    checked = check_birth_date(text, TODAY)
    assert checked.value is None
    assert [problem.code for problem in checked.errors] == [code]


@pytest.mark.parametrize(("text", "iso"), [("01.01.1890", "1890-01-01"), ("21.11.1905", "1905-11-21")])
def test_more_than_120_years_is_a_doubt(text: str, iso: str) -> None:
    checked = check_birth_date(text, TODAY)
    assert checked.value == iso
    assert [problem.code for problem in checked.warnings] == ["birth_date_age"]


@pytest.mark.parametrize(
    ("text", "iso", "precision", "first", "last"),
    [
        ("--.05.1950", "1950-05", "month", date(1950, 5, 1), date(1950, 5, 31)),
        ("—.02.1952", "1952-02", "month", date(1952, 2, 1), date(1952, 2, 29)),
        ("--.--.1950", "1950", "year", date(1950, 1, 1), date(1950, 12, 31)),
        ("--.--.2026", "2026", "year", date(2026, 1, 1), date(2026, 12, 31)),
        ("--.11.2026", "2026-11", "month", date(2026, 11, 1), date(2026, 11, 30)),
    ],
)
def test_incomplete_date(text: str, iso: str, precision: str, first: date, last: date) -> None:
    checked = check_birth_date(text, TODAY)
    assert checked.value == iso
    assert [problem.code for problem in checked.warnings] == ["birth_date_incomplete"]
    assert birth_date_precision(iso) == precision
    assert possible_birth_dates(iso) == (first, last)


def test_precision_of_a_whole_date() -> None:
    assert birth_date_precision("1950-05-06") == "day"
    assert possible_birth_dates("1950-05-06") == (date(1950, 5, 6), date(1950, 5, 6))


def test_the_calendar_is_explained() -> None:
    message = check_birth_date("29.02.2023", TODAY).errors[0].message
    assert message == "Дата рождения: дня 29.02.2023 нет, в этом месяце дни с 1 по 28."
