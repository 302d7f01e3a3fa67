"""The import rules of the house are kept, and what breaks one is seen."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")
# For each contract a line that breaks it, and the file that the line is written into.
FORBIDDEN = {
    "One core, two front ends: a layer imports only what stands below it": (
        "registrar_tui/services/wording.py",
        "import registrar_tui.storage.engine",
    ),
    "Screens and widgets know the core only by its border": (
        "registrar_tui/screens/words.py",
        "import sqlmodel",
    ),
    "The core knows no terminal": ("registrar_tui/services/masking.py", "import rich"),
    "The border of the core loads no database": ("registrar_tui/services/dto.py", "import sqlalchemy"),
    "Validators are pure": ("registrar_tui/validators/reading.py", "import registrar_tui.clock"),
}
VERDICT = re.compile(r"^(.+) (KEPT|BROKEN)$", re.MULTILINE)


def verdicts(folder: Path) -> dict[str, str]:
    """Return what lint-imports says of each contract in a folder."""
    done = subprocess.run(
        [LINT, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    told = dict(VERDICT.findall(done.stdout))
    assert told, done.stdout + done.stderr
    assert (done.returncode == 0) == ("BROKEN" not in told.values())
    return told


def contracts() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}


def test_no_contract_is_broken() -> None:
    assert verdicts(ROOT) == dict.fromkeys(contracts(), "KEPT")


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("registrar_tui", "seed"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_a_forbidden_import_is_caught_by_its_contract(scratch: Path) -> None:
    assert set(FORBIDDEN) == contracts(), "every contract needs a line that breaks it"
    for file, line in FORBIDDEN.values():
        with (scratch / file).open("a", encoding="utf-8") as source:
            source.write(f"\n{line}\n")
    assert verdicts(scratch) == dict.fromkeys(contracts(), "BROKEN")


def test_one_forbidden_import_breaks_one_contract(scratch: Path) -> None:
    with (scratch / "registrar_tui/services/masking.py").open("a", encoding="utf-8") as source:
        source.write("\nimport rich\n")
    told = verdicts(scratch)
    assert [name for name, verdict in told.items() if verdict == "BROKEN"] == ["The core knows no terminal"]
