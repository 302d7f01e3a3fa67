"""Laws of the validators: no text breaks them, their answers are stable, control digits catch slips."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar_tui.validators.birth_certificate import check_birth_certificate
from registrar_tui.validators.birth_date import check_birth_date
from registrar_tui.validators.email import _normalise, check_email
from registrar_tui.validators.enp import Sex, build_enp, check_enp, decode_enp
from registrar_tui.validators.identity_document import (
    DOCUMENT_KINDS,
    check_identity_document,
    split_document,
)
from registrar_tui.validators.inn import check_inn
from registrar_tui.validators.names import check_full_name, check_name, guess_sex, split_full_name
from registrar_tui.validators.passport import check_department_code, check_passport
from registrar_tui.validators.phone import check_phone, format_phone
from registrar_tui.validators.policy import POLICY_KINDS, check_policy, check_policy_text
from registrar_tui.validators.result import Checked
from registrar_tui.validators.snils import check_snils, snils_control

Check: TypeAlias = Callable[[str], Checked]

TODAY = date(2026, 11, 23)
BORN = date(2000, 2, 29)
CHECKS: dict[str, Check] = {
    "snils": check_snils,
    "enp": lambda text: check_enp(text, birth_date=date(1951, 1, 1), sex="F"),
    "policy": check_policy_text,
    "passport": lambda text: check_passport(text, birth_date=BORN, issue_date=date(2020, 5, 5), today=TODAY),
    "department": check_department_code,
    "birth_certificate": lambda text: check_birth_certificate(text, birth_date=BORN, today=TODAY),
    "inn": check_inn,
    "phone": check_phone,
    "email": check_email,
    "birth_date": lambda text: check_birth_date(text, TODAY),
    "last_name": check_name,
    "middle_name": lambda text: check_name(text, field="middle_name"),
    "full_name": check_full_name,
}

# Near misses find more than noise: the signs documents are made of, and those that must not break them.
SIGNS = (
    "0123456789 -–—№.()/+@,'’`IVXLCУХЛСABCEHKMOPTXYaceopxyАКБИванооглыnet"
    "\t\r\n\x00\x1f\u00a0\u200b\u202e\u0306٣７²Ⅳß😀"
)
TEXTS = st.one_of(
    st.text(alphabet=SIGNS, max_size=24),
    st.text(alphabet=st.characters(), max_size=50),
    st.text(alphabet=st.characters(categories=["Cs", "Cc", "Cf", "Nd", "No"]), max_size=20),
    st.text(alphabet="0123456789", min_size=4, max_size=20),
    st.from_regex(r"[0-9]{2} ?[0-9]{2} ?[№N]? ?[0-9]{6}", fullmatch=True),
    st.from_regex(r"[1IVXLCУХЛС]{1,4}[ -][А-ЯA-Z]{2} ?№? ?[0-9]{6}", fullmatch=True),
    st.from_regex(r"(--|[0-3]?[0-9])[./ -](--|[01]?[0-9])[./ -][12][0-9]{3}", fullmatch=True),
    st.from_regex(r"\+?[0-9 ()-]{5,18}", fullmatch=True),
    st.from_regex(r"[a-zа-я.+_-]{1,8}@[a-zа-я.-]{1,10}\.(ru|com|рф)", fullmatch=True),
    st.from_regex(r"([А-Яа-яaecopx'’ -]{1,9} ){1,4}(оглы|нет|-|де)?", fullmatch=True),
)
PEOPLE = st.tuples(
    st.integers(1, 99).map("{:02d}".format),
    st.dates(date(1900, 1, 1), date(2099, 12, 31)),
    st.sampled_from(("M", "F")),
    st.integers(0, 99_999),
)
NINE_DIGITS = st.integers(1_001_999, 999_999_999).map("{:09d}".format)


def is_presentable(checked: Checked, text: str) -> bool:
    """Tell whether a verdict keeps the promises made of every message."""
    problems = checked.errors + checked.warnings
    messages = [problem.message for problem in problems]
    echoed = len(text) > 40 and any(text in message for message in messages)
    return (
        checked.ok == (checked.value is not None)
        and all(message.isprintable() and message.endswith(".") for message in messages)
        and all(problem.code.isascii() and problem.code.islower() for problem in problems)
        and not echoed
    )


@pytest.mark.parametrize("name", CHECKS)
@given(text=TEXTS)
@settings(max_examples=150, deadline=None)
def test_any_text_gets_a_verdict_and_the_verdict_is_stable(name: str, text: str) -> None:
    check = CHECKS[name]
    checked = check(text)
    assert is_presentable(checked, text)
    if checked.value is not None:
        again = check(checked.value)
        assert again.ok
        assert again.value == checked.value


# What makes a careless pattern slow: long runs of one sign and of the pairs it may split anywhere.
PIECES = ["1", " ", "- ", "А", "А ", "a@", "a.", "(", "\u202e", "\ud800", "1 ", "№", "А-"]


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("piece", PIECES)
def test_a_very_long_text_is_answered_at_once(name: str, piece: str) -> None:
    text = piece * (200_000 // len(piece))
    assert is_presentable(CHECKS[name](text), text)


@given(code=st.sampled_from([kind.code for kind in DOCUMENT_KINDS]), series=TEXTS, number=TEXTS)
@settings(max_examples=200, deadline=None)
def test_documents_of_any_kind(code: str, series: str, number: str) -> None:
    checked = check_identity_document(code, series, number, today=TODAY)
    assert is_presentable(checked, number)
    if checked.value is not None:
        assert check_identity_document(code, *split_document(checked.value)).value == checked.value


@given(kind=st.sampled_from([kind.code for kind in POLICY_KINDS]) | TEXTS, series=TEXTS, number=TEXTS)
@settings(max_examples=200, deadline=None)
def test_policies_of_any_kind(kind: str, series: str, number: str) -> None:
    checked = check_policy(kind, series, number)
    assert is_presentable(checked, number)
    if checked.value is not None:
        assert check_policy(kind, *split_document(checked.value)).value == checked.value


@given(text=TEXTS)
@settings(max_examples=150, deadline=None)
def test_the_rest_takes_any_text(text: str) -> None:
    assert guess_sex(text, text, text) in ("M", "F", None)
    assert isinstance(format_phone(text), str)
    assert len(split_full_name(text)) == 3


@given(local=st.from_regex(r"[A-Za-z0-9_.+-]{1,66}", fullmatch=True))
@settings(max_examples=200, deadline=None)
def test_the_short_cut_for_known_services_takes_what_the_library_takes(local: str) -> None:
    ours, theirs = check_email(f"{local}@mail.ru").value, _normalise()(f"{local}@mail.ru")
    # The library lowers the case of reserved boxes («WWW», «Postmaster»); it makes no difference to mail.
    assert (ours and ours.lower()) == (theirs and theirs.lower())


@given(person=PEOPLE)
@settings(max_examples=200, deadline=None)
def test_enp_gives_back_its_person(person: tuple[str, date, Sex, int]) -> None:
    region, born, sex, serial = person
    number = build_enp(region, born, sex, serial)
    facts = decode_enp(number)
    assert facts is not None
    assert (facts.region, facts.birth_date, facts.sex, facts.era_fits) == (region, born, sex, True)
    checked = check_enp(number, birth_date=born, sex=sex)
    assert (checked.value, checked.warnings) == (number, ())


@given(person=PEOPLE)
@settings(max_examples=40, deadline=None)
def test_enp_catches_every_single_digit_slip(person: tuple[str, date, Sex, int]) -> None:
    number = build_enp(*person)
    for place in range(16):
        for digit in set("0123456789") - {number[place]}:
            assert not check_enp(number[:place] + digit + number[place + 1 :]).ok


@given(person=PEOPLE)
@settings(max_examples=150, deadline=None)
def test_enp_catches_swaps_of_neighbours_but_09(person: tuple[str, date, Sex, int]) -> None:
    """Luhn's sum doubles every second digit: 0 and 9 give 0 and 9 either way, so 09 and 90 weigh the same."""
    number = build_enp(*person)
    for place in range(15):
        pair = number[place : place + 2]
        if pair[0] != pair[1] and pair not in ("09", "90"):
            assert not check_enp(number[:place] + pair[::-1] + number[place + 2 :]).ok


