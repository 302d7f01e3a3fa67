"""СНИЛС: the official example, the edges of the control number, and what a registrar mistypes."""

from __future__ import annotations

import pytest

from registrar_tui.validators.snils import check_snils, format_snils, snils_control

VALID = [
    ("112-233-445 95", "11223344595"),
    ("087-654-303 00", "08765430300"),
    ("34771278301", "34771278301"),
    ("42393850088", "42393850088"),
    ("05184715762", "05184715762"),
    ("79217421820", "79217421820"),
    ("10033907597", "10033907597"),
    ("002-227-916 99", "00222791699"),
    ("002-092-737 00", "00209273700"),
    ("006-968-696 99", "00696869699"),
    ("015-887-875 00", "01588787500"),
    ("198-979-962 00", "19897996200"),
    (" 112 233 445 95\r\n", "11223344595"),
    ("112–233–445 95", "11223344595"),
    ("\u200e112-233-445\u00a095\u200f", "11223344595"),
]
INVALID = [
    ("112-233-445 96", "snils_checksum"),
    ("112-233-445", "snils_length"),
    ("112-233-445 955", "snils_length"),
    ("", "snils_empty"),
    (" - ", "snils_empty"),
    ("112-233-445 9O", "snils_characters"),
    ("002-092-737 01", "snils_checksum"),
    ("015-887-875 01", "snils_checksum"),
    ("000-000-000 00", "snils_zero"),
    ("000-000-000 17", "snils_zero"),
    ("001-001-999 00", "snils_checksum"),
    ("１１２２３３４４５９５", "snils_characters"),
    ("١١٢٢٣٣٤٤٥٩٥", "snils_characters"),
    ("11223344595\x00", "snils_characters"),
]


@pytest.mark.parametrize(("text", "digits"), VALID)
def test_valid_is_eleven_digits_without_doubt(text: str, digits: str) -> None:
    checked = check_snils(text)
    assert (checked.value, checked.errors, checked.warnings) == (digits, (), ())


@pytest.mark.parametrize(("text", "code"), INVALID)
def test_invalid_names_its_fault(text: str, code: str) -> None:
    checked = check_snils(text)
    assert checked.value is None
    assert [problem.code for problem in checked.errors] == [code]
    assert checked.errors[0].field == "snils"


@pytest.mark.parametrize("text", ["001-001-998 00", "000-000-001 77", "00100199899"])
def test_numbers_before_the_control_number_pass_with_a_warning(text: str) -> None:
    checked = check_snils(text)
    assert checked.ok
    assert [problem.code for problem in checked.warnings] == ["snils_uncontrolled"]


def test_letter_for_zero_is_pointed_at() -> None:
    assert check_snils("112-233-445 9O").errors[0].message == "СНИЛС: знак № 11: буква «О» вместо нуля."


@pytest.mark.parametrize(("text", "digits"), VALID)
def test_control_digits_are_computed(text: str, digits: str) -> None:
    assert snils_control(digits[:9]) == digits[9:]


@pytest.mark.parametrize("base", ["12345678", "1234567890", "12345678x", "１２３４５６７８９"])
def test_control_of_anything_but_nine_digits_is_a_programming_error(base: str) -> None:
    with pytest.raises(ValueError, match="nine digits"):
        snils_control(base)


def test_format() -> None:
    assert format_snils("11223344595") == "112-233-445 95"
    assert format_snils("") == ""
