"""`registrar doctor`: who receives and when the nearest free time is."""

from __future__ import annotations

from typing import Annotated

import typer

from registrar_tui.cli.arguments import SPECIALTY
from registrar_tui.cli.session import current
from registrar_tui.cli.shapes import doctor_shape
from registrar_tui.cli.words import short_moment


def list_doctors(context: typer.Context, specialty: Annotated[str | None, SPECIALTY] = None) -> None:
    """Print the doctors, all or of one specialty."""
    run = current(context)
    doctors = run.services().doctors(specialty)
    run.output.table(
        [doctor_shape(doctor) for doctor in doctors],
        ("Номер", "Врач", "Специальность", "Филиал", "Каб.", "Оценка", "Приём", "Свободно", "Ближайшее"),
        [
            (
                str(doctor.id),
                doctor.full_name,
                doctor.specialty,
                doctor.branch,
                doctor.room or "—",
                "—" if doctor.rating is None else f"{doctor.rating:.1f}".replace(".", ","),
                "ведёт" if doctor.accepting else "не ведёт",
                str(doctor.free),
                short_moment(doctor.nearest),
            )
            for doctor in doctors
        ],
    )
