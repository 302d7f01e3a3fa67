"""The page of a bare search: attachment, last visit and policy of those found, people of the branch first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from benchmarks.search_base import BRANCH
from registrar_tui.services.dto import PatientRow

Ask = Callable[..., list[Any]]
_PLACES: Final = (
    "SELECT p.id, a.branch_id, a.district, b.name,"
    " (SELECT max(v.starts_at) FROM visit v WHERE v.patient_id = p.id) FROM patient p"
    " LEFT JOIN attachment a ON a.patient_id = p.id AND a.status = 'active'"
    " LEFT JOIN branch b ON b.id = a.branch_id WHERE p.id IN ({})"
)
_POLICIES: Final = "SELECT patient_id, series, number, valid_from FROM policy WHERE patient_id IN ({})"


def marks(values: Sequence[Any]) -> str:
    """Return a question mark for each value."""
    return ", ".join("?" * len(values))


def page_of(ask: Ask, found: Sequence[Any], limit: int) -> list[PatientRow]:
    """Return the rows of a page, people of the branch first, then recent visitors."""
    ids = [row[0] for row in found]
    where = {row[0]: row for row in ask(_PLACES.format(marks(ids)), *ids)}
    ordered = sorted(found, key=lambda row: str(where[row[0]][4] or ""), reverse=True)
    ordered.sort(key=lambda row: where[row[0]][1] != BRANCH)
    shown = ordered[:limit]
    ids = [row[0] for row in shown]
    policies = {row[0]: row for row in ask(_POLICIES.format(marks(ids)), *ids)}
    return [_row(row, where[row[0]], policies.get(row[0])) for row in shown]


def _row(row: Any, place: Any, policy: Any) -> PatientRow:
    number, last, first, middle, born, snils, enp, phone = row[:8]
    return PatientRow(
        id=number,
        full_name=" ".join(name for name in (last, first, middle) if name),
        birth_date=born if isinstance(born, date) else date.fromisoformat(born),
        snils=snils,
        enp=enp,
        phone=phone,
        why="",
        policy=f"{policy[1]} {policy[2]}".strip() if policy else "",
        district=place[2] or "",
        attached_here=place[1] == BRANCH,
    )
