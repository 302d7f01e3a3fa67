"""Telephones: everything dialled in Russia, what cannot be dialled, and what is only doubtful."""

from __future__ import annotations

import phonenumbers
import pytest

from registrar_tui.validators.phone import check_phone, format_phone

UNALLOCATED = [907, 935, 940, 943, 944, 945, 946, 947, 948, 956, 957, 972, 973, 974, 975, 976, 998]


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("+7 916 123-45-67", "+79161234567"),
        ("79161234567", "+79161234567"),
        ("8 (495) 123-45-67", "+74951234567"),
        ("88121234567", "+78121234567"),
        ("83436012345", "+73436012345"),
        ("+7 856 123-45-67", "+78561234567"),
        ("89161234567", "+79161234567"),
        ("9161234567", "+79161234567"),
        ("4951234567", "+74951234567"),
        ("(+7) 916.123.45.67", "+79161234567"),
        ("8\u00a0916\u00a0123–45–67\u200e", "+79161234567"),
    ],
)
def test_russian(text: str, e164: str) -> None:
    checked = check_phone(text)
    assert (checked.value, checked.errors, checked.warnings) == (e164, (), ())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("8916123456", "phone_length"),
        ("+70000000000", "phone_code"),
        ("8 100 123 45 67", "phone_code"),
        ("8 500 123 45 67", "phone_code"),
        ("112", "phone_length"),
        ("123-45-67", "phone_length"),
        ("8916ABCDEFG", "phone_characters"),
        ("8 916 123-45-67 доб. 5", "phone_characters"),
        ("8916123456７", "phone_characters"),
        ("8916+1234567", "phone_characters"),
        ("", "phone_empty"),
        ("+", "phone_characters"),
        ("()", "phone_length"),
        ("1" * 21, "phone_length"),
        ("375291234567", "phone_length"),
        ("+7 916 123-45-678", "phone_length"),
    ],
)
def test_wrong(text: str, code: str) -> None:
    checked = check_phone(text)
    assert checked.value is None
    assert [problem.code for problem in checked.errors] == [code]


@pytest.mark.parametrize(
    ("text", "e164", "code"),
    [
        ("+7 973 123-45-67", "+79731234567", "phone_code_unallocated"),
        ("+7 954 123-45-67", "+79541234567", "phone_code_rare"),
        ("+375 29 123-45-67", "+375291234567", "phone_foreign"),
        ("8 701 123 45 67", "+77011234567", "phone_foreign"),
        ("8 800 123-45-67", "+78001234567", "phone_toll_free"),
        ("8351234567", "+78351234567", "phone_incomplete"),
    ],
)
def test_doubtful(text: str, e164: str, code: str) -> None:
    checked = check_phone(text)
    assert checked.value == e164
    assert [problem.code for problem in checked.warnings] == [code]


@pytest.mark.parametrize("code", range(900, 1000))
def test_mobile_short_cut_agrees_with_the_numbering_plan(code: int) -> None:
    checked = check_phone(f"+7{code}1234567")
    assert phonenumbers.is_valid_number_for_region(phonenumbers.parse(f"+7{code}1234567"), "RU")
    doubts = [problem.code for problem in checked.warnings]
    if code in UNALLOCATED:
        assert doubts == ["phone_code_unallocated"]
    else:
        assert doubts == (["phone_code_rare"] if code in (954, 955, 997) else [])


def test_the_missing_digit_is_explained() -> None:
    assert "пропущена цифра" in check_phone("8916123456").errors[0].message
    assert "кода 100" in check_phone("8 100 123 45 67").errors[0].message


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+79161234567", "+7 916 123-45-67"),
        ("+375291234567", "+375 29 123-45-67"),
        ("", ""),
        ("по мужу", "по мужу"),
        ("+99999", "+99999"),
    ],
)
def test_format(value: str, shown: str) -> None:
    assert format_phone(value) == shown
