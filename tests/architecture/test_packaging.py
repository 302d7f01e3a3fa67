"""What is shipped: the wheel, the lock, the top of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PACKAGES = ("registrar_tui", "seed")
TOP = {
    *("registrar_tui", "seed", "tests", "docs", "benchmarks", ".ci"),
    *("pyproject.toml", "Makefile", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"),
    *(".gitignore", "requirements.lock"),
}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)", re.MULTILINE)
DEPENDENCY = re.compile(r'^\s*"(?P<requirement>[^"]+)",?(?P<rest>.*)$')


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the working tree; the build backend is in the environment, no network is asked."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_has_every_file_of_the_packages(names: set[str]) -> None:
    expected = {
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == expected


@pytest.mark.parametrize(
    "wanted",
    [
        r"seed/data/surnames\.json",
        r"seed/data/clinic\.json",
        r"registrar_tui/storage/migrations/script\.py\.mako",
        r"registrar_tui/storage/migrations/versions/0001_\w+\.py",
        r"registrar_tui/screens/desk\.tcss",
        r"registrar-[^/]+\.dist-info/licenses/LICENSE",
    ],
)
def test_the_wheel_has_what_is_no_code(names: set[str], wanted: str) -> None:
    assert any(re.fullmatch(wanted, name) for name in names)


def test_the_wheel_has_nothing_else(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_has_the_entry_point(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("/entry_points.txt"))
        entries = ConfigParser()
        entries.read_string(archive.read(name).decode())
    assert dict(entries["console_scripts"]) == {"registrar": "registrar_tui.__main__:main"}


@pytest.mark.slow
def test_an_installed_wheel_builds_the_demo_clinic(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--target", str(target), str(wheel)], check=True, capture_output=True, timeout=300)
    # -S leaves out the .pth file that makes the working tree importable here.
    python = [sys.executable, "-S"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("REGISTRAR_")},
        "PYTHONPATH": os.pathsep.join((str(target), sysconfig.get_path("purelib"))),
        "HOME": str(tmp_path),
        "PYTHONUTF8": "1",
    }

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*python, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    places = (
        "import registrar_tui, seed, sys; print(registrar_tui.__file__, seed.__file__, *sys.path, sep='\\n')"
    )
    program, data, *path = run("-c", places).splitlines()
    assert Path(program).is_relative_to(target)
    assert Path(data).is_relative_to(target)
    assert str(ROOT) not in path
    run("-m", "registrar_tui", "init", "--demo", "--patients", "20", "--days", "2", "--db", "demo.db")
    assert run("-m", "registrar_tui", "doctor", "list", "--json", "--db", "demo.db").startswith('[{"id":')


def test_the_top_of_the_repository_is_that_of_the_architecture() -> None:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    ).stdout
    assert {name.split("/")[0] for name in listed.split("\0") if name} == TOP


def test_every_locked_package_has_hashes() -> None:
    blocks = re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip())
    assert len(blocks) == len(PINNED.findall(LOCK)) > 50
    for block in blocks:
        hashes = re.findall(r"--hash=(\S+)", block)
        assert hashes, block
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes), block


def test_the_lock_names_no_index() -> None:
    assert "://" not in LOCK
    assert not re.search(r"--(extra-)?(index|find-links|trusted)", LOCK)


def declared() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    texts = [*PROJECT["dependencies"], *(text for extra in extras.values() for text in extra)]
    return [requirement for text in texts if (requirement := Requirement(text)).name != PROJECT["name"]]


@pytest.mark.parametrize("requirement", declared(), ids=lambda requirement: requirement.name)
def test_the_lock_satisfies_what_is_declared(requirement: Requirement) -> None:
    locked = {canonicalize_name(name): version for name, version in PINNED.findall(LOCK)}
    assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)])


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = text[text.index("\ndependencies = [") : text.index("[project.scripts]")]
    lines = [match for line in section.splitlines() if (match := DEPENDENCY.match(line))]
    own = f"{PROJECT['name']}["
    named = [line for line in lines if not line["requirement"].startswith(own)]
    assert len(named) == len(declared())
    bare = [line["requirement"] for line in named if not re.search(r"#\s*\w.{3,}", line["rest"])]
    assert not bare
