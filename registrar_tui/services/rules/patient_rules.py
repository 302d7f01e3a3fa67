"""Rules about the person: the day's visits, overlaps, the 24-hour limits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from registrar_tui.services.rules.base import Operation, Rule, RuleContext
from registrar_tui.services.rules.slot_rules import LOCAL_ORDER
from registrar_tui.services.wording import day_and_time, day_words
from registrar_tui.vocabulary import SELF_SERVICE_CHANNELS


class LateRestriction(Rule):
    """After a late cancellation the patient books through a registrar only, for a time."""

    code = "late_restriction"
    title = "Поздняя отмена закрывает самозапись"
    basis = LOCAL_ORDER
    field_name = "patient"
    operations: ClassVar[frozenset[Operation]] = frozenset({Operation.BOOK})
    parameters: ClassVar[Mapping[str, Any]] = {"days": 30}

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse self-service channels before the day the restriction ends; the desk always books."""
        until = context.patient.self_booking_until if context.patient else None
        if until is None or context.now.date() >= until or context.channel not in SELF_SERVICE_CHANNELS:
            return None
        return f"Самозапись закрыта до {day_words(until)} после поздней отмены: запишите через регистратуру."


class TooLateToMove(Rule):
    """A patient moves a visit not later than 24 hours before it; the clinic may at any time."""

    code = "too_late_to_move"
    title = "Перенос не позже чем за 24 часа"
    basis = LOCAL_ORDER
    override_role = "registrar"
    field_name = "visit"
    operations: ClassVar[frozenset[Operation]] = frozenset({Operation.MOVE})
    parameters: ClassVar[Mapping[str, Any]] = {"hours": 24}

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse a patient's move inside the limit."""
        if context.moving is None or context.by_clinic:
            return None
        hours = int(parameters["hours"])
        if context.moving.starts_at - context.now >= timedelta(hours=hours):
            return None
        return f"До приёма меньше {hours} часов: перенос — по решению клиники, укажите причину."


class DuplicateVisit(Rule):
    """One visit per person, day and specialty."""

    code = "duplicate_visit"
    title = "Один приём у специалиста в день"
    basis = LOCAL_ORDER
    override_role = "registrar"
    field_name = "patient"

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse a second counted visit to the same specialty on the day."""
        day = context.slot.starts_at.date()
        for visit in context.other_visits():
            same = visit.counted and visit.specialty_id == context.slot.specialty_id
            if same and visit.starts_at.date() == day:
                return (
                    f"Пациент уже записан к этому специалисту на {day_and_time(visit.starts_at)}: "
                    "перенесите тот приём или выберите другой день."
                )
        return None


class Overlap(Rule):
    """No two visits of one person at the same time."""

    code = "overlap"
    title = "Приёмы одного пациента не пересекаются"
    basis = LOCAL_ORDER
    override_role = "registrar"
    field_name = "patient"

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse an interval that crosses another active visit's."""
        for visit in context.other_visits():
            crosses = visit.starts_at < context.ends_at and context.slot.starts_at < visit.ends_at
            if visit.active and crosses:
                return (
                    f"В это время у пациента другой приём ({day_and_time(visit.starts_at)}): выберите иное."
                )
        return None
