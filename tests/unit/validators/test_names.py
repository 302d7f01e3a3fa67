"""Names: what the law allows, what the hand slips into, and the sex a patronymic tells."""

from __future__ import annotations

import logging

import pytest

from registrar_tui.validators.names import (
    FullName,
    NameField,
    check_full_name,
    check_name,
    guess_sex,
    means_no_patronymic,
    split_full_name,
)

PEOPLE = [
    ("Салтыков-Щедрин", "Михаил", "Евграфович"),
    ("Римская-Корсакова", "Анна", "Петровна"),
    ("Мамедов", "Али", "Вагиф оглы"),
    ("Цой", "Виктор", ""),
    ("Барклай де Толли", "Михаил", "Богданович"),
    ("Д'Артаньян", "Шарль", ""),
    ("Ёлкин", "Семён", "Артёмович"),
    ("Хосе", "Мария дель Кармен", ""),
    ("Абдул-Азиз", "Ибн-Сауд", ""),
    ("ван дер Ваальс", "Ян", ""),
    ("О", "И", ""),
]


@pytest.mark.parametrize(("last", "first", "middle"), PEOPLE)
def test_valid(last: str, first: str, middle: str) -> None:
    parts: list[tuple[str, NameField]] = [(last, "last_name"), (first, "first_name"), (middle, "middle_name")]
    for text, field in parts:
        checked = check_name(text, field=field)
        assert (checked.value, checked.errors, checked.warnings) == (text, (), ())
    line = " ".join(filter(None, (last, first, middle)))
    checked = check_full_name(line)
    assert (checked.value, checked.errors, checked.warnings) == (line, (), ())
    assert split_full_name(line) == FullName(last, first, middle)


@pytest.mark.parametrize(
    ("text", "field", "code"),
    [
        ("Иванов1", "last_name", "name_characters"),
        ("Иванов@", "last_name", "name_characters"),
        ("Иванов-", "last_name", "name_separators"),
        ("-Иванов", "last_name", "name_separators"),
        ("Салтыков--Щедрин", "last_name", "name_separators"),
        ("", "first_name", "name_empty"),
        ("   ", "last_name", "name_empty"),
        ("НЕТ", "middle_name", "name_placeholder"),
        ("HET", "middle_name", "name_placeholder"),
        ("-", "middle_name", "name_placeholder"),
        ("—", "middle_name", "name_placeholder"),
        ("без отчества", "middle_name", "name_placeholder"),
        ("Иванов\tИ", "last_name", "name_characters"),
        ("Петров😀", "last_name", "name_characters"),
        ("Ivanov", "last_name", "name_latin"),
        ("Müller", "last_name", "name_latin"),
        ("Иванов Smith", "last_name", "name_latin"),
        ("Иvанов", "last_name", "name_latin"),
        ("А" * 41, "last_name", "name_length"),
        ("Иванов\x00", "last_name", "name_characters"),
        ("\u202eИванов\ud800", "last_name", "name_characters"),
        ("Иванов٣", "last_name", "name_characters"),
    ],
)
def test_invalid(text: str, field: NameField, code: str) -> None:
    checked = check_name(text, field=field)
    assert checked.value is None
    assert [(problem.code, problem.field) for problem in checked.errors] == [(code, field)]


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("Ивaнов", "Иванов", "name_lookalikes"),
        ("Cидоров", "Сидоров", "name_lookalikes"),
        ("\u00cbлкин", "Ёлкин", "name_lookalikes"),
        ("Дж.Смит", "Дж.Смит", "name_dot"),
    ],
)
def test_repaired_or_doubtful(text: str, value: str, code: str) -> None:
    checked = check_name(text)
    assert checked.value == value
    assert [problem.code for problem in checked.warnings] == [code]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("  Иванов ", "Иванов"),
        ("Салтыков–Щедрин", "Салтыков-Щедрин"),
        ("Салтыков - Щедрин", "Салтыков-Щедрин"),
        ("Д’Артаньян", "Д'Артаньян"),
        ("Барклай  де\u00a0Толли", "Барклай де Толли"),
        ("И\u0306од", "Йод"),
        ("Ива\u00adнов", "Иванов"),
        ("ИВАНОВ", "ИВАНОВ"),
    ],
)
def test_normalised_without_a_word(text: str, value: str) -> None:
    checked = check_name(text)
    assert (checked.value, checked.errors, checked.warnings) == (value, (), ())


def test_a_part_the_document_lacks() -> None:
    assert check_name("", field="middle_name").value == ""
    assert check_name("", field="first_name", required=False).value == ""
    assert not check_name("", field="middle_name", required=True).ok
    assert check_name("Нет", field="last_name").ok


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", [("name_empty", "last_name"), ("name_empty", "first_name")]),
        ("Иванов", [("name_empty", "first_name")]),
        ("Иванов Иван НЕТ", [("name_placeholder", "middle_name")]),
        ("Иванов Иван -", [("name_placeholder", "middle_name")]),
        ("Ivanov Иван Иван0вич", [("name_latin", "last_name"), ("name_characters", "middle_name")]),
        ("Иванов\tИван", [("name_characters", "last_name"), ("name_empty", "first_name")]),
        ("Иванов " * 100, [("name_length", "last_name")]),
    ],
)
def test_full_name_faults_fall_on_their_parts(text: str, problems: list[tuple[str, str]]) -> None:
    checked = check_full_name(text)
    assert checked.value is None
    assert [(problem.code, problem.field) for problem in checked.errors] == problems


def test_full_name_is_repaired_in_one_line() -> None:
    checked = check_full_name(" Мaмедов  Али Вагиф oглы")
    assert checked.value == "Мамедов Али Вагиф оглы"
    assert [problem.field for problem in checked.warnings] == ["last_name", "middle_name"]


@pytest.mark.parametrize("text", ["нет", "НЕТ", "-", "—", "--", " отсутствует "])
def test_words_for_no_patronymic(text: str) -> None:
    assert means_no_patronymic(text)
    assert not means_no_patronymic("Иванович")


@pytest.mark.parametrize(
    ("last", "first", "middle", "sex"),
    [
        ("", "", "Петрович", "M"),
        ("", "", "Мамед оглы", "M"),
        ("", "", "Лейла кызы", "F"),
        ("", "Саша", "", None),
        ("Дюма", "", "", None),
        ("", "", "", None),
        ("Иванова", "Саша", "", "F"),
        ("Ким", "Никита", "Сергеевич", "M"),
    ],
)
def test_sex_by_name(last: str, first: str, middle: str, sex: str | None) -> None:
    assert guess_sex(last, first, middle) == sex


def test_names_do_not_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert guess_sex("Иванов", "Мария", "") is None
    assert "Иванов" not in caplog.text
