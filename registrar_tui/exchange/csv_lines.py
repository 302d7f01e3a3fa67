"""Lines of a CSV: whether they can be read at all, and how they part by their quotes."""

from __future__ import annotations

import csv
import re
from typing import Final

LONGEST_CELL: Final = 32_767
"""Characters; what a cell of a spreadsheet can hold."""
_CONTROL: Final = re.compile("[\x01-\x08\x0a-\x1f\x7f-\x9f]")


class Foreign(str):
    """A line that has bytes of another encoding."""


def damage(text: str) -> str:
    """Return the code of what makes a line unreadable, empty where nothing does."""
    if "\x00" in text:
        return "row_nul"
    if isinstance(text, Foreign) or "\ufffd" in text:
        return "row_encoding"
    return "row_control" if _CONTROL.search(text) else ""


def unbalanced(text: str) -> bool:
    """Tell whether a quote has no pair."""
    return text.count('"') % 2 == 1


def unquoted(record: str, delimiter: str) -> list[str] | None:
    """Split a record by its quotes; None where they do not pair."""
    if unbalanced(record):
        return None
    try:
        found = list(csv.reader([record], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None
