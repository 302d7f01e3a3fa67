"""Laws of tables: what is written is read back, and no bytes make the reader fail or lose its place."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from registrar_tui.errors import UsageError
from registrar_tui.exchange.encoding import detect
from registrar_tui.exchange.neutral import neutral, restored
from registrar_tui.exchange.reading import opened, table_of
from registrar_tui.exchange.writing import writer_of
from registrar_tui.services.imports.rows import Row

PRINTED = st.characters(codec="utf-8", exclude_categories=("C", "Z"), exclude_characters="\ufffd") | st.just(
    " "
)
CELL = st.text(PRINTED, max_size=12).map(str.strip)
NAMED = CELL.filter(lambda cell: bool(cell) and cell[0] not in "=@'")
TABLE = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.tuples(NAMED, *[CELL] * (width - 1)).map(list), min_size=1, max_size=6)
)


def read(content: bytes) -> list[Row] | None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "t.csv"
        file.write_bytes(content)
        try:
            with opened(file) as source:
                return list(table_of(source).rows())
        except UsageError as told:
            assert "\n" not in told.message
            return None


@given(TABLE, st.sampled_from(["csv", "xlsx"]))
def test_what_is_written_is_read_back(cells: list[list[str]], form: str) -> None:
    header = [f"столбец{place}" for place in range(len(cells[0]))]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "t"
        with writer_of(form, file, header, header) as writer:  # type: ignore[arg-type]
            for row in cells:
                writer.write(row)
        with opened(file) as source:
            rows = list(table_of(source).rows())
    formulas = [any(cell.startswith(("=", "@")) for cell in row) for row in cells]
    assert [row.problem is not None for row in rows] == formulas
    assert [row.cells for row in rows] == cells


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail(content: bytes) -> None:
    read(content)
    read("Фамилия;Имя\n".encode() + content)


@given(st.lists(st.text("ab;\"\n\r,' =\x00й", max_size=12), max_size=8))
def test_lines_are_numbered_in_order_and_good_rows_survive(lines: list[str]) -> None:
    good = "Ким;Анна;5"
    rows = read("\n".join(["x;y;z", *lines, good, good]).encode()) or []
    numbers = [row.line for row in rows]
    assert numbers == sorted(set(numbers))
    assert [row.cells for row in rows[-2:]] == [["Ким", "Анна", "5"]] * 2
    assert all(len(row.cells) == 3 for row in rows if row.problem is None)


@given(st.text())
def test_a_neutral_cell_runs_nothing(cell: str) -> None:
    out = neutral(cell)
    assert not out.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert not any(sign < " " or "\x7f" <= sign < "\xa0" for sign in out)
    if cell.isprintable():
        assert restored(out) == cell or restored(out) == out


@given(st.text("абвгдежзийклмнопрстуфхцчшщъыьэюяё ", min_size=3), st.sampled_from(["cp1251", "cp866"]))
def test_small_letters_tell_the_encoding_more_often_than_not(text: str, encoding: str) -> None:
    """Words of every letter; a run of р-я alone reads as а-п, which no rule of letters can tell.

    Two or three letters may be sound UTF-8 by accident («раа» of cp866): nothing can tell those either.
    """
    written = text.encode(encoding)
    if sum(letter in "оеаинлкмдп" for letter in text) > len(text) / 2 and not is_utf8(written):
        assert detect(written) == encoding


def is_utf8(written: bytes) -> bool:
    try:
        written.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
