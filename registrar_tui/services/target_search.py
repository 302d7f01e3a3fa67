"""What a booking may be aimed at, found by keyword: specialties, doctors, services, in either layout."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from sqlalchemy import select
from sqlmodel import Session

from registrar_tui.models import Doctor
from registrar_tui.services.dto import TargetKind
from registrar_tui.services.search_keys import fold, number_key, one_typo_from_start, other_layout

_LONGEST_TEXT: Final = 200
_MOST_TOKENS: Final = 6
_SHORTEST_WITH_TYPO: Final = 4
_WORD: Final = re.compile(r"[^\W_]+")
_EXACT, _BEGINNING, _TYPO = range(3)
_ORDER: Final = {TargetKind.SPECIALTY: 0, TargetKind.DOCTOR: 1, TargetKind.SERVICE: 2}

_TABLES: Final = Doctor.metadata.tables
_SPECIALTY: Final = _TABLES["specialty"].c
_DOCTOR: Final = _TABLES["doctor"].c
_SERVICE: Final = _TABLES["service"].c
_BRANCH: Final = _TABLES["branch"].c

_SPECIALTIES: Final = select(
    _SPECIALTY.id, _SPECIALTY.code, _SPECIALTY.name, _SPECIALTY.synonyms, _SPECIALTY.narrow
)
_DOCTORS: Final = (
    select(
        _DOCTOR.id,
        _DOCTOR.last_name,
        _DOCTOR.first_name,
        _DOCTOR.middle_name,
        _DOCTOR.accepting,
        _SPECIALTY.name.label("specialty"),
        _BRANCH.name.label("branch"),
    )
    .join(_TABLES["specialty"], _SPECIALTY.id == _DOCTOR.specialty_id)
    .join(_TABLES["branch"], _BRANCH.id == _DOCTOR.branch_id)
)
_SERVICES: Final = select(
    _SERVICE.id, _SERVICE.code, _SERVICE.name, _SERVICE.minutes, _SPECIALTY.name.label("specialty")
).join(_TABLES["specialty"], _SPECIALTY.id == _SERVICE.specialty_id)


class Match(NamedTuple):
    """One target: its title, and beside it what tells it from others of that title."""

    kind: TargetKind
    id: int
    title: str
    detail: str


class _Entry(NamedTuple):
    match: Match
    own: tuple[str, ...]
    """Folded words of its name; one of them must be meant."""
    other: tuple[str, ...] = ()
    """Words that may narrow the choice («тер бел»: Белова, терапевт)."""
    whole: tuple[str, ...] = ()
    """Folded full names and codes that match exactly."""
    code: str = ""
    away: bool = False


class _Asked(NamedTuple):
    """The text in one layout."""

    tokens: tuple[str, ...]
    whole: str
    code: str


def match_targets(session: Session, text: str, limit: int) -> list[Match]:
    """Return targets with words that begin so, or with one typo; empty text lists the specialties.

    Better matches first, among equal ones specialties, then doctors (those who receive now), then services.
    """
    if not text.strip():
        listed = sorted((entry.match for entry in _specialties(session)), key=lambda match: match.title)
        return listed[: max(limit, 0)]
    asked = _readings(text)
    entries = [*_specialties(session), *_doctors(session), *_services(session)]
    found = _ranked(entries, asked, typos=False) or _ranked(entries, asked, typos=True)
    return [match for _, match in found[: max(limit, 0)]]


def find_specialty(session: Session, text: str) -> int | None:
    """Return the specialty of that name, code or synonym, else the only one that fits; None if in doubt."""
    asked = _readings(text)
    entries = list(_specialties(session))
    found = _ranked(entries, asked, typos=False) or _ranked(entries, asked, typos=True)
    if not found:
        return None
    best = [match.id for quality, match in found if quality == found[0][0]]
    return best[0] if len(best) == 1 else None


def _readings(text: str) -> list[_Asked]:
    text = text[:_LONGEST_TEXT]
    found = []
    for reading in dict.fromkeys((text, other_layout(text))):
        tokens = tuple(_words(reading))[:_MOST_TOKENS]
        if tokens:
            found.append(_Asked(tokens, fold(reading), number_key("", reading)))
    return found


def _words(*texts: str) -> Iterator[str]:
    for text in texts:
        for word in _WORD.findall(text):
            if key := fold(word):
                yield key


def _specialties(session: Session) -> Iterator[_Entry]:
    for row in session.connection().execute(_SPECIALTIES).all():
        detail = "нужно направление" if row.narrow else ""
        synonyms = row.synonyms.replace(",", " ").split()
        yield _Entry(
            Match(TargetKind.SPECIALTY, row.id, row.name, detail),
            own=tuple(_words(row.name, row.synonyms)),
            whole=(fold(row.name), *map(fold, synonyms)),
            code=number_key("", row.code),
        )


def _doctors(session: Session) -> Iterator[_Entry]:
    for row in session.connection().execute(_DOCTORS).all():
        names = (row.last_name, row.first_name, row.middle_name)
        detail = f"{row.specialty}, {row.branch}"
        yield _Entry(
            Match(TargetKind.DOCTOR, row.id, " ".join(name for name in names if name), detail),
            own=tuple(key for name in names if (key := fold(name))),
            other=tuple(_words(row.specialty)),
            whole=(fold(row.last_name), fold("".join(names))),
            away=not row.accepting,
        )


def _services(session: Session) -> Iterator[_Entry]:
    for row in session.connection().execute(_SERVICES).all():
        yield _Entry(
            Match(TargetKind.SERVICE, row.id, row.name, f"{row.minutes} мин, {row.specialty}"),
            own=tuple(_words(row.name)),
            other=tuple(_words(row.specialty)),
            whole=(fold(row.name),),
            code=number_key("", row.code),
        )


def _ranked(entries: Iterable[_Entry], asked: list[_Asked], *, typos: bool) -> list[tuple[int, Match]]:
    found: list[tuple[tuple[Any, ...], int, Match]] = []
    for entry in entries:
        qualities = [quality for one in asked if (quality := _quality(entry, one, typos)) is not None]
        if qualities:
            best = min(qualities)
            order = (best, _ORDER[entry.match.kind], entry.away, entry.match.title, entry.match.id)
            found.append((order, best, entry.match))
    return [(quality, match) for _, quality, match in sorted(found)]


def _quality(entry: _Entry, asked: _Asked, typos: bool) -> int | None:
    if asked.whole in entry.whole or (entry.code and asked.code == entry.code):
        return _EXACT
    if entry.code and len(asked.code) > 1 and entry.code.startswith(asked.code):
        return _BEGINNING
    meant = [_meant(token, entry.own, typos) for token in asked.tokens]
    if not any(meant):
        return None
    for token, own in zip(asked.tokens, meant, strict=True):
        if not own and not _meant(token, entry.other, typos):
            return None
    return _TYPO if typos else _BEGINNING


def _meant(token: str, words: tuple[str, ...], typos: bool) -> bool:
    for word in words:
        if word.startswith(token):
            return True
        if typos and len(token) >= _SHORTEST_WITH_TYPO and one_typo_from_start(token, word):
            return True
    return False
