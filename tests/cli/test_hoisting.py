"""Global options may stand anywhere before `--`."""

from __future__ import annotations

import pytest

from registrar_tui.cli.hoist import GlobalOptions, hoist

CASES = [
    ("", GlobalOptions(), ""),
    ("find ива", GlobalOptions(), "find ива"),
    ("--json find ива", GlobalOptions(json=True), "find ива"),
    ("find --json ива", GlobalOptions(json=True), "find ива"),
    ("find ива --json --quiet", GlobalOptions(json=True, quiet=True), "find ива"),
    ("--db a.db find ива", GlobalOptions(db="a.db"), "find ива"),
    ("find ива --db=a.db", GlobalOptions(db="a.db"), "find ива"),
    ("find --db postgresql://h/d?a=b ива", GlobalOptions(db="postgresql://h/d?a=b"), "find ива"),
    ("--db=-odd.db find", GlobalOptions(db="-odd.db"), "find"),
    ("--db a --db b find", GlobalOptions(db="b"), "find"),
    ("find --config c.toml --operator anna", GlobalOptions(config="c.toml", operator="anna"), "find"),
    ("find -- --json", GlobalOptions(), "find -- --json"),
    ("find --json -- --quiet --db x", GlobalOptions(json=True), "find -- --quiet --db x"),
    ("book --reason=--json", GlobalOptions(), "book --reason=--json"),
    ("find --jsonx", GlobalOptions(), "find --jsonx"),
    ("audit list --operator anna --json", GlobalOptions(json=True), "audit list --operator anna"),
    ("audit export --operator=anna", GlobalOptions(), "audit export --operator=anna"),
    (
        "--operator aud audit list --operator anna",
        GlobalOptions(operator="aud"),
        "audit list --operator anna",
    ),
    ("audit verify --operator aud", GlobalOptions(operator="aud"), "audit verify"),
    ("find audit list --operator aud", GlobalOptions(operator="aud"), "find audit list"),
]


@pytest.mark.parametrize(("line", "options", "rest"), CASES)
def test_options_are_taken_out(line: str, options: GlobalOptions, rest: str) -> None:
    hoisted = hoist(line.split())
    assert (hoisted.options, list(hoisted.rest), hoisted.problem) == (options, rest.split(), None)


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ("find ива --db", "db"),
        ("find --db --json", "db"),
        ("--db= find", "db"),
        ("--operator -- find", "operator"),
        ("--config --operator anna find", "config"),
        ("find --json=yes", "json"),
        ("--quiet=1 find", "quiet"),
    ],
)
def test_missing_or_unwanted_value(line: str, field: str) -> None:
    problem = hoist(line.split()).problem
    assert problem is not None
    assert (problem.code, problem.field, problem.exit_code) == ("usage", field, 2)
    assert f"--{field}" in problem.message


def test_json_after_a_mistake_still_decides_how_it_is_told() -> None:
    hoisted = hoist(["find", "--db", "--json"])
    assert hoisted.problem
    assert hoisted.options.json


def test_first_mistake_is_told() -> None:
    problem = hoist(["--db", "--config"]).problem
    assert problem
    assert problem.field == "db"
