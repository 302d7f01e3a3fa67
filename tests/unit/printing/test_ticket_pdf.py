"""The PDF ticket read back: its code by a decoder, its words by a text extractor."""

from __future__ import annotations

import random
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from reportlab.pdfgen.canvas import Canvas

from registrar_tui.errors import Refusal, UsageError
from registrar_tui.printing import fonts
from registrar_tui.printing.forms import FORMS, MM, PdfForm
from registrar_tui.printing.pdf import ticket_pdf, tickets_pdf
from registrar_tui.services.dto import TicketView
from registrar_tui.services.ticket_code import make_code

CODE = make_code(1, b"k" * 32, "clinic-1", 412)
VIEW = TicketView(
    number="0412",
    code=CODE,
    clinic="Городская поликлиника № 1",
    branch="Корпус на Лесной",
    address="г. Энск, ул. Лесная, д. 5",
    clinic_phone="+7 495 123-45-67",
    starts_at=datetime(2026, 11, 24, 8, 45),
    minutes=15,
    room="214",
    floor="2",
    doctor="Орлова Наталья Викторовна",
    specialty="врач-кардиолог",
    service="Первичный приём кардиолога",
    patient="Иванов Иван Петрович",
    birth_year=1958,
    bring=("паспорт", "полис ОМС", "СНИЛС"),
    issued_at=datetime(2026, 11, 23, 9, 41),
    issued_by="Соколова А. П., окно 2",
    status="booked",
    notes=("Анализы не старше 10 дней.",),
)
LONG = replace(
    VIEW,
    patient="Константинопольская-Преображенская-Воскресенская Александра-Виктория Вячеславовна",
    doctor="Рождественский-Вознесенский Максимилиан Всеволодович",
    clinic="Государственное бюджетное учреждение здравоохранения «Энская областная больница»",
    room="кабинет функциональной диагностики",
    service="Приём (осмотр, консультация) врача-кардиолога первичный с проведением электрокардиографии",
)
EVERY_FORM = pytest.mark.parametrize("form", list(FORMS))


def squeezed(text: str) -> str:
    """Return text without blanks and line-end marks: what was printed, wherever its lines end."""
    # pdfium reports a hyphen at the end of a line as U+0002 or U+FFFE.
    return "".join(text.replace("\x02", "-").replace("\ufffe", "-").split())


