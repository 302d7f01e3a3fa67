"""The indexed ways to people: each reads a bounded number of rows of one index, on both databases alike.

Ranges and equalities of bound values only, no LIKE. The statements are built once: making one costs as much
as running it. Every answer is a list of at most `POOL` rows (`Person`), merged cards among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, bindparam, func, select
from sqlmodel import Session

from registrar_tui.models import Patient
from registrar_tui.services.search_query import Birth, Names, NumberKind
from registrar_tui.services.surname_index import END

POOL: Final = 60
"""People read in one way; what the page shows is chosen from them."""
BORN_THAT_DAY: Final = 1000
_GIVEN_NAMES_READ: Final = 1500
_NAMESAKES_READ: Final = 20_000
_LARGEST_ID: Final = 2**31 - 1

Person = Row[Any]

_TABLES: Final = Patient.metadata.tables
_PATIENT: Final = _TABLES["patient"]
_P: Final = _PATIENT.c
_COLUMNS: Final = (
    _P.id,
    _P.last_name,
    _P.first_name,
    _P.middle_name,
    _P.birth_date,
    _P.snils,
    _P.enp,
    _P.phone,
    _P.last_key,
    _P.first_key,
    _P.middle_key,
    _P.merged_into_id,
)
_ALL: Final = select(*_COLUMNS)
# An index of three columns is entered without the middle one by naming all its values (a loose scan).
_INITIALS: Final = [*"абвгдежзийклмнопрстуфхцчшщъыьэюя", ""]
_ANY_DAY: Final = Birth(date(1, 1, 1), date(9999, 12, 31))


def _between(name: str, key: Any) -> tuple[Any, Any]:
    return key >= bindparam(f"{name}_from"), key < bindparam(f"{name}_to")


_LAST: Final = _between("last", _P.last_key)
_FIRST: Final = _between("first", _P.first_key)
_MIDDLE: Final = _between("middle", _P.middle_key)
_BORN: Final = (_P.birth_date >= bindparam("born_from"), _P.birth_date <= bindparam("born_to"))
_MOST: Final[Any] = bindparam("most")


def _listed(column: Any, name: str) -> Any:
    return column.in_(bindparam(name, expanding=True))


_BY_LAST: Final = _ALL.where(*_LAST, *_FIRST).order_by(_P.last_key, _P.first_key).limit(_MOST)
_BY_INITIALS: Final = (
    _ALL.where(
        _P.first_initial == bindparam("first_initial"),
        _P.middle_initial == bindparam("middle_initial"),
        *_LAST,
        *_FIRST,
        *_MIDDLE,
        *_BORN,
    )
    .order_by(_P.last_key)
    .limit(_MOST)
)
_BY_PATRONYMIC: Final = _ALL.where(
    _listed(_P.first_initial, "initials"),
    _P.middle_initial == bindparam("middle_initial"),
    *_LAST,
    *_MIDDLE,
    *_BORN,
).limit(_MOST)
_BY_SURNAMES: Final = _ALL.where(_listed(_P.last_key, "names"), *_FIRST, *_MIDDLE, *_BORN).limit(_MOST)
_BY_FULL_NAMES: Final = _ALL.where(
    _listed(_P.last_key, "names"), _listed(_P.first_key, "first_names"), *_MIDDLE, *_BORN
).limit(_MOST)
_BY_DAYS: Final = (
    _ALL.where(_listed(_P.birth_date, "days"), *_LAST, *_FIRST, *_MIDDLE)
    .order_by(_P.last_key, _P.first_key)
    .limit(_MOST)
)
_BY_YEAR: Final = _ALL.where(*_BORN).order_by(_P.birth_date, _P.last_key).limit(_MOST)
_BY_PHONE: Final = _ALL.where(*_between("phone", _P.phone_reversed)).order_by(_P.phone_reversed).limit(_MOST)
_BY_IDS: Final = _ALL.where(_listed(_P.id, "ids"))

_given = (
    _ALL.where(
        _P.first_initial == bindparam("first_initial"), _P.middle_initial == bindparam("middle_initial")
    )
    .order_by(_P.last_key)
    .limit(_GIVEN_NAMES_READ)
    .subquery()
)
_BY_GIVEN: Final = (
    select(_given)
    .where(
        *_between("first", _given.c.first_key),
        *_between("middle", _given.c.middle_key),
        _given.c.birth_date >= bindparam("born_from"),
        _given.c.birth_date <= bindparam("born_to"),
    )
    .limit(_MOST)
)
_namesakes = (
    select(_P.first_key).where(_P.last_key == bindparam("last")).limit(_NAMESAKES_READ).subquery("namesakes")
)
_FIRST_NAMES: Final = select(_namesakes.c.first_key).distinct()

# The unique indexes hold living cards only, and serve a query that says so.
_LIVING: Final = _P.merged_into_id.is_(None)
_OWNER: Final[dict[NumberKind, Select[Any]]] = {
    NumberKind.SNILS: _ALL.where(_P.snils == bindparam("value"), _LIVING),
    NumberKind.ENP: _ALL.where(_P.enp == bindparam("value"), _LIVING),
}


def _owners(table: str, column: str) -> Select[Any]:
    key = _TABLES[table].c
    owners = select(key.patient_id).where(key[column] == bindparam("value")).limit(POOL)
    return _ALL.where(_P.id.in_(owners))


_POLICY: Final = _owners("policy", "number")
_DOCUMENT: Final = _owners("identity_document", "number_key")
_VISITOR: Final = _owners("visit", "id")
_TOTAL: Final = select(func.max(_P.id))


def _range(name: str, start: str) -> dict[str, str]:
    return {f"{name}_from": start, f"{name}_to": start + END}


def _filters(names: Names, birth: Birth | None, most: int) -> dict[str, Any]:
    born = birth or _ANY_DAY
    return {
        **_range("last", names.last),
        **_range("first", names.first),
        **_range("middle", names.middle),
        "born_from": born.first,
        "born_to": born.last,
        "most": most,
    }


def _rows(session: Session, statement: Select[Any], values: dict[str, Any]) -> list[Person]:
    return list(session.connection().execute(statement, values).all())


def highest_id(session: Session) -> int:
    """Return the greatest card number: the number of people as far as it can be had without counting them.

    Counting a million rows takes PostgreSQL tens of milliseconds at every key press. Retired and merged cards
    are counted in; nothing but a page footer depends on it.
    """
    return int(session.connection().execute(_TOTAL).scalar() or 0)


def by_number(session: Session, kind: NumberKind, value: str) -> list[Person]:
    """Return the owners of a whole number of any kind but a phone's tail."""
    if kind is NumberKind.PHONE:
        return by_phone(session, value, POOL)
    if kind is NumberKind.DOCUMENT:
        return _rows(session, _DOCUMENT, {"value": value})
    if kind in (NumberKind.TICKET, NumberKind.VISIT):
        # A ticket code is key id, ten digits of the visit's number, tag, check digit.
        number = int(value[1:11] if kind is NumberKind.TICKET else value)
        return _rows(session, _VISITOR, {"value": number}) if number <= _LARGEST_ID else []
    found = _rows(session, _OWNER[kind], {"value": value}) if kind in _OWNER else []
    if found or kind is NumberKind.SNILS:
        return found
    return _rows(session, _POLICY, {"value": value})


