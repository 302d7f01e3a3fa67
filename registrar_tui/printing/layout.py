"""What a ticket says and in which order: one list of blocks behind every paper size and the text form.

The order follows the habit of form 025-4/у-88 (МЗ СССР, 12.05.1988). The home address, the full date of birth
and the diagnosis are left out: a ticket is a paper that gets lost.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from registrar_tui.plain import plain
from registrar_tui.printing.wrap import NBSP
from registrar_tui.services.dto import TicketView
from registrar_tui.services.ticket_code import group
from registrar_tui.vocabulary import TicketVerdict, VisitStatus

WEEKDAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")
MONTHS = (
    *("января", "февраля", "марта", "апреля", "мая", "июня"),
    *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
)
# A ticket in one of these is kept only as a record: it must never be taken for a valid one.
VOID_WORDS: dict[str, str] = {
    VisitStatus.CANCELLED: "ПРИЁМ ОТМЕНЁН",
    TicketVerdict.MOVED: "ПРИЁМ ПЕРЕНЕСЁН",
    VisitStatus.ENTERED_IN_ERROR: "ЗАПИСЬ ОШИБОЧНАЯ",
    VisitStatus.NOSHOW: "ПРИЁМ НЕ СОСТОЯЛСЯ",
    VisitStatus.FULFILLED: "ПРИЁМ УЖЕ БЫЛ",
}


class Tone(StrEnum):
    """The part a line of words plays; each format gives it a size."""

    CLINIC = "clinic"
    ADDRESS = "address"
    TITLE = "title"
    STOP = "stop"
    DATE = "date"
    PLACE = "place"
    ADVICE = "advice"
    ISSUED = "issued"


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph of its own."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class Appointed:
    """When and where, the largest thing on the paper; `void` strikes it through."""

    time: str
    room: str
    void: bool


@dataclass(frozen=True, slots=True)
class Field:
    """A name and its value; `strong` values are the ones people look for, `detail` stands below."""

    label: str
    value: str
    detail: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """The QR symbol and its digits for a hand to type."""

    digits: str
    caption: str

    @property
    def grouped(self) -> str:
        """Return the digits in fours."""
        return group(self.digits)


@dataclass(frozen=True, slots=True)
class Divider:
    """A line between two parts."""


Block = Words | Appointed | Field | Code | Divider


def ticket_blocks(view: TicketView) -> tuple[Block, ...]:
    """Return what the ticket says, top to bottom; all text of it is plain and NFC."""
    blocks: list[Block] = [
        *_words(Tone.CLINIC, view.clinic),
        *_words(Tone.ADDRESS, view.address),
        *_words(Tone.ADDRESS, view.clinic_phone),
        Divider(),
        *_appointment(view),
        Divider(),
        *_people(view),
        Divider(),
        Code(plain(view.code), "Код талона"),
        *_advice(view),
        *_words(Tone.ISSUED, _issued(view)),
    ]
    return tuple(blocks)


def void_words(status: str) -> str | None:
    """Return what must stand across a ticket that admits nobody; None for a valid one."""
    return VOID_WORDS.get(status)


def title(view: TicketView) -> str:
    """Return the heading, also the name of the document and of the print job: the number and nothing else."""
    return glue(clean(f"Талон № {view.number}"))


def long_date(day: date) -> str:
    """Return `вторник, 24 ноября 2026`, whatever the locale of the machine is."""
    return f"{WEEKDAYS[day.weekday()]}, {day.day}{NBSP}{MONTHS[day.month - 1]} {day.year}"


def clean(text: str) -> str:
    """Return text of strangers ready for paper: no controls, one space for any blank, letters composed (NFC).

    Decomposed «й» and «ё» come from files written on a Mac and would be drawn as two glyphs.
    """
    return " ".join(plain(unicodedata.normalize("NFC", text)).split())


_GLUED = tuple(
    re.compile(pattern)
    for pattern in (
        r"№ (?=\S)",
        r"\b(?:каб|ул|пр|пер|пл|д|к|корп|стр|кв|эт|г|тел)\. (?=\S)",
        r"(?<=[А-ЯЁа-яё]) (?=[А-ЯЁ]\.)",
        r"\b[А-ЯЁ]\. (?=[А-ЯЁ])",
        r"(?<=\d) (?=(?:этаж|минут|мин|лет|часов|час|г\.))",
        r"(?<=[\u2013\u2014]) (?=\d)",
    )
)
_PHONE = re.compile(r"(?:\+7|\b8)[ -]?\(?\d{3,5}\)?[ -]?\d{1,3}(?:[ -]\d{2,3}){1,2}")


def glue(text: str) -> str:
    """Return text with non-breaking spaces where a line must not end: №, initials, phones, abbreviations."""
    for pattern in _GLUED:
        text = pattern.sub(lambda found: found[0].replace(" ", NBSP), text)
    return _PHONE.sub(lambda found: found[0].replace(" ", NBSP), text)


def _words(tone: Tone, text: str) -> tuple[Words, ...]:
    ready = glue(clean(text))
    return (Words(tone, ready),) if ready else ()


def _field(label: str, value: str, detail: str = "", *, strong: bool = False) -> tuple[Field, ...]:
    ready, small = glue(clean(value)), glue(clean(detail))
    return (Field(label, ready, small, strong),) if ready or small else ()


def _appointment(view: TicketView) -> list[Block]:
    void = void_words(view.status)
    blocks: list[Block] = [Words(Tone.TITLE, title(view))]
    if void is not None:
        blocks.append(Words(Tone.STOP, void))
        for note in view.notes:
            blocks += _words(Tone.ADVICE, note)
    blocks.append(Words(Tone.DATE, long_date(view.starts_at)))
    blocks.append(Appointed(f"{view.starts_at:%H:%M}", _room(view.room), void is not None))
    place = ", ".join(part for part in (clean(view.branch), _floor(view.floor)) if part)
    blocks += _words(Tone.PLACE, place)
    return blocks


def _people(view: TicketView) -> list[Block]:
    return [
        *_field("Врач", view.doctor, view.specialty, strong=True),
        *_field("Пациент", view.patient, f"{view.birth_year} г.{NBSP}р.", strong=True),
        *_field("Услуга", view.service, f"{view.minutes} мин" if view.minutes > 0 else ""),
    ]


def _advice(view: TicketView) -> list[Block]:
    phone = clean(view.clinic_phone)
    if void_words(view.status) is not None:
        again = f"Записаться снова: {phone}." if phone else "Записаться снова можно в регистратуре."
        return [*_words(Tone.ADVICE, "По этому талону не принимают."), *_words(Tone.ADVICE, again)]
    blocks: list[Block] = [Words(Tone.ADVICE, f"Придите за{NBSP}10–15{NBSP}минут до{NBSP}приёма.")]
    bring = ", ".join(item for item in map(clean, view.bring) if item)
    blocks += _words(Tone.ADVICE, f"Возьмите с{NBSP}собой: {bring}." if bring else "")
    for note in view.notes:
        blocks += _words(Tone.ADVICE, note)
    where = f"позвоните {phone}" if phone else "сообщите в регистратуру"
    blocks += _words(Tone.ADVICE, f"Не{NBSP}сможете прийти{NBSP}— {where}: талон отдадут другому пациенту.")
    return blocks


def _room(room: str) -> str:
    bare = re.sub(r"^(?:кабинет|каб\.?)\s*(?:№\s*)?", "", clean(room), flags=re.IGNORECASE)
    return glue(bare) or "—"


def _floor(floor: str) -> str:
    ready = clean(floor)
    return f"{ready}{NBSP}этаж" if re.fullmatch(r"-?\d+", ready) else ready


def _issued(view: TicketView) -> str:
    when = _moment(view.issued_at)
    return f"Выдан {when}, {view.issued_by}" if clean(view.issued_by) else f"Выдан {when}"


def _moment(moment: datetime) -> str:
    # A journal's instant carries its zone: say so, rather than pass it off as the clinic's wall clock.
    zone = f"{NBSP}{moment.tzname()}" if moment.tzinfo is not None else ""
    return f"{moment:%d.%m.%Y}{NBSP}{moment:%H:%M}{zone}"
