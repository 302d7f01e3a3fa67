"""No change of the journal goes unseen: thousands of random tamperings, and no false alarm.

The tamperer has the base but not the key. Who has only the base cannot touch the anchor file outside it, and
who can append to it or change it must not be able to pass a cut off as a restore.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from registrar_tui.services.audit import GENESIS, Fault, Head, mac_of, verify_rows
from registrar_tui.storage.anchors import RestoreFacts, book_of, mark_line

Row = dict[str, Any]
Tampering = Callable[[random.Random, list[Row]], list[Row]]
Forgery = Callable[[random.Random, "History"], tuple[list[Row], bytes]]

KEY = bytes(range(32))
FOREIGN_KEY = bytes(reversed(range(32)))
CHAINS = ("base", "окно 1", "окно 2", "регистратура")
ENTRIES = 240
NIGHT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
FIELDS = (
    *("chain", "number", "at", "operator", "role", "desk", "action", "object_kind", "object_id", "op_id"),
    *("reason", "detail", "mac"),
)
LETTERS = "abcdef0123456789абв {}\"':,\\\n\x00й"


def chained(chain: str, entries: list[Row], key: bytes) -> list[Row]:
    """Number and chain entries from the beginning."""
    previous, rows = GENESIS, []
    for number, entry in enumerate(entries, 1):
        row = {**entry, "chain": chain, "number": number}
        row["mac"] = previous = mac_of(key, previous, row)
        rows.append(row)
    return rows


def entry(rng: random.Random, place: int) -> Row:
    return {
        "at": datetime(2026, 11, 23, 5, 0, tzinfo=UTC) + timedelta(seconds=place, microseconds=place * 7),
        "operator": rng.choice(("anna", "boris", "")),
        "role": rng.choice(("registrar", "senior", "auditor")),
        "desk": rng.choice(CHAINS),
        "action": rng.choice(("booked", "card-opened", "cancelled", "searched")),
        "object_kind": rng.choice(("patient", "visit", "")),
        "object_id": rng.choice((None, rng.randrange(1, 500))),
        "op_id": f"{rng.getrandbits(64):x}",
        "reason": rng.choice(("", "patient-request", "overlap: врач согласен")),
        "detail": f'{{"patient": {rng.randrange(1, 500)}}}',
    }


def journal(seed: int = 1) -> list[Row]:
    """Return a few hundred entries in chains of different length, as the store gives them."""
    rng = random.Random(seed)
    shares = {chain: ENTRIES * (place + 1) // 10 for place, chain in enumerate(CHAINS)}
    rows: list[Row] = []
    for chain, count in shares.items():
        rows += chained(chain, [entry(rng, place) for place in range(count)], KEY)
    return stored(rows)


def stored(rows: list[Row]) -> list[Row]:
    """Return rows in the order of the store: by chain and place, whatever they hold."""

    def place(row: Row) -> tuple[str, bool, int]:
        number = row["number"]
        return str(row["chain"]), not isinstance(number, int), number if isinstance(number, int) else 0

    return sorted(rows, key=place)


def heads(rows: list[Row]) -> tuple[Head, ...]:
    last = {row["chain"]: Head(row["chain"], row["number"], row["mac"]) for row in rows}
    return tuple(last.values())


def anchors_of(rows: list[Row]) -> dict[str, tuple[Head, ...]]:
    """Return an anchor in the middle of every chain and one at its tail."""
    longest = Counter(row["chain"] for row in rows)
    middle = [row for row in rows if row["number"] <= longest[row["chain"]] // 2]
    return {"днём": heads(middle), NIGHT.isoformat(): heads(rows)}


# --- what a tamperer may do ---------------------------------------------------


def edited(rng: random.Random, value: object) -> object:
    """Return another value, of the same kind or of none that we would write."""
    if rng.random() < 0.1:
        return rng.choice([None, "", "0", 0, -1, 2**40, b"\xff\xfe", 1.5, "нет", "é"])
    if isinstance(value, datetime):
        return value + timedelta(microseconds=rng.choice((-1, 1, 60_000_000, -86_400_000_000)))
    if isinstance(value, int):
        return value + rng.choice((-2, -1, 1, 2, 1000))
    if isinstance(value, str) and value:
        place = rng.randrange(len(value))
        letter = rng.choice(LETTERS)
        return rng.choice(
            (
                value[:place],
                value[:place] + letter + value[place + 1 :],
                value[:place] + letter + value[place:],
            )
        )
    return rng.choice(("x", 7))


def edit_a_field(rng: random.Random, rows: list[Row]) -> list[Row]:
    place, name = rng.randrange(len(rows)), rng.choice(FIELDS)
    return [{**row, name: edited(rng, row[name])} if at == place else row for at, row in enumerate(rows)]


def delete_one(rng: random.Random, rows: list[Row]) -> list[Row]:
    place = rng.randrange(len(rows))
    return rows[:place] + rows[place + 1 :]


def delete_several(rng: random.Random, rows: list[Row]) -> list[Row]:
    gone = set(rng.sample(range(len(rows)), rng.randrange(2, 60)))
    return [row for place, row in enumerate(rows) if place not in gone]


def delete_and_renumber(rng: random.Random, rows: list[Row]) -> list[Row]:
    chain = rng.choice(CHAINS)
    mine = [row for row in rows if row["chain"] == chain]
    del mine[rng.randrange(len(mine) - 1)]
    closed = [{**row, "number": number} for number, row in enumerate(mine, 1)]
    return [row for row in rows if row["chain"] != chain] + closed


def swap_places(rng: random.Random, rows: list[Row]) -> list[Row]:
    one, other = rng.sample(range(len(rows)), 2)
    place = ("chain", "number")
    moved = list(rows)
    moved[one] = {**rows[one], **{name: rows[other][name] for name in place}}
    moved[other] = {**rows[other], **{name: rows[one][name] for name in place}}
    return moved


def swap_contents(rng: random.Random, rows: list[Row]) -> list[Row]:
    one, other = rng.sample(range(len(rows)), 2)
    kept = ("chain", "number", "mac")
    moved = list(rows)
    moved[one] = {**rows[other], **{name: rows[one][name] for name in kept}}
    moved[other] = {**rows[one], **{name: rows[other][name] for name in kept}}
    return moved


def reorder(rng: random.Random, rows: list[Row]) -> list[Row]:
    chain = rng.choice(CHAINS)
    mine = [row for row in rows if row["chain"] == chain]
    first = rng.randrange(len(mine) - 3)
    window = mine[first : first + rng.randrange(3, 12)]
    numbers = [row["number"] for row in window]
    shuffled = window[1:] + window[:1]
    renumbered = [{**row, "number": number} for row, number in zip(shuffled, numbers, strict=True)]
    return [row for row in rows if row not in window] + renumbered


def insert_forged(rng: random.Random, rows: list[Row]) -> list[Row]:
    """Make room for an entry, or put it after the last, with a mac that is random, copied or foreign."""
    chain = rng.choice((*CHAINS, "новое окно"))
    mine = [row for row in rows if row["chain"] == chain]
    place = rng.randrange(len(mine) + 1)
    forged = {**entry(rng, place), "chain": chain, "number": place + 1}
    previous = mine[place - 1]["mac"] if place else GENESIS
    forged["mac"] = rng.choice(
        (f"{rng.getrandbits(256):064x}", rng.choice(rows)["mac"], mac_of(FOREIGN_KEY, previous, forged))
    )
    later = [{**row, "number": row["number"] + 1} for row in mine[place:]]
    return [row for row in rows if row["chain"] != chain] + [*mine[:place], forged, *later]


def cut_the_tail(rng: random.Random, rows: list[Row]) -> list[Row]:
    chain = rng.choice(CHAINS)
    count = sum(row["chain"] == chain for row in rows)
    kept = rng.randrange(count)
    return [row for row in rows if row["chain"] != chain or row["number"] <= kept]


def cut_the_tail_and_work_on(rng: random.Random, rows: list[Row]) -> list[Row]:
    """The program itself goes on writing, with the key, after a cut nobody has noticed."""
    chain = rng.choice(CHAINS)
    mine = [row for row in rows if row["chain"] == chain]
    kept = mine[: rng.randrange(len(mine))]
    previous = kept[-1]["mac"] if kept else GENESIS
    for number in range(len(kept) + 1, len(mine) + rng.randrange(1, 20)):
        row = {**entry(rng, 5000 + number), "chain": chain, "number": number}
        row["mac"] = previous = mac_of(KEY, previous, row)
        kept.append(row)
    return [row for row in rows if row["chain"] != chain] + kept


def cut_a_chain(rng: random.Random, rows: list[Row]) -> list[Row]:
    chain = rng.choice(CHAINS)
    return [row for row in rows if row["chain"] != chain]


def chain_anew_without_the_key(rng: random.Random, rows: list[Row]) -> list[Row]:
    """Edit an entry and compute every mac after it, by a key of one's own."""
    chain = rng.choice(CHAINS)
    mine = [row for row in rows if row["chain"] == chain]
    first = rng.randrange(len(mine))
    previous = mine[first - 1]["mac"] if first else GENESIS
    anew = mine[:first]
    for row in mine[first:]:
        changed = {**row, "operator": "boris" if row["number"] == first + 1 else row["operator"]}
        changed["mac"] = previous = mac_of(rng.choice((FOREIGN_KEY, b"")), previous, changed)
        anew.append(changed)
    return [row for row in rows if row["chain"] != chain] + anew


