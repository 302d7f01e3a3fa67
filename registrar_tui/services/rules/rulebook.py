"""The rules in force on a day: classes with their parameters from the base."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlmodel import Session, col

from registrar_tui.models import RuleSetting
from registrar_tui.services.prepared import Prepared
from registrar_tui.services.rules.base import Rule, RuleContext, Verdict
from registrar_tui.services.rules.patient_rules import DuplicateVisit, LateRestriction, Overlap, TooLateToMove
from registrar_tui.services.rules.slot_rules import (
    BeyondHorizon,
    ChannelClosed,
    PaidSlot,
    PastSlot,
    ReferralSlot,
    SlotClosed,
    SlotKindGate,
    SlotTaken,
)

# In this order: what the registrar hears first is what cannot be helped.
RULES: tuple[Rule, ...] = (
    PastSlot(),
    SlotTaken(),
    SlotClosed(),
    BeyondHorizon(),
    ChannelClosed(),
    SlotKindGate(),
    PaidSlot(),
    ReferralSlot(),
    LateRestriction(),
    TooLateToMove(),
    DuplicateVisit(),
    Overlap(),
)


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """One rule with the parameters that are valid today."""

    rule: Rule
    basis: str
    override_role: str | None
    parameters: Mapping[str, Any]
    valid_from: date | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `rule list`."""
        return {
            "code": self.rule.code,
            "title": self.rule.title,
            "basis": self.basis,
            "override_role": self.override_role,
            "parameters": dict(self.parameters),
            "valid_from": self.valid_from.isoformat() if self.valid_from else None,
        }


class Rulebook:
    """The rules in force, asked in their order."""

    def __init__(self, rules: tuple[RuleInForce, ...]) -> None:
        self.rules = rules

    def verdict(self, context: RuleContext, overridden: Collection[str] = ()) -> Verdict | None:
        """Return the first refusal that is not overridden, or None."""
        for entry in self.rules:
            if context.operation not in entry.rule.operations:
                continue
            message = entry.rule.check(context, entry.parameters)
            if message is None:
                continue
            if entry.rule.code in overridden and entry.override_role is not None:
                continue
            return Verdict(entry.rule.code, message, entry.basis, entry.rule.field_name, entry.override_role)
        return None

    def parameters(self, code: str) -> Mapping[str, Any]:
        """Return the parameters of a rule in force; its defaults where it is switched off."""
        for entry in self.rules:
            if entry.rule.code == code:
                return entry.parameters
        return next(rule.parameters for rule in RULES if rule.code == code)

    def override_role(self, code: str) -> str | None:
        """Return the role that may go against a rule in force, None where nobody may."""
        return next((entry.override_role for entry in self.rules if entry.rule.code == code), None)


class _Setting(NamedTuple):
    code: str
    valid_from: date
    enabled: bool
    basis: str
    override_role: str | None
    parameters: str


_SETTINGS = Prepared(
    select(
        col(RuleSetting.code),
        col(RuleSetting.valid_from),
        col(RuleSetting.enabled),
        col(RuleSetting.basis),
        col(RuleSetting.override_role),
        col(RuleSetting.parameters),
    )
    .where(col(RuleSetting.valid_from) <= bindparam("day"))
    .order_by(col(RuleSetting.valid_from), col(RuleSetting.id))
)


def load_rulebook(session: Session, day: date) -> Rulebook:
    """Read the settings valid on a day; the newest of a code wins, a disabled one removes the rule."""
    return _rulebook(tuple(_SETTINGS.run(session, {"day": day})))


@lru_cache(maxsize=8)  # the rows are read every time, so a changed rule is in force at once
def _rulebook(rows: tuple[tuple[Any, ...], ...]) -> Rulebook:
    newest = {row[0]: _Setting(*row) for row in rows}
    return Rulebook(tuple(entry for rule in RULES if (entry := _in_force(rule, newest.get(rule.code)))))


def _in_force(rule: Rule, setting: _Setting | None) -> RuleInForce | None:
    if setting is None:
        return RuleInForce(rule, rule.basis, rule.override_role, rule.parameters)
    if not setting.enabled:
        return None
    parameters = {**rule.parameters, **json.loads(setting.parameters)}
    return RuleInForce(rule, setting.basis, setting.override_role, parameters, setting.valid_from)
