"""Tables of people with broken rows of many kinds, each with the code it must get; the same for a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache

from registrar_tui.validators.snils import format_snils
from seed.people import people

HEADER = (
    "Фамилия",
    "Имя",
    "Отчество",
    "Дата рождения",
    "Пол",
    "СНИЛС",
    "Полис",
    "Паспорт",
    "Телефон",
    "E-mail",
)
TODAY = date(2026, 11, 23)
Cells = list[str]


@dataclass(frozen=True)
class Form:
    """How a table is written."""

    encoding: str = "utf-8"
    delimiter: str = ";"
    newline: str = "\r\n"

    def line(self, cells: Cells) -> bytes:
        return self.delimiter.join(cells).encode(self.encoding)


@dataclass(frozen=True)
class Spoiled:
    """A table, the codes of its broken rows in order, and the surnames of its good rows in order."""

    content: bytes
    codes: tuple[str, ...]
    good: tuple[str, ...]


def rows(count: int, seed: int = 1) -> list[Cells]:
    """Return whole rows of different people."""
    found = []
    for person in people(count, random_seed=seed, today=TODAY):
        document, policy = person.document, person.policy
        number = (
            f"{policy.series} № {policy.number}"
            if policy and policy.series
            else policy.number
            if policy
            else ""
        )
        passport = f"{document.series} {document.number}" if document and document.kind in ("3", "14") else ""
        found.append(
            [
                person.last_name,
                person.first_name,
                person.middle_name,
                f"{person.birth_date:%d.%m.%Y}",
                "м" if person.sex == "M" else "ж",
                format_snils(person.snils) if person.snils else "",
                number,
                passport,
                person.phone or "",
                person.email or "",
            ]
        )
    return found


def _cell(place: int, value: str) -> Callable[[Cells, Form], bytes]:
    return lambda cells, form: form.line([*cells[:place], value, *cells[place + 1 :]])


def _swapped(one: int, other: int) -> Callable[[Cells, Form], bytes]:
    def spoil(cells: Cells, form: Form) -> bytes:
        changed = list(cells)
        changed[one], changed[other] = changed[other] or "х", changed[one]
        return form.line(changed)

    return spoil


def _mixed(cells: Cells, form: Form) -> bytes:
    """One half of the row in this encoding, the other in another."""
    other = "cp1251" if form.encoding.startswith("utf") else "utf-8"
    parts = [cell.encode(form.encoding) for cell in cells]
    parts[1] = "Константин".encode(other)
    return form.delimiter.encode().join(parts)


def _huge(cells: Cells, form: Form) -> bytes:
    return form.line([*cells[:9], "x" * (1 << 20)])


KINDS: dict[str, tuple[str, Callable[[Cells, Form], bytes]]] = {
    "wrong control number of СНИЛС": ("snils_checksum", _cell(5, "112-233-445 96")),
    "СНИЛС cut short": ("snils_length", _cell(5, "112-233-445")),
    "letter in СНИЛС": ("snils_characters", _cell(5, "112-233-44О 95")),
    "zero СНИЛС": ("snils_zero", _cell(5, "00000000000")),
    "wrong control digit of ЕНП": ("enp_checksum", _cell(6, "7767940818000016")),
    "number of a blank": ("enp_blank_number", _cell(6, "77679408180")),
    "policy of no kind": ("policy_unrecognised", _cell(6, "123")),
    "swapped surname and birthday": ("name_characters", _swapped(0, 3)),
    "swapped birthday and first name": ("name_characters", _swapped(1, 3)),
    "birthday of no form": ("birth_date_format", _cell(3, "в мае")),
    "birthday in the future": ("birth_date_future", _cell(3, "24.11.2026")),
    "birthday not in the calendar": ("birth_date_calendar", _cell(3, "31.02.1990")),
    "birthday long ago": ("birth_date_year", _cell(3, "01.01.1801")),
    "no birthday": ("birth_date_empty", _cell(3, "")),
    "no surname": ("name_empty", _cell(0, "")),
    "Latin first name": ("name_latin", _cell(1, "Ivan")),
    "endless surname": ("name_length", _cell(0, "А" + "б" * 60)),
    "two hyphens": ("name_separators", _cell(0, "Римский--Корсаков")),
    "letters in the phone": ("phone_characters", _cell(8, "нет телефона")),
    "phone cut short": ("phone_length", _cell(8, "8916")),
    "no at sign": ("email_at", _cell(9, "ivan.mail.ru")),
    "comma in the domain": ("email_domain", _cell(9, "ivan@mail")),
    "passport number cut short": ("passport_number_format", _cell(7, "45 08 12345")),
    "certificate of no series": ("birth_certificate_series_format", _cell(7, "ЫЫЫ 123456")),
    "sex of no kind": ("sex_unknown", _cell(4, "?")),
    "one cell too many": ("row_cells", lambda cells, form: form.line([*cells, "лишнее"])),
    "cells missing": ("row_cells", lambda cells, form: form.line(cells[:6])),
    "half a quote before": ("row_quotes", lambda cells, form: form.line(['"' + cells[0], *cells[1:]])),
    "half a quote behind": (
        "row_quotes",
        lambda cells, form: form.line([*cells[:2], cells[2] + '"', *cells[3:]]),
    ),
    "mixed encodings": ("row_encoding", _mixed),
    "empty line": ("row_empty", lambda *_: b""),
    "delimiters only": ("row_empty", lambda cells, form: form.line([""] * len(cells))),
    "a megabyte in a cell": ("cell_too_long", _huge),
    "formula": ("cell_formula", _cell(1, "=HYPERLINK(0)")),
    "formula behind a quote": ("cell_formula", _cell(1, '"=1+1"')),
    "NUL": ("row_nul", _cell(2, "Пет\x00рович")),
    "escape sequence": ("row_control", _cell(2, "Пет\x1b[2Jрович")),
    "second header": ("row_header", lambda _, form: form.line(list(HEADER))),
}


@cache
def spoiled(count: int, *, share: float = 0.05, seed: int = 1, form: Form | None = None) -> Spoiled:
    """Return a table of `count` whole rows and broken ones strewn among them, every kind at least once."""
    form = form or Form()
    dice = random.Random(seed)
    kinds = list(KINDS)
    wanted = max(len(kinds), round(count * share))
    plan = kinds + [
        dice.choice([kind for kind in kinds if kind != "a megabyte in a cell"])
        for _ in range(wanted - len(kinds))
    ]
    dice.shuffle(plan)
    whole = rows(count, seed)
    spots = sorted(dice.randrange(count) for _ in plan)
    codes: list[str] = []
    lines = [form.line(list(HEADER))]
    for place, cells in enumerate(whole):
        while spots and spots[0] == place:
            spots.pop(0)
            code, spoil = KINDS[plan[len(codes)]]
            lines.append(spoil(list(cells), form))
            codes.append(code)
        lines.append(form.line(cells))
    mark = b"\xef\xbb\xbf" if form.encoding == "utf-8-sig" else b""
    if mark:
        lines = [line.removeprefix(mark) for line in lines]
    ending = form.newline.encode()
    return Spoiled(mark + ending.join(lines) + ending, tuple(codes), tuple(cells[0] for cells in whole))
