"""Whether two cards are of one person: what speaks for it, what against, and both ways the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registrar_tui.services.likeness import Grade, Person, likeness, near_dates, near_years
from registrar_tui.services.search_keys import fold

SOKOLOV = Person(
    "соколов",
    "александр",
    "петрович",
    date(1958, 5, 12),
    sex="M",
    snils="11223344595",
    phone="+79161234567",
    documents=frozenset({"4503123456"}),
)
BARE = replace(SOKOLOV, snils=None, phone=None, documents=frozenset())
TWIN = replace(BARE, first="владимир")
WOMAN = replace(BARE, last="соколова", first="анна", middle="петровна", sex="F")


@pytest.mark.parametrize(
    ("one", "other", "grade", "reason"),
    [
        (BARE, BARE, Grade.LIKELY, "те же ФИО"),
        (replace(BARE, phone="+79161234567"), replace(SOKOLOV, snils=None), Grade.CERTAIN, "тот же телефон"),
        (BARE, replace(BARE, last="сокалов"), Grade.LIKELY, "ФИО отличается одной буквой"),
        (BARE, replace(BARE, first="алксандр"), Grade.LIKELY, "ФИО отличается одной буквой"),
        (BARE, replace(BARE, birth=date(1958, 5, 13)), Grade.WEAK, "дата рождения отличается одной цифрой"),
        (BARE, replace(BARE, birth=date(1985, 5, 12)), Grade.WEAK, "две цифры даты рождения переставлены"),
        (BARE, replace(BARE, birth=date(1958, 12, 5)), Grade.LIKELY, "день и месяц рождения переставлены"),
        (BARE, replace(BARE, last="александр", first="соколов"), Grade.LIKELY, "фамилия и имя переставлены"),
        (BARE, replace(BARE, middle=""), Grade.LIKELY, "та же фамилия"),
        (BARE, replace(BARE, first="а", middle="п"), Grade.WEAK, "имя начинается так же"),
        (BARE, replace(BARE, last="соколовмикитов"), Grade.LIKELY, "одна фамилия — часть другой"),
        (WOMAN, replace(WOMAN, last="щербина"), Grade.WEAK, "та же дата рождения"),
        (replace(WOMAN, phone="+7"), replace(WOMAN, last="щербина", phone="+7"), Grade.LIKELY, "то же имя"),
        (
            replace(WOMAN, first="наталья"),
            replace(WOMAN, first="наталия"),
            Grade.LIKELY,
            "имена звучат одинаково",
        ),
        (SOKOLOV, Person("иной", "человек", snils="11223344595"), Grade.WEAK, "тот же СНИЛС"),
        (SOKOLOV, Person("иной", "человек", documents=SOKOLOV.documents), Grade.WEAK, "тот же документ"),
        (
            replace(BARE, birth_precision="year"),
            replace(BARE, birth=date(1958, 1, 1)),
            Grade.LIKELY,
            "тот же год рождения",
        ),
    ],
)
def test_what_is_alike(one: Person, other: Person, grade: Grade, reason: str) -> None:
    told = likeness(one, other)
    assert (told.grade, reason in told.reasons) == (grade, True), told
    assert likeness(other, one) == told


@pytest.mark.parametrize(
    ("one", "other", "against"),
    [
        (
            SOKOLOV,
            replace(SOKOLOV, first="владимир", snils="08765430300", documents=frozenset()),
            "другое имя",
        ),
        (BARE, TWIN, "другое имя"),
        (replace(BARE, phone="+7"), replace(TWIN, phone="+7"), "другое имя"),
        (BARE, replace(BARE, birth=date(1990, 1, 30)), "другая дата рождения"),
        (BARE, replace(BARE, sex="F"), "другой пол"),
        (BARE, replace(BARE, middle="иванович", birth=date(1958, 5, 13)), "другое отчество"),
        (BARE, replace(BARE, last="щербина"), "другая фамилия"),
        (replace(BARE, enp="1" * 16, last="сокалов"), replace(BARE, enp="2" * 16), "другой ЕНП"),
        (SOKOLOV, replace(SOKOLOV, snils="08765430300"), "другой СНИЛС"),
    ],
)
def test_what_speaks_against(one: Person, other: Person, against: str) -> None:
    told = likeness(one, other)
    assert against in told.against and likeness(other, one) == told


def test_twins_are_a_weak_hint_at_most() -> None:
    boys = [
        replace(BARE, first=name, phone="+79161234567", email="m@example.org") for name in ("иван", "петр")
    ]
    assert likeness(*boys).grade in (Grade.NONE, Grade.WEAK)
    girls = [replace(WOMAN, first=name, phone="+79161234567") for name in ("анна", "инна")]
    assert likeness(*girls).grade in (Grade.NONE, Grade.WEAK)
    numbered = [replace(one, snils=number) for one, number in zip(girls, ("1" * 11, "2" * 11), strict=True)]
    assert likeness(*numbered).grade is Grade.NONE


def test_a_namesake_with_another_number_is_at_most_weak() -> None:
    one, other = (replace(BARE, snils=digit * 11, enp=digit * 16) for digit in "12")
    told = likeness(one, other)
    assert told.grade is Grade.WEAK and told.against == ("другой СНИЛС", "другой ЕНП")


def test_two_spellings_of_one_name_are_one() -> None:
    assert fold("Cокoлова") == fold("СОКОЛОВА") and fold("Алёна") == fold("Алена")


@pytest.mark.parametrize(
    ("year", "near"),
    [
        (1958, {1957, 1959, 1948, 1968, 1985}),
        (1999, {1998, 2000, 1989, 2009}),
        (2001, {2000, 2002, 1991, 2011, 2010}),
    ],
)
def test_near_years_are_a_neighbour_ten_apart_or_swapped(year: int, near: set[int]) -> None:
    assert near_years(year) == near


def test_near_dates_are_those_that_compare_as_near() -> None:
    day = date(1958, 5, 12)
    every = {
        date.fromordinal(number)
        for number in range(date(1900, 1, 1).toordinal(), date(2030, 1, 1).toordinal())
    }
    near = {
        other
        for other in every
        if "другая дата рождения"
        not in likeness(replace(BARE, birth=day), replace(BARE, birth=other)).against
    }
    assert near - {day} == {other for other in near_dates(day) if other in every}


names = st.sampled_from(
    ["соколов", "сокалов", "соколова", "иванов", "ли", "александр", "александра", "анна", "инна", "а", ""]
)
numbers = st.sampled_from([None, "1" * 11, "2" * 11])
people = st.builds(
    Person,
    last=names,
    first=names,
    middle=names,
    birth=st.none() | st.dates(date(1957, 1, 1), date(1959, 12, 31)),
    birth_precision=st.sampled_from(["day", "month", "year"]),
    sex=st.sampled_from(["M", "F", ""]),
    snils=numbers,
    enp=numbers,
    phone=numbers,
    email=st.sampled_from([None, "a@b.ru", "A@b.ru"]),
    documents=st.frozensets(st.sampled_from(["a", "b"])),
    policies=st.frozensets(st.sampled_from(["1" * 11, "2" * 11, "c"])),
)


@given(people, people)
def test_the_order_of_the_two_changes_nothing(one: Person, other: Person) -> None:
    assert likeness(one, other) == likeness(other, one)


@given(people)
def test_nobody_is_likelier_than_oneself(one: Person) -> None:
    told = likeness(one, one)
    assert told.against == ()
    assert told.score >= likeness(one, replace(one, first="пантелеймон")).score
