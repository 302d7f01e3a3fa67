"""The use-cases of the administrator and the auditor, bound to one store and one workplace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from registrar_tui.clock import to_utc
from registrar_tui.errors import Refusal
from registrar_tui.models import Operator
from registrar_tui.services import audit, operators, sessions
from registrar_tui.services.audit import Wanted
from registrar_tui.services.journal_words import HEADINGS, cells_of, line_of
from registrar_tui.services.permissions import ROLE_LABELS, Permission
from registrar_tui.services.protocol_office import JournalLine, JournalQuery, SavedJournal
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.anchors import read_book, write_anchor
from registrar_tui.storage.session import Store


class OfficeServices:
    """Operators and the journal; every change is itself written into the journal."""

    def __init__(self, store: Store, workplace: Workplace, *, keys: Path, exports: Path) -> None:
        self._store = store
        self._workplace = workplace
        self._keys = keys
        self._exports = exports

    @property
    def zone(self) -> str:
        """Return the IANA zone of the branch: the days of the journal are its days."""
        return self._workplace.zone

    def require(self, permission: Permission) -> None:
        """Refuse (exit 5) what the operator has no right to."""
        self._workplace.may(permission)
        with self._store.read():
            pass  # whoever may not work any more is refused here too

    def maintained(self, action: str, detail: dict[str, Any] | None = None) -> None:
        """Write down that the base itself was taken care of: copied, encrypted, brought back."""
        self._workplace.may(Permission.MAINTAIN)
        self._note(action, detail or {})

    @property
    def writer(self) -> audit.Writer:
        """Return who works here, as the journal knows them."""
        return self._workplace.writer()

    # --- operators ----------------------------------------------------------

    def whoami(self, token: str | None) -> dict[str, Any]:
        """Say who works here, and until when a token lets them (None: without one, on a demo base)."""
        workplace = self._workplace
        with self._store.read(newcomer=True) as session:
            until, must_change = sessions.facts(session, workplace.operator, token or "")
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

    def roles(self) -> tuple[tuple[str, str], ...]:
        """Return (code, name) of the roles an operator may have; nobody is made a demo operator."""
        return tuple((role, label) for role, label in ROLE_LABELS.items() if role != "demo")

    def add_operator(self, login: str, name: str, role: str, password: str) -> dict[str, Any]:
        """Add an operator with a password to be changed at the first sign-in."""
        self._workplace.may(Permission.OPERATORS)
        hashed = operators.hash_password(password)

        def work(session: Session) -> dict[str, Any]:
            made = operators.add(session, login, name, role, hashed, must_change=True)
            self._write(session, "operator-added", made, {"role": role})
            return operators.shape_of(made)

        return self._store.write(work)

    def set_password(self, login: str, password: str) -> dict[str, Any]:
        """Set a password: one's own, or another's by an administrator."""
        own = operators.plain_login(login) == self._workplace.operator
        if not own:
            self._workplace.may(Permission.OPERATORS)
        else:
            self._require_another(password)
        hashed = operators.hash_password(password)

        def work(session: Session) -> dict[str, Any]:
            changed = operators.set_password(session, login, hashed, must_change=not own)
            self._write(session, "password-changed", changed)
            return operators.shape_of(changed)

        return self._store.write(work, newcomer=own)

    def _require_another(self, password: str) -> None:
        """A password somebody else knows is not changed by setting it again."""
        operators.check_password(password)
        with self._store.read(newcomer=True) as session:
            if operators.password_fits(session, self._workplace.operator, password):
                raise Refusal("same_password", "Это прежний пароль: придумайте другой.", field="password")

    def set_role(self, login: str, role: str) -> dict[str, Any]:
        """Change an operator's role."""
        self._workplace.may(Permission.OPERATORS)

        def work(session: Session) -> dict[str, Any]:
            changed = operators.set_role(session, login, role)
            self._write(session, "role-changed", changed, {"role": role})
            return operators.shape_of(changed)

        return self._store.write(work)

    def set_active(self, login: str, *, active: bool) -> dict[str, Any]:
        """Block or unblock an operator."""
        self._workplace.may(Permission.OPERATORS)

        def work(session: Session) -> dict[str, Any]:
            changed = operators.set_active(session, login, active=active)
            self._write(session, "unblocked" if active else "blocked", changed)
            return operators.shape_of(changed)

        return self._store.write(work)

    def sign_out(self, token: str) -> None:
        """End the session of a token."""

        def work(session: Session) -> None:
            sessions.end(session, token)
            self._write(session, "signed-out")

        self._store.write(work, newcomer=True)

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
        self._note("journal-read", {**wanted.as_dict(), "rows": len(rows)})
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
        self._note("journal-exported", wanted.as_dict())
        return self._pages(wanted)

    def instants(self, first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
        """Return when the first day of the branch begins and the last one has ended."""
        after = last + timedelta(days=1) if last and last < date.max else None
        return (
            to_utc(datetime.combine(first, time()), self.zone) if first else None,
            to_utc(datetime.combine(after, time()), self.zone) if after else None,
        )

    def journal_lines(self, query: JournalQuery, *, limit: int) -> tuple[JournalLine, ...]:
        """Return entries in words, newest first; looking is written down too."""
        first, last = self.instants(query.first, query.last)
        rows = self.journal(
            first=first, last=last, operator=query.operator, patient_id=query.patient_id, limit=limit
        )
        return tuple(line_of(row, self.zone) for row in rows)

    def save_journal(self, query: JournalQuery) -> SavedJournal:
        """Write entries into a new file of the exports folder, named by the moment."""
        from registrar_tui.exchange.new_file import new_name

        first, last = self.instants(query.first, query.last)
        self._workplace.may(Permission.READ_JOURNAL)
        path = new_name(self._exports, "journal", self._workplace.now(), "csv")
        written = self.write_journal(
            path, first=first, last=last, operator=query.operator, patient_id=query.patient_id
        )
        return SavedJournal(path, written)

    def write_journal(
        self,
        out: Path,
        *,
        first: datetime | None = None,
        last: datetime | None = None,
        operator: str | None = None,
        patient_id: int | None = None,
        action: str | None = None,
    ) -> int:
        """Write entries in order of writing into a CSV file (0600); returns their number."""
        from registrar_tui.exchange.new_file import new_file
        from registrar_tui.exchange.writing import CsvWriter

        entries = self.exported_journal(
            first=first, last=last, operator=operator, patient_id=patient_id, action=action
        )
        written = 0
        with new_file(out) as file:
            with CsvWriter(file.temporary, HEADINGS) as table:
                for entry in entries:
                    table.write(cells_of(entry, self.zone))
                    written += 1
            file.keep()
        return written

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

    def _note(self, action: str, detail: dict[str, Any]) -> None:
        self._store.write(
            lambda session: audit.append(
                session, self._workplace.writer(), self._workplace.utc(), action, detail=detail
            )
        )

    def verify_journal(self) -> dict[str, Any]:
        """Recompute every chain against the anchors; a whole journal gets a new anchor.

        `restores`, where there were any, tells every restore that the clinic's marks know of.
        """
        self._workplace.may(Permission.READ_JOURNAL)
        key = self._workplace.journal_key
        # Before the base: an anchor of a later moment must not be held against an earlier journal.
        book = read_book(self._keys, key)
        with self._store.read() as session:
            checked, found = audit.verify(session, key, book.anchors)
            heads = audit.heads(session)
        faults = (*book.faults, *found)
        if not faults:
            write_anchor(self._keys, self._workplace.utc(), heads)
        problems = [{"code": fault.code, "message": fault.message} for fault in faults]
        verdict: dict[str, Any] = {"ok": not problems, "checked": checked, "problems": problems}
        if book.restores:
            verdict["restores"] = [asdict(restore) for restore in book.restores]
        return verdict

    def anchor(self) -> dict[str, int]:
        """Remember the journal's heads outside the base; returns how many chains and entries."""
        with self._store.read() as session:
            heads = audit.heads(session)
        write_anchor(self._keys, self._workplace.utc(), heads)
        return {"chains": len(heads), "entries": sum(head.count for head in heads)}

    def close(self) -> None:
        """Give every connection back."""
        self._store.close()
