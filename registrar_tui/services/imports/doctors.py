"""Rows of doctors: known by full name and specialty, else added with their rooms and specialties."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.models import Doctor
from registrar_tui.services.imports.columns import Column, Layout
from registrar_tui.services.imports.directory import (
    branch_of,
    flag_in,
    refused,
    room_of,
    specialty_of,
    whole_in,
)
from registrar_tui.services.search_keys import fold
from registrar_tui.services.workplace import Workplace
from registrar_tui.validators.names import NameField, check_name, means_no_patronymic

COLUMNS: Final = (
    Column("last_name", "Фамилия", required=True),
    Column("first_name", "Имя", required=True),
    Column("middle_name", "Отчество"),
    Column("specialty", "Специальность", required=True),
    Column("narrow", "Узкая специальность"),
    Column("branch", "Филиал"),
    Column("room", "Кабинет", required=True),
    Column("floor", "Этаж"),
    Column("post", "Должность"),
    Column("since_year", "Стаж с года"),
    Column("accepting", "Принимает"),
)
EXAMPLE: Final = ("Белова", "Анна", "Петровна", "терапевт", "нет", "", "301", "3", "врач", "2010", "да")
_LONGEST: Final = 60


def settle(session: Session, workplace: Workplace, layout: Layout, cells: list[str]) -> bool:
    """Write one row; tells whether the doctor is new. Refusal names the column."""
    last, first, middle = (_name(layout.text(cells, key), key) for key in _NAMES)
    narrow = flag_in(layout.text(cells, "narrow"), "narrow", default=False)
    specialty_id = specialty_of(session, _word(layout, cells, "specialty"), narrow=narrow)
    doctor = _known(session, last, first, middle, specialty_id)
    new = doctor is None
    own_branch = workplace.branch_id if doctor is None else doctor.branch_id
    branch_id = branch_of(session, layout.text(cells, "branch"), own_branch)
    room_id = room_of(session, branch_id, _word(layout, cells, "room"), layout.text(cells, "floor")[:10])
    if doctor is None:
        doctor = Doctor(
            last_name=last,
            first_name=first,
            middle_name=middle,
            specialty_id=specialty_id,
            branch_id=branch_id,
            room_id=room_id,
            post="врач",
        )
    doctor.branch_id, doctor.room_id = branch_id, room_id
    doctor.post = layout.text(cells, "post")[:_LONGEST] or doctor.post
    if since := layout.text(cells, "since_year"):
        doctor.since_year = whole_in(since, "since_year", 1940, workplace.now().year)
    doctor.accepting = flag_in(layout.text(cells, "accepting"), "accepting", default=doctor.accepting)
    session.add(doctor)
    session.flush()
    return new


def strands(_session: Session, _layout: Layout, _cells: list[str]) -> set[Hashable]:
    """Every row may meet every other: specialties and rooms are added by the first that names them."""
    return {"directory"}


_NAMES: Final[tuple[NameField, ...]] = ("last_name", "first_name", "middle_name")


def _name(text: str, field: NameField) -> str:
    if field == "middle_name" and (not text or means_no_patronymic(text)):
        return ""
    checked = check_name(text, field=field)
    if checked.value is None:
        problem = checked.errors[0]
        raise refused(problem.code, field, problem.message)
    return checked.value


def _word(layout: Layout, cells: list[str], key: str) -> str:
    text = layout.text(cells, key)
    if not text or len(text) > _LONGEST:
        raise refused(f"{key}_format", key, f"Впишите значение до {_LONGEST} знаков.")
    return text


def _known(session: Session, last: str, first: str, middle: str, specialty_id: int) -> Doctor | None:
    """Return the doctor of this name and specialty; «ё» and capitals do not make another one."""
    wanted = fold(last), fold(first), fold(middle)
    doctor: Doctor
    of_specialty = select(Doctor).where(col(Doctor.specialty_id) == specialty_id).order_by(col(Doctor.id))
    for doctor in session.execute(of_specialty).scalars():
        if (fold(doctor.last_name), fold(doctor.first_name), fold(doctor.middle_name)) == wanted:
            return doctor
    return None
