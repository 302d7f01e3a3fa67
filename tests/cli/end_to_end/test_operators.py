"""Who may come in and what they may do, by the commands themselves on a working base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from registrar_tui.cli.catalogue import CATALOGUE, Noun
from tests.cli.end_to_end.demo_base import refused
from tests.cli.end_to_end.real_base import STAFF, RealBase, change, password_of, run
from tests.cli.harness import Registrar

GUARDED = [
    *("find ан", "book --patient 1 --slot 1", "move 1 --slot 2", "cancel 1 --reason patient-ill", "undo"),
    *("arrive 1", "ticket print 1", "ticket verify 1", "ticket batch --date 2026-11-24 --out t.pdf"),
    *("visit show 1", "visit list", "slot list --doctor 1", "doctor list"),
    *("operator whoami", "operator list", "operator add new --role senior", "operator password anna"),
    *("operator role anna senior", "operator block anna", "operator unblock anna"),
    *("patient show 1", "patient duplicates", "patient merge 1 2 --reason a", "patient unmerge 2"),
    *("audit list", "audit verify", "audit export --out j.csv", "audit anchor"),
    *("db backup", "db backups", "db restore b.db", "db check", "db reindex", "db copy --to n.db"),
    *("import patients a.csv", "import doctors a.csv", "import schedule a.csv", "import visits a.csv"),
    *("import cancellations a.csv", "export patients --out j.csv", "export schedule --out j.csv"),
    "export visits --out j.csv",
    *("db encrypt", "db decrypt", "db rekey --key-file k"),
]
"""Every command that reads or changes what belongs to the clinic."""
OPEN = [
    *("check", "rule list", "demo", "init", "db upgrade", "db verify", "db new-key"),
    *("operator login", "operator logout"),
]
"""Commands that touch nobody's data, or are the way in."""


def commands() -> set[str]:
    """Return every command by its words."""
    return {
        name if not isinstance(entry, Noun) else f"{name} {verb}"
        for name, entry in CATALOGUE.items()
        for verb in (entry.verbs if isinstance(entry, Noun) else [""])
    }


def test_every_command_is_guarded_or_known_to_be_open() -> None:
    nouns = {name for name, entry in CATALOGUE.items() if isinstance(entry, Noun)}
    guarded = {" ".join(line.split()[: 2 if line.split()[0] in nouns else 1]) for line in GUARDED}
    mine = {command for command in commands() if command not in OPEN}
    assert not guarded - mine
    assert not mine - guarded


@pytest.mark.parametrize("line", GUARDED)
def test_nothing_is_done_without_a_sign_in(real: RealBase, tmp_path: Path, line: str) -> None:
    before = real.path.read_bytes()
    error = refused(real(*line.split()), "not_signed_in", 5)
    assert "operator login" in error["message"]
    assert real.path.read_bytes() == before
    assert not (tmp_path / "j.csv").exists() and not (tmp_path / "t.pdf").exists()


@pytest.mark.parametrize("line", ["find ан", "operator list", "db check"])
def test_the_demo_operator_works_on_a_demo_base_only(real: RealBase, line: str) -> None:
    refused(real(*line.split(), "--operator", "demo"), "not_signed_in", 5)
    refused(real.login("demo", "demo"), "sign_in_failed", 5)


def test_the_set_clock_is_refused_on_a_working_base(real: RealBase, monkeypatch: pytest.MonkeyPatch) -> None:
    real.becomes("anna")
    monkeypatch.setenv("REGISTRAR_NOW", "2026-11-23T08:00")
    assert real("find", "ан").code == 5
    assert real.login("anna").code == 5


# A table that is not there is looked for by who may import only.
TABLES_NO = {"import patients no.csv": 5, "import visits no.csv": 5, "export visits": 5}
TABLES_YES = {"import patients no.csv": 2, "import visits no.csv": 2, "export visits": 0}
TABLES_IN = {"import patients no.csv": 2, "import visits no.csv": 5, "export visits": 5}
MAY = {
    "anna": {"find": 0, "operator list": 5, "audit list": 5, "db check": 5, "db reindex": 5, **TABLES_NO},
    "vera": {"find": 0, "operator list": 5, "audit list": 5, "db check": 5, "db reindex": 5, **TABLES_YES},
    "boss": {"find": 5, "operator list": 0, "audit list": 5, "db check": 0, "db reindex": 0, **TABLES_IN},
    "oleg": {"find": 0, "operator list": 5, "audit list": 0, "db check": 5, "db reindex": 5, **TABLES_NO},
}


