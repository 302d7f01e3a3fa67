"""Whose row it is: the card of each row by ЕНП, СНИЛС, then name and birth date, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Table, select, tuple_
from sqlmodel import Session

from registrar_tui.models import Patient
from registrar_tui.services.imports.patients import Person
from registrar_tui.services.imports.rows import Reject

PATIENT: Final[Table] = Patient.metadata.tables["patient"]
FIELDS: Final = (
    *("last_name", "first_name", "middle_name", "birth_date", "birth_precision", "sex", "snils", "enp"),
    *("phone", "email", "last_key", "first_key", "middle_key"),
)
NameKey = tuple[str, str, str, date]


@dataclass(slots=True)
class Card:
    """A card as it stands in the base, or as a row has just made it (`id` is None until it is written)."""

    id: int | None
    version: int
    values: dict[str, Any]
    people: list[Person] = field(default_factory=list)
    """The rows of this batch that were about it."""
    former_key: str = ""
    """The folded surname before this batch."""
    changed: bool = False

    @property
    def name_key(self) -> NameKey:
        """Return folded names and birth date."""
        values = self.values
        return values["last_key"], values["first_key"], values["middle_key"], values["birth_date"]


class Refused(Exception):
    """A row that cannot be settled."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.code)
        self.reject = reject


def find(session: Session, people: Sequence[Person], table: Table = PATIENT) -> list[Card]:
    """Return every card that a batch may be about, three questions for all rows; locked on PostgreSQL."""
    found: dict[int, Card] = {}
    enps = sorted({person.enp for person in people if person.enp})
    numbers = sorted({person.snils for person in people if person.snils})
    names = sorted({(person.birth, person.last_key) for person in people})
    wanted = select(table.c.id, table.c.version, *(table.c[name] for name in FIELDS)).where(
        table.c.merged_into_id.is_(None)
    )
    for condition in (
        table.c.enp.in_(enps) if enps else None,
        table.c.snils.in_(numbers) if numbers else None,
        tuple_(table.c.birth_date, table.c.last_key).in_(names) if names else None,
    ):
        if condition is None:
            continue
        statement = wanted.where(condition).order_by(table.c.id).with_for_update()
        for row in session.connection().execute(statement):
            values = dict(zip(FIELDS, row[2:], strict=True))
            found[row.id] = Card(row.id, row.version, values, former_key=values["last_key"])
    return list(found.values())


class Index:
    """The cards of a batch by their keys; a row sees what the rows before it have done."""

    def __init__(self, cards: Iterable[Card]) -> None:
        self.by_enp: dict[str, Card] = {}
        self.by_snils: dict[str, Card] = {}
        self.by_name: dict[NameKey, list[Card]] = {}
        for card in cards:
            self._enter(card)

    def settle(self, person: Person) -> tuple[Card, bool]:
        """Return the card of a row after it, and whether it is new; Refused where the base contradicts it."""
        card = self._owner(person)
        if card is None:
            values = _values(person)
            values["middle_name"] = values["middle_name"] or ""
            values["middle_key"] = values["middle_key"] or ""
            card = Card(None, 1, values, [person], changed=True)
            self._enter(card)
            return card, True
        if card.values["birth_date"] != person.birth and card.values["first_key"] != person.first_key:
            raise Refused(
                _reject(
                    "other_person", "policy", f"номер принадлежит другому человеку{_named(card)}: сверьте."
                )
            )
        changes = {
            name: value
            for name, value in _values(person).items()
            if value is not None and card.values[name] != value
        }
        card.people.append(person)
        if changes:
            self._leave(card)
            card.values.update(changes)
            card.changed = True
            self._enter(card)
        return card, False

    def _owner(self, person: Person) -> Card | None:
        by_enp = self.by_enp.get(person.enp) if person.enp else None
        by_snils = self.by_snils.get(person.snils) if person.snils else None
        if by_enp is not None and by_snils is not None and by_enp is not by_snils:
            message = f"полис — одного человека{_named(by_enp)}, СНИЛС — другого{_named(by_snils)}: сверьте."
            raise Refused(_reject("keys_conflict", "policy", message))
        if by_enp is not None or by_snils is not None:
            return by_enp or by_snils
        fitting = [card for card in self.by_name.get(person.name_key, ()) if not _contradicts(card, person)]
        if len(fitting) > 1:
            numbers = ", ".join(f"№ {card.id}" for card in fitting[:3] if card.id)
            message = f"таких карточек несколько ({numbers}): добавьте СНИЛС или полис."
            raise Refused(_reject("ambiguous", "last_name", message))
        return fitting[0] if fitting else None

    def _enter(self, card: Card) -> None:
        values = card.values
        if values["enp"]:
            self.by_enp[values["enp"]] = card
        if values["snils"]:
            self.by_snils[values["snils"]] = card
        self.by_name.setdefault(card.name_key, []).append(card)

    def _leave(self, card: Card) -> None:
        self.by_enp.pop(card.values["enp"], None)
        self.by_snils.pop(card.values["snils"], None)
        self.by_name[card.name_key].remove(card)


def _contradicts(card: Card, person: Person) -> bool:
    """A namesake born the same day has other numbers."""
    values = card.values
    other_snils = values["snils"] and person.snils and values["snils"] != person.snils
    return bool(other_snils or (values["enp"] and person.enp and values["enp"] != person.enp))


def _values(person: Person) -> dict[str, Any]:
    """Return the columns of a row; None where the table says nothing and the card stays as it is."""
    unknown = person.middle is None
    return {
        "last_name": person.last,
        "first_name": person.first,
        "middle_name": person.middle,
        "birth_date": person.birth,
        "birth_precision": person.precision,
        "sex": person.sex,
        "snils": person.snils,
        "enp": person.enp,
        "phone": person.phone,
        "email": person.email,
        "last_key": person.last_key,
        "first_key": person.first_key,
        "middle_key": None if unknown else person.middle_key,
    }


def _named(card: Card) -> str:
    return f" (карточка № {card.id})" if card.id else " (строка выше)"


def _reject(code: str, column: str, message: str) -> Reject:
    return Reject(code, column, message[0].upper() + message[1:])
