"""`registrar operator`: signing in and out, and the administrator's care of who may."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

import typer

from registrar_tui.cli.arguments import one_of, words
from registrar_tui.cli.output import Output
from registrar_tui.cli.passwords import FROM_STDIN, read_new_password, read_password
from registrar_tui.cli.session import CommandRun, current
from registrar_tui.config import Config
from registrar_tui.errors import NotAllowed, UsageError
from registrar_tui.services.permissions import ROLE_LABELS

ASSIGNED = {role: label for role, label in ROLE_LABELS.items() if role != "demo"}
_ROLES = f"Роль: {', '.join(f'{role} ({label})' for role, label in ASSIGNED.items())}."
FIRST_ROLE = "administrator"

LOGIN = typer.Argument(parser=words, metavar="ИМЯ", help="Имя для входа.")
NAME = typer.Option("--name", parser=words, metavar="ФИО", help="Как зовут (обычно как имя для входа).")
ROLE = typer.Option("--role", parser=one_of(ASSIGNED), metavar="РОЛЬ", help=_ROLES)
NEW_ROLE = typer.Argument(parser=one_of(ASSIGNED), metavar="РОЛЬ", help=_ROLES)


def login(
    context: typer.Context,
    who: Annotated[str, LOGIN],
    password_stdin: Annotated[bool, FROM_STDIN] = False,
) -> None:
    """Sign in: the token stays in a file that only this user reads."""
    from registrar_tui import bootstrap
    from registrar_tui.storage.token_file import write_token

    run = current(context)
    config = _anybody(run)
    token = bootstrap.sign_in(config, who, read_password(from_stdin=password_stdin))
    write_token(config.token_file, token)
    with closing(bootstrap.build_office(config, token=token)) as office:
        me = office.whoami(token)
    run.output.answer(_shape(me), f"Вы вошли: {_person(me)}.")
    if me["must_change"]:
        run.output.narrate(f"Пароль задан не вами, смените его: «registrar operator password {me['login']}».")


def logout(context: typer.Context) -> None:
    """Sign out: the session ends in the base, the token file is removed."""
    from registrar_tui import bootstrap
    from registrar_tui.storage.token_file import forget_token, read_token

    run = current(context)
    config = _anybody(run)
    ended = False
    try:
        token = read_token(config.token_file)
        if token is not None:
            with closing(bootstrap.build_office(config, token=token)) as office:
                office.sign_out(token)
            ended = True
    except NotAllowed:
        # A session that has ended, or a file that others could have read: there is nothing to keep of it.
        ended = False
    finally:
        forget_token(config.token_file)
    run.output.answer({"signed_out": ended}, "Вы вышли." if ended else "Вы и не входили.")


def whoami(context: typer.Context) -> None:
    """Print who works here and until when."""
    from registrar_tui.storage.token_file import read_token

    run = current(context)
    office = run.office()
    me = office.whoami(read_token(run.config().token_file))
    run.output.answer(_shape(me), f"{_person(me)}, рабочее место {me['desk']}.")


def _anybody(run: CommandRun) -> Config:
    """Return the settings without the operator named for this run: who signs in or out is the question."""
    return replace(run.config(), operator=None)


def _shape(me: dict[str, Any]) -> dict[str, Any]:
    until = me["until"]
    return {**me, "until": until.isoformat(timespec="minutes") if isinstance(until, datetime) else None}


def _person(me: dict[str, Any]) -> str:
    until = f" до {me['until']:%d.%m.%Y %H:%M}" if me["until"] else ""
    return f"{me['name']} ({me['role_name']}){until}"


def list_operators(context: typer.Context) -> None:
    """Print the operators in order of login."""
    run = current(context)
    rows = run.office().operators()
    run.output.table(
        rows,
        ("Имя", "Кто", "Роль", "Работает"),
        [
            (row["login"], row["name"], row["role_name"], "да" if row["active"] else "заблокирован")
            for row in rows
        ],
    )


def add(
    context: typer.Context,
    who: Annotated[str, LOGIN],
    role: Annotated[str, ROLE],
    name: Annotated[str | None, NAME] = None,
    password_stdin: Annotated[bool, FROM_STDIN] = False,
) -> None:
    """Add an operator; on a base that has none, the first administrator, without a sign-in."""
    from registrar_tui import bootstrap
    from registrar_tui.services.operators import check_login

    run = current(context)
    check_login(who)
    first = not bootstrap.has_operators(run.config())
    if first and role != FIRST_ROLE:
        raise UsageError("Первый оператор — администратор: --role administrator.", field="role")
    office = None if first else run.office()
    password = read_new_password(from_stdin=password_stdin)
    if office is None:
        row = bootstrap.first_administrator(run.config(), who, name or who, password)
    else:
        row = office.add_operator(who, name or who, role, password)
    _tell(run.output, row, f"добавлен: {row['role_name']}")
    if not first:
        run.output.narrate("Пароль пусть сменит сам: «registrar operator password» после входа.")


def password(
    context: typer.Context,
    who: Annotated[str, LOGIN],
    password_stdin: Annotated[bool, FROM_STDIN] = False,
) -> None:
    """Change a password; every session of the operator ends."""
    run = current(context)
    office = run.office()
    row = office.set_password(who, read_new_password(from_stdin=password_stdin))
    _tell(run.output, row, "получил новый пароль; его сеансы закончены, нужно войти снова")


def role(context: typer.Context, who: Annotated[str, LOGIN], role: Annotated[str, NEW_ROLE]) -> None:
    """Change an operator's role."""
    run = current(context)
    row = run.office().set_role(who, role)
    _tell(run.output, row, f"теперь {row['role_name']}")


def block(context: typer.Context, who: Annotated[str, LOGIN]) -> None:
    """Block an operator; every session ends."""
    run = current(context)
    _tell(run.output, run.office().set_active(who, active=False), "заблокирован, его сеансы закончены")


def unblock(context: typer.Context, who: Annotated[str, LOGIN]) -> None:
    """Let a blocked operator sign in again."""
    run = current(context)
    _tell(run.output, run.office().set_active(who, active=True), "снова может войти")


def _tell(output: Output, row: dict[str, Any], what: str) -> None:
    output.answer(row, f"Оператор {row['login']} {what}.")
