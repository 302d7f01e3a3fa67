"""Settings of one run: command line over environment over file over defaults."""

from __future__ import annotations

import os
import socket
import tomllib
from dataclasses import dataclass
from pathlib import Path

from registrar_tui.errors import UsageError

DEMO_FILE = "demo.db"
CLINIC_FILE = "registrar.db"
IDLE_MINUTES = 10
LONGEST_IDLE_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Config:
    """Where the base is, who works and where tickets go."""

    database: str
    """A file path, or a URL that begins with `postgresql`."""
    desk: str
    """The name of this workplace in every event it writes."""
    operator: str | None
    """The login given for this run, if any."""
    tickets: Path
    """The folder that printed tickets are written to."""
    keys: Path
    """The folder (0700) of the clinic's secrets: ticket signing keys."""
    token_file: Path
    """Where the command line keeps the token of a signed-in operator (0600)."""
    branch: int | None = None
    """The branch this desk stands in; None: a ticket of any branch is received."""
    printer: str | None = None
    """A CUPS queue for tickets; None: the PDF is written and named."""
    idle_minutes: int = IDLE_MINUTES
    """After how many minutes without a key the desk locks itself; 0: never."""


def data_folder() -> Path:
    """Return the user's data folder of the program (not created)."""
    from platformdirs import user_data_path

    return user_data_path("registrar", appauthor=False)


def is_url(database: str) -> bool:
    """Tell a database URL from a file path."""
    return "://" in database


def desk_name() -> str:
    """Return the name of this workplace: `REGISTRAR_DESK`, else user and host."""
    named = os.environ.get("REGISTRAR_DESK")
    if named:
        return named[:64]
    user = os.environ.get("USER") or os.environ.get("USERNAME") or "user"
    return f"{user}@{socket.gethostname()}"[:64]


def load_config(
    *,
    database: str | None = None,
    file: Path | None = None,
    operator: str | None = None,
    demo: bool = False,
) -> Config:
    """Collect the settings of this run; an unreadable file is a usage error."""
    settings = _read_file(file or _environment_file())
    folder = data_folder()
    chosen = database or os.environ.get("REGISTRAR_DB") or settings.get("db")
    if not chosen:
        chosen = str(folder / (DEMO_FILE if demo else CLINIC_FILE))
    tickets = os.environ.get("REGISTRAR_TICKETS") or settings.get("tickets")
    return Config(
        database=chosen,
        desk=desk_name(),
        operator=operator or os.environ.get("REGISTRAR_OPERATOR") or settings.get("operator"),
        tickets=Path(tickets) if tickets else _beside(chosen, folder, "tickets"),
        keys=_beside(chosen, folder, "keys"),
        token_file=Path(os.environ.get("REGISTRAR_TOKEN_FILE") or folder / "session.token"),
        branch=_branch(os.environ.get("REGISTRAR_BRANCH") or settings.get("branch")),
        printer=os.environ.get("REGISTRAR_PRINTER") or settings.get("printer"),
        idle_minutes=_idle_minutes(os.environ.get("REGISTRAR_IDLE_MINUTES") or settings.get("idle_minutes")),
    )


def _idle_minutes(text: str | None) -> int:
    if not text:
        return IDLE_MINUTES
    if not (text.isascii() and text.isdigit() and len(text) < 9 and int(text) <= LONGEST_IDLE_MINUTES):
        raise UsageError(
            f"Минуты до блокировки — число от 0 (никогда) до {LONGEST_IDLE_MINUTES}: "
            "исправьте REGISTRAR_IDLE_MINUTES.",
            field="idle_minutes",
        )
    return int(text)


def _branch(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise UsageError("Филиал задаётся его номером: исправьте REGISTRAR_BRANCH.", field="branch")
    return int(text)


def _environment_file() -> Path | None:
    named = os.environ.get("REGISTRAR_CONFIG")
    return Path(named) if named else None


def _beside(database: str, folder: Path, name: str) -> Path:
    if is_url(database):
        return folder / name
    path = Path(database)
    return path.parent / f"{path.stem}-{name}"


def _read_file(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"Файл настроек не читается: проверьте путь {file}.", field="config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"Файл настроек {file} не разобран: исправьте строку, нужен формат TOML.", field="config"
        ) from error
    return {key: str(value) for key, value in content.items()}
