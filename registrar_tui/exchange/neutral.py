"""Cells that a spreadsheet would run: neutralised on the way out, restored on the way in (CWE-1236)."""

from __future__ import annotations

from typing import Final

from registrar_tui.plain import plain

_RISKY: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutral(cell: str) -> str:
    """Return a cell that begins with no formula, and whose characters command no terminal."""
    if not cell:
        return cell
    if cell.startswith(_RISKY) or cell.lstrip().startswith(_RISKY):
        return "'" + plain(cell)
    return plain(cell)


def restored(cell: str) -> str:
    """Take back what `neutral` has put before a cell."""
    if cell.startswith("'") and cell[1:].lstrip().startswith(_RISKY):
        return cell[1:]
    return cell