@pytest.mark.parametrize("login", STAFF)
def test_roles(real: RealBase, login: str) -> None:
    real.becomes(login)
    assert real("operator", "whoami").json["role"] == STAFF[login]
    for line, code in MAY[login].items():
        answer = real(*line.split(), *(["а"] if line == "find" else []))
        assert answer.code == code, (line, answer)
        if code:
            assert answer.error["code"] == ("not_allowed" if code == 5 else "no_file")


def test_an_auditor_sees_masked_numbers_only(real: RealBase) -> None:
    real.becomes("anna")
    seen = real.everybody()
    assert sum(bool(row["snils"]) for row in seen.values()) > 10
    real.becomes("oleg")
    masked = real.everybody()
    assert set(masked) == set(seen)
    for identifier, row in masked.items():
        for name in ("snils", "enp", "phone"):
            number = seen[identifier][name]
            assert bool(row[name]) is bool(number)
            if number:
                assert row[name][-4:] == number[-4:] and set(row[name][:-4]) == {"·"}
                assert number not in str(masked)
    somebody = next(row for row in seen.values() if row["phone"] and row["snils"])
    for number in (somebody["snils"], somebody["phone"]):
        assert number not in real.registrar("find", number).out.replace(" ", "").replace("-", "")


def test_the_delay_grows_over_processes(real: RealBase) -> None:
    """Programs of their own, between commands of this one: only the base remembers."""

    def alone(password: str) -> tuple[int, str]:
        done = run("operator", "login", "anna", "--password-stdin", stdin=password)
        return done.returncode, done.stderr.decode()

    for _ in range(4):
        assert "Следующая" not in refused(real.login("anna", "не тот"), "sign_in_failed", 5)["message"]
    code, line = alone("снова не тот")
    assert code == 5 and "Следующая попытка — через 30 с" in line
    code, line = alone(password_of("anna"))
    assert code == 5 and "Вход закрыт" in line
    for wait in ("1 мин", "2 мин", "4 мин"):
        change(real.path, "UPDATE operator SET locked_until = '2026-01-01 00:00:00.000000'")
        told = refused(real.login("anna", "опять не тот"), "sign_in_failed", 5)
        assert f"через {wait}" in told["message"]
        refused(real.login("anna"), "sign_in_locked", 5)
    change(real.path, "UPDATE operator SET locked_until = '2026-01-01 00:00:00.000000'")
    assert alone(password_of("anna"))[0] == 0
    journal = real.becomes("oleg")("audit", "list", "--operator", "anna").json
    assert [entry["action"] for entry in journal] == [
        "signed-in",
        *["sign-in-locked", "sign-in-failed"] * 3,
        *["sign-in-locked", *["sign-in-failed"] * 5],
    ]


