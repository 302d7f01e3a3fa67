"""Signing in and the care of operators: what is asked of the core, where passwords may come from."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from registrar_tui.errors import NotAllowed
from tests.cli.fake_office import TOKEN, FakeDoor, FakeOffice
from tests.cli.harness import FakeBootstrap, Registrar

TypedIn = Callable[[str | bytes], None]


@pytest.fixture
def office(core: FakeBootstrap) -> FakeOffice:
    return core.office


@pytest.fixture
def door(core: FakeBootstrap) -> FakeDoor:
    return core.door


def token_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "registrar" / "session.token"


def test_login_keeps_a_private_token(
    registrar: Registrar, core: FakeBootstrap, typed_in: TypedIn, tmp_path: Path
) -> None:
    typed_in("right-password\r\nmore\n")
    answer = registrar("operator", "login", "anna", "--password-stdin", "--operator", "boss", "--json")
    assert answer.json == {
        "login": "anna",
        "name": "Орлова А. В.",
        "role": "senior",
        "role_name": "старший регистратор",
        "desk": "окно 2",
        "until": "2026-11-23T20:00+03:00",
        "must_change": False,
    }
    assert (answer.code, answer.err) == (0, "")
    assert core.door.tried == [("anna", "right-password")]
    assert {config.operator for config in core.built} == {None}
    file = token_file(tmp_path)
    assert file.read_text() == f"{TOKEN}\n" and file.stat().st_mode & 0o777 == 0o600
    assert TOKEN not in answer.out


def test_login_in_words(registrar: Registrar, office: FakeOffice, typed_in: TypedIn) -> None:
    office.must_change = True
    typed_in("right-password")
    answer = registrar("operator", "login", "anna", "--password-stdin")
    assert answer.out == "Вы вошли: Орлова А. В. (старший регистратор) до 23.11.2026 20:00.\n"
    assert "registrar operator password anna" in answer.err


@pytest.mark.parametrize(("login", "code"), [("anna", "sign_in_failed"), ("locked", "sign_in_locked")])
def test_login_that_fails(
    registrar: Registrar, door: FakeDoor, typed_in: TypedIn, tmp_path: Path, login: str, code: str
) -> None:
    typed_in("wrong-password\n")
    answer = registrar("operator", "login", login, "--password-stdin", "--json")
    assert (answer.code, answer.error["code"]) == (5, code)
    assert "wrong-password" not in answer.out + answer.err
    assert not token_file(tmp_path).exists()


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n", b"\xff\xfe\n"])
def test_stdin_without_a_password(
    registrar: Registrar, door: FakeDoor, typed_in: TypedIn, content: bytes
) -> None:
    typed_in(content)
    answer = registrar("operator", "login", "anna", "--password-stdin", "--json")
    assert (answer.code, answer.error["field"]) == (2, "password")
    assert not door.tried


def test_logout(registrar: Registrar, office: FakeOffice, typed_in: TypedIn, tmp_path: Path) -> None:
    typed_in("right-password")
    registrar("operator", "login", "anna", "--password-stdin")
    assert registrar("operator", "logout", "--json").json == {"signed_out": True}
    assert office.asked[-1] == TOKEN
    assert not token_file(tmp_path).exists()
    assert registrar("operator", "logout").out == "Вы и не входили.\n"


def test_logout_of_what_has_ended(
    registrar: Registrar, core: FakeBootstrap, typed_in: TypedIn, tmp_path: Path
) -> None:
    """A token of no use, or one that others could have read, is removed all the same."""
    file = token_file(tmp_path)
    file.parent.mkdir(parents=True)
    for mode in (0o600, 0o644):
        file.write_text("old\n")
        file.chmod(mode)
        core.failure = NotAllowed("Вход закончился.", code="not_signed_in")
        assert registrar("operator", "logout", "--json").json == {"signed_out": False}
        assert not file.exists()


def test_whoami(registrar: Registrar, office: FakeOffice) -> None:
    answer = registrar("operator", "whoami")
    assert answer.out == "Орлова А. В. (старший регистратор), рабочее место окно 2.\n"
    assert registrar("operator", "whoami", "--json").json["until"] is None


def test_list(registrar: Registrar, office: FakeOffice) -> None:
    rows = registrar("operator", "list", "--json").json
    assert [list(row) for row in rows] == [
        ["login", "name", "role", "role_name", "active", "locked_until"],
        ["login", "name", "role", "role_name", "active", "locked_until"],
    ]
    lines = registrar("operator", "list").out.splitlines()
    assert lines[2].split("\t")[-1] == "заблокирован"


def test_add(registrar: Registrar, office: FakeOffice, typed_in: TypedIn) -> None:
    typed_in("long-enough\n")
    line = ("operator", "add", "vera", "--name", "Белова В. И.", "--role", "senior", "--password-stdin")
    answer = registrar(*line)
    assert answer.out == "Оператор vera добавлен: старший регистратор.\n"
    assert office.asked == [("vera", "Белова В. И.", "senior", "long-enough")]
    assert "long-enough" not in answer.out + answer.err


def test_the_first_is_an_administrator_and_needs_no_sign_in(
    registrar: Registrar, core: FakeBootstrap, typed_in: TypedIn
) -> None:
    core.door.operators = False
    typed_in("long-enough\n")
    answer = registrar("operator", "add", "boss", "--role", "senior", "--password-stdin", "--json")
    assert (answer.code, answer.error["field"]) == (2, "role")
    answer = registrar("operator", "add", "boss", "--role", "administrator", "--password-stdin", "--json")
    assert answer.json["role"] == "administrator"
    assert core.door.first == ("boss", "boss", "long-enough")
    assert not core.office.asked and not core.built


@pytest.mark.parametrize("verb", ["add vera --role senior", "password vera"])
def test_passwords_that_are_too_short(
    registrar: Registrar, office: FakeOffice, typed_in: TypedIn, verb: str
) -> None:
    typed_in("short\n")
    answer = registrar("operator", *verb.split(), "--password-stdin", "--json")
    assert (answer.code, answer.error["field"]) == (2, "password")
    assert not office.asked


@pytest.mark.parametrize(
    ("line", "asked", "says"),
    [
        ("password anna --password-stdin", ("anna", "long-enough"), "нужно войти снова"),
        ("role anna auditor", ("anna", "auditor"), "теперь аудитор"),
        ("block anna", ("anna", False), "заблокирован, его сеансы закончены"),
        ("unblock anna", ("anna", True), "снова может войти"),
    ],
)
def test_changes(
    registrar: Registrar, office: FakeOffice, typed_in: TypedIn, line: str, asked: object, says: str
) -> None:
    typed_in("long-enough\n")
    answer = registrar("operator", *line.split())
    assert (answer.code, office.asked) == (0, [asked])
    assert answer.out.startswith("Оператор anna ") and says in answer.out
    typed_in("long-enough\n")
    assert registrar("operator", *line.split(), "--json").json["login"] == "anna"


def test_refusals_of_the_core_keep_their_codes(registrar: Registrar, office: FakeOffice) -> None:
    answer = registrar("operator", "role", "boss", "senior", "--json")
    assert (answer.code, answer.error["code"]) == (1, "last_administrator")
    office.failure = NotAllowed("У роли нет такого права.")
    answer = registrar("operator", "list", "--json")
    assert (answer.code, answer.error["code"]) == (5, "not_allowed")


PROMPTED = """
import sys
import registrar_tui
from registrar_tui.cli import entry
from tests.cli.harness import FakeBootstrap
fake = FakeBootstrap()
sys.modules["registrar_tui.bootstrap"] = registrar_tui.bootstrap = fake
code = entry.run(sys.argv[1:])
print(fake.door.tried, fake.door.first, fake.office.asked)
sys.exit(code)
"""


def at_a_terminal(tmp_path: Path, answers: str, *arguments: str) -> tuple[int, str, str]:
    """Run a command on a terminal of its own and type; returns the code, stdout, and what was on screen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", PROMPTED, *arguments],
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "XDG_DATA_HOME": str(tmp_path),
            "TERM": "dumb",
        },
        cwd=tmp_path,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        start_new_session=True,
    )
    screen = b""
    for answer in answers.splitlines():
        asked = b""
        while not asked.rstrip().endswith(b":"):
            asked += os.read(ours, 1000)
        screen += asked
        os.write(ours, answer.encode() + b"\n")
    out, _ = process.communicate(timeout=300)
    os.close(theirs)
    try:
        while chunk := os.read(ours, 10_000):
            screen += chunk
    except OSError:
        pass
    os.close(ours)
    return process.returncode, out.decode(), screen.decode()


