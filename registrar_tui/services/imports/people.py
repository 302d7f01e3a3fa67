"""Whose row it is: the card of each row by ЕНП, СНИЛС, then name and birth date, and what becomes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, select, tuple_
from sqlmodel import Session

from registrar_tui.models import Patient
from registrar_tui.services.imports.patients import Person
from registrar_tui.services.imports.rows import Reject

PATIENT: Final[Table] = Patient.metadata.tables["patient"]
FIELDS: Final = (
    *("last_name", "first_name", "middle_name", "birth_date", "birth_precision", "sex", "snils", "enp"),
    *("phone", "email", "last_key", "first_key", "middle_key"),
)
NUMBERS: Final = ("enp", "snils")
NameKey = tuple[str, str, str, date]
Values = dict[str, Any]


@dataclass(slots=True)
class Card:
    """A card as it stands in the base, or as a row has just made it (`id` is None until it is written)."""

    id: int | None
    version: int
    values: Values
    people: list[Person] = field(default_factory=list)
    """The rows of this batch that were about it."""
    former_key: str = ""
    """The folded surname before this batch."""
    retired: list[Values] = field(default_factory=list)
    """What cards say that were merged into this one: a table from elsewhere still knows the person by it."""
    changed: bool = False


class Refused(Exception):
    """A row that cannot be settled."""

    def __init__(self, reject: Reject) -> None:
        super().__init__(reject.code)
        self.reject = reject


def find(session: Session, people: Sequence[Person], table: Table = PATIENT) -> list[Card]:
    """Return every card that a batch may be about, some questions for all rows; locked on PostgreSQL.

    What a merged card says leads to its survivor.
    """
    found: dict[int, Card] = {}
    retired: dict[int, dict[int, Values]] = defaultdict(dict)
    for condition in _conditions(people, table):
        for row in _read(session, table, condition):
            if row.merged_into_id is None:
                found[row.id] = _card(row)
            else:
                retired[row.merged_into_id][row.id] = _values_of(row)
    unread = sorted(set(retired) - set(found))
    if unread:
        found.update((row.id, _card(row)) for row in _read(session, table, table.c.id.in_(unread)))
    for number, values in retired.items():
        found[number].retired = list(values.values())
    return list(found.values())


def _conditions(people: Sequence[Person], table: Table) -> Iterator[ColumnElement[bool]]:
    """Yield what cards are looked for by; numbers of living and of merged cards have indexes of their own."""
    merged = table.c.merged_into_id
    for column, numbers in (
        (table.c.enp, sorted({person.enp for person in people if person.enp})),
        (table.c.snils, sorted({person.snils for person in people if person.snils})),
    ):
        if numbers:
            yield and_(column.in_(numbers), merged.is_(None))
            yield and_(column.in_(numbers), merged.is_not(None))
    names = sorted({(person.birth, person.last_key) for person in people})
    if names:
        yield tuple_(table.c.birth_date, table.c.last_key).in_(names)


def _read(session: Session, table: Table, condition: ColumnElement[bool]) -> Sequence[Any]:
    columns = (table.c[name] for name in ("id", "version", "merged_into_id", *FIELDS))
    statement = select(*columns).where(condition).order_by(table.c.id).with_for_update()
    return session.connection().execute(statement).all()


def _values_of(row: Any) -> Values:
    return dict(zip(FIELDS, row[3:], strict=True))


def _card(row: Any) -> Card:
    values = _values_of(row)
    return Card(row.id, row.version, values, former_key=values["last_key"])


class Index:
    """The cards of a batch by their keys; a row sees what the rows before it have done."""

    def __init__(self, cards: Iterable[Card]) -> None:
        self._living, self._retired = _Keys(), _Keys()
        for card in cards:
            self._living.enter(card, card.values)
            for values in card.retired:
                self._retired.enter(card, values)

    def settle(self, person: Person) -> tuple[Card, bool]:
        """Return the card of a row after it, and whether it is new; Refused where the base contradicts it."""
        card = self._owner(person)
        if card is None:
            values = _values(person)
            values["middle_name"] = values["middle_name"] or ""
            values["middle_key"] = values["middle_key"] or ""
            card = Card(None, 1, values, [person], changed=True)
            self._living.enter(card, values)
            return card, True
        known = [card.values, *self._retired.said_of(card, person)]
        if all(_another(values, person) for values in known):
            raise Refused(
                _reject(
                    "other_person", "policy", f"номер принадлежит другому человеку{_named(card)}: сверьте."
                )
            )
        # What a merge has set aside does not come back by a table that still has it.
        changes = {
            name: value
            for name, value in _values(person).items()
            if value is not None and all(values[name] != value for values in known)
        }
        card.people.append(person)
        if changes:
            self._living.leave(card, card.values)
            card.values.update(changes)
            card.changed = True
            self._living.enter(card, card.values)
        return card, False

    def _owner(self, person: Person) -> Card | None:
        by_enp, by_snils = (
            self._living.by_number.get(key) or self._retired.by_number.get(key)
            for key in (("enp", person.enp), ("snils", person.snils))
        )
        if by_enp is not None and by_snils is not None and by_enp[0] is not by_snils[0]:
            one, other = _named(by_enp[0]), _named(by_snils[0])
            message = f"полис — одного человека{one}, СНИЛС — другого{other}: сверьте."
            raise Refused(_reject("keys_conflict", "policy", message))
        if found := by_enp or by_snils:
            return found[0]
        fitting = self._living.named(person) or self._retired.named(person)
        if len(fitting) > 1:
            numbers = ", ".join(f"№ {card.id}" for card in fitting[:3] if card.id)
            message = f"таких карточек несколько ({numbers}): добавьте СНИЛС или полис."
            raise Refused(_reject("ambiguous", "last_name", message))
        return fitting[0] if fitting else None


class _Keys:
    """Cards by what is said of them: by the cards themselves, or by those that were merged into them."""

    def __init__(self) -> None:
        self.by_number: dict[tuple[str, str | None], tuple[Card, Values]] = {}
        self.by_name: dict[NameKey, list[tuple[Card, Values]]] = defaultdict(list)

    def enter(self, card: Card, values: Values) -> None:
        """Let a card be found by what is said of it."""
        for name in NUMBERS:
            if values[name]:
                self.by_number[name, values[name]] = card, values
        self.by_name[_name_key(values)].append((card, values))

    def leave(self, card: Card, values: Values) -> None:
        """Forget it, before the values change."""
        for name in NUMBERS:
            self.by_number.pop((name, values[name]), None)
        self.by_name[_name_key(values)].remove((card, values))

    def named(self, person: Person) -> list[Card]:
        """Return the cards of this name and birth date whose numbers do not contradict, each once."""
        found = (one for one in self.by_name.get(person.name_key, ()) if not _contradicts(one[1], person))
        return list({id(card): card for card, _ in found}.values())

    def said_of(self, card: Card, person: Person) -> list[Values]:
        """Return what is said of a card under any key of a row."""
        found = [self.by_number.get(("enp", person.enp)), self.by_number.get(("snils", person.snils))]
        found += self.by_name.get(person.name_key, ())
        return [one[1] for one in found if one is not None and one[0] is card]


def _name_key(values: Values) -> NameKey:
    """Return folded names and birth date."""
    return values["last_key"], values["first_key"], values["middle_key"], values["birth_date"]


def _another(values: Values, person: Person) -> bool:
    return bool(values["birth_date"] != person.birth and values["first_key"] != person.first_key)


def _contradicts(values: Values, person: Person) -> bool:
    """A namesake born the same day has other numbers."""
    other_snils = values["snils"] and person.snils and values["snils"] != person.snils
    return bool(other_snils or (values["enp"] and person.enp and values["enp"] != person.enp))


def _values(person: Person) -> Values:
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
