"""`db check`: what must be true of every base at any moment, on both databases, in constant memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

import registrar_tui.models  # noqa: F401 - registers the tables
from registrar_tui.errors import Refusal
from registrar_tui.storage import schema

Progress = Callable[[str, int, int], None]
_SHOWN = 50  # problems of one kind that are listed; the rest are counted
_APPEND_ONLY = ("audit_entry", "visit_event")
_OLD_SCHEMA = "old_schema"


@dataclass
class Findings:
    """What a check has found so far."""

    checked: int = 0
    problems: list[dict[str, str]] = field(default_factory=list)
    _counts: Counter[str] = field(default_factory=Counter)

    def add(self, code: str, message: str) -> None:
        """Note one problem; ids only, no names."""
        self._counts[code] += 1
        if self._counts[code] <= _SHOWN:
            self.problems.append({"code": code, "message": message})

    def has(self, code: str) -> bool:
        """Tell whether a kind of problem was found."""
        return code in self._counts

    def as_dict(self) -> dict[str, Any]:
        """Return the shape of the command line contract."""
        more = [
            {"code": code, "message": f"И ещё таких же: {count - _SHOWN}."}
            for code, count in self._counts.items()
            if count > _SHOWN
        ]
        problems = [*self.problems, *more]
        return {"ok": not problems, "checked": self.checked, "problems": problems}


Check = Callable[[Connection, Findings], None]


def check_base(
    connection: Connection, progress: Progress, *, thorough: bool = True, structure_only: bool = False
) -> dict[str, Any]:
    """Check a base inside one transaction of the caller's: `{"ok", "checked" (rows), "problems"}`.

    `thorough` reads every page and index and every search key; without it the file is read once and one
    card in a hundred is looked at. `structure_only` leaves out what the rows mean.
    """
    from registrar_tui.storage import integrity_people, integrity_visits

    findings = Findings()
    steps: list[tuple[str, Check]] = [
        ("Файл базы", _file_integrity if thorough else _file_quickly),
        ("Индексы", _indexes),
        ("Связи строк", _links),
    ]
    if not structure_only:
        steps += [
            ("Занятость бирок", integrity_visits.claims_against_visits),
            ("История приёмов", integrity_visits.visits_against_events),
            ("Расписание", integrity_visits.times),
            ("Операции", integrity_visits.operations),
            ("Объединения карт", integrity_people.merges),
            ("Словарь фамилий", integrity_people.dictionary),
            ("Ключи поиска", integrity_people.keys if thorough else integrity_people.some_keys),
        ]
    for number, (title, step) in enumerate(steps):
        progress(title, number, len(steps))
        try:
            step(connection, findings)
        except DBAPIError as error:
            if not _is_corruption(error):
                raise
            findings.add("corrupt", "Файл базы повреждён: восстановите резервную копию.")
            break
        if number == 0 and findings.problems:
            break  # nothing read from a broken file means anything
        if findings.has(_OLD_SCHEMA):
            break  # rows are read by the columns of the newest schema
    progress("Проверка", len(steps), len(steps))
    return findings.as_dict()


def _is_corruption(error: DBAPIError) -> bool:
    told = str(error.orig)
    return any(mark in told for mark in ("malformed", "corrupt", "not a database"))


def require_sound(connection: Connection, progress: Progress, *, structure_only: bool = False) -> None:
    """Refuse a base that does not pass the quick check, naming its first problem."""
    found = check_base(connection, progress, thorough=False, structure_only=structure_only)
    if not found["ok"]:
        first = found["problems"][0]
        raise Refusal(
            "unsound",
            f"База не проходит проверку ({first['message'].rstrip('.')}): "
            "возьмите другую копию или повторите с --force.",
        )


def rows(connection: Connection, statement: Any) -> Iterator[Any]:
    """Yield the rows of a statement in batches, on PostgreSQL by a cursor of the server."""
    if isinstance(statement, str):
        statement = text(statement)
    yield from connection.execution_options(yield_per=2000).execute(statement)


def _file_integrity(connection: Connection, findings: Findings) -> None:
    _pragma_check(connection, findings, "integrity_check")


def _file_quickly(connection: Connection, findings: Findings) -> None:
    _pragma_check(connection, findings, "quick_check")


def _pragma_check(connection: Connection, findings: Findings, pragma: str) -> None:
    if connection.dialect.name != "sqlite":
        return
    for (told,) in connection.execute(text(f"PRAGMA {pragma}")).all():
        if told != "ok":
            findings.add("corrupt", "Файл базы повреждён: восстановите резервную копию.")
            return
    findings.checked += int(connection.execute(text("PRAGMA page_count")).scalar_one())


def _links(connection: Connection, findings: Findings) -> None:
    if connection.dialect.name == "sqlite":
        for table, row, parent, _ in rows(connection, "PRAGMA foreign_key_check"):
            findings.add("foreign_key", f"Таблица {table}, строка {row}: в таблице {parent} её пары нет.")
        return
    for table in SQLModel.metadata.sorted_tables:
        for key in table.foreign_keys:
            parent, own, theirs = key.column.table.name, key.parent.name, key.column.name
            found = rows(
                connection,
                f'SELECT child."{own}" FROM "{table.name}" AS child '  # noqa: S608 - names of our own tables
                f'LEFT JOIN "{parent}" AS parent ON parent."{theirs}" = child."{own}" '
                f'WHERE child."{own}" IS NOT NULL AND parent."{theirs}" IS NULL',
            )
            for (value,) in found:
                findings.add(
                    "foreign_key", f"Таблица {table.name}, {own} {value}: в таблице {parent} её нет."
                )


def _indexes(connection: Connection, findings: Findings) -> None:
    """Without its unique index the store would take a double; without the others it is merely slow."""
    if schema.current_revision(connection) != schema.HEAD:
        findings.add(_OLD_SCHEMA, "База старой версии: выполните «registrar db upgrade».")
        return
    defined = _definitions(connection)
    for table in SQLModel.metadata.sorted_tables:
        if table.name not in defined:
            findings.add("missing_table", f"Таблицы {table.name} нет: восстановите резервную копию.")
            continue
        for index in table.indexes:
            definition = defined.get(str(index.name))
            if definition is None or (index.unique and " UNIQUE " not in definition):
                findings.add("missing_index", f"Таблица {table.name}: нет индекса {index.name}.")
        for constraint in table.constraints:
            if not isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
                continue
            # SQLite keeps them inside the table, PostgreSQL as indexes of their own.
            if str(constraint.name) not in defined and str(constraint.name) not in defined[table.name]:
                findings.add("missing_index", f"Таблица {table.name}: нет ключа {constraint.name}.")
    _guards(connection, findings)


def _definitions(connection: Connection) -> dict[str, str]:
    if connection.dialect.name == "sqlite":
        statement = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    else:
        statement = (
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() "
            "UNION ALL SELECT tablename, '' FROM pg_tables WHERE schemaname = current_schema()"
        )
    return {row[0]: row[1] for row in connection.execute(text(statement))}


def _guards(connection: Connection, findings: Findings) -> None:
    """The triggers that keep the journal and the history append-only."""
    for table in _APPEND_ONLY:
        if connection.dialect.name == "sqlite":
            statement = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
        else:
            statement = (
                "SELECT count(*) FROM pg_trigger WHERE tgrelid = to_regclass(:table) "
                "AND NOT tgisinternal AND tgenabled <> 'D'"
            )
        if connection.execute(text(statement), {"table": table}).scalar() == 0:
            findings.add("missing_guard", f"Таблица {table}: снят запрет изменять записи.")
