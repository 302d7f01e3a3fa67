"""No way for data to become a command: asked of the source itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHELLS = {"system", "popen", "getoutput", "getstatusoutput", "create_subprocess_shell"}
RUNNERS = {"eval", "exec", "compile", "__import__"}


def calls() -> Iterator[tuple[str, ast.Call]]:
    """Yield every call in the program with its place."""
    for folder in ("registrar_tui", "seed"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", node


def is_shell(call: ast.Call) -> bool:
    """Tell whether a call gives text to a shell or to Python itself."""
    named = call.func
    shell = any(word.arg == "shell" and ast.unparse(word.value) != "False" for word in call.keywords)
    by_module = isinstance(named, ast.Attribute) and named.attr in SHELLS
    by_name = isinstance(named, ast.Name) and named.id in RUNNERS | SHELLS
    return shell or by_module or by_name


def test_no_shell_string_and_no_code_from_text() -> None:
    found = [place for place, call in calls() if is_shell(call)]
    assert found == []


def test_the_check_itself_finds_what_it_looks_for() -> None:
    for text in ("os.system(x)", "subprocess.run(x, shell=True)", "eval(x)", "subprocess.getoutput(x)"):
        call = ast.parse(text, mode="eval").body
        assert isinstance(call, ast.Call) and is_shell(call), text


def test_every_program_is_run_by_a_list_of_arguments() -> None:
    """The first argument is a list or a name bound to one, never joined text."""
    started = [
        (place, call)
        for place, call in calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in {"run", "Popen", "check_output", "check_call"}
        and ast.unparse(call.func.value) == "subprocess"
    ]
    assert started, "the printer at least"
    texts = [
        place for place, call in started if isinstance(call.args[0], ast.JoinedStr | ast.Constant | ast.BinOp)
    ]
    assert texts == []
