"""Cells of an export as values of JSON: ISO dates, numbers, codes where a table has words for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from registrar_tui.services.exports import SLOT_STATE_LABELS
from registrar_tui.vocabulary import CHANNEL_LABELS, SLOT_KIND_LABELS, VISIT_STATUS_LABELS

Reader = Callable[[str], object]


def iso_day(cell: str) -> str:
    """Return «12.05.1958» as 1958-05-12; of a date known in part («--.05.1958») what is known: 1958-05."""
    return "-".join(part for part in reversed(cell.split(".")) if part != "--")


def _code_of(labels: Mapping[str, str]) -> Reader:
    codes = {label: str(code) for code, label in labels.items()}
    return lambda cell: codes.get(cell, cell)


_PERSON: Final[dict[str, Reader]] = {"birth_date": iso_day, "phone": lambda cell: f"+{cell}"}
_TIME: Final[dict[str, Reader]] = {"date": iso_day, "minutes": int}
VALUES: Final[dict[str, dict[str, Reader]]] = {
    "patients": {**_PERSON, "sex": _code_of({"M": "м", "F": "ж"})},
    "schedule": {
        **_TIME,
        "slot_id": int,
        "kind": _code_of(SLOT_KIND_LABELS),
        "state": _code_of(SLOT_STATE_LABELS),
    },
    "visits": {
        **_PERSON,
        **_TIME,
        "patient_id": int,
        "state": _code_of(VISIT_STATUS_LABELS),
        "channel": _code_of(CHANNEL_LABELS),
    },
}
"""How the cells of a kind of export are read, by the key of the column; the others are text."""
