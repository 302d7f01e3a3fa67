"""The one table of keys: bindings, the bottom line, F1 help and the palette are all made from it.

Every binding has priority and is run by the app before the focused widget sees the key, so that keys typed
ahead are obeyed in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from textual.binding import Binding

from registrar_tui.app.shortcut import EVERYWHERE, LISTS, PLACE_TITLES, SETTLED, Shortcut, key
from registrar_tui.widgets.status_line import KeyHint

# Order is that of the bottom line. Where one key stands in several rows, the first one available wins.
TABLE: Final[tuple[Shortcut, ...]] = (
    key("desk.retry", "f5,enter", "F5", "открыть базу ещё раз", "открыть базу ещё раз", palette=False),
    # поиск
    key("search.open", "enter,ctrl+j", "Enter", "карточка", "открыть карточку пациента", "search"),
    key(
        "search.aim",
        "enter,ctrl+j",
        "Enter",
        "выбрать",
        "запомнить, к кому записать; затем найдите пациента",
        "search",
        palette=False,
    ),
    key(
        "search.begin",
        "enter,ctrl+j",
        "Enter",
        "новый пациент",
        "завести карточку, если никто не найден",
        "search",
        palette=False,
    ),
    key("search.nobody", "enter,ctrl+j", "", "", "", "search", palette=False),
    key("search.book", "f3", "F3", "записать", "записать найденного пациента, минуя карточку", "search"),
    key("search.new", "insert", "Ins", "новый пациент", "завести карточку с тем, что набрано", "search"),
    key("search.clear", "escape", "Esc", "", "очистить строку поиска", "search", palette=False),
    # сегодня
    key(
        "today.arrive",
        "enter,ctrl+j",
        "Enter",
        "пришёл",
        "отметить приход по скану, номеру или под курсором",
        "today",
    ),
    key(
        "today.view",
        "tab",
        "Tab",
        "показать других",
        "показать всех, ждущих, без отметки, пришедших",
        "today",
        rank=2,
    ),
    key("today.card", "f4", "F4", "карточка", "карточка пациента под курсором", "today", rank=1),
    key("today.book", "f3", "F3", "записать", "записать пациента под курсором", "today", rank=3),
    key("today.clear", "escape", "Esc", "", "очистить строку", "today", palette=False),
    # карточка
    key("card.book", "f3", "F3", "записать", "записать к врачу (или сразу набирайте специальность)", "card"),
    key("card.edit", "f4", "F4", "править", "изменить данные пациента", "card"),
    key(
        "card.similar",
        "ctrl+d",
        "Ctrl+D",
        "похожие",
        "похожие карточки: не заведён ли этот человек дважды",
        "card",
        rank=4,
    ),
    key(
        "visit.move", "f6", "F6", "перенести", "перенести приём под курсором на другое время", "card", "today"
    ),
    key("visit.cancel", "f8", "F8", "отменить", "отменить приём под курсором", "card", "today"),
    key(
        "card.repeat",
        "enter,ctrl+j",
        "Enter",
        "повторить приём",
        "записать к тому же врачу ещё раз",
        "card",
        rank=3,
    ),
    # к кому
    key("target.choose", "enter,ctrl+j", "Enter", "открыть сетку", "показать свободное время", "target"),
    # сетка
    key(
        "grid.choose",
        "enter",
        "Enter",
        "записать",
        "занять выбранное время и прочитать подтверждение",
        "grid",
    ),
    key("grid.why", "enter", "", "", "", "grid", palette=False),
    key(
        "grid.explain",
        "space",
        "Space",
        "почему",
        "чья это бирка, почему её нельзя взять и что можно",
        "grid",
        rank=1,
    ),
    key("way.first", "1", "1–5", "взять предложенное", "взять предложенное время по его номеру", "grid"),
    key("way.second", "2", "", "", "", "grid", palette=False),
    key("way.third", "3", "", "", "", "grid", palette=False),
    key("way.fourth", "4", "", "", "", "grid", palette=False),
    key("way.fifth", "5", "", "", "", "grid", palette=False),
    key("grid.up", "up", "↑ ↓", "", "время раньше и позже", "grid", palette=False),
    key("grid.down", "down", "", "", "", "grid", palette=False),
    key("grid.left", "left", "← →", "врач", "соседний врач или день", "grid", rank=4, palette=False),
    key("grid.right", "right", "", "", "", "grid", palette=False),
    key("grid.free_up", "ctrl+up", "Ctrl+↑ ↓", "", "свободное время раньше и позже", "grid", palette=False),
    key("grid.free_down", "ctrl+down", "", "", "", "grid", palette=False),
    key("grid.first", "home", "Home End", "", "первое и последнее время", "grid", palette=False),
    key("grid.last", "end", "", "", "", "grid", palette=False),
    key("grid.previous", "pageup", "PgUp", "", "предыдущий день (в неделе врача — неделя)", "grid"),
    key(
        "grid.next",
        "pagedown",
        "PgUp PgDn",
        "день",
        "следующий день (в неделе врача — неделя)",
        "grid",
        rank=1,
    ),
    key("grid.week", "tab", "Tab", "неделя врача", "неделя этого врача", "grid", rank=2),
    key("grid.doctors", "tab", "Tab", "все врачи", "все врачи этого дня", "grid", rank=2),
    key("grid.filter", "ctrl+f", "Ctrl+F", "фильтр", "длительность, услуга, врач, филиал", "grid", rank=1),
    key("grid.nearest", "n,N,т,Т", "N или Т", "", "ближайший день со свободным временем", "grid"),
    key(
        "grid.target",
        "f3",
        "F3",
        "к другому",
        "выбрать другую специальность, врача или услугу",
        "grid",
        rank=3,
    ),
    # фильтр
    key("filter.left", "left", "← →", "какой фильтр", "выбрать фильтр", "filter", palette=False),
    key("filter.right", "right", "", "", "", "filter", palette=False),
    key(
        "filter.up",
        "up",
        "↑ ↓",
        "значение",
        "сменить значение; буква — перейти к нему",
        "filter",
        palette=False,
    ),
    key("filter.down", "down", "", "", "", "filter", palette=False),
    key(
        "filter.reset", "home,delete,backspace", "Home", "любое", "снять этот фильтр", "filter", palette=False
    ),
    key(
        "filter.close",
        "enter,escape,ctrl+f",
        "Enter",
        "к сетке",
        "вернуться в сетку",
        "filter",
        palette=False,
    ),
    # подтверждение
    key("confirm.book", "enter", "Enter", "записать и напечатать", "записать и напечатать талон", "confirm"),
    key("confirm.release", "escape", "Esc", "отпустить бирку", "не записывать, бирку вернуть", "confirm"),
    # талон
    key("ticket.print", "enter,p,P,з,З", "P или З", "печатать", "напечатать талон ещё раз", "ticket"),
    key(
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
    key("form.save", "ctrl+s,f10", "Ctrl+S", "сохранить", "сохранить карточку", "form"),
    key("form.next", "enter,down,tab,ctrl+j", "Enter", "дальше", "следующее поле", "form", palette=False),
    key("form.previous", "up,shift+tab", "↑", "", "предыдущее поле", "form", palette=False),
    key("form.leave", "escape", "Esc", "назад", "назад; о несохранённом предупредит", "form", palette=False),
    # похожие при сохранении
    key(
        "warned.open",
        "enter,ctrl+j",
        "Enter",
        "это он",
        "открыть карточку под курсором вместо новой",
        "warned",
    ),
    key("warned.save", "ctrl+s,f10", "Ctrl+S", "сохранить", "сохранить: это другой человек", "warned"),
    key("warned.back", "escape", "Esc", "к полям", "вернуться к полям, не сохраняя", "warned", palette=False),
    # похожие карточки
    key("similar.open", "enter,ctrl+j", "Enter", "карточка", "открыть карточку под курсором", "similar"),
    key("similar.merge", "f6", "F6", "объединить", "присоединить карточку под курсором к этой", "similar"),
    key("merge.confirm", "enter,ctrl+j", "Enter", "объединить", "объединить, как написано", "merging"),
    key("merge.swap", "tab", "Tab", "оставить другую", "оставить другую карточку из двух", "merging"),
    key("merge.cancel", "escape", "Esc", "назад", "оставить обе карточки как есть", "merging", palette=False),
    # отмена
    key("cancel.confirm", "enter", "Enter", "отменить приём", "отменить приём с этой причиной", "cancel"),
    key("cancel.reason_1", "1", "1–9", "причина", "выбрать причину по номеру", "cancel", palette=False),
    *(
        key(f"cancel.reason_{number}", str(number), "", "", "", "cancel", palette=False)
        for number in range(2, 10)
    ),
    # журнал
    key(
        "journal.read",
        "enter,ctrl+j",
        "Enter",
        "показать",
        "показать записи по набранному: оператор, дни, номер пациента",
        "journal",
    ),
    key("journal.verify", "f6", "F6", "проверить", "проверить, что журнал цел", "journal"),
    key("journal.save", "ctrl+s,f10", "Ctrl+S", "в файл", "записать показанное в файл CSV", "journal"),
    # операторы
    key("operators.add", "insert", "Ins", "новый", "завести оператора", "operators"),
    key("operators.role", "f4", "F4", "роль", "сменить роль оператора", "operators"),
    key("operators.password", "f6", "F6", "пароль", "задать оператору новый пароль", "operators"),
    key(
        "operators.active",
        "f8",
        "F8",
        "блокировка",
        "заблокировать оператора или снова впустить",
        "operators",
    ),
    key("operator.save", "ctrl+s,f10", "Ctrl+S", "сохранить", "сохранить оператора", "operator"),
    key(
        "operator.next",
        "enter,down,tab,ctrl+j",
        "Enter",
        "дальше",
        "следующее поле; на последнем — сохранить",
        "operator",
        palette=False,
    ),
    key("operator.previous", "up,shift+tab", "↑", "", "предыдущее поле", "operator", palette=False),
    key("operator.leave", "escape", "Esc", "назад", "назад, не сохраняя", "operator", palette=False),
    key("desk.journal", "", "", "", "журнал: кто что делал и смотрел", *SETTLED),
    key("desk.operators", "", "", "", "операторы: кто здесь работает и в какой роли", *SETTLED),
    # все действия
    key("palette.run", "enter,ctrl+j", "Enter", "выполнить", "выполнить действие", "palette", palette=False),
    # строки
    key("list.up", "up", "↑ ↓", "", "выбрать строку", *LISTS, palette=False),
    key("list.down", "down", "", "", "", *LISTS, palette=False),
    key("list.page_up", "pageup", "PgUp PgDn", "", "на экран вверх и вниз", *LISTS, palette=False),
    key("list.page_down", "pagedown", "", "", "", *LISTS, palette=False),
    # везде
    key("desk.undo", "ctrl+z", "Ctrl+Z", "", "отменить последнюю запись, перенос, отмену или объединение"),
    key(
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
        "similar",
        "cancel",
        "journal",
        "operators",
        "help",
        "palette",
        rank=1,
        palette=False,
    ),
    key("desk.search", "f2", "F2", "поиск", "найти пациента", rank=5),
    key("desk.today", "f5", "F5", "сегодня", "приёмы сегодня: отметить приход", rank=6),
    key("desk.help", "f1", "F1", "справка", "клавиши этого места", rank=4),
    key(
        "desk.palette",
        "ctrl+p",
        "Ctrl+P",
        "все действия",
        "найти любое действие по названию",
        rank=8,
        palette=False,
    ),
    key("desk.lock", "f12", "F12", "", "закрыть рабочее место, ничего не теряя"),
    key("desk.quit", "ctrl+q", "Ctrl+Q", "", "закончить работу"),
)
_PLACES: Final = {row.id: row.places for row in TABLE}
_GENERAL: Final = tuple(row for row in TABLE if row.places == EVERYWHERE and row.id != "desk.retry")


def bindings() -> list[Binding]:
    """Return the app's bindings; the desk decides by place which of them acts."""
    return [
        Binding(row.keys, f"screen.command('{row.id}')", row.text, show=False, priority=True, id=row.id)
        for row in TABLE
        if row.keys
    ]


def stands_in(name: str, place: str) -> bool:
    """Tell whether a command has its key in a place."""
    return place in _PLACES.get(name, ())


def hints(place: str, available: Collection[str]) -> tuple[KeyHint, ...]:
    """Return the bottom line of a place: what is available of it, in its order, one key for each."""
    found: dict[str, KeyHint] = {}
    for row in TABLE:
        if row.short and row.id != f"desk.{place}" and place in row.places and row.id in available:
            found.setdefault(row.short, KeyHint(row.label, row.short, row.rank))
    return tuple(found.values())


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
