"""The bare driver's search: it is told what was meant, takes the best index, and builds the same rows.

Raw sqlcipher3 and psycopg, one open connection, no transaction, nothing parsed, no second guess. A person's
attachment, last visit and policy are part of the answer, and so is the order: attached here, then visitors.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Final

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import Engine

from benchmarks.search_base import BRANCH
from benchmarks.search_kinds import Sample
from benchmarks.search_page import marks, page_of
from registrar_tui.services.dto import PatientRow
from registrar_tui.services.surname_index import END, deletions, trigrams

_POOL: Final = 40
_SHORT_RANGES: Final = 300
"""Surnames with one beginning up to which a range for each reads less than one for each day of a year."""
_COLUMNS: Final = "p.id, p.last_name, p.first_name, p.middle_name, p.birth_date, p.snils, p.enp, p.phone"
_PEOPLE: Final = f"SELECT {_COLUMNS}, p.last_key, p.first_key FROM patient p"
# PostgreSQL takes a range whose bounds it can see for one row, and enters by another index.
_SURNAME: Final = "last_key >= (SELECT CAST(? AS text)) AND last_key < (SELECT CAST(? AS text))"
_ENDS: Final = (
    "policy WHERE substr(number, length(number) - 3) = ?",
    "identity_document WHERE substr(number_key, length(number_key) - 3) = ?",
)


class Floor:
    """One bare connection to the base of an engine, and its surnames in memory for two typos."""

    def __init__(self, engine: Engine, surnames: Iterable[str]) -> None:
        self._sqlite = engine.dialect.name == "sqlite"
        self._connection = engine.raw_connection()
        self._raw: Any = self._connection.dbapi_connection
        self.server_pid: int | None = None
        if not self._sqlite:
            raw: Any = self._connection.dbapi_connection
            raw.rollback()
            raw.autocommit = True
            self.server_pid = int(raw.info.backend_pid)
        self._sizes: dict[str, int] = {}
        self._surnames = sorted(set(surnames))
        self._by_length: dict[int, list[str]] = defaultdict(list)
        for name in self._surnames:
            self._by_length[len(name)].append(name)
        self._ways: dict[str, Callable[[Sample], Sequence[Any]]] = {
            "snils": lambda sample: self._number("snils", sample),
            "enp": lambda sample: self._number("enp", sample),
            "ends": self._ends,
            "phone": self._name_and_end,
            "day": self._day,
            "start": self._start,
            "initials": self._initials,
            "year": self._year,
            "inside": self._inside,
            "typo": self._typo,
            "typos": self._typos,
            "first": self._first,
        }

    def answer(self, way: str, sample: Sample, limit: int) -> list[PatientRow]:
        """Return the rows of the page."""
        # Half a dozen statements that must agree: a read transaction is part of the answer here as well.
        self._raw.execute("BEGIN")
        try:
            self._ask("SELECT max(id) FROM patient")
            found = list({row[0]: row for row in self._ways[way](sample)}.values())[:_POOL]
            if way in ("start", "initials", "year") and 0 < len(found) < limit:
                found = [
                    *found,
                    *self._beside(sample, {row[0] for row in found})[: min(5, limit - len(found))],
                ]
            return page_of(self._ask, found, limit) if found else []
        finally:
            self._raw.execute("ROLLBACK")

    def _ask(self, statement: str, *values: Any) -> list[Any]:
        if self._sqlite:
            bound = [value.isoformat() if isinstance(value, date) else value for value in values]
            return list(self._raw.execute(statement, bound).fetchall())
        return list(self._raw.execute(statement.replace("?", "%s"), values).fetchall())

    def _beside(self, sample: Sample, known: set[int]) -> list[Any]:
        """Return who a short list is completed with: a double surname's second half, and one typo."""
        names = [name for name, _ in self._with(sample.last) if name.endswith(sample.last)]
        if not (sample.first and sample.middle):
            names += [name for name in self._near(sample.last) if not name.startswith(sample.last)]
        others = [name for name in names if name != sample.last]
        return [row for row in self._bearers(others, sample) if row[0] not in known]

    def _number(self, column: str, sample: Sample) -> list[Any]:
        condition = f"{column} = ? AND merged_into_id IS NULL"
        return self._ask(f"{_PEOPLE} WHERE {condition}", sample.number)

    def _ends(self, sample: Sample) -> list[Any]:
        """Return people by every meaning of some digits, of each its share of the page and no more."""
        born = [self._born_in(sample)] if sample.births else []
        owners = [ids for ids in self._owners(sample) if ids]
        share = _POOL // 2 // max(1, len(owners) + len(born))
        whole = []
        if len(sample.number) <= 7:
            visitor = "p.id IN (SELECT patient_id FROM visit WHERE id = ?)"
            whole = self._ask(f"{_PEOPLE} WHERE {visitor}", int(sample.number))
        wanted = sorted({number for ids in owners for number in ids[: share + 1]})
        named = self._ask(f"{_PEOPLE} WHERE id IN ({marks(wanted)})", *wanted) if wanted else []
        read = {row[0]: row for row in named}
        by_turns = [row for rows in born for row in rows[:share]]
        by_turns += [read[number] for ids in owners for number in ids[:share]]
        return list({row[0]: row for row in (*whole, *by_turns)}.values())

    def _owners(self, sample: Sample) -> list[list[int]]:
        """Return the card numbers of those whose phone, СНИЛС, policy or document ends so."""
        end, start, before = sample.number[-4:], sample.number[::-1], len(sample.number) - 1
        limit = _POOL // 2 + 1
        phone = "SELECT id FROM patient WHERE phone_reversed >= ? AND phone_reversed < ? LIMIT ?"
        found = [self._ask(phone, start, start + END, limit)]
        for table, column, owner, key in (
            ("patient", "snils", "id", "substr(snils, 8)"),
            ("policy", "number", "patient_id", "substr(number, length(number) - 3)"),
            ("identity_document", "number_key", "patient_id", "substr(number_key, length(number_key) - 3)"),
        ):
            condition = f"{key} = ? AND substr({column}, length({column}) - ?) = ? LIMIT ?"
            found.append(
                self._ask(f"SELECT {owner} FROM {table} WHERE {condition}", end, before, sample.number, limit)
            )
        return [[number for (number,) in rows] for rows in found]

    def _born_in(self, sample: Sample) -> list[Any]:
        condition = "birth_date >= ? AND birth_date <= ? ORDER BY birth_date, last_key LIMIT 40"
        return self._ask(f"{_PEOPLE} WHERE {condition}", *sample.births[0])

    def _name_and_end(self, sample: Sample) -> list[Any]:
        """Return people of a surname one of whose numbers ends so."""
        start = sample.number[::-1]
        found: dict[int, Any] = {}
        for condition, values in (
            ("phone_reversed >= ? AND phone_reversed < ?", (start, start + END)),
            ("substr(snils, 8) = ?", (sample.number,)),
            *((f"p.id IN (SELECT patient_id FROM {key})", (sample.number,)) for key in _ENDS),
        ):
            named = f"{condition} AND p.last_key || '' >= ? AND p.last_key || '' < ? LIMIT 40"
            rows = self._ask(f"{_PEOPLE} WHERE {named}", *values, sample.last, sample.last + END)
            found.update((row[0], row) for row in rows)
        return list(found.values())

    def _day(self, sample: Sample) -> list[Any]:
        born = sample.births[0][0]
        if not sample.last:
            return self._ask(f"{_PEOPLE} WHERE birth_date = ? ORDER BY last_key LIMIT 40", born)
        condition = "last_key >= ? AND last_key < ? AND birth_date = ? LIMIT 40"
        return self._ask(f"{_PEOPLE} WHERE {condition}", sample.last, sample.last + END, born)

    def _start(self, sample: Sample) -> list[Any]:
        own = self._of_the_branch(sample, "")
        exact = self._begun(sample.last)[:1] == [sample.last]
        if len(own) == _POOL and (not exact or own[-1][8] == sample.last):
            return own
        condition = "last_key >= ? AND last_key < ? ORDER BY last_key, first_key LIMIT 40"
        return [*own, *self._ask(f"{_PEOPLE} WHERE {condition}", sample.last, sample.last + END)]

    def _of_the_branch(self, sample: Sample, condition: str, *values: Any) -> list[Any]:
        """Return those of a surname's bearers who are attached to the branch; initials lead there sooner."""
        initials = "initial" in condition
        branch = "attached_branch_id + 0" if initials else "attached_branch_id"
        order = "last_key" if initials else "last_key, first_key"
        return self._ask(
            f"{_PEOPLE} WHERE {branch} = ? AND {_SURNAME}{condition} ORDER BY {order} LIMIT 40",
            BRANCH,
            sample.last,
            sample.last + END,
            *values,
        )

    def _begun(self, start: str) -> list[str]:
        first = bisect_left(self._surnames, start)
        return self._surnames[first : bisect_left(self._surnames, start + END, first)]

    def _initials(self, sample: Sample) -> list[Any]:
        condition = (
            "first_initial = ? AND middle_initial = ? AND last_key >= ? AND last_key < ?"
            " ORDER BY last_key LIMIT 40"
        )
        values = (sample.first[0], sample.middle[0], sample.last, sample.last + END)
        found = self._ask(f"{_PEOPLE} WHERE {condition}", *values)
        if len(found) < _POOL:
            return found
        given = " AND first_initial = ? AND middle_initial = ?"
        return [*self._of_the_branch(sample, given, *values[:2]), *found]

    def _year(self, sample: Sample) -> list[Any]:
        first, last = sample.births[0]
        given, values = "", [sample.last, sample.last + END]
        if sample.first:
            given = " AND p.first_key || '' >= ? AND p.first_key || '' < ?"
            values += [sample.first, sample.first + END]
        if len(self._begun(sample.last)) > _SHORT_RANGES:
            after = "date(day, '+1 day')" if self._sqlite else "day + 1"
            every = (
                "WITH RECURSIVE days(day) AS (SELECT CAST(? AS {})"
                f" UNION ALL SELECT {after} FROM days WHERE day < ?) "
            ).format("text" if self._sqlite else "date")
            condition = f"birth_date IN (SELECT day FROM days) AND {_SURNAME}{given} LIMIT 40"
            found = self._ask(f"{every}{_PEOPLE} WHERE {condition}", first, last, *values)
        else:
            known = "(SELECT name FROM surname WHERE name >= ? AND name < ?) s"
            joined = _PEOPLE.replace("FROM patient p", f"FROM {known} JOIN patient p ON p.last_key = s.name")
            condition = f"p.birth_date >= ? AND p.birth_date <= ?{given} LIMIT 40"
            found = self._ask(f"{joined} WHERE {condition}", *values[:2], first, last, *values[2:])
        if len(found) < _POOL:
            return found
        born = f" AND birth_date >= ? AND birth_date <= ?{given}"
        return [*self._of_the_branch(sample, born, first, last, *values[2:]), *found]

    def _with(self, part: str) -> list[Any]:
        keys = sorted(trigrams(part))
        for key in keys:
            if key not in self._sizes:
                counted = "SELECT count(*) FROM surname_trigram WHERE trigram = ?"
                self._sizes[key] = self._ask(counted, key)[0][0]
        keys = sorted(keys, key=self._sizes.__getitem__)[:3]
        if not keys:
            return []
        probes = " ".join(
            f"JOIN surname_trigram t{place} ON t{place}.surname_id = t.surname_id AND t{place}.trigram = ?"
            for place in range(1, len(keys))
        )
        names = self._ask(
            "SELECT s.name, s.people FROM surname_trigram t JOIN surname s ON s.id = t.surname_id"
            f" {probes} WHERE t.trigram = ? LIMIT 1000",
            *keys[1:],
            keys[0],
        )
        return [row for row in names if part in row[0]]

    def _near(self, word: str) -> list[str]:
        keys = sorted(deletions(word))
        names = self._ask(
            "SELECT DISTINCT s.name FROM surname_deletion d JOIN surname s ON s.id = d.surname_id"
            f" WHERE d.deletion IN ({marks(keys)})",
            *keys,
        )
        return [name for (name,) in names if OSA.distance(word, name, score_cutoff=1) <= 1]

    def _inside(self, sample: Sample) -> list[Any]:
        fitting = sorted((-count, name) for name, count in self._with(sample.last))[:5]
        found: list[Any] = []
        for _, name in fitting:
            share = 20 // len(fitting) + 1
            found += self._ask(f"{_PEOPLE} WHERE last_key = ? LIMIT ?", name, share)
        return found

    def _typo(self, sample: Sample) -> list[Any]:
        return self._bearers(self._near(sample.last), sample)

    def _typos(self, sample: Sample) -> list[Any]:
        size = len(sample.last)
        names = [name for length in range(size - 2, size + 3) for name in self._by_length.get(length, ())]
        found = process.extract(sample.last, names, scorer=OSA.distance, score_cutoff=2, limit=400)
        return self._bearers([name for name, _, _ in found], sample)

    def _bearers(self, names: list[str], sample: Sample) -> list[Any]:
        if not names:
            return []
        condition = f"last_key IN ({marks(names)})"
        values: list[Any] = [*names]
        if sample.births:
            condition += " AND birth_date >= ? AND birth_date <= ?"
            values += sample.births[0]
        elif sample.middle:
            condition += " AND first_initial = ? AND middle_initial = ?"
            values += [sample.first[0], sample.middle[0]]
        else:
            condition += " AND first_key >= ? AND first_key < ?"
            values += [sample.first, sample.first + END]
        return self._ask(f"{_PEOPLE} WHERE {condition} LIMIT 120", *values)

    def _first(self, sample: Sample) -> list[Any]:
        leap = (
            "WITH RECURSIVE leap(name) AS (SELECT min(first_key) FROM patient WHERE last_key = ? UNION ALL"
            " SELECT (SELECT min(b.first_key) FROM patient b WHERE b.last_key = ? AND b.first_key > name)"
            " FROM leap WHERE leap.name IS NOT NULL) SELECT name FROM leap WHERE name IS NOT NULL"
        )
        known = self._ask(leap, sample.last, sample.last)
        firsts = [name for (name,) in known if OSA.distance(sample.first, name, score_cutoff=1) <= 1]
        if not firsts:
            return []
        condition = f"last_key = ? AND first_key IN ({marks(firsts)}) LIMIT 40"
        return self._ask(f"{_PEOPLE} WHERE {condition}", sample.last, *firsts)
