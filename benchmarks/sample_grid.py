"""A grid as large as a busy clinic day, the same on every run."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random

from registrar_tui.services.dto import GridColumn, SlotCell, SlotGrid, SlotMark

_DAY = date(2026, 11, 24)
_SURNAMES = ("Петрова", "Сидоров", "Абрамова", "Гусев", "Ким", "Константинопольская", "Ли", "Шевченко")
_DOCTORS = ("Орлова Н. В.", "Зайцев П. П.", "Ким Л. А.", "Белова Т. С.", "Мамедов Р. О.")
_MARKS = (
    *(SlotMark.FREE,) * 6,
    *(SlotMark.BUSY,) * 9,
    SlotMark.HELD,
    SlotMark.CLOSED,
    SlotMark.REFERRAL,
)


def sample_grid(doctors: int = 20, slots: int = 48, minutes: tuple[int, ...] = (15,)) -> SlotGrid:
    """Return a day view; slot lengths go round the doctors in the order of `minutes`."""
    random = Random(17)
    columns = tuple(_column(random, index, slots, minutes[index % len(minutes)]) for index in range(doctors))
    free = [cell for column in columns for cell in column.cells if cell.bookable]
    return SlotGrid(
        title="вт 24.11.2026",
        day=_DAY,
        columns=columns,
        free_count=len(free),
        first_suitable=free[0].slot_id if free else None,
        nearest=free[0].starts_at if free else None,
    )


def _column(random: Random, index: int, slots: int, minutes: int) -> GridColumn:
    start = datetime.combine(_DAY, time(8)) + timedelta(hours=random.choice((0, 0, 0, 1)))
    cells = []
    for number in range(slots):
        starts_at = start + timedelta(minutes=number * minutes)
        if starts_at.date() == _DAY:
            cells.append(_cell(random, index * 1000 + number, starts_at, minutes))
    return GridColumn(
        doctor_id=index,
        day=_DAY,
        title=_DOCTORS[index % len(_DOCTORS)],
        subtitle=f"каб. {201 + index} · {minutes} мин",
        cells=tuple(cells),
    )


def _cell(random: Random, slot_id: int, starts_at: datetime, minutes: int) -> SlotCell:
    mark = random.choice(_MARKS)
    label = {
        SlotMark.BUSY: random.choice(_SURNAMES),
        SlotMark.HELD: "окно 3",
        SlotMark.REFERRAL: "напр.",
    }.get(mark, "")
    return SlotCell(slot_id, starts_at, minutes, mark, label, bookable=mark is SlotMark.FREE)
