"""`registrar init`: a new base, for a real clinic or with a demo one."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from registrar_tui.cli.arguments import LARGEST_ID, day, number_up_to, words
from registrar_tui.cli.passwords import FROM_STDIN, ask, at_terminal, read_new_password
from registrar_tui.cli.progress import progress_bar
from registrar_tui.cli.session import CommandRun, current
from registrar_tui.errors import UsageError

MOST_PATIENTS = 1_000_000
MOST_DOCTORS = 1_000
MOST_DAYS = 120

PATIENTS = typer.Option(
    "--patients", parser=number_up_to(MOST_PATIENTS), metavar="ЧИСЛО", help="Сколько пациентов (обычно 500)."
)
TODAY = typer.Option(
    "--today", parser=day, metavar="ДАТА", help="Вокруг какого дня строить расписание (обычно сегодня)."
)


DEMO = typer.Option("--demo", help="Наполнить демонстрационной клиникой.")
DOCTORS = typer.Option(
    "--doctors", parser=number_up_to(MOST_DOCTORS), metavar="ЧИСЛО", help="Сколько врачей (обычно все)."
)
DAYS = typer.Option(
    "--days", parser=number_up_to(MOST_DAYS), metavar="ЧИСЛО", help="На сколько дней бирки (обычно 14)."
)
RANDOM_SEED = typer.Option(
    "--random-seed",
    parser=number_up_to(LARGEST_ID, least=0),
    metavar="ЧИСЛО",
    help="Зерно: то же — те же данные (обычно 1).",
)


CLINIC = typer.Option("--clinic", parser=words, metavar="НАЗВАНИЕ", help="Название клиники.")
BRANCH = typer.Option("--branch", parser=words, metavar="НАЗВАНИЕ", help="Первый филиал.")
ADDRESS = typer.Option("--address", parser=words, metavar="АДРЕС", help="Его адрес.")
PHONE = typer.Option("--phone", parser=words, metavar="ТЕЛЕФОН", help="Его телефон.")
ZONE = typer.Option("--zone", parser=words, metavar="ПОЯС", help="Его часовой пояс (обычно Europe/Moscow).")
ADMIN = typer.Option("--admin", parser=words, metavar="ИМЯ", help="Имя для входа первого администратора.")
ADMIN_NAME = typer.Option("--admin-name", parser=words, metavar="ФИО", help="Как зовут администратора.")


def init(
    context: typer.Context,
    demo: Annotated[bool, DEMO] = False,
    patients: Annotated[int | None, PATIENTS] = None,
    doctors: Annotated[int | None, DOCTORS] = None,
    days: Annotated[int | None, DAYS] = None,
    today: Annotated[date | None, TODAY] = None,
    random_seed: Annotated[int | None, RANDOM_SEED] = None,
    clinic: Annotated[str | None, CLINIC] = None,
    branch: Annotated[str | None, BRANCH] = None,
    address: Annotated[str | None, ADDRESS] = None,
    phone: Annotated[str | None, PHONE] = None,
    zone: Annotated[str | None, ZONE] = None,
    admin: Annotated[str | None, ADMIN] = None,
    admin_name: Annotated[str | None, ADMIN_NAME] = None,
    password_stdin: Annotated[bool, FROM_STDIN] = False,
) -> None:
    """Create the base; the same arguments of a demo clinic give the same data."""
    filling = _given(patients=patients, doctors=doctors, days=days, today=today, random_seed=random_seed)
    founding = _given(name=clinic, branch=branch, address=address, phone=phone, zone=zone)
    people = _given(admin=admin, admin_name=admin_name, password_stdin=password_stdin or None)
    run = current(context)
    if demo:
        _refuse_mixture(founding | people, "--demo уже наполнит базу: --{} с ним не указывают.")
        _create(run, {"demo": True, **filling})
        return
    _refuse_mixture(filling, "--{} имеет смысл только вместе с --demo.")
    from registrar_tui.services.founding import NewClinic

    first = _administrator(run, admin, admin_name, from_stdin=password_stdin)
    _create(run, {"demo": False, "clinic": NewClinic(**founding)}, first)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _refuse_mixture(given: dict[str, Any], complaint: str) -> None:
    if given:
        option = {"name": "clinic"}.get(name := next(iter(given)), name).replace("_", "-")
        raise UsageError(complaint.format(option), field=option)


def _administrator(
    run: CommandRun, login: str | None, name: str | None, *, from_stdin: bool
) -> tuple[str, str, str] | None:
    """Return login, name and password, checked before anything is created; None: nobody was named."""
    from registrar_tui.services.operators import check_login

    if login is None and (name or from_stdin):
        raise UsageError("Назовите администратора: --admin ИМЯ.", field="admin")
    if login is None and at_terminal():
        question = "Имя для входа первого администратора (Enter — завести позже):"
        login = ask(run.output, question) or None
    if login is None:
        return None
    login = check_login(login)
    return login, name or login, read_new_password(from_stdin=from_stdin)


def _create(run: CommandRun, filling: dict[str, Any], first: tuple[str, str, str] | None = None) -> None:
    from registrar_tui import bootstrap

    config = run.config()
    with progress_bar(run.output) as progress:
        counts = bootstrap.create(config, progress=progress, **filling)
    place = bootstrap.shown_name(config.database)
    shape = {"database": place, "demo": filling["demo"], "created": counts}
    if filling["demo"]:
        run.output.answer(shape, f"База создана: {place}")
        return
    if first is not None:
        bootstrap.first_administrator(config, *first)
    run.output.answer(shape | {"administrator": first[0] if first else None}, f"База создана: {place}")
    if first is None:
        run.output.narrate(
            "Первого администратора заведёт «registrar operator add ИМЯ --role administrator»."
        )
    else:
        run.output.narrate(
            f"Администратор {first[0]}: войдите командой «registrar operator login {first[0]}»."
        )
