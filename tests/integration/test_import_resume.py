"""An import that is cut short (killed, its file changed or gone) goes on where it was, and ends the same."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select, text

from registrar_tui.bulk.job import Progress
from registrar_tui.errors import Refusal, UsageError
from registrar_tui.models import ImportBatch
from tests.integration.bases import Clinic
from tests.integration.broken_rows import spoiled
from tests.integration.import_bench import codes_in, services, state

ROWS = 2500
PEOPLE = ("surname_deletion", "surname_trigram", "surname", "patient")
CHILD = """
import sys
from pathlib import Path
from registrar_tui.clock import FixedClock
from tests.integration import tiny_clinic
from tests.integration.import_bench import settings
from registrar_tui import bootstrap
bulk = bootstrap.build_bulk(settings(sys.argv[1], Path(sys.argv[3])), clock=FixedClock(tiny_clinic.MORNING))
bulk.import_patients(Path(sys.argv[2]), report=lambda told: print(told.stage, told.rows, flush=True))
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "люди.csv"
    file.write_bytes(spoiled(ROWS, seed=4).content)
    return file


@pytest.fixture
def uninterrupted(tiny_file: Path, tmp_path: Path) -> Clinic:
    """Return a clinic of its own to import into without a break."""
    place = tmp_path / "other"
    place.mkdir()
    shutil.copyfile(tiny_file, place / "clinic.db")
    return Clinic(str(place / "clinic.db"), place)


def killed(clinic: Clinic, table: Path, after: str) -> None:
    """Run an import in a process of its own and kill it once it has said so."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, clinic.database, str(table), str(clinic.folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.decode().startswith(after):
            break
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()


@pytest.mark.parametrize("empty", [False, True])
def test_killed_half_way_and_run_again(
    clinic: Clinic, uninterrupted: Clinic, table: Path, empty: bool
) -> None:
    if empty:
        for place in (clinic, uninterrupted):
            place.write(lambda session: [session.execute(text(f"DELETE FROM {name}")) for name in PEOPLE])
    codes = list(spoiled(ROWS, seed=4).codes)
    before = state(clinic)
    killed(clinic, table, "finishing" if empty else "rows")
    with clinic.read() as session:
        left = session.execute(select(ImportBatch)).scalar_one()
    if empty:
        assert left.rows_done == 0 and state(clinic) == before, "one transaction: nothing is half there"
    else:
        assert 0 < left.rows_done < ROWS + len(codes)
    assert left.state == "running"
    expected = services(uninterrupted).import_patients(table, rejects=table.with_name("whole.csv"))
    done = services(clinic).import_patients(table, rejects=table.with_name("resumed.csv"))
    assert {**done, "rejects_file": ""} == {**expected, "rejects_file": ""}
    assert state(clinic) == state(uninterrupted)
    assert codes_in(table.with_name("resumed.csv")) == codes
    assert table.with_name("resumed.csv").read_bytes() == table.with_name("whole.csv").read_bytes()
    with clinic.read() as session:
        assert session.execute(select(ImportBatch.__table__.c.state)).scalars().all() == ["finished"]  # type: ignore[attr-defined]
    uninterrupted.close()


def changed(file: Path) -> None:
    with file.open("ab") as end:
        end.write("Новиков;Олег;;01.01.1990;м;;;;;\r\n".encode())


def removed(file: Path) -> None:
    file.rename(file.with_suffix(".away"))


@pytest.mark.parametrize(("spoil", "code"), [(changed, "file_changed"), (removed, "file_gone")])
def test_a_file_that_changes_while_it_is_read(clinic: Clinic, table: Path, spoil: object, code: str) -> None:
    content = table.read_bytes()

    def report(progress: Progress) -> None:
        if table.exists() and table.read_bytes() == content:
            spoil(table)  # type: ignore[operator]

    bulk = services(clinic)
    with pytest.raises(UsageError) as told:
        bulk.import_patients(table, report=report)
    assert told.value.code == code and "\n" not in told.value.message
    assert not list(table.parent.glob(".*.tmp")), "nothing half written stays"
    table.write_bytes(content)
    done = bulk.import_patients(table)
    assert done["added"] + done["updated"] == ROWS


def test_two_processes_import_one_file(clinic: Clinic, table: Path) -> None:
    """The second takes the import over; whoever is behind then stops with one line, and no row is lost."""
    second: list[dict[str, object]] = []

    def report(progress: Progress) -> None:
        if not second:
            second.append({})
            second[0] = services(clinic, "другая загрузка").import_patients(table)

    with pytest.raises(Refusal) as told:
        services(clinic).import_patients(table, report=report)
    assert told.value.code == "import_running"
    assert int(str(second[0]["added"])) + int(str(second[0]["updated"])) == ROWS