def by_phone(session: Session, tail: str, most: int) -> list[Person]:
    """Return people whose phone ends with these digits."""
    return _rows(session, _BY_PHONE, {**_range("phone", tail[::-1]), "most": most})


def by_ids(session: Session, ids: Sequence[int]) -> list[Person]:
    """Return people by card number."""
    return _rows(session, _BY_IDS, {"ids": list(ids)}) if ids else []


def by_last(session: Session, names: Names, most: int) -> list[Person]:
    """Return people in alphabetical order by the beginning of the surname, perhaps of the first name."""
    return _rows(session, _BY_LAST, _filters(names, None, most))


def by_surnames(
    session: Session, surnames: Sequence[str], names: Names, birth: Birth | None, most: int
) -> list[Person]:
    """Return people with one of these whole surnames and such first and middle names and birth."""
    if not surnames:
        return []
    values = {**_filters(names, birth, most), "names": list(surnames)}
    return _rows(session, _BY_SURNAMES, values)


def by_full_names(
    session: Session, surnames: Sequence[str], firsts: Sequence[str], names: Names, birth: Birth | None
) -> list[Person]:
    """Return people with one of these whole surnames and one of these whole first names."""
    if not (surnames and firsts):
        return []
    values = {**_filters(names, birth, 5 * POOL), "names": list(surnames), "first_names": list(firsts)}
    return _rows(session, _BY_FULL_NAMES, values)


def by_initials(session: Session, names: Names, birth: Birth | None, most: int) -> list[Person]:
    """Return people by surname, first and middle name, each by its beginning of one letter or more."""
    initials = {"first_initial": names.first[:1], "middle_initial": names.middle[:1]}
    return _rows(session, _BY_INITIALS, {**_filters(names, birth, most), **initials})


def by_patronymic(session: Session, names: Names, birth: Birth | None, most: int) -> list[Person]:
    """Return people by surname and middle name, whatever their first name."""
    values = {**_filters(names, birth, most), "middle_initial": names.middle[:1], "initials": _INITIALS}
    return _rows(session, _BY_PATRONYMIC, values)


def by_given_names(session: Session, names: Names, birth: Birth | None, most: int) -> list[Person]:
    """Return people by first and middle name, among the first 1500 with such initials."""
    initials = {"first_initial": names.first[:1], "middle_initial": names.middle[:1]}
    return _rows(session, _BY_GIVEN, {**_filters(names, birth, most), **initials})


def by_days(session: Session, names: Names, birth: Birth, most: int) -> list[Person]:
    """Return people born on one of the days, by the beginnings of their names.

    Naming the days of a year lets the index of (birth date, surname) be entered once a day for the surname.
    """
    length = (birth.last - birth.first).days + 1
    days = [birth.first + timedelta(step) for step in range(length)]
    return _rows(session, _BY_DAYS, {**_filters(names, None, most), "days": days})


def by_year(session: Session, birth: Birth, most: int) -> list[Person]:
    """Return people born in a year or month, in the order of their birthdays."""
    return _rows(session, _BY_YEAR, {"born_from": birth.first, "born_to": birth.last, "most": most})


def first_names_of(session: Session, surname: str) -> list[str]:
    """Return the distinct folded first names of people with this whole surname."""
    return list(session.connection().execute(_FIRST_NAMES, {"last": surname}).scalars())
