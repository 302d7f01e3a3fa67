"""Russian passport: forms, and the logic of the day of issue."""

from __future__ import annotations

from datetime import date

import pytest

from registrar_tui.validators.passport import (
    check_department_code,
    check_passport,
    check_passport_issue,
    check_passport_parts,
)
from registrar_tui.validators.result import Checked


def warned(checked: Checked) -> list[str]:
    return [problem.code for problem in checked.warnings]


def refused(checked: Checked) -> list[str]:
    return [problem.code for problem in checked.errors]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("87 16 382880", "87 16 382880"),
        ("02 20 529969", "02 20 529969"),
        ("1233 066970", "12 33 066970"),
        ("85 67 220731", "85 67 220731"),
        ("4508 123456", "45 08 123456"),
        ("4508123456", "45 08 123456"),
        ("4508 № 123456", "45 08 123456"),
        ("45 08 №123456", "45 08 123456"),
        ("45-08 N 123456", "45 08 123456"),
        ("45\u00a008\u2009123456", "45 08 123456"),
    ],
)
def test_valid(text: str, value: str) -> None:
    checked = check_passport(text)
    assert (checked.value, checked.errors, checked.warnings) == (value, (), ())


@pytest.mark.parametrize(
    ("text", "code", "field"),
    [
        ("45 08 12345", "passport_number_format", "passport_number"),
        ("450 123456", "passport_series_format", "passport_series"),
        ("АБ 12 123456", "passport_series_format", "passport_series"),
        ("", "passport_empty", "passport_series"),
        ("45 08 № 12345", "passport_number_format", "passport_number"),
        ("450812345", "passport_number_format", "passport_number"),
        ("４５０８ 123456", "passport_series_format", "passport_series"),
    ],
)
def test_invalid(text: str, code: str, field: str) -> None:
    checked = check_passport(text)
    assert checked.value is None
    assert [(problem.code, problem.field) for problem in checked.errors] == [(code, field)]


def test_the_series_has_the_sentence_the_customer_asked_for() -> None:
    message = check_passport("450 123456").errors[0].message
    assert message == "Неверный формат серии паспорта: нужно 4 цифры."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("45 08 000000", "passport_number_low"),
        ("45 08 000100", "passport_number_low"),
        ("00 08 123456", "passport_region"),
    ],
)
def test_strange_but_possible(text: str, code: str) -> None:
    checked = check_passport(text)
    assert checked.ok
    assert warned(checked) == [code]


@pytest.mark.parametrize(
    ("series", "issued", "errors", "warnings"),
    [
        ("45 98", date(1999, 3, 1), [], []),
        ("45 30", date(2020, 5, 5), [], ["passport_series_year"]),
        ("45 15", date(2020, 5, 5), [], ["passport_series_year"]),
        ("45 17", date(2020, 5, 5), [], []),
        ("45 21", date(2020, 12, 5), [], []),
        ("45 21", date(2020, 5, 5), [], ["passport_series_year"]),
        ("45 96", date(1996, 5, 5), ["passport_issued_early"], []),
        ("45 97", date(1997, 9, 30), ["passport_issued_early"], []),
        ("45 97", date(1997, 10, 1), [], []),
    ],
)
def test_year_of_the_blank(series: str, issued: date, errors: list[str], warnings: list[str]) -> None:
    checked = check_passport(f"{series} 123456", issue_date=issued)
    assert (refused(checked), warned(checked)) == (errors, warnings)


def test_a_blank_of_the_future() -> None:
    assert warned(check_passport("45 30 123456", today=date(2026, 11, 23))) == ["passport_series_year"]
    assert warned(check_passport("45 27 123456", today=date(2026, 11, 23))) == []


@pytest.mark.parametrize(
    ("born", "issued", "on", "errors", "warnings"),
    [
        (date(2006, 1, 10), date(2020, 2, 1), date(2026, 1, 10), [], []),
        (date(2006, 1, 10), date(2020, 2, 1), date(2026, 4, 10), [], []),
        (date(2006, 1, 10), date(2020, 2, 1), date(2026, 4, 11), [], ["passport_expired"]),
        (date(1981, 1, 10), date(2026, 2, 1), date(2026, 4, 11), [], []),
        (date(1981, 1, 10), date(2001, 2, 1), date(2026, 4, 11), [], ["passport_expired"]),
        (date(1981, 1, 10), date(2001, 2, 1), date(2026, 4, 10), [], []),
        (date(2006, 1, 10), date(2020, 1, 9), date(2020, 2, 1), ["passport_issued_underage"], []),
        (date(2006, 1, 10), date(2020, 1, 10), date(2020, 2, 1), [], []),
        (date(2008, 2, 29), date(2022, 2, 28), date(2022, 3, 1), [], []),
        (date(1990, 1, 10), date(2020, 2, 2), date(2020, 2, 1), ["passport_issued_future"], []),
    ],
)
def test_age_and_term(born: date, issued: date, on: date, errors: list[str], warnings: list[str]) -> None:
    checked = check_passport_issue(None, birth_date=born, issue_date=issued, today=on)
    assert (refused(checked), warned(checked)) == (errors, warnings)
    assert checked.value == (None if errors else issued.isoformat())


def test_both_halves_are_reported_at_once() -> None:
    checked = check_passport_parts("45", "12", birth_date=date(1990, 1, 1), today=date(2026, 1, 1))
    assert refused(checked) == ["passport_series_format", "passport_number_format"]
    assert check_passport_parts("45 08", "123 456").value == "45 08 123456"


@pytest.mark.parametrize("text", ["770-001", "230-012", "500-151", "780-086", "660-003"])
def test_department_code(text: str) -> None:
    for typed in (text, text.replace("-", ""), text.replace("-", " "), text.replace("-", "–")):
        checked = check_department_code(typed)
        assert (checked.value, checked.errors, checked.warnings) == (text, (), ())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("77-0001", "department_code_format"),
        ("770-01", "department_code_format"),
        ("7700-01", "department_code_format"),
        ("АБВ-001", "department_code_format"),
        ("", "department_code_empty"),
    ],
)
def test_wrong_department_code(text: str, code: str) -> None:
    checked = check_department_code(text)
    assert checked.value is None
    assert refused(checked) == [code]


def test_department_level_is_a_doubt() -> None:
    checked = check_department_code("779-001")
    assert checked.ok
    assert warned(checked) == ["department_code_level"]
