"""The use-cases of the administrator and the auditor, bound to one store and one workplace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from registrar_tui.models import Operator
from registrar_tui.services import audit, operators
from registrar_tui.services.audit import Wanted
from registrar_tui.services.permissions import ROLE_LABELS, Permission
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.anchors import read_anchors, write_anchor
from registrar_tui.storage.session import Store


class OfficeServices:
    """Operators and the journal; every change is itself written into the journal."""

    def __init__(self, store: Store, workplace: Workplace, *, keys: Path) -> None:
        self._store = store
        self._workplace = workplace
        self._keys = keys

    @property
    def zone(self) -> str:
        """Return the IANA zone of the branch: the days of the journal are its days."""
        return self._workplace.zone

    # --- operators ----------------------------------------------------------

    def whoami(self, token: str | None) -> dict[str, Any]:
        """Say who works here, and until when a token lets them (None: without one, on a demo base)."""
        workplace = self._workplace
        with self._store.read() as session:
            until, must_change = operators.session_facts(session, workplace.operator, token or "")
        return {
            "login": workplace.operator,
            "name": workplace.operator_name,
            "role": workplace.role,
            "role_name": ROLE_LABELS.get(workplace.role, workplace.role),
            "desk": workplace.desk,
            "until": until.astimezone(ZoneInfo(workplace.zone)) if until else None,
            "must_change": must_change,
        }

    def operators(self) -> list[dict[str, Any]]:
        """List the operators."""
        self._workplace.may(Permission.OPERATORS)
        with self._store.read() as session:
            return operators.listed(session)

    def add_operator(self, login: str, name: str, role: str, password: str) -> dict[str, Any]:
        """Add an operator with a password to be changed at the first sign-in."""
        self._workplace.may(Permission.OPERATORS)
        hashed = operators.hash_password(password)

        def work(session: Session) -> None:
            made = operators.add(session, login, name, role, hashed, must_change=True)
            self._write(session, "operator-added", made, {"role": role})

        self._store.write(work)
        return self._one(login)

    def set_password(self, login: str, password: str) -> dict[str, Any]:
        """Set a password: one's own, or another's by an administrator."""
        own = operators.plain_login(login) == self._workplace.operator
        if not own:
            self._workplace.may(Permission.OPERATORS)
        hashed = operators.hash_password(password)

        def work(session: Session) -> None:
            changed = operators.set_password(session, login, hashed, must_change=not own)
            self._write(session, "password-changed", changed)

        self._store.write(work)
        return self._one(login)

    def set_role(self, login: str, role: str) -> dict[str, Any]:
        """Change an operator's role."""
        self._workplace.may(Permission.OPERATORS)

        def work(session: Session) -> None:
            changed = operators.set_role(session, login, role)
            self._write(session, "role-changed", changed, {"role": role})

        self._store.write(work)
        return self._one(login)

    def set_active(self, login: str, *, active: bool) -> dict[str, Any]:
        """Block or unblock an operator."""
        self._workplace.may(Permission.OPERATORS)

        def work(session: Session) -> None:
            changed = operators.set_active(session, login, active=active)
            self._write(session, "unblocked" if active else "blocked", changed)

        self._store.write(work)
        return self._one(login)

    def sign_out(self, token: str) -> None:
        """End the session of a token."""

        def work(session: Session) -> None:
            operators.sign_out(session, token)
            self._write(session, "signed-out")

        self._store.write(work)

    def _one(self, login: str) -> dict[str, Any]:
        with self._store.read() as session:
            wanted = operators.plain_login(login)
            return next(row for row in operators.listed(session) if row["login"] == wanted)

    def _write(
        self,
        session: Session,
        action: str,
        operator: Operator | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Write a change of an operator down; the login is kept, an id alone tells an auditor nothing."""
        session.flush()
        audit.append(
            session,
            self._workplace.writer(),
            self._workplace.utc(),
            action,
            object_kind="operator" if operator else "",
            object_id=operator.id if operator else None,
            detail={"login": operator.login, **(detail or {})} if operator else {},
        )

    # --- the journal --------------------------------------------------------

    def journal(
        self,
        *,
        first: datetime | None = None,
        last: datetime | None = None,
        operator: str | None = None,
        patient_id: int | None = None,
        action: str | None = None,
        limit: int = 500,
    ) -> list[dict[str, Any]]:
        """Return entries, newest first; looking is written down too."""
        self._workplace.may(Permission.READ_JOURNAL)
        wanted = Wanted(first, last, operator, patient_id, action)
        with self._store.read() as session:
            rows = audit.listed(session, wanted, limit=limit)
        self._write_reading("journal-read", {**wanted.as_dict(), "rows": len(rows)})
        return rows

    def exported_journal(
        self,
        *,
        first: datetime | None = None,
        last: datetime | None = None,
        operator: str | None = None,
        patient_id: int | None = None,
        action: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Yield all entries in order of writing, for a file; written down before the first is given out."""
        self._workplace.may(Permission.READ_JOURNAL)
        wanted = Wanted(first, last, operator, patient_id, action)
        self._write_reading("journal-exported", wanted.as_dict())
        return self._pages(wanted)

    def _pages(self, wanted: Wanted) -> Iterator[dict[str, Any]]:
        """Read page by page: a read of the whole journal in one session would pin the write-ahead log."""
        after = 0
        while True:
            with self._store.read() as session:
                rows = audit.page_after(session, wanted, after)
            if not rows:
                return
            yield from rows
            after = rows[-1]["id"]

    def _write_reading(self, action: str, detail: dict[str, Any]) -> None:
        self._store.write(
            lambda session: audit.append(
                session, self._workplace.writer(), self._workplace.utc(), action, detail=detail
            )
        )

    def verify_journal(self) -> dict[str, Any]:
        """Recompute every chain against the anchors; a whole journal gets a new anchor."""
        self._workplace.may(Permission.READ_JOURNAL)
        with self._store.read() as session:
            anchors = read_anchors(self._keys)
            checked, faults = audit.verify(session, self._workplace.journal_key, anchors)
            heads = audit.heads(session)
        if not faults:
            write_anchor(self._keys, self._workplace.utc(), heads)
        problems = [{"code": fault.code, "message": fault.message} for fault in faults]
        return {"ok": not problems, "checked": checked, "problems": problems}

    def anchor(self) -> dict[str, int]:
        """Remember the journal's heads outside the base; returns how many chains and entries."""
        with self._store.read() as session:
            heads = audit.heads(session)
        write_anchor(self._keys, self._workplace.utc(), heads)
        return {"chains": len(heads), "entries": sum(head.count for head in heads)}

    def close(self) -> None:
        """Give every connection back."""
        self._store.close()
