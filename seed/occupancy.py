"""Which slots of the demo are taken: near days fuller, popular specialties fuller, the past has outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from registrar_tui.vocabulary import ACTIVE_STATUSES, Channel, SlotKind, VisitStatus
from seed.clinic import SlotSeed

_FULLEST, _LAST_DAY, _EMPTIEST = 0.85, 13, 0.20
"""Share of taken slots today and on the last published day, at popularity 0.75; straight in between."""
_PAST_SHARE = 0.88
_LEAST_POPULAR, _POPULARITY_WEIGHT = 0.7, 0.4
"""A specialty nobody asks for fills 0.7 of the usual share, the most popular one 1.1."""
_FULL = 0.97
_KIND_SHARE = {
    SlotKind.SAME_DAY: 0.0,
    SlotKind.RESERVE: 0.35,
    SlotKind.REPEAT: 0.8,
    SlotKind.PAID: 0.4,
    SlotKind.URGENT: 0.0,
}
_TODAY_KIND_SHARE = {
    SlotKind.SAME_DAY: 0.9,
    SlotKind.URGENT: 0.4,
    SlotKind.RESERVE: 1.0,
    SlotKind.REPEAT: 1.0,
    SlotKind.PAID: 0.7,
}
_CHANNELS = {
    Channel.PHONE: 34,
    Channel.DESK: 27,
    Channel.PORTAL: 19,
    Channel.APP: 9,
    Channel.CALLCENTRE: 7,
    Channel.DOCTOR: 4,
}
_PAST_OUTCOMES = ((VisitStatus.FULFILLED, 0.87), (VisitStatus.NOSHOW, 0.09), (VisitStatus.CANCELLED, 0.04))
_STARTED_OUTCOMES = ((VisitStatus.FULFILLED, 0.8), (VisitStatus.ARRIVED, 0.12), (VisitStatus.BOOKED, 0.08))
_REPEAT_SHARE = 0.3

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Taken:
    """A visit on a slot: the channel it came by, how it ended, whole days between booking and visit."""

    channel: Channel
    status: VisitStatus
    booked_days_before: int
    repeat: bool

    @property
    def holds_slot(self) -> bool:
        """Tell whether the slot is occupied: one cancelled late stands free again."""
        return self.status in ACTIVE_STATUSES or self.status in (VisitStatus.FULFILLED, VisitStatus.NOSHOW)


def share_taken(day_offset: int, popularity: float, kind: SlotKind = SlotKind.ORDINARY) -> float:
    """Return the expected share of taken slots, 0..1; `day_offset` counts from today, negative is past."""
    wanted = _LEAST_POPULAR + _POPULARITY_WEIGHT * min(max(popularity, 0.0), 1.0)
    if day_offset < 0:
        by_day = _PAST_SHARE
    else:
        by_day = _FULLEST - (_FULLEST - _EMPTIEST) * min(day_offset, _LAST_DAY) / _LAST_DAY
    by_kind = _KIND_SHARE.get(kind, 1.0)
    if day_offset <= 0:
        by_kind = _TODAY_KIND_SHARE.get(kind, by_kind)
    return min(by_day * wanted, _FULL) * by_kind


def decide(
    random: Random, slot: SlotSeed, *, day_offset: int, popularity: float, started: bool = False
) -> Taken | None:
    """Decide whether a slot is taken and how; None: it is free.

    The channel is one the slot allows. A past visit has an outcome; so has one of today if `started`.
    The same number of chances is drawn for every slot: a free one does not shift the others.
    """
    chance, by, outcome, early, again = (random.random() for _ in range(5))
    if chance >= share_taken(day_offset, popularity, slot.kind):
        return None
    channel = _channel(slot.channels, by)
    ahead = 0 if slot.kind in (SlotKind.SAME_DAY, SlotKind.URGENT) else int(early * early * 14)
    # A visit to come was booked today at the latest.
    booked_days_before = max(ahead, day_offset)
    if day_offset < 0:
        status = _weighted(_PAST_OUTCOMES, outcome)
    elif day_offset == 0 and started:
        status = _weighted(_STARTED_OUTCOMES, outcome)
    else:
        status = VisitStatus.BOOKED
    repeat = slot.kind is SlotKind.REPEAT or again < _REPEAT_SHARE
    return Taken(channel, status, booked_days_before, repeat)


def occupancy(
    random: Random, slots: Sequence[SlotSeed], *, day_offset: int, popularity: float, started: int = 0
) -> dict[int, Taken]:
    """Return the taken slots of a doctor's day by their place; the first `started` of today have begun."""
    decisions = (
        decide(random, slot, day_offset=day_offset, popularity=popularity, started=place < started)
        for place, slot in enumerate(slots)
    )
    return {place: taken for place, taken in enumerate(decisions) if taken is not None}


def _channel(allowed: Sequence[Channel], chance: float) -> Channel:
    mix = tuple((channel, _CHANNELS[channel]) for channel in allowed if channel in _CHANNELS)
    total = sum(weight for _, weight in mix)
    return _weighted(tuple((channel, weight / total) for channel, weight in mix), chance)


def _weighted(shares: Sequence[tuple[T, float]], chance: float) -> T:
    for value, share in shares:
        chance -= share
        if chance < 0:
            return value
    return shares[-1][0]
