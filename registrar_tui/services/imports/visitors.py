"""Whose visit a row is: the card by its number, ЕНП, СНИЛС, else by name and birth date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, select
from sqlmodel import Session, col

from registrar_tui.models import Patient
from registrar_tui.services.imports.columns import Layout
from registrar_tui.services.imports.directory import day_in, number_in, refused, said
from registrar_tui.services.search_keys import fold
from registrar_tui.validators.reading import compact


def visitor_of(session: Session, layout: Layout, cells: list[str]) -> int:
    """Return the person of a row: by number of the card, ЕНП, СНИЛС, else by name and birth date."""
    named = _Named.read(layout, cells)
    if numbers := _numbers(layout, cells):
        found = _owners(session, [col(getattr(Patient, name)) == number for name, number in numbers.items()])
    elif named.last and named.first and named.born:
        found = _owners(session, [named.whole()])
    else:
        message = "Пациент не указан: впишите полис, СНИЛС или ФИО с датой рождения."
        raise refused("patient_missing", "last_name", message)
    if len(found) > 1:
        told = ", ".join(f"№ {number}" for number in sorted(found))
        raise refused("ambiguous", "last_name", f"Подходят несколько карточек ({told}): впишите номер.")
    if not found:
        raise refused("not_found", "last_name", "Такого пациента в базе нет: сначала заведите карточку.")
    ((number, cards),) = found.items()
    if all(named.differs(card) for card in cards):
        raise refused(
            "other_person", "last_name", f"По номеру это другой человек (карточка № {number}): сверьте."
        )
    return number


def _numbers(layout: Layout, cells: list[str]) -> dict[str, int | str]:
    """Return the numbers of a row by their columns; that of the card leaves nothing to the others."""
    if text := layout.text(cells, "patient_id"):
        number = number_in(text)
        if number is None:
            raise refused("patient_format", "patient_id", f"{said(text)} — не номер карточки.")
        return {"id": number}
    numbers = {
        name: compact(layout.text(cells, key)) for name, key in (("enp", "policy"), ("snils", "snils"))
    }
    return {name: number for name, number in numbers.items() if number}


@dataclass(frozen=True, slots=True)
class _Named:
    """How a row names its person; what it does not say is empty."""

    last: str
    first: str
    middle: str
    born: date | None

    @classmethod
    def read(cls, layout: Layout, cells: list[str]) -> _Named:
        """Read the columns of a name, folded."""
        born = layout.text(cells, "birth_date")
        last, first, middle = (
            fold(layout.text(cells, f"{part}_name")) for part in ("last", "first", "middle")
        )
        return cls(last, first, middle, day_in(born, "birth_date") if born else None)

    def whole(self) -> ColumnElement[bool]:
        """Return the condition on cards of this name and birth date."""
        parts = [
            *(col(Patient.last_key) == self.last, col(Patient.first_key) == self.first),
            col(Patient.birth_date) == self.born,
        ]
        return and_(*parts, col(Patient.middle_key) == self.middle) if self.middle else and_(*parts)

    def differs(self, card: Patient) -> bool:
        """Tell whether two of surname, first name, birth date are another's: one alone may have changed."""
        pairs = ((self.last, card.last_key), (self.first, card.first_key), (self.born, card.birth_date))
        return sum(bool(mine) and mine != own for mine, own in pairs) > 1


def _owners(session: Session, ways: Sequence[ColumnElement[bool]]) -> dict[int, list[Patient]]:
    """Return the cards that are found any of these ways, under the number of the living one.

    A merged card leads to its survivor; merged ones are asked for by themselves, in indexes of their own.
    """
    merged = col(Patient.merged_into_id)
    for standing in (merged.is_(None), merged.is_not(None)):
        found: dict[int, list[Patient]] = defaultdict(list)
        for way in ways:
            for card in session.execute(select(Patient).where(way, standing).limit(3)).scalars():
                owner = session.get_one(Patient, card.merged_into_id) if card.merged_into_id else card
                found[owner.id or 0] += [card, owner]
        if found:
            return found
    return {}