def page_count(pdf: bytes) -> int:
    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def pdf_text(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def pictures(pdf: bytes, dpi: int) -> Iterator[Any]:
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            # A hair less: single-precision page sizes would else be rounded up by a whole dot.
            yield page.render(scale=dpi / 72 * 0.999999).to_pil().convert("L")


def codes(pdf: bytes, dpi: int) -> list[str]:
    """Return the text of every symbol of every page as a receipt printer would burn it: black or nothing."""
    found: list[str] = []
    for picture in pictures(pdf, dpi):
        bilevel = picture.point(lambda grey: 255 if grey > 127 else 0)
        found += [read.text for read in zxingcpp.read_barcodes(bilevel)]
    return found


@EVERY_FORM
@pytest.mark.parametrize("dpi", [203, 300])
@pytest.mark.parametrize("view", [VIEW, LONG], ids=["ordinary", "long"])
def test_a_decoder_reads_exactly_the_code(form: PdfForm, dpi: int, view: TicketView) -> None:
    assert codes(ticket_pdf(view, form), dpi) == [CODE]


@EVERY_FORM
def test_the_symbol_survives_a_stain(form: PdfForm) -> None:
    pdf = ticket_pdf(VIEW, form)
    read = 0
    for seed in range(5):
        chance = random.Random(seed)
        (picture,) = pictures(pdf, 203)
        (symbol,) = zxingcpp.read_barcodes(picture)
        corner, far = symbol.position.top_left, symbol.position.bottom_right
        side = int((far.x - corner.x) * 0.22)
        x = corner.x + chance.randrange(side, (far.x - corner.x) - 2 * side)
        y = corner.y + chance.randrange(side, (far.y - corner.y) - 2 * side)
        picture.paste(255, (x, y, x + side, y + side))
        read += [found.text for found in zxingcpp.read_barcodes(picture)] == [CODE]
    assert read >= 4


@EVERY_FORM
def test_a_module_is_a_whole_number_of_dots(form: PdfForm) -> None:
    """Rendered at the printer's own resolution a symbol has no grey pixel: every edge is on the dot grid."""
    paper = FORMS[form]
    dpi = round(72 / paper.dot)
    (picture,) = pictures(ticket_pdf(VIEW, form), dpi)
    (symbol,) = zxingcpp.read_barcodes(picture)
    corner, far = symbol.position.top_left, symbol.position.bottom_right
    box = picture.crop((corner.x - 2, corner.y - 2, far.x + 2, far.y + 2))
    assert set(box.tobytes()) <= {0, 1, 254, 255}  # one level of rounding, no half-covered dot
    quiet = 4 * paper.module_dots - 3
    assert corner.x >= quiet
    around = picture.crop((corner.x - quiet, corner.y - quiet, far.x + quiet, far.y + quiet))
    around.paste(255, (quiet - 2, quiet - 2, around.width - quiet + 2, around.height - quiet + 2))
    assert set(around.tobytes()) == {255}, "the quiet zone is not quiet"


@EVERY_FORM
def test_every_field_is_in_the_text(form: PdfForm) -> None:
    text = squeezed(pdf_text(ticket_pdf(VIEW, form)))
    for said in (
        *(VIEW.clinic, VIEW.address, VIEW.clinic_phone, VIEW.branch, VIEW.doctor, VIEW.specialty),
        *(VIEW.service, VIEW.patient, VIEW.issued_by, *VIEW.bring, *VIEW.notes, CODE),
        *("Талон № 0412", "вторник, 24 ноября 2026", "08:45", "214", "2 этаж", "1958 г. р.", "15 мин"),
        *(
            "Придите за 10–15 минут",
            "Возьмите с собой",
            "позвоните +7 495 123-45-67",
            "Выдан 23.11.2026 09:41",
        ),
    ):
        assert squeezed(said) in text


@EVERY_FORM
@pytest.mark.parametrize(
    "name",
    [
        LONG.patient,
        "Г" * 300,
        "-".join(["Преображенская"] * 21),
        " ".join(["Оглы"] * 60),
        "А." * 150,
    ],
    ids=["double", "300-letters", "hyphens", "words", "dots"],
)
def test_a_long_name_is_never_cut(form: PdfForm, name: str) -> None:
    pdf = ticket_pdf(replace(LONG, patient=name), form)
    assert squeezed(name) in squeezed(pdf_text(pdf))
    assert codes(pdf, 203) == [CODE]


@EVERY_FORM
def test_no_mark_leaves_the_paper(form: PdfForm) -> None:
    view = replace(LONG, patient="Ж" * 300, room="Ш" * 120, clinic="Щ" * 200)
    for picture in pictures(ticket_pdf(view, form), 100):
        picture.paste(255, (picture.width // 2 - 3, 0, picture.width // 2 + 3, picture.height))
        if form == "a4":
            picture.paste(255, (0, picture.height // 2 - 3, picture.width, picture.height // 2 + 3))
        box = picture.point(lambda grey: 255 - grey).getbbox()
        assert box is not None
        margin = 0.6 * FORMS[form].margin_x / 72 * 100
        assert box[0] >= margin
        assert box[2] <= picture.width - margin
        assert box[3] <= picture.height - 4


def test_what_does_not_fit_goes_on_on_numbered_pages() -> None:
    notes = tuple(
        f"Памятка {number}: не ешьте и не пейте за восемь часов до исследования." for number in range(40)
    )
    pdf = ticket_pdf(replace(VIEW, notes=notes), "a6")
    text = squeezed(pdf_text(pdf))
    count = page_count(pdf)
    assert count >= 2
    assert all(squeezed(note) in text for note in notes)
    assert all(f"лист{number}из{count}" in text for number in range(1, count + 1))


HOSTILE = {
    "markup": "[red]Иванов[/red] [/] <b>жирный <img src=/etc/hostname> &amp; ${x} {0} %s",
    "escape": "Иванов\x1b[31m\x1b]52;c;AAAA\x07 \x9b2J Пётр",
    "bidi": "Иванов \u202eгепёС\u202c \u2066x\u2069",
    "zero-width": "И\u200bв\u200dа\ufeffнов",
    "emoji": "Иванов 😀👨\u200d👩\u200d👧 Иван",
    "chinese": "李小龍 Иван",
    "arabic": "محمد Иван",
    "breaks": "Иванов\r\n\tИван\u2028Петрович\x00\x0c",
    "surrogate": "Иванов \ud800 \udfff",
    "zalgo": "И" + "\u0301" * 300,
    "tags": "Иванов \U000e0041\U000e007f",
    "blank": " \u00a0\u3000 ",
    "empty": "",
    "pdf": ") Tj ET Q (взлом) \\ ( ",
}


@EVERY_FORM
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_plain_text(form: PdfForm, text: str) -> None:
    view = replace(
        *(VIEW,),
        **dict.fromkeys(
            ("patient", "doctor", "service", "room", "clinic", "specialty", "branch", "floor"), text
        ),
        **{
            "address": text,
            "clinic_phone": text,
            "issued_by": text,
            "bring": (text,),
            "notes": (text,),
            "number": text,
        },
    )
    pdf = ticket_pdf(view, form)
    printed = pdf_text(pdf)
    assert codes(pdf, 203) == [CODE]
    assert not set(printed) & set("\x1b\x9b\x07\x00\u202e\u202c\u2066\u200b\u200d\ufeff")


def test_markup_is_printed_to_the_letter() -> None:
    for name in (HOSTILE["markup"], HOSTILE["pdf"]):
        assert squeezed(name) in squeezed(pdf_text(ticket_pdf(replace(VIEW, patient=name), "a5")))


def test_what_the_font_lacks_is_seen_to_be_missing() -> None:
    text = pdf_text(ticket_pdf(replace(VIEW, patient="李小龍 Иван \x1b[0m"), "a6"))
    assert "??? Иван ?[0m" in text


def test_letters_of_the_peoples_are_printed() -> None:
    name = "Ғәлиә Ҡотлобаева Ӳркӗ Сэһэн"
    assert name in pdf_text(ticket_pdf(replace(VIEW, patient=name), "a6"))


def test_decomposed_letters_are_composed() -> None:
    name = "Куйбышев Семён Андреевич"
    text = pdf_text(ticket_pdf(replace(VIEW, patient=unicodedata.normalize("NFD", name)), "a6"))
    assert name in text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("cancelled", "ПРИЁМ ОТМЕНЁН"),
        ("moved", "ПРИЁМ ПЕРЕНЕСЁН"),
        ("entered-in-error", "ЗАПИСЬ ОШИБОЧНАЯ"),
        ("noshow", "ПРИЁМ НЕ СОСТОЯЛСЯ"),
        ("fulfilled", "ПРИЁМ УЖЕ БЫЛ"),
    ],
)
@EVERY_FORM
def test_a_void_ticket_says_so(form: PdfForm, status: str, said: str) -> None:
    text = pdf_text(ticket_pdf(replace(VIEW, status=status, notes=("Новое время: 26 ноября, 10:15.",)), form))
    assert squeezed(said) in squeezed(text)
    assert squeezed("По этому талону не принимают") in squeezed(text)
    assert squeezed("Новое время: 26 ноября, 10:15.") in squeezed(text)
    assert "Придите" not in text


@pytest.mark.parametrize("status", ["booked", "arrived", "checked-in", "pending"])
def test_a_valid_ticket_says_nothing_of_the_kind(status: str) -> None:
    text = pdf_text(ticket_pdf(replace(VIEW, status=status), "a6"))
    assert "ПРИЁМ" not in text
    assert "не принимают" not in text


def test_the_paper_has_its_size() -> None:
    sizes = {"a6": (105, 148), "a5": (148, 210), "a4": (210, 297)}
    for form, (width, height) in sizes.items():
        with pypdfium2.PdfDocument(ticket_pdf(VIEW, form)) as document:
            assert document[0].get_size() == pytest.approx((width * MM, height * MM), abs=0.5)
    for form, width in (("80mm", 80), ("58mm", 58)):
        short, tall = ticket_pdf(VIEW, form), ticket_pdf(LONG, form)
        with pypdfium2.PdfDocument(short) as one, pypdfium2.PdfDocument(tall) as other:
            assert one[0].get_width() == pytest.approx(width * MM, abs=0.5)
            assert 300 < one[0].get_height() < other[0].get_height() < 800


def test_a_batch_fills_sheets_of_four() -> None:
    views = [replace(VIEW, number=f"{n:04}", code=make_code(1, b"k" * 32, "c", n)) for n in range(1, 10)]
    pdf = tickets_pdf(iter(views), "a4")
    assert page_count(pdf) == 3
    assert sorted(codes(pdf, 203)) == sorted(view.code for view in views)


@EVERY_FORM
def test_an_empty_batch_says_so(form: PdfForm) -> None:
    pdf = tickets_pdf([], form)
    assert page_count(pdf) == 1
    assert "Талонов нет." in pdf_text(pdf)


def test_a_batch_takes_its_views_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    drawn: list[int] = []
    show_page = Canvas.showPage

    def watched(canvas: Any) -> None:
        drawn.append(len(taken))
        show_page(canvas)

    def views() -> Iterator[TicketView]:
        for number in range(6):
            taken.append(number)
            yield VIEW

    monkeypatch.setattr(Canvas, "showPage", watched)
    tickets_pdf(views(), "a6")
    assert drawn == [2, 3, 4, 5, 6, 6]


def test_properties_name_nobody() -> None:
    pdf = ticket_pdf(VIEW, "a6")
    with pypdfium2.PdfDocument(pdf) as document:
        properties = document.get_metadata_dict()
    assert properties["Title"] == "Талон №\u00a00412"
    assert "Иванов" not in str(properties)
    assert properties["CreationDate"][2:6] != "2000"


def test_the_same_ticket_gives_the_same_bytes_when_asked() -> None:
    assert ticket_pdf(VIEW, "a6", invariant=True) == ticket_pdf(VIEW, "a6", invariant=True)


def test_an_unknown_form_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as raised:
        ticket_pdf(VIEW, "text")
    assert "a6" in raised.value.message


@pytest.mark.parametrize("code", ["12 34", "٣" * 20, "1" * 49, "²" * 20])
def test_a_broken_code_is_not_printed(code: str) -> None:
    with pytest.raises(Refusal) as raised:
        ticket_pdf(replace(VIEW, code=code), "a6")
    assert raised.value.code == "cannot_print"


def test_a_missing_font_is_a_clear_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "_PACKAGED", ())
    monkeypatch.setattr(fonts, "_SYSTEM", (("/nowhere", "a.ttf", "b.ttf"),))
    fonts._load.cache_clear()
    try:
        with pytest.raises(Refusal) as raised:
            ticket_pdf(VIEW, "a6")
    finally:
        fonts._load.cache_clear()
    assert raised.value.code == "cannot_print"


def test_heavy_libraries_are_loaded_by_the_first_ticket_only() -> None:
    program = (
        "import sys\n"
        "from registrar_tui.printing import lp, pdf, plain_text, qr, spool\n"
        "print(sorted({'reportlab', 'qrcode', 'PIL', 'textual', 'rich', 'sqlmodel'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
