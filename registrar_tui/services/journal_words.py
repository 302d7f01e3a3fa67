"""The journal in Russian: what was done, to what, and when by the branch's clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from registrar_tui.services.protocol_office import JournalLine

ACTION_LABELS: Final = {
    "signed-in": "вход",
    "sign-in-failed": "неверный пароль",
    "sign-in-locked": "вход закрыт на время",
    "signed-out": "выход",
    "searched": "поиск пациента",
    "card-opened": "открыта карточка",
    "grid-shown": "показана сетка записи",
    "day-shown": "показан список дня",
    "visit-shown": "показан приём",
    "ticket-checked": "проверен талон",
    "slots-asked": "подбор времени пациенту",
    "offered": "предложено время",
    "duplicate-shown": "показан двойник",
    "card-created": "создана карточка",
    "card-changed": "изменена карточка",
    "cards-merged": "объединены карточки",
    "cards-parted": "разъединены карточки",
    "duplicates-listed": "список похожих карточек",
    "booked": "запись",
    "moved": "перенос",
    "cancelled": "отмена",
    "undone": "возврат действия",
    "arrived": "пациент пришёл",
    "ticket-printed": "печать талона",
    "day-printed": "печать талонов дня",
    "operator-added": "заведён оператор",
    "password-changed": "сменён пароль",
    "role-changed": "сменена роль",
    "blocked": "оператор заблокирован",
    "unblocked": "оператор разблокирован",
    "journal-read": "просмотр журнала",
    "journal-exported": "выгрузка журнала",
    "backup-made": "резервная копия",
    "base-restored": "база восстановлена из копии",
    "base-copied": "база скопирована",
    "base-encrypted": "база зашифрована",
    "base-decrypted": "шифрование снято",
    "base-rekeyed": "сменён ключ базы",
    "base-reindexed": "исправлены ключи поиска",
    "imported": "загрузка таблицы",
    "exported": "выгрузка таблицы",
}
"""Actions of the journal."""
OBJECT_LABELS: Final = {
    "": "",
    "patient": "пациент",
    "visit": "приём",
    "operator": "оператор",
    "import": "загрузка",
    "export": "таблица",
}
HEADINGS: Final = (
    "Время", "Время UTC", "Оператор", "Роль", "Рабочее место", "Действие", "Код действия", "Объект",
    "Номер объекта", "Операция", "Причина", "Подробности", "Цепочка", "Номер", "Подпись",
)  # fmt: skip


def instant(at: object) -> str:
    """Return a stored instant in ISO form; one that somebody has forged may be anything and stays so."""
    return at.isoformat() if isinstance(at, datetime) else str(at)


def local_time(at: object, zone: str) -> str:
    """Return an instant by the branch's clock, a forged one as it is."""
    if not isinstance(at, datetime):
        return str(at)
    return f"{at.astimezone(ZoneInfo(zone)):%d.%m.%Y %H:%M:%S}"


def detail_of(row: Mapping[str, Any]) -> object:
    """Return what an entry's detail says, as text where it is no JSON."""
    try:
        return json.loads(str(row["detail"]))
    except ValueError:
        return str(row["detail"])


def about(row: Mapping[str, Any]) -> str:
    """Return what an entry is about: «приём 412», «оператор ivanova»."""
    kind = OBJECT_LABELS.get(row["object_kind"], row["object_kind"])
    detail = detail_of(row)
    named = detail.get("login") if isinstance(detail, dict) else None
    which = named or row["object_id"]
    return kind if which is None else f"{kind} {which}"


def line_of(row: Mapping[str, Any], zone: str) -> JournalLine:
    """Return an entry as the auditor reads it on the screen."""
    detail = detail_of(row)
    told = detail if isinstance(detail, dict) else {"": detail}
    return JournalLine(
        id=row["id"],
        at=local_time(row["at"], zone),
        operator=str(row["operator"] or "—"),
        desk=str(row["desk"]),
        action=ACTION_LABELS.get(row["action"], str(row["action"])),
        about=str(about(row)),
        reason=str(row["reason"]),
        detail=", ".join(f"{name} {value}".strip() for name, value in told.items() if name != "login"),
        place=f"{row['chain']} № {row['number']}",
    )


def cells_of(row: Mapping[str, Any], zone: str) -> list[str]:
    """Return an entry as a row of the exported table, under `HEADINGS`."""
    values = (
        local_time(row["at"], zone),
        instant(row["at"]),
        row["operator"],
        row["role"],
        row["desk"],
        ACTION_LABELS.get(row["action"], row["action"]),
        row["action"],
        OBJECT_LABELS.get(row["object_kind"], row["object_kind"]),
        row["object_id"],
        row["op_id"],
        row["reason"],
        row["detail"],
        row["chain"],
        row["number"],
        row["mac"],
    )
    return ["" if value is None else str(value) for value in values]
