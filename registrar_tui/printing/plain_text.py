"""The ticket as text for a line printer, a terminal or a letter: 48 columns (80 mm) or 32 (58 mm)."""

from __future__ import annotations

import unicodedata

from registrar_tui.printing.layout import Appointed, Block, Code, Divider, Field, Tone, Words, ticket_blocks
from registrar_tui.printing.wrap import NBSP, wrap
from registrar_tui.services.dto import TicketView

WIDTH_80MM = 48
WIDTH_58MM = 32
LABEL_COLUMN = 10
_NARROW = 40  # below it a label stands above its value


def text_ticket(view: TicketView, width: int = WIDTH_80MM) -> str:
    """Return the ticket as lines of at most `width` terminal cells, with a line break at the end.

    `width` is at least 20; the text holds no control character but the line breaks.
    """
    lines: list[str] = []
    for block in ticket_blocks(view):
        lines += _lines(block, width)
    return "".join(f"{line.replace(NBSP, ' ').rstrip()}\n" for line in lines)


def cells(text: str) -> int:
    """Return how many terminal cells text takes: two for wide characters, none for combining marks."""
    return sum(map(_cell, text))


def _cell(character: str) -> int:
    if character == "\ufe0f":  # asks for the wide form of the sign before it
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _lines(block: Block, width: int) -> list[str]:
    match block:
        case Divider():
            return ["-" * width]
        case Words(tone, text):
            return _words(tone, text, width)
        case Appointed():
            return _appointed(block, width)
        case Field():
            return _field(block, width)
        case Code():
            return ["", *wrap(f"{block.caption}:", width, cells), *wrap(block.grouped, width, cells), ""]


def _words(tone: Tone, text: str, width: int) -> list[str]:
    if tone is Tone.STOP:
        return ["", *(_centred(line, width, "*") for line in wrap(text, width - 4, cells)), ""]
    if tone is Tone.TITLE:
        return wrap(text.upper(), width, cells)
    return wrap(text, width, cells)


def _centred(text: str, width: int, filling: str) -> str:
    free = max(0, width - cells(text) - 2)
    return f"{filling * (free // 2)} {text} {filling * (free - free // 2)}"


def _appointed(block: Appointed, width: int) -> list[str]:
    room = f"КАБИНЕТ {block.room}"
    both = f"{block.time}   {room}"
    struck = ["(по этому талону не принимают)"] if block.void else []
    if cells(both) <= width:
        return ["", both, *struck, ""]
    return ["", block.time, *wrap(room, width, cells), *struck, ""]


def _field(block: Field, width: int) -> list[str]:
    indent = 0 if width < _NARROW else LABEL_COLUMN
    values = [
        line for text in (block.value, block.detail) if text for line in wrap(text, width - indent, cells)
    ]
    if not indent:
        return [f"{block.label}:", *values]
    first, *rest = values
    return [f"{block.label:<{indent}}{first}", *(" " * indent + line for line in rest)]
