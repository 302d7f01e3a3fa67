"""One batch of checked people into the base: cards, documents, policies and the surname dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from registrar_tui.models import IdentityDocument, Policy
from registrar_tui.services.imports import surnames
from registrar_tui.services.imports.patients import Person
from registrar_tui.services.imports.people import FIELDS, PATIENT, Card, Index, Refused, find
from registrar_tui.services.imports.rows import Reject
from registrar_tui.services.imports.writing import RowWriter
from registrar_tui.services.search_keys import reversed_digits
from registrar_tui.vocabulary import Verification

PATIENT_COLUMNS: Final = (
    *("id", *FIELDS, "first_initial", "middle_initial", "phone_reversed"),
    *("phone_confirmed", "address", "version", "created_at"),
)
DOCUMENT_COLUMNS: Final = (
    *("patient_id", "kind", "series", "number", "number_key"),
    *("issuer", "issuer_code", "verification"),
)
POLICY_COLUMNS: Final = ("patient_id", "kind", "series", "number", "insurer", "verification")
_NOT_SHOWN: Final = Verification.NOT_SHOWN.value
_DOCUMENT: Final = IdentityDocument.metadata.tables["identity_document"]
_POLICY: Final = Policy.metadata.tables["policy"]
_CHANGE: Final = (
    update(PATIENT)
    .where(PATIENT.c.id == bindparam("card_id"))
    .values(
        **{name: bindparam(f"new_{name}") for name in FIELDS},
        first_initial=bindparam("new_first_initial"),
        middle_initial=bindparam("new_middle_initial"),
        phone_reversed=bindparam("new_phone_reversed"),
        version=PATIENT.c.version + 1,
    )
)


class BatchLost(Exception):
    """Another desk has written one of these people meanwhile: the batch is read and done again."""


@dataclass(slots=True)
class Outcome:
    """What became of a batch: counts, and rejects by the row's place in the batch."""

    added: int = 0
    updated: int = 0
    rejects: dict[int, Reject] = field(default_factory=dict)


def apply(
    session: Session, writer: RowWriter, people: Sequence[tuple[int, Person]], now: datetime
) -> Outcome:
    """Settle rows in their order and write them; BatchLost where a unique key was taken meanwhile.

    `people` are pairs of the row's place in the batch and the checked row.
    """
    outcome, cards = settle(Index(find(session, [person for _, person in people])), people)
    try:
        _write(session, writer, cards, now)
    except IntegrityError as error:
        raise BatchLost from error
    return outcome


def settle(index: Index, people: Sequence[tuple[int, Person]]) -> tuple[Outcome, list[Card]]:
    """Return the outcome of rows in their order, and the cards they were about, each once."""
    outcome = Outcome()
    cards: dict[int, Card] = {}
    for place, person in people:
        try:
            card, new = index.settle(person)
        except Refused as refused:
            outcome.rejects[place] = refused.reject
            continue
        cards[id(card)] = card
        if new:
            outcome.added += 1
        else:
            outcome.updated += 1
    return outcome, list(cards.values())


def patient_row(number: int, values: dict[str, Any], now: datetime) -> tuple[Any, ...]:
    """Return a row in the order of PATIENT_COLUMNS."""
    phone = values["phone"]
    return (
        number,
        *(values[name] for name in FIELDS),
        values["first_key"][:1],
        values["middle_key"][:1],
        reversed_digits(phone) if phone else None,
        False,
        "",
        1,
        now,
    )


def _write(session: Session, writer: RowWriter, cards: list[Card], now: datetime) -> None:
    # A number that one card gives up may be taken by a new one: the changes come first.
    known = [card for card in cards if card.id is not None]
    changed = [card for card in known if card.changed]
    if changed:
        session.connection().execute(_CHANGE, [_change(card) for card in changed])
    fresh = [card for card in cards if card.id is None]
    counts: Counter[str] = Counter()
    for card in changed:
        if card.values["last_key"] != card.former_key:
            counts[card.former_key] -= 1
            counts[card.values["last_key"]] += 1
    for card, number in zip(fresh, writer.reserve("patient", len(fresh)), strict=True):
        card.id = number
        counts[card.values["last_key"]] += 1
    writer.insert("patient", PATIENT_COLUMNS, [patient_row(card.id or 0, card.values, now) for card in fresh])
    _write_documents(session, writer, cards, known)
    surnames.count(session, counts)


def _change(card: Card) -> dict[str, Any]:
    values = card.values
    shape = {f"new_{name}": values[name] for name in FIELDS}
    shape["card_id"] = card.id
    shape["new_first_initial"] = values["first_key"][:1]
    shape["new_middle_initial"] = values["middle_key"][:1]
    shape["new_phone_reversed"] = reversed_digits(values["phone"]) if values["phone"] else None
    return shape


def _write_documents(session: Session, writer: RowWriter, cards: list[Card], known: list[Card]) -> None:
    """Add the documents a card does not have yet; former ones stay as history."""
    ids = [card.id for card in known]
    documents: set[tuple[Any, ...]] = set()
    policies: set[tuple[Any, ...]] = set()
    if ids:
        connection = session.connection()
        columns = (_DOCUMENT.c.patient_id, _DOCUMENT.c.number_key)
        documents = {
            tuple(row) for row in connection.execute(select(*columns).where(_DOCUMENT.c.patient_id.in_(ids)))
        }
        columns = (_POLICY.c.patient_id, _POLICY.c.series, _POLICY.c.number)  # type: ignore[assignment]
        policies = {
            tuple(row) for row in connection.execute(select(*columns).where(_POLICY.c.patient_id.in_(ids)))
        }
    new_documents, new_policies = [], []
    for card in cards:
        for person in card.people:
            document, policy = person.document, person.policy
            if document is not None and (card.id, document.key) not in documents:
                documents.add((card.id, document.key))
                new_documents.append((card.id, *document, "", "", _NOT_SHOWN))
            if policy is not None and (card.id, policy.series, policy.number) not in policies:
                policies.add((card.id, policy.series, policy.number))
                new_policies.append((card.id, *policy, "", _NOT_SHOWN))
    writer.insert("identity_document", DOCUMENT_COLUMNS, new_documents)
    writer.insert("policy", POLICY_COLUMNS, new_policies)
