"""A working base: the demo clinic around today without its demo operator, with keys and staff of its own."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from registrar_tui import bootstrap
from registrar_tui.config import Config
from registrar_tui.storage.key_files import create_keys
from tests.cli.end_to_end.demo_base import Clinic
from tests.cli.harness import Answer, Registrar

STAFF = {"boss": "administrator", "anna": "registrar", "vera": "senior", "oleg": "auditor"}
DAY_AFTER = (date.today() + timedelta(days=2)).isoformat()


def password_of(login: str) -> str:
    """Return the password the staff begin with."""
    return f"{login}-длинный-пароль"


def run(*arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[bytes]:
    """Run one command in a fresh process."""
    return subprocess.run(
        [sys.executable, "-m", "registrar_tui", *arguments],
        env={**os.environ, **settings},
        input=stdin.encode(),
        capture_output=True,
        timeout=300,
    )


def build(folder: Path) -> Path:
    """Create the base and its staff; nothing has it open afterwards."""
    base = folder / "clinic.db"
    config = Config(
        database=str(base),
        desk="окно 1",
        operator=None,
        tickets=folder / "tickets",
        keys=folder / "clinic-keys",
        token_file=folder / "token",
    )
    bootstrap.create(config, demo=True, patients=60, days=5, today=date.today())
    change(base, "UPDATE setting SET value = '0' WHERE key = 'demo'", "DELETE FROM operator")
    create_keys(config.keys)
    bootstrap.first_administrator(config, "boss", "", password_of("boss"))
    token = bootstrap.sign_in(config, "boss", password_of("boss"))
    with closing(bootstrap.build_office(config, token=token)) as office:
        for login, role in STAFF.items():
            if login != "boss":
                office.add_operator(login, "", role, password_of(login))
    change(base, "UPDATE operator SET must_change = 0", *_cheap_passwords())
    assert not base.with_name("clinic.db-wal").exists()
    return base


def _cheap_passwords() -> Iterator[str]:
    """Store the same passwords at the smallest costs: a sign-in reads the costs there, and saves 150 ms."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    for login in STAFF:
        stored = hasher.hash(password_of(login))
        yield f"UPDATE operator SET password_hash = '{stored}' WHERE login = '{login}'"


def copy(base: Path, folder: Path) -> Path:
    """Copy a base and its keys."""
    shutil.copytree(base.with_name("clinic-keys"), folder / "clinic-keys")
    return Path(shutil.copy(base, folder / "clinic.db"))


def change(base: Path, *statements: str) -> None:
    """Change a base that nobody has open, as somebody with the file would."""
    with closing(sqlite3.connect(base)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@dataclass(frozen=True)
class RealBase:
    """The commands of one working base."""

    path: Path
    registrar: Registrar
    typed_in: Callable[[str | bytes], None]

    def __call__(self, *arguments: str) -> Answer:
        return self.registrar("--json", *arguments)

    def login(self, login: str, password: str | None = None) -> Answer:
        """Sign in by stdin."""
        self.typed_in(password or password_of(login))
        return self("operator", "login", login, "--password-stdin")

    def becomes(self, login: str) -> Clinic:
        """Sign in and return the commands."""
        answer = self.login(login)
        assert answer.code == 0, answer.err
        return Clinic(self.registrar)

    def free_slot(self, patient: int) -> int:
        """Return a slot of the day after tomorrow that this patient may be booked on."""
        rows = self(
            "slot",
            "list",
            "--specialty",
            "терапевт",
            "--from",
            DAY_AFTER,
            "--free",
            "--patient",
            str(patient),
        )
        assert rows.code == 0, rows.err
        return int(rows.json[0]["id"])

    def somebody(self) -> int:
        """Return a grown-up without a visit on that day, so that only the rule under test can refuse."""
        wanted = (
            "SELECT min(id) FROM patient WHERE birth_date < '2000-01-01' "
            "AND id NOT IN (SELECT patient_id FROM visit WHERE date(starts_at) = ?)"
        )
        with closing(sqlite3.connect(self.path)) as connection:
            return int(connection.execute(wanted, (DAY_AFTER,)).fetchone()[0])

    def everybody(self) -> dict[int, dict[str, Any]]:
        """Return what `find` tells of most people, by id."""
        answers = [self("find", letter, "--limit", "60") for letter in "абвгкмнпрс"]
        return {row["id"]: row for answer in answers for row in answer.json}
