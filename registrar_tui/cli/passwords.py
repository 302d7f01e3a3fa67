"""Passwords reach a command by a hidden prompt or by stdin, never by an argument that others could list."""

from __future__ import annotations

import getpass
import sys
import warnings

import typer

from registrar_tui.cli.output import Output
from registrar_tui.errors import UsageError

LONGEST_LINE = 4096

FROM_STDIN = typer.Option("--password-stdin", help="Прочитать пароль из stdin (одна строка).")


def at_terminal() -> bool:
    """Tell whether somebody could answer a question."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(output: Output, question: str) -> str:
    """Ask on stderr, since stdout is data, and return the answer; an empty one where there is none."""
    output.complain(question)
    return sys.stdin.readline().strip()


def read_password(*, from_stdin: bool) -> str:
    """Return the password of somebody who signs in."""
    return _piped() if from_stdin else _prompted("Пароль: ")


def read_new_password(*, from_stdin: bool) -> str:
    """Return a new password, asked for twice on a terminal; a usage error where it may not be one."""
    from registrar_tui.services.operators import check_password

    password = _piped() if from_stdin else _prompted("Новый пароль: ")
    check_password(password)
    if not from_stdin and _prompted("Ещё раз: ") != password:
        raise UsageError("Пароли различаются: повторите.", field="password")
    return password


def _piped() -> str:
    line = sys.stdin.buffer.readline(LONGEST_LINE) if sys.stdin is not None else b""
    try:
        password = line.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise UsageError("Пароль из stdin должен быть в UTF-8.", field="password") from None
    if not password:
        raise UsageError("В stdin нет пароля: передайте его одной строкой.", field="password")
    return password


def _prompted(prompt: str) -> str:
    if not at_terminal():
        raise UsageError(
            "Пароль спрашивается в терминале; в сценарии передайте его через --password-stdin.",
            field="password",
        )
    try:
        # A terminal that cannot hide what is typed is refused, not used.
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(prompt)
    except (EOFError, getpass.GetPassWarning):
        raise UsageError(
            "Пароль не введён: повторите или передайте его через --password-stdin.", field="password"
        ) from None
