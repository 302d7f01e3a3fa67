"""Who works, where, and with which secrets: what every command of this desk carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from registrar_tui.clock import Clock, wall_now
from registrar_tui.services import ticket_code
from registrar_tui.services.audit import Writer
from registrar_tui.services.permissions import Permission, require


@dataclass(frozen=True, slots=True)
class TicketKeys:
    """The keys that sign ticket codes: `current` signs, all verify."""

    clinic: str
    current: int
    keys: Mapping[int, bytes] = field(repr=False)

    def sign(self, visit_id: int) -> str:
        """Return the 20-digit code of a visit's ticket."""
        return ticket_code.make_code(self.current, self.keys[self.current], self.clinic, visit_id)

    def read(self, code: str) -> int | None:
        """Return the visit id of a genuine code, None for a forged one."""
        return ticket_code.verify(code, self.keys, self.clinic)


@dataclass(frozen=True, slots=True)
class Workplace:
    """One desk of one branch with its operator."""

    operator: str
    operator_name: str
    desk: str
    branch_id: int
    """The branch the desk shows and speaks for."""
    receives_any_branch: bool
    """No branch was set for this desk: tickets of every branch are received."""
    zone: str
    clinic_name: str
    tickets: TicketKeys
    clock: Clock
    role: str = "registrar"
    journal_key: bytes = field(default=b"", repr=False)

    def now(self) -> datetime:
        """Return the branch's wall-clock time, naive."""
        return wall_now(self.clock, self.zone)

    def may(self, permission: Permission) -> None:
        """Refuse (exit 5) what the operator's role has no right to."""
        require(self.role, permission)

    def writer(self) -> Writer:
        """Return who stands in the journal."""
        return Writer(self.operator, self.role, self.desk, self.journal_key)

    def utc(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return self.clock.utc()
