"""An import that is cut short (killed, its file changed or gone) goes on where it was, and ends the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from registrar_tui.bulk import patients
from registrar_tui.bulk.job import Progress
from registrar_tui.errors import Refusal, UsageError
from registrar_tui.models import ImportBatch
from tests.integration.bases import Clinic
from tests.integration.broken_rows import spoiled
from tests.integration.import_bench import codes_in, services, state
from tests.integration.import_process import importing, without_people

ROWS = 2500
"""So many that a process is still at work when it is killed after its first hundred."""
FEW = 1000
"""Several batches into a living base."""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "люди.csv"
    file.write_bytes(spoiled(ROWS, seed=4).content)
    return file


@pytest.fixture
def short_table(tmp_path: Path) -> Path:
    file = tmp_path / "люди.csv"
    file.write_bytes(spoiled(FEW, seed=4).content)
    return file


@pytest.fixture
def uninterrupted(tiny_file: Path, tmp_path: Path) -> Clinic:
    """Return a clinic of its own to import into without a break."""
    place = tmp_path / "other"
    place.mkdir()
    shutil.copyfile(tiny_file, place / "clinic.db")
    return Clinic(str(place / "clinic.db"), place)


@pytest.mark.parametrize("empty", [False, True])
def test_killed_half_way_and_run_again(
    clinic: Clinic, uninterrupted: Clinic, table: Path, empty: bool
) -> None:
    if empty:
        without_people(clinic, uninterrupted)
    codes = list(spoiled(ROWS, seed=4).codes)
    before = state(clinic)
    with importing(clinic, table, "finishing" if empty else "rows"):
        pass
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


def shortened(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def replaced(file: Path) -> None:
    other = file.with_suffix(".new")
    other.write_bytes(file.read_bytes()[::-1])
    other.replace(file)


SPOILT = [
    (changed, "file_changed"),
    (shortened, "file_changed"),
    (replaced, "file_changed"),
    (removed, "file_gone"),
]


def spoiling(table: Path, spoil: Callable[[Path], None]) -> Callable[[Progress], None]:
    """Return a report that spoils the file when the first rows are in."""
    content = table.read_bytes()

    def report(progress: Progress) -> None:
        if table.exists() and table.read_bytes() == content:
            spoil(table)

    return report


@pytest.mark.parametrize(("spoil", "code"), SPOILT)
def test_a_file_that_changes_while_it_is_read(
    clinic: Clinic, short_table: Path, spoil: Callable[[Path], None], code: str
) -> None:
    content = short_table.read_bytes()
    bulk = services(clinic)
    with pytest.raises(UsageError) as told:
        bulk.import_patients(short_table, report=spoiling(short_table, spoil))
    assert told.value.code == code and "\n" not in told.value.message
    assert not list(short_table.parent.glob(".*.tmp")), "nothing half written stays"
    short_table.write_bytes(content)
    done = bulk.import_patients(short_table)
    assert done["added"] + done["updated"] == FEW


@pytest.mark.parametrize(("spoil", "code"), [(shortened, "file_changed"), (removed, "file_gone")])
def test_a_file_that_changes_on_its_way_into_an_empty_base(
    clinic: Clinic,
    uninterrupted: Clinic,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[Path], None],
    code: str,
) -> None:
    """The one transaction is taken back; the same file again gives what an import without a break does."""
    monkeypatch.setattr(patients, "STRETCH", FEW)
    table = tmp_path / "много.csv"
    content = spoiled(2 * FEW, seed=5).content
    table.write_bytes(content)
    without_people(clinic, uninterrupted)
    before = state(clinic)
    with pytest.raises(UsageError) as told:
        services(clinic).import_patients(table, report=spoiling(table, spoil))
    assert told.value.code == code and "\n" not in told.value.message
    assert state(clinic) == before
    table.write_bytes(content)
    expected = services(uninterrupted).import_patients(table)
    assert services(clinic).import_patients(table) == expected
    assert state(clinic) == state(uninterrupted)
    uninterrupted.close()


@pytest.mark.parametrize(("spoil", "code"), SPOILT)
def test_a_file_that_changes_during_a_rehearsal(
    clinic: Clinic, table: Path, spoil: Callable[[Path], None], code: str
) -> None:
    before = state(clinic)
    rejects = table.with_name("rejects.csv")
    with pytest.raises(UsageError) as told:
        services(clinic).import_patients(table, dry_run=True, rejects=rejects, report=spoiling(table, spoil))
    assert told.value.code == code and state(clinic) == before
    assert not rejects.exists() and not list(table.parent.glob(".*.tmp"))


def test_a_workbook_that_changes_while_it_is_read(clinic: Clinic, tmp_path: Path) -> None:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    table = tmp_path / "люди.xlsx"
    book = Workbook(str(table))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ("Фамилия", "Имя", "Дата рождения", "Пол"))
    for row in range(1, ROWS + 1):
        sheet.write_row(row, 0, ("Новиков", "Олег", f"{row % 28 + 1:02d}.01.{1930 + row % 90}", "м"))
    book.close()
    content = table.read_bytes()
    bulk = services(clinic)
    with pytest.raises(UsageError) as told:
        bulk.import_patients(table, report=spoiling(table, shortened))
    assert told.value.code == "file_changed"
    table.write_bytes(content)
    assert bulk.import_patients(table)["read"] == ROWS


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_folder_and_what_is_not_there(sqlite_clinic: Clinic, tmp_path: Path, dry_run: bool) -> None:
    os.mkfifo(tmp_path / "pipe")
    bulk = services(sqlite_clinic)
    for name, code in ((".", "folder"), ("нет.csv", "no_file"), ("pipe", "usage")):
        for into in (bulk.import_patients, bulk.import_doctors, bulk.import_visits):
            with pytest.raises(UsageError) as told:
                into(tmp_path / name, dry_run=dry_run)
            assert told.value.code == code and "\n" not in told.value.message
    with sqlite_clinic.read() as session:
        assert session.execute(select(ImportBatch)).first() is None, "nothing was begun"


def test_two_processes_import_one_file(clinic: Clinic, short_table: Path) -> None:
    """The second takes the import over; whoever is behind then stops with one line, and no row is lost."""
    second: list[dict[str, object]] = []

    def report(progress: Progress) -> None:
        if not second:
            second.append({})
            second[0] = services(clinic, "другая загрузка").import_patients(short_table)

    with pytest.raises(Refusal) as told:
        services(clinic).import_patients(short_table, report=report)
    assert told.value.code == "import_running"
    assert int(str(second[0]["added"])) + int(str(second[0]["updated"])) == FEW
