"""Operators: passwords, signing in with a growing delay, and the administrator's changes."""

from __future__ import annotations

import base64
import math
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from registrar_tui.errors import Refusal, UsageError
from registrar_tui.models import Operator, Setting
from registrar_tui.services import sessions
from registrar_tui.services.permissions import ROLE_LABELS, ROLES

if TYPE_CHECKING:
    from argon2 import PasswordHasher

FREE_FAILURES = 5  # wrong passwords in a row before the first delay
FIRST_DELAY = timedelta(seconds=30)
LONGEST_DELAY = timedelta(minutes=30)
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 256
_LOGIN = re.compile(r"[a-zа-яё0-9][a-zа-яё0-9._-]{1,31}")
_WRONG = "Имя или пароль неверны: проверьте раскладку и повторите."


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """Checked for unknown names, so that their answer takes as long as a wrong password.

    It is written, not computed: a process that checks one password only would take twice as long.
    """
    hasher = _hasher()
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")
        for size in (hasher.salt_len, hasher.hash_len)
    )
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${salt}${digest}"


@dataclass(frozen=True, slots=True)
class SignIn:
    """How an attempt to sign in ended; committed by the caller before it is told."""

    login: str
    operator: Operator | None = None
    token: str | None = None
    refusal: str | None = None
    code: str = "signed-in"


def hash_password(password: str) -> str:
    """Return the argon2id hash; a usage error where the password is too short or too long."""
    check_password(password)
    return _hasher().hash(password)


def check_password(password: str) -> None:
    """Refuse (usage) a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise UsageError(
            f"Пароль — от {SHORTEST_PASSWORD} до {LONGEST_PASSWORD} знаков: придумайте другой.",
            field="password",
        )


def password_fits(session: Session, login: str, password: str) -> bool:
    """Tell whether the password is the operator's; 40-170 ms, so it is asked outside a transaction."""
    from argon2.exceptions import VerificationError

    operator = by_login(session, login)
    stored = operator.password_hash if operator is not None and operator.active else None
    try:
        fits = _hasher().verify(stored or _nobodys_hash(), password[:LONGEST_PASSWORD])
    except VerificationError:
        return False
    return fits and stored is not None


def attempt(session: Session, at: datetime, login: str, *, fits: bool, desk: str) -> SignIn:
    """Record an attempt to sign in; five wrong passwords start a delay that doubles up to half an hour."""
    operator = by_login(session, login, lock=True)
    if operator is None or not operator.active or operator.password_hash is None:
        return SignIn(login, refusal=_WRONG, code="sign-in-failed")
    if operator.locked_until is not None and operator.locked_until > at:
        wait = _said(operator.locked_until - at)
        message = f"Вход закрыт после неверных паролей: повторите через {wait}."
        return SignIn(login, operator, refusal=message, code="sign-in-locked")
    if not fits:
        operator.failures += 1
        delay = _delay(operator.failures)
        operator.locked_until = at + delay if delay else None
        message = f"{_WRONG} Следующая попытка — через {_said(delay)}." if delay else _WRONG
        return SignIn(login, operator, refusal=message, code="sign-in-failed")
    operator.failures = 0
    operator.locked_until = None
    return SignIn(login, operator, token=sessions.begin(session, operator, desk, at))


def _delay(failures: int) -> timedelta | None:
    if failures < FREE_FAILURES:
        return None
    doublings: int = 2 ** min(failures - FREE_FAILURES, 10)
    return min(FIRST_DELAY * doublings, LONGEST_DELAY)


def _said(wait: timedelta) -> str:
    seconds = math.ceil(wait.total_seconds())
    return f"{seconds} с" if seconds < 60 else f"{math.ceil(seconds / 60)} мин"


def by_login(session: Session, login: str, *, lock: bool = False) -> Operator | None:
    """Return an operator by login, None where there is none."""
    statement = select(Operator).where(col(Operator.login) == plain_login(login))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found: Operator | None = session.execute(statement).scalar_one_or_none()
    return found


