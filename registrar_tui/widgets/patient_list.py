"""The answer to a search as a list: people (who, when born, policy, …), then what one may be booked for."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from registrar_tui.plain import plain
from registrar_tui.widgets.row_list import Column, Row, RowList

if TYPE_CHECKING:
    from registrar_tui.services.dto import PatientRow

NO_POLICY: Final = "нет полиса"
NOTHING: Final = "—"

_COLUMNS: Final = (
    Column("Пациент", 29, 44),
    Column("Родился", 10, 10),
    Column("Полис", 19, 22, rank=2),
    Column("Телефон", 16, 16, rank=3),
    Column("Участок", 7, 11, rank=4),
    Column("Почему", 15, 30, rank=1),
)
_MARGIN: Final = 4
_LEAST_LINE: Final = 20
TARGETS: Final = "К кому записать"
_RUSSIAN_PHONE: Final = re.compile(r"\+?[78](\d{3})(\d{3})(\d{2})(\d{2})")


def masked_phone(phone: str | None) -> str:
    """Return a phone that can be recognised but not read over the shoulder: `+7 916 ···-45-67`."""
    if not phone:
        return NOTHING
    digits = re.sub(r"[^\d+]", "", phone)
    match = _RUSSIAN_PHONE.fullmatch(digits)
    if match is None:
        return f"··· {digits[-4:]}"
    return f"+7 {match[1]} ···-{match[3]}-{match[4]}"


def shown_phone(phone: str) -> str:
    """Return a Russian phone as it is dictated: `+7 916 123-45-67`; another one as it stands."""
    match = _RUSSIAN_PHONE.fullmatch(re.sub(r"[^\d+]", "", phone))
    return phone if match is None else f"+7 {match[1]} {match[2]}-{match[3]}-{match[4]}"


def grouped_enp(enp: str | None) -> str:
    """Return a policy number in fours: `7758 8408 4800 0012`."""
    if not enp:
        return NO_POLICY
    return " ".join(enp[start : start + 4] for start in range(0, len(enp), 4))


class TargetLine(NamedTuple):
    """What one may be booked for, in the columns of people: what it is, how much is free, when first."""

    title: str
    what: str
    free: str
    nearest: str
    muted: bool


class PatientList(RowList):
    """People found, best first; a narrow desk drops district, phone, policy and reason in this order."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(_COLUMNS, id=id)
        self._people: dict[int, PatientRow] = {}

    @property
    def target(self) -> int | None:
        """The place of the target under the cursor among those shown."""
        row = self.current
        return row.key[1] if row is not None and isinstance(row.key, tuple) else None

    @property
    def person(self) -> PatientRow | None:
        """The person under the cursor."""
        row = self.current
        return None if row is None or not isinstance(row.key, int) else self._people.get(row.key)

    def show_people(
        self,
        people: Sequence[PatientRow],
        targets: Sequence[TargetLine] = (),
        *,
        tried: str = "",
        keep: bool = False,
    ) -> None:
        """Draw an answer; the cursor goes to the best match unless it is to stay on its row.

        `tried` is what was looked for in vain; it stands above the targets, as many lines as it takes.
        """
        self._people = {person.id: person for person in people}
        width = max(self.size.width - _MARGIN, _LEAST_LINE)
        told = enumerate(textwrap.wrap(plain(tried), width))
        rows = [Row(key=("tried", place), cells=(line,), heading=True) for place, line in told]
        rows += [_row(person) for person in people]
        if targets:
            rows.append(Row(key="targets", cells=(TARGETS,), heading=True))
            rows += [_target_row(place, target) for place, target in enumerate(targets)]
        self.show(rows, keep=keep)


def _target_row(place: int, target: TargetLine) -> Row:
    return Row(
        key=("target", place),
        cells=(target.title, target.free, target.nearest, "", "", target.what),
        tone="muted" if target.muted else "",
    )


def _row(person: PatientRow) -> Row:
    return Row(
        key=person.id,
        cells=(
            person.full_name,
            f"{person.birth_date:%d.%m.%Y}",
            person.policy or grouped_enp(person.enp),
            masked_phone(person.phone),
            person.district or NOTHING,
            person.why,
        ),
    )
