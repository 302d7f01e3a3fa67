"""The short ways of the import answer as the validators do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from registrar_tui.services.imports import patients
from registrar_tui.services.search_keys import number_key
from registrar_tui.validators.birth_certificate import check_birth_certificate
from registrar_tui.validators.email import check_email
from registrar_tui.validators.enp import check_enp, enp_control_digit, is_enp
from registrar_tui.validators.identity_document import BIRTH_CERTIFICATE, split_document
from registrar_tui.validators.passport import check_passport
from registrar_tui.validators.phone import check_phone
from registrar_tui.validators.reading import is_digits


@given(st.from_regex(r"(\+7|7|8)?[89][0-9]{8,9}", fullmatch=True) | st.text("+789 ()-", max_size=14))
def test_phones(text: str) -> None:
    value, problem = patients._phone(text)
    checked = check_phone(text)
    assert value == checked.value
    assert problem is None or problem.code == checked.errors[0].code


@given(st.from_regex("(00|45|[0-9]{2}) ?[0-9]{2} (0000[0-9]{2}|00010[0-9]|[0-9]{5,6})", fullmatch=True))
def test_passports(text: str) -> None:
    document, problem = patients._document(text)
    checked = check_passport(text)
    if document is None:
        assert problem is not None and problem.code == checked.errors[0].code
        return
    assert checked.value is not None
    assert (document.series, document.number) == split_document(checked.value)
    assert document.key == checked.value.replace(" ", "")


@given(
    st.from_regex("[IVXLC1УХЛС]{1,4} ?[- ] ?[А-ЯЁAB]{2} ?(№ )?[0-9]{5,7}", fullmatch=True)
    | st.from_regex("[IVXLC]{1,4}-[А-ЯЁ]{2} [0-9]{6}", fullmatch=True)
)
def test_birth_certificates(text: str) -> None:
    document, problem = patients._document(text)
    checked = check_birth_certificate(text)
    if document is None:
        assert problem is not None and problem.code == checked.errors[0].code
        return
    assert checked.value is not None
    series, number = split_document(checked.value)
    assert document == (BIRTH_CERTIFICATE, series, number, number_key(series, number))


@given(
    st.from_regex("[0-9]{2}[5-9][0-9][0-9]{4}[0-9]{8}", fullmatch=True) | st.text("0123456789٣ ", max_size=17)
)
def test_policies(digits: str) -> None:
    """With the right control digit too, or every number would fail at the same step."""
    for text in (digits, digits[:15] + enp_control_digit(digits[:15]) if is_digits(digits[:15]) else digits):
        policy, _ = patients._policy(text)
        checked = check_enp(text)
        assert is_enp(text) == (len(text) == 16 and is_digits(text) and checked.value == text)
        if is_enp(text):
            assert policy == ("П", "", text)


@given(st.from_regex(r"[a-z0-9_.+-]{1,9}@([a-z0-9-]{1,5}\.){0,2}[a-z]{1,4}", fullmatch=True))
def test_addresses(text: str) -> None:
    value, problem = patients._email(text)
    checked = check_email(text)
    assert value == checked.value
    assert problem is None or problem.code == checked.errors[0].code
