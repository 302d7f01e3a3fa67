"""How much of a base is what people are found by: the size of each index and of the whole."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final, NamedTuple

from sqlalchemy import text

from registrar_tui.storage.engine import run_pragma
from registrar_tui.storage.session import Store

_PEOPLE: Final = ("patient", "policy", "identity_document", "attachment", "visit")
_DICTIONARY: Final = ("surname", "surname_deletion", "surname_trigram")
_SHOWN: Final = 1e6
_POSTGRES: Final = text(
    "SELECT c.relname, coalesce(t.relname, c.relname), pg_relation_size(c.oid) FROM pg_class c"
    " LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class t ON t.oid = i.indrelid"
    " WHERE c.relkind IN ('r', 'i') AND c.relnamespace = current_schema()::regnamespace"
)
# Our driver is built without `dbstat`, Python's own has it: in a process of its own, on a file at rest.
_SQLITE: Final = """
import json, sqlite3, sys
base = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro&immutable=1", uri=True)
print(json.dumps(base.execute(
    "SELECT name, coalesce((SELECT tbl_name FROM sqlite_master m WHERE m.name = d.name), name), sum(pgsize)"
    " FROM dbstat d WHERE aggregate = 1 GROUP BY 1"
).fetchall()))
"""


class _Part(NamedTuple):
    """A table or an index, the table it belongs to, its bytes."""

    name: str
    table: str
    size: int


def print_sizes(store: Store) -> None:
    """Print megabytes: the indexes of people, the dictionary of surnames, the whole base."""
    parts = _of_postgres(store) if store.engine.dialect.name == "postgresql" else _of_sqlite(store)
    indexes = [part for part in parts if part.table in _PEOPLE and part.name != part.table]
    print("index, MB: ", end="")
    shown = sorted((part for part in indexes if part.size > _SHOWN), key=lambda part: -part.size)
    print(", ".join(f"{part.name} {part.size / 1e6:.0f}" for part in shown))
    people = sum(part.size for part in indexes)
    dictionary = sum(part.size for part in parts if part.table in _DICTIONARY)
    whole = sum(part.size for part in parts)
    print(
        f"indexes of people {people / 1e6:.0f}, dictionary {dictionary / 1e6:.0f}, base {whole / 1e6:.0f} MB"
    )


def _of_postgres(store: Store) -> list[_Part]:
    with store.read() as session:
        return [_Part(*row) for row in session.connection().execute(_POSTGRES)]


def _of_sqlite(store: Store) -> list[_Part]:
    with store.read() as session:
        file = session.connection().exec_driver_sql("PRAGMA database_list").one()[2]
    run_pragma(store.engine, "wal_checkpoint(TRUNCATE)")
    told = subprocess.run([sys.executable, "-c", _SQLITE, file], capture_output=True, text=True, check=True)
    return [_Part(*row) for row in json.loads(told.stdout)]
