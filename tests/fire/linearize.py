"""Whether a slot's history could have happened one operation at a time (Wing & Gong, with Lowe's memory).

A slot is a register that one visit owns or nobody does. Each operation took effect at one moment between its
question and its answer; one whose desk was killed took effect at any moment after its question, or never.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

NEVER = 2**63
Owner = int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on one slot; times in nanoseconds, `ended` is NEVER where nobody was told the outcome."""

    began: int
    ended: int
    what: Literal["take", "free", "busy", "read"]
    """take: nobody had it, `owner` has it now; free: `owner` had it; busy: somebody had it; read: `owner` or
    nobody had it."""
    owner: Owner = None

    @property
    def may_be_missing(self) -> bool:
        """Tell whether it may never have happened."""
        return self.ended == NEVER

    def follows(self, state: Owner) -> tuple[bool, Owner]:
        """Return whether it fits a state, and the state after it."""
        if self.what == "take":
            return state is None, self.owner
        if self.what == "free":
            return state == self.owner, None
        if self.what == "busy":
            return state is not None, state
        return state == self.owner, state


def is_linearizable(history: Iterable[Step]) -> bool:
    """Tell whether some order of the steps explains every answer, from a free slot on."""
    steps = sorted(history, key=lambda step: (step.began, step.ended))
    required = sum(1 << number for number, step in enumerate(steps) if not step.may_be_missing)
    seen: set[tuple[int, Owner]] = set()
    open_states: list[tuple[int, Owner]] = [(0, None)]
    while open_states:
        done, state = open_states.pop()
        if done & required == required:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        fitting = []
        for number in _next_steps(steps, done):
            fits, after = steps[number].follows(state)
            if fits:
                fitting.append((done | 1 << number, after, steps[number].what))
        # A look that fits changes nothing, so taking it at once loses no order; else their orders explode.
        looks = [(after, told) for after, told, what in fitting if what in ("busy", "read")]
        open_states += looks[:1] or [(after, told) for after, told, _ in fitting]
    return False


def _next_steps(steps: Sequence[Step], done: int) -> list[int]:
    """A step may come next if no other one that is still to come had already ended when it began."""
    waiting = [number for number in range(len(steps)) if not done >> number & 1]
    earliest = min(steps[number].ended for number in waiting)
    return [number for number in waiting if steps[number].began <= earliest]
