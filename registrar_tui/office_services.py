"""The use-cases of the administrator and the auditor, bound to one store and one workplace."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from registrar_tui.services import audit, operators
from registrar_tui.services.permissions import Permission
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.anchors import read_anchors, write_anchor
from registrar_tui.storage.session import Store


class OfficeServices:
    """Operators and the journal; every change is itself written into the journal."""

    def __init__(self, store: Store, workplace: Workplace, *, keys: Path) -> None:
        self._store = store
        self._workplace = workplace
        self._keys = keys

    # --- operators ----------------------------------------------------------

    def operators(self) -> list[dict[str, Any]]:
        """List the operators."""
        self._workplace.may(Permission.OPERATORS)
        with self._store.read() as session:
            return operators.listed(session)

    def add_operator(self, login: str, name: str, role: str, password: str) -> dict[str, Any]:
        """Add an operator with a password to be changed at the first sign-in."""
        self._workplace.may(Permission.OPERATORS)
        hashed = operators.hash_password(password)

        def work(session: Session) -> int | None:
            made = operators.add(session, login, name, role, hashed, must_change=True)
            return self._write(session, "operator-added", made.id, {"role": role})

        self._store.write(work)
        return self._one(login)

    def set_password(self, login: str, password: str) -> dict[str, Any]:
        """Set a password: one's own, or another's by an administrator."""
        own = login.casefold() == self._workplace.operator
        if not own:
            self._workplace.may(Permission.OPERATORS)
        hashed = operators.hash_password(password)

        def work(session: Session) -> int | None:
            changed = operators.set_password(session, login, hashed, must_change=not own)
            return self._write(session, "password-changed", changed.id, {})

        self._store.write(work)
        return self._one(login)

    def set_role(self, login: str, role: str) -> dict[str, Any]:
        """Change an operator's role."""
        self._workplace.may(Permission.OPERATORS)

        def work(session: Session) -> int | None:
            changed = operators.set_role(session, login, role)
            return self._write(session, "role-changed", changed.id, {"role": role})

        self._store.write(work)
        return self._one(login)

    def set_active(self, login: str, *, active: bool) -> dict[str, Any]:
        """Block or unblock an operator."""
        self._workplace.may(Permission.OPERATORS)

        def work(session: Session) -> int | None:
            changed = operators.set_active(session, login, active=active)
            return self._write(session, "unblocked" if active else "blocked", changed.id, {})

        self._store.write(work)
        return self._one(login)

    def sign_out(self, token: str) -> None:
        """End the session of a token."""

        def work(session: Session) -> None:
            operators.sign_out(session, token)
            self._write(session, "signed-out", None, {})

        self._store.write(work)

    def _one(self, login: str) -> dict[str, Any]:
        with self._store.read() as session:
            return next(row for row in operators.listed(session) if row["login"] == login.casefold())

    def _write(
        self, session: Session, action: str, operator_id: int | None, detail: dict[str, Any]
    ) -> int | None:
        session.flush()
        audit.append(
            session,
            self._workplace.writer(),
            self._workplace.utc(),
            action,
            object_kind="operator",
            object_id=operator_id,
            detail=detail,
        )
        return operator_id

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
        with self._store.read() as session:
            rows = audit.listed(
                session,
                first=first,
                last=last,
                operator=operator,
                patient_id=patient_id,
                action=action,
                limit=limit,
            )
        self._store.write(
            lambda session: audit.append(
                session,
                self._workplace.writer(),
                self._workplace.utc(),
                "journal-read",
                detail={"rows": len(rows)},
            )
        )
        return rows

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

    def anchor(self) -> None:
        """Remember the journal's heads outside the base."""
        with self._store.read() as session:
            heads = audit.heads(session)
        write_anchor(self._keys, self._workplace.utc(), heads)

    def close(self) -> None:
        """Give every connection back."""
        self._store.close()
