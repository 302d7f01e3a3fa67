"""Arguments that several commands share, and readers whose complaints are Russian."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import get_args
from uuid import uuid4

import typer

from registrar_tui.errors import UsageError
from registrar_tui.services.protocol import TicketFormat
from registrar_tui.vocabulary import CANCEL_REASONS, Channel, Initiator

STDOUT = "-"
"""What `--out` calls the standard output."""
LARGEST_ID = 2**31 - 1
"""The largest number an integer key holds in every store."""
LONGEST_TEXT = 200
"""Reasons and keys are kept in the history for good; nobody needs more."""


def number_up_to(largest: int, *, least: int = 1) -> Callable[[str | int], int]:
    """Return a reader of whole numbers from `least` to `largest`; a default value passes through it too."""

    def read(text: str | int) -> int:
        if re.fullmatch(r"[0-9]{1,10}", str(text)) and least <= int(text) <= largest:
            return int(text)
        raise typer.BadParameter(f"нужно целое число от {least} до {largest}, а не «{text}».")

    return read


def one_of(words: Iterable[str]) -> Callable[[str], str]:
    """Return a reader that accepts exactly these words."""
    known = tuple(words)

    def read(text: str) -> str:
        if text in known:
            return text
        raise typer.BadParameter(f"нет значения «{text}». Есть: {', '.join(known)}.")

    return read


def day(text: str) -> date:
    """Read a day as ISO 8601 or ДД.ММ.ГГГГ."""
    for pattern, form in ((r"\d{4}-\d{2}-\d{2}", "%Y-%m-%d"), (r"\d{1,2}\.\d{1,2}\.\d{4}", "%d.%m.%Y")):
        if re.fullmatch(pattern, text, re.ASCII):
            try:
                return datetime.strptime(text, form).date()
            except ValueError:
                raise typer.BadParameter(f"такого дня нет: «{text}».") from None
    raise typer.BadParameter(f"нужна дата вида 2026-11-24 или 24.11.2026, а не «{text}».")


def require_order(first: date | None, last: date | None) -> None:
    """Refuse a span of days that ends before it begins."""
    if first and last and last < first:
        raise UsageError("--to раньше, чем --from: поменяйте даты местами.", field="to")


def words(text: str) -> str:
    """Read a text that says something and is kept: a reason, the key of an attempt."""
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise typer.BadParameter(f"нужен текст от 1 до {LONGEST_TEXT} знаков.")
    return text.strip()


def op_id(given: str | None) -> str:
    """Return the key of this attempt: the script's own, so that a retry is the same attempt, or a new one."""
    return given or uuid4().hex


_identifier = number_up_to(LARGEST_ID)

PATIENT = typer.Option("--patient", parser=_identifier, metavar="НОМЕР", help="Номер пациента (из find).")
SLOT = typer.Option("--slot", parser=_identifier, metavar="НОМЕР", help="Номер бирки (из slot list).")
DOCTOR = typer.Option("--doctor", parser=_identifier, metavar="НОМЕР", help="Номер врача (из doctor list).")
VISIT = typer.Argument(parser=_identifier, metavar="ПРИЁМ", help="Номер приёма.")
SPECIALTY = typer.Option(
    "--specialty", parser=words, metavar="ТЕКСТ", help="Специальность: название или его начало."
)
CHANNEL = typer.Option(
    "--channel",
    parser=one_of(Channel),
    metavar="КАНАЛ",
    help=f"Откуда запись (обычно desk): {', '.join(Channel)}.",
)
OVERRIDE = typer.Option(
    "--override",
    metavar="ПРАВИЛО",
    help="Вопреки правилу (код из отказа); нужна --reason.",
)
WHY = typer.Option(
    "--reason", parser=words, metavar="ТЕКСТ", help="Почему вопреки правилу; хранится в истории."
)
CANCEL_REASON = typer.Option(
    "--reason",
    parser=one_of(CANCEL_REASONS),
    metavar="КОД",
    help=f"Причина: {', '.join(f'{code} ({label})' for code, label in CANCEL_REASONS.items())}.",
)
BY = typer.Option(
    "--by", parser=one_of(Initiator), metavar="КТО", help="Кто решил: patient (обычно) или clinic."
)
OP_ID = typer.Option(
    "--op-id", parser=words, metavar="КЛЮЧ", help="Ключ попытки: повтор с тем же ключом вернёт первый ответ."
)
FIRST_DAY = typer.Option("--from", parser=day, metavar="ДАТА", help="С какого дня.")
LAST_DAY = typer.Option("--to", parser=day, metavar="ДАТА", help="По какой день.")
REJECTS = typer.Option(
    "--rejects",
    parser=Path,
    metavar="ФАЙЛ",
    help="Куда записать отклонённые строки с причинами (обычно рядом с таблицей, ИМЯ-rejects.csv).",
)
FORMAT = typer.Option(
    "--format",
    parser=one_of(get_args(TicketFormat)),
    metavar="ВИД",
    help=f"Вид талона: {', '.join(get_args(TicketFormat))}.",
)
