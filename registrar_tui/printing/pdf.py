"""The ticket as PDF on a plain canvas: text goes in as text, nothing in it is markup.

One document at a time: reportlab is not known to be safe for more (reportlab-mirror #4).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any

from registrar_tui.errors import UsageError
from registrar_tui.printing.fonts import Faces, load_faces
from registrar_tui.printing.forms import FORMS, Form
from registrar_tui.printing.layout import ticket_blocks, title
from registrar_tui.printing.marks import Bar, Mark, Run, Symbol
from registrar_tui.printing.paginate import Page, pages
from registrar_tui.printing.qr import path_operators
from registrar_tui.services.dto import TicketView

_one_at_a_time = threading.Lock()


def ticket_pdf(view: TicketView, form: str = "a6", *, invariant: bool = False) -> bytes:
    """Return one ticket as a PDF on `a6`, `a5`, `a4`, `80mm` or `58mm`; another form is a usage error.

    `invariant` gives the same bytes for the same ticket (tests); the creation date is then a fixed one.
    """
    return _document([view], _form(form), title(view), invariant=invariant)


def tickets_pdf(views: Iterable[TicketView], form: str = "a4", *, invariant: bool = False) -> bytes:
    """Return many tickets in one PDF; views are taken one at a time, so a generator is never held whole.

    No view at all gives a page that says so.
    """
    return _document(views, _form(form), "Талоны", invariant=invariant)


def _form(name: str) -> Form:
    for known, form in FORMS.items():
        if known == name:
            return form
    raise UsageError(f"Формат талона {name!r} неизвестен: выберите {', '.join(FORMS)}.", field="format")


def _document(views: Iterable[TicketView], form: Form, heading: str, *, invariant: bool) -> bytes:
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    with _one_at_a_time:
        rl_config.useA85 = 0  # plain deflated streams: a fifth smaller and quicker
        faces = load_faces()
        buffer = BytesIO()
        canvas = Canvas(
            buffer, pagesize=_sheet(form), pageCompression=1, invariant=int(invariant), lang="ru-RU"
        )
        canvas.setTitle(heading)
        canvas.setAuthor("registrar")
        canvas.setSubject("")
        canvas.setCreator("registrar")
        # A reader that fits the page to its printer would break the whole dots of the QR.
        canvas.setViewerPreference("PrintScaling", "None")
        _Press(canvas, form, faces).run(_pages_of(views, form, faces))
        canvas.save()
        return buffer.getvalue()


def _pages_of(views: Iterable[TicketView], form: Form, faces: Faces) -> Iterator[Page]:
    for view in views:
        yield from pages(ticket_blocks(view), title(view), form, faces)


def _sheet(form: Form) -> tuple[float, float]:
    return form.width * form.columns, form.height * form.rows


class _Press:
    """Puts pages on sheets: one, or four with lines to cut along."""

    def __init__(self, canvas: Any, form: Form, faces: Faces) -> None:
        self._canvas = canvas
        self._form = form
        self._faces = faces
        self._height = 0.0  # of the open sheet

    def run(self, filled: Iterable[Page]) -> None:
        """Draw every page; without any, one sheet that says there is nothing."""
        form = self._form
        cells = form.columns * form.rows
        place = -1
        for number, page in enumerate(filled):
            place = number % cells
            if place == 0:
                self._open(page.height, first=number == 0)
            row, column = divmod(place, form.columns)
            self._draw(page, column * form.width, self._height - row * form.height)
        if place < 0:
            self._open(14, first=True)
            self._run(Run(form.margin_x, form.margin_y, "Талонов нет.", 12), 0, self._height - 11)
        self._canvas.showPage()

    def _open(self, content: float, *, first: bool) -> None:
        form, canvas = self._form, self._canvas
        if not first:
            canvas.showPage()
        width, self._height = _sheet(form)
        if form.roll:
            self._height = form.snapped(content + 2 * form.margin_y)
        canvas.setPageSize((width, self._height))
        if form.columns > 1:
            canvas.setLineWidth(0.4)
            canvas.setStrokeGray(0.6)
            canvas.setDash(3, 3)
            canvas.line(form.width, 0, form.width, self._height)
            canvas.line(0, form.height, width, form.height)

    def _draw(self, page: Page, left: float, top: float) -> None:
        form = self._form
        for placed in page.placed:
            for mark in placed.piece.marks:
                self._mark(mark, left + form.margin_x, top - form.margin_y - placed.top)

    def _mark(self, mark: Mark, left: float, top: float) -> None:
        match mark:
            case Run():
                self._run(mark, left, top)
            case Bar():
                self._canvas.setFillGray(mark.ink)
                self._canvas.rect(left + mark.x, top - mark.y - mark.height, mark.width, mark.height, 0, 1)
            case Symbol():
                form = self._form
                x = form.snapped(left + mark.x)
                # From the top edge: there the first row of a printer's dots is.
                y = self._height - form.snapped(self._height - top + mark.y)
                self._canvas._code.append(path_operators(mark.modules, x, y, form.module))

    def _run(self, run: Run, left: float, top: float) -> None:
        self._canvas.setFillGray(run.ink)
        self._canvas.setFont(self._faces.of(bold=run.bold).name, run.size)
        self._canvas.drawString(left + run.x, top - run.baseline, run.text)
