"""Reading and writing tables: every encoding, delimiter and line end, and files that are no tables."""

from __future__ import annotations

import gc
import itertools
import json
import os
import resource
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from registrar_tui.errors import Refusal, UsageError
from registrar_tui.exchange import csv_table, xlsx_table
from registrar_tui.exchange.csv_lines import LONGEST_CELL
from registrar_tui.exchange.csv_table import CsvTable
from registrar_tui.exchange.encoding import detect
from registrar_tui.exchange.neutral import neutral, restored
from registrar_tui.exchange.new_file import new_file
from registrar_tui.exchange.reading import opened, table_of
from registrar_tui.exchange.rejects import RejectFile
from registrar_tui.exchange.writing import form_of, writer_of
from registrar_tui.exchange.xlsx_table import cell_text
from registrar_tui.services.imports.columns import match_header
from registrar_tui.services.imports.patients import COLUMNS
from registrar_tui.services.imports.rows import Reject, Row
from registrar_tui.services.imports.visits import COLUMNS as VISIT_COLUMNS

HEADER = ["Фамилия", "Имя", "Дата"]
ROWS = [["Ёлкин", "Пётр", "12.05.1958"], ["Щукина-Ким", "Анна", "01.01.2000"], ["Иванов", "О'Нил", ""]]


def read(file: Path) -> list[Row]:
    with opened(file) as source:
        return list(table_of(source).rows())


def codes(rows: list[Row]) -> list[str]:
    return [row.problem.code if row.problem else "" for row in rows]


def put(tmp_path: Path, content: bytes) -> Path:
    file = tmp_path / "t.csv"
    file.write_bytes(content)
    return file


@pytest.mark.parametrize(
    ("encoding", "delimiter", "newline"),
    list(itertools.product(("utf-8", "utf-8-sig", "cp1251", "cp866"), ";,\t", ("\n", "\r\n", "\r"))),
)
@pytest.mark.parametrize("closed", [True, False])
def test_every_usual_form(tmp_path: Path, encoding: str, delimiter: str, newline: str, closed: bool) -> None:
    text = newline.join(delimiter.join(cells) for cells in [HEADER, *ROWS]) + newline * closed
    with opened(put(tmp_path, text.encode(encoding))) as source:
        table = table_of(source)
        assert table.header == HEADER
        assert isinstance(table, CsvTable) and table.delimiter == delimiter
        assert table.encoding == ("utf-8-sig" if encoding.startswith("utf") else encoding)
        rows = list(table.rows())
        assert [row.cells for row in rows] == ROWS and [row.line for row in rows] == [2, 3, 4]
        assert table.done == table.total


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "cp866"])
def test_one_short_line_tells_the_encoding(encoding: str) -> None:
    for word in ("Ким", "Иванов Пётр", "Абрамян", "ЩУКИНА", "фамилия;имя", "Ли;Анна"):
        expected = "utf-8-sig" if encoding == "utf-8" else encoding
        assert detect(f"header\n{word}\n".encode(encoding)) == expected, word


def test_the_encoding_is_looked_for_beyond_the_beginning(tmp_path: Path) -> None:
    text = "last_name;first_name\n" + "Smith;John\n" * 60_000 + "Иванов;Пётр\n"
    rows = read(put(tmp_path, text.encode("cp1251")))
    assert len(rows) == 60_001 and rows[-1].cells == ["Иванов", "Пётр"]


def test_a_forgotten_quote_eats_one_row(tmp_path: Path) -> None:
    content = 'a;b;c\n"Иванов;Иван;1\nПетров;Пётр;2\n"Сидоров;Олег;3\nНовиков";Олег;4\nКим;Анна;5\n'
    rows = read(put(tmp_path, content.encode()))
    assert codes(rows) == ["row_quotes", "", "row_quotes", "row_quotes", ""]
    assert rows[1].cells == ["Петров", "Пётр", "2"]


def test_a_quoted_cell_may_have_breaks_delimiters_and_quotes(tmp_path: Path) -> None:
    content = 'a;b;c\n"Иван;ов";"О""Нил";"первая\nвторая"\nКим;Анна;5\n'
    rows = read(put(tmp_path, content.encode()))
    assert [row.cells for row in rows] == [["Иван;ов", 'О"Нил', "первая\nвторая"], ["Ким", "Анна", "5"]]
    assert [row.line for row in rows] == [2, 4]


