"""Policies: every kind with its three codes, its form, and recognition of what was typed."""

from __future__ import annotations

from datetime import date

import pytest

from registrar_tui.validators.policy import (
    POLICY_KINDS,
    check_blank_number,
    check_policy,
    check_policy_text,
    policy_kind,
    recognise_policy,
)

ENP = "7758840848000012"


@pytest.mark.parametrize(
    ("kind", "series", "number", "value"),
    [
        *[(letter, "", ENP, ENP) for letter in "ПЭКЦ"],
        ("В", "", "000000001", "000000001"),
        ("Е", "", "123 456 789", "123456789"),
        ("С", "", "АБ-12345", "АБ-12345"),
        ("С", "аб", "12 345", "АБ 12345"),
        ("Х", "", "", ""),
        ("М", " ", "", ""),
        ("c", "", "12345", "12345"),
        ("э", "", "7758 8408 4800 0012", ENP),
    ],
)
def test_valid_by_kind(kind: str, series: str, number: str, value: str) -> None:
    checked = check_policy(kind, series, number)
    assert (checked.value, checked.errors, checked.warnings) == (value, (), ())


@pytest.mark.parametrize(
    ("kind", "series", "number", "code", "field"),
    [
        ("В", "", "12345678", "policy_number_length", "policy_number"),
        ("В", "", "12345678A", "policy_number_characters", "policy_number"),
        ("В", "", "", "policy_number_empty", "policy_number"),
        ("В", "77", "000000001", "policy_series_unexpected", "policy_series"),
        ("П", "7700", ENP, "policy_series_unexpected", "policy_series"),
        ("П", "", "7758840848000013", "enp_checksum", "enp"),
        ("Э", "", "12345678901", "enp_blank_number", "enp"),
        ("Х", "", "1", "policy_number_unexpected", "policy_number"),
        ("С", "77", "", "policy_number_empty", "policy_number"),
        ("С", "*", "1", "policy_series_format", "policy_series"),
        ("С", "", "1" * 21, "policy_number_format", "policy_number"),
        ("Ы", "", ENP, "policy_kind_unknown", "policy_kind"),
    ],
)
def test_invalid_by_kind(kind: str, series: str, number: str, code: str, field: str) -> None:
    checked = check_policy(kind, series, number)
    assert checked.value is None
    assert [(problem.code, problem.field) for problem in checked.errors] == [(code, field)]


def test_owner_is_compared_and_only_warned_about() -> None:
    for checked in (
        check_policy("П", "", ENP, birth_date=date(1951, 1, 2), sex="M"),
        check_policy_text(ENP, birth_date=date(1951, 1, 2), sex="M"),
    ):
        assert checked.ok
        assert [problem.code for problem in checked.warnings] == ["enp_birth_date_mismatch"]


@pytest.mark.parametrize(
    ("typed", "kind", "value", "warning"),
    [
        (ENP, "enp", ENP, None),
        ("7758 8408 4800 0012", "enp", ENP, None),
        ("000000001", "temporary", "000000001", None),
        ("123-456-789", "temporary", "123456789", None),
        ("АБ-12345", "old", "АБ 12345", "policy_old"),
        ("аб 12345", "old", "АБ 12345", "policy_old"),
        ("77-3050 № 1234567", "old", "77-3050 1234567", "policy_old"),
    ],
)
def test_kind_is_recognised(typed: str, kind: str, value: str, warning: str | None) -> None:
    assert recognise_policy(typed) == kind
    checked = check_policy_text(typed)
    assert checked.value == value
    assert [problem.code for problem in checked.warnings] == ([warning] if warning else [])
    assert check_policy_text(value).value == value


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "policy_empty"),
        ("12345678", "policy_unrecognised"),
        ("775884084800001", "policy_unrecognised"),
        ("12345678A", "policy_unrecognised"),
        ("полис", "policy_unrecognised"),
        ("77588408O8000012", "enp_characters"),
        ("7758840848000013", "enp_checksum"),
        ("12345678901", "enp_blank_number"),
        ("12345678901234", "enp_blank_number"),
        ("АБВГДЕЖЗИКЛМ 12345", "policy_series_format"),
    ],
)
def test_spoiled_lines(typed: str, code: str) -> None:
    checked = check_policy_text(typed)
    assert checked.value is None
    assert [problem.code for problem in checked.errors] == [code]


def test_the_three_directories_number_the_kinds_differently() -> None:
    table = {kind.code: (kind.f008, kind.fnsi, kind.fnsi_with_term) for kind in POLICY_KINDS}
    assert table == {
        "С": ("1", "1", "1"),
        "В": ("2", "4", "4"),
        "Е": ("2", "4", "4"),
        "П": ("3", "2", "3"),
        "Э": ("3", "2", "3"),
        "К": ("3", "2", "3"),
        "Ц": ("3", "2", "3"),
        "Х": (None, None, None),
        "М": (None, None, None),
    }
    assert policy_kind("ц") is not None
    assert policy_kind("Z") is None


@pytest.mark.parametrize(
    ("text", "kind"), [("12345678901234", "К"), ("12345678901", "П"), ("12345678901", "Э")]
)
def test_blank_number(text: str, kind: str) -> None:
    assert check_blank_number(text, kind).value == text


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("12345678901", "К", "policy_number_length"),
        ("12345678901", "Ц", "policy_kind_unknown"),
        ("1234567890A", "П", "policy_number_characters"),
    ],
)
def test_wrong_blank_number(text: str, kind: str, code: str) -> None:
    assert [problem.code for problem in check_blank_number(text, kind).errors] == [code]
