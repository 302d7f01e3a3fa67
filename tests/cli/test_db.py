"""Care of the base on the command line: what is asked of the core, of whom, and what is written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from registrar_tui.errors import NotAllowed, Refusal, StoreUnavailable
from registrar_tui.services.permissions import Permission
from tests.cli.fake_maintenance import Maintained
from tests.cli.harness import FakeBootstrap, Registrar, typed

VERBS = {
    "backup --out b.db": (("backup", Path("b.db")), "backup-made"),
    "backup": (("backup", None), "backup-made"),
    "backups": (("backups",), None),
    "restore b.db --force --key-file k": (("restore", Path("b.db"), True, Path("k")), None),
    "restore b.db": (("restore", Path("b.db"), False, None), None),
    "check": (("check", True), None),
    "check --quick": (("check", False), None),
    "reindex": (("reindex",), "base-reindexed"),
    "copy --to new.db": (("copy", "new.db"), "base-copied"),
    "encrypt": (("encrypt",), "base-encrypted"),
    "decrypt": (("decrypt",), "base-decrypted"),
    "rekey --key-file k": (("rekey", Path("k")), "base-rekeyed"),
}


@pytest.mark.parametrize("line", VERBS)
def test_who_may_and_what_is_written_down(
    registrar: Registrar, core: FakeBootstrap, care: Maintained, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRAR_DB_KEY_FILE", "old")
    asked, action = VERBS[line]
    answer = registrar("db", *typed(line), "--json", "--quiet")
    assert (answer.code, answer.err) == (0, "")
    assert care.asked == [asked]
    assert core.office.asked == [Permission.MAINTAIN, *([action] if action else [])]
    assert core.office.closed == len(core.office.asked)


@pytest.mark.parametrize("line", VERBS)
def test_nobody_else_may(registrar: Registrar, core: FakeBootstrap, care: Maintained, line: str) -> None:
    core.office.failure = NotAllowed("У роли нет такого права.")
    assert registrar("db", *typed(line), "--json").code == 5
    core.failure = NotAllowed("Войдите.", code="not_signed_in")
    assert registrar("db", *typed(line), "--json").error["code"] == "not_signed_in"
    assert not care.asked


@pytest.mark.parametrize("line", VERBS)
def test_a_base_that_is_gone_has_nobody_to_ask(
    registrar: Registrar, core: FakeBootstrap, care: Maintained, line: str
) -> None:
    core.failure = StoreUnavailable("Базы нет.", code="no_database")
    open_to_all = line.startswith(("restore", "check"))
    assert registrar("db", *typed(line)).code == (0 if open_to_all else 4)
    assert bool(care.asked) is open_to_all
    for code in ("keys_unavailable", "busy", "maintenance"):
        core.failure = StoreUnavailable("Ключей нет.", code=code)
        assert registrar("db", *typed(line)).code == 4
    assert len(care.asked) == open_to_all


def test_shapes(registrar: Registrar, care: Maintained) -> None:
    assert registrar("db", "backup", "--json").out == (
        '{"file":"backups/b.db","sha256":"' + "ab" * 32 + '","bytes":4096}\n'
    )
    assert registrar("db", "check", "--json").out == '{"ok":true,"checked":80,"problems":[]}\n'
    assert registrar("db", "check").out == "База цела: проверено строк 80.\n"
    restored = registrar("db", "restore", "b.db").out
    assert restored == "База восстановлена: 5 приёмов.\nПрежняя база: aside.db\n"
    assert "3 строки в 2 таблицах" in registrar("db", "copy", "--to", "new.db").out
    assert registrar("db", "backups").out.splitlines()[1].startswith("2026-11-23T05:00")
    assert registrar("db", "new-key", "--out", "k", "--json").json["fingerprint"] == "ab" * 8


def test_what_was_mended_is_told(registrar: Registrar, care: Maintained) -> None:
    assert registrar("db", "reindex").out == "Поиск совпадает с карточками.\n"
    care.mended = 12
    assert registrar("db", "reindex").out == "Исправлено строк поиска: 12.\n"
    assert registrar("db", "reindex", "--json").out == '{"mended":12}\n'


def test_problems_are_told(registrar: Registrar, care: Maintained) -> None:
    care.problems = [{"code": "claim_without_visit", "message": "Бирка 7 занята ничем."}]
    for line in ("check", "verify b.db"):
        answer = registrar("db", *typed(line), "--json")
        assert (answer.code, answer.json["problems"]) == (1, care.problems)
        assert registrar("db", *typed(line)).out.splitlines()[1] == "Бирка 7 занята ничем."


def test_a_copy_is_verified_without_a_base(
    registrar: Registrar, core: FakeBootstrap, care: Maintained
) -> None:
    core.failure = StoreUnavailable("Базы нет.")
    assert registrar("db", "verify", "b.db", "--key-file", "k").code == 0
    assert care.asked == [("verify", Path("b.db"), Path("k"))]


def test_what_failed_is_not_written_down(registrar: Registrar, core: FakeBootstrap, care: Maintained) -> None:
    care.failure = Refusal("desks_connected", "Закройте рабочие места.")
    answer = registrar("db", "encrypt", "--json")
    assert (answer.code, answer.error["code"]) == (1, "desks_connected")
    assert core.office.asked == [Permission.MAINTAIN]


def test_the_new_base_needs_the_same_keys(registrar: Registrar, care: Maintained, tmp_path: Path) -> None:
    (tmp_path / "old-keys").mkdir()
    told = registrar(*typed("db copy --db old.db --to new.db")).err
    assert "old-keys" in told and "new-keys" in told
    assert "old-keys" in registrar(*typed("db backup --db old.db")).err
