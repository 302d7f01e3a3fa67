"""Whatever happens: one Russian line, the right exit code, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from registrar_tui.cli.exit_codes import ExitCode
from registrar_tui.errors import (
    FieldError,
    FieldErrors,
    NotAllowed,
    Refusal,
    RegistrarError,
    StoreUnavailable,
    UsageError,
)
from tests.cli.fake_services import FakeServices
from tests.cli.harness import Process, Registrar

SECRET = "Иванов 4508 123456"


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (Refusal("past_slot", "Это время уже прошло."), 1),
        (FieldErrors((FieldError("snils", "snils_checksum", "СНИЛС: неверно."),)), 1),
        (UsageError("Укажите причину.", field="reason"), 2),
        (StoreUnavailable("База не отвечает."), 4),
        (NotAllowed("Войдите под своей учётной записью."), 5),
    ],
)
def test_errors_of_the_core(
    registrar: Registrar, clinic: FakeServices, failure: RegistrarError, code: int
) -> None:
    clinic.failure = failure
    answer = registrar("find", "ива")
    assert (answer.code, answer.out, answer.err) == (code, "", f"{failure.message}\n")
    told = registrar("find", "ива", "--json", "--quiet")
    assert (told.code, told.error, told.err) == (code, failure.as_dict(), f"{failure.message}\n")


def test_message_of_the_core_is_shown_as_plain_text(registrar: Registrar, clinic: FakeServices) -> None:
    clinic.failure = Refusal("not_found", "Нет «\x1b[2J[red]\n»")
    assert registrar("find", "ива").err == "Нет «�[2J[red] »\n"


def test_unexpected_failure_shows_no_data_and_no_traceback(
    registrar: Registrar, clinic: FakeServices
) -> None:
    clinic.failure = KeyError(SECRET)
    answer = registrar("find", "ива", "--json")
    assert answer.code == ExitCode.INTERNAL
    assert answer.error["code"] == "internal"
    assert answer.err.startswith("Внутренняя ошибка (KeyError)")
    assert answer.err.count("\n") == 1
    assert SECRET not in answer.out + answer.err


def test_traceback_only_on_request_and_never_with_locals(
    registrar: Registrar, clinic: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRAR_DEBUG", "1")
    clinic.failure = KeyError("x")
    answer = registrar("find", SECRET)
    assert "Traceback (most recent call last)" in answer.err
    assert "KeyError: 'x'" in answer.err
    assert SECRET not in answer.err
    clinic.failure = Refusal("past_slot", "Это время уже прошло.")
    assert registrar("find", "ива").err == "Это время уже прошло.\n"


@pytest.mark.parametrize(
    ("failure", "says"),
    [
        (PermissionError(13, "Permission denied", "/t/a.pdf"), "Файл /t/a.pdf: нет прав доступа."),
        (FileNotFoundError(2, "No such file", "/t/a.pdf"), "Файл /t/a.pdf: нет такого файла или папки."),
        (OSError(28, "No space left on device", "/t/a.pdf"), "Файл /t/a.pdf: на диске нет места."),
        (IsADirectoryError(21, "Is a directory", "/t"), "Файл /t: это папка, а нужен файл."),
    ],
)
def test_files_that_cannot_be_used(
    registrar: Registrar, clinic: FakeServices, failure: OSError, says: str
) -> None:
    clinic.failure = failure
    answer = registrar("find", "ива", "--json")
    assert (answer.code, answer.error["code"]) == (2, "file_unavailable")
    assert answer.err == f"{says}\n"


def test_unknown_system_error_is_internal(registrar: Registrar, clinic: FakeServices) -> None:
    clinic.failure = OSError(5, "Input/output error")
    assert registrar("find", "ива").code == ExitCode.INTERNAL


@pytest.mark.parametrize("failure", [MemoryError(), RecursionError(), UnicodeError("x"), AssertionError()])
def test_no_exception_escapes(registrar: Registrar, clinic: FakeServices, failure: Exception) -> None:
    clinic.failure = failure
    assert registrar("find", "ива").code == ExitCode.INTERNAL


def test_interrupt_is_quiet(registrar: Registrar, clinic: FakeServices) -> None:
    clinic.failure = KeyboardInterrupt()  # type: ignore[assignment]
    answer = registrar("find", "ива")
    assert (answer.code, answer.out, answer.err) == (130, "", "")


MET_IN_A_CALLBACK = """
import signal, sys, time, weakref
from registrar_tui.cli import entry

class Thing: pass

def command(hoisted, output):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    thing = Thing()
    watched = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
    del thing
    time.sleep(3600)
    return 0

entry._dispatch = command
sys.exit(entry.run(["find", "x"]))
"""


def test_an_interrupt_is_heard_where_nothing_can_be_raised() -> None:
    """A weak reference's callback swallows what is raised in it, as SQLAlchemy has them by the thousand."""
    done = subprocess.run([sys.executable, "-c", MET_IN_A_CALLBACK], capture_output=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


SLOW_READER = """
import sys
from registrar_tui.cli import entry
from tests.cli.harness import FakeBootstrap
import registrar_tui
fake = FakeBootstrap()
fake.services.people = fake.services.people * 5000
sys.modules["registrar_tui.bootstrap"] = registrar_tui.bootstrap = fake
sys.exit(entry.run(["find", "x", "--limit", "1000", *sys.argv[1:]]))
"""


def _with_fake_clinic(stdout: int, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", SLOW_READER, *arguments],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=stdout,
        stderr=subprocess.PIPE,
        timeout=300,
    )


@pytest.mark.parametrize("form", [["--json"], []])
def test_reader_that_went_away_is_no_error(form: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = _with_fake_clinic(writing, "--quiet", *form)
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (ExitCode.READER_GONE, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("form", [["--json"], []])
def test_full_disk_under_stdout_is_told(form: list[str]) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        done = _with_fake_clinic(full, "--quiet", *form)
    finally:
        os.close(full)
    assert done.returncode == 2
    assert done.stderr.decode() == "Вывод не записан: на диске нет места.\n"


def test_argument_that_is_not_utf8(process: Process) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "registrar_tui", "check", "name", b"\xff\xfe", "--json"],
        capture_output=True,
        timeout=300,
    )
    assert done.returncode == 1
    assert done.stderr == b""


def test_foreign_locale_does_not_change_the_bytes(process: Process) -> None:
    for settings in ({"LC_ALL": "C"}, {"PYTHONIOENCODING": "koi8-r"}, {"PYTHONUTF8": "0", "LANG": "C"}):
        done = process("check", "nothing", "x", "--json", **settings)
        assert done.returncode == 2
        assert "нет значения «nothing»" in done.stderr.decode("utf-8")
        assert "нет значения «nothing»" in done.stdout.decode("utf-8")
