"""The branch a person is attached to, kept on the card by the transaction that changes the attachment.

People of one branch are found by name in one index then; joined, a common surname would be read whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select, update
from sqlmodel import Session, col

from registrar_tui.models import Attachment, Patient
from registrar_tui.vocabulary import AttachmentStatus

_PATIENT: Final = Patient.metadata.tables["patient"]
_ATTACHMENT: Final = Attachment.metadata.tables["attachment"].c

_ACTIVE_BRANCH: Final = (
    select(_ATTACHMENT.branch_id)
    .where(_ATTACHMENT.patient_id == _PATIENT.c.id, _ATTACHMENT.status == AttachmentStatus.ACTIVE.value)
    .order_by(_ATTACHMENT.id.desc())
    .limit(1)
    .correlate(_PATIENT)
    .scalar_subquery()
)
"""What the attachments of a card say: the branch of the newest active one."""
STRAYED: Final = select(_PATIENT.c.id).where(_PATIENT.c.attached_branch_id.is_distinct_from(_ACTIVE_BRANCH))
"""The numbers of cards that name another branch than their attachments do; 1 to 3 s a million people."""


def settle_branches(session: Session, patient_ids: Sequence[int]) -> None:
    """Let cards say the branch of their active attachment, None where there is none."""
    number = col(Patient.id)
    # Locked by one statement, told by the next: who waited for another desk sees what that one has written.
    locked = select(number).where(number.in_(patient_ids)).order_by(number).with_for_update()
    session.execute(locked).all()
    statement = update(Patient).where(number.in_(patient_ids)).values(attached_branch_id=_ACTIVE_BRANCH)
    session.execute(statement, execution_options={"synchronize_session": "fetch"})
