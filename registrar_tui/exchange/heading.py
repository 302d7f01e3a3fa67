"""Where the heading of a CSV stands: the first line, or below the titles that people put above a table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from registrar_tui.exchange.csv_lines import LONGEST_CELL, damage, unbalanced, unquoted
from registrar_tui.services.imports.columns import Column, heading_among

HEADING_WITHIN: Final = 20
"""Rows that are not blank; titles above a heading are few."""
_LONGEST_RECORD: Final = 10
"""Lines: a heading may have breaks in its cells."""
_DELIMITERS: Final = ";\t,"
_SEPARATOR_TOLD: Final = re.compile("\ufeff?sep=.", re.IGNORECASE).fullmatch
"""A line that Excel writes and reads itself."""


def csv_heading(lines: list[str], columns: Sequence[Column]) -> tuple[int, str, list[str]] | None:
    """Return how many lines the heading and what is above it take, the delimiter, the cells."""
    rows = [
        (line, delimiter, _cells_of(record, delimiter))
        for line, record in islice(_first_records(lines), HEADING_WITHIN)
        for delimiter in [max(_DELIMITERS, key=record.count)]
    ]
    return rows[heading_among((cells for *_, cells in rows), columns)] if rows else None


def _first_records(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield what may be a heading with the number of its last line; nothing follows a damaged one."""
    place = 0
    while place < len(lines):
        line = lines[place]
        place += 1
        if not line.strip(" \t;,\ufeff") or _SEPARATOR_TOLD(line):
            continue
        if damage(line) or len(line) > LONGEST_CELL:
            return
        if unbalanced(line):
            for taken in range(1, _LONGEST_RECORD):
                record = "\n".join(lines[place - 1 : place + taken])
                if not unbalanced(record):
                    line, place = record, place + taken
                    break
        yield place, line


def _cells_of(record: str, delimiter: str) -> list[str]:
    return [cell.strip() for cell in unquoted(record, delimiter) or record.split(delimiter)]
