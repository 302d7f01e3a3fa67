"""Which files an output may replace: tables and tickets, what this program writes where it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from registrar_tui.errors import Refusal
from registrar_tui.plain import plain

_LOOKED_AT: Final = 4096
_SHOWN: Final = 200
_WITH_NULS: Final = (b"PK\x03\x04", b"%PDF")
"""Beginnings of workbooks and of printed tickets; the other outputs are text."""


def require_replaceable(path: Path) -> None:
    """Refuse (`already_exists`) to write over a regular file that is neither a table nor a ticket.

    `--out clinic.db` would be the end of the base. A base, its log and its copies have NUL bytes at their
    beginning, encrypted ones too (all but one of ten million); text has none.
    """
    with path.open("rb") as file:
        head = file.read(_LOOKED_AT)
    if b"\x00" in head and not head.startswith(_WITH_NULS):
        raise Refusal(
            "already_exists",
            f"«{plain(str(path))[:_SHOWN]}» — не таблица и не талон, заменить нельзя: укажите другое имя.",
            field="out",
        )
