"""What one desk was shown of people, on its way into the journal; see `services.readings`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from registrar_tui.services import dto
from registrar_tui.services.readings import Readings, append_all
from registrar_tui.services.registration import AlreadyKnown
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.session import Store

_NAMED = (dto.SlotMark.BUSY, dto.SlotMark.OWN)


class ReadingJournal:
    """Takes note at once and never waits; `write` puts what was noted into the base."""

    def __init__(self, store: Store, workplace: Workplace) -> None:
        self._store = store
        self._workplace = workplace
        self._readings = Readings()

    def searched(self, text: str, page: dto.PatientPage, digest: str) -> None:
        """Somebody was found."""
        if page.rows:
            self._readings.searched(self._workplace.utc(), text, len(page.rows), digest)

    def grid(self, query: dto.GridQuery, grid: dto.SlotGrid) -> None:
        """A grid named who has its slots."""
        people = sum(cell.mark in _NAMED for column in grid.columns for cell in column.cells)
        if people:
            told = {"kind": query.kind.value, "target": query.target_id, "day": grid.day.isoformat()}
            told |= {"doctor": query.doctor_id} if query.doctor_id else {}
            self._shown("grid-shown", detail={**told, "people": people}, same=tuple(told.values()))

    def day(self, listed: dto.DayList, doctor_id: int | None) -> None:
        """The visits of a day were listed."""
        if listed.rows:
            told: dict[str, Any] = {"day": listed.day.isoformat()}
            told |= {"doctor": doctor_id} if doctor_id else {}
            self._shown("day-shown", detail={**told, "rows": len(listed.rows)}, same=tuple(told.values()))

    def visit(self, action: str, visit_id: int | None) -> None:
        """One visit was shown, None: none was."""
        if visit_id is not None:
            self._shown(action, "visit", visit_id)

    def person(self, action: str, patient_id: int | None) -> None:
        """Something of one person was shown past their card, None: of nobody."""
        if patient_id is not None:
            self._shown(action, "patient", patient_id)

    @contextmanager
    def naming_others(self) -> Iterator[None]:
        """Take note of a refusal that names another person's card."""
        try:
            yield
        except AlreadyKnown as known:
            self.person("duplicate-shown", known.patient_id)
            raise

    def _shown(
        self,
        action: str,
        object_kind: str = "",
        object_id: int | None = None,
        *,
        detail: dict[str, Any] | None = None,
        same: object = None,
    ) -> None:
        self._readings.shown(self._workplace.utc(), action, object_kind, object_id, detail, same=same)

    def write(self) -> None:
        """Write what was noted since the last time, in one transaction; StoreUnavailable keeps it waiting."""
        batch = self._readings.take()
        if not batch:
            return
        try:
            self._store.record(lambda session: append_all(session, self._workplace.writer(), batch))
        except BaseException:
            self._readings.put_back(batch)
            raise
