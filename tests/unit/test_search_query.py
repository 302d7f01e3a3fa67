"""What a text may mean, and the words it is said in."""

from __future__ import annotations

from datetime import date

import pytest

from registrar_tui.services.search_keys import other_layout
from registrar_tui.services.search_numbers import TAILS, NumberKind
from registrar_tui.services.search_query import Query, name_readings, regrouped, understand
from registrar_tui.services.search_words import draft, understood

TODAY = date(2026, 11, 23)
BORN = date(1951, 1, 1)
# An invented person's paper policy.
SCAN = ("02001B909FE89D240C853821750FD740E73F79385F7505E6".ljust(120, "0") + "0148C3").ljust(260, "0")


def first(text: str) -> Query:
    return understand(text, TODAY)[0]


@pytest.mark.parametrize(
    "text",
    [
        "12.05.1958",
        "12.05.58",
        "120558",
        "12051958",
        "1958-05-12",
        "19580512",
        "12 05 1958",
        "12/5/58",
        "12ю05ю58",
    ],
)
def test_a_birth_date_in_any_usual_form(text: str) -> None:
    assert date(1958, 5, 12) in {birth.first for birth in first(text).births if birth.exact}


@pytest.mark.parametrize(
    ("text", "years"), [("58", [1958]), ("1958", [1958]), ("12", [1912, 2012]), ("58 г.р.", [1958])]
)
def test_a_year(text: str, years: list[int]) -> None:
    assert [(b.first, b.last) for b in first(text).births] == [
        (date(y, 1, 1), date(y, 12, 31)) for y in years
    ]


def test_days_that_are_not_dates_and_the_future_are_no_births() -> None:
    for text in ("31.02.1958", "12.13.1958", "24.11.2026", "310258", "2058", "1899"):
        assert not [query for query in understand(text, TODAY) if query.births], text


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("112-233-445 95", NumberKind.SNILS, "11223344595"),
        ("11223344595", NumberKind.SNILS, "11223344595"),
        ("снилс 112 233 445 95", NumberKind.SNILS, "11223344595"),
        ("7758 8408 4800 0012", NumberKind.ENP, "7758840848000012"),
        ("45 08 123456", NumberKind.DOCUMENT, "4508123456"),
        ("4508 № 123456", NumberKind.DOCUMENT, "4508123456"),
        ("I-АК 123456", NumberKind.DOCUMENT, "1ак123456"),
        ("123456789", NumberKind.POLICY, "123456789"),
        ("полис АБ-12345", NumberKind.POLICY, "аб12345"),
        ("полис АБ 12345", NumberKind.POLICY, "аб12345"),
        ("+7 (916) 123-45-67", NumberKind.PHONE, "79161234567"),
        ("8 916 123-45-67", NumberKind.PHONE, "79161234567"),
        ("9161234567", NumberKind.PHONE, "79161234567"),
        ("4567", NumberKind.TAIL, "4567"),
        ("123-45-67", NumberKind.TAIL, "1234567"),
        ("1000 0000 4127 1234 5678", NumberKind.TICKET, "10000000412712345678"),
        ("0412", NumberKind.VISIT, "0412"),
        ("٤٥٦٧", NumberKind.TAIL, "4567"),
    ],
)
def test_numbers(text: str, kind: NumberKind, value: str) -> None:
    assert (kind, value) in first(text).numbers


def test_ambiguous_digits_keep_every_meaning() -> None:
    query = first("89161234567")
    kinds = [number.kind for number in query.numbers]
    assert kinds == [NumberKind.SNILS, NumberKind.PHONE, NumberKind.POLICY]
    query = first("1958")
    assert query.births
    assert {number.kind for number in query.numbers} == {*TAILS, NumberKind.VISIT}
    assert understood(query) == "год рождения 1958 или талон 1958 или конец номера …1958"


def test_a_label_leaves_one_meaning() -> None:
    for label, kind, said in (
        ("тел", NumberKind.TAIL, "телефон …1958"),
        ("снилс", NumberKind.SNILS_TAIL, "СНИЛС …1958"),
        ("ЕНП", NumberKind.POLICY_TAIL, "полис …1958"),
        ("полис:", NumberKind.POLICY_TAIL, "полис …1958"),
        ("паспорт №", NumberKind.DOCUMENT_TAIL, "документ …1958"),
    ):
        query = first(f"{label} 1958")
        assert [number.kind for number in query.numbers] == [kind]
        assert not query.births
        assert understood(query) == said