def rename_a_chain(rng: random.Random, rows: list[Row]) -> list[Row]:
    chain = rng.choice(CHAINS)
    copied = [{**row, "chain": "чужое окно"} for row in rows if row["chain"] == chain]
    kept = rows if rng.random() < 0.5 else [row for row in rows if row["chain"] != chain]
    return kept + copied


TAMPERINGS: tuple[Tampering, ...] = (
    *(edit_a_field, edit_a_field, edit_a_field, delete_one, delete_several, delete_and_renumber),
    *(swap_places, swap_contents, reorder, insert_forged, cut_the_tail, cut_the_tail_and_work_on),
    *(cut_a_chain, chain_anew_without_the_key, rename_a_chain),
)


# --- restores, and what may be passed off as one --------------------------------


class History:
    """A journal with its file of anchors, worked on, anchored and restored as the program does it."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.rows: list[Row] = []
        self.file = b""
        self.backups: list[list[Row]] = []
        self._moment = 0

    def work(self, entries: int) -> None:
        """Append entries to chains, under the key."""
        for _ in range(entries):
            self._moment += 1
            self._append(self.rng.choice(CHAINS), entry(self.rng, self._moment))

    def _append(self, chain: str, made: Row) -> None:
        mine = [row for row in self.rows if row["chain"] == chain]
        row = {**made, "chain": chain, "number": len(mine) + 1}
        row["mac"] = mac_of(KEY, mine[-1]["mac"] if mine else GENESIS, row)
        self.rows = [*self.rows, row]

    def anchor(self) -> None:
        """Remember the heads."""
        self._moment += 1
        listed = [[head.chain, head.count, head.mac] for head in heads(stored(self.rows))]
        self.file += json.dumps({"at": f"t{self._moment}", "heads": listed}).encode() + b"\n"

    def back_up(self) -> None:
        """Keep the present state as a copy."""
        self.backups.append(self.rows)

    def restore(self) -> None:
        """Bring a copy back, keep the present state as another, and leave the mark."""
        copy = self.rng.choice(self.backups)
        before, self.rows = self.rows, copy
        self.backups.append(before)
        self._moment += 1
        self._append(CHAINS[0], {**entry(self.rng, self._moment), "action": "base-restored"})
        now = heads(stored(self.rows))
        standing = {(row["chain"], row["number"], row["mac"]) for row in self.rows}
        remembered = {head for then in book_of(self.file, KEY).anchors.values() for head in then}
        gone = [head for head in remembered if (head.chain, head.count, head.mac) not in standing]
        facts = restore_facts(f"t{self._moment}", len(before), len(self.rows))
        self.file += mark_line(KEY, self.file, facts, now, gone) + b"\n"

    def marks(self) -> list[bytes]:
        """Return the lines of restores."""
        return [line for line in self.file.splitlines(keepends=True) if b'"restore"' in line]

    def faults(self) -> tuple[Fault, ...]:
        """Verify."""
        return verified(self.rows, self.file)


def restore_facts(at: str, before: int, after: int) -> RestoreFacts:
    return RestoreFacts(at, "adm", "окно 1", "clinic-1.db", "ab" * 32, "aside.db", before, after)


def verified(rows: list[Row], file: bytes) -> tuple[Fault, ...]:
    book = book_of(file, KEY)
    return (*book.faults, *verify_rows(stored(rows), KEY, book.anchors)[1])


def restored_history(seed: int) -> History:
    """Return a history with one restore in it, work after it, and an anchor at its end."""
    history = History(seed)
    history.work(40)
    history.back_up()
    history.work(30)
    history.anchor()
    history.restore()
    history.work(30)
    history.anchor()
    return history


def _cut(rng: random.Random, rows: list[Row]) -> list[Row]:
    """Cut at least the last entry of one chain."""
    chain = rng.choice([row["chain"] for row in rows])
    count = sum(row["chain"] == chain for row in rows)
    kept = rng.randrange(count)
    return [row for row in rows if row["chain"] != chain or row["number"] <= kept]


def drop_the_tail_without_a_mark(rng: random.Random, history: History) -> tuple[list[Row], bytes]:
    return _cut(rng, history.rows), history.file


def lay_a_copy_in_place(rng: random.Random, history: History) -> tuple[list[Row], bytes]:
    return rng.choice(history.backups), history.file


def cut_and_copy_a_mark(rng: random.Random, history: History) -> tuple[list[Row], bytes]:
    return _cut(rng, history.rows), history.file + rng.choice(history.marks())


def move_a_mark(rng: random.Random, history: History) -> tuple[list[Row], bytes]:
    """Take a mark out and put it in anywhere else."""
    lines = history.file.splitlines(keepends=True)
    mark = rng.choice(history.marks())
    was = lines.index(mark)
    lines.remove(mark)
    place = rng.choice([place for place in range(len(lines) + 1) if place != was])
    return history.rows, b"".join((*lines[:place], mark, *lines[place:]))


def edit_a_mark(rng: random.Random, history: History) -> tuple[list[Row], bytes]:
    """Cut, and change what a mark names, tells or follows; its MAC stays or is made up."""
    cut = _cut(rng, history.rows)
    mark = rng.choice(history.marks())
    content = json.loads(mark)
    name = rng.choice(("forgets", "heads", "restore", "at", "follows", "mac"))
    match name:
        case "forgets":
            last = heads(stored(history.rows))
            content[name] = [*content[name], *([head.chain, head.count, head.mac] for head in last)]
        case "heads":
            content[name] = content[name][:-1]
        case "restore":
            content[name] = {**content[name], "operator": "boris"}
        case _:
            content[name] = f"{rng.getrandbits(256):064x}"
    return cut, history.file.replace(mark, json.dumps(content, sort_keys=True).encode() + b"\n")


def forge_a_mark(rng: random.Random, history: History) -> tuple[list[Row], bytes]:
    """Cut, and write a mark that names everything that is gone, under another key."""
    cut = _cut(rng, history.rows)
    gone = heads(stored(history.rows))
    facts = restore_facts("t999", len(history.rows), len(cut))
    key = rng.choice((FOREIGN_KEY, b"", bytes(32)))
    return cut, history.file + mark_line(key, history.file, facts, heads(stored(cut)), gone) + b"\n"


def take_the_entry_of_a_restore(rng: random.Random, history: History) -> tuple[list[Row], bytes]:
    kept = [row for row in history.rows if row["action"] != "base-restored"]
    return kept, history.file


FORGERIES: tuple[Forgery, ...] = (
    *(drop_the_tail_without_a_mark, lay_a_copy_in_place, cut_and_copy_a_mark, move_a_mark, edit_a_mark),
    *(forge_a_mark, take_the_entry_of_a_restore),
)


def unseen(count: int, seed: int) -> tuple[list[tuple[str, int]], Counter[str]]:
    """Tamper `count` times; return what was not found (by kind and number), and how often each was tried."""
    rng = random.Random(seed)
    rows = journal()
    anchors = anchors_of(rows)
    histories = [restored_history(seed) for seed in range(4)]
    missed, tried = [], Counter[str]()
    while tried.total() < count:
        place = rng.randrange(len(TAMPERINGS) + len(FORGERIES))
        if place >= len(TAMPERINGS):
            forgery = FORGERIES[place - len(TAMPERINGS)]
            name, faults = forgery.__name__, verified(*forgery(rng, rng.choice(histories)))
        else:
            tampering = TAMPERINGS[place]
            tampered = stored(tampering(rng, rows))
            if tampered == rows:  # an edit may by chance put back what stood there
                continue
            read, faults = verify_rows(tampered, KEY, anchors)
            name = tampering.__name__
            assert read == len(tampered)
        tried[name] += 1
        if not faults:
            missed.append((name, tried.total()))
    return missed, tried


def test_a_thousand_tamperings_are_found() -> None:
    missed, tried = unseen(1_000, seed=3)
    assert not missed
    kinds = [kind.__name__ for kind in TAMPERINGS] + [kind.__name__ for kind in FORGERIES]
    assert set(tried) == set(kinds)


@pytest.mark.slow
def test_ten_thousand_tamperings_are_found() -> None:
    missed, tried = unseen(10_000, seed=11)
    assert not missed
    assert min(tried.values()) > 300


@pytest.mark.parametrize("seed", range(12))
def test_lawful_restores_raise_no_alarm(seed: int) -> None:
    """Work, anchors, backups and restores in any order, the state before a restore among what is restored."""
    history = History(seed)
    history.work(5)
    history.back_up()
    for step in history.rng.choices(("work", "anchor", "back up", "restore"), (4, 3, 1, 2), k=60):
        match step:
            case "work":
                history.work(history.rng.randrange(1, 6))
            case "anchor":
                history.anchor()
            case "back up":
                history.back_up()
            case _:
                history.restore()
        assert history.faults() == ()
    assert len(book_of(history.file, KEY).restores) == len(history.marks()) > 3


def test_without_the_mark_every_such_restore_is_an_alarm() -> None:
    """The canary: the mark alone keeps a restore from being reported as a cut."""
    history = restored_history(1)
    assert history.faults() == ()
    (mark,) = history.marks()
    assert "audit_truncated" in {
        fault.code for fault in verified(history.rows, history.file.replace(mark, b""))
    }


@pytest.mark.parametrize("seed", range(5))
def test_an_untouched_journal_raises_no_alarm(seed: int) -> None:
    rows = journal(seed)
    assert verify_rows(rows, KEY, anchors_of(rows)) == (len(rows), ())
    assert verify_rows(rows, KEY, {}) == (len(rows), ())


def test_work_after_the_anchor_raises_no_alarm() -> None:
    """Every state that the journal has ever been in is whole, against every anchor of its past."""
    rows = [row for row in journal() if row["chain"] == CHAINS[-1]]
    for count in range(1, len(rows) + 1):
        past = {str(at): heads(rows[:at]) for at in range(1, count + 1)}
        assert verify_rows(rows[:count], KEY, past) == (count, ())


def test_an_empty_journal_is_whole() -> None:
    assert verify_rows([], KEY, {}) == (0, ())


@pytest.mark.parametrize("tampering", [cut_the_tail, cut_a_chain])
def test_only_the_anchor_sees_a_cut(tampering: Tampering) -> None:
    """The canary: a chain that ends early is a whole chain, so without anchors a cut must go unseen."""
    rows = journal()
    for seed in range(20):
        cut = stored(tampering(random.Random(seed), rows))
        assert verify_rows(cut, KEY, {})[1] == ()
        assert {fault.code for fault in verify_rows(cut, KEY, anchors_of(rows))[1]} == {"audit_truncated"}


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_under_the_mac(name: str) -> None:
    rows = journal()
    for place in (0, 1, 100, len(rows) - 1):
        changed = [dict(row) for row in rows]
        changed[place][name] = "подделка"
        assert verify_rows(stored(changed), KEY, anchors_of(rows))[1]


def test_a_later_anchor_does_not_hide_an_earlier_one() -> None:
    """A cut, then as many new entries, then a new anchor: the old anchor still remembers."""
    rows = journal()
    cut = stored(cut_the_tail_and_work_on(random.Random(5), rows))
    anchors = anchors_of(rows) | {"после": heads(cut)}
    assert verify_rows(cut, KEY, anchors)[1]


def test_the_first_break_is_named() -> None:
    rows = journal()
    broken = [{**row, "operator": "x"} if row["number"] in (3, 9) else row for row in rows]
    faults = verify_rows(broken, KEY, {})[1]
    assert len(faults) == len(CHAINS)
    assert all(fault.code == "audit_edited" and "№ 3 изменена" in fault.message for fault in faults)
