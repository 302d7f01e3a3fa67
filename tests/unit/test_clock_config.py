"""The only source of now, column types that refuse the wrong kind of time, and where settings come from."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError

from registrar_tui import config
from registrar_tui.clock import (
    FixedClock,
    ShiftedClock,
    SystemClock,
    clock_for,
    to_utc,
    today,
    wall_now,
)
from registrar_tui.config import Config, is_url, load_config
from registrar_tui.errors import NotAllowed, UsageError
from registrar_tui.models.columns import UtcInstant, WallClock

MOSCOW = "Europe/Moscow"
INSTANT = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("REGISTRAR_")]:
        monkeypatch.delenv(name)


# --- the clock


def test_without_the_variable_the_machine_tells_the_time() -> None:
    for demo in (True, False):
        clock = clock_for(demo=demo, zone=MOSCOW)
        assert isinstance(clock, SystemClock)
        before = datetime.now(UTC)
        assert before <= clock.utc() <= datetime.now(UTC)


def test_on_a_demo_base_the_variable_sets_the_branchs_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRAR_NOW", "2026-11-23T08:00")
    started = time.monotonic()
    clock = clock_for(demo=True, zone=MOSCOW)
    assert isinstance(clock, ShiftedClock)
    first = clock.utc()
    assert INSTANT <= first <= INSTANT + timedelta(seconds=time.monotonic() - started)
    shown = wall_now(clock, "Asia/Vladivostok")
    assert timedelta(0) <= shown - datetime(2026, 11, 23, 15) < timedelta(hours=1)
    time.sleep(0.001)
    assert clock.utc() > first, "it runs on"


def test_on_any_other_base_the_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRAR_NOW", "2026-11-23T08:00")
    with pytest.raises(NotAllowed) as refused:
        clock_for(demo=False, zone=MOSCOW)
    assert refused.value.exit_code == 5
    monkeypatch.setenv("REGISTRAR_NOW", "nonsense")
    with pytest.raises(NotAllowed):
        clock_for(demo=False, zone=MOSCOW)


@pytest.mark.parametrize(
    "text",
    [
        "завтра",
        "2026-11-23T25:00",
        "2026-02-30T08:00",
        "2026-11-23T08:00+03:00",
        "2026-11-23T08:00Z",
        "08:00",
    ],
)
def test_a_malformed_or_zoned_time_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("REGISTRAR_NOW", text)
    with pytest.raises(UsageError) as refused:
        clock_for(demo=True, zone=MOSCOW)
    assert refused.value.exit_code == 2 and refused.value.field == "REGISTRAR_NOW"
    assert "2026-11-23T08:00" in refused.value.message, "the form is shown"


def test_a_fixed_clock_moves_only_by_hand() -> None:
    clock = FixedClock(datetime(2026, 11, 23, 23, 30, tzinfo=timezone(timedelta(hours=3))))
    assert clock.utc() == clock.utc() == datetime(2026, 11, 23, 20, 30, tzinfo=UTC)
    assert today(clock, MOSCOW) == date(2026, 11, 23)
    clock.advance(timedelta(minutes=30))
    assert today(clock, MOSCOW) == date(2026, 11, 24) and today(clock, "UTC") == date(2026, 11, 23)


def test_wall_time_to_instant_and_back() -> None:
    assert to_utc(datetime(2026, 11, 23, 8, 0), MOSCOW) == INSTANT
    assert wall_now(FixedClock(INSTANT), MOSCOW) == datetime(2026, 11, 23, 8, 0)
    with pytest.raises(ValueError, match="no zone"):
        to_utc(INSTANT, MOSCOW)


# --- columns


_METADATA = MetaData()
_TIMES = Table(
    "times",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("wall", WallClock),
    Column("at", UtcInstant),
)


def kept(column: str, value: datetime | None) -> object:
    engine = create_engine("sqlite://")
    _METADATA.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(_TIMES).values({column: value}))
        found = connection.execute(select(_TIMES.c[column])).scalar_one()
    engine.dispose()
    return found


def test_a_wall_clock_column_takes_naive_values_only() -> None:
    wall = datetime(2026, 11, 23, 8, 0)
    assert kept("wall", wall) == wall
    assert kept("wall", None) is None
    for aware in (INSTANT, wall.replace(tzinfo=timezone(timedelta(hours=3)))):
        with pytest.raises((StatementError, ValueError), match="naive"):
            kept("wall", aware)


def test_an_instant_column_takes_aware_values_only() -> None:
    assert kept("at", INSTANT) == INSTANT
    assert kept("at", datetime(2026, 11, 23, 8, 0, tzinfo=timezone(timedelta(hours=3)))) == INSTANT
    assert kept("at", None) is None
    with pytest.raises((StatementError, ValueError), match="aware"):
        kept("at", datetime(2026, 11, 23, 8, 0))


# --- settings


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(config, "data_folder", lambda: tmp_path / "data")
    return tmp_path


def settings_file(folder: Path, text: str) -> Path:
    file = folder / "registrar.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_defaults_stand_in_the_users_data_folder(folder: Path) -> None:
    found = load_config()
    assert found.database == str(folder / "data" / "registrar.db")
    assert load_config(demo=True).database == str(folder / "data" / "demo.db")
    assert found.tickets == folder / "data" / "registrar-tickets"
    assert found.keys == folder / "data" / "registrar-keys"
    assert (found.operator, found.branch, found.printer) == (None, None, None)
    assert not (folder / "data").exists(), "asking for settings creates nothing"


def test_the_command_line_wins_over_the_environment_over_the_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = settings_file(
        folder,
        'db = "file.db"\noperator = "from-file"\nbranch = 3\nprinter = "p-file"\ntickets = "/t/file"\n',
    )
    found = load_config(file=file)
    assert (found.database, found.operator, found.branch, found.printer) == (
        "file.db",
        "from-file",
        3,
        "p-file",
    )
    assert found.tickets == Path("/t/file")
    for name, value in {
        "REGISTRAR_DB": "env.db",
        "REGISTRAR_OPERATOR": "from-env",
        "REGISTRAR_BRANCH": "2",
        "REGISTRAR_PRINTER": "p-env",
        "REGISTRAR_TICKETS": "/t/env",
    }.items():
        monkeypatch.setenv(name, value)
    found = load_config(file=file)
    assert (found.database, found.operator, found.branch, found.printer) == ("env.db", "from-env", 2, "p-env")
    assert found.tickets == Path("/t/env")
    found = load_config(file=file, database="given.db", operator="given", demo=True)
    assert (found.database, found.operator) == ("given.db", "given")


def test_the_file_may_be_named_by_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRAR_CONFIG", str(settings_file(folder, 'db = "named.db"\n')))
    assert load_config().database == "named.db"
    other = folder / "other.toml"
    other.write_text('db = "other.db"\n', encoding="utf-8")
    assert load_config(file=other).database == "other.db"


@pytest.mark.parametrize("content", [b"db = ", b"\xff\xfe", b"= 1", b'db = "a"\ndb = "b"'])
def test_an_unreadable_settings_file_is_a_usage_error(folder: Path, content: bytes) -> None:
    file = folder / "registrar.toml"
    file.write_bytes(content)
    with pytest.raises(UsageError) as refused:
        load_config(file=file)
    assert (refused.value.field, refused.value.exit_code) == ("config", 2)


def test_a_missing_settings_file_is_a_usage_error(folder: Path) -> None:
    for file in (folder / "nothing.toml", folder):
        with pytest.raises(UsageError):
            load_config(file=file)


@pytest.mark.parametrize("text", ["one", "-1", "1.5", "²", "1 2"])
def test_a_branch_is_a_number(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("REGISTRAR_BRANCH", text)
    with pytest.raises(UsageError) as refused:
        load_config(database="x.db")
    assert refused.value.field == "branch"


def test_a_desk_names_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "@" in load_config(database="x.db").desk
    monkeypatch.setenv("REGISTRAR_DESK", "окно " + "1" * 100)
    assert load_config(database="x.db").desk == ("окно " + "1" * 100)[:64]


def test_a_url_is_no_path(folder: Path) -> None:
    url = "postgresql://clinic@host/db"
    assert is_url(url) and not is_url("/var/lib/registrar.db") and not is_url("C:\\base.db")
    found: Config = load_config(database=url)
    assert found.keys == folder / "data" / "keys" and found.tickets == folder / "data" / "tickets"
