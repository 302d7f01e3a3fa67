"""What a booking may be aimed at, by keyword in either layout: specialties, doctors, services, branches."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Select, select
from sqlmodel import Session

from registrar_tui.errors import Refusal
from registrar_tui.models import Doctor
from registrar_tui.plain import plain
from registrar_tui.services.dto import TargetKind
from registrar_tui.services.search_keys import fold, number_key, one_typo_from_start, other_layout

_LONGEST_TEXT: Final = 200
_MOST_TOKENS: Final = 6
_SHORTEST_WITH_TYPO: Final = 4
_WORD: Final = re.compile(r"[^\W_]+")
_EXACT, _SYNONYM, _FIRST_WORD, _LATER_WORD = range(4)

_TABLES: Final = Doctor.metadata.tables
_SPECIALTY: Final = _TABLES["specialty"].c
_DOCTOR: Final = _TABLES["doctor"].c
_SERVICE: Final = _TABLES["service"].c
_BRANCH: Final = _TABLES["branch"].c

_SPECIALTIES: Final = select(
    _SPECIALTY.id, _SPECIALTY.code, _SPECIALTY.name, _SPECIALTY.synonyms, _SPECIALTY.narrow
)
# Joins would triple the time of the doctors' rows; specialties and branches are a handful.
_DOCTORS: Final = select(
    _DOCTOR.id,
    _DOCTOR.last_name,
    _DOCTOR.first_name,
    _DOCTOR.middle_name,
    _DOCTOR.accepting,
    _DOCTOR.specialty_id,
    _DOCTOR.branch_id,
)
_SERVICES: Final = select(_SERVICE.id, _SERVICE.code, _SERVICE.name, _SERVICE.minutes, _SERVICE.specialty_id)
_BRANCHES: Final = select(_BRANCH.id, _BRANCH.name, _BRANCH.address)


class Match(NamedTuple):
    """One target: its title, and beside it what tells it from others of that title."""

    kind: TargetKind
    id: int
    title: str
    detail: str


class _Keys(NamedTuple):
    """What one row is found by, all folded."""

    own: tuple[str, ...]
    """Words of its name; one of them must be meant."""
    whole: tuple[str, ...]
    """Full names that match exactly."""
    synonyms: tuple[str, ...] = ()
    """Everyday words that match exactly; «кардиолог» is also said of a child's cardiologist."""
    other: tuple[str, ...] = ()
    """Words that may narrow the choice («тер бел»: Белова, терапевт)."""
    code: str = ""


_Entry = tuple[_Keys, Any]


class _Asked(NamedTuple):
    """The text in one layout."""

    tokens: tuple[str, ...]
    whole: str
    code: str


def match_targets(session: Session, text: str, limit: int) -> list[Match]:
    """Return targets with words that begin so, or with one typo; empty text lists the specialties.

    Better matches first, among equal ones specialties, then doctors (those who receive now), then services,
    then branches, which are found by their address too.
    """
    specialties = _rows(session, _SPECIALTIES)
    if not text.strip():
        listed = sorted((_specialty(row) for row in specialties), key=lambda match: match.title)
        return listed[: max(limit, 0)]
    names = {row.id: row.name for row in specialties}
    places = _rows(session, _BRANCHES)
    branches = {row.id: row.name for row in places}
    words = {number: _words(name) for number, name in names.items()}
    doctors = [(_doctor_keys(*row[1:4], words[row.specialty_id]), row) for row in _rows(session, _DOCTORS)]
    services = [
        (_service_keys(row.name, row.code, words[row.specialty_id]), row) for row in _rows(session, _SERVICES)
    ]
    asked = _readings(text)
    groups = (_entries(specialties), doctors, services, _branch_entries(places))
    for typos in (False, True):
        meant = _meant([keys for group in groups for keys, _ in group], asked, typos)
        fits = [_fitting(group, asked, meant) for group in groups]
        found = [
            *((best, 0, False, _specialty(row)) for best, row in fits[0]),
            *((best, 1, not row.accepting, _doctor(row, names, branches)) for best, row in fits[1]),
            *((best, 2, False, _service(row, names)) for best, row in fits[2]),
            *((best, 3, False, _branch(row)) for best, row in fits[3]),
        ]
        if found:
            found.sort(key=lambda one: (one[:3], one[3].title, one[3].id))
            return [match for *_, match in found[: max(limit, 0)]]
    return []


def find_specialty(session: Session, text: str) -> int | None:
    """Return the specialty of that name, code or synonym, else the only one that fits; None if in doubt."""
    asked = _readings(text)
    entries = _entries(_rows(session, _SPECIALTIES))
    for typos in (False, True):
        meant = _meant([keys for keys, _ in entries], asked, typos)
        found = _fitting(entries, asked, meant)
        if found:
            best = min(quality for quality, _ in found)
            ids = [row.id for quality, row in found if quality == best]
            return int(ids[0]) if len(ids) == 1 else None
    return None


