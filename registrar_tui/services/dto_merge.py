"""Duplicates and merges at the border of the core: commands in, views out; frozen, plain, no SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from registrar_tui.services.likeness import GRADE_LABELS
from registrar_tui.services.wording import plural

MOVED_LABELS: dict[str, tuple[str, str, str]] = {
    "visits": ("приём", "приёма", "приёмов"),
    "documents": ("документ", "документа", "документов"),
    "policies": ("полис", "полиса", "полисов"),
    "attachments": ("прикрепление", "прикрепления", "прикреплений"),
    "representatives": ("представитель", "представителя", "представителей"),
}
FILLED_LABELS: dict[str, str] = {
    "snils": "СНИЛС",
    "enp": "ЕНП",
    "phone": "телефон",
    "email": "почта",
    "address": "адрес",
    "consent_on": "согласие",
    "self_booking_until": "ограничение самозаписи",
}
"""The survivor's columns that are filled from the retired card where they are empty."""


@dataclass(frozen=True, slots=True)
class DuplicateRow:
    """One card that may be of the same person, with what speaks for it and what against."""

    id: int
    full_name: str
    birth_date: date
    snils: str | None
    enp: str | None
    phone: str | None
    score: int
    grade: str
    reasons: tuple[str, ...]
    against: tuple[str, ...]

    @property
    def why(self) -> str:
        """Return the reasons in one phrase: «вероятно: те же ФИО, тот же телефон; но другой СНИЛС»."""
        told = ", ".join(self.reasons) or "похожие данные"
        against = f"; но {', '.join(self.against)}" if self.against else ""
        return f"{GRADE_LABELS[self.grade]}: {told}{against}"

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `patient duplicates ID`."""
        return {
            "id": self.id,
            "full_name": self.full_name,
            "birth_date": self.birth_date.isoformat(),
            "snils": self.snils,
            "enp": self.enp,
            "phone": self.phone,
            "score": self.score,
            "grade": self.grade,
            "reasons": list(self.reasons),
            "against": list(self.against),
        }


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two cards of the base that may be of one person; `other` tells the likeness."""

    id: int
    full_name: str
    birth_date: date
    other: DuplicateRow

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `patient duplicates`."""
        return {
            "id": self.id,
            "full_name": self.full_name,
            "birth_date": self.birth_date.isoformat(),
            "other": self.other.as_dict(),
        }


@dataclass(frozen=True, slots=True)
class MergePatients:
    """Merge a card into another; versions, where given, are those the operator has seen."""

    op_id: str
    survivor_id: int
    retired_id: int
    reason: str
    survivor_version: int | None = None
    retired_version: int | None = None


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What a merge would do, asked before it is done."""

    survivor_id: int
    survivor: str
    survivor_version: int
    retired_id: int
    retired: str
    retired_version: int
    moved: dict[str, int]
    """How many rows of each kind of MOVED_LABELS."""
    filled: tuple[str, ...]
    """Codes of FILLED_LABELS: what the survivor lacks and gets."""
    kept: tuple[str, ...]
    """Codes of FILLED_LABELS: what differs and stays on the retired card."""
    overlaps: tuple[str, ...]
    """Visits of both cards at one time, in Russian."""
    likeness: DuplicateRow
    """The retired card as a likeness of the survivor."""

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `patient merge --dry-run`."""
        return {
            "survivor_id": self.survivor_id,
            "retired_id": self.retired_id,
            "moved": self.moved,
            "filled": list(self.filled),
            "kept": list(self.kept),
            "overlaps": list(self.overlaps),
            "score": self.likeness.score,
            "grade": self.likeness.grade,
            "reasons": list(self.likeness.reasons),
            "against": list(self.likeness.against),
        }

    @property
    def sentence(self) -> str:
        """Say in one line what will move."""
        moves = moved_words(self.moved)
        filled = ", ".join(FILLED_LABELS[name] for name in self.filled)
        parts = [part for part in (moves, f"дополнится: {filled}" if filled else "") if part]
        what = "; ".join(parts) or "переносить нечего"
        return f"№ {self.retired_id} {self.retired} → № {self.survivor_id} {self.survivor}: {what}."


@dataclass(frozen=True, slots=True)
class MergeView:
    """A merge after it was done, or after it was taken back."""

    survivor_id: int
    retired_id: int
    moved: dict[str, int]
    filled: tuple[str, ...]
    undone: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `patient merge` and `patient unmerge`."""
        return {
            "survivor_id": self.survivor_id,
            "retired_id": self.retired_id,
            "moved": self.moved,
            "filled": list(self.filled),
            "undone": self.undone,
        }

    @property
    def sentence(self) -> str:
        """Say in one line what was done."""
        moves = moved_words(self.moved)
        if self.undone:
            back = f" Возвращено: {moves}." if moves else ""
            return f"Карточка № {self.retired_id} снова отделена от № {self.survivor_id}.{back}"
        told = f" Перенесено: {moves}." if moves else ""
        return f"Карточка № {self.retired_id} объединена с № {self.survivor_id}.{told}"


def moved_words(moved: dict[str, int]) -> str:
    """Return «3 приёма, 1 полис», nothing where nothing moves."""
    return ", ".join(plural(moved[kind], *forms) for kind, forms in MOVED_LABELS.items() if moved.get(kind))
