"""What the search says of its answer: how many were found, what to type next, what one may be booked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from registrar_tui.screens.words import day_and_time, grouped, plural

if TYPE_CHECKING:
    from registrar_tui.services.dto import BookingTarget, PatientPage
    from registrar_tui.widgets.patient_list import TargetLine


def count_words(page: PatientPage, typed: str, targets: bool) -> str:
    """Return the line under the rows; with `targets` below nobody, Enter is theirs."""
    if not page.rows and page.draft is None:
        return "Наберите фамилию, дату рождения или номер."
    if not page.rows:
        return f"Никто не найден. {'Ins' if targets else 'Enter'} — новый пациент."
    shown = f"{grouped(len(page.rows))} из {grouped(page.total)}"
    return f"{shown} · есть ещё: {_narrower(typed)}" if page.more else shown


def _narrower(typed: str) -> str:
    """Return what to type so that fewer people fit."""
    letters, digits = any(map(str.isalpha, typed)), any(map(str.isdigit, typed))
    if letters and digits:
        return "наберите имя и отчество"
    return "наберите фамилию" if digits else "наберите дату или год рождения"


def target_line(target: BookingTarget) -> TargetLine:
    """Return what one may be booked for as a row below the people."""
    from registrar_tui.screens.target import KIND_WORDS
    from registrar_tui.widgets.patient_list import TargetLine

    free = plural(target.free, "место", "места", "мест") if target.free else "нет мест"
    nearest = "" if target.nearest is None else day_and_time(target.nearest)
    return TargetLine(target.title, KIND_WORDS[target.kind], free, nearest, not target.free)
