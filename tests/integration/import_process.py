"""An import in a process of its own that is killed with -9, and clinics without people to import into."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from tests.integration.bases import Clinic

PEOPLE = ("surname_deletion", "surname_trigram", "surname", "patient")
CHILD = """
import sys
from pathlib import Path
from registrar_tui.clock import FixedClock
from tests.integration import tiny_clinic
from tests.integration.import_bench import settings
from registrar_tui import bootstrap
bulk = bootstrap.build_bulk(settings(sys.argv[1], Path(sys.argv[3])), clock=FixedClock(tiny_clinic.MORNING))
print("begun", flush=True)
bulk.import_patients(Path(sys.argv[2]), report=lambda told: print(told.stage, told.rows, flush=True))
"""


@contextmanager
def importing(clinic: Clinic, table: Path, until: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run an import in a process of its own that has just said `until`; killed with -9 at the end."""
    words = [sys.executable, "-c", CHILD, clinic.database, str(table), str(clinic.folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        lines = process.stdout
        reader = threading.Thread(target=lambda: [None for _ in lines])
        try:
            assert any(line.decode().startswith(until) for line in lines), "the import has ended"
            reader.start()
            yield process
        finally:
            process.kill()
            if reader.ident is not None:
                reader.join()  # before its pipe is closed


def without_people(*clinics: Clinic) -> None:
    """Leave a clinic without a card, as it is before its first import."""
    for place in clinics:
        place.write(lambda session: [session.execute(text(f"DELETE FROM {name}")) for name in PEOPLE])
