"""The signed ticket code: slips of the hand are caught, forgeries refused, no text raises."""

from __future__ import annotations

import hashlib
import hmac
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registrar_tui.services.ticket_code import damm, group, make_code, read_code, verify

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
KEYS = {3: KEY}
CLINIC = "clinic-1"
CODE = make_code(3, KEY, CLINIC, 412)


def test_the_code_is_built_as_documented() -> None:
    digest = hmac.new(KEY, b"registrar-ticket-v1|clinic-1|3|412", hashlib.sha256).digest()
    tag = f"{int.from_bytes(digest, 'big') % 10**8:08d}"
    assert CODE[:-1] == f"30000000412{tag}"
    assert len(CODE) == 20


def test_damm_matches_the_published_example() -> None:
    assert damm("572") == 4
    assert damm("5724") == 0


def test_every_single_digit_error_is_caught() -> None:
    for place in range(len(CODE)):
        for digit in "0123456789":
            if digit != CODE[place]:
                assert read_code(CODE[:place] + digit + CODE[place + 1 :]) is None


def test_every_adjacent_transposition_is_caught() -> None:
    chance = random.Random(7)
    for _ in range(200):
        code = make_code(chance.randrange(10), KEY, CLINIC, chance.randrange(10**10))
        for place in range(19):
            if code[place] != code[place + 1]:
                swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
                assert read_code(swapped) is None


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        group(CODE),
        "-".join(group(CODE).split()),
        f"  {CODE}\r\n",
        f"]Q1{CODE}",
        f"ъЙ1{CODE}",
        f"ъй1{CODE}",
        f"Ъй1 {group(CODE)}",
        group(CODE).replace(" ", "\u00a0"),
        group(CODE).replace(" ", " — "),
    ],
)
def test_every_honest_form_is_read(text: str) -> None:
    parsed = read_code(text)
    assert parsed is not None
    assert (parsed.digits, parsed.key_id, parsed.number, parsed.tag) == (CODE, 3, 412, CODE[11:19])
    assert verify(text, KEYS, CLINIC) == 412
    assert verify(parsed, KEYS, CLINIC) == 412


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "]Q1",
        CODE[:-1],
        CODE + "0",
        CODE.translate({ord("0") + digit: 0x0660 + digit for digit in range(10)}),
        CODE.translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)}),
        CODE.replace("0", "O"),
        CODE.replace("0", "⁰"),
        f"]Q9{CODE}",
        f"]Q1]Q1{CODE}",
        f"{CODE[:10]}\x00{CODE[10:]}",
        f"{CODE} {CODE}",
        "9" * 1_000_000,
        "\ud800" * 20,
    ],
)
def test_other_text_is_no_code(text: str) -> None:
    assert read_code(text) is None
    assert verify(text, KEYS, CLINIC) is None


def test_a_forged_tag_is_refused() -> None:
    for tag in range(0, 10**8, 9_973):
        body = f"{CODE[:11]}{tag:08d}"
        forged = f"{body}{damm(body)}"
        assert read_code(forged) is not None
        assert verify(forged, KEYS, CLINIC) == (412 if forged == CODE else None)


def test_another_number_key_or_clinic_needs_another_tag() -> None:
    body = f"{CODE[:1]}{413:010d}{CODE[11:19]}"
    assert verify(f"{body}{damm(body)}", KEYS, CLINIC) is None
    assert verify(CODE, {3: OTHER_KEY}, CLINIC) is None
    assert verify(CODE, {4: KEY}, CLINIC) is None
    assert verify(CODE, {}, CLINIC) is None
    assert verify(CODE, KEYS, "clinic-2") is None


def test_a_clinic_id_cannot_imitate_other_fields() -> None:
    assert make_code(3, KEY, "a|3", 41)[11:19] != make_code(3, KEY, "a", 341)[11:19]
    assert verify(make_code(1, KEY, "a|1|2", 3), {1: KEY}, "a") is None


def test_the_key_id_is_signed_too() -> None:
    same_key = {3: KEY, 5: KEY}
    body = f"5{CODE[1:19]}"
    assert verify(f"{body}{damm(body)}", same_key, CLINIC) is None


@pytest.mark.parametrize(
    ("key_id", "key", "number"),
    [(10, KEY, 1), (-1, KEY, 1), (1, KEY, -1), (1, KEY, 10**10), (1, b"short", 1)],
)
def test_a_code_that_does_not_fit_is_not_made(key_id: int, key: bytes, number: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        make_code(key_id, key, CLINIC, number)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=150))
def test_no_text_ever_raises(text: str) -> None:
    assert verify(text, KEYS, CLINIC) is None
    assert read_code(text + CODE) is None or read_code(text + CODE) == read_code(CODE)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 9), st.integers(0, 10**10 - 1), st.text(max_size=40))
def test_every_code_verifies(key_id: int, number: int, clinic: str) -> None:
    code = make_code(key_id, KEY, clinic, number)
    assert code.isascii()
    assert code.isdigit()
    assert verify(group(code), {key_id: KEY}, clinic) == number


def test_grouping_is_in_fours() -> None:
    assert group("12345678901234567890") == "1234 5678 9012 3456 7890"