def require_specialty(session: Session, text: str) -> int:
    """Return the specialty meant; `not_found` names those that fit where several do."""
    specialty_id = find_specialty(session, text)
    if specialty_id is not None:
        return specialty_id
    fitting = [match.title for match in match_targets(session, text, 6) if match.kind is TargetKind.SPECIALTY]
    said = plain(text)[:40]
    message = f"Специальности «{said}» нет: уточните название."
    if len(fitting) > 1 and text.strip():
        message = f"«{said}» подходит к нескольким: {', '.join(fitting)} — уточните."
    raise Refusal("not_found", message, field="specialty")


def _rows(session: Session, statement: Select[Any]) -> Sequence[Any]:
    return session.connection().execute(statement).all()


def _specialty(row: Any) -> Match:
    return Match(TargetKind.SPECIALTY, row.id, row.name, "нужно направление" if row.narrow else "")


def _doctor(row: Any, specialties: dict[int, str], branches: dict[int, str]) -> Match:
    title = " ".join(name for name in (row.last_name, row.first_name, row.middle_name) if name)
    detail = f"{specialties[row.specialty_id]}, {branches[row.branch_id]}"
    return Match(TargetKind.DOCTOR, row.id, title, detail)


def _service(row: Any, specialties: dict[int, str]) -> Match:
    return Match(TargetKind.SERVICE, row.id, row.name, f"{row.minutes} мин, {specialties[row.specialty_id]}")


def _branch(row: Any) -> Match:
    return Match(TargetKind.BRANCH, row.id, row.name, row.address)


def _readings(text: str) -> list[_Asked]:
    text = text[:_LONGEST_TEXT]
    found = []
    for reading in dict.fromkeys((text, other_layout(text))):
        tokens = _words(reading)[:_MOST_TOKENS]
        if tokens:
            found.append(_Asked(tokens, fold(reading), number_key("", reading)))
    return found


# Every key press looks at all names of the clinic: a few hundred, folded once instead of each time (8 ms).
@lru_cache(maxsize=8192)
def _words(text: str) -> tuple[str, ...]:
    return tuple(key for word in _WORD.findall(text) if (key := fold(word)))


def _entries(specialties: Iterable[Any]) -> list[_Entry]:
    return [(_specialty_keys(row.name, row.synonyms, row.code), row) for row in specialties]


@lru_cache(maxsize=8192)
def _specialty_keys(name: str, synonyms: str, code: str) -> _Keys:
    listed = synonyms.replace(",", " ").split()
    return _Keys(
        own=_words(name) + _words(synonyms),
        whole=(fold(name),),
        synonyms=tuple(map(fold, listed)),
        code=number_key("", code),
    )


@lru_cache(maxsize=8192)
def _doctor_keys(last: str, first: str, middle: str, other: tuple[str, ...]) -> _Keys:
    own = tuple(key for name in (last, first, middle) if (key := fold(name)))
    return _Keys(own, whole=(fold(last), fold(last + first + middle)), other=other)


@lru_cache(maxsize=8192)
def _service_keys(name: str, code: str, other: tuple[str, ...]) -> _Keys:
    return _Keys(_words(name), whole=(fold(name),), other=other, code=number_key("", code))


def _branch_entries(rows: Iterable[Any]) -> list[_Entry]:
    return [(_branch_keys(row.name, row.address), row) for row in rows]


@lru_cache(maxsize=256)
def _branch_keys(name: str, address: str) -> _Keys:
    return _Keys(_words(name) + _words(address), whole=(fold(name),))


def _meant(entries: list[_Keys], asked: list[_Asked], typos: bool) -> dict[str, set[str]]:
    """Return for each token the words that it may be: distinct words are a tenth of all words."""
    words: set[str] = set()
    for keys in entries:
        words.update(keys.own)
        words.update(keys.other)
    return {token: _near(token, words, typos) for one in asked for token in one.tokens}


def _near(token: str, words: set[str], typos: bool) -> set[str]:
    if typos and len(token) >= _SHORTEST_WITH_TYPO:
        return {word for word in words if word.startswith(token) or one_typo_from_start(token, word)}
    return {word for word in words if word.startswith(token)}


def _fitting(
    entries: Iterable[_Entry], asked: list[_Asked], meant: dict[str, set[str]]
) -> list[tuple[int, Any]]:
    found = []
    for keys, row in entries:
        qualities = [quality for one in asked if (quality := _quality(keys, one, meant)) is not None]
        if qualities:
            found.append((min(qualities), row))
    return found


def _quality(keys: _Keys, asked: _Asked, meant: dict[str, set[str]]) -> int | None:
    if asked.whole in keys.whole or (keys.code and asked.code == keys.code):
        return _EXACT
    if asked.whole in keys.synonyms:
        return _SYNONYM
    if keys.code and len(asked.code) > 1 and keys.code.startswith(asked.code):
        return _LATER_WORD
    named = False
    for token in asked.tokens:
        if not meant[token].isdisjoint(keys.own):
            named = True
        elif meant[token].isdisjoint(keys.other):
            return None
    if not named:
        return None
    return _FIRST_WORD if keys.own[0] in meant[asked.tokens[0]] else _LATER_WORD
