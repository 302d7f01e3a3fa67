"""Ticket files and the print queue: private, never through a link, never half written, never a traceback."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from registrar_tui.errors import Refusal
from registrar_tui.printing.lp import send_to_printer
from registrar_tui.printing.spool import spool_ticket, write_out

DAY = date(2026, 11, 24)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """The rights must be right even where the system's mask takes nothing away."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def unprivileged(tmp_path: Path) -> Iterator[Path]:
    """A folder that this user may read but not write; root steps down for the time of the test."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        folder.rmdir()


def test_a_ticket_is_private_from_the_first_byte(tmp_path: Path) -> None:
    file = spool_ticket(tmp_path / "deep" / "tickets", "0412", DAY, b"data")
    assert file.name == "0412-20261124.pdf"
    assert file.read_bytes() == b"data"
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


def test_every_copy_is_a_file_of_its_own(tmp_path: Path) -> None:
    files = [spool_ticket(tmp_path, "0412", DAY, bytes([number])) for number in range(30)]
    assert len(set(files)) == 30
    assert files[1].name == "0412-20261124-2.pdf"
    assert [file.read_bytes() for file in files] == [bytes([number]) for number in range(30)]


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("../../etc/passwd", "0-20261124.pdf"),
        ("№ 04/12 Иванов", "0412-20261124.pdf"),
        ("٣٤", "0-20261124.pdf"),
        ("", "0-20261124.pdf"),
        ("1" * 500, f"{'1' * 20}-20261124.pdf"),
        ("7\x00\n", "7-20261124.pdf"),
    ],
)
def test_the_name_is_made_of_digits_only(tmp_path: Path, number: str, name: str) -> None:
    assert spool_ticket(tmp_path, number, DAY, b"") == tmp_path / name


def test_the_ending_cannot_leave_the_folder(tmp_path: Path) -> None:
    assert spool_ticket(tmp_path, "1", DAY, b"", suffix="../txt").name == "1-20261124.txt"


def test_a_planted_link_is_stepped_over(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    folder = tmp_path / "tickets"
    folder.mkdir()
    (folder / "0412-20261124.pdf").symlink_to(victim)
    (folder / "0412-20261124-2.pdf").symlink_to(tmp_path / "absent")
    file = spool_ticket(folder, "0412", DAY, b"data")
    assert file.name == "0412-20261124-3.pdf"
    assert victim.read_bytes() == b"precious"
    assert not (tmp_path / "absent").exists()


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tickets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refusal, match="ссылка"):
        spool_ticket(tmp_path / "tickets", "1", DAY, b"")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_trouble_with_the_folder_is_one_russian_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (
        tmp_path / "file",
        tmp_path / "file" / "tickets",
        tmp_path / ("x" * 300),
        tmp_path / "a\x00b",
    ):
        with pytest.raises(Refusal) as raised:
            spool_ticket(folder, "1", DAY, b"")
        assert raised.value.code == "cannot_write"
        assert "Талон не записан" in raised.value.message


def test_a_read_only_folder_is_refused(unprivileged: Path) -> None:
    with pytest.raises(Refusal, match="нет права на запись"):
        spool_ticket(unprivileged, "1", DAY, b"")
    with pytest.raises(Refusal, match="нет права на запись"):
        spool_ticket(unprivileged / "tickets", "1", DAY, b"")
    with pytest.raises(Refusal, match="нет права на запись"):
        write_out(unprivileged / "ticket.pdf", b"")
    assert not list(unprivileged.iterdir())


def full_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "ticket.pdf"
    old.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(Refusal, match="нет места"):
        write_out(old, b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["ticket.pdf"]
    assert old.read_bytes() == b"old"


def test_a_named_file_is_written_whole_and_private(tmp_path: Path) -> None:
    out = tmp_path / "Талон Иванова.pdf"
    out.write_bytes(b"old")
    out.chmod(0o666)
    assert write_out(out, b"new") == out
    assert out.read_bytes() == b"new"
    assert mode(out) == 0o600
    assert list(tmp_path.iterdir()) == [out]


def test_a_relative_name_is_written_where_the_user_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_out(Path("ticket.pdf"), b"data")
    assert (tmp_path / "ticket.pdf").read_bytes() == b"data"


def test_an_open_reader_keeps_the_old_content(tmp_path: Path) -> None:
    out = tmp_path / "ticket.pdf"
    out.write_bytes(b"old")
    with out.open("rb") as reader:
        write_out(out, b"new content")
        assert reader.read() == b"old"


def test_what_is_not_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "target").write_bytes(b"precious")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe")
    for name in (
        "folder",
        "link",
        "pipe",
        "absent/ticket.pdf",
        "target/ticket.pdf",
        "x" * 300,
        "a\x00b",
        "..",
    ):
        with pytest.raises(Refusal) as raised:
            write_out(tmp_path / name, b"data")
        assert raised.value.code == "cannot_write"
        assert raised.value.field == "out"
        assert len(raised.value.message) < 400
    assert (tmp_path / "target").read_bytes() == b"precious"
    assert {file.name for file in tmp_path.iterdir()} == {"folder", "target", "link", "pipe"}
    with pytest.raises(Refusal):
        write_out(Path(), b"data")
    with pytest.raises(Refusal):
        write_out(Path("/dev/null"), b"data")


@pytest.fixture
def lp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A print program that writes down how it was called; `behave` in its folder is run first."""
    program = tmp_path / "bin" / "lp"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$@" > "$0.called"\nif [ -f "$0.behave" ]; then . "$0.behave"; fi\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program


