"""Cards that are alike, in memory: what `registrar patient` needs to be tested without a base."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from registrar_tui.services import dto
from registrar_tui.services.dto_merge import DuplicatePair, DuplicateRow, MergePatients, MergePlan, MergeView

MOVED = {"visits": 3, "documents": 1, "policies": 0, "attachments": 0, "representatives": 0}


class FakeMerging:
    """One card, one like it; keeps what it was asked by `_ask`."""

    hostile = "Иванов [red]Иван[/red] \x1b[31mПетрович\u202e\x9b2J"

    def _ask(self, command: Any) -> None:
        raise NotImplementedError

    def _like(self) -> DuplicateRow:
        return DuplicateRow(
            id=8,
            full_name=self.hostile,
            birth_date=date(1958, 5, 12),
            snils=None,
            enp=None,
            phone="+79161234567",
            score=72,
            grade="likely",
            reasons=("тот же телефон",),
            against=("другой СНИЛС",),
        )

    def patient_card(self, patient_id: int) -> dto.PatientCard:
        self._ask(patient_id)
        visit = dto.VisitRow(
            id=1,
            number="0412",
            patient_id=patient_id,
            patient=self.hostile,
            doctor="Орлова Н. В.",
            specialty="кардиолог",
            room="214",
            starts_at=datetime(2026, 11, 24, 8, 45),
            minutes=15,
            status="booked",
            note="записан",
        )
        return dto.PatientCard(
            id=patient_id,
            version=2,
            full_name=self.hostile,
            short_name="",
            sex="M",
            birth_date=date(1958, 5, 12),
            age=68,
            attachment="не прикреплён",
            warnings=(dto.Warning("policy_missing", "Полиса нет."),),
            documents=(dto.DocumentLine("Паспорт", "45 03 123456", "предъявлен", True),),
            representatives=(),
            coming=(visit,),
            past=(),
            draft=dto.PatientDraft(),
        )

    def patient_duplicates(self, patient_id: int, *, limit: int = 20) -> tuple[DuplicateRow, ...]:
        self._ask((patient_id, limit))
        return () if patient_id == 9 else (self._like(),)

    def duplicate_pairs(self, *, limit: int) -> Iterator[DuplicatePair]:
        self._ask(limit)
        for number in range(min(limit, 3)):
            yield DuplicatePair(number + 1, "Иванов Иван", date(1958, 5, 12), self._like())

    def merge_plan(self, survivor_id: int, retired_id: int) -> MergePlan:
        self._ask((survivor_id, retired_id))
        return MergePlan(
            survivor_id=survivor_id,
            survivor="Иванов Иван",
            survivor_version=1,
            retired_id=retired_id,
            retired=self.hostile,
            retired_version=1,
            moved=MOVED,
            filled=("phone",),
            kept=("snils",),
            overlaps=("талоны 0412 и 0413, 24.11 08:45",),
            likeness=self._like(),
        )

    def merge_patients(self, command: MergePatients) -> MergeView:
        self._ask(command)
        return MergeView(command.survivor_id, command.retired_id, MOVED, ("phone",))

    def unmerge_patient(self, retired_id: int, *, op_id: str) -> MergeView:
        self._ask((retired_id, op_id))
        return MergeView(7, retired_id, MOVED, ("phone",), undone=True)
