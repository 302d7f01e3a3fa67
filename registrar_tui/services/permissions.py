"""Who may do what: one table of roles."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from registrar_tui.errors import NotAllowed


class Permission(StrEnum):
    """One right; a role is a set of them."""

    FIND = "find"
    NUMBERS = "numbers"  # personal numbers unmasked
    OPEN_CARD = "open-card"
    EDIT_CARD = "edit-card"
    MERGE = "merge"  # two cards of one person into one, and apart again
    BOOK = "book"
    OVERRIDE = "override"
    ARRIVE = "arrive"
    PRINT = "print"
    SCHEDULE = "schedule"
    RULES = "rules"
    EXPORT = "export"
    IMPORT = "import"
    OPERATORS = "operators"
    MAINTAIN = "maintain"  # backup, restore, check, copy, encryption
    READ_JOURNAL = "read-journal"


_DESK = frozenset(
    {
        Permission.FIND,
        Permission.NUMBERS,
        Permission.OPEN_CARD,
        Permission.EDIT_CARD,
        Permission.BOOK,
        Permission.OVERRIDE,
        Permission.ARRIVE,
        Permission.PRINT,
    }
)

ROLES: Mapping[str, frozenset[Permission]] = {
    "registrar": _DESK,
    "senior": _DESK | {Permission.MERGE, Permission.SCHEDULE, Permission.EXPORT, Permission.IMPORT},
    # Runs the system, reads no patients.
    "administrator": frozenset(
        {
            Permission.SCHEDULE,
            Permission.RULES,
            Permission.OPERATORS,
            Permission.MAINTAIN,
            Permission.IMPORT,
        }
    ),
    # Finds a record to follow its journal, with personal numbers masked; opens none.
    "auditor": frozenset({Permission.FIND, Permission.READ_JOURNAL}),
    # The only operator of a demo base.
    "demo": frozenset(Permission),
}

ROLE_LABELS: Mapping[str, str] = {
    "registrar": "регистратор",
    "senior": "старший регистратор",
    "administrator": "администратор",
    "auditor": "аудитор",
    "demo": "демонстрация",
}
_RANKS = {"registrar": 1, "senior": 2, "demo": 2}


def allows(role: str, permission: Permission) -> bool:
    """Tell whether a role has a right; an unknown role has none."""
    return permission in ROLES.get(role, frozenset())


def require(role: str, permission: Permission) -> None:
    """Refuse (exit 5) what a role has no right to."""
    if not allows(role, permission):
        label = ROLE_LABELS.get(role, role)
        able = [ROLE_LABELS[name] for name in ROLES if name != "demo" and permission in ROLES[name]]
        raise NotAllowed(f"У роли «{label}» нет такого права: оно есть у ролей {', '.join(able)}.")


def may_override(role: str, wanted: str | None) -> bool:
    """Tell whether a role may go against a rule that asks for `wanted` at least; None: nobody may."""
    return wanted is not None and _RANKS.get(role, 0) >= _RANKS.get(wanted, 99)
