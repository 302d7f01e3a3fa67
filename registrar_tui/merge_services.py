"""The use-cases of duplicates and merges: the part of `desk_services.DeskServices` that pairs cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

from sqlmodel import Session

from registrar_tui.services import duplicate_pairs, duplicates, merging, parting
from registrar_tui.services.dto import PatientDraft
from registrar_tui.services.dto_merge import DuplicatePair, DuplicateRow, MergePatients, MergePlan, MergeView
from registrar_tui.services.permissions import Permission
from registrar_tui.use_cases import UseCases


class MergeServices(UseCases):
    """Cards of one person: found, merged into one, and parted again; each once by its `op_id`."""

    def draft_duplicates(
        self, draft: PatientDraft, *, own_id: int | None = None, limit: int = 5
    ) -> tuple[DuplicateRow, ...]:
        """Return cards like a draft that is about to be saved."""
        self._workplace.may(Permission.EDIT_CARD)
        with self._store.read() as session:
            return duplicates.of_draft(session, self._workplace, draft, own_id, limit)

    def patient_duplicates(self, patient_id: int, *, limit: int = 20) -> tuple[DuplicateRow, ...]:
        """Return cards like a stored one."""
        self._workplace.may(Permission.OPEN_CARD)
        with self._store.read() as session:
            found = duplicates.of_card(session, patient_id, limit)
        self._journal("duplicates-listed", "patient", patient_id, detail={"rows": len(found)})
        return found

    def duplicate_pairs(self, *, limit: int) -> Iterator[DuplicatePair]:
        """Yield likely pairs of the whole base; written down before the first is told."""
        self._workplace.may(Permission.MERGE)
        self._journal("duplicates-listed", detail={"limit": limit})

        def read(question: Callable[[Session], Any]) -> Any:
            with self._store.read() as session:
                return question(session)

        return islice(duplicate_pairs.pairs(read), limit)

    def merge_plan(self, survivor_id: int, retired_id: int) -> MergePlan:
        """Say what a merge would do."""
        self._workplace.may(Permission.MERGE)
        with self._store.read() as session:
            return merging.plan(session, survivor_id, retired_id)

    def merge_patients(self, command: MergePatients) -> MergeView:
        """Merge a card into another."""
        self._workplace.may(Permission.MERGE)
        content = {name: value for name, value in asdict(command).items() if name != "op_id"}

        def work(session: Session) -> dict[str, Any]:
            return merging.merge(session, self._workplace, command)

        request = f"merge {sorted(content.items())}"
        return merging.view_from(self._once(command.op_id, request, work, "cards-merged", command.reason))

    def unmerge_patient(self, retired_id: int, *, op_id: str) -> MergeView:
        """Take a merge back."""
        self._workplace.may(Permission.MERGE)

        def work(session: Session) -> dict[str, Any]:
            return parting.part(session, self._workplace, retired_id, op_id)

        return merging.view_from(self._once(op_id, f"unmerge {retired_id}", work, "cards-parted"))
