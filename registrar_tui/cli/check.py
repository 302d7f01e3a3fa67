"""`registrar check`: the document rules alone; needs no base and no operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib import import_module
from typing import Annotated, Any

import typer

from registrar_tui.cli.arguments import day, one_of
from registrar_tui.cli.exit_codes import ExitCode
from registrar_tui.cli.session import current
from registrar_tui.cli.shapes import checked_shape
from registrar_tui.validators.result import Checked


@dataclass(frozen=True, slots=True)
class Rule:
    """Where a rule lives (`registrar_tui.validators.<module>`) and which facts beside the value it weighs."""

    module: str
    function: str
    facts: tuple[str, ...] = ()


RULES = {
    "snils": Rule("snils", "check_snils"),
    "enp": Rule("enp", "check_enp", ("birth_date", "sex")),
    "policy": Rule("policy", "check_policy_text", ("birth_date", "sex")),
    "passport": Rule("passport", "check_passport", ("birth_date", "issue_date", "today")),
    "birth-certificate": Rule("birth_certificate", "check_birth_certificate", ("birth_date", "today")),
    "inn": Rule("inn", "check_inn"),
    "phone": Rule("phone", "check_phone"),
    "email": Rule("email", "check_email"),
    "name": Rule("names", "check_full_name"),
    "birth-date": Rule("birth_date", "check_birth_date", ("today",)),
}
_ONE_NAME = Rule("names", "check_name")
_OPTIONS = {"birth_date": "--birth-date", "sex": "--sex", "issue_date": "--issued"}


def check(
    context: typer.Context,
    kind: Annotated[
        str, typer.Argument(parser=one_of(RULES), metavar="ЧТО", help=f"Что проверить: {', '.join(RULES)}.")
    ],
    value: Annotated[list[str], typer.Argument(metavar="ЗНАЧЕНИЕ", help="Как написано в документе.")],
    birth_date: Annotated[
        date | None,
        typer.Option("--birth-date", parser=day, metavar="ДАТА", help="Дата рождения: сверить с ней."),
    ] = None,
    sex: Annotated[
        str | None, typer.Option("--sex", parser=one_of("MF"), metavar="M|F", help="Пол: сверить с полисом.")
    ] = None,
    issued: Annotated[
        date | None, typer.Option("--issued", parser=day, metavar="ДАТА", help="Когда выдан паспорт.")
    ] = None,
) -> ExitCode:
    """Print the verdict on one value; 0 where it may be stored, else 1."""
    run = current(context)
    text = " ".join(value)
    given = {"birth_date": birth_date, "sex": sex, "issue_date": issued}
    rule = _rule(kind, text)
    for fact, option in _OPTIONS.items():
        if given[fact] is not None and fact not in rule.facts:
            run.output.narrate(f"{option} на проверку {kind} не влияет.")
    checked = _apply(rule, text, given | {"today": date.today()})
    run.output.answer(checked_shape(checked), *_lines(checked))
    return ExitCode.DONE if checked.ok else ExitCode.REFUSED


def _rule(kind: str, text: str) -> Rule:
    # A single word is one part of a name, more of them are the whole.
    return _ONE_NAME if kind == "name" and len(text.split()) < 2 else RULES[kind]


def _apply(rule: Rule, text: str, facts: dict[str, Any]) -> Checked:
    function = getattr(import_module(f"registrar_tui.validators.{rule.module}"), rule.function)
    verdict = function(text, **{fact: facts[fact] for fact in rule.facts})
    assert isinstance(verdict, Checked)
    return verdict


def _lines(checked: Checked) -> list[str]:
    lines = [f"Ошибка: {problem.message}" for problem in checked.errors]
    lines += [f"Внимание: {problem.message}" for problem in checked.warnings]
    return [f"Верно: {checked.value}", *lines] if checked.ok else lines