@pytest.mark.parametrize("prefix", ["]Q1", "]q1", "ъЙ1", "Ъй1", "]d2", " ]L0"])
def test_a_scanners_prefix_is_no_part_of_the_code(prefix: str) -> None:
    for code, kind in (("10000000412712345678", NumberKind.TICKET), ("7758840848000012", NumberKind.ENP)):
        assert (kind, code) in first(prefix + code).numbers


def test_a_policys_barcode_is_its_owner() -> None:
    for text in (SCAN, f"]L0{SCAN}", other_layout(SCAN.lower())):
        (query,) = understand(text, TODAY)
        assert query.numbers == ((NumberKind.ENP, "7758840848000012"),)
        assert (query.tokens, query.births) == (("тестов", "иван", "петрович"), ((BORN, BORN),))
        card = draft(query)
        assert (card.last_name, card.first_name, card.middle_name) == ("Тестов", "Иван", "Петрович")
        assert (card.birth_date, card.sex, card.policy) == ("01.01.1951", "M", "7758840848000012")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("ива и п", ("ива", "и", "п")),
        ("Иванов И.П.", ("иванов", "и", "п")),
        ("bdfyjd b/g/", ("иванов", "и", "п")),
        ("[jvtyrj", ("хоменко",)),
        ("иванов bdfy", ("иванов", "иван")),
        ("Салтыков-Щедрин", ("салтыковщедрин",)),
        ("  ива\tив  58 ", ("ива", "ив")),
        ("тел анна 58", ("тел", "анна")),
        ("анна тел 1234567", ("анна",)),
    ],
)
def test_names_in_either_layout(text: str, tokens: tuple[str, ...]) -> None:
    assert first(text).tokens == tokens


def test_the_layout_is_the_last_resort_for_cyrillic_and_the_first_for_latin() -> None:
    assert [query.switched for query in understand("ьфкшф", TODAY)] == [False, True]
    assert understand("ьфкшф", TODAY)[1].tokens == ("maria",)
    assert [query.switched for query in understand("bdfyjd", TODAY)] == [True, False]


def test_orders_of_names() -> None:
    orders = name_readings(("иван", "иванов"))
    assert (orders[0].last, orders[0].first) == ("иван", "иванов")
    assert (orders[1].last, orders[1].first) == ("иванов", "иван")
    assert name_readings(("и", "п", "ива"))[0] == ("ива", "и", "п")
    assert all(names.last == "ива" for names in name_readings(("и", "п", "ива")) if names.last)
    assert name_readings(("иван", "петрович", "иванов"))[0] == ("иванов", "иван", "петрович")


def test_words_may_be_grouped_otherwise() -> None:
    assert ("салтыковщедрин", "михаил") in regrouped(("салтыков", "щедрин", "михаил"))
    assert ("иванов", "и", "п") in regrouped(("иванов", "ип"))
    assert ("мамедов", "вагиф", "гасаноглы") in regrouped(("мамедов", "вагиф", "гасан", "оглы"))


def test_what_was_understood_in_words() -> None:
    assert understood(first("ива ив 58")) == "фамилия «ива…», имя «ив…», год рождения 1958"
    assert understood(first("bdf")) == "другая раскладка: фамилия «ива…»"
    assert understood(first("Ёлкин 05.1958")) == "фамилия «ёлкин…», месяц рождения 05.1958"


def test_a_new_card_from_the_query() -> None:
    card = draft(first("салтыков-щедрин михаил евграфович 12.05.1958 9161234567"))
    assert (card.last_name, card.first_name, card.middle_name) == ("Салтыков-Щедрин", "Михаил", "Евграфович")
    assert (card.birth_date, card.phone, card.snils, card.passport) == ("12.05.1958", "+79161234567", "", "")
    card = draft(first("Иван Петрович Иванов 112-233-445 95"))
    assert (card.last_name, card.first_name, card.middle_name) == ("Иванов", "Иван", "Петрович")
    assert (card.snils, card.phone) == ("112-233-445 95", "")
    assert draft(first("мамедов вагиф гасан оглы")).middle_name == "Гасан оглы"
    assert draft(first("4508123456")).passport == "45 08 123456"
    assert draft(first("7758840848000012")).policy == "7758840848000012"
    assert draft(first("12")).birth_date == ""


@pytest.mark.parametrize("text", ["", "   ", "%_*'\"", "()\\;--", "\x00\x1b", "\ud800"])
def test_nothing_to_look_for(text: str) -> None:
    assert understand(text, TODAY) == ()
