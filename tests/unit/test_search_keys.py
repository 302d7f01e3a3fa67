"""Keys: one spelling for whatever a name or number may be written like."""

from __future__ import annotations

import pytest

from registrar_tui.services.search_keys import (
    fold,
    number_key,
    one_typo_apart,
    one_typo_from_start,
    other_layout,
    patient_keys,
    reversed_digits,
)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Иванов", "иванов"),
        ("Ёлкина", "елкина"),
        ("Е\u0308лкина", "елкина"),
        ("Салтыков-Щедрин", "салтыковщедрин"),
        ("Салтыков – Щедрин", "салтыковщедрин"),
        ("О’Нил", "онил"),
        ("Вагиф оглы", "вагифоглы"),
        ("Ивaнoв", "иванов"),  # Latin a and o
        ("BOPOHИН", "воронин"),  # all but two letters Latin
        ("Smith", "smith"),
        ("Ива\u0301нов", "иванов"),
        ("Андреи\u0306", "андрей"),
        ("\x1b[31m%_*", "31m"),
        ("№ 5", "5"),
        ("…", ""),
        ("", ""),
    ],
)
def test_spellings_of_one_name_share_a_key(text: str, key: str) -> None:
    assert fold(text) == key


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("bdfyjd", "иванов"),
        ("[jvtyrj", "хоменко"),
        ("ghbdtn", "привет"),
        ("`;", "ёж"),
        (",.'", "бюэ"),
        ("b/g/", "и.п."),
    ],
)
def test_the_other_layout_is_found_both_ways(typed: str, meant: str) -> None:
    assert other_layout(typed) == meant
    assert other_layout(meant) == typed


def test_columns_of_a_patient() -> None:
    assert patient_keys("Ёлкин-Петров", "Анна", "", "+79161234567") == {
        "last_key": "елкинпетров",
        "first_key": "анна",
        "middle_key": "",
        "first_initial": "а",
        "middle_initial": "",
        "phone_reversed": "76543216197",
    }
    assert patient_keys("", "", "", None)["phone_reversed"] is None
    assert reversed_digits("8 (916) 12") == "216198"
    assert reversed_digits("нет") is None


@pytest.mark.parametrize(
    ("series", "number", "key"),
    [
        ("45 08", "123456", "4508123456"),
        ("4508", "123456", "4508123456"),
        ("I-АК", "123456", "1ак123456"),
        ("1-AK", "123456", "1ак123456"),
        ("VIII-ФР", "000001", "у111фр000001"),
    ],
)
def test_documents_are_found_however_their_series_is_typed(series: str, number: str, key: str) -> None:
    assert number_key(series, number) == key


@pytest.mark.parametrize(
    ("left", "right", "near"),
    [
        ("иванов", "иванов", True),
        ("иванов", "ивонов", True),
        ("иванов", "ивнов", True),
        ("иванов", "иваннов", True),
        ("иванов", "иавнов", True),
        ("иванов", "иванво", True),
        ("иванов", "ивановы", True),
        ("иванов", "иваномы", False),
        ("иванов", "навиов", False),
        ("аб", "ба", True),
        ("а", "", True),
        ("аб", "", False),
        ("абв", "вба", False),
    ],
)
def test_one_typo(left: str, right: str, near: bool) -> None:
    assert one_typo_apart(left, right) is near
    assert one_typo_apart(right, left) is near


def test_an_unfinished_word_may_have_a_typo() -> None:
    assert one_typo_from_start("кадио", "кардиолог")
    assert not one_typo_from_start("кадиа", "кардиолог")
