"""The surname dictionary that a first import writes at once is that of one name after another."""

from __future__ import annotations

from sqlalchemy import text
from sqlmodel import Session

from registrar_tui.services.imports import surnames
from registrar_tui.services.surname_index import LONGEST, deletions, trigrams
from registrar_tui.storage.bulk_write import BulkWriter
from tests.integration.bases import Clinic

NAMES = (
    *("ю", "ли", "оо", "ким", "ааа", "оооо", "иванов", "аннаанна", "шшшшшш", "ван-дер-вейд"),
    *("б" * LONGEST, "бв" * (LONGEST // 2), "г" * (LONGEST + 1), "гд" * LONGEST),
)


def test_a_whole_dictionary(clinic: Clinic) -> None:
    def work(session: Session) -> None:
        for table in ("surname_deletion", "surname_trigram", "surname"):
            session.execute(text(f"DELETE FROM {table}"))
        surnames.write_all(session, BulkWriter(session), dict.fromkeys(("", *NAMES), 2))

    clinic.write(work)
    with clinic.read() as session:
        names = {
            row[0]: (row[1], row[2]) for row in session.execute(text("SELECT id, name, people FROM surname"))
        }
        for table, key, keys_of in (
            ("surname_deletion", "deletion", deletions),
            ("surname_trigram", "trigram", trigrams),
        ):
            found = session.execute(text(f"SELECT surname_id, {key} FROM {table}")).all()
            wanted = [(number, form) for number, (name, _) in names.items() for form in keys_of(name)]
            assert sorted(map(tuple, found)) == sorted(wanted)
    assert sorted(names.values()) == sorted((name, 2) for name in NAMES)
