"""ИНН of people and organisations."""

from __future__ import annotations

import pytest

from registrar_tui.validators.inn import Holder, check_inn

PEOPLE = ["225472327494", "622883113776", "656824752417", "846814538491", "133076661914"]
ORGANISATIONS = ["1234567894", "7707083893"]


@pytest.mark.parametrize("text", PEOPLE + ORGANISATIONS)
def test_valid(text: str) -> None:
    holder: Holder = "person" if text in PEOPLE else "organisation"
    for checked in (check_inn(text), check_inn(text, holder=holder), check_inn(f" {text[:4]} {text[4:]}")):
        assert (checked.value, checked.errors, checked.warnings) == (text, (), ())


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("7707083890", "inn_checksum"),
        ("123456789048", "inn_checksum"),
        ("123456789047 1", "inn_length"),
        ("000000000000", "inn_region"),
        ("0000000000", "inn_region"),
        ("", "inn_empty"),
        ("77070838O3", "inn_characters"),
        ("７７０７０８３８９３", "inn_characters"),
    ],
)
def test_invalid(text: str, code: str) -> None:
    checked = check_inn(text)
    assert checked.value is None
    assert [problem.code for problem in checked.errors] == [code]


@pytest.mark.parametrize(
    ("text", "holder", "owner"),
    [("7707083893", "person", "организации"), ("225472327494", "organisation", "человека")],
)
def test_the_other_kind_of_owner_is_refused(text: str, holder: Holder, owner: str) -> None:
    (problem,) = check_inn(text, holder=holder).errors
    assert problem.code == "inn_holder"
    assert owner in problem.message
