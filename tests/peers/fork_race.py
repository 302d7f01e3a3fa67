"""Many `registrar book` processes that start within a millisecond: forked from one that has imported it all.

Fifty interpreters take a minute to start and arrive one after another; these arrive together.
Run as `python -m tests.peers.fork_race DATABASE SLOT PATIENT…`; prints `[[exit code, stdout, stderr], …]`.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import registrar_tui.bootstrap
import registrar_tui.cli.book
from registrar_tui.cli.entry import run
from tests.fire.arena import take_all_time


def _child(folder: Path, number: int, gate: int, arguments: list[str]) -> None:
    os.environ["REGISTRAR_DESK"] = f"окно {number}"
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / f"{number}.{name}", os.O_WRONLY | os.O_CREAT), stream)
    os.read(gate, 1)
    code = run(arguments)
    sys.stdout.flush()
    os._exit(code)


def race(database: str, slot: str, patients: list[str]) -> list[tuple[int, str, str]]:
    """Fork one process a patient, let them go together, collect what they said."""
    assert registrar_tui.bootstrap and registrar_tui.cli.book, "imported before the fork"
    take_all_time()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        gate, opener = os.pipe()
        children = []
        for number, patient in enumerate(patients):
            child = os.fork()
            if child == 0:
                os.close(opener)
                line = ["book", "--slot", slot, "--patient", patient, "--json", "--db", database]
                _child(folder, number, gate, line)
            children.append(child)
        os.write(opener, b"." * len(children))
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        return [
            (
                code,
                (folder / f"{number}.out").read_text("utf-8"),
                (folder / f"{number}.err").read_text("utf-8"),
            )
            for number, code in enumerate(codes)
        ]


if __name__ == "__main__":
    print(json.dumps(race(sys.argv[1], sys.argv[2], sys.argv[3:])))
