"""The clinic by the words of a table: branches, rooms, specialties, doctors, days, times."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Final

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Branch, Doctor, Room, Specialty
from registrar_tui.plain import plain
from registrar_tui.services.search_keys import fold
from registrar_tui.services.target_search import find_specialty, match_targets
from registrar_tui.services.wording import WEEKDAYS, WEEKDAYS_SHORT
from registrar_tui.validators.reading import tidy

_SHOWN: Final = 40
_ID_DIGITS: Final = 9
# A spreadsheet or 1C puts midnight behind a date, and the first day of its calendar before a time.
_DATE: Final = re.compile(
    r"(?:(\d{1,2})[./](\d{1,2})[./](\d{4})|(\d{4})-(\d{2})-(\d{2}))(?:[T ]0?0:00(?::00)?)?"
)
_TIME: Final = re.compile(r"(?:(?:01\.01\.0001|30\.12\.1899) )?(\d{1,2})[:.-](\d{2})(?::00)?")
_TRUE: Final = frozenset(("да", "yes", "true", "1", "+", "y"))
_FALSE: Final = frozenset(("нет", "no", "false", "0", "-", "n"))


def refused(code: str, field: str, message: str) -> Refusal:
    """Return why a row is not taken."""
    return Refusal(code, message, field=field)


def said(text: str) -> str:
    """Return a foreign word for a message."""
    return f"«{plain(text)[:_SHOWN]}»"


def number_in(text: str) -> int | None:
    """Return an id, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS else None


def day_in(text: str, field: str) -> date:
    """Read ДД.ММ.ГГГГ or an ISO date."""
    found = _DATE.fullmatch(text)
    if found:
        day, month, year, iso_year, iso_month, iso_day = found.groups()
        try:
            return date(int(year or iso_year), int(month or iso_month), int(day or iso_day))
        except ValueError:
            pass
    raise refused(f"{field}_format", field, f"Дата {said(text)} не распознана: впишите ДД.ММ.ГГГГ.")


def time_in(text: str, field: str) -> time:
    """Read ЧЧ:ММ."""
    found = _TIME.fullmatch(text)
    if found and int(found[1]) < 24 and int(found[2]) < 60:
        return time(int(found[1]), int(found[2]))
    raise refused(f"{field}_format", field, f"Время {said(text)} не распознано: впишите ЧЧ:ММ.")


def moment_in(text: str, field: str) -> datetime:
    """Read a date and a time with a blank between."""
    day, _, clock = text.replace("T", " ").strip().partition(" ")
    return datetime.combine(day_in(day, field), time_in(clock.strip(), field))


def flag_in(text: str, field: str, default: bool) -> bool:
    """Read «да» or «нет»; a blank is the default."""
    word = text.casefold()
    if not word:
        return default
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise refused(f"{field}_format", field, f"Вместо {said(text)} впишите «да» или «нет».")


def whole_in(text: str, field: str, low: int, high: int) -> int:
    """Read a whole number within bounds."""
    number = number_in(text)
    if number is None or not low <= number <= high:
        raise refused(f"{field}_format", field, f"Число {said(text)} не подходит: нужно от {low} до {high}.")
    return number


def weekdays_in(text: str) -> tuple[int, ...]:
    """Read days of the week: names, numbers from 1, lists and spans («пн-пт», «1,3», «вторник»)."""
    days: set[int] = set()
    spans = re.sub(" *- *", "-", tidy(text).casefold())
    for part in re.split(r"[,; ]+", spans):
        first, dash, last = part.partition("-")
        start, stop = _weekday(first), _weekday(last if dash else first)
        if start is None or stop is None or start > stop:
            raise refused("days_format", "days", f"Дни {said(text)} не распознаны: впишите, например, пн-пт.")
        days.update(range(start, stop + 1))
    return tuple(sorted(days))


def _weekday(word: str) -> int | None:
    if word in WEEKDAYS_SHORT:
        return WEEKDAYS_SHORT.index(word)
    if word in WEEKDAYS:
        return WEEKDAYS.index(word)
    return int(word) - 1 if word in tuple("1234567") else None


def branch_of(session: Session, text: str, default: int) -> int:
    """Return a branch by its name or number; a blank is the workplace's own."""
    if not text:
        return default
    wanted = fold(text)
    rows = session.execute(select(col(Branch.id), col(Branch.name))).all()
    found = [row[0] for row in rows if fold(row[1]) == wanted or str(row[0]) == text]
    if len(found) != 1:
        names = ", ".join(row[1] for row in rows[:5])
        raise refused("branch_unknown", "branch", f"Филиала {said(text)} нет; есть: {names}.")
    return int(found[0])


def room_of(session: Session, branch_id: int, number: str, floor: str) -> int:
    """Return a room of a branch; one that is not there is added."""
    found: Room | None = (
        session.execute(select(Room).where(col(Room.branch_id) == branch_id, col(Room.number) == number))
        .scalars()
        .first()
    )
    if found is None:
        found = Room(branch_id=branch_id, number=number, floor=floor)
        session.add(found)
        session.flush()
    assert found.id is not None
    return found.id


def specialty_of(session: Session, text: str, *, narrow: bool | None = None) -> int:
    """Return a specialty by its name, code or synonym; a name like none of the base's is added.

    One that is only similar is refused: a misprint must not become a specialty.
    """
    wanted = fold(text)
    for row in session.execute(select(Specialty)).scalars():
        words = (row.name, row.code, *row.synonyms.split())
        if wanted and wanted in {fold(word) for word in words} and row.id is not None:
            return int(row.id)
    near = [match.title for match in match_targets(session, text, 3)]
    if narrow is None or not wanted or near:
        hint = f"похоже на «{near[0]}»" if near else "проверьте название"
        raise refused("specialty_unknown", "specialty", f"Специальности {said(text)} нет: {hint}.")
    made = Specialty(code=wanted[:60], name=text, narrow=narrow)
    session.add(made)
    session.flush()
    assert made.id is not None
    return made.id


def doctor_of(session: Session, text: str, specialty: str) -> Doctor:
    """Return a doctor by number, full name, surname with initials or surname; the specialty narrows it."""
    number = number_in(text)
    specialty_id = find_specialty(session, specialty) if specialty else None
    if specialty and specialty_id is None:
        raise refused(
            "specialty_unknown", "specialty", f"Специальности {said(specialty)} нет: проверьте название."
        )
    fitting: list[Doctor] = []
    wanted = fold(text)
    for doctor in session.execute(select(Doctor)).scalars():
        if specialty_id is not None and doctor.specialty_id != specialty_id:
            continue
        if doctor.id == number or (number is None and wanted in _names_of(doctor)):
            fitting.append(doctor)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        numbers = ", ".join(str(doctor.id) for doctor in fitting[:4])
        message = f"Врачей {said(text)} несколько: укажите специальность или номер ({numbers})."
        raise refused("doctor_ambiguous", "doctor", message)
    raise refused("doctor_unknown", "doctor", f"Врача {said(text)} нет: проверьте фамилию.")


def _names_of(doctor: Doctor) -> set[str]:
    last, first, middle = doctor.last_name, doctor.first_name, doctor.middle_name
    return {fold(last), fold(last + first + middle), fold(last + first[:1] + middle[:1]), fold(last + first)}