@pytest.fixture
def ticket(tmp_path: Path) -> Path:
    return spool_ticket(tmp_path / "tickets", "0412", DAY, b"%PDF")


def test_the_job_is_named_by_the_number_only(lp: Path, ticket: Path) -> None:
    send_to_printer(ticket, "front", "0412")
    called = Path(f"{lp}.called").read_text().splitlines()
    assert called == ["-d", "front", "-t", "Талон № 0412", "-o", "print-scaling=none", str(ticket)]


def test_a_number_with_a_name_in_it_does_not_show_it(lp: Path, ticket: Path) -> None:
    send_to_printer(ticket, "front", "0412 Иванов")
    assert "Иванов" not in Path(f"{lp}.called").read_text()


@pytest.mark.parametrize("printer", ["-oraw", "", "a b", "a\nb", "x;#y", "\x1b[0m", "p" * 200])
def test_a_name_that_is_no_queue_is_refused(lp: Path, ticket: Path, printer: str) -> None:
    with pytest.raises(Refusal) as raised:
        send_to_printer(ticket, printer, "0412")
    assert raised.value.code == "printer_failed"
    assert "\x1b" not in raised.value.message
    assert not Path(f"{lp}.called").exists()


def test_shell_signs_in_a_queue_name_stay_letters(lp: Path, ticket: Path) -> None:
    send_to_printer(ticket, "$(id);`id`&", "0412")
    assert Path(f"{lp}.called").read_text().splitlines()[1] == "$(id);`id`&"


def test_what_the_queue_says_is_passed_on_plainly(lp: Path, ticket: Path) -> None:
    Path(f"{lp}.behave").write_text("printf 'lp: \\033[31mdestination does not exist' >&2; exit 1")
    with pytest.raises(Refusal) as raised:
        send_to_printer(ticket, "front", "0412")
    assert raised.value.code == "printer_failed"
    assert "destination does not exist" in raised.value.message
    assert "\x1b" not in raised.value.message
    assert str(ticket) in raised.value.message
    assert ticket.exists()


def test_a_silent_queue_is_given_up(lp: Path, ticket: Path) -> None:
    Path(f"{lp}.behave").write_text("exec sleep 5")
    with pytest.raises(Refusal, match="не ответил"):
        send_to_printer(ticket, "front", "0412", timeout=0.3)
    assert ticket.exists()


def test_no_print_program_is_a_clear_refusal(ticket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Refusal) as raised:
        send_to_printer(ticket, "front", "0412")
    assert raised.value.code == "printing_unavailable"
    assert str(ticket) in raised.value.message
