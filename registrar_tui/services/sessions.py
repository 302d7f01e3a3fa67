"""Sessions of operators: how one begins and ends, and who may go on working under it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from registrar_tui.clock import Clock
from registrar_tui.errors import MUST_CHANGE, NOT_SIGNED_IN, NotAllowed
from registrar_tui.models import Operator, OperatorSession
from registrar_tui.services.prepared import Prepared, Reader

SESSION = timedelta(hours=12)
_ENDED = "Вход закончился: войдите снова."


@dataclass(frozen=True, slots=True)
class Admission:
    """The session somebody works under; asked of the base again by every use-case, in its own transaction.

    NotAllowed `not_signed_in` where the session was ended or has run out, or where the operator was blocked
    or has another role than this workplace was opened with; `must_change` where the password was set by
    somebody else. `newcomer` marks what such an operator may do all the same: change it, or leave.
    """

    token_hash: str = field(repr=False)
    login: str
    role: str
    until: datetime
    clock: Clock = field(repr=False)

    def require(self, reader: Reader, newcomer: bool = False) -> None:
        """Refuse whoever may not work any more: one keyed read."""
        found = _STANDING.first(reader, {"token": self.token_hash})
        if found is None:
            raise NotAllowed(_ENDED, code=NOT_SIGNED_IN)
        revoked, active, role, must_change = found
        if not active:
            message = "Вам закрыт вход: обратитесь к администратору."
        elif revoked or self.clock.utc() >= self.until:
            message = _ENDED
        elif role != self.role:
            message = "Ваша роль изменена: войдите снова."
        elif must_change and not newcomer:
            message = f"Пароль задан не вами: смените его, «registrar operator password {self.login}»."
            raise NotAllowed(message, code=MUST_CHANGE)
        else:
            return
        raise NotAllowed(message, code=NOT_SIGNED_IN)


_STANDING = Prepared(
    select(col(OperatorSession.revoked), col(Operator.active), col(Operator.role), col(Operator.must_change))
    .join(Operator, col(Operator.id) == col(OperatorSession.operator_id))
    .where(col(OperatorSession.token_hash) == bindparam("token"))
)


def begin(session: Session, operator: Operator, desk: str, at: datetime) -> str:
    """Begin a session of twelve hours; returns its token, which is kept nowhere here."""
    token = secrets.token_urlsafe(32)
    session.add(
        OperatorSession(
            token_hash=_hash(token),
            operator_id=operator.id or 0,
            desk=desk,
            issued_at=at,
            expires_at=at + SESSION,
        )
    )
    return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def admit(session: Session, clock: Clock, token: str) -> tuple[Operator, Admission]:
    """Return the operator of a live session and what they work under; NotAllowed says why not."""
    row = session.execute(
        select(OperatorSession, Operator)
        .join(Operator, col(Operator.id) == col(OperatorSession.operator_id))
        .where(col(OperatorSession.token_hash) == _hash(token))
    ).first()
    if row is None:
        raise NotAllowed(_ENDED, code=NOT_SIGNED_IN)
    operator: Operator = row[1]
    admission = Admission(row[0].token_hash, operator.login, operator.role, row[0].expires_at, clock)
    admission.require(session, newcomer=True)
    return operator, admission


def facts(session: Session, login: str, token: str) -> tuple[datetime | None, bool]:
    """Return when an operator's session ends, and whether the password was set by somebody else."""
    row = session.execute(
        select(OperatorSession.expires_at, Operator.must_change)  # type: ignore[call-overload]
        .join(Operator, col(Operator.id) == col(OperatorSession.operator_id))
        .where(col(OperatorSession.token_hash) == _hash(token), col(Operator.login) == login)
    ).first()
    return (row[0], row[1]) if row else (None, False)


def end(session: Session, token: str) -> None:
    """End a session."""
    _revoke(session, OperatorSession.token_hash == _hash(token))


def end_all(session: Session, operator: Operator) -> None:
    """End every session of an operator."""
    _revoke(session, OperatorSession.operator_id == operator.id)


def _revoke(session: Session, which: bool) -> None:
    session.execute(update(OperatorSession).where(which).values(revoked=True))  # type: ignore[arg-type]
