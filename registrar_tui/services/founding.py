"""The first rows of a real clinic: its name, its first branch."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlmodel import Session

from registrar_tui.errors import UsageError
from registrar_tui.models import Branch, Setting


@dataclass(frozen=True, slots=True)
class NewClinic:
    """What a new base is told about the clinic; the rest is imported or entered."""

    name: str = "Поликлиника"
    branch: str = "Главный корпус"
    address: str = ""
    phone: str = ""
    zone: str = "Europe/Moscow"


def found_clinic(session: Session, clinic: NewClinic) -> None:
    """Write the clinic and its first branch; a usage error for an unknown time zone."""
    try:
        ZoneInfo(clinic.zone)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"Часового пояса «{clinic.zone[:40]}» нет: укажите, например, Europe/Moscow.", field="zone"
        ) from error
    for key, value in (("clinic_id", secrets.token_hex(8)), ("clinic_name", clinic.name), ("demo", "0")):
        session.add(Setting(key=key, value=value))
    session.add(Branch(name=clinic.branch, address=clinic.address, phone=clinic.phone, timezone=clinic.zone))
