"""Files and folders that may not be read or written: one line, exit 4, nothing left."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBC = ctypes.CDLL(None)
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2  # linux/prctl.h, linux/capability.h


def ordinary(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    """Run the program without root's power to pass over file modes.

    The uid stays, because the interpreter of a private checkout is readable for its owner only.
    """

    def give_up_root_powers() -> None:
        for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
                os._exit(77)

    return subprocess.run(
        [sys.executable, "-m", "registrar_tui", *arguments],
        cwd=cwd,
        preexec_fn=give_up_root_powers if os.getuid() == 0 else None,
        env={**os.environ, "HOME": "/nonexistent", "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        timeout=300,
    )


@pytest.fixture
def guarded(tmp_path: Path, tiny_file: Path) -> Iterator[Path]:
    """Yield a folder of its own with a base in it."""
    import shutil

    folder = tmp_path / "guarded"
    folder.mkdir()
    shutil.copyfile(tiny_file, folder / "base.db")
    yield folder
    folder.chmod(0o700)


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "arguments"),
    [
        (0o777, 0o444, ("doctor", "list")),
        (0o555, 0o666, ("doctor", "list")),
        (0o777, 0o000, ("doctor", "list")),
        (0o555, 0o666, ("init", "--demo", "--db", "{folder}/new.db")),
        (0o000, 0o666, ("doctor", "list")),
        (0o000, 0o666, ("init", "--demo", "--db", "{folder}/new.db")),
        (0o000, 0o666, ("demo", "--patients", "5")),
    ],
    ids=[
        "read-only file",
        "read-only folder",
        "unreadable file",
        "init in a read-only folder",
        "closed folder",
        "init in a closed folder",
        "demo in a closed folder",
    ],
)
def test_rights_that_do_not_suffice(
    guarded: Path, folder_mode: int, file_mode: int, arguments: tuple[str, ...]
) -> None:
    (guarded / "base.db").chmod(file_mode)
    guarded.chmod(folder_mode)
    given = [argument.format(folder=guarded) for argument in arguments]
    database = [] if "--db" in given else ["--db", str(guarded / "base.db")]
    done = ordinary(*given, *database, "--json", "--quiet", cwd=Path("/"))
    guarded.chmod(0o700)
    if done.returncode == 77:
        pytest.skip("this container's root cannot give up its power over file modes")
    assert done.returncode == 4, done.stderr.decode()
    error = json.loads(done.stdout)["error"]
    assert done.stderr.decode().count("\n") == 1 and "Traceback" not in done.stderr.decode()
    assert error["message"].endswith(".") and error["message"].strip() == done.stderr.decode().strip()
    assert [file.name for file in guarded.iterdir()] == ["base.db"]


def test_with_the_rights_the_same_command_succeeds(guarded: Path) -> None:
    done = ordinary("doctor", "list", "--db", str(guarded / "base.db"), "--json", cwd=Path("/"))
    assert done.returncode == 0, done.stderr.decode()
    assert len(json.loads(done.stdout)) == 5
