"""The one table of keys: bindings, the bottom line, F1 help and the palette are all made from it.

Every binding has priority and is run by the app before the focused widget sees the key, so that keys typed
ahead are obeyed in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from textual.binding import Binding

from registrar_tui.widgets.status_line import KeyHint

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
    "cancel",
    "help",
    "palette",
)
LISTS: Final = ("search", "target", "card", "today", "cancel", "help", "palette")

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
    "cancel": "отмена приёма",
    "help": "справка",
    "palette": "все действия",
}


@dataclass(frozen=True, slots=True)
class Shortcut:
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


def _row(
    id: str,  # noqa: A002
    keys: str,
    label: str,
    short: str,
    text: str,
    *places: str,
    rank: int = 0,
    palette: bool = True,
) -> Shortcut:
    return Shortcut(id, keys, label, short, text, places or EVERYWHERE, rank, palette)


# Order is that of the bottom line. Where one key stands in several rows, the first one available wins.
TABLE: Final[tuple[Shortcut, ...]] = (
    _row("desk.retry", "f5,enter", "F5", "открыть базу ещё раз", "открыть базу ещё раз", palette=False),
    # поиск
    _row("search.open", "enter,ctrl+j", "Enter", "карточка", "открыть карточку пациента", "search"),
    _row("search.book", "f3", "F3", "записать", "записать найденного пациента, минуя карточку", "search"),
    _row("search.new", "insert", "Ins", "новый пациент", "завести карточку с тем, что набрано", "search"),
    _row("search.clear", "escape", "Esc", "", "очистить строку поиска", "search", palette=False),
    # сегодня
    _row(
        "today.arrive",
        "enter,ctrl+j",
        "Enter",
        "пришёл",
        "отметить приход по скану, номеру или под курсором",
        "today",
    ),
    _row(
        "today.view",
        "tab",
        "Tab",
        "показать других",
        "показать всех, ждущих, без отметки, пришедших",
        "today",
        rank=2,
    ),
    _row("today.card", "f4", "F4", "карточка", "карточка пациента под курсором", "today", rank=1),
    _row("today.book", "f3", "F3", "записать", "записать пациента под курсором", "today", rank=3),
    _row("today.clear", "escape", "Esc", "", "очистить строку", "today", palette=False),
    # карточка
    _row("card.book", "f3", "F3", "записать", "записать к врачу (или сразу набирайте специальность)", "card"),
    _row("card.edit", "f4", "F4", "править", "изменить данные пациента", "card"),
    _row(
        "visit.move", "f6", "F6", "перенести", "перенести приём под курсором на другое время", "card", "today"
    ),
    _row("visit.cancel", "f8", "F8", "отменить", "отменить приём под курсором", "card", "today"),
    _row(
        "card.repeat",
        "enter,ctrl+j",
        "Enter",
        "повторить приём",
        "записать к тому же врачу ещё раз",
        "card",
        rank=3,
    ),
    # к кому
    _row("target.choose", "enter,ctrl+j", "Enter", "открыть сетку", "показать свободное время", "target"),
    # сетка
    _row(
        "grid.choose",
        "enter",
        "Enter",
        "записать",
        "занять выбранное время и прочитать подтверждение",
        "grid",
    ),
    _row("grid.why", "enter", "", "", "", "grid", palette=False),
    _row(
        "grid.explain",
        "space",
        "Space",
        "почему",
        "чья это бирка, почему её нельзя взять и что можно",
        "grid",
        rank=1,
    ),
    _row("way.first", "1", "1–5", "взять предложенное", "взять предложенное время по его номеру", "grid"),
    _row("way.second", "2", "", "", "", "grid", palette=False),
    _row("way.third", "3", "", "", "", "grid", palette=False),
    _row("way.fourth", "4", "", "", "", "grid", palette=False),
    _row("way.fifth", "5", "", "", "", "grid", palette=False),
    _row("grid.up", "up", "↑ ↓", "", "время раньше и позже", "grid", palette=False),
    _row("grid.down", "down", "", "", "", "grid", palette=False),
    _row("grid.left", "left", "← →", "врач", "соседний врач или день", "grid", rank=4, palette=False),
    _row("grid.right", "right", "", "", "", "grid", palette=False),
    _row("grid.free_up", "ctrl+up", "Ctrl+↑ ↓", "", "свободное время раньше и позже", "grid", palette=False),
    _row("grid.free_down", "ctrl+down", "", "", "", "grid", palette=False),
    _row("grid.first", "home", "Home End", "", "первое и последнее время", "grid", palette=False),
    _row("grid.last", "end", "", "", "", "grid", palette=False),
    _row("grid.previous", "pageup", "PgUp", "", "предыдущий день (в неделе врача — неделя)", "grid"),
    _row(
        "grid.next",
        "pagedown",
        "PgUp PgDn",
        "день",
        "следующий день (в неделе врача — неделя)",
        "grid",
        rank=1,
    ),
    _row("grid.week", "tab", "Tab", "неделя врача", "неделя этого врача", "grid", rank=2),
    _row("grid.doctors", "tab", "Tab", "все врачи", "все врачи этого дня", "grid", rank=2),
    _row("grid.filter", "ctrl+f", "Ctrl+F", "фильтр", "длительность, услуга, врач, филиал", "grid", rank=1),
    _row("grid.nearest", "n,N,т,Т", "N или Т", "", "ближайший день со свободным временем", "grid"),
    _row(
        "grid.target",
        "f3",
        "F3",
        "к другому",
        "выбрать другую специальность, врача или услугу",
        "grid",
        rank=3,
    ),
    # фильтр
    _row("filter.left", "left", "← →", "какой фильтр", "выбрать фильтр", "filter", palette=False),
    _row("filter.right", "right", "", "", "", "filter", palette=False),
    _row(
        "filter.up",
        "up",
        "↑ ↓",
        "значение",
        "сменить значение; буква — перейти к нему",
        "filter",
        palette=False,
    ),
    _row("filter.down", "down", "", "", "", "filter", palette=False),
    _row(
        "filter.reset", "home,delete,backspace", "Home", "любое", "снять этот фильтр", "filter", palette=False
    ),
    _row(
        "filter.close",
        "enter,escape,ctrl+f",
        "Enter",
        "к сетке",
        "вернуться в сетку",
        "filter",
        palette=False,
    ),
    # подтверждение
    _row("confirm.book", "enter", "Enter", "записать и напечатать", "записать и напечатать талон", "confirm"),
    _row("confirm.release", "escape", "Esc", "отпустить бирку", "не записывать, бирку вернуть", "confirm"),
    # талон
    _row("ticket.print", "enter,p,P,з,З", "P или З", "печатать", "напечатать талон ещё раз", "ticket"),
    _row(
        "visit.ticket",
        "f9",
        "F9",
        "талон",
        "показать талон и напечатать ещё раз",
        "card",
        "grid",
        "today",
        rank=2,
    ),
    # анкета
    _row("form.save", "ctrl+s,f10", "Ctrl+S", "сохранить", "сохранить карточку", "form"),
    _row("form.next", "enter,down,tab,ctrl+j", "Enter", "дальше", "следующее поле", "form", palette=False),
    _row("form.previous", "up,shift+tab", "↑", "", "предыдущее поле", "form", palette=False),
    _row("form.leave", "escape", "Esc", "назад", "назад; о несохранённом предупредит", "form", palette=False),
    # отмена
    _row("cancel.confirm", "enter", "Enter", "отменить приём", "отменить приём с этой причиной", "cancel"),
    _row("cancel.reason_1", "1", "1–9", "причина", "выбрать причину по номеру", "cancel", palette=False),
    *(
        _row(f"cancel.reason_{number}", str(number), "", "", "", "cancel", palette=False)
        for number in range(2, 10)
    ),
    # все действия
    _row("palette.run", "enter,ctrl+j", "Enter", "выполнить", "выполнить действие", "palette", palette=False),
    # строки
    _row("list.up", "up", "↑ ↓", "", "выбрать строку", *LISTS, palette=False),
    _row("list.down", "down", "", "", "", *LISTS, palette=False),
    _row("list.page_up", "pageup", "PgUp PgDn", "", "на экран вверх и вниз", *LISTS, palette=False),
    _row("list.page_down", "pagedown", "", "", "", *LISTS, palette=False),
    # везде
    _row("desk.undo", "ctrl+z", "Ctrl+Z", "", "отменить последнюю запись, перенос или отмену"),
    _row(
        "desk.back",
        "escape",
        "Esc",
        "назад",
        "на шаг назад",
        "card",
        "target",
        "grid",
        "ticket",
        "today",
        "cancel",
        "help",
        "palette",
        rank=1,
        palette=False,
    ),
    _row("desk.search", "f2", "F2", "поиск", "найти пациента", rank=5),
    _row("desk.today", "f5", "F5", "сегодня", "приёмы сегодня: отметить приход", rank=6),
    _row("desk.help", "f1", "F1", "справка", "клавиши этого места", rank=4),
    _row(
        "desk.palette",
        "ctrl+p",
        "Ctrl+P",
        "все действия",
        "найти любое действие по названию",
        rank=8,
        palette=False,
    ),
    _row("desk.quit", "ctrl+q", "Ctrl+Q", "", "закончить работу"),
)
_PLACES: Final = {row.id: row.places for row in TABLE}
_GENERAL: Final = tuple(row for row in TABLE if row.places == EVERYWHERE and row.id != "desk.retry")


def bindings() -> list[Binding]:
    """Return the app's bindings; the desk decides by place which of them acts."""
    return [
        Binding(row.keys, f"screen.command('{row.id}')", row.text, show=False, priority=True, id=row.id)
        for row in TABLE
    ]


def stands_in(name: str, place: str) -> bool:
    """Tell whether a command has its key in a place."""
    return place in _PLACES.get(name, ())


def hints(place: str, available: Collection[str]) -> tuple[KeyHint, ...]:
    """Return the bottom line of a place: what is available of it, in its order."""
    return tuple(
        KeyHint(row.label, row.short, row.rank)
        for row in TABLE
        if row.short and row.id != f"desk.{place}" and place in row.places and row.id in available
    )


def help_of(place: str) -> tuple[str, Sequence[tuple[str, Sequence[tuple[str, str]]]]]:
    """Return the title of a place and its keys in sections of (key, what it does)."""
    here = [
        (row.label, row.text)
        for row in TABLE
        if row.label and place in row.places and row not in _GENERAL and row.id != "desk.retry"
    ]
    general = [(row.label, row.text) for row in _GENERAL]
    return PLACE_TITLES[place], (("Здесь", here), ("Везде", general))


def places_of(name: str) -> tuple[str, ...]:
    """Return the places where a command has its key."""
    return _PLACES.get(name, ())


def palette_rows() -> tuple[Shortcut, ...]:
    """Return the rows that the palette offers."""
    return tuple(row for row in TABLE if row.in_palette and row.text)
