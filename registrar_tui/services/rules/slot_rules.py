"""Rules about the slot: when it is, who holds it, whom it is open to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from registrar_tui.services.rules.base import Operation, Rule, RuleContext
from registrar_tui.services.wording import day_and_time, day_words
from registrar_tui.vocabulary import CHANNEL_LABELS, SELF_SERVICE_CHANNELS, SlotKind

LOCAL_ORDER = "локальный порядок записи клиники"
FLOW_ORDER = "приказ Минздрава России от 14.04.2025 № 202н, приложение 5"


class PastSlot(Rule):
    """Nobody is booked into the past."""

    code = "past_slot"
    title = "Запись только на будущее время"
    basis = LOCAL_ORDER

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse a slot that has begun."""
        if context.slot.starts_at > context.now:
            return None
        return f"Время {day_and_time(context.slot.starts_at)} уже прошло: выберите более позднее."


class SlotTaken(Rule):
    """A slot is taken once; the claim's primary key stands behind this rule."""

    code = "slot_taken"
    title = "Одно время — один пациент"
    basis = LOCAL_ORDER

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse a slot that a visit or another desk's live hold stands on."""
        slot = context.slot
        own = context.moving is not None and slot.visit_id == context.moving.id
        if own or not slot.taken(context.now_utc, context.desk):
            return None
        if slot.visit_id is not None:
            return "Выбранное время уже занято: возьмите одно из ближайших свободных."
        return f"Это время сейчас держит другое окно ({slot.held_by}): подождите или возьмите другое."


class SlotClosed(Rule):
    """A closed slot, or one of a doctor who does not receive."""

    code = "slot_closed"
    title = "Закрытое время не занимают"
    basis = LOCAL_ORDER

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse closed slots and those of a doctor who does not receive."""
        if context.slot.closed:
            reason = context.slot.close_reason or "причина не указана"
            return f"Время закрыто ({reason}): выберите другое."
        if not context.slot.accepting:
            return "Врач сейчас не принимает: выберите другого врача."
        return None


class SlotKindGate(Rule):
    """Same-day and reserved slots open by the clock."""

    code = "slot_not_released"
    title = "Резерв и талоны дня открываются по времени"
    basis = LOCAL_ORDER
    override_role = "registrar"

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse what is not released yet."""
        slot = context.slot
        if slot.kind == SlotKind.SAME_DAY and slot.starts_at.date() != context.now.date():
            return f"Талон дня обращения: {day_words(slot.starts_at.date())} откроется запись."
        if slot.kind != SlotKind.RESERVE:
            return None
        if slot.released_at is not None and slot.released_at <= context.now:
            return None
        opens = f" до {day_and_time(slot.released_at)}" if slot.released_at else ""
        return f"Резерв для льготных категорий{opens}: назовите основание или возьмите обычное время."


class PaidSlot(Rule):
    """A slot published for paid visits is not offered under OMS."""

    code = "paid_slot"
    title = "Платное время — для платных услуг"
    basis = LOCAL_ORDER
    override_role = "registrar"
    field_name = "service"

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse a paid slot for anything but a paid service."""
        if context.slot.kind != SlotKind.PAID or context.paid:
            return None
        return "Это время платного приёма: выберите платную услугу или обычное время."


class ReferralSlot(Rule):
    """A slot published for referrals."""

    code = "referral_required"
    title = "Время по направлению"
    basis = FLOW_ORDER
    override_role = "registrar"
    field_name = "referral"

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse a referral slot before its release; a shown paper referral is the reason to override."""
        slot = context.slot
        if slot.kind != SlotKind.REFERRAL or context.operation is Operation.MOVE:
            return None
        if slot.released_at is not None and slot.released_at <= context.now:
            return None
        return "Время по направлению: попросите направление и укажите его как основание."


class ChannelClosed(Rule):
    """Each slot is published for some channels; later it may be released to all."""

    code = "channel_closed"
    title = "Время открыто не всем каналам"
    basis = LOCAL_ORDER

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse a channel the slot is not open to."""
        slot = context.slot
        if not slot.channels or context.channel in slot.channels.split():
            return None
        if slot.released_at is not None and slot.released_at <= context.now:
            return None
        return f"Для канала «{CHANNEL_LABELS[context.channel]}» это время закрыто: выберите другое."


class BeyondHorizon(Rule):
    """How far ahead each channel books."""

    code = "beyond_horizon"
    title = "Горизонт записи по каналам"
    basis = LOCAL_ORDER
    parameters: ClassVar[Mapping[str, Any]] = {"days": 120, "self_service_days": 14}

    def check(self, context: RuleContext, parameters: Mapping[str, Any]) -> str | None:
        """Refuse a day past the channel's horizon."""
        own = context.channel in SELF_SERVICE_CHANNELS
        days = int(parameters["self_service_days" if own else "days"])
        last = context.now.date() + timedelta(days=days)
        if context.slot.starts_at.date() <= last:
            return None
        return f"Запись открыта по {day_words(last)}: выберите более ранний день."
