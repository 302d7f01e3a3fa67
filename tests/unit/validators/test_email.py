"""E-mail: syntax as the library sees it, and slips in the domain that are only hinted at."""

from __future__ import annotations

import pytest

from registrar_tui.validators.email import DomainMode, check_email, suggest_domain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ivanov@mail.ru", "ivanov@mail.ru"),
        ("user+tag@gmail.com", "user+tag@gmail.com"),
        ("x@ya.ru", "x@ya.ru"),
        (" Ivan.Petrov@MAIL.RU\r\n", "Ivan.Petrov@mail.ru"),
        ("o'neil@mail.ru", "o'neil@mail.ru"),
        ("\u200bivanov@mail.ru\ufeff", "ivanov@mail.ru"),
    ],
)
def test_known_services(text: str, value: str) -> None:
    checked = check_email(text)
    assert (checked.value, checked.errors, checked.warnings) == (value, (), ())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ivanov@xn--80a1acny.xn--p1ai", "ivanov@почта.рф"),
        ("ivanov@почта.рф", "ivanov@почта.рф"),
        ("reg@Poliklinika35.RU", "reg@poliklinika35.ru"),
    ],
)
def test_other_domains_are_as_good_but_marked(text: str, value: str) -> None:
    checked = check_email(text)
    assert checked.value == value
    assert [problem.code for problem in checked.warnings] == ["email_domain_unknown"]
    assert check_email(text, mode="suggest").warnings == ()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a@b", "email_domain"),
        ("user..dot@mail.ru", "email_format"),
        ("user@mail", "email_domain"),
        ("user @mail.ru", "email_format"),
        ("user@mail,ru", "email_domain"),
        ('"quoted"@mail.ru', "email_local_part"),
        ("ivаnov@mail.ru", "email_local_part"),
        ("user@clinic.local", "email_domain"),
        ("a" * 65 + "@mail.ru", "email_local_part"),
        ("", "email_empty"),
        ("ivanov.mail.ru", "email_at"),
        ("a@b@mail.ru", "email_at"),
        ("a" * 300 + "@mail.ru", "email_length"),
        ("ivan;ov@mail.ru", "email_local_part"),
        (".ivanov@mail.ru", "email_local_part"),
        ("ivanov@-mail.ru", "email_domain"),
        ("ivanov@\ud800.ru", "email_domain"),
        ("iva\x00nov@mail.ru", "email_local_part"),
    ],
)
def test_wrong(text: str, code: str) -> None:
    checked = check_email(text)
    assert checked.value is None
    assert [problem.code for problem in checked.errors] == [code]


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("yandx.ru", "yandex.ru"),
        ("rambler.com", "rambler.ru"),
        ("mail.tu", "mail.ru"),
        ("gmail.ru", "gmail.com"),
        ("jandex.ru", "yandex.ru"),
    ],
)
def test_slips_are_suggested_never_blocked(domain: str, meant: str) -> None:
    for mode in ("warn", "suggest"):
        checked = check_email(f"ivanov@{domain}", mode=mode)
        assert checked.value == f"ivanov@{domain}"
        (problem,) = checked.warnings
        assert problem.code == "email_domain_typo"
        assert meant in problem.message


@pytest.mark.parametrize("domain", ["poliklinika35.ru", "ok.ru", "почта.рф", "mos.ru", "rambler.co.uk"])
def test_strangers_get_no_suggestion(domain: str) -> None:
    assert suggest_domain(domain) is None


@pytest.mark.parametrize("domain", ["gmial.com", "poliklinika35.ru"])
def test_block_refuses_what_is_not_on_the_list(domain: str) -> None:
    mode: DomainMode = "block"
    assert check_email("ivanov@mail.ru", mode=mode).ok
    assert [problem.code for problem in check_email(f"ivanov@{domain}", mode=mode).errors] == [
        "email_domain_blocked"
    ]
