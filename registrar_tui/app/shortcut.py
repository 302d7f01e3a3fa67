"""One row of the key table, and the places it may stand in."""

from __future__ import annotations

from typing import Final, NamedTuple

EVERYWHERE: Final = (
    "search",
    "card",
    "target",
    "grid",
    "filter",
    "confirm",
    "ticket",
    "today",
    "form",
    "warned",
    "similar",
    "merging",
    "cancel",
    "journal",
    "operators",
    "operator",
    "help",
    "palette",
)
LISTS: Final = (
    *("search", "target", "card", "today", "warned", "similar", "cancel", "journal", "operators"),
    *("help", "palette"),
)
# Where the office can be gone to without leaving something half done.
SETTLED: Final = ("search", "card", "target", "grid", "ticket", "today", "cancel", "journal", "operators")

PLACE_TITLES: Final[dict[str, str]] = {
    "search": "поиск пациента",
    "card": "карточка пациента",
    "target": "к кому записать",
    "grid": "сетка приёма",
    "filter": "фильтр сетки",
    "confirm": "подтверждение записи",
    "ticket": "талон",
    "today": "сегодня",
    "form": "анкета пациента",
    "warned": "анкета: такой пациент, возможно, уже есть",
    "similar": "похожие карточки",
    "merging": "объединение карточек",
    "cancel": "отмена приёма",
    "journal": "журнал",
    "operators": "операторы",
    "operator": "оператор",
    "help": "справка",
    "palette": "все действия",
}


class Shortcut(NamedTuple):
    """One action: its binding id, keys, the name of the key, words for the bottom line and for help.

    `rank` says how early a narrow bottom line gives it up; rows with no `short` are not on that line.
    """

    id: str
    keys: str
    label: str
    short: str
    text: str
    places: tuple[str, ...] = EVERYWHERE
    rank: int = 0
    in_palette: bool = True


def key(
    id: str,  # noqa: A002
    keys: str,
    label: str,
    short: str,
    text: str,
    *places: str,
    rank: int = 0,
    palette: bool = True,
) -> Shortcut:
    """Return a row; without places it stands everywhere."""
    return Shortcut(id, keys, label, short, text, places or EVERYWHERE, rank, palette)
