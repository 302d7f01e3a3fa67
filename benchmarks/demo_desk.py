"""The real desk on a demo base, for the rows that drive it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

PYTHON = sys.executable
PATIENTS = 500


@dataclass(frozen=True, slots=True)
class DemoDesk:
    """How to start the desk; `missing` says why it cannot be started."""

    command: tuple[str, ...]
    environment: dict[str, str]
    missing: str = ""


@contextmanager
def demo_desk(url: str | None = None, *options: str) -> Iterator[DemoDesk]:
    """Build a demo base in a folder of its own, which goes when the block ends, or at a URL that stays."""
    program = shutil.which("registrar", path=str(Path(PYTHON).parent))
    with TemporaryDirectory(prefix="registrar-bench-") as folder:
        environment = {"XDG_DATA_HOME": folder, "REGISTRAR_DB": url or str(Path(folder) / "demo.db")}
        if program is None:
            yield DemoDesk((), environment, "the program `registrar` is not installed beside this Python")
            return
        built = subprocess.run(
            [program, "init", "--demo", "--patients", str(PATIENTS), *options],
            env={**environment, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )
        last = (built.stderr or built.stdout).strip().splitlines()[-1:]
        missing = "" if built.returncode == 0 else f"`registrar init --demo` failed: {' '.join(last)}"
        yield DemoDesk((program,), environment, missing)
