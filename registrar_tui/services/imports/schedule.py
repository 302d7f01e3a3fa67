"""Rows of the schedule: weekly shifts of doctors; slots are published from them afterwards."""

from __future__ import annotations

import json
from collections.abc import Hashable
from datetime import date, time
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.models import Doctor, ShiftTemplate
from registrar_tui.services.imports.columns import Column, Layout
from registrar_tui.services.imports.directory import (
    day_in,
    doctor_of,
    refused,
    room_of,
    said,
    time_in,
    weekdays_in,
    whole_in,
)
from registrar_tui.services.wording import WEEKDAYS
from registrar_tui.vocabulary import CHANNEL_LABELS, SLOT_KIND_LABELS, Channel, SlotKind

COLUMNS: Final = (
    Column("doctor", "Врач", required=True),
    Column("specialty", "Специальность"),
    Column("room", "Кабинет"),
    Column("days", "Дни", required=True, others=("weekday", "День недели")),
    Column("starts", "Начало", required=True),
    Column("ends", "Конец", required=True),
    Column("break_starts", "Перерыв с"),
    Column("break_ends", "Перерыв до"),
    Column("minutes", "Минут", required=True),
    Column("kind", "Вид"),
    Column("channels", "Каналы"),
    Column("release_hours", "Открыть за часов"),
    Column("valid_from", "Действует с"),
    Column("valid_until", "Действует по"),
)
EXAMPLE: Final = ("Белова А. П.", "терапевт", "301", "пн-пт", "09:00", "15:00", "12:00", "12:30", "15") + (
    "",
) * 5


def settle(session: Session, layout: Layout, cells: list[str]) -> bool:
    """Write one row, a shift for each of its days; tells whether any of them is new."""
    doctor = doctor_of(session, layout.text(cells, "doctor"), layout.text(cells, "specialty"))
    values = _values(session, layout, cells, doctor)
    new = [_write(session, doctor, weekday, values) for weekday in weekdays_in(layout.text(cells, "days"))]
    return any(new)


def strands(session: Session, layout: Layout, cells: list[str]) -> set[Hashable]:
    """Return whose shift a row is, and the room it may add."""
    doctor = doctor_of(session, layout.text(cells, "doctor"), layout.text(cells, "specialty"))
    return {("doctor", doctor.id), ("room", doctor.branch_id, layout.text(cells, "room"))}


def _values(session: Session, layout: Layout, cells: list[str], doctor: Doctor) -> dict[str, Any]:
    starts = time_in(layout.text(cells, "starts"), "starts")
    ends = time_in(layout.text(cells, "ends"), "ends")
    minutes = whole_in(layout.text(cells, "minutes"), "minutes", 5, 240)
    if (ends.hour - starts.hour) * 60 + ends.minute - starts.minute < minutes:
        raise refused("ends_early", "ends", "Смена короче одного приёма: проверьте начало и конец.")
    pause = [_optional_time(layout.text(cells, key), key) for key in ("break_starts", "break_ends")]
    if (pause[0] is None) != (pause[1] is None) or (pause[0] and pause[1] and pause[0] >= pause[1]):
        raise refused("break_format", "break_starts", "Перерыв: впишите начало и конец, конец позже начала.")
    since, until = (_optional_day(layout.text(cells, key), key) for key in ("valid_from", "valid_until"))
    if since and until and since > until:
        raise refused("valid_until_format", "valid_until", "Действует по: дата раньше начала действия.")
    room = layout.text(cells, "room")
    return {
        "room_id": room_of(session, doctor.branch_id, room, "") if room else doctor.room_id,
        "starts": starts,
        "ends": ends,
        "break_starts": pause[0],
        "break_ends": pause[1],
        "minutes": minutes,
        "pattern": _pattern(layout, cells),
        "valid_from": since,
        "valid_until": until,
    }


def _pattern(layout: Layout, cells: list[str]) -> str:
    kind_text, channel_text = layout.text(cells, "kind"), layout.text(cells, "channels")
    release = layout.text(cells, "release_hours")
    if not (kind_text or channel_text or release):
        return "[]"
    item: dict[str, Any] = {"kind": _one_of(kind_text, SLOT_KIND_LABELS, "kind") or SlotKind.ORDINARY.value}
    item["channels"] = [
        channel_in(word, "channels").value
        for word in channel_text.replace(";", ",").split(",")
        if word.strip()
    ]
    item["release_hours"] = whole_in(release, "release_hours", 0, 24 * 60) if release else None
    return json.dumps([item])


def channel_in(text: str, field: str) -> Channel:
    """Read a channel by its code or Russian name; a blank is the desk."""
    return Channel(_one_of(text, CHANNEL_LABELS, field) or Channel.DESK.value)


def _one_of(text: str, labels: dict[str, str], field: str) -> str:
    word = text.strip().casefold()
    if not word:
        return ""
    for code, label in labels.items():
        if word in (str(code), label.casefold()):
            return str(code)
    raise refused(f"{field}_unknown", field, f"{said(text)} нет в списке: {', '.join(labels.values())}.")


def _optional_time(text: str, field: str) -> time | None:
    return time_in(text, field) if text else None


def _optional_day(text: str, field: str) -> date | None:
    return day_in(text, field) if text else None


def _write(session: Session, doctor: Doctor, weekday: int, values: dict[str, Any]) -> bool:
    """Change the shift that begins so, else add one; two shifts of a doctor may not overlap."""
    known: ShiftTemplate | None = None
    for shift in session.execute(
        select(ShiftTemplate).where(
            col(ShiftTemplate.doctor_id) == doctor.id, col(ShiftTemplate.weekday) == weekday
        )
    ).scalars():
        if shift.starts == values["starts"] and shift.valid_from == values["valid_from"]:
            known = shift
        elif _overlap(shift, values):
            span = f"{WEEKDAYS[weekday]} {shift.starts:%H:%M}-{shift.ends:%H:%M}"
            raise refused("shift_overlap", "starts", f"У врача уже есть смена: {span}.")
    if known is None:
        session.add(ShiftTemplate(doctor_id=doctor.id or 0, weekday=weekday, **values))
    else:
        for name, value in values.items():
            setattr(known, name, value)
        session.add(known)
    session.flush()
    return known is None


def _overlap(shift: ShiftTemplate, values: dict[str, Any]) -> bool:
    hours = shift.starts < values["ends"] and values["starts"] < shift.ends
    begun = (
        shift.valid_from is None or values["valid_until"] is None or shift.valid_from <= values["valid_until"]
    )
    going = (
        shift.valid_until is None or values["valid_from"] is None or values["valid_from"] <= shift.valid_until
    )
    return hours and begun and going
