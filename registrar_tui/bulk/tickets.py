"""A table of visits whose tickets are wanted: numbers or codes in, tickets out, the unknown told."""

from __future__ import annotations

from itertools import islice
from typing import Final

from sqlmodel import Session

from registrar_tui.bulk.job import Job
from registrar_tui.errors import Refusal
from registrar_tui.services import audit, dto, tickets
from registrar_tui.services.imports.columns import Column
from registrar_tui.services.imports.rows import Reject, Row, reject_of
from registrar_tui.services.imports.visits import VISIT_COLUMN, visit_in
from registrar_tui.services.workplace import Workplace
from registrar_tui.storage.session import Store

TICKET_COLUMNS: Final[tuple[Column, ...]] = (VISIT_COLUMN,)
_STRETCH: Final = 200
"""Rows of one short read."""


class TicketList:
    """The tickets that one table asks for."""

    def __init__(self, store: Store, workplace: Workplace, job: Job) -> None:
        self._store, self._workplace, self._job = store, workplace, job

    def read(self, form: str) -> tuple[list[dto.TicketView], int]:
        """Return the tickets in the order of the table, and how many rows name none."""
        views: list[dto.TicketView] = []
        rejected = 0
        rows = self._job.table.rows()
        while chunk := list(islice(rows, _STRETCH)):
            self._job.source.require_unchanged()
            found = self._stretch(chunk, form)
            views += found
            rejected += len(chunk) - len(found)
            self._job.tick(len(views) + rejected)
        return views, rejected

    def _stretch(self, chunk: list[Row], form: str) -> list[dto.TicketView]:
        found: dict[int, dto.TicketView] = {}
        asked: list[int] = []
        with self._store.read() as session:
            for row in chunk:
                seen = self._asked(session, row, found)
                if isinstance(seen, Reject):
                    self._job.rejects.add(row, seen)
                else:
                    asked.append(seen)
        if asked:
            self._store.write(lambda session: self._journal(session, asked, form))
        return [found[visit_id] for visit_id in asked]

    def _asked(self, session: Session, row: Row, found: dict[int, dto.TicketView]) -> int | Reject:
        if row.problem is not None:
            return reject_of((row.problem,))
        try:
            visit_id = visit_in(self._workplace, self._job.layout.text(row.cells, VISIT_COLUMN.key))
            if visit_id not in found:
                found[visit_id] = tickets.ticket_view(session, self._workplace, visit_id)
        except Refusal as refused:
            return Reject(refused.code, refused.field or "", refused.message)
        return visit_id

    def _journal(self, session: Session, asked: list[int], form: str) -> None:
        for visit_id in asked:
            audit.append(
                session,
                self._workplace.writer(),
                self._workplace.utc(),
                "ticket-printed",
                object_kind="visit",
                object_id=visit_id,
                detail={"form": form},
            )
