"""The desk's search: any text about a person in, people best first out, with the reason for each."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Final

from registrar_tui.services import search_people as people
from registrar_tui.services import surname_memory
from registrar_tui.services.dto import PatientPage, PatientRow
from registrar_tui.services.prepared import Reader
from registrar_tui.services.search_facts import Facts, facts_of
from registrar_tui.services.search_finder import SIMILAR, WHOLE_NUMBER, Hit, makes_sense
from registrar_tui.services.search_query import Query, readings, understand
from registrar_tui.services.search_similar import SimilarFinder
from registrar_tui.services.search_ways import POOL
from registrar_tui.services.search_words import draft, not_found, policy_text, understood

LARGEST_PAGE: Final = 1000
_SIMILAR_BESIDE: Final = 5
_MERGES_FOLLOWED: Final = 5
_BRANCH_NUMBER: Final = re.compile(r"№\s*\d+").search


def find_patients(
    reader: Reader, text: str, *, limit: int, today: date, branch_id: int | None
) -> PatientPage:
    """Find people by any fragment; never raises on any text and takes no sign in it for an operator.

    Best first: whole numbers, the same names, names that begin so, of these those attached to `branch_id`,
    then similar ones. `limit` is kept within 1 and 1000. `total` is the highest card number (see
    `search_people.highest_id`). `draft` is a new card filled from the text.
    """
    limit = max(1, min(limit, LARGEST_PAGE))
    finder, similar = _search(reader, readings(text, today), limit, branch_id)
    if finder is None:
        told = "в запросе нет ни букв, ни цифр" if text.strip() else ""
        return PatientPage((), told, people.highest_id(reader))
    query = finder.query
    _follow_merges(reader, finder.hits)
    if not finder.hits:
        tried = not_found(understand(text, today), fuzzy=bool(query.tokens))
        return PatientPage((), tried, people.highest_id(reader), draft=draft(query))
    best = _shortlist(finder.hits.values(), limit)
    facts, total = facts_of(reader, [hit.person.id for hit in best])
    hits = _ranked(best, facts, branch_id)[:limit]
    words = understood(query, finder.reading)
    if similar:
        words = f"только похожие: {words}"  # first: a narrow screen cuts the end
    return PatientPage(
        rows=tuple(_row(hit, facts[hit.person.id], branch_id) for hit in hits),
        understood=words,
        total=total,
        more=finder.full or len(finder.hits) > limit,
        draft=draft(query),
    )


def _search(
    reader: Reader, queries: Iterable[Query], limit: int, branch_id: int | None
) -> tuple[SimilarFinder | None, bool]:
    """Run the certain steps of every reading, then the similar ones; say whether it came to those."""
    finders: list[SimilarFinder] = []
    for query in queries:
        if query.tokens and not finders:
            surname_memory.refresh(reader)
        if finders and not makes_sense(reader, query):
            continue
        finder = SimilarFinder(reader, query, limit, branch_id)
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
            return finder, all(hit.tier == SIMILAR for hit in finder.hits.values())
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


def _shortlist(hits: Iterable[Hit], limit: int) -> list[Hit]:
    """Return those who may come on the page: the fittest, and whoever fits as well as the last of them."""
    best = sorted(hits, key=_fitness)[: max(POOL, limit)]
    while len(best) > limit and _fitness(best[-1]) != _fitness(best[limit - 1]):
        best.pop()
    return best


def _fitness(hit: Hit) -> tuple[int, int, bool]:
    return hit.tier, hit.distance, hit.begun


def _ranked(hits: list[Hit], facts: dict[int, Facts], branch_id: int | None) -> list[Hit]:
    """Put first whole numbers, then names that fit best, of these people attached here, then visitors."""

    def recency(hit: Hit) -> str:
        return facts[hit.person.id].visited

    def rank(hit: Hit) -> tuple[int, int, bool, bool]:
        elsewhere = branch_id is None or facts[hit.person.id].branch_id != branch_id
        return *_fitness(hit), elsewhere

    return sorted(sorted(hits, key=recency, reverse=True), key=rank)


def _row(hit: Hit, facts: Facts, branch_id: int | None) -> PatientRow:
    person = hit.person
    names = (person.last_name, person.first_name, person.middle_name)
    here = facts.branch_id is not None and facts.branch_id == branch_id
    return PatientRow(
        id=person.id,
        full_name=" ".join(name for name in names if name),
        birth_date=people.as_day(person.birth_date),
        snils=person.snils,
        enp=person.enp,
        phone=person.phone,
        why=hit.why,
        policy=facts.policy or policy_text(person.enp or ""),
        district=_district(facts, here=here or branch_id is None),
        attached_here=here,
    )


def _district(facts: Facts, *, here: bool) -> str:
    """Return the district of a person of this branch, the short name («№ 2») of another's branch."""
    if here or facts.branch_id is None:
        return facts.district
    number = _BRANCH_NUMBER(facts.branch)
    return number[0] if number else facts.branch
