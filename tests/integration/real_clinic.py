"""The tiny clinic as a working one: no demo operator, keys in files, people who sign in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from argon2 import PasswordHasher
from sqlalchemy import delete, select, update
from sqlmodel import col

from registrar_tui import bootstrap
from registrar_tui.config import Config
from registrar_tui.desk_services import DeskServices
from registrar_tui.models import AuditEntry, Operator, Setting
from registrar_tui.office_services import OfficeServices
from registrar_tui.storage.key_files import create_keys
from tests.integration.bases import Clinic

STAFF = {"reg": "registrar", "sen": "senior", "adm": "administrator", "aud": "auditor"}
"""Logins of the staff with their roles."""


class CheapHasher:
    """Argon2 with the smallest costs, that counts what it was asked for."""

    def __init__(self) -> None:
        self._real = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self.time_cost, self.memory_cost, self.parallelism = 1, 8, 1
        self.salt_len, self.hash_len = self._real.salt_len, self._real.hash_len
        self.hashed = self.verified = 0

    def hash(self, password: str) -> str:
        self.hashed += 1
        return self._real.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        self.verified += 1
        return self._real.verify(stored, password)


def password_of(login: str) -> str:
    """Return the password that the staff begin with."""
    return f"{login}-пароль-1"


class RealClinic:
    """A base where everybody signs in; its clock is that of the tiny clinic."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.clock = clinic.clock
        clinic.write(lambda session: session.execute(delete(Operator)))
        clinic.write(
            lambda session: session.execute(
                update(Setting).where(col(Setting.key) == "demo").values(value="0")
            )
        )
        create_keys(self.config().keys)
        self._opened: list[DeskServices | OfficeServices] = []

    def config(self, desk: str = "окно 1", *, operator: str | None = None) -> Config:
        """Return the settings of one desk."""
        folder = self.clinic.folder
        return Config(
            database=self.clinic.database,
            desk=desk,
            operator=operator,
            tickets=folder / "tickets",
            keys=folder / "keys",
            token_file=folder / "session.token",
        )

    def first(self, login: str = "adm") -> dict[str, Any]:
        """Make the first administrator."""
        return bootstrap.first_administrator(self.config(), login, "", password_of(login))

    def staffed(self) -> RealClinic:
        """Make one operator of each role, each with a password of their own."""
        self.first()
        office = self.office("adm")
        for login, role in STAFF.items():
            if login != "adm":
                office.add_operator(login, "", role, password_of(login))
        self.settle()
        return self

    def settle(self) -> None:
        """Let everybody have changed the password they were given."""
        self.clinic.write(lambda session: session.execute(update(Operator).values(must_change=False)))

    def sign_in(self, login: str, password: str | None = None, *, desk: str = "окно 1") -> str:
        """Sign in from nothing, as after a restart; returns the token."""
        return bootstrap.sign_in(self.config(desk), login, password or password_of(login), clock=self.clock)

    def desk(self, login: str, *, desk: str = "окно 1") -> DeskServices:
        """Sign in and return the use-cases of the desk."""
        return self.desk_of(self.sign_in(login, desk=desk), desk=desk)

    def desk_of(self, token: str, *, desk: str = "окно 1") -> DeskServices:
        """Return the use-cases of the desk for a token."""
        services = bootstrap.build(self.config(desk), clock=self.clock, token=token)
        self._opened.append(services)
        return services

    def office(self, login: str, *, desk: str = "окно 1") -> OfficeServices:
        """Sign in and return the use-cases of the administrator and the auditor."""
        return self.office_of(self.sign_in(login, desk=desk), desk=desk)

    def office_of(self, token: str, *, desk: str = "окно 1") -> OfficeServices:
        """Return the use-cases of the administrator and the auditor for a token."""
        services = bootstrap.build_office(self.config(desk), clock=self.clock, token=token)
        self._opened.append(services)
        return services

    def entries(self) -> list[dict[str, Any]]:
        """Return the rows of the journal themselves, in order of writing."""
        table = AuditEntry.metadata.tables["audit_entry"]
        with self.clinic.read() as session:
            statement = select(table).order_by(table.c.id)
            return [dict(row) for row in session.connection().execute(statement).mappings()]

    def actions(self) -> list[str]:
        """Return what the journal says was done, in order of writing."""
        return [entry["action"] for entry in self.entries()]

    @contextmanager
    def written(self) -> Iterator[list[dict[str, Any]]]:
        """Yield a list that holds, after the block, the entries the block has caused."""
        before = len(self.entries())
        new: list[dict[str, Any]] = []
        yield new
        new.extend(self.entries()[before:])

    def close(self) -> None:
        """Give every connection back."""
        for services in self._opened:
            services.close()
