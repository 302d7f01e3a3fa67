"""Cards that may be of the person one looks at: found by indexes alone, scored, likeliest first.

Each way reads a bounded number of rows: whole numbers, the phone, everybody born on that day (some thirty of
a million), the surname with the days that differ by a slip of the hand. What is found is compared in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session

from registrar_tui.models import Patient
from registrar_tui.services import registration, surname_index
from registrar_tui.services import search_people as people
from registrar_tui.services.cards import load_patient
from registrar_tui.services.dto import PatientDraft
from registrar_tui.services.dto_merge import DuplicateRow
from registrar_tui.services.likeness import WEAK, Likeness, Person, likeness, near_dates
from registrar_tui.services.search_numbers import NumberKind
from registrar_tui.services.search_people import BORN_THAT_DAY
from registrar_tui.services.search_query import Birth, Names
from registrar_tui.services.search_statements import Question, among, listed, width
from registrar_tui.services.search_ways import POOL
from registrar_tui.services.wording import full_name
from registrar_tui.services.workplace import Workplace

_COMPARED: Final = 100
"""Cards that are read in full and scored."""
_WORTH_READING: Final = 10
"""Points by name, birth and phone alone from which a card is read in full."""

_TABLES: Final = Patient.metadata.tables
_P: Final = _TABLES["patient"].c
_DOCUMENT: Final = _TABLES["identity_document"].c
_POLICY: Final = _TABLES["policy"].c


@cache
def _more_of(places: int) -> Question:
    return Question(
        select(_P.id, _P.sex, _P.email, _P.birth_precision).where(among(_P.id, "ids", places)),
    )


@cache
def _documents_of(places: int) -> Question:
    return Question(
        select(_DOCUMENT.patient_id, _DOCUMENT.number_key).where(among(_DOCUMENT.patient_id, "ids", places))
    )


@cache
def _policies_of(places: int) -> Question:
    return Question(
        select(_POLICY.patient_id, _POLICY.number).where(among(_POLICY.patient_id, "ids", places))
    )


def of_draft(
    session: Session, workplace: Workplace, draft: PatientDraft, own_id: int | None, limit: int
) -> tuple[DuplicateRow, ...]:
    """Return cards like a draft; refuses what saving it would refuse."""
    subject = registration.compared(session, workplace, draft, own_id)
    if own_id is not None:
        stored = full_persons(session, people.by_ids(session, [own_id]))[own_id]
        subject = replace(
            subject,
            documents=subject.documents | stored.documents,
            policies=subject.policies | stored.policies,
        )
    return like(session, subject, own_id, limit)


def of_card(session: Session, patient_id: int, limit: int) -> tuple[DuplicateRow, ...]:
    """Return cards like a stored one; `not_found`."""
    load_patient(session, patient_id)
    subject = full_persons(session, people.by_ids(session, [patient_id]))[patient_id]
    return like(session, subject, patient_id, limit)


def like(session: Session, subject: Person, own_id: int | None, limit: int) -> tuple[DuplicateRow, ...]:
    """Return the cards whose likeness is weak at least; a retired card is told as its survivor."""
    numbered = {one.id: one for one in _by_numbers(session, subject)}
    found = numbered | {one.id: one for one in _by_person(session, subject)}
    found.pop(own_id or 0, None)
    rough = {number: likeness(subject, _rough(one)).score for number, one in found.items()}
    # A document or a policy is no part of the rough score: who has the same one is read in any case.
    worth = sorted(
        (number for number in found if number in numbered or rough[number] >= _WORTH_READING),
        key=lambda number: (number not in numbered, -rough[number]),
    )[:_COMPARED]
    full = full_persons(session, [found[number] for number in worth])
    scored = {number: likeness(subject, full[number]) for number in worth}
    alike = {number: found[number] for number, one in scored.items() if one.score >= WEAK}
    rows = _rows(session, alike, scored, own_id)
    return tuple(sorted(rows, key=lambda row: (-row.score, row.id))[:limit])


def _by_person(session: Session, subject: Person) -> Iterable[people.Person]:
    if subject.phone:
        yield from people.by_number(session, NumberKind.PHONE, subject.phone.removeprefix("+"))
    if subject.birth is not None:
        yield from _by_birth(session, subject, subject.birth)


def _by_numbers(session: Session, subject: Person) -> Iterable[people.Person]:
    for kind, value in ((NumberKind.SNILS, subject.snils), (NumberKind.ENP, subject.enp)):
        if value:
            yield from people.by_number(session, kind, value)
    for number in subject.policies:
        yield from people.by_number(session, NumberKind.POLICY, number)
    for number in subject.documents:
        yield from people.by_number(session, NumberKind.DOCUMENT, number)


def _by_birth(session: Session, subject: Person, birth: date) -> Iterable[people.Person]:
    if subject.birth_precision != "day":
        year = Birth(date(birth.year, 1, 1), date(birth.year, 12, 31))
        names = Names("", subject.first, subject.middle[:1])
        yield from people.by_surnames(session, [subject.last], names, year, POOL)
        return
    day = Birth(birth, birth)
    born = people.by_birth(session, day, BORN_THAT_DAY)
    yield from born
    if len(born) == BORN_THAT_DAY:  # a day that stands for «unknown»: the surname has to choose
        near = surname_index.one_typo(session, [subject.last]).get(subject.last, [])
        surnames = list(dict.fromkeys((subject.last, subject.first, *(one.name for one in near))))[:POOL]
        yield from people.by_surnames(session, surnames, Names(), day, BORN_THAT_DAY)
    # A card that knows the year or the month alone stands on its first day.
    days = sorted({*near_dates(birth), date(birth.year, 1, 1), birth.replace(day=1)})
    yield from people.by_days(session, Names(subject.last), days, BORN_THAT_DAY)


def _rough(one: people.Person) -> Person:
    """Return a card as far as the search reads it; a first day of a month may stand for the year."""
    birth = people.as_day(one.birth_date)
    return Person(
        one.last_key,
        one.first_key,
        one.middle_key,
        birth,
        "day" if birth.day > 1 else "month",
        snils=one.snils,
        enp=one.enp,
        phone=one.phone,
    )


def full_persons(session: Session, found: Sequence[people.Person]) -> dict[int, Person]:
    """Return cards with everything they are compared by."""
    if not found:
        return {}
    ids = [one.id for one in found]
    values, places = listed("ids", ids), width(len(ids))
    more = {row[0]: row[1:] for row in _more_of(places).run(session, values)}
    documents, policies = (
        _grouped(_documents_of(places).run(session, values)),
        _grouped(_policies_of(places).run(session, values)),
    )
    return {
        one.id: replace(
            _rough(one),
            sex=more[one.id][0],
            email=more[one.id][1],
            birth_precision=more[one.id][2],
            documents=documents.get(one.id, frozenset()),
            policies=policies.get(one.id, frozenset()),
        )
        for one in found
    }


def _grouped(rows: list[tuple[Any, ...]]) -> dict[int, frozenset[str]]:
    groups: dict[int, set[str]] = {}
    for number, key in rows:
        groups.setdefault(number, set()).add(key)
    return {number: frozenset(keys) for number, keys in groups.items()}


def _rows(
    session: Session,
    alike: dict[int, people.Person],
    scored: dict[int, Likeness],
    own_id: int | None,
) -> list[DuplicateRow]:
    """Put the survivor in the place of a retired card, with the better of their likenesses."""
    wanted = {one.merged_into_id for one in alike.values()} - set(alike) - {None, own_id}
    survivors = {one.id: one for one in people.by_ids(session, sorted(filter(None, wanted)))}
    best: dict[int, DuplicateRow] = {}
    for number, one in alike.items():
        told = scored[number]
        into = one.merged_into_id
        if into is not None:
            told = replace(told, reasons=(*told.reasons, f"объединённая карточка № {number}"))
            one = survivors.get(into) or alike.get(into) or one
        if one.merged_into_id is not None:  # its survivor is the card that was asked about
            continue
        if one.id not in best or best[one.id].score < told.score:
            best[one.id] = row_of(one, told)
    return list(best.values())


def row_of(one: people.Person, told: Likeness) -> DuplicateRow:
    """Return a card with its likeness as the front ends show it."""
    return DuplicateRow(
        id=one.id,
        full_name=full_name(one.last_name, one.first_name, one.middle_name),
        birth_date=people.as_day(one.birth_date),
        snils=one.snils,
        enp=one.enp,
        phone=one.phone,
        score=told.score,
        grade=told.grade.value,
        reasons=told.reasons,
        against=told.against,
    )


def compare_cards(session: Session, one_id: int, other_id: int) -> DuplicateRow:
    """Return the second card as a likeness of the first one."""
    found = {one.id: one for one in people.by_ids(session, [one_id, other_id])}
    full = full_persons(session, list(found.values()))
    return row_of(found[other_id], likeness(full[one_id], full[other_id]))
