"""`registrar db`: care of the base, for the administrator; each verb is a shell over `maintenance`."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registrar_tui.cli.arguments import words
from registrar_tui.cli.errors import explained
from registrar_tui.cli.exit_codes import ExitCode
from registrar_tui.cli.progress import progress_bar
from registrar_tui.cli.session import CommandRun, current
from registrar_tui.config import load_config
from registrar_tui.errors import RegistrarError, StoreUnavailable
from registrar_tui.services.permissions import Permission
from registrar_tui.services.wording import plural

if TYPE_CHECKING:
    from registrar_tui.office_services import OfficeServices

# The base itself is there and sound: its operator has to be asked all the same.
STILL_GUARDED = ("keys_unavailable", "maintenance", "busy")

COPY_FILE = typer.Argument(parser=Path, metavar="КОПИЯ", help="Файл резервной копии.")
KEY_OF_COPY = typer.Option(
    "--key-file", parser=Path, metavar="ФАЙЛ", help="Ключ копии, если он не тот, что у базы."
)


def upgrade(context: typer.Context) -> None:
    """Bring the base to the schema of this version of the program."""
    from registrar_tui import bootstrap

    run = current(context)
    revision = bootstrap.upgrade(run.config())
    run.output.answer({"revision": revision}, f"База обновлена: версия схемы {revision}.")


def backup(
    context: typer.Context,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=Path, metavar="ФАЙЛ", help="Новый файл или папка (обычно папка копий)."),
    ] = None,
) -> None:
    """Take a backup while desks work and print its file, checksum and size."""
    from registrar_tui import maintenance

    run = current(context)
    _allowed(run)
    with progress_bar(run.output) as progress:
        done = maintenance.backup(run.config(), out=out, progress=progress)
    _note(run, "backup-made")
    run.output.answer(done, f"Копия проверена: {done['file']}")
    _tell_of_keys(run)


def backups(context: typer.Context) -> None:
    """Print the backups of this base, newest first."""
    from registrar_tui import maintenance

    run = current(context)
    _allowed(run)
    rows = maintenance.backups(run.config())
    run.output.table(
        rows,
        ("Когда (UTC)", "Байт", "Перед чем", "Файл"),
        [(row["at"][:16], str(row["bytes"]), row["made_before"] or "—", row["file"]) for row in rows],
    )


def verify(
    context: typer.Context,
    file: Annotated[Path, COPY_FILE],
    key_file: Annotated[Path | None, KEY_OF_COPY] = None,
) -> ExitCode:
    """Print whether a backup may be restored; 0 where it may, else 1."""
    from registrar_tui import maintenance

    return _verdict(current(context), maintenance.verify_backup(file, key_file=key_file), "Копия цела")


def restore(
    context: typer.Context,
    file: Annotated[Path, COPY_FILE],
    force: Annotated[
        bool, typer.Option("--force", help="Вернуть и копию, в которой нет последних записей базы.")
    ] = False,
    key_file: Annotated[Path | None, KEY_OF_COPY] = None,
) -> None:
    """Bring a backup back into the live base; a base that cannot be read has nobody to sign in."""
    from registrar_tui import maintenance

    run = current(context)
    office = _allowed(run, even_without_base=True)
    with progress_bar(run.output) as progress:
        done = maintenance.restore(
            run.config(),
            file,
            force=force,
            key_file=key_file,
            progress=progress,
            by=office.writer if office else None,
        )
    kept = done["safety_copy"]
    visits = plural(done["visits"], "приём", "приёма", "приёмов")
    run.output.answer(done, f"База восстановлена: {visits}.", *([f"Прежняя база: {kept}"] if kept else []))
    if done["unmarked"]:
        run.output.complain(f"В журнал не записано, проверка журнала сообщит о потере: {done['unmarked']}")
    run.output.narrate("Все рабочие места просят войти снова.")


def check(
    context: typer.Context,
    quick: Annotated[
        bool, typer.Option("--quick", help="Быстро: файл один раз, карточки выборочно.")
    ] = False,
) -> ExitCode:
    """Print whether the base is sound; 0 where it is, else 1."""
    from registrar_tui import maintenance

    run = current(context)
    _allowed(run, even_without_base=True)
    with progress_bar(run.output) as progress:
        verdict = maintenance.check(run.config(), thorough=not quick, progress=progress)
    return _verdict(run, verdict, "База цела")


def reindex(context: typer.Context) -> None:
    """Make the keys of the search anew where they have parted from the cards, while desks work."""
    from registrar_tui import maintenance

    run = current(context)
    _allowed(run)
    with progress_bar(run.output) as progress:
        done = maintenance.reindex(run.config(), progress=progress)
    _note(run, "base-reindexed")
    mended = done["mended"]
    run.output.answer(
        done, f"Исправлено строк поиска: {mended}." if mended else "Поиск совпадает с карточками."
    )


def copy(
    context: typer.Context,
    to: Annotated[
        str, typer.Option("--to", parser=words, metavar="ПУТЬ|URL", help="Новая база: её ещё нет или пуста.")
    ],
) -> None:
    """Copy every row into a new base and print the counts and checksums that were compared."""
    from registrar_tui import maintenance

    run = current(context)
    _allowed(run)
    _note(run, "base-copied")  # before: the copy has this entry too, and every anchor made up to here
    with progress_bar(run.output) as progress:
        done = maintenance.copy(run.config(), to, progress=progress)
    rows = plural(done["rows"], "строка", "строки", "строк")
    tables = plural(done["tables"], "таблице", "таблицах", "таблицах")
    run.output.answer(done, f"База скопирована: {rows} в {tables}, суммы сошлись: {done['to']}")
    ours, theirs = run.config().keys, load_config(database=to).keys
    if ours.is_dir() and ours != theirs:
        run.output.narrate(f"Новой базе нужны те же ключи: скопируйте папку {ours} в {theirs}.")


def new_key(
    context: typer.Context,
    out: Annotated[Path, typer.Option("--out", parser=Path, metavar="ФАЙЛ", help="Новый файл ключа.")],
) -> None:
    """Write a new random key into a file that only this user reads."""
    from registrar_tui import maintenance

    run = current(context)
    made = maintenance.new_key(out)
    run.output.answer(made, f"Ключ в файле {made['file']}, отпечаток {made['fingerprint']}")
    run.output.narrate("Без ключа базу и её копии не прочесть: держите его копию в сейфе.")


def encrypt(context: typer.Context) -> None:
    """Encrypt the base; every desk must be closed."""
    from registrar_tui import maintenance

    run = current(context)
    _allowed(run)
    with progress_bar(run.output) as progress:
        done = maintenance.encrypt(run.config(), progress=progress)
    _note(run, "base-encrypted")
    run.output.answer(done, f"База зашифрована ключом {done['fingerprint']}.")
    run.output.narrate("Прежние копии не зашифрованы: снимите новую, старые уничтожьте.")


def decrypt(context: typer.Context) -> None:
    """Take the encryption off; every desk must be closed."""
    from registrar_tui import maintenance

    run = current(context)
    _allowed(run)
    with progress_bar(run.output) as progress:
        done = maintenance.decrypt(run.config(), progress=progress)
    _note(run, "base-decrypted")
    run.output.answer(done, "Шифрование снято.")


def rekey(
    context: typer.Context,
    key_file: Annotated[
        Path, typer.Option("--key-file", parser=Path, metavar="ФАЙЛ", help="Файл нового ключа.")
    ],
) -> None:
    """Write the base anew under another key; every desk must be closed."""
    from registrar_tui import maintenance
    from registrar_tui.storage.base_key import KEY_FILE_VARIABLE

    run = current(context)
    _allowed(run)
    with progress_bar(run.output) as progress:
        done = maintenance.rekey(run.config(), key_file, progress=progress)
    os.environ[KEY_FILE_VARIABLE] = str(key_file)  # the base answers to no other from here on
    _note(run, "base-rekeyed")
    run.output.answer(done, f"База под новым ключом {done['fingerprint']}.")
    run.output.narrate(f"Укажите его в REGISTRAR_DB_KEY_FILE: {key_file}; старый храните, пока есть копии.")


def _allowed(run: CommandRun, *, even_without_base: bool = False) -> OfficeServices | None:
    """Require the right to maintain and leave the base, whose key may change now.

    Returns the operator's use-cases, None where there is no readable base and `even_without_base` lets that
    pass: whoever may replace the file needs no permission of it.
    """
    from registrar_tui import bootstrap

    try:
        with closing(bootstrap.build_office(run.config())) as office:
            office.require(Permission.MAINTAIN)
            return office
    except StoreUnavailable as error:
        if not even_without_base or error.code in STILL_GUARDED:
            raise
        return None


def _note(run: CommandRun, action: str) -> None:
    """Write down what was done; it is done, so a failure here is told and no more."""
    from registrar_tui import bootstrap

    try:
        with closing(bootstrap.build_office(run.config())) as opened:
            opened.maintained(action)
    except (RegistrarError, OSError) as error:
        run.output.complain(f"Сделано, но в журнал не записано: {explained(error).message}")


def _tell_of_keys(run: CommandRun) -> None:
    keys = run.config().keys
    if keys.is_dir():
        run.output.narrate(f"Ключей клиники в копии нет: сохраните отдельно папку {keys}.")


def _verdict(run: CommandRun, verdict: dict[str, Any], sound: str) -> ExitCode:
    problems = [problem["message"] for problem in verdict["problems"]]
    told = f"{sound}: проверено строк {verdict['checked']}." if verdict["ok"] else "Найдены нарушения:"
    run.output.answer(verdict, told, *problems)
    return ExitCode.DONE if verdict["ok"] else ExitCode.REFUSED
