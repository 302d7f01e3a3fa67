"""Cards that are alike in the clinic in memory, and merges that are only remembered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date

from registrar_tui.services import dto
from registrar_tui.services.dto_merge import DuplicatePair, DuplicateRow, MergePatients, MergePlan, MergeView

MOVED = {"visits": 3, "documents": 1, "policies": 0, "attachments": 0, "representatives": 0}


def like(number: int, name: str, grade: str = "likely") -> DuplicateRow:
    """Return a card that is like another one."""
    return DuplicateRow(
        id=number,
        full_name=name,
        birth_date=date(1958, 5, 12),
        snils=None,
        enp=None,
        phone="+79161234567",
        score=72,
        grade=grade,
        reasons=("те же ФИО", "тот же телефон"),
        against=("другой СНИЛС",),
    )


class FakeMerging:
    """What `FakeServices` knows of duplicates: `alike` is found for everybody."""

    alike: tuple[DuplicateRow, ...]
    merges: list[MergePatients]

    def _call(self, name: str, *arguments: object) -> AbstractContextManager[None]:
        raise NotImplementedError

    def _validate(self, draft: dto.PatientDraft) -> None:
        raise NotImplementedError

    def draft_duplicates(
        self, draft: dto.PatientDraft, *, own_id: int | None = None, limit: int = 5
    ) -> tuple[DuplicateRow, ...]:
        """Cards like a draft; a wrong field is refused as saving would."""
        with self._call("draft_duplicates", draft, own_id):
            self._validate(draft)
            return self.alike[:limit]

    def patient_duplicates(self, patient_id: int, *, limit: int = 20) -> tuple[DuplicateRow, ...]:
        """Cards like a stored one."""
        with self._call("patient_duplicates", patient_id):
            return tuple(row for row in self.alike if row.id != patient_id)[:limit]

    def duplicate_pairs(self, *, limit: int) -> Iterator[DuplicatePair]:
        """Not needed by the desk."""
        raise NotImplementedError

    def merge_plan(self, survivor_id: int, retired_id: int) -> MergePlan:
        """Three visits and a document would move."""
        with self._call("merge_plan", survivor_id, retired_id):
            return MergePlan(
                survivor_id=survivor_id,
                survivor="Иванов Иван Петрович",
                survivor_version=1,
                retired_id=retired_id,
                retired="Иванов Иван",
                retired_version=4,
                moved=MOVED,
                filled=("phone",),
                kept=("snils",),
                overlaps=("талоны 0412 и 0413, 24.11 08:45",),
                likeness=like(retired_id, "Иванов Иван"),
            )

    def merge_patients(self, command: MergePatients) -> MergeView:
        """Remember it; the same op_id is one merge."""
        with self._call("merge_patients", command):
            if command not in self.merges:
                self.merges.append(command)
            return MergeView(command.survivor_id, command.retired_id, MOVED, ("phone",))

    def parted(self) -> MergeView:
        """Forget the last merge."""
        command = self.merges.pop()
        return MergeView(command.survivor_id, command.retired_id, MOVED, ("phone",), undone=True)

    def unmerge_patient(self, retired_id: int, *, op_id: str) -> MergeView:
        """Forget the last merge."""
        with self._call("unmerge_patient", retired_id, op_id):
            return self.parted()
