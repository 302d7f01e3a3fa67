"""Settings, bases and rules: what the commands around the main job ask of the core."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from registrar_tui.errors import StoreUnavailable
from registrar_tui.services.founding import NewClinic
from tests.cli.fake_services import FakeServices
from tests.cli.harness import FakeBootstrap, Registrar, typed


def test_rule_list(registrar: Registrar, core: FakeBootstrap) -> None:
    assert registrar("rule", "list", "--json").json == core.rules(core.built[0])
    lines = registrar("rule", "list").out.splitlines()
    assert [cell.strip() for cell in lines[1].split("\t")] == [
        "duplicate_visit",
        "Один приём у специалиста в день",
        "никто",
        "days=1",
        "правило клиники",
    ]


def test_db_upgrade(registrar: Registrar, core: FakeBootstrap) -> None:
    assert registrar("db", "upgrade", "--db", "x.db", "--json").json == {"revision": "0002"}
    assert core.built[0].database == "x.db"


def test_the_base_is_closed_whatever_happens(registrar: Registrar, clinic: FakeServices) -> None:
    registrar("find", "ива")
    registrar("visit", "show", "5")
    registrar("ticket", "verify", "x")
    clinic.failure = KeyError("x")
    registrar("find", "ива")
    assert clinic.closed == 4


def test_settings_reach_the_core(registrar: Registrar, core: FakeBootstrap, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('operator = "boris"\ndb = "from-file.db"\n', encoding="utf-8")
    registrar("find", "--db", "x.db", "ива", "--operator", "anna")
    registrar("find", "ива", "--config", str(file))
    registrar("find", "ива")
    first, second, third = core.built
    assert (first.database, first.operator) == ("x.db", "anna")
    assert (second.database, second.operator) == ("from-file.db", "boris")
    assert third.database.endswith("registrar.db")


def test_bad_settings_file(registrar: Registrar, core: FakeBootstrap, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("это не toml", encoding="utf-8")
    for name in ("bad.toml", "absent.toml"):
        answer = registrar("find", "ива", "--config", name, "--json")
        assert answer.code == 2
        assert answer.error["field"] == "config"


def test_unreachable_base(registrar: Registrar, core: FakeBootstrap) -> None:
    core.failure = StoreUnavailable("База не найдена: registrar init.", code="no_database")
    answer = registrar("find", "ива", "--json")
    assert answer.code == 4
    assert answer.error["code"] == "no_database"


def test_init(registrar: Registrar, core: FakeBootstrap) -> None:
    answer = registrar(
        *typed("init --demo --patients 60 --doctors 4 --days 5 --today 23.11.2026 --random-seed 0 --json"),
        "--db",
        "postgresql://user:secret@host/clinic",
    )
    assert answer.json == {
        "database": "postgresql://user:***@host/clinic",
        "demo": True,
        "created": {"patients": 60, "doctors": 40},
    }
    ((config, filling),) = core.created
    assert config.database == "postgresql://user:secret@host/clinic"
    assert filling == {
        "demo": True,
        "patients": 60,
        "doctors": 4,
        "days": 5,
        "today": date(2026, 11, 23),
        "random_seed": 0,
        "progress": None,
    }
    assert "secret" not in answer.out + answer.err


def test_init_of_an_empty_base(registrar: Registrar, core: FakeBootstrap) -> None:
    assert registrar("init", "--db", "new.db").out == "База создана: new.db\n"
    assert core.created[0][1] == {"demo": False, "progress": None, "clinic": NewClinic()}
    assert core.door.first is None


def test_init_of_a_clinic_with_its_administrator(
    registrar: Registrar, core: FakeBootstrap, typed_in: Callable[[str | bytes], None]
) -> None:
    typed_in("long-enough\n")
    answer = registrar(
        *typed("init --db new.db --clinic 'Поликлиника № 5' --branch Речной --address 'ул. Речная, 8'"),
        *typed(
            "--phone '+7 495 000' --zone Asia/Omsk --admin Boss --admin-name 'Белова В.' --password-stdin"
        ),
        "--json",
    )
    assert answer.json == {
        "database": "new.db",
        "demo": False,
        "created": {"patients": 60, "doctors": 40},
    } | {"administrator": "boss"}
    clinic = NewClinic("Поликлиника № 5", "Речной", "ул. Речная, 8", "+7 495 000", "Asia/Omsk")
    assert core.created[0][1]["clinic"] == clinic
    assert core.door.first == ("boss", "Белова В.", "long-enough")
    assert "operator login boss" in answer.err


def test_init_without_an_administrator_says_how_to_add_one(registrar: Registrar, core: FakeBootstrap) -> None:
    answer = registrar("init", "--db", "new.db", "--json")
    assert answer.json["administrator"] is None
    assert "registrar operator add" in answer.err and answer.err.count("\n") == 1


@pytest.mark.parametrize("line", ["--admin b", "--admin boss"])
def test_a_wrong_administrator_leaves_no_base(
    registrar: Registrar, core: FakeBootstrap, typed_in: Callable[[str | bytes], None], line: str
) -> None:
    typed_in("short\n")
    assert registrar("init", "--db", "new.db", *line.split(), "--password-stdin").code == 2
    assert not core.created
