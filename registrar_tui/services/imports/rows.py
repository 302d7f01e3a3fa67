"""A row of a foreign table on its way in, and what can be wrong with it; knows no file and no base."""

from __future__ import annotations

from typing import NamedTuple

from registrar_tui.validators.result import Problem

ERROR_COLUMNS = ("error_code", "error_field", "error_message")
"""What a table of rejected rows has beside its own columns."""


class Row(NamedTuple):
    """One row of text; `problem` tells that the reader could not make a whole row of it."""

    line: int
    """Line of the file, or row of the sheet, from 1."""
    cells: list[str]
    problem: Problem | None = None


class Reject(NamedTuple):
    """Why a row was not taken: the first fault's code and column, and every fault in words."""

    code: str
    field: str
    message: str


def reject_of(problems: tuple[Problem, ...]) -> Reject:
    """Return one reject of all faults of a row."""
    first = problems[0]
    return Reject(first.code, first.field, " ".join(problem.message for problem in problems))


def broken(code: str, message: str, field: str = "") -> Problem:
    """Return the fault of a row as a whole."""
    return Problem(code, field, message)
