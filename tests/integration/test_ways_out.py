"""What a refused booking offers instead: the nearest legal slots, looked for after the lost transaction."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from registrar_tui.errors import Refusal
from registrar_tui.services import availability
from registrar_tui.services.rules.base import SlotFacts
from registrar_tui.services.rules.rulebook import load_rulebook
from registrar_tui.services.slots import asker_for, patient_facts, slots_of
from registrar_tui.vocabulary import Channel
from tests.integration.bases import Clinic
from tests.integration.tiny_clinic import MONDAY, OTHER_THERAPIST, SLOTS_A_DAY, THERAPIST, slot_id


def test_another_desk_books_while_ways_out_are_looked_for(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, beside = slot_id(THERAPIST, 0, 0), slot_id(THERAPIST, 0, 1)
    clinic.book(wanted)
    clinic.desk("окно 2")
    real = availability.nearest_free

    def slowly(*arguments: Any, **options: Any) -> Any:
        assert clinic.book(beside, 3, desk="окно 2").slot_id == beside
        return real(*arguments, **options)

    monkeypatch.setattr(availability, "nearest_free", slowly)
    with pytest.raises(Refusal) as refused:
        clinic.book(wanted, 2)
    assert refused.value.code == "slot_taken"
    offered = [way.slot_id for way in refused.value.ways_out if way.kind == "slot"]
    assert offered and not {wanted, beside} & set(offered)


@pytest.mark.parametrize("taken", [0, 4, SLOTS_A_DAY - 1])
def test_the_own_doctors_short_way_offers_what_the_whole_way_does(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    """Three free times of the own doctor within the hour end the search; it must not change the answer."""
    for place in range(taken):
        clinic.book(slot_id(THERAPIST, 0, place), 1 + place % 3, override="duplicate_visit")
    looks: list[int] = []
    real = availability._around

    def counted(*arguments: Any) -> list[SlotFacts]:
        looks[-1] += 1
        return real(*arguments)

    monkeypatch.setattr(availability, "_around", counted)
    workplace = clinic.desk()._workplace
    first = datetime.combine(MONDAY, time.min)
    with clinic.read() as session:
        rulebook = load_rulebook(session, workplace.now().date())
        asker = asker_for(workplace, Channel.DESK, patient=patient_facts(session, 4))
        for wanted in slots_of(session, [THERAPIST, OTHER_THERAPIST], first, first + timedelta(days=2)):
            looks.append(0)
            offered = availability.nearest_free(session, rulebook, asker, wanted)
            words = {"now": asker.now, "specialty": wanted.specialty_id}
            edges = (wanted.starts_at, wanted.starts_at)
            everybody = real(session, availability._ALL_SLOTS, words, edges)
            whole = availability._nearest(rulebook, asker, wanted, everybody)
            assert [way.slot_id for way in offered] == [slot.id for slot in whole]
    assert 1 in looks and (2 in looks) == (taken > 0), "both ways were gone"
