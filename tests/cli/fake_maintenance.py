"""Care of a base that is not there: remembers what it was asked and reports progress."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from registrar_tui.config import Config

Progress = Callable[[str, int, int], None] | None


class Maintained:
    """Stands where `registrar_tui.maintenance` would."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.problems: list[dict[str, str]] = []
        self.failure: Exception | None = None
        self.mended = 0

    def _ask(self, *question: Any, progress: Progress = None) -> None:
        self.asked.append(question)
        if self.failure:
            raise self.failure
        if progress:
            progress("Копирование", 1, 2)
            progress("Копирование", 2, 2)

    def _verdict(self) -> dict[str, Any]:
        return {"ok": not self.problems, "checked": 80, "problems": self.problems}

    def backup(self, config: Config, *, out: Path | None, progress: Progress) -> dict[str, Any]:
        self._ask("backup", out, progress=progress)
        return {"file": "backups/b.db", "sha256": "ab" * 32, "bytes": 4096}

    def backups(self, config: Config) -> list[dict[str, Any]]:
        self._ask("backups")
        return [{"file": "b.db", "at": "2026-11-23T05:00:00+00:00", "bytes": 4096, "made_before": None}]

    def verify_backup(self, file: Path, *, key_file: Path | None) -> dict[str, Any]:
        self._ask("verify", file, key_file)
        return self._verdict()

    def restore(
        self,
        config: Config,
        file: Path,
        *,
        force: bool,
        key_file: Path | None,
        progress: Progress,
        by: object,
    ) -> dict[str, Any]:
        self._ask("restore", file, force, key_file, progress=progress)
        facts = {"restored_from": str(file), "safety_copy": "aside.db", "revision": "0003"}
        return {**facts, "visits": 5, "ops": 7, "last_op": None, "unmarked": None}

    def check(self, config: Config, *, thorough: bool, progress: Progress) -> dict[str, Any]:
        self._ask("check", thorough, progress=progress)
        return self._verdict()

    def reindex(self, config: Config, *, progress: Progress) -> dict[str, int]:
        self._ask("reindex", progress=progress)
        return {"mended": self.mended}

    def copy(self, config: Config, to: str, *, progress: Progress) -> dict[str, Any]:
        self._ask("copy", to, progress=progress)
        return {"to": "new.db", "tables": 2, "rows": 3, "checksums": {"visit": "ab", "slot": "cd"}}

    def new_key(self, file: Path) -> dict[str, Any]:
        self._ask("new_key", file)
        return {"file": str(file), "fingerprint": "ab" * 8}

    def encrypt(self, config: Config, *, progress: Progress) -> dict[str, Any]:
        self._ask("encrypt", progress=progress)
        return {"database": config.database, "encrypted": True, "fingerprint": "ab" * 8}

    def decrypt(self, config: Config, *, progress: Progress) -> dict[str, Any]:
        self._ask("decrypt", progress=progress)
        return {"database": config.database, "encrypted": False, "fingerprint": None}

    def rekey(self, config: Config, key_file: Path, *, progress: Progress) -> dict[str, Any]:
        self._ask("rekey", key_file, progress=progress)
        return {"database": config.database, "encrypted": True, "fingerprint": "cd" * 8}
