"""An import in a process of its own that is killed with -9, and clinics without people to import into."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from tests.integration.bases import Clinic

PEOPLE = ("surname_deletion", "surname_trigram", "surname", "patient")
CHILD = """
import os, signal, sys
from pathlib import Path
from registrar_tui.clock import FixedClock
from tests.integration import tiny_clinic
from tests.integration.import_bench import settings
from registrar_tui import bootstrap
bulk = bootstrap.build_bulk(settings(sys.argv[1], Path(sys.argv[3])), clock=FixedClock(tiny_clinic.MORNING))
print("begun", flush=True)

def report(told):
    if told.stage == sys.argv[4]:
        os.kill(os.getpid(), signal.SIGSTOP)

bulk.import_patients(Path(sys.argv[2]), report=report)
"""


@contextmanager
def importing(clinic: Clinic, table: Path, until: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run an import in a process of its own; killed with -9 at the end.

    At the stage `until`, as soon as it tells of one, it stands still, however late it is looked at; where it
    has only `begun`, it works on.
    """
    words = [sys.executable, "-c", CHILD, clinic.database, str(table), str(clinic.folder), until]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == b"begun\n"
            if until != "begun":
                stands_still(process)
            yield process
        finally:
            process.kill()


def stands_still(process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has stopped itself; it fails where it ends instead."""
    found = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    assert found is not None and found.si_code == os.CLD_STOPPED, "the import has ended"


def without_people(*clinics: Clinic) -> None:
    """Leave a clinic without a card, as it is before its first import."""
    for place in clinics:
        place.write(lambda session: [session.execute(text(f"DELETE FROM {name}")) for name in PEOPLE])
