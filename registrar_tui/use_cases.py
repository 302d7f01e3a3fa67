"""What every use-case of a desk stands on: its store, its workplace, the journal, and exactly once."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from sqlmodel import Session

from registrar_tui.reading_journal import ReadingJournal
from registrar_tui.services import audit
from registrar_tui.services.operations import AlreadyDone, once, stored_answer
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.session import Store

Work = Callable[[Session], dict[str, Any]]


class UseCases:
    """One store and one workplace; a command is done once, and what is shown or done is written down."""

    def __init__(self, store: Store, workplace: Workplace) -> None:
        self._store = store
        self._workplace = workplace
        self._readings = ReadingJournal(store, workplace)

    def _sealed(self, text: str) -> str:
        """Stand for what was searched: the same text is the same, and nobody without the key can guess it."""
        typed = f"searched|{text}".encode(errors="backslashreplace")
        return hmac.new(self._workplace.journal_key, typed, hashlib.sha256).hexdigest()

    def _journal(
        self,
        action: str,
        object_kind: str = "",
        object_id: int | None = None,
        *,
        detail: dict[str, Any] | None = None,
    ) -> None:
        """Write down what is about to be shown; nothing is shown that cannot be written down."""
        self._store.write(
            lambda session: audit.append(
                session,
                self._workplace.writer(),
                self._workplace.utc(),
                action,
                object_kind=object_kind,
                object_id=object_id,
                detail=detail,
            )
        )

    def _once(self, op_id: str, request: str, work: Work, action: str, reason: str = "") -> dict[str, Any]:
        """Do the work, its answer and its entry in the journal in one transaction."""

        def run(session: Session) -> dict[str, Any]:
            answer = once(session, self._workplace, op_id, request, lambda: work(session))
            kind, object_id = _object_of(answer)
            detail = {"patient": answer["patient_id"]} if kind == "visit" else {}
            if "retired_id" in answer:
                detail = {"retired": answer["retired_id"]}
            audit.append(
                session,
                self._workplace.writer(),
                self._workplace.utc(),
                action,
                object_kind=kind,
                object_id=object_id,
                op_id=op_id,
                reason=reason,
                detail=detail,
            )
            return answer

        try:
            return self._store.write(run)
        except AlreadyDone:
            with self._store.read() as session:
                return stored_answer(session, op_id, request)


def _object_of(answer: dict[str, Any]) -> tuple[str, int]:
    return ("visit", answer["id"]) if "id" in answer else ("patient", answer["patient_id"])


def digest_of(content: Any) -> str:
    """Stand for personal data in a stored request."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()
