"""The field's words: FHIR codes as stored, Russian labels as shown."""

from __future__ import annotations

from enum import StrEnum


class VisitStatus(StrEnum):
    """FHIR R4 appointment status; stored and exported verbatim."""

    WAITLIST = "waitlist"
    PENDING = "pending"
    BOOKED = "booked"
    ARRIVED = "arrived"
    CHECKED_IN = "checked-in"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"
    ENTERED_IN_ERROR = "entered-in-error"


# A visit in one of these holds its slots.
ACTIVE_STATUSES = (VisitStatus.BOOKED, VisitStatus.ARRIVED, VisitStatus.CHECKED_IN)
# A visit in one of these counts against "one visit per person, day and specialty".
COUNTED_STATUSES = (*ACTIVE_STATUSES, VisitStatus.FULFILLED)

VISIT_STATUS_LABELS: dict[str, str] = {
    VisitStatus.WAITLIST: "в листе ожидания",
    VisitStatus.PENDING: "ожидает",
    VisitStatus.BOOKED: "записан",
    VisitStatus.ARRIVED: "пришёл",
    VisitStatus.CHECKED_IN: "оформлен",
    VisitStatus.FULFILLED: "был",
    VisitStatus.CANCELLED: "отменён",
    VisitStatus.NOSHOW: "не пришёл",
    VisitStatus.ENTERED_IN_ERROR: "ошибочная запись",
    "moved": "перенесён",
}

EVENT_LABELS: dict[str, str] = {
    "booked": "записан",
    "moved-to": "перенесён на другое время",
    "moved-from": "записан переносом",
    "cancelled": "отменён",
    "arrived": "пришёл",
    "fulfilled": "был на приёме",
    "noshow": "не пришёл",
    "undone": "действие отменено",
    "card-merged": "перешёл на другую карточку пациента",
    "card-parted": "вернулся на свою карточку пациента",
}

# The visit stays as it is; whose card it stands on changes.
CARD_EVENTS = ("card-merged", "card-parted")


class SlotStatus(StrEnum):
    """FHIR R4 slot status."""

    FREE = "free"
    BUSY = "busy"
    BUSY_UNAVAILABLE = "busy-unavailable"
    BUSY_TENTATIVE = "busy-tentative"


class SlotKind(StrEnum):
    """What a slot is published for; separate from whether it is taken."""

    ORDINARY = "ordinary"
    SAME_DAY = "same-day"
    REFERRAL = "referral"
    REPEAT = "repeat"
    RESERVE = "reserve"
    URGENT = "urgent"
    PREVENTION = "prevention"
    PAID = "paid"
    GROUP = "group"
    TELE = "tele"
    EXTRA = "extra"


SLOT_KIND_LABELS: dict[str, str] = {
    SlotKind.ORDINARY: "обычный приём",
    SlotKind.SAME_DAY: "приём в день обращения",
    SlotKind.REFERRAL: "по направлению",
    SlotKind.REPEAT: "повторный приём",
    SlotKind.RESERVE: "резерв для льготных категорий",
    SlotKind.URGENT: "неотложный приём",
    SlotKind.PREVENTION: "профилактика",
    SlotKind.PAID: "платный приём",
    SlotKind.GROUP: "групповой приём",
    SlotKind.TELE: "телемедицина",
    SlotKind.EXTRA: "дополнительный талон",
}


class Channel(StrEnum):
    """Where a booking came from."""

    DESK = "desk"
    PHONE = "phone"
    CALLCENTRE = "callcentre"
    PORTAL = "portal"
    APP = "app"
    SMS = "sms"
    PARTNER = "partner"
    DOCTOR = "doctor"
    INFOMAT = "infomat"


CHANNEL_LABELS: dict[str, str] = {
    Channel.DESK: "регистратура",
    Channel.PHONE: "телефон",
    Channel.CALLCENTRE: "колл-центр",
    Channel.PORTAL: "портал",
    Channel.APP: "приложение",
    Channel.SMS: "СМС",
    Channel.PARTNER: "сторонний сервис",
    Channel.DOCTOR: "врач",
    Channel.INFOMAT: "инфомат",
}

# The patient books alone: horizon and late-cancellation limits of the clinic apply.
SELF_SERVICE_CHANNELS = (Channel.PORTAL, Channel.APP, Channel.SMS, Channel.PARTNER, Channel.INFOMAT)

CANCEL_REASONS: dict[str, str] = {
    "patient-request": "просьба пациента",
    "patient-ill": "пациент заболел",
    "patient-recovered": "помощь больше не нужна",
    "wrong-specialist": "нужен другой специалист",
    "no-referral": "нет направления",
    "booking-mistake": "ошибка записи",
    "doctor-absent": "врач не принимает",
    "room-unavailable": "кабинет не работает",
    "clinic-other": "иная причина клиники",
}
# Whoever names one of these, the clinic is the cause: it never counts against the patient.
CLINIC_REASONS = frozenset({"doctor-absent", "room-unavailable", "clinic-other", "booking-mistake"})
RESCHEDULED = "rescheduled"  # written by a move only, never chosen by a person


class Initiator(StrEnum):
    """Who cancels: a cancellation by the clinic never counts against the patient."""

    PATIENT = "patient"
    CLINIC = "clinic"


class Verification(StrEnum):
    """How far a document has been checked."""

    NOT_SHOWN = "not-shown"
    SEEN = "seen"
    MATCHED = "matched"


VERIFICATION_LABELS: dict[str, str] = {
    Verification.NOT_SHOWN: "не предъявлен",
    Verification.SEEN: "предъявлен",
    Verification.MATCHED: "сверен",
}


class AttachmentStatus(StrEnum):
    """State of a request to be attached to the clinic."""

    REVIEW = "review"
    ACTIVE = "active"
    REFUSED = "refused"


class TicketVerdict(StrEnum):
    """What the desk tells about a shown ticket."""

    OK = "ok"
    CANCELLED = "cancelled"
    MOVED = "moved"
    WRONG_DAY = "wrong-day"
    OTHER_BRANCH = "other-branch"
    UNKNOWN = "unknown"
    FORGED = "forged"
    ALREADY_ARRIVED = "already-arrived"


TICKET_VERDICT_LABELS: dict[str, str] = {
    TicketVerdict.OK: "талон действителен",
    TicketVerdict.CANCELLED: "приём отменён: предложите новую запись",
    TicketVerdict.MOVED: "приём перенесён: назовите новое время",
    TicketVerdict.WRONG_DAY: "талон на другой день",
    TicketVerdict.OTHER_BRANCH: "талон в другой филиал",
    TicketVerdict.UNKNOWN: "талона с таким номером нет",
    TicketVerdict.FORGED: "код талона не прошёл проверку: найдите пациента по фамилии",
    TicketVerdict.ALREADY_ARRIVED: "по этому талону пациент уже отмечен",
}
