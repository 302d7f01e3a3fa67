"""Any arguments whatever: an exit code of the contract, Russian on stderr, JSON that reads back."""

from __future__ import annotations

import json
import re
import sys
from io import BytesIO, TextIOWrapper

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import registrar_tui
from registrar_tui.cli import entry
from registrar_tui.cli.catalogue import CATALOGUE, Noun
from tests.cli.fake_maintenance import Maintained
from tests.cli.harness import FakeBootstrap

NAMES = [*CATALOGUE, *(verb for noun in CATALOGUE.values() if isinstance(noun, Noun) for verb in noun.verbs)]
OPTIONS = [
    *("--patient", "--slot", "--reason", "--date", "--limit", "--first-free", "--specialty", "--out"),
    *("--json", "--quiet", "--db", "--db=x.db", "--operator", "--", "-", "-h", "--help", "--version"),
    *("--format", "--from", "--to", "--action", "--role", "--name", "--admin", "--password-stdin", "--zone"),
    *("--dry-run", "--rejects", "--template", "--from-file", "file"),
]
VALUES = [
    "7",
    "1",
    "4001",
    "2026-11-24",
    "24.11.2026",
    "-5",
    "0",
    "[red]",
    "\x1b[2J",
    "\udcff",
    "терапевт",
    "",
]
argument = st.sampled_from(NAMES) | st.sampled_from(OPTIONS) | st.sampled_from(VALUES) | st.text(max_size=8)


def run(arguments: list[str]) -> tuple[int, bytes, bytes]:
    patch = pytest.MonkeyPatch()
    out, err = TextIOWrapper(BytesIO()), TextIOWrapper(BytesIO())
    fake = FakeBootstrap()
    patch.setitem(sys.modules, "registrar_tui.bootstrap", fake)
    patch.setattr(registrar_tui, "bootstrap", fake, raising=False)
    patch.setattr(sys, "stdout", out)
    patch.setattr(sys, "stderr", err)
    patch.setattr(sys, "stdin", TextIOWrapper(BytesIO("какой-то пароль\n".encode())))
    maintained = Maintained()
    patch.setitem(sys.modules, "registrar_tui.maintenance", maintained)
    patch.setattr(registrar_tui, "maintenance", maintained, raising=False)
    try:
        code = entry.run(arguments)
        out.flush()
        return code, _bytes(out), _bytes(err)
    finally:
        patch.undo()


def _bytes(stream: TextIOWrapper) -> bytes:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, BytesIO)
    return buffer.getvalue()


@settings(max_examples=300, deadline=None)
@given(st.lists(argument, max_size=8))
def test_any_arguments(arguments: list[str]) -> None:
    code, out, err = run(arguments)
    assert code in (0, 1, 2, 3, 5)
    told = err.decode("utf-8")
    assert "Traceback" not in told
    assert "\x1b" not in told + out.decode("utf-8")
    if code == 2:
        assert re.search("[А-Яа-я]", told.splitlines()[-1])


@settings(max_examples=200, deadline=None)
@given(st.lists(argument, max_size=8))
def test_any_arguments_with_json(arguments: list[str]) -> None:
    code, out, _ = run(["--json", *arguments])
    helped = {"--help", "-h"}.intersection(arguments)
    if helped and code == 0:
        return
    if "-" in arguments and code == 0:
        return
    shape = json.loads(out)
    if code == 2:
        assert list(shape) == ["error"]
        assert list(shape["error"]) == ["code", "message", "field", "basis", "ways_out"]
