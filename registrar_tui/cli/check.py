"""`registrar check`: the document rules alone, for a value or a table; needs no base and no operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from registrar_tui.cli.arguments import day, one_of
from registrar_tui.cli.exit_codes import ExitCode
from registrar_tui.cli.interrupts import endings_heard
from registrar_tui.cli.progress import table_progress
from registrar_tui.cli.session import CommandRun, current
from registrar_tui.cli.shapes import checked_shape
from registrar_tui.errors import UsageError
from registrar_tui.services.wording import plural
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
FILE = "file"
_SHOWN = 20
_ONE_NAME = Rule("names", "check_name")
_OPTIONS = {"birth_date": "--birth-date", "sex": "--sex", "issue_date": "--issued"}


def check(
    context: typer.Context,
    kind: Annotated[
        str,
        typer.Argument(
            parser=one_of([*RULES, FILE]),
            metavar="ЧТО",
            help=f"Что проверить: {', '.join(RULES)}; {FILE} — таблицу пациентов целиком.",
        ),
    ],
    value: Annotated[
        list[str],
        typer.Argument(metavar="ЗНАЧЕНИЕ", help="Как написано в документе; для таблицы — её файл."),
    ],
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
    rejects: Annotated[
        Path | None,
        typer.Option(
            "--rejects",
            parser=Path,
            metavar="ФАЙЛ",
            help="Куда записать негодные строки таблицы.",
        ),
    ] = None,
) -> ExitCode:
    """Print the verdict on one value (0 where it may be stored, else 1) or on a table (else 3)."""
    run = current(context)
    given = {"birth_date": birth_date, "sex": sex, "issue_date": issued}
    if kind == FILE:
        _tell_idle(run, kind, (), given)
        return _check_file(run, value, rejects)
    if rejects is not None:
        raise UsageError("--rejects имеет смысл только вместе с file.", field="rejects")
    text = " ".join(value)
    rule = _rule(kind, text)
    _tell_idle(run, kind, rule.facts, given)
    checked = _apply(rule, text, given | {"today": date.today()})
    run.output.answer(checked_shape(checked), *_lines(checked))
    return ExitCode.DONE if checked.ok else ExitCode.REFUSED


def _tell_idle(run: CommandRun, kind: str, facts: tuple[str, ...], given: dict[str, Any]) -> None:
    for fact, option in _OPTIONS.items():
        if given[fact] is not None and fact not in facts:
            run.output.narrate(f"{option} на проверку {kind} не влияет.")


def _check_file(run: CommandRun, value: list[str], rejects: Path | None) -> ExitCode:
    from registrar_tui.bulk.checking import check_file

    if len(value) != 1:
        raise UsageError("Укажите один файл; имя с пробелами берут в кавычки.", field="value")
    with endings_heard(), table_progress(run.output, "Проверка") as report:
        done = check_file(Path(value[0]), today=date.today(), rejects=rejects, report=report)
    shown = [f"{problem['line']}: {problem['message']}" for problem in done["problems"][:_SHOWN]]
    if done["rejected"] > len(shown):
        shown.append(f"И ещё строк: {done['rejected'] - len(shown)}; все с причинами запишет --rejects ФАЙЛ.")
    rows = plural(done["read"], "строка", "строки", "строк")
    run.output.answer(done, f"Прочитано: {rows}; не годится {done['rejected']}.", *shown)
    return ExitCode.DONE if done["ok"] else ExitCode.PARTLY


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
