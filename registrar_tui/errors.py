"""What can go wrong, in the words the registrar reads and the codes scripts rely on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

NOT_SIGNED_IN: Final = "not_signed_in"
"""Code of a NotAllowed: nobody has signed in, or their session is over."""
MUST_CHANGE: Final = "must_change"
"""Code of a NotAllowed: the password was set by somebody else and comes first."""

WayOutKind = Literal["slot", "action", "document"]


@dataclass(frozen=True, slots=True)
class WayOut:
    """A legal next step offered with a refusal; one of kind `slot` can be booked as it stands."""

    kind: WayOutKind
    text: str
    slot_id: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of the command line contract."""
        shape: dict[str, Any] = {"kind": self.kind, "text": self.text}
        if self.slot_id is not None:
            shape["slot_id"] = self.slot_id
        return shape


class RegistrarError(Exception):
    """Any failure a user can meet: a stable code and one Russian sentence that says what to do."""

    exit_code = 1

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        basis: str | None = None,
        ways_out: tuple[WayOut, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.basis = basis
        self.ways_out = ways_out

    def as_dict(self) -> dict[str, Any]:
        """Return the `error` object of the command line contract."""
        return {
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "basis": self.basis,
            "ways_out": [way.as_dict() for way in self.ways_out],
        }


class Refusal(RegistrarError):
    """A booking rule, a document rule or the state of the base says no (exit 1)."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a form."""

    field: str
    code: str
    message: str


class FieldErrors(Refusal):
    """A form with wrong fields; the first of them is the error's own field and message."""

    def __init__(self, problems: tuple[FieldError, ...]) -> None:
        first = problems[0]
        super().__init__("invalid_document", first.message, field=first.field)
        self.problems = problems


class UsageError(RegistrarError):
    """The command itself is malformed (exit 2)."""

    exit_code = 2

    def __init__(self, message: str, *, field: str | None = None, code: str = "usage") -> None:
        super().__init__(code, message, field=field)


class StoreUnavailable(RegistrarError):
    """The database cannot be reached, is not ours, or is not migrated (exit 4)."""

    exit_code = 4

    def __init__(self, message: str, *, code: str = "store_unavailable") -> None:
        super().__init__(code, message)


class NotAllowed(RegistrarError):
    """The operator may not do this (exit 5)."""

    exit_code = 5

    def __init__(self, message: str, *, code: str = "not_allowed", basis: str | None = None) -> None:
        super().__init__(code, message, basis=basis)
