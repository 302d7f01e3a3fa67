"""What a validator answers: the normalised value, and problems that stop or only warn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one field: a stable code and a Russian sentence."""

    code: str
    field: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """Return the JSON shape of `registrar check`."""
        return {"code": self.code, "field": self.field, "message": self.message}


class Checked(NamedTuple):
    """The verdict on one value; `value` is None where an error leaves nothing to store.

    A tuple: an import makes four million, and a frozen dataclass takes three times as long (0.6 µs).
    """

    value: str | None
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def ok(self) -> bool:
        """Tell whether the value may be stored (warnings do not forbid it)."""
        return not self.errors

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `registrar check`."""
        return {
            "ok": self.ok,
            "normalised": self.value,
            "errors": [problem.as_dict() for problem in self.errors],
            "warnings": [problem.as_dict() for problem in self.warnings],
        }