def test_a_quoted_cell_over_the_edge_of_a_block(tmp_path: Path) -> None:
    filler = "Ким;Анна;5\n" * 90_000
    cut = csv_table._BLOCK // len("Ким;Анна;5\n".encode())
    lines = filler.splitlines(keepends=True)
    lines[cut - 20 : cut + 20] = ['Ким;Анна;"раз\nдва"\n'] * 40
    rows = read(put(tmp_path, ("a;b;c\n" + "".join(lines)).encode()))
    assert not any(codes(rows)) and len(rows) == 90_000
    assert sum(row.cells[2] == "раз\nдва" for row in rows) == 40


def test_how_far_a_table_is_is_told_by_its_rows(tmp_path: Path) -> None:
    """A day of 5,000 people is less than a megabyte, and takes half a minute beside working desks."""
    with opened(put(tmp_path, b"a;b\n" + b"1;2\n" * 100_000)) as source:
        table = table_of(source)
        shares = [table.done / table.total for place, _ in enumerate(table.rows()) if place % 10_000 == 0]
    assert all(abs(share - place / 10) < 0.2 for place, share in enumerate(shares))


@pytest.mark.parametrize("size", [LONGEST_CELL + 1, 1 << 20, 20 << 20])
def test_a_huge_cell_is_one_rejected_row(tmp_path: Path, size: int) -> None:
    content = b"a;b\n1;2\n" + b"x" * size + b";3\n4;5\n"
    rows = read(put(tmp_path, content))
    assert codes(rows) == ["", "cell_too_long", ""]
    assert all(len(cell) <= LONGEST_CELL for row in rows for cell in row.cells)


PEOPLE = "Фамилия;Имя;Дата рождения\nКим;Анна;1.1.2000\nЛи;Нина;2.1.2000\n"
UNDER_TITLES = {
    "a merged title": (f"Список прикреплённых на 01.11.2026;;\n;;\n{PEOPLE}", [4, 5]),
    "a title of one cell": (f"Список; прикреплённые\n\n{PEOPLE}", [4, 5]),
    "the separator told": (f"sep=;\n{PEOPLE}", [3, 4]),
    "breaks in the heading": (PEOPLE.replace("Дата рождения", '"Дата\nрождения"'), [3, 4]),
    "separators behind the heading": (PEOPLE.replace("рождения", "рождения;;"), [2, 3]),
    "two returns at each end": (PEOPLE.replace("\n", "\r\r\n"), [2, 3]),
}


@pytest.mark.parametrize("name", list(UNDER_TITLES))
@pytest.mark.parametrize("encoding", ["cp1251", "utf-8-sig"])
def test_the_heading_is_found_below_titles(tmp_path: Path, name: str, encoding: str) -> None:
    text, lines = UNDER_TITLES[name]
    with opened(put(tmp_path, text.encode(encoding))) as source:
        table = table_of(source, COLUMNS)
        assert len(match_header(table.header, COLUMNS, "").places) == 3
        rows = list(table.rows())
    assert codes(rows) == ["", ""] and [row.line for row in rows] == lines


def test_headings_as_clinics_write_them() -> None:
    header = [
        "№ п/п",
        "Фамилия пациента",
        "Имя",
        "Отч.",
        "Дата рожд.",
        "СНИЛС №",
        "№ полиса ОМС",
        "Тел.",
        "Адрес",
    ]
    layout = match_header(header, COLUMNS, "")
    assert len(layout.places) == 7 and layout.unread() == ("№ п/п", "Адрес")
    visits = match_header(["Пациент №", "Пациент", "Дата", "Время"], VISIT_COLUMNS, "")
    assert visits.place("patient_id") == 0 and visits.unread() == ("Пациент",)
    with pytest.raises(UsageError, match="«Полис» и «ЕНП» — одно и то же"):
        match_header([*header[1:5], "Полис", "ЕНП"], COLUMNS, "файл")


def test_a_heading_sorted_among_its_rows_leaves_none_of_them_out(tmp_path: Path) -> None:
    _, *rows = PEOPLE.splitlines()
    with (
        pytest.raises(UsageError),
        opened(put(tmp_path, "\n".join([rows[0], PEOPLE]).encode())) as source,
    ):
        match_header(table_of(source, COLUMNS).header, COLUMNS, "")


def test_a_run_of_no_break_spaces_is_no_other_encoding(tmp_path: Path) -> None:
    rows = read(put(tmp_path, "Имя;Дом\nКим;\xa0\xa0\xa0\xa0«\xa0\xa0\xa0»\n".encode("cp1251")))
    assert codes(rows) == [""]


