"""Five rows in a hundred broken in every way: each comes back with its code, every other one goes in."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from registrar_tui import bootstrap
from registrar_tui.bulk.checking import check_file
from registrar_tui.clock import FixedClock
from registrar_tui.exchange.reading import opened, table_of
from registrar_tui.models import Patient
from tests.integration import tiny_clinic
from tests.integration.bases import Clinic
from tests.integration.broken_rows import HEADER, KINDS, TODAY, Form, spoiled
from tests.integration.import_bench import codes_in, services, settings

FORMS = [
    Form(encoding, delimiter, newline)
    for encoding in ("utf-8", "utf-8-sig", "cp1251", "cp866")
    for delimiter, newline in ((";", "\r\n"), (",", "\n"), ("\t", "\r"))
]


@pytest.mark.parametrize(
    "form", FORMS, ids=lambda form: f"{form.encoding} {form.delimiter!r} {form.newline!r}"
)
def test_every_broken_row_is_told_and_no_other(form: Form, tmp_path: Path) -> None:
    table = spoiled(150, form=form)
    file = tmp_path / "люди.csv"
    file.write_bytes(table.content)
    rejects = tmp_path / "отклонены.csv"
    checked = check_file(file, today=TODAY, rejects=rejects)
    assert len(table.codes) >= 30 and set(table.codes) == {code for code, _ in KINDS.values()}
    assert codes_in(rejects) == list(table.codes)
    assert checked["read"] == 150 + len(table.codes)
    assert [problem["code"] for problem in checked["problems"]] == list(table.codes)
    assert not checked["ok"]


def test_every_good_row_goes_in(clinic: Clinic, tmp_path: Path) -> None:
    table = spoiled(400, seed=3)
    file = tmp_path / "люди.csv"
    file.write_bytes(table.content)
    done = services(clinic).import_patients(file)
    assert done["read"] == 400 + len(table.codes)
    assert done["added"] + done["updated"] == 400
    assert done["rejected"] == len(table.codes)
    assert done["rejects_file"] == str(tmp_path / "люди-rejects.csv")
    assert codes_in(Path(done["rejects_file"])) == list(table.codes)
    with clinic.read() as session:
        stored = set(session.execute(select(col(Patient.last_name))).scalars())
    assert set(table.good) <= stored


def test_an_empty_base_gets_the_same_as_a_living_one(store_url: str, tmp_path: Path) -> None:
    table = spoiled(400, seed=3)
    file = tmp_path / "люди.csv"
    file.write_bytes(table.content)
    config = settings(store_url, tmp_path)
    bootstrap.create(config, demo=True, patients=0, doctors=1, days=1, today=TODAY)
    bulk = bootstrap.build_bulk(config, clock=FixedClock(tiny_clinic.MORNING))
    done = bulk.import_patients(file)
    assert (done["added"] + done["updated"], done["rejected"]) == (400, len(table.codes))
    assert codes_in(Path(done["rejects_file"])) == list(table.codes)
    bulk.close()


def test_rejects_mended_go_in(clinic: Clinic, tmp_path: Path) -> None:
    file = tmp_path / "люди.csv"
    file.write_text(
        "Фамилия;Имя;Дата рождения;Пол;Прочее\nОрлов;Пётр;31.02.1990;м;заметка\n", encoding="cp1251"
    )
    bulk = services(clinic)
    rejects = Path(bulk.import_patients(file)["rejects_file"])
    text = rejects.read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == "Фамилия;Имя;Дата рождения;Пол;Прочее;error_code;error_field;error_message"
    assert "заметка" in text
    rejects.write_text(text.replace("31.02", "28.02"), encoding="utf-8-sig")
    done = bulk.import_patients(rejects)
    assert (done["added"], done["rejected"], done["rejects_file"]) == (1, 0, None)


def test_rejects_of_rejects_have_one_set_of_reasons(clinic: Clinic, tmp_path: Path) -> None:
    file = tmp_path / "люди.csv"
    file.write_text("Фамилия;Имя;Дата рождения;Пол\nОрлов;Пётр;31.02.1990;м\n", encoding="utf-8")
    bulk = services(clinic)
    first = Path(bulk.import_patients(file)["rejects_file"])
    second = Path(bulk.import_patients(first)["rejects_file"])
    assert second != first
    assert second.read_text(encoding="utf-8-sig").splitlines()[0].count("error_code") == 1
    with opened(second) as source:
        assert table_of(source).header[:4] == list(HEADER[:2] + HEADER[3:5])