def plain_login(login: str) -> str:
    """Return a login as it is stored."""
    return login.strip().casefold()


def check_login(login: str) -> str:
    """Return a login for a new operator: 2-32 letters, digits, dots and dashes, else a usage error."""
    wanted = plain_login(login)
    if not _LOGIN.fullmatch(wanted):
        raise UsageError("Имя для входа — от 2 до 32 букв, цифр, точек и дефисов.", field="login")
    return wanted


def anybody(session: Session, *, lock: bool = False) -> bool:
    """Tell whether the base has an operator: without one the first administrator may be made.

    `lock`: two who make the first one at once take turns on the clinic's own row.
    """
    if lock:
        session.execute(select(Setting).where(col(Setting.key) == "clinic_id").with_for_update())
    return bool(session.execute(select(func.count()).select_from(Operator)).scalar_one())


def add(
    session: Session, login: str, name: str, role: str, password_hash: str, *, must_change: bool
) -> Operator:
    """Add an operator; `check_login` says which logins may be."""
    login = check_login(login)
    _require_role(role)
    if by_login(session, login) is not None:
        raise Refusal("already_exists", f"Оператор {login} уже есть: выберите другое имя.", field="login")
    operator = Operator(
        login=login,
        name=" ".join(name.split()) or login,
        role=role,
        password_hash=password_hash,
        must_change=must_change,
    )
    session.add(operator)
    session.flush()
    return operator


def set_password(session: Session, login: str, password_hash: str, *, must_change: bool) -> Operator:
    """Change a password, lift the delay and end every session of the operator."""
    operator = existing(session, login)
    operator.password_hash = password_hash
    operator.must_change = must_change
    operator.failures = 0
    operator.locked_until = None
    sessions.end_all(session, operator)
    return operator


def set_role(session: Session, login: str, role: str) -> Operator:
    """Change a role; the last active administrator stays one."""
    administrators = _administrators(session)
    operator = existing(session, login)
    _require_role(role)
    if role != "administrator":
        _require_another(administrators, operator)
    operator.role = role
    return operator


def set_active(session: Session, login: str, *, active: bool) -> Operator:
    """Block or unblock an operator; blocking ends every session."""
    administrators = _administrators(session)
    operator = existing(session, login)
    if not active:
        _require_another(administrators, operator)
        sessions.end_all(session, operator)
    operator.active = active
    return operator


def existing(session: Session, login: str) -> Operator:
    """Return an operator by login, locked; `not_found`."""
    operator = by_login(session, login, lock=True)
    if operator is None:
        raise Refusal("not_found", "Такого оператора нет: проверьте имя.", field="login")
    return operator


def _require_role(role: str) -> None:
    if role not in ROLES or role == "demo":
        known = ", ".join(name for name in ROLES if name != "demo")
        raise UsageError(f"Роль — одна из: {known}.", field="role")


def _administrators(session: Session) -> set[int | None]:
    """Lock the active administrators, in one order: two who remove each other at once must take turns."""
    active = select(col(Operator.id)).where(
        col(Operator.role) == "administrator", col(Operator.active).is_(True)
    )
    return set(session.execute(active.order_by(col(Operator.id)).with_for_update()).scalars())


def _require_another(administrators: set[int | None], operator: Operator) -> None:
    if administrators == {operator.id}:
        raise Refusal(
            "last_administrator", "Это последний администратор: сначала назначьте другого.", field="login"
        )


def listed(session: Session) -> list[dict[str, Any]]:
    """Return the operators in the shape of `operator list`."""
    statement = select(Operator).order_by(col(Operator.login))
    return [shape_of(operator) for operator in session.execute(statement).scalars()]


def shape_of(operator: Operator) -> dict[str, Any]:
    """Return one operator in the shape of `operator list`."""
    return {
        "login": operator.login,
        "name": operator.name,
        "role": operator.role,
        "role_name": ROLE_LABELS.get(operator.role, operator.role),
        "active": operator.active,
        "locked_until": operator.locked_until.isoformat() if operator.locked_until else None,
    }