def test_blank_lines_are_told_but_for_the_last(tmp_path: Path) -> None:
    rows = read(put(tmp_path, b"\n\na;b\n1;2\n\n;\n3;4\n\n\n;;\n"))
    assert codes(rows) == ["", "row_empty", "row_empty", ""]
    assert [row.line for row in rows] == [4, 5, 6, 7]


NOT_TABLES = {
    "empty": b"",
    "blank": b" \n\n \n",
    "binary": bytes(range(256)) * 40,
    "zeros": bytes(5000),
    "pdf": b"%PDF-1.7\n1 0 obj",
    "old workbook": b"\xd0\xcf\x11\xe0" + bytes(600),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(600),
    "broken workbook": b"PK\x03\x04" + bytes(600),
    "utf-16": "Фамилия\tИмя\n".encode("utf-16"),
    "a letter": "Уважаемые коллеги!\nТаблица будет завтра.\n".encode(),
    "other table": "артикул;цена\n1;2\n".encode(),
    "part of the columns": "Фамилия;Имя\nКим;Анна\n".encode(),
    "a column twice": "Фамилия;Имя;Дата рождения;last_name\nКим;Анна;1.1.2000;Ким\n".encode(),
    "one endless line": b"x" * (9 << 20),
}


def test_a_workbook_too_large_for_memory_is_asked_for_as_csv(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told by its directory, before a byte is unpacked."""
    file = tmp_path / "large.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (2 << 20))
    monkeypatch.setattr(xlsx_table, "_LARGEST", 1 << 20)
    with pytest.raises(UsageError) as told, opened(file) as source:
        table_of(source)
    assert told.value.code == "too_large" and "CSV" in told.value.message


def workbook(file: Path, *sheets: dict[str, object]) -> Path:
    import xlsxwriter  # type: ignore[import-untyped]

    with xlsxwriter.Workbook(str(file)) as book:
        for cells in sheets:
            sheet, painted = book.add_worksheet(), book.add_format({"bold": True})
            for place, value in cells.items():
                sheet.write(place, value, painted)
    return file


TINY: dict[str, object] = {"A1": "Имя", "B1": "Адрес", "A2": "Ким", "B2": "Лесная, 1\r\nкв. 2"}


def test_a_cell_far_away_does_not_take_all_memory(tmp_path: Path) -> None:
    """The reader makes room for every cell between: 17 billion of them, and the process is killed."""
    for far in ("XFD1048576", "AZ1048576"):
        with pytest.raises(UsageError) as told:
            read(workbook(tmp_path / "far.xlsx", TINY | {far: "х"}))
        assert told.value.code == "too_large"
    assert len(read(workbook(tmp_path / "painted.xlsx", TINY | {"XFD1048576": None}))) == 1


def test_a_workbook_of_another_program_gets_one_line(tmp_path: Path) -> None:
    for name in ("content.xml", "xl/workbook.bin"):
        with zipfile.ZipFile(tmp_path / "t.ods", "w") as archive:
            archive.writestr(name, b"<office/>")
        with pytest.raises(UsageError) as told:
            read(tmp_path / "t.ods")
        assert "XLSX" in told.value.message


def test_a_cell_of_two_lines_is_text(tmp_path: Path) -> None:
    assert [row.problem for row in read(workbook(tmp_path / "t.xlsx", TINY))] == [None]


def test_a_hidden_sheet_is_not_the_table(tmp_path: Path) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(tmp_path / "t.xlsx")) as book:
        hidden, shown = book.add_worksheet(), book.add_worksheet()
        hidden.write_column("A1", ["Имя", "Старов"])
        shown.write_column("A1", ["Имя", "Новов"])
        shown.activate()
        hidden.hide()
    assert [row.cells for row in read(tmp_path / "t.xlsx")] == [["Новов"]]


@pytest.mark.parametrize("name", list(NOT_TABLES))
def test_what_is_no_table_gets_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as told, opened(put(tmp_path, NOT_TABLES[name])) as source:
        match_header(table_of(source).header, COLUMNS, source.name)
    assert told.value.exit_code == 2 and "\n" not in told.value.message and told.value.message.endswith(".")


def test_what_is_no_file_gets_one_line(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (tmp_path, tmp_path / "absent.csv", fifo, tmp_path / ("x" * 300), Path("a\0b")):
        with pytest.raises(UsageError) as told, opened(path):
            raise AssertionError("opened")
        assert "\n" not in told.value.message


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1+1", "=1+1"),
        (15.0, "15"),
        (15.5, "15.5"),
        (7767940818000015.0, "7767940818000015"),
        (True, "да"),
        (date(1958, 5, 12), "1958-05-12"),
        (datetime(1958, 5, 12), "1958-05-12"),
        (datetime(2026, 11, 24, 9, 15), "2026-11-24 09:15"),
        (time(9, 15), "09:15"),
        (timedelta(hours=9, minutes=15), "09:15"),
        ("", ""),
    ],
)
def test_a_cell_of_a_workbook_as_it_would_be_typed(value: object, text: str) -> None:
    assert cell_text(value) == text


def test_a_workbook_is_read_by_the_same_rules(tmp_path: Path) -> None:
    import xlsxwriter

    file = tmp_path / "t.xlsx"
    book = xlsxwriter.Workbook(str(file), {"strings_to_formulas": False})
    sheet = book.add_worksheet()
    for number, cells in enumerate(
        ([], HEADER, ROWS[0], [], HEADER, ["=x", "б", "в"], ["а", "б", "в", "г"], ["a"])
    ):
        sheet.write_row(number, 0, cells)
    sheet.write_formula(8, 0, "=1+1", "", "Ким")
    book.close()
    rows = read(file)
    assert codes(rows) == ["", "row_empty", "row_header", "cell_formula", "row_cells", "", ""]
    assert rows[0].line == 3 and rows[-1].cells == ["Ким", "", ""]


@pytest.mark.parametrize("cell", ["=1", "+7", "-1", "@x", "\t=1", " =1", "＝1", "＋1", "－1", "＠1"])
def test_what_a_spreadsheet_would_run(cell: str) -> None:
    assert neutral(cell).startswith("'")
    if "\t" not in cell:
        assert restored(neutral(cell)) == cell


def test_json_lines_command_no_terminal_and_lose_nothing(tmp_path: Path) -> None:
    hostile = 'Ким\x1b[2J\x9b2J\u202e"\\\u2028\ud800ё'
    file = tmp_path / "t.jsonl"
    with writer_of("jsonl", file, ["a"], ["А"]) as writer:
        writer.write([hostile])
    (line,) = file.read_text(encoding="utf-8").splitlines()
    assert line.isprintable() and "ё" in line and json.loads(line) == {"a": hostile}


def test_a_workbook_of_many_rows_goes_on_the_next_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from python_calamine import CalamineWorkbook

    from registrar_tui.exchange import writing

    monkeypatch.setattr(writing, "_SHEET_ROWS", 3)
    file = tmp_path / "t.xlsx"
    with writer_of("xlsx", file, ["a"], ["А"]) as writer:
        for number in range(7):
            writer.write([str(number)])
    book = CalamineWorkbook.from_path(str(file))
    sheets = [[row[0] for row in book.get_sheet_by_name(name).iter_rows()] for name in book.sheet_names]
    assert sheets == [["А", "0", "1", "2"], ["А", "3", "4", "5"], ["А", "6"]]


def test_the_form_is_told_by_the_name() -> None:
    assert [form_of(Path(name)) for name in ("a.csv", "a.XLSX", "a.jsonl", "a")] == [
        "csv",
        "xlsx",
        "jsonl",
        "csv",
    ]


@contextmanager
def small_disk() -> Iterator[None]:
    """Let no file grow beyond 40 KB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("rows", [500, 5000])
@pytest.mark.parametrize("suffix", ["csv", "xlsx", "jsonl"])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, suffix: str, rows: int) -> None:
    """Told once, whether rows do not fit or only the end of the workbook; people's data stay nowhere."""
    out = tmp_path / f"t.{suffix}"
    with pytest.raises(Refusal) as told, small_disk(), new_file(out) as file:
        with writer_of(form_of(out), file.temporary, ["a"], ["А"]) as writer:
            for number in range(rows):
                writer.write([sha256(str(number).encode()).hexdigest() * 2])
        file.keep()
    gc.collect()
    assert told.value.code == "cannot_write" and not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_rejects_on_a_full_disk(tmp_path: Path, suffix: str) -> None:
    layout = match_header(["Фамилия", "Имя", "Дата рождения"], COLUMNS, "")
    rejects = RejectFile(tmp_path / f"r.{suffix}", layout)
    with pytest.raises(Refusal) as told, small_disk():
        try:
            for number in range(1000):
                rejects.add(Row(number, [sha256(str(number).encode()).hexdigest()] * 3), Reject("a", "", ""))
            rejects.keep()
        finally:
            rejects.discard()
    assert told.value.code == "cannot_write" and not list(tmp_path.iterdir())
