"""An office in memory: operators by login, a journal of two entries, one of them hostile."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from registrar_tui.errors import NotAllowed, Refusal
from registrar_tui.services.audit import Writer
from registrar_tui.services.permissions import ROLE_LABELS, Permission

TOKEN = "token-of-anna"
UNTIL = datetime(2026, 11, 23, 20, 0, tzinfo=ZoneInfo("Europe/Moscow"))
ENTRY = {
    "id": 2,
    "chain": "base",
    "number": 2,
    "at": datetime(2026, 11, 23, 5, 0, 7, 13, tzinfo=UTC),
    "operator": "anna",
    "role": "registrar",
    "desk": "=cmd|' /C calc'!A0",
    "action": "booked",
    "object_kind": "visit",
    "object_id": 31,
    "op_id": "k1",
    "reason": "overlap: \x1b[2Jнадо",
    "detail": '{"patient": 7}',
    "mac": "ab" * 32,
}
FORGED = {**ENTRY, "id": 1, "number": 1, "at": "вчера", "detail": "не JSON", "object_id": None}


class FakeOffice:
    """Keeps what it was asked; refuses where `failure` says so."""

    zone = "Europe/Moscow"

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.closed = 0
        self.failure: Exception | None = None
        self.faults: list[dict[str, str]] = []
        self.must_change = False
        self.restores: list[dict[str, Any]] = []
        self.writer = Writer("boss", "administrator", "окно 1", b"")

    def _ask(self, question: Any) -> None:
        self.asked.append(question)
        if self.failure:
            raise self.failure

    def require(self, permission: Permission) -> None:
        self._ask(permission)

    def maintained(self, action: str, detail: dict[str, Any] | None = None) -> None:
        self._ask(action)

    def whoami(self, token: str | None) -> dict[str, Any]:
        self._ask(token)
        return {
            "login": "anna",
            "name": "Орлова А. В.",
            "role": "senior",
            "role_name": "старший регистратор",
            "desk": "окно 2",
            "until": UNTIL if token == TOKEN else None,
            "must_change": self.must_change,
        }

    def operators(self) -> list[dict[str, Any]]:
        self._ask("operators")
        return [row("anna", "registrar"), row("boss", "administrator", active=False)]

    def add_operator(self, login: str, name: str, role: str, password: str) -> dict[str, Any]:
        self._ask((login, name, role, password))
        return row(login, role)

    def set_password(self, login: str, password: str) -> dict[str, Any]:
        self._ask((login, password))
        return row(login, "registrar")

    def set_role(self, login: str, role: str) -> dict[str, Any]:
        self._ask((login, role))
        if login == "boss":
            raise Refusal("last_administrator", "Это последний администратор.", field="login")
        return row(login, role)

    def set_active(self, login: str, *, active: bool) -> dict[str, Any]:
        self._ask((login, active))
        return row(login, "registrar", active=active)

    def sign_out(self, token: str) -> None:
        self._ask(token)

    def instants(self, first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
        def begins(day: date) -> datetime:
            return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

        return (
            begins(first) if first else None,
            begins(last + timedelta(days=1)) if last and last < date.max else None,
        )

    def journal(self, *, limit: int = 500, **wanted: Any) -> list[dict[str, Any]]:
        self._ask((wanted, limit))
        return [ENTRY, FORGED][:limit]

    def write_journal(self, out: Path, **wanted: Any) -> int:
        self._ask((out, wanted))
        return 2

    def verify_journal(self) -> dict[str, Any]:
        self._ask("verify")
        restores = {"restores": self.restores} if self.restores else {}
        return {"ok": not self.faults, "checked": 9, "problems": self.faults, **restores}

    def anchor(self) -> dict[str, int]:
        self._ask("anchor")
        return {"chains": 2, "entries": 21}

    def close(self) -> None:
        self.closed += 1


def row(login: str, role: str, *, active: bool = True) -> dict[str, Any]:
    """Return an operator in the shape of `operator list`."""
    return {
        "login": login,
        "name": login,
        "role": role,
        "role_name": ROLE_LABELS[role],
        "active": active,
        "locked_until": None,
    }


class FakeDoor:
    """What stands in `bootstrap` for coming in: one password is right, one name is locked."""

    def __init__(self) -> None:
        self.tried: list[tuple[str, str]] = []
        self.first: tuple[str, str, str] | None = None
        self.operators = True

    def sign_in(self, login: str, password: str) -> str:
        self.tried.append((login, password))
        if login == "locked":
            raise NotAllowed("Вход закрыт: повторите через 2 мин.", code="sign_in_locked")
        if password != "right-password":
            raise NotAllowed("Имя или пароль неверны.", code="sign_in_failed")
        return TOKEN
