"""The one place that wires the parts: settings in, use-cases out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlmodel import Session, col

from registrar_tui.clock import Clock, clock_for
from registrar_tui.clock import today as day_in
from registrar_tui.config import Config, is_url
from registrar_tui.desk_services import DeskServices
from registrar_tui.errors import NOT_SIGNED_IN, NotAllowed, Refusal, StoreUnavailable
from registrar_tui.models import Branch, Operator, Setting
from registrar_tui.office_services import OfficeServices
from registrar_tui.services import operators, publishing, sessions
from registrar_tui.services.audit import Writer, append
from registrar_tui.services.founding import NewClinic, found_clinic
from registrar_tui.services.rules.rulebook import load_rulebook
from registrar_tui.services.sessions import Admission, admit
from registrar_tui.services.workplace import TicketKeys, Workplace
from registrar_tui.storage import schema
from registrar_tui.storage.engine import open_engine, reachable
from registrar_tui.storage.key_files import ClinicKeys, create_keys, demo_keys, read_keys
from registrar_tui.storage.sequences import advance_sequences
from registrar_tui.storage.session import Store
from registrar_tui.storage.token_file import read_token

if TYPE_CHECKING:
    from registrar_tui.bulk.services import BulkServices

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


def build(config: Config, *, clock: Clock | None = None, token: str | None = None) -> DeskServices:
    """Open the base and return the desk's use-cases; every trouble is a RegistrarError.

    `token` is that of a signed-in operator; without it the token file is looked at, and on a demo base the
    demo operator works.
    """
    store, workplace, clinic = _open(config, clock, token)
    return DeskServices(
        store, workplace, demo=clinic.demo, tickets_folder=config.tickets, printer=config.printer
    )


def build_office(config: Config, *, clock: Clock | None = None, token: str | None = None) -> OfficeServices:
    """Open the base and return the use-cases of the administrator and the auditor."""
    store, workplace, _ = _open(config, clock, token)
    return OfficeServices(store, workplace, keys=config.keys, exports=config.tickets)


def build_bulk(config: Config, *, clock: Clock | None = None, token: str | None = None) -> BulkServices:
    """Open the base and return the use-cases that carry tables in and out."""
    from registrar_tui.bulk.services import BulkServices

    store, workplace, _ = _open(config, clock, token)
    return BulkServices(store, workplace, exports_folder=config.tickets)


def _open(config: Config, clock: Clock | None, token: str | None) -> tuple[Store, Workplace, _Clinic]:
    store = _open_store(config)
    try:
        with store.read() as session:
            clinic = _clinic(session, config)
            clock = clock or clock_for(demo=clinic.demo, zone=clinic.zone)
            operator, admission = _operator(session, config, clinic, clock, token)
            keys = _clinic_keys(config, clinic)
    except BaseException:
        store.close()
        raise
    if admission is not None:
        store.guard = admission.require
    workplace = Workplace(
        operator=operator.login,
        operator_name=operator.name,
        desk=config.desk,
        branch_id=clinic.branch_id,
        receives_any_branch=config.branch is None,
        zone=clinic.zone,
        clinic_name=clinic.name,
        tickets=TicketKeys(clinic.id, max(keys.tickets), keys.tickets),
        clock=clock,
        role=operator.role,
        journal_key=keys.journal,
    )
    return store, workplace, clinic


def sign_in(
    config: Config, login: str, password: str, *, clock: Clock | None = None, instead_of: str | None = None
) -> str:
    """Check a password and open a session of twelve hours; returns its token, NotAllowed says why not.

    `instead_of` is the token of a session that ends when this one begins.
    """
    store = _open_store(config)
    try:
        with store.read() as session:
            clinic = _clinic(session, config)
            keys = _clinic_keys(config, clinic)
            fits = operators.password_fits(session, login, password)
        now = (clock or clock_for(demo=clinic.demo, zone=clinic.zone)).utc()

        def record(session: Session) -> operators.SignIn:
            outcome = operators.attempt(session, now, login, fits=fits, desk=config.desk)
            role = outcome.operator.role if outcome.operator else ""
            writer = Writer(
                outcome.operator.login if outcome.operator else "", role, config.desk, keys.journal
            )
            append(session, writer, now, outcome.code)
            if outcome.token is not None and instead_of is not None:
                sessions.end(session, instead_of)
            return outcome

        outcome = store.write(record)
    finally:
        store.close()
    if outcome.token is None:
        raise NotAllowed(outcome.refusal or "", code=outcome.code.replace("-", "_"))
    return outcome.token


def first_administrator(config: Config, login: str, name: str, password: str) -> dict[str, Any]:
    """Make the first operator of a base that has none, in the shape of `operator list`.

    Afterwards operators are added by an administrator.
    """
    hashed = operators.hash_password(password)
    store = _open_store(config)
    try:
        with store.read() as session:
            clinic = _clinic(session, config)
            keys = _clinic_keys(config, clinic)
        clock = clock_for(demo=clinic.demo, zone=clinic.zone)

        def record(session: Session) -> dict[str, Any]:
            if operators.anybody(session, lock=True):
                raise NotAllowed("Операторы уже есть: нового заводит администратор.")
            made = operators.add(session, login, name, "administrator", hashed, must_change=False)
            writer = Writer(made.login, made.role, config.desk, keys.journal)
            append(
                session,
                writer,
                clock.utc(),
                "operator-added",
                object_kind="operator",
                object_id=made.id,
                detail={"login": made.login, "role": made.role},
            )
            return operators.listed(session)[0]

        return store.write(record)
    finally:
        store.close()


def has_operators(config: Config) -> bool:
    """Tell whether anybody can sign in yet."""
    store = _open_store(config)
    try:
        with store.read() as session:
            return operators.anybody(session)
    finally:
        store.close()


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


def _operator(
    session: Session, config: Config, clinic: _Clinic, clock: Clock, token: str | None
) -> tuple[Operator, Admission | None]:
    """The demo operator needs no password and no session, and only on a demo base."""
    if clinic.demo and token is None and config.operator in (None, DEMO_OPERATOR):
        operator = operators.by_login(session, DEMO_OPERATOR)
        if operator is not None:
            return operator, None
    token = token or read_token(config.token_file)
    if token is None:
        raise NotAllowed(
            "Войдите как оператор: «registrar operator login ИМЯ» или на рабочем месте.",
            code=NOT_SIGNED_IN,
        )
    operator, admission = admit(session, clock, token)
    if config.operator is not None and operator.login != config.operator.casefold():
        raise NotAllowed("Вы вошли под другим именем: войдите как указанный оператор.", code=NOT_SIGNED_IN)
    return operator, admission


def _clinic_keys(config: Config, clinic: _Clinic) -> ClinicKeys:
    return demo_keys(clinic.demo_secret) if clinic.demo else read_keys(config.keys)


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
    clinic: NewClinic | None = None,
) -> dict[str, int]:
    """Create and migrate a base: the demo clinic, or an empty one with its first branch.

    An existing base is refused.
    """
    from registrar_tui.storage.creation import new_base

    name = shown_name(config.database)
    counts: dict[str, int] = {}
    with new_base(config.database, name) as connection:
        schema.migrate(connection)
        if not demo:
            with Session(connection) as session:
                found_clinic(session, clinic or NewClinic())
                session.flush()
        else:
            from registrar_tui.services.demo import fill
            from registrar_tui.services.demo_visits import DemoPlan

            day = today or day_in(clock_for(demo=True, zone=DEMO_ZONE), DEMO_ZONE)
            plan = DemoPlan(patients, doctors, days, day, random_seed)
            with Session(connection) as session:
                counts = fill(session, plan, progress or _silent)
                session.flush()
            advance_sequences(connection)
    if not demo:
        create_keys(config.keys)
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
    with reachable(Path(config.database)):
        absent = is_url(config.database) or not Path(config.database).exists()
    if absent:
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
