"""An import that is killed with -9 at random moments and run again ends as one that was never disturbed."""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registrar_tui.errors import StoreUnavailable
from registrar_tui.models import ImportBatch
from registrar_tui.services import dto
from registrar_tui.storage import engine as engine_module
from registrar_tui.storage import patience, reading
from registrar_tui.storage.integrity import check_base
from tests.integration.bases import Clinic
from tests.integration.broken_rows import spoiled
from tests.integration.import_bench import services, state
from tests.integration.import_process import importing, without_people

ROWS = 2500
KILLS = 5
DRAFT = dto.PatientDraft(last_name="Новикова", first_name="Вера", birth_date="1990-05-12", sex="F")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "люди.csv"
    file.write_bytes(spoiled(ROWS, seed=9).content)
    return file


@pytest.fixture
def undisturbed(tiny_file: Path, tmp_path: Path) -> Iterator[Clinic]:
    """Yield a clinic of its own to import into without a break."""
    place = tmp_path / "other"
    place.mkdir()
    shutil.copyfile(tiny_file, place / "clinic.db")
    clinic = Clinic(str(place / "clinic.db"), place)
    yield clinic
    clinic.close()


def is_sound(clinic: Clinic) -> None:
    """Hold the base against everything `registrar db check` looks at: indexes, links, dictionary, keys."""
    with clinic.engine.connect() as connection:
        told = check_base(connection, lambda *_: None)
    assert told["problems"] == []


def left_off(clinic: Clinic) -> tuple[int, str] | None:
    with clinic.read() as session:
        table = ImportBatch.metadata.tables["import_batch"]
        row = session.connection().execute(table.select().order_by(table.c.id.desc())).first()
        return None if row is None else (row.rows_done, row.state)


def wait_at_most(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let a desk wait so long for a lock or an answer."""
    monkeypatch.setattr(engine_module, "BUSY_DEADLINE", seconds)
    for module in (patience, reading):
        monkeypatch.setattr(module, "ANSWER_SECONDS", seconds)


def until_let_in(work: Callable[[], object]) -> None:
    """Do something as soon as the server has noticed that the importer is dead."""
    give_up = time.monotonic() + 120
    while True:
        try:
            work()
        except StoreUnavailable as told:
            if told.code != "maintenance" or time.monotonic() > give_up:
                raise
            time.sleep(0.02)
        else:
            return


@pytest.mark.slow
@pytest.mark.parametrize("empty", [False, True], ids=["live", "empty"])
def test_killed_at_random_moments(clinic: Clinic, undisturbed: Clinic, table: Path, empty: bool) -> None:
    if empty:
        without_people(clinic, undisturbed)
    started = time.monotonic()
    whole = services(undisturbed).import_patients(table, rejects=table.with_name("whole.csv"))
    took = time.monotonic() - started
    chooser = random.Random(f"{empty} {clinic.engine.dialect.name}")
    with importing(clinic, table, "finishing" if empty else "rows"):
        pass
    seen = [left_off(clinic)]
    assert seen[0] is not None and seen[0][1] == "running", "the first kill comes in the middle for certain"
    is_sound(clinic)
    for _ in range(KILLS - 1):
        with importing(clinic, table, "begun") as process:
            try:
                process.wait(chooser.uniform(0, took))
            except subprocess.TimeoutExpired:
                process.kill()
        seen.append(left_off(clinic))
        is_sound(clinic)
    done = services(clinic).import_patients(table, rejects=table.with_name("resumed.csv"))
    if all(told is None or told[1] == "running" for told in seen):  # else a run had come to its end
        assert {**done, "rejects_file": ""} == {**whole, "rejects_file": ""}, "no row is counted twice"
    assert done["read"] == whole["read"] and done["rejected"] == whole["rejected"]
    assert state(clinic) == state(undisturbed)
    assert table.with_name("resumed.csv").read_bytes() == table.with_name("whole.csv").read_bytes()
    is_sound(clinic)


def test_a_desk_after_a_kill_without_indexes(clinic: Clinic, table: Path) -> None:
    """The indexes were dropped and the rows half in: both go with the transaction of the dead process."""
    without_people(clinic)
    with importing(clinic, table, "rows"):
        pass
    desk = clinic.desk()
    assert desk.find_patients("ив").rows == ()
    desk.register_patient(DRAFT, op_id="after-the-kill")
    assert [row.full_name for row in desk.find_patients("новик").rows] == ["Новикова Вера"]
    is_sound(clinic)


def test_a_desk_beside_an_import_into_an_empty_base(
    clinic: Clinic, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The import stands still with everything locked: the desk reads, or hears one line that says why."""
    without_people(clinic)
    server = clinic.engine.dialect.name == "postgresql"
    with importing(clinic, table, "rows"):
        desk = clinic.desk()
        assert desk.find_targets("терапевт"), "what is not about people is read as ever"
        wait_at_most(monkeypatch, 1.0)
        with pytest.raises(StoreUnavailable) as told:
            desk.register_patient(DRAFT, op_id="beside")
        assert told.value.code == ("maintenance" if server else "busy") and "\n" not in told.value.message
        if server:
            with pytest.raises(StoreUnavailable) as told:
                desk.find_patients("ив")
            assert told.value.code == "maintenance" and "\n" not in told.value.message
        else:
            assert desk.find_patients("ив").rows == ()
    wait_at_most(monkeypatch, 120.0)
    until_let_in(lambda: desk.register_patient(DRAFT, op_id="beside"))
    assert [row.full_name for row in desk.find_patients("новик").rows] == ["Новикова Вера"]
