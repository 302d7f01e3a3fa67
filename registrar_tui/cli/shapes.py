"""The JSON shapes that scripts rely on: exactly these keys, in this order."""

from __future__ import annotations

from typing import Any

from registrar_tui.services.dto import DoctorRow, PatientCard, VisitRow, VisitView, minute_iso
from registrar_tui.validators.result import Checked

_VISIT = (
    "id", "number", "status", "patient_id", "doctor_id", "slot_id", "starts_at", "minutes", "room",
    "ticket_code",
)  # fmt: skip
_DOCTOR = (
    "id", "full_name", "specialty", "post", "branch", "room", "rating", "accepting", "free", "nearest",
)  # fmt: skip


def visit_shape(visit: VisitView, *, history: bool = False) -> dict[str, Any]:
    """Return the object of `book` and of every change of a visit; with `history` that of `visit show`."""
    shape = visit.as_dict(history=history)
    keys = (*_VISIT, "history") if history else _VISIT
    return {key: shape[key] for key in keys}


def doctor_shape(doctor: DoctorRow) -> dict[str, Any]:
    """Return one object of `doctor list`."""
    shape = doctor.as_dict()
    return {key: shape[key] for key in _DOCTOR}


def card_shape(card: PatientCard) -> dict[str, Any]:
    """Return the object of `patient show`."""
    return {
        "id": card.id,
        "version": card.version,
        "full_name": card.full_name,
        "birth_date": card.birth_date.isoformat(),
        "sex": card.sex,
        "attachment": card.attachment,
        "warnings": [{"code": one.code, "message": one.message} for one in card.warnings],
        "documents": [
            {"title": one.title, "number": one.number, "verified": one.verified, "ok": one.ok}
            for one in card.documents
        ],
        "representatives": list(card.representatives),
        "visits": [visit_row_shape(visit) for visit in (*card.coming, *card.past)],
    }


def visit_row_shape(row: VisitRow) -> dict[str, Any]:
    """Return one object of `visit list`."""
    return {
        "id": row.id,
        "number": row.number,
        "patient_id": row.patient_id,
        "patient": row.patient,
        "doctor": row.doctor,
        "specialty": row.specialty,
        "room": row.room,
        "starts_at": minute_iso(row.starts_at),
        "minutes": row.minutes,
        "status": row.status,
    }


def checked_shape(checked: Checked) -> dict[str, Any]:
    """Return the object of `check`."""
    return {
        "ok": checked.ok,
        "normalised": checked.value,
        "errors": [{"code": problem.code, "message": problem.message} for problem in checked.errors],
        "warnings": [{"code": problem.code, "message": problem.message} for problem in checked.warnings],
    }
