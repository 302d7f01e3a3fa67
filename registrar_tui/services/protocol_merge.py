"""Duplicates and merges as the front ends see them: a part of `services.protocol.Services`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from registrar_tui.services.dto import PatientDraft
from registrar_tui.services.dto_merge import DuplicatePair, DuplicateRow, MergePatients, MergePlan, MergeView


class Merging(Protocol):
    """Cards of one person: found, merged into one, and parted again."""

    def draft_duplicates(
        self, draft: PatientDraft, *, own_id: int | None = None, limit: int = 5
    ) -> tuple[DuplicateRow, ...]:
        """Return cards like a draft that is about to be saved, likeliest first.

        Refuses what saving would refuse: `FieldErrors`, and `duplicate_patient` for a number that is taken.
        """
        ...

    def patient_duplicates(self, patient_id: int, *, limit: int = 20) -> tuple[DuplicateRow, ...]:
        """Return cards like a stored one, likeliest first; `not_found`."""
        ...

    def duplicate_pairs(self, *, limit: int) -> Iterator[DuplicatePair]:
        """Yield likely pairs of the whole base as they are found, in constant memory."""
        ...

    def merge_plan(self, survivor_id: int, retired_id: int) -> MergePlan:
        """Say what a merge would do; refuses what the merge would refuse."""
        ...

    def merge_patients(self, command: MergePatients) -> MergeView:
        """Merge a card into another; `stale_edit` where one of them was changed since it was seen."""
        ...

    def unmerge_patient(self, retired_id: int, *, op_id: str) -> MergeView:
        """Take a merge back; `stale_edit` names what has changed since so that it cannot be."""
        ...
