"""Which backups are kept: the last hour's, and the newest of each of 24 hours, 30 days and 12 months."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from registrar_tui.storage.files import discard
from registrar_tui.storage.manifest import manifest_file

HOURLY, DAILY, MONTHLY = 24, 30, 12
LABELLED = 12  # copies made before a restore or a migration: counted apart, or an hour would take them
YOUNG = timedelta(hours=1)
_WHEN = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(
    r"(?P<stem>.+)-(?P<when>\d{8}T\d{6}Z)-(?P<revision>\w+?)(?P<label>-before-\w+)?(-\d+)?\.db"
)
_BUCKETS: Sequence[tuple[int, str]] = ((HOURLY, "%Y%m%d%H"), (DAILY, "%Y%m%d"), (MONTHLY, "%Y%m"))


@dataclass(frozen=True, slots=True)
class Copy:
    """One backup in a folder, as its name tells it."""

    file: Path
    at: datetime
    label: str


def name_for(stem: str, at: datetime, revision: str, label: str = "") -> str:
    """Return the name of a new backup: base, UTC time, schema revision, what it was made before."""
    return f"{stem}-{at.astimezone(UTC).strftime(_WHEN)}-{revision}{'-' + label if label else ''}.db"


def copies_in(folder: Path, stem: str) -> list[Copy]:
    """Return the backups of one base in a folder, newest first; other files are not ours to touch."""
    found = []
    for file in folder.iterdir() if folder.is_dir() else ():
        match = _NAME.fullmatch(file.name)
        if match and match["stem"] == stem:
            at = datetime.strptime(match["when"], _WHEN).replace(tzinfo=UTC)
            found.append(Copy(file, at, match["label"] or ""))
    return sorted(found, key=lambda copy: (copy.at, copy.file.name), reverse=True)


def superseded(copies: Iterable[Copy]) -> list[Copy]:
    """Return the backups nobody needs any more."""
    newest_first = sorted(copies, key=lambda copy: (copy.at, copy.file.name), reverse=True)
    ordinary = [copy for copy in newest_first if not copy.label]
    labelled = [copy for copy in newest_first if copy.label]
    kept = {copy.file for copy in labelled[:LABELLED]}
    # What has just been made by hand is not taken away by the next one.
    kept |= {copy.file for copy in ordinary if ordinary[0].at - copy.at < YOUNG}
    for most, pattern in _BUCKETS:
        newest: dict[str, Copy] = {}
        for copy in ordinary:
            newest.setdefault(copy.at.strftime(pattern), copy)
        kept |= {newest[bucket].file for bucket in sorted(newest, reverse=True)[:most]}
    return [copy for copy in newest_first if copy.file not in kept]


def prune(folder: Path, stem: str, is_good: Callable[[Path], bool]) -> list[Path]:
    """Remove superseded backups and return them; the newest one that is good stays whatever its age."""
    copies = copies_in(folder, stem)
    unneeded = superseded(copies)
    if not unneeded:
        return []
    newest_good = next((copy.file for copy in copies if is_good(copy.file)), None)
    gone = [copy.file for copy in unneeded if copy.file != newest_good]
    for file in gone:
        discard(file)
        manifest_file(file).unlink(missing_ok=True)
    return gone
