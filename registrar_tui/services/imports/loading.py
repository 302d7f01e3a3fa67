"""The first million: rows into tables without indexes, in one transaction that stands whole or not at all.

Nobody works in an empty base, and an index built at the end costs a quarter of one kept. Whether a row
repeats a key of a row before it is told by a bitmap; a row that may (a few in ten thousand are false alarms)
waits and is settled by the ordinary way once the indexes are there. No row that went in shares a key with one
that waits before it, so the outcome is that of one row after another.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session

from registrar_tui.models import Patient
from registrar_tui.services.imports import surnames
from registrar_tui.services.imports.patient_batch import (
    DOCUMENT_COLUMNS,
    PATIENT_COLUMNS,
    POLICY_COLUMNS,
    Outcome,
    apply,
)
from registrar_tui.services.imports.patients import Person
from registrar_tui.services.imports.writing import RowWriter
from registrar_tui.vocabulary import Verification

_TABLES: Final = ("patient", "identity_document", "policy", "surname_deletion", "surname_trigram")
_SHARE: Final = 10_000
_MOST_WAITING: Final = 50_000
_CELLS: Final = 1 << 22
_CELL: Final = _CELLS - 1
_MARKS: Final = [1 << (code & 63) | 1 << (code >> 6) for code in range(1 << 12)]
_NOT_SHOWN: Final = Verification.NOT_SHOWN.value


class _Seen:
    """A bitmap of keys: never forgets one, seldom takes a new one for a known one.

    A key is two bits of one cell of 64: 32 MB in all, and one look-up a key instead of two.
    """

    def __init__(self) -> None:
        self._cells = array("Q", bytes(_CELLS * 8))

    def add(self, person: Person) -> bool:
        """Remember the keys of a row; tell whether one of them may have been there."""
        cells, marks, cell = self._cells, _MARKS, _CELL
        known = False
        for key in ((person[10:13], person.birth), person.enp, person.snils):
            if key is None:
                continue
            code = hash(key)
            mark, place = marks[code & 4095], code >> 12 & cell
            bits = cells[place]
            if bits & mark == mark:
                known = True
            else:
                cells[place] = bits | mark
        return known


def is_empty(session: Session) -> bool:
    """Tell whether the base has no person yet."""
    return (
        session.connection().execute(select(Patient.metadata.tables["patient"].c.id).limit(1)).first() is None
    )


class Loader:
    """Loads checked people into an empty base; `outcome` keeps counts and rejects by the row's place."""

    def __init__(
        self,
        session: Session,
        writer: RowWriter,
        now: datetime,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        self._session, self._writer, self._now = session, writer, now
        self._seen = _Seen()
        self._surnames: Counter[str] = Counter()
        self._waiting: list[tuple[int, Person]] = []
        self._indexed = False
        self._ready: list[Person] = []
        self.outcome = Outcome()
        writer.drop_indexes(_TABLES, meanwhile)

    def add(self, place: int, person: Person) -> None:
        """Take the next row."""
        if self._indexed or self._seen.add(person):
            self._waiting.append((place, person))
            if len(self._waiting) >= (_SHARE if self._indexed else _MOST_WAITING):
                self._settle()
            return
        self._ready.append(person)
        if len(self._ready) >= _SHARE:
            self._flush()

    def finish(self) -> None:
        """Write what is left, build the indexes and the dictionary."""
        self._settle()

    def _flush(self) -> None:
        people, self._ready = self._ready, []
        ids = self._writer.reserve("patient", len(people))
        numbered = list(zip(ids, people, strict=True))
        self._surnames.update(person.last_key for person in people)
        self._writer.insert(
            "patient", PATIENT_COLUMNS, [_patient(number, person, self._now) for number, person in numbered]
        )
        self._writer.insert("identity_document", DOCUMENT_COLUMNS, list(_documents(numbered)))
        self._writer.insert("policy", POLICY_COLUMNS, list(_policies(numbered)))
        self.outcome.added += len(people)

    def _settle(self) -> None:
        self._flush()
        if not self._indexed:
            del self._seen
            surnames.write_all(self._session, self._writer, self._surnames)
            self._writer.build_indexes()
            self._indexed = True
        waiting, self._waiting = self._waiting, []
        for start in range(0, len(waiting), 500):
            share = apply(self._session, self._writer, waiting[start : start + 500], self._now)
            self.outcome.added += share.added
            self.outcome.updated += share.updated
            self.outcome.rejects.update(share.rejects)


def _patient(number: int, person: Person, now: datetime) -> tuple[Any, ...]:
    """Return a row in the order of PATIENT_COLUMNS; the fields of a person stand in that order too."""
    return (
        number,
        *person[:2],
        person.middle or "",
        *person[3:13],
        person.first_key[:1],
        person.middle_key[:1],
        person.phone[:0:-1] if person.phone else None,
        False,
        "",
        1,
        now,
    )


def _documents(numbered: list[tuple[int, Person]]) -> Iterator[tuple[Any, ...]]:
    for number, person in numbered:
        if person.document is not None:
            yield (number, *person.document, "", "", _NOT_SHOWN)


def _policies(numbered: list[tuple[int, Person]]) -> Iterator[tuple[Any, ...]]:
    for number, person in numbered:
        if person.policy is not None:
            yield (number, *person.policy, "", _NOT_SHOWN)