def test_a_prompt_shows_nothing_of_the_password(tmp_path: Path) -> None:
    code, out, screen = at_a_terminal(tmp_path, "right-password\n", "operator", "login", "anna")
    assert code == 0
    assert "('anna', 'right-password')" in out
    assert "Пароль:" in screen and "right" not in screen


def test_a_new_password_is_asked_for_twice(tmp_path: Path) -> None:
    line = ("operator", "password", "anna")
    code, out, screen = at_a_terminal(tmp_path, "long-enough\nlong-enough\n", *line)
    assert (code, "('anna', 'long-enough')" in out) == (0, True)
    assert "Ещё раз:" in screen and "long" not in screen
    code, out, screen = at_a_terminal(tmp_path, "long-enough\nlong-enouhg\n", *line)
    assert (code, "Пароли различаются" in screen) == (2, True)
    assert "long-enough" not in out


def test_init_asks_for_the_first_administrator(tmp_path: Path) -> None:
    code, out, screen = at_a_terminal(tmp_path, "boss\nlong-enough\nlong-enough\n", "init", "--db", "x.db")
    assert code == 0, screen
    assert "('boss', 'boss', 'long-enough')" in out
    assert "operator login boss" in screen
    code, out, screen = at_a_terminal(tmp_path, "\n", "init", "--db", "y.db")
    assert (code, "operator add" in screen) == (0, True)
    assert "База создана: y.db" in out