def _weighted(base: str) -> int:
    return sum(int(digit) * weight for digit, weight in zip(base, range(9, 0, -1), strict=True)) % 101


def _blind(old: str, new: str) -> bool:
    """Tell whether two bases have one control number though their sums differ.

    Remainders 0 and 100 are both written 00. A slip in one digit of the base changes the sum by the
    digit's change (1-9) times its weight (1-9), a swap of neighbours by the difference of the two; none
    of these is a multiple of 101, so only the step between remainders 0 and 100 stays unseen: by one
    in the ninth digit, or neighbours that differ by one.
    """
    return {_weighted(old), _weighted(new)} == {0, 100}


@given(base=NINE_DIGITS)
@settings(max_examples=60, deadline=None)
def test_snils_catches_single_digit_slips_but_one(base: str) -> None:
    number = base + snils_control(base)
    for place in range(11):
        for digit in set("0123456789") - {number[place]}:
            slip = number[:place] + digit + number[place + 1 :]
            checked = check_snils(slip)
            if slip[:9] <= "001001998":
                assert checked.value is None or checked.warnings
            elif place < 9 and _blind(base, slip[:9]):
                assert place == 8
                assert checked.ok
            else:
                assert not checked.ok


@given(base=NINE_DIGITS)
@settings(max_examples=150, deadline=None)
def test_snils_catches_swaps_of_neighbours_but_one(base: str) -> None:
    number = base + snils_control(base)
    for place in range(10):
        pair = number[place : place + 2]
        if pair[0] == pair[1]:
            continue
        swapped = number[:place] + pair[::-1] + number[place + 2 :]
        if swapped[:9] <= "001001998":
            continue
        blind = place < 8 and _blind(base, swapped[:9])
        assert check_snils(swapped).ok is blind
        assert not blind or abs(int(pair[0]) - int(pair[1])) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("112233288" + "00", "112233289" + "00"),
        ("112233199" + "00", "121233199" + "00"),
    ],
)
def test_the_slips_snils_cannot_see(one: str, other: str) -> None:
    assert {_weighted(one[:9]), _weighted(other[:9])} == {0, 100}
    assert check_snils(one).ok
    assert check_snils(other).ok
