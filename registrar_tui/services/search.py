"""The desk's search: any text about a person in, people best first out, with the reason for each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, func, select

from registrar_tui.models import Patient
from registrar_tui.services import search_people as people
from registrar_tui.services import surname_memory
from registrar_tui.services.dto import PatientPage, PatientRow
from registrar_tui.services.prepared import Reader
from registrar_tui.services.search_finder import WHOLE_NUMBER, Hit
from registrar_tui.services.search_query import Query, readings, understand
from registrar_tui.services.search_similar import SimilarFinder
from registrar_tui.services.search_statements import Question, among, listed, width
from registrar_tui.services.search_ways import POOL
from registrar_tui.services.search_words import draft, not_found, policy_text, understood
from registrar_tui.vocabulary import AttachmentStatus

LARGEST_PAGE: Final = 1000
_SIMILAR_BESIDE: Final = 5
_MERGES_FOLLOWED: Final = 5

_TABLES: Final = Patient.metadata.tables
_P: Final = _TABLES["patient"].c
_ATTACHMENT: Final = _TABLES["attachment"].c
_POLICY: Final = _TABLES["policy"].c
_BRANCH: Final = _TABLES["branch"].c
_VISIT: Final = _TABLES["visit"].c


class _Place(NamedTuple):
    """Where a person is attached, if anywhere, and the last visit, `visited`, as the driver gives it."""

    id: int
    branch_id: int | None
    district: str | None
    branch: str | None
    visited: Any


@cache
def _places(count: int) -> Question:
    """Where the people of a list are attached, and when they were or will be here last."""
    # Named again: PostgreSQL without statistics would read through all attachments (300 ms of a million).
    these = among(_ATTACHMENT.patient_id, "ids", count)
    attached = (_ATTACHMENT.patient_id == _P.id) & (_ATTACHMENT.status == bindparam("status")) & these
    last_visit = select(func.max(_VISIT.starts_at)).where(_VISIT.patient_id == _P.id).scalar_subquery()
    return Question(
        select(_P.id, _ATTACHMENT.branch_id, _ATTACHMENT.district, _BRANCH.name, last_visit.label("visited"))
        .select_from(_TABLES["patient"])
        .outerjoin(_TABLES["attachment"], attached)
        .outerjoin(_TABLES["branch"], _BRANCH.id == _ATTACHMENT.branch_id)
        .where(among(_P.id, "ids", count))
    )


@cache
def _policies_of(count: int) -> Question:
    return Question(
        select(
            *(_POLICY.patient_id, _POLICY.series, _POLICY.number, _POLICY.valid_from, _POLICY.id),
            _POLICY.came_from_id,
        ).where(among(_POLICY.patient_id, "ids", count))
    )


def find_patients(
    reader: Reader, text: str, *, limit: int, today: date, branch_id: int | None
) -> PatientPage:
    """Find people by any fragment; never raises on any text and takes no sign in it for an operator.

    Best first: whole numbers, the same names, names that begin so, of these those attached to `branch_id`,
    then similar ones. `limit` is kept within 1 and 1000. `total` is the highest card number (see
    `search_people.highest_id`). `draft` is a new card filled from the text.
    """
    limit = max(1, min(limit, LARGEST_PAGE))
    total, newest_surname = people.newest(reader)
    surname_memory.refresh(reader, newest_surname)
    finder, similar = _search(reader, readings(text, today), limit)
    if finder is None:
        return PatientPage((), "в запросе нет ни букв, ни цифр" if text.strip() else "", total)
    query = finder.query
    if not finder.hits:
        tried = not_found(understand(text, today), fuzzy=bool(query.tokens))
        return PatientPage((), tried, total, draft=draft(query))
    _follow_merges(reader, finder.hits)
    best = _shortlist(finder.hits.values(), limit)
    places = _places_of(reader, [hit.person.id for hit in best])
    hits = _ranked(best, places, branch_id)
    words = understood(query, finder.reading)
    if similar:
        words += "; точно таких нет, показаны похожие"
    return PatientPage(
        rows=_rows(reader, hits[:limit], places, branch_id),
        understood=words,
        total=total,
        more=finder.full or len(finder.hits) > limit,
        draft=draft(query),
    )


def _search(reader: Reader, queries: Iterable[Query], limit: int) -> tuple[SimilarFinder | None, bool]:
    """Run the certain steps of every reading, then the similar ones; say whether it came to those."""
    finders: list[SimilarFinder] = []
    for query in queries:
        finder = SimilarFinder(reader, query, limit)
        if finders and not finder.makes_sense():
            continue
        finders.append(finder)
        finder.find_certain()
        if finder.hits:
            # A misheard surname may well be another's real one: a short list is completed by similar names.
            if len(finder.hits) < limit:
                _complete(finder, limit)
            return finder, False
    for finder in finders:
        finder.find_similar()
        if finder.hits:
            return finder, True
    for finder in finders:
        finder.find_unlikely()
        if finder.hits:
            return finder, False
    return (finders[0] if finders else None), False


def _complete(finder: SimilarFinder, limit: int) -> None:
    if any(hit.tier == WHOLE_NUMBER for hit in finder.hits.values()):
        return
    certain = len(finder.hits)
    finder.find_similar()
    ranked = sorted(finder.hits.values(), key=_fitness)
    for hit in ranked[min(certain + _SIMILAR_BESIDE, limit) :]:
        del finder.hits[hit.person.id]


def _follow_merges(reader: Reader, hits: dict[int, Hit]) -> None:
    """Put the survivor in the place of every merged card."""
    for _ in range(_MERGES_FOLLOWED):
        merged = {number: hit for number, hit in hits.items() if hit.person.merged_into_id is not None}
        if not merged:
            return
        wanted = sorted({hit.person.merged_into_id or 0 for hit in merged.values()})
        survivors = {person.id: person for person in people.by_ids(reader, wanted)}
        for number, hit in merged.items():
            del hits[number]
            survivor = survivors.get(hit.person.merged_into_id or 0)
            if survivor is not None and survivor.id not in hits:
                why = hit.why if "объединённая" in hit.why else f"{hit.why}, объединённая карта"
                hits[survivor.id] = replace(hit, person=survivor, reason=why)
    for number in [number for number, hit in hits.items() if hit.person.merged_into_id is not None]:
        del hits[number]


def _places_of(reader: Reader, ids: list[int]) -> dict[int, _Place]:
    values = {**listed("ids", ids), "status": AttachmentStatus.ACTIVE.value}
    return {row[0]: _Place._make(row) for row in _places(width(len(ids))).run(reader, values)}


def _shortlist(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """Return those who may come on the page: the fittest, and whoever fits as well as the last of them."""
    best = sorted(hits, key=_fitness)[: max(POOL, limit)]
    while len(best) > limit and _fitness(best[-1]) != _fitness(best[limit - 1]):
        best.pop()
    return best


def _fitness(hit: Hit) -> tuple[int, int, bool]:
    return hit.tier, hit.distance, hit.begun


def _ranked(hits: list[Hit], places: dict[int, _Place], branch_id: int | None) -> list[Hit]:
    """Put first whole numbers, then names that fit best, of these people attached here, then visitors."""

    def recency(hit: Hit) -> str:
        return str(places[hit.person.id].visited or "")

    def rank(hit: Hit) -> tuple[int, int, bool, bool]:
        elsewhere = branch_id is None or places[hit.person.id].branch_id != branch_id
        return *_fitness(hit), elsewhere

    return sorted(sorted(hits, key=recency, reverse=True), key=rank)


def _rows(
    reader: Reader, hits: list[Hit], places: dict[int, _Place], branch_id: int | None
) -> tuple[PatientRow, ...]:
    policies = _policies(reader, [hit.person.id for hit in hits])
    return tuple(_row(hit, places[hit.person.id], policies.get(hit.person.id, ""), branch_id) for hit in hits)


def _row(hit: Hit, place: _Place, policy: str, branch_id: int | None) -> PatientRow:
    person = hit.person
    names = (person.last_name, person.first_name, person.middle_name)
    born = person.birth_date
    here = place.branch_id is not None and place.branch_id == branch_id
    return PatientRow(
        id=person.id,
        full_name=" ".join(name for name in names if name),
        birth_date=born if isinstance(born, date) else date.fromisoformat(born),
        snils=person.snils,
        enp=person.enp,
        phone=person.phone,
        why=hit.why,
        policy=policy or policy_text(person.enp or ""),
        district=_district(place, here=here or branch_id is None),
        attached_here=here,
    )


def _district(place: _Place, *, here: bool) -> str:
    """Return the district of a person of this branch, the short name («№ 2») of another's branch."""
    if place.branch_id is None:
        return ""
    if here:
        return str(place.district)
    name = str(place.branch)
    return name[name.find("№") :] if "№" in name else name


def _policies(reader: Reader, ids: list[int]) -> dict[int, str]:
    """Return the text of each person's newest policy; one that came with a merge yields to the card's own."""
    rows = _policies_of(width(len(ids))).run(reader, listed("ids", ids))
    newest = sorted(rows, key=lambda row: (row[5] is None, str(row[3] or ""), row[4]))
    return {row[0]: policy_text(f"{row[1]} {row[2]}".strip()) for row in newest}
