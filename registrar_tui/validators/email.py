"""E-mail addresses: syntax, and a second look at the domain."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal

from registrar_tui.validators.reading import refused, tidy
from registrar_tui.validators.result import Checked, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

DomainMode = Literal["suggest", "warn", "block"]

_FIELD = "email"
_MAX_LENGTH, _MAX_LOCAL = 254, 64

# Mail services patients really use; a suggestion goes to the first of equally near ones.
KNOWN_DOMAINS: tuple[str, ...] = (
    "mail.ru",
    "gmail.com",
    "yandex.ru",
    "rambler.ru",
    "inbox.ru",
    "list.ru",
    "bk.ru",
    "internet.ru",
    "ya.ru",
    "vk.com",
    "yandex.com",
    "yandex.by",
    "yandex.kz",
    "lenta.ru",
    "autorambler.ru",
    "myrambler.ru",
    "ro.ru",
    "narod.ru",
    "icloud.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "yahoo.com",
    "mail.com",
    "me.com",
    "proton.me",
    "protonmail.com",
)
_KNOWN = frozenset(KNOWN_DOMAINS)
_SHORT_NAME = 4  # «mail», «list»: one slip at most, or every second word is a neighbour
# Plain addresses of known services need no library: 1.4 µs against 36 µs, and most of an import is these.
_PLAIN = re.compile(r"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@([A-Za-z.]+)")


def check_email(text: str, *, mode: DomainMode = "warn") -> Checked:
    """Check an address and return it with the domain in lower case (Unicode for .рф).

    The customer's text allows only a list of known services. No law does, and addresses of employers,
    of .рф and of other countries are as good, so the list by default only warns; `mode` sets it:
    `suggest` says nothing of unknown domains but likely slips, `warn` also marks every unknown domain,
    `block` refuses it.
    Errors: `email_empty`, `email_length`, `email_at`, `email_local_part`, `email_domain`,
    `email_format`, `email_domain_blocked`. Warnings: `email_domain_typo`, `email_domain_unknown`.
    Source: RFC 5321 and 5322 without quoted and internationalised local parts.
    """
    typed = tidy(text)
    plain = _PLAIN.fullmatch(typed) if len(typed) <= _MAX_LENGTH else None
    if plain and len(plain[1]) <= _MAX_LOCAL and plain[2].lower() in _KNOWN:
        return Checked(f"{plain[1]}@{plain[2].lower()}")
    error = _shape_error(typed)
    if error:
        return Checked(None, (error,))
    address = _normalise()(typed)
    if address is None:
        return Checked(None, (_domain_or_local_error(typed),))
    return _judge_domain(address, mode)


@cache
def _normalise() -> Callable[[str], str | None]:
    from email_validator import EmailNotValidError, validate_email

    def normalise(address: str) -> str | None:
        try:
            found = validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True)
        except (EmailNotValidError, UnicodeError):
            return None
        return found.normalized

    return normalise


def _shape_error(typed: str) -> Problem | None:
    """Find the faults that have their own sentence, the commonest first."""
    if not typed:
        return Problem("email_empty", _FIELD, "E-mail не указан: введите адрес вида имя@почта.рф.")
    if len(typed) > _MAX_LENGTH:
        return Problem("email_length", _FIELD, f"E-mail длиннее {_MAX_LENGTH} знаков: сверьте адрес.")
    if typed.count("@") != 1:
        return Problem("email_at", _FIELD, "E-mail: нужен один знак «@» между именем и доменом.")
    local, domain = typed.split("@")
    if re.search(r"\s", typed):
        return Problem("email_format", _FIELD, "E-mail: внутри адреса пробел, уберите его.")
    if ".." in typed:
        return Problem("email_format", _FIELD, "E-mail: две точки подряд, оставьте одну.")
    if len(local) > _MAX_LOCAL:
        return Problem(
            "email_local_part", _FIELD, f"E-mail: до «@» больше {_MAX_LOCAL} знаков, сверьте адрес."
        )
    if re.search("[А-Яа-яЁё]", local):
        return Problem("email_local_part", _FIELD, "E-mail: до «@» русские буквы, переключите раскладку.")
    if "," in domain:
        return Problem("email_domain", _FIELD, "E-mail: в домене запятая вместо точки.")
    if "." not in domain:
        return Problem(
            "email_domain", _FIELD, "E-mail: в домене нет точки, допишите его (например, mail.ru)."
        )
    return None


def _domain_or_local_error(typed: str) -> Problem:
    local, domain = typed.split("@")
    if _normalise()(f"a@{domain}") is None:
        message = "E-mail: домен после «@» записан неверно или служебный, сверьте адрес."
        return Problem("email_domain", _FIELD, message)
    if local.startswith('"'):
        return Problem("email_local_part", _FIELD, "E-mail: кавычки до «@» не принимаются, уберите их.")
    message = "E-mail: до «@» лишний знак, нужны латинские буквы, цифры, точка, дефис."
    return Problem("email_local_part", _FIELD, message)


def _judge_domain(address: str, mode: DomainMode) -> Checked:
    domain = address.rpartition("@")[2].lower()
    if domain in _KNOWN:
        return Checked(address)
    meant = suggest_domain(domain)
    hint = f"возможно, {meant}" if meant else "сверьте адрес"
    if mode == "block":
        message = f"E-mail: домена нет в списке разрешённых клиникой, {hint}."
        return refused("email_domain_blocked", _FIELD, message)
    if meant:
        message = f"E-mail: похоже на опечатку в домене, {hint}."
        return Checked(address, warnings=(Problem("email_domain_typo", _FIELD, message),))
    if mode == "suggest":
        return Checked(address)
    message = "E-mail: домен не из известных почтовых служб, сверьте адрес."
    return Checked(address, warnings=(Problem("email_domain_unknown", _FIELD, message),))


def suggest_domain(domain: str) -> str | None:
    """Return the known mail domain this one is a slip of (another ending, one or two keys), or None."""
    from rapidfuzz.distance import OSA

    name, _, ending = domain.partition(".")
    # Names of two letters are each other's neighbours («bk», «vk»), only the longer are compared.
    rivals = [known for known in KNOWN_DOMAINS if len(known.partition(".")[0]) >= _SHORT_NAME]
    if "." not in ending:
        for known in rivals:
            if known.partition(".")[0] == name:
                return known
    distance, nearest = min((OSA.distance(domain, known), place) for place, known in enumerate(rivals))
    return rivals[nearest] if distance <= (1 if len(name) <= _SHORT_NAME else 2) else None
