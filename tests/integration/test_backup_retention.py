"""Which backups stay: a table of moments, and the newest good one whatever its age."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registrar_tui.storage import retention
from registrar_tui.storage.manifest import manifest_file
from registrar_tui.storage.retention import Copy, copies_in, name_for, prune, superseded

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MONTH_ENDS = (54, 84, 115, 146, 176, 207, 237, 268, 296, 327)
"""Days from the last ones of September, August … December of the year before to that day."""


def copies(*ages: timedelta, label: str = "") -> list[Copy]:
    return [Copy(Path(f"{number}{label}.db"), NOW - age, label) for number, age in enumerate(ages)]


def kept_ages(found: list[Copy]) -> list[timedelta]:
    gone = {copy.file for copy in superseded(found)}
    return [NOW - copy.at for copy in found if copy.file not in gone]


def hours(*numbers: float) -> list[timedelta]:
    return [timedelta(hours=number) for number in numbers]


@pytest.mark.parametrize(
    ("ages", "kept"),
    [
        ([], []),
        (hours(0), hours(0)),
        (hours(0, 0.2, 0.9), hours(0, 0.2, 0.9)),  # the last hour stays whole
        (hours(0, 1.2, 1.4, 1.6), hours(0, 1.2)),  # then one an hour, the newest of it
        (hours(*range(1, 60)), hours(*range(1, 25), 37)),  # 24 hours, then one a day
        (hours(*range(0, 24 * 400, 24)), hours(*range(0, 24 * 30, 24), *(24 * n for n in MONTH_ENDS))),
    ],
)
def test_the_policy(ages: list[timedelta], kept: list[timedelta]) -> None:
    assert kept_ages(copies(*ages)) == kept


def test_copies_made_before_something_are_counted_apart() -> None:
    ordinary = copies(*hours(0, 1.2, 1.4))
    labelled = copies(*hours(*range(2, 20)), label="-before-restore")
    gone = superseded([*ordinary, *labelled])
    assert gone == [ordinary[2], *labelled[retention.LABELLED :]]


def test_an_hourly_year_keeps_at_most_the_promised_number() -> None:
    found = copies(*hours(*range(24 * 365)))
    assert len(kept_ages(found)) <= retention.HOURLY + retention.DAILY + retention.MONTHLY


def made(folder: Path, age: timedelta, stem: str = "registrar") -> Path:
    file = folder / name_for(stem, NOW - age, "0004")
    file.touch()
    manifest_file(file).touch()
    return file


def test_the_newest_good_backup_is_never_removed(tmp_path: Path) -> None:
    bad = [made(tmp_path, timedelta(hours=age)) for age in (2, 3.2)]
    good = made(tmp_path, timedelta(hours=3.4))  # the policy alone would take it: its hour has a newer one
    older = made(tmp_path, timedelta(hours=3.6))
    foreign = tmp_path / "notes.txt"
    foreign.touch()
    other_base = made(tmp_path, timedelta(hours=2.5), stem="other")
    gone = prune(tmp_path, "registrar", lambda file: file not in bad)
    assert gone == [older]
    assert {*bad, good, foreign, other_base} <= set(tmp_path.iterdir())
    assert not manifest_file(older).exists()


def test_names_are_read_back(tmp_path: Path) -> None:
    file = tmp_path / name_for("my-base", NOW, "0004", "before-restore")
    second = tmp_path / f"{file.stem}-2.db"
    for entry in (file, second, tmp_path / "my-base-20261123T120000Z-0004.db.json", tmp_path / ".x.part"):
        entry.touch()
    found = copies_in(tmp_path, "my-base")
    assert [copy.file for copy in found] == [file, second] or [copy.file for copy in found] == [second, file]
    assert {copy.at for copy in found} == {NOW} and {copy.label for copy in found} == {"-before-restore"}
