"""The branch on a card is that of its active attachment, also for who holds the card in that transaction."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from registrar_tui.models import Attachment, Patient
from registrar_tui.services.attachments import settle_branches
from tests.integration.bases import Clinic

ATTACHED, MOVED, REFUSED, OTHER = 1, 2, 3, 4


@pytest.fixture
def attached(clinic: Clinic) -> Clinic:
    """Four cards that say nothing yet, and a fifth that says what is not so."""
    clinic.add(
        Attachment(patient_id=ATTACHED, branch_id=1, status="active"),
        Attachment(patient_id=MOVED, branch_id=1, status="active"),
        Attachment(patient_id=REFUSED, branch_id=1, status="refused"),
        Attachment(patient_id=OTHER, branch_id=1, status="active"),
    )
    clinic.add(Attachment(patient_id=MOVED, branch_id=2, status="active"))
    clinic.add(Attachment(patient_id=MOVED, branch_id=1, status="review"))
    clinic.set(Patient, REFUSED, attached_branch_id=2)
    return clinic


def test_only_the_newest_active_attachment_counts(attached: Clinic) -> None:
    attached.write(lambda session: settle_branches(session, (ATTACHED, MOVED, REFUSED)))
    with attached.read() as session:
        cards = [session.get_one(Patient, number) for number in (ATTACHED, MOVED, REFUSED, OTHER)]
    assert [card.attached_branch_id for card in cards] == [1, 2, None, None]
    assert [card.version for card in cards] == [1, 1, 1, 1], "no edit of the card: open forms stay good"


def test_a_card_in_hand_is_not_left_behind(attached: Clinic) -> None:
    def work(session: Session) -> tuple[int | None, str]:
        card = session.get_one(Patient, ATTACHED)
        assert card.attached_branch_id is None
        card.address = "ул. Новая, 1"
        settle_branches(session, (ATTACHED,))
        return card.attached_branch_id, card.address

    assert attached.write(work) == (1, "ул. Новая, 1")
    with attached.read() as session:
        card = session.get_one(Patient, ATTACHED)
        assert (card.attached_branch_id, card.address) == (1, "ул. Новая, 1")


def test_nobody_to_settle(attached: Clinic) -> None:
    attached.write(lambda session: settle_branches(session, ()))
