"""The stock of names: sizes, grammatical forms, and a Zipf-like scale of surnames."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from registrar_tui.validators.names import check_name, guess_sex
from seed.names import generation, name_tables, patronymics, patronymics_of_all
from seed.reading import read_data
from seed.surnames import feminine, surname_stock


@pytest.mark.parametrize(
    ("male", "female"),
    [
        ("Иванов", "Иванова"),
        ("Соловьёв", "Соловьёва"),
        ("Никитин", "Никитина"),
        ("Покровский", "Покровская"),
        ("Троицкий", "Троицкая"),
        ("Толстой", "Толстая"),
        ("Белый", "Белая"),
        ("Дикий", "Дикая"),
        ("Мамин-Уральский", "Мамина-Уральская"),
        ("Тер-Аветян", "Тер-Аветян"),
        ("Черных", "Черных"),
        ("Шевченко", "Шевченко"),
        ("Ким", "Ким"),
        ("Гелашвили", "Гелашвили"),
        ("Живаго", "Живаго"),
        ("О'Нейл", "О'Нейл"),
        ("Цой=", "Цой"),
        ("Грин=", "Грин"),
    ],
)
def test_female_surname(male: str, female: str) -> None:
    assert feminine(male) == female


@pytest.mark.parametrize(
    ("father", "son", "daughter"),
    [
        ("Иван", "Иванович", "Ивановна"),
        ("Сергей", "Сергеевич", "Сергеевна"),
        ("Юрий", "Юрьевич", "Юрьевна"),
        ("Дмитрий", "Дмитриевич", "Дмитриевна"),
        ("Игорь", "Игоревич", "Игоревна"),
        ("Илья", "Ильич", "Ильинична"),
        ("Никита", "Никитич", "Никитична"),
        ("Фома", "Фомич", "Фоминична"),
        ("Лука", "Лукич", "Лукинична"),
        ("Лев", "Львович", "Львовна"),
        ("Павел", "Павлович", "Павловна"),
        ("Муса", "Мусаевич", "Мусаевна"),
        ("Наиль", "Наилевич", "Наилевна"),
        ("Жорж", "Жоржевич", "Жоржевна"),
    ],
)
def test_patronymic(father: str, son: str, daughter: str) -> None:
    assert patronymics(father) == (son, daughter)


def test_every_patronymic_of_the_stock_shows_its_sex() -> None:
    for father, (son, daughter) in patronymics_of_all().items():
        assert guess_sex("", "", son) == "M", father
        assert guess_sex("", "", daughter) == "F", father


def test_the_written_stock_is_as_large_as_promised() -> None:
    written = [name for group in read_data("surnames.json")["groups"].values() for name in group["surnames"]]
    assert len(set(written)) >= 300
    names = read_data("given_names.json")
    for sex in ("male", "female"):
        assert len({name for group in names.values() for name in group[sex]}) >= 100
        assert len(names["slavic"][sex]) >= 60


def test_every_surname_of_the_stock_is_a_name_and_stands_once() -> None:
    stock = surname_stock()
    assert len(set(stock.male)) == len(stock.male) == len(stock.female) == len(stock.bounds)
    for surname in {*stock.male, *stock.female}:
        checked = check_name(surname)
        assert checked.ok and not checked.warnings, surname


def test_surnames_scale_like_those_of_a_city() -> None:
    stock, random = surname_stock(), Random(1)
    drawn = Counter(stock.pick(random.random()) for _ in range(200_000))
    assert 25_000 <= len(drawn) <= 45_000
    common = [times for _, times in drawn.most_common(400)]
    assert 0.006 < common[0] / 200_000 < 0.02
    assert common[0] > 3 * common[30] > 9 * common[399]


def test_the_whole_range_of_chances_is_served() -> None:
    stock = surname_stock()
    assert stock.pick(0.0) == 0
    assert stock.pick(0.9999999999999999) == len(stock.male) - 1
    for table in name_tables().values():
        assert table.pick(0.9999999999999999) == table.names[-1]


def test_names_go_in_and_out_of_fashion() -> None:
    random = Random(2)
    old, young = (
        Counter(name_tables()["slavic", "F", generation(year)].pick(random.random()) for _ in range(5000))
        for year in (1945, 2018)
    )
    assert old["Валентина"] > 10 * young["Валентина"]
    assert young["София"] > 10 * old["София"]
