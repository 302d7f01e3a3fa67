"""A merge carries everything that belongs to a card: a new table of people's things has to join it."""

from __future__ import annotations

from sqlmodel import SQLModel

import registrar_tui.models  # noqa: F401 - registers the tables
from registrar_tui.services.merging import MOVES

_STAYS = {
    ("patient_merge", "survivor_id"),  # what a merge wrote down is its history
    ("patient_merge", "retired_id"),
}


def test_every_table_of_a_persons_things_moves_with_a_merge() -> None:
    pointing = {
        (table.name, column.name)
        for table in SQLModel.metadata.tables.values()
        for column in table.columns
        for key in column.foreign_keys
        if key.column.table.name == "patient"
    }
    moved = {(str(model.__tablename__), column) for model, column in MOVES.values()}
    assert pointing == moved | _STAYS
