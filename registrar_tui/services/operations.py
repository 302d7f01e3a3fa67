"""Exactly once: each command's `op_id` and first answer are written by the transaction that does it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from registrar_tui.errors import Refusal
from registrar_tui.models import Op
from registrar_tui.services.prepared import Prepared
from registrar_tui.services.workplace import Workplace

_OP = col(Op.op_id) == bindparam("wanted")
_BEGIN = Prepared(insert(Op))
_END = Prepared(update(Op).where(_OP).values(result=bindparam("answer")))
_IS_KNOWN = Prepared(select(col(Op.op_id)).where(_OP))

Found = TypeVar("Found")


class AlreadyDone(Exception):
    """The operation has been done before; its stored answer is the answer."""


def once(
    session: Session, workplace: Workplace, op_id: str, request: str, work: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Do the work and keep its answer; AlreadyDone where the `op_id` stands (the transaction is lost then).

    The row is inserted before the work: a retry that overtakes its original waits here for the first
    answer instead of meeting the original's own claim.
    """
    try:
        _BEGIN.run(
            session,
            {"op_id": op_id, "at": workplace.utc(), "desk": workplace.desk, "request": request, "result": ""},
        )
    except IntegrityError as error:
        raise AlreadyDone(op_id) from error
    answer = work()
    session.flush()
    _END.run(session, {"wanted": op_id, "answer": json.dumps(answer)})
    return answer


def is_known(session: Session, op_id: str) -> bool:
    """Tell whether an operation has been done: its retry must get the first answer, not a new refusal."""
    return _IS_KNOWN.first(session, {"wanted": op_id}) is not None


def unless_done(session: Session, op_id: str, question: Callable[[], Found]) -> Found | None:
    """Ask what may refuse, unless the operation has been done; None where it has.

    A refusal is believed only if the original has not committed meanwhile: it may be about its own claim.
    """
    if is_known(session, op_id):
        return None
    try:
        return question()
    except Refusal:
        if is_known(session, op_id):
            return None
        raise


def stored_answer(session: Session, op_id: str, request: str) -> dict[str, Any]:
    """Return the first answer of an operation; an `op_id` used for something else is refused."""
    op = session.get(Op, op_id)
    if op is None or op.request != request:
        raise Refusal(
            "op_reused",
            "Этот номер операции уже использован для другого действия: повторите действие заново.",
            field="op_id",
        )
    return dict(json.loads(op.result))
