"""What the tests of the command line share: an answer, and a core that only remembers what it was asked."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from registrar_tui.config import Config
from tests.cli.fake_bulk import FakeBulk
from tests.cli.fake_office import FakeDoor, FakeOffice, row
from tests.cli.fake_services import FakeServices


def typed(line: str) -> list[str]:
    """Return the arguments of a line as a shell would."""
    return shlex.split(line)


@dataclass(frozen=True)
class Answer:
    """What one command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        error = self.json["error"]
        assert isinstance(error, dict)
        return error


Registrar = Callable[..., Answer]
Process = Callable[..., subprocess.CompletedProcess[bytes]]


@dataclass
class FakeBootstrap:
    """Stands where the core is wired; keeps what it was asked for."""

    services: FakeServices = field(default_factory=FakeServices)
    office: FakeOffice = field(default_factory=FakeOffice)
    bulk: FakeBulk = field(default_factory=FakeBulk)
    door: FakeDoor = field(default_factory=FakeDoor)
    built: list[Config] = field(default_factory=list)
    created: list[tuple[Config, dict[str, Any]]] = field(default_factory=list)
    demos: list[tuple[Config, dict[str, Any]]] = field(default_factory=list)
    failure: Exception | None = None

    def build(self, config: Config) -> FakeServices:
        self.built.append(config)
        if self.failure:
            raise self.failure
        return self.services

    def build_office(self, config: Config, *, token: str | None = None) -> FakeOffice:
        self.built.append(config)
        if self.failure:
            raise self.failure
        return self.office

    def build_bulk(self, config: Config) -> FakeBulk:
        self.built.append(config)
        if self.failure:
            raise self.failure
        return self.bulk

    def sign_in(self, config: Config, login: str, password: str) -> str:
        self.built.append(config)
        return self.door.sign_in(login, password)

    def has_operators(self, config: Config) -> bool:
        return self.door.operators

    def first_administrator(self, config: Config, login: str, name: str, password: str) -> dict[str, Any]:
        self.door.first = (login, name, password)
        return row(login, "administrator")

    def create(self, config: Config, **filling: Any) -> dict[str, int]:
        self.created.append((config, filling))
        progress = filling.get("progress")
        if progress:
            progress("пациенты", 30, 60)
            progress("пациенты", 60, 60)
        return {"patients": 60, "doctors": 40}

    def prepare_demo(self, config: Config, **filling: Any) -> Config:
        self.demos.append((config, filling))
        return config

    def shown_name(self, database: str) -> str:
        return database.replace("secret", "***")

    def upgrade(self, config: Config) -> str:
        self.built.append(config)
        return "0002"

    def rules(self, config: Config) -> list[dict[str, Any]]:
        self.built.append(config)
        return [
            {
                "code": "duplicate_visit",
                "title": "Один приём у специалиста в день",
                "basis": "правило клиники",
                "override_role": None,
                "parameters": {"days": 1},
                "valid_from": None,
            }
        ]
