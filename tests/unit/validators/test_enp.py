"""ЕНП: the control digit, the person coded inside, and doubts that never forbid."""

from __future__ import annotations

from datetime import date

import pytest
from stdnum import luhn

from registrar_tui.validators.enp import (
    EnpFacts,
    Sex,
    build_enp,
    check_enp,
    decode_enp,
    enp_control_digit,
    format_enp,
)

PEOPLE: list[tuple[str, date, Sex, str]] = [
    ("7767940818000015", date(1950, 12, 31), "M", "77"),
    ("7847999768123452", date(2000, 12, 31), "F", "78"),
    ("6677570870043214", date(1924, 2, 29), "F", "66"),
    ("1697579720000503", date(2024, 2, 29), "M", "16"),
    ("9188379798314152", date(2026, 11, 1), "F", "91"),
    ("2350000840555553", date(1999, 9, 9), "M", "23"),
    ("7758840848000012", date(1951, 1, 1), "M", "77"),
]
INVALID = [
    ("7758840848000013", "enp_checksum"),
    ("775884084800001", "enp_length"),
    ("77588408O8000012", "enp_characters"),
    ("0000000000000000", "enp_structure"),
    ("", "enp_empty"),
    ("12345678901", "enp_blank_number"),
    ("12345678901234", "enp_blank_number"),
    ("７７５８８４０８４８００００１２", "enp_characters"),
]


def codes(problems: tuple[object, ...]) -> list[str]:
    return [getattr(problem, "code", "") for problem in problems]


@pytest.mark.parametrize(("text", "born", "sex", "region"), PEOPLE)
def test_valid_agrees_with_its_owner(text: str, born: date, sex: Sex, region: str) -> None:
    checked = check_enp(text, birth_date=born, sex=sex)
    assert (checked.value, checked.errors, checked.warnings) == (text, (), ())
    assert decode_enp(text) == EnpFacts(region, born, sex, era_fits=True)
    assert luhn.is_valid(text)


@pytest.mark.parametrize(("text", "born", "sex", "region"), PEOPLE)
def test_built_again_from_its_parts(text: str, born: date, sex: Sex, region: str) -> None:
    assert build_enp(region, born, sex, int(text[10:15])) == text


@pytest.mark.parametrize(("text", "code"), INVALID)
def test_invalid_names_its_fault(text: str, code: str) -> None:
    checked = check_enp(text)
    assert checked.value is None
    assert codes(checked.errors) == [code]
    assert checked.errors[0].field == "enp"


def test_a_blank_number_is_called_by_its_name() -> None:
    assert "это номер бланка" in check_enp("12345678901").errors[0].message


@pytest.mark.parametrize(
    ("text", "born", "sex", "expected"),
    [
        ("7758840848000012", date(1951, 1, 2), "M", ["enp_birth_date_mismatch"]),
        ("7758840848000012", date(1951, 1, 1), "F", ["enp_sex_mismatch"]),
        ("7758840848000012", date(1950, 1, 1), "F", ["enp_birth_date_mismatch", "enp_sex_mismatch"]),
        ("7778840848000018", date(1951, 1, 1), "M", ["enp_era"]),
        ("7778840848000018", None, None, ["enp_era"]),
    ],
)
def test_doubts_warn_and_never_forbid(
    text: str, born: date | None, sex: Sex | None, expected: list[str]
) -> None:
    checked = check_enp(text, birth_date=born, sex=sex)
    assert checked.ok
    assert checked.value == text
    assert codes(checked.warnings) == expected


def test_thirtieth_of_february_and_region_zero_warn() -> None:
    base = "00" + "57" + "0408" + "69" + "00001"  # 30.02.1959, a woman
    checked = check_enp(base + enp_control_digit(base))
    assert checked.ok
    assert codes(checked.warnings) == ["enp_region", "enp_impossible_date"]


@pytest.mark.parametrize(
    "base", ["77" + "00" + "8408" + "48" + "00001", "77" + "58" + "8408" + "99" + "00001"]
)
def test_a_month_or_day_out_of_the_code_is_an_error(base: str) -> None:
    assert codes(check_enp(base + enp_control_digit(base)).errors) == ["enp_structure"]


@pytest.mark.parametrize(
    ("base", "digit"), [("12345", "5"), ("000000000000000", "0"), ("505050505050505", "2")]
)
def test_control_digit_reference(base: str, digit: str) -> None:
    assert enp_control_digit(base) == digit
    assert luhn.calc_check_digit(base) == digit


@pytest.mark.parametrize("text", ["7758 8408 4800 0012", "7758-8408-4800-0012", " 7758840848000012\r\n"])
def test_separators_do_not_matter(text: str) -> None:
    assert check_enp(text).value == "7758840848000012"


def test_wrong_arguments_of_the_builder() -> None:
    for region, year, serial in [("7", 1951, 1), ("77", 1849, 1), ("77", 1951, 100_000), ("7٧", 1951, 1)]:
        with pytest.raises(ValueError, match=r"region|year"):
            build_enp(region, date(year, 1, 1), "M", serial)
    with pytest.raises(ValueError, match="digits"):
        enp_control_digit("12a")


def test_what_is_not_sixteen_digits_is_not_decoded() -> None:
    assert decode_enp("775884084800001") is None
    assert decode_enp("775884084800001x") is None


def test_format() -> None:
    assert format_enp("7758840848000012") == "7758 8408 4800 0012"
    assert format_enp("123") == "123"
