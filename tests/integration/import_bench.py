"""What the tests of imports share: the use-cases of a clinic, tables, what a table of rejects says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import text

from registrar_tui import bootstrap
from registrar_tui.bulk.services import BulkServices
from registrar_tui.config import Config
from registrar_tui.exchange.reading import opened, table_of
from tests.integration.bases import Clinic


def settings(database: str, folder: Path, desk: str = "загрузка") -> Config:
    """Return the settings of the desk that imports."""
    return Config(
        database=database,
        desk=desk,
        operator=None,
        tickets=folder / "tickets",
        keys=folder / "keys",
        token_file=folder / "session",
    )


def services(clinic: Clinic, desk: str = "загрузка") -> BulkServices:
    """Return the bulk use-cases on a clinic."""
    return bootstrap.build_bulk(settings(clinic.database, clinic.folder, desk), clock=clinic.clock)


def with_role(bulk: BulkServices, role: str) -> BulkServices:
    """Return the same use-cases for an operator of another role."""
    workplace = replace(bulk._workplace, role=role)
    return BulkServices(bulk._store, workplace, exports_folder=bulk._exports_folder)


def write_table(file: Path, header: Sequence[str], *rows: Sequence[str]) -> Path:
    """Write a CSV as people have it."""
    lines = [";".join(cells) for cells in (header, *rows)]
    file.write_text("\r\n".join(lines) + "\r\n", encoding="cp1251")
    return file


def codes_in(rejects: Path) -> list[str]:
    """Return the codes of a table of rejects in its order."""
    with opened(rejects) as source:
        table = table_of(source)
        place = table.header.index("error_code")
        return [row.cells[place] for row in table.rows()]


def state(clinic: Clinic) -> dict[str, list[Any]]:
    """Return everything an import writes, without ids and moments."""
    person = "JOIN patient p ON p.id ="
    surname = "JOIN surname s ON s.id ="
    questions = {
        "patient": "SELECT last_name, first_name, middle_name, birth_date, birth_precision, sex, snils, enp, "
        "phone, email, last_key, first_key, middle_key, first_initial, middle_initial, phone_reversed, "
        "version FROM patient",
        "document": "SELECT p.last_key, p.snils, d.kind, d.series, d.number, d.number_key "
        f"FROM identity_document d {person} d.patient_id",
        "policy": "SELECT p.last_key, p.snils, d.kind, d.series, d.number FROM policy d "
        f"{person} d.patient_id",
        "surname": "SELECT name, people FROM surname",
        "deletion": f"SELECT s.name, d.deletion FROM surname_deletion d {surname} d.surname_id",
        "trigram": f"SELECT s.name, d.trigram FROM surname_trigram d {surname} d.surname_id",
    }
    with clinic.read() as session:
        return {
            name: sorted(str([str(value) for value in row]) for row in session.execute(text(sql)))
            for name, sql in questions.items()
        }


def dictionary_is_right(clinic: Clinic) -> None:
    """Hold the surname dictionary against the cards it counts."""
    with clinic.read() as session:
        counted = {row[0]: row[1] for row in session.execute(text("SELECT name, people FROM surname"))}
        cards = {
            row[0]: row[1]
            for row in session.execute(text("SELECT last_key, count(*) FROM patient GROUP BY last_key"))
        }
    assert counted == cards
