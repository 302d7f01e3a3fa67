"""The journal by the commands themselves on a working base."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.cli.end_to_end.demo_base import refused
from tests.cli.end_to_end.real_base import RealBase, change

DROP = ("DROP TRIGGER audit_entry_no_update", "DROP TRIGGER audit_entry_no_delete")


def actions(real: RealBase, *wanted: str) -> list[str]:
    """Return what the auditor reads, oldest first."""
    real.becomes("oleg")
    answer = real("audit", "list", *wanted)
    assert answer.code == 0, answer.err
    return [entry["action"] for entry in answer.json][::-1]


def test_the_main_job_is_written_down(real: RealBase, tmp_path: Path) -> None:
    clinic = real.becomes("anna")
    patient = real.somebody()
    assert real("find", "а").code == 0
    slot = real.free_slot(patient)
    visit = clinic.book(patient, slot, "--print")
    number = str(visit["id"])
    for line in (f"cancel {number} --reason patient-ill", "undo", f"ticket print {number} --out t.pdf"):
        assert real(*line.split()).code == 0
    mine = actions(real, "--patient", str(patient))
    assert mine == ["slots-asked", "booked", "ticket-printed", "cancelled", "undone", "ticket-printed"]
    entry = real("audit", "list", "--patient", str(patient), "--limit", "1").json[0]
    assert list(entry) == [
        *("at", "operator", "role", "desk", "action", "object_kind", "object_id", "op_id", "reason"),
        *("detail", "chain", "number"),
    ]
    assert (entry["operator"], entry["role"], entry["desk"]) == ("anna", "registrar", "окно 2")
    assert "searched" in actions(real, "--operator", "anna")
    assert actions(real, "--action", "journal-read")
    assert actions(real, "--to", "2020-01-01") == []


def test_an_export_runs_nothing(real: RealBase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRAR_DESK", "=HYPERLINK(1);\x1b[2J")
    real.becomes("anna")
    real("find", "а")
    real.becomes("oleg")
    answer = real("audit", "export", "--out", "j.csv", "--operator", "anna")
    file = tmp_path / "j.csv"
    assert file.stat().st_mode & 0o777 == 0o600
    raw = file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf") and b"\x1b" not in raw
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
    assert answer.json == {"file": "j.csv", "entries": len(rows) - 1}
    assert {row[4] for row in rows[1:]} == {"'=HYPERLINK(1);�[2J"}
    assert [row[6] for row in rows[1:]] == ["signed-in", "searched"]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    entry = real("audit", "list", "--action", "journal-exported").json[0]
    assert (entry["operator"], entry["detail"]) == ("oleg", {"operator": "anna"})


@pytest.mark.parametrize("out", [".", "no/such/folder.csv", "link.csv"])
def test_an_export_to_no_place(real: RealBase, tmp_path: Path, out: str) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "target")
    real.becomes("oleg")
    answer = real("audit", "export", "--out", out)
    assert answer.code in (1, 2) and answer.error["field"] == "out"
    assert not (tmp_path / "target").exists()


def test_verify_and_anchor(real: RealBase) -> None:
    real.becomes("oleg")
    verdict = real("audit", "verify")
    assert (verdict.code, list(verdict.json)) == (0, ["ok", "checked", "problems"])
    assert verdict.json["ok"] and verdict.json["checked"] >= 6
    assert real("audit", "anchor").json == {"chains": 1, "entries": verdict.json["checked"]}


@pytest.mark.parametrize(
    ("tampering", "code"),
    [
        ("UPDATE audit_entry SET operator = 'vera' WHERE number = 3", "audit_edited"),
        ("UPDATE audit_entry SET at = 'никогда' WHERE number = 3", "audit_edited"),
        ("DELETE FROM audit_entry WHERE number = 2", "audit_missing"),
        ("DELETE FROM audit_entry WHERE number > 4", "audit_truncated"),
        ("DELETE FROM audit_entry", "audit_truncated"),
    ],
)
def test_tampering_is_found(real: RealBase, tampering: str, code: str) -> None:
    real.becomes("oleg")
    assert real("audit", "verify").code == 0
    change(real.path, *DROP, tampering)
    real.becomes("oleg")
    verdict = real("audit", "verify")
    assert verdict.code == 1
    assert code in [problem["code"] for problem in verdict.json["problems"]]
    assert real("audit", "list").code == 0
    assert real.registrar("audit", "list").code == 0


def test_the_triggers_stand_in_a_created_base(real: RealBase) -> None:
    for statement in (
        "UPDATE audit_entry SET desk = 'x'",
        "DELETE FROM audit_entry",
        "DELETE FROM visit_event",
    ):
        with pytest.raises(Exception, match="append-only"):
            change(real.path, statement)


def test_only_an_auditor_reads_it(real: RealBase) -> None:
    for login in ("anna", "vera", "boss"):
        real.becomes(login)
        for line in ("audit list", "audit verify", "audit export --out j.csv"):
            refused(real(*line.split()), "not_allowed", 5)