def test_the_token_file(real: RealBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own" / "token"
    monkeypatch.setenv("REGISTRAR_TOKEN_FILE", str(file))
    real.becomes("anna")
    assert file.stat().st_mode & 0o777 == 0o600 and file.parent.stat().st_mode & 0o777 == 0o700
    assert real("find", "а").code == 0
    file.chmod(0o644)
    assert "открыт другим" in refused(real("find", "а"), "not_allowed", 5)["message"]
    file.chmod(0o600)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    refused(real("find", "а"), "not_signed_in", 5)
    assert real("operator", "logout").json == {"signed_out": False}
    assert (tmp_path / "elsewhere").exists() and not file.is_symlink()


def test_signing_out_ends_the_session_itself(real: RealBase, tmp_path: Path) -> None:
    real.becomes("anna")
    file = tmp_path / "data" / "registrar" / "session.token"
    token = file.read_text()
    assert real("operator", "logout").json == {"signed_out": True}
    file.write_text(token)
    file.chmod(0o600)
    refused(real("find", "а"), "not_signed_in", 5)


def test_blocking_ends_a_session_at_once(
    real: RealBase, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real.becomes("anna")
    assert real("find", "а").code == 0
    monkeypatch.setenv("REGISTRAR_TOKEN_FILE", str(tmp_path / "boss.token"))
    real.becomes("boss")
    assert real("operator", "block", "anna").json["active"] is False
    monkeypatch.delenv("REGISTRAR_TOKEN_FILE")
    refused(real("find", "а"), "not_signed_in", 5)
    refused(real.login("anna"), "sign_in_failed", 5)


def test_a_password_set_by_another_opens_nothing_but_its_change(
    real: RealBase, typed_in: Callable[[str | bytes], None]
) -> None:
    real.becomes("boss")
    typed_in("дан начальником\n")
    assert real("operator", "password", "anna", "--password-stdin").code == 0
    assert real.login("anna", "дан начальником").json["must_change"] is True
    for line in ("find ан", "visit show 1", "doctor list", "book --patient 1 --slot 1", "audit anchor"):
        told = refused(real(*line.split()), "must_change", 5)
        assert "registrar operator password anna" in told["message"]
    assert real("operator", "whoami").json["must_change"] is True
    typed_in("дан начальником\n")
    refused(real("operator", "password", "anna", "--password-stdin"), "same_password")
    typed_in("мой новый пароль\n")
    assert real("operator", "password", "anna", "--password-stdin").code == 0
    real.login("anna", "мой новый пароль")
    assert real("find", "ан").code == 0


def test_changing_ones_own_password(real: RealBase, typed_in: Callable[[str | bytes], None]) -> None:
    assert real.becomes("anna")("operator", "whoami").json["must_change"] is False
    typed_in("мой новый пароль\n")
    assert real("operator", "password", "ANNA", "--password-stdin").code == 0
    refused(real("find", "а"), "not_signed_in", 5)
    refused(real.login("anna"), "sign_in_failed", 5)
    assert real.login("anna", "мой новый пароль").json["must_change"] is False
    typed_in("чужой новый пароль\n")
    refused(real("operator", "password", "vera", "--password-stdin"), "not_allowed", 5)


def test_the_last_administrator_stays(real: RealBase) -> None:
    real.becomes("boss")
    refused(real("operator", "role", "boss", "senior"), "last_administrator")
    refused(real("operator", "block", "boss"), "last_administrator")
    assert real("operator", "role", "vera", "administrator").code == 0
    assert real("operator", "block", "boss").code == 0
    refused(real("operator", "list"), "not_signed_in", 5)


def test_a_new_clinic_from_nothing(
    registrar: Registrar, typed_in: Callable[[str | bytes], None], tmp_path: Path
) -> None:
    def call(*line: str) -> object:
        answer = registrar(*line, "--db", str(tmp_path / "new.db"), "--json")
        return answer.json if answer.code == 0 else (answer.code, answer.error["code"])

    init = ("init", "--clinic", "Поликлиника № 5", "--branch", "Речной", "--zone", "Asia/Omsk")
    assert call(*init[:-1], "Asia/Nowhere") == (2, "usage")
    assert not (tmp_path / "new.db").exists()
    assert call(*init) == {
        "database": str(tmp_path / "new.db"),
        "demo": False,
        "created": {},
        "administrator": None,
    }
    assert call("find", "а") == (5, "not_signed_in")
    typed_in("длинный пароль\n")
    assert call("operator", "add", "boss", "--role", "senior", "--password-stdin") == (2, "usage")
    first = call("operator", "add", "boss", "--role", "administrator", "--password-stdin")
    assert isinstance(first, dict) and first["role"] == "administrator"
    typed_in("длинный пароль\n")
    assert call("operator", "add", "second", "--role", "administrator", "--password-stdin") == (
        5,
        "not_signed_in",
    )
    typed_in("длинный пароль\n")
    me = call("operator", "login", "boss", "--password-stdin")
    assert isinstance(me, dict) and me["until"].endswith("+06:00")
    assert isinstance(call("operator", "list"), list)


def test_a_new_clinic_with_its_administrator(
    registrar: Registrar, typed_in: Callable[[str | bytes], None], tmp_path: Path
) -> None:
    base = str(tmp_path / "new.db")
    typed_in("длинный пароль\n")
    answer = registrar("init", "--db", base, "--admin", "boss", "--password-stdin", "--json")
    assert (answer.code, answer.json["administrator"]) == (0, "boss")
    typed_in("длинный пароль\n")
    assert registrar("operator", "login", "boss", "--password-stdin", "--db", base).code == 0
    keys = tmp_path / "new-keys"
    assert keys.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in keys.iterdir()} == {0o600}
