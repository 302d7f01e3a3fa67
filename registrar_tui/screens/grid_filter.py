"""What the grid can be narrowed by, as choices and back as a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from registrar_tui.services.dto import DeskGreeting, GridQuery, SlotGrid, TargetKind
from registrar_tui.widgets.filter_line import Choice, FilterField

MINUTES: Final = (15, 30, 45)


def fields_of(query: GridQuery, grid: SlotGrid, branches: Sequence[tuple[int, str]]) -> list[FilterField]:
    """Return the filters with the values that are set; one with nothing to choose is left out."""
    lengths = [(minutes, f"{minutes} мин") for minutes in MINUTES]
    services = [(service_id, f"{name} ({minutes} мин)") for service_id, name, minutes in grid.services]
    fields = [
        _field("minutes", "длительность", "любая", lengths),
        _field("service_id", "услуга", "любая", () if query.kind is TargetKind.SERVICE else services),
        _field("doctor_id", "врач", "все", grid.doctors),
        _field("branch_id", "филиал", "все", branches),
    ]
    for field in fields:
        wanted = getattr(query, field.name)
        field.index = next((at for at, choice in enumerate(field.choices) if choice.value == wanted), 0)
    return [field for field in fields if len(field.choices) > 1]


def filtered(query: GridQuery, name: str, value: int | None) -> GridQuery:
    """Return the query with one filter set; all but the doctor look for the first suitable day."""
    match name:
        case "minutes":
            return replace(query, minutes=value, day=None)
        case "service_id":
            return replace(query, service_id=value, day=None)
        case "doctor_id":
            return replace(query, doctor_id=value)
        case _:
            return replace(query, branch_id=value, day=None)


def filters_in_words(query: GridQuery, grid: SlotGrid | None, greeting: DeskGreeting | None) -> str:
    """Return the filters that are set in a phrase, `любая длительность` if none is."""
    words = [f"{query.minutes} мин" if query.minutes is not None else "любая длительность"]
    if grid is not None:
        words += [name for service_id, name, _ in grid.services if service_id == query.service_id]
    if greeting is not None:
        words += [name for branch_id, name in greeting.branches if branch_id == query.branch_id]
    return " · ".join(words)


def _field(name: str, title: str, anything: str, values: Sequence[tuple[int, str]]) -> FilterField:
    return FilterField(
        name, title, (Choice(None, anything), *(Choice(value, label) for value, label in values))
    )
