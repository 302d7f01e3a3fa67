"""The one place that wires the parts: settings in, use-cases out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.clock import Clock, clock_for
from registrar_tui.clock import today as day_in
from registrar_tui.config import Config, is_url
from registrar_tui.desk_services import DeskServices
from registrar_tui.errors import NotAllowed, Refusal, StoreUnavailable
from registrar_tui.models import Branch, Operator, Setting
from registrar_tui.services import publishing
from registrar_tui.services.rules.rulebook import load_rulebook
from registrar_tui.services.workplace import TicketKeys, Workplace
from registrar_tui.storage import schema
from registrar_tui.storage.engine import open_engine
from registrar_tui.storage.sequences import advance_sequences
from registrar_tui.storage.session import Store
from registrar_tui.storage.ticket_keys import create_key, demo_key, read_keys

Progress = Callable[[str, int, int], None]
DEMO_OPERATOR = "demo"
DEMO_DAYS = 14
DEMO_ZONE = "Europe/Moscow"


@dataclass(frozen=True, slots=True)
class _Clinic:
    """What the base says about itself."""

    id: str
    name: str
    demo: bool
    demo_secret: str
    branch_id: int
    zone: str


def shown_name(database: str) -> str:
    """Return the base's name for messages, without a password."""
    if not is_url(database):
        return database
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(database).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "PostgreSQL"


def build(config: Config, *, clock: Clock | None = None) -> DeskServices:
    """Open the base and return its use-cases; every trouble is a RegistrarError."""
    store = _open_store(config)
    try:
        with store.read() as session:
            clinic = _clinic(session, config)
            operator = _operator(session, config, clinic)
            workplace = Workplace(
                operator=operator.login,
                operator_name=operator.name,
                desk=config.desk,
                branch_id=clinic.branch_id,
                receives_any_branch=config.branch is None,
                zone=clinic.zone,
                clinic_name=clinic.name,
                tickets=_ticket_keys(config, clinic),
                clock=clock or clock_for(demo=clinic.demo, zone=clinic.zone),
            )
    except BaseException:
        store.close()
        raise
    return DeskServices(
        store, workplace, demo=clinic.demo, tickets_folder=config.tickets, printer=config.printer
    )


def _open_store(config: Config) -> Store:
    name = shown_name(config.database)
    engine = open_engine(config.database)
    try:
        if not schema.require_current(engine, name):
            engine.dispose()
            schema.upgrade(config.database, name)
            engine = open_engine(config.database)
    except BaseException:
        engine.dispose()
        raise
    return Store(engine, name)


def _clinic(session: Session, config: Config) -> _Clinic:
    settings = {row.key: row.value for row in session.execute(select(Setting)).scalars()}
    wanted = select(Branch).order_by(col(Branch.id)).limit(1)
    if config.branch is not None:
        wanted = select(Branch).where(col(Branch.id) == config.branch)
    branch = session.execute(wanted).scalar_one_or_none()
    if branch is None or branch.id is None:
        message = f"Филиала № {config.branch} в базе нет: исправьте настройку branch."
        if config.branch is None:
            message = "В базе нет ни одного филиала: заведите клинику или откройте «registrar demo»."
        raise StoreUnavailable(message, code="no_branch")
    return _Clinic(
        id=settings.get("clinic_id", ""),
        name=settings.get("clinic_name", ""),
        demo=settings.get("demo") == "1",
        demo_secret=settings.get("demo_secret", ""),
        branch_id=branch.id,
        zone=branch.timezone,
    )


def _operator(session: Session, config: Config, clinic: _Clinic) -> Operator:
    """The demo operator needs no password, and only on a demo base."""
    login = config.operator or (DEMO_OPERATOR if clinic.demo else None)
    if not clinic.demo:
        raise NotAllowed(
            "Войдите как оператор: без входа персональные данные недоступны.", code="not_signed_in"
        )
    operator: Operator | None = session.execute(
        select(Operator).where(col(Operator.login) == login, col(Operator.active).is_(True))
    ).scalar_one_or_none()
    if operator is None:
        raise NotAllowed("Такого оператора нет: проверьте имя.", code="not_allowed")
    return operator


def _ticket_keys(config: Config, clinic: _Clinic) -> TicketKeys:
    keys = demo_key(clinic.demo_secret) if clinic.demo else read_keys(config.keys)
    if not keys:
        raise StoreUnavailable(
            f"Ключа талонов нет в {config.keys}: перенесите его с компьютера, где база создана.",
            code="keys_unavailable",
        )
    return TicketKeys(clinic.id, max(keys), keys)


def create(
    config: Config,
    *,
    demo: bool,
    patients: int = 500,
    doctors: int | None = None,
    days: int = DEMO_DAYS,
    today: date | None = None,
    random_seed: int = 1,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Create and migrate a base, fill it with the demo clinic on wish; an existing one is refused."""
    from registrar_tui.storage.creation import new_base

    name = shown_name(config.database)
    counts: dict[str, int] = {}
    with new_base(config.database, name) as connection:
        schema.migrate(connection)
        if demo:
            from registrar_tui.services.demo import fill
            from registrar_tui.services.demo_visits import DemoPlan

            day = today or day_in(clock_for(demo=True, zone=DEMO_ZONE), DEMO_ZONE)
            plan = DemoPlan(patients, doctors, days, day, random_seed)
            with Session(connection) as session:
                counts = fill(session, plan, progress or _silent)
                session.flush()
            advance_sequences(connection)
    if not demo:
        create_key(config.keys)
    return counts


def _silent(_what: str, _done: int, _of: int) -> None:
    """Report progress to nobody."""


def prepare_demo(
    config: Config,
    *,
    patients: int = 500,
    today: date | None = None,
    random_seed: int = 1,
    progress: Progress | None = None,
) -> Config:
    """Create the demo clinic if it is absent, else publish the days that have come near since."""
    if is_url(config.database) or not Path(config.database).exists():
        try:
            create(
                config, demo=True, patients=patients, today=today, random_seed=random_seed, progress=progress
            )
        except Refusal as refused:
            if refused.code != "already_exists":
                raise
    store = _open_store(config)
    try:
        with store.read() as session:
            clinic = _clinic(session, config)
        if not clinic.demo:
            raise NotAllowed("Это рабочая база, а не демонстрационная: откройте её командой «registrar».")
        day = today or day_in(clock_for(demo=True, zone=clinic.zone), clinic.zone)
        store.write(lambda session: publishing.publish(session, day, DEMO_DAYS))
    finally:
        store.close()
    return config


def upgrade(config: Config) -> str:
    """Bring an existing base to the newest schema; returns its revision."""
    return schema.upgrade(config.database, shown_name(config.database))


def rules(config: Config) -> list[dict[str, Any]]:
    """Return the rules in force with their basis and parameters."""
    store = _open_store(config)
    try:
        with store.read() as session:
            clinic = _clinic(session, config)
            day = day_in(clock_for(demo=clinic.demo, zone=clinic.zone), clinic.zone)
            return [entry.as_dict() for entry in load_rulebook(session, day).rules]
    finally:
        store.close()
