"""The short ways of the import answer as the validators do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from registrar_tui.services.imports import patients
from registrar_tui.validators.email import check_email
from registrar_tui.validators.identity_document import split_document
from registrar_tui.validators.passport import check_passport
from registrar_tui.validators.phone import check_phone


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


@given(st.from_regex(r"[a-z0-9_.+-]{1,9}@([a-z0-9-]{1,5}\.){0,2}[a-z]{1,4}", fullmatch=True))
def test_addresses(text: str) -> None:
    value, problem = patients._email(text)
    checked = check_email(text)
    assert value == checked.value
    assert problem is None or problem.code == checked.errors[0].code
