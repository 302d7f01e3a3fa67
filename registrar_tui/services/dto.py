"""What crosses the border of the core: commands in, views out; frozen, plain, no SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal

from registrar_tui.errors import WayOut
from registrar_tui.vocabulary import Channel, Initiator, TicketVerdict

Sex = Literal["M", "F"]

# --- people -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PatientRow:
    """One line of a search answer; `why` says in Russian what matched."""

    id: int
    full_name: str
    birth_date: date
    snils: str | None
    enp: str | None
    phone: str | None
    why: str
    policy: str = ""
    district: str = ""
    attached_here: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `registrar find`."""
        return {
            "id": self.id,
            "full_name": self.full_name,
            "birth_date": self.birth_date.isoformat(),
            "snils": self.snils,
            "enp": self.enp,
            "phone": self.phone,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class PatientPage:
    """The answer to one search: rows best first, what was understood, how many people there are."""

    rows: tuple[PatientRow, ...]
    understood: str
    total: int
    more: bool = False
    draft: PatientDraft | None = None
    """A new card filled from the query."""


@dataclass(frozen=True, slots=True)
class PatientDraft:
    """The fields of a person's card as typed; validated by the service, never trusted."""

    last_name: str = ""
    first_name: str = ""
    middle_name: str = ""
    birth_date: str = ""
    sex: str = ""
    snils: str = ""
    policy: str = ""
    passport: str = ""
    passport_issued: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One document on the card: what it is, its number, how far it is verified, what is wrong with it."""

    title: str
    number: str
    verified: str
    ok: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Warning:  # noqa: A001 - the field's word; shadowing is local to this module
    """Something the registrar must know or say; `stops` marks what forbids booking."""

    code: str
    message: str
    stops: bool = False


@dataclass(frozen=True, slots=True)
class PatientCard:
    """Everything the card pane shows of one person."""

    id: int
    version: int
    full_name: str
    short_name: str
    sex: Sex
    birth_date: date
    age: int
    attachment: str
    warnings: tuple[Warning, ...]
    documents: tuple[DocumentLine, ...]
    representatives: tuple[str, ...]
    coming: tuple[VisitRow, ...]
    past: tuple[VisitRow, ...]
    draft: PatientDraft


# --- the clinic -------------------------------------------------------------


class TargetKind(StrEnum):
    """What a booking may be aimed at; a branch only narrows the choice of the others."""

    SPECIALTY = "specialty"
    DOCTOR = "doctor"
    SERVICE = "service"
    BRANCH = "branch"


@dataclass(frozen=True, slots=True)
class BookingTarget:
    """A specialty, doctor, service or branch found by keyword, with what is free."""

    kind: TargetKind
    id: int
    title: str
    detail: str
    free: int
    nearest: datetime | None


@dataclass(frozen=True, slots=True)
class DoctorRow:
    """One line of the doctor list."""

    id: int
    full_name: str
    specialty: str
    post: str
    branch: str
    room: str
    rating: float | None
    accepting: bool
    free: int
    nearest: datetime | None
    experience_years: int = 0
    certificates: tuple[str, ...] = ()
    reviews: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `registrar doctor list`."""
        return {
            "id": self.id,
            "full_name": self.full_name,
            "specialty": self.specialty,
            "post": self.post,
            "branch": self.branch,
            "room": self.room,
            "rating": self.rating,
            "accepting": self.accepting,
            "free": self.free,
            "nearest": minute_iso(self.nearest),
            "experience_years": self.experience_years,
            "certificates": list(self.certificates),
            "reviews": self.reviews,
        }


# --- slots ------------------------------------------------------------------


class SlotMark(StrEnum):
    """How a cell of the grid is drawn: each has its glyph, word and colour."""

    FREE = "free"
    BUSY = "busy"
    HELD = "held"
    CLOSED = "closed"
    REFERRAL = "referral"
    OWN = "own"
    PAST = "past"


@dataclass(frozen=True, slots=True)
class SlotCell:
    """One slot in the grid; `label` is what stands beside its time (a surname, «окно 3», «напр.»)."""

    slot_id: int
    starts_at: datetime
    minutes: int
    mark: SlotMark
    label: str
    bookable: bool


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A doctor (day view) or a day (week view); cells in order of time."""

    doctor_id: int
    day: date
    title: str
    subtitle: str
    cells: tuple[SlotCell, ...]


@dataclass(frozen=True, slots=True)
class SlotGrid:
    """What the grid pane shows: columns, the first suitable slot, the quota strip."""

    title: str
    day: date
    columns: tuple[GridColumn, ...]
    free_count: int
    first_suitable: int | None
    """The slot the cursor starts on; None: nothing can be taken in this view."""
    nearest: datetime | None
    """The nearest suitable start on this or a later day, whatever the view shows."""
    strip: str = ""
    services: tuple[tuple[int, str, int], ...] = ()
    """(id, name, minutes): what the service filter of this grid offers."""
    doctors: tuple[tuple[int, str], ...] = ()
    """(id, short name): what its doctor filter offers."""
    stale_at: datetime | None = None
    """When time alone changes the view, by the wall-clock: a hold ends, a slot opens or begins."""


@dataclass(frozen=True, slots=True)
class GridQuery:
    """Which grid to draw, of any kind but BRANCH; the ids and `minutes` are filters, None means any."""

    kind: TargetKind
    target_id: int
    day: date | None = None
    """None: the first day that has a suitable slot."""
    patient_id: int | None = None
    doctor_id: int | None = None
    """Given: one doctor by days of the week instead of doctors of one day."""
    minutes: int | None = None
    service_id: int | None = None
    branch_id: int | None = None
    channel: Channel = Channel.DESK


@dataclass(frozen=True, slots=True)
class SlotQuery:
    """The arguments of `slot list`; days are inclusive."""

    doctor_id: int | None = None
    specialty: str | None = None
    first_day: date | None = None
    last_day: date | None = None
    minutes: int | None = None
    free_only: bool = False
    channel: Channel = Channel.DESK
    patient_id: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class SlotRow:
    """One slot in words that scripts read: FHIR status, whether it can be booked, and why not."""

    id: int
    doctor_id: int
    starts_at: datetime
    minutes: int
    status: str
    kind: str
    bookable: bool
    why: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `registrar slot list`."""
        return {
            "id": self.id,
            "doctor_id": self.doctor_id,
            "starts_at": minute_iso(self.starts_at),
            "minutes": self.minutes,
            "status": self.status,
            "kind": self.kind,
            "bookable": self.bookable,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class SlotExplanation:
    """The answer to Space on a slot: whose it is or why it cannot be taken, and what can be done."""

    text: str
    ways_out: tuple[WayOut, ...] = ()
    visit_id: int | None = None
    """The visit whose patient the text names."""


@dataclass(frozen=True, slots=True)
class BookingOffer:
    """One slot held for one patient, and the sentence to read out before Enter."""

    slot_id: int
    patient_id: int
    sentence: str
    warnings: tuple[Warning, ...]
    held_until: datetime
    """UTC; after it other desks may take the slot."""
    refusal: str | None = None
    """A rule that stands against this booking, in Russian; it can be overridden if `override` is set."""
    override: str | None = None
    """The code of the rule to override with a reason."""


# --- visits -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VisitEventView:
    """One step of a visit's history."""

    at: datetime
    what: str
    who: str
    reason: str | None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of an entry of `history`."""
        return {"at": self.at.isoformat(), "what": self.what, "who": self.who, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class VisitRow:
    """One visit in a list (card, today)."""

    id: int
    number: str
    patient_id: int
    patient: str
    doctor: str
    specialty: str
    room: str
    starts_at: datetime
    minutes: int
    status: str
    note: str
    """The status in Russian, with what matters («отменён поздно»)."""


@dataclass(frozen=True, slots=True)
class VisitView:
    """One visit after a command; `ticket_code` is the 20-digit signed code."""

    id: int
    number: str
    status: str
    patient_id: int
    doctor_id: int
    slot_id: int
    starts_at: datetime
    minutes: int
    room: str
    ticket_code: str
    channel: str = "desk"
    late: bool = False
    previous_visit_id: int | None = None
    replaced_by_id: int | None = None
    history: tuple[VisitEventView, ...] = ()

    def as_dict(self, *, history: bool = False) -> dict[str, Any]:
        """Return the JSON shape of `book`, with `history` that of `visit show`."""
        shape: dict[str, Any] = {
            "id": self.id,
            "number": self.number,
            "status": self.status,
            "patient_id": self.patient_id,
            "doctor_id": self.doctor_id,
            "slot_id": self.slot_id,
            "starts_at": minute_iso(self.starts_at),
            "minutes": self.minutes,
            "room": self.room,
            "ticket_code": self.ticket_code,
            "channel": self.channel,
            "late": self.late,
            "previous_visit_id": self.previous_visit_id,
            "replaced_by_id": self.replaced_by_id,
        }
        if history:
            shape["history"] = [event.as_dict() for event in self.history]
        return shape


@dataclass(frozen=True, slots=True)
class Override:
    """The right to go against one rule, with the reason that is kept in the history."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class BookVisit:
    """Book a slot for a person; a service longer than the slot takes the slots that follow it."""

    op_id: str
    patient_id: int
    slot_id: int
    service: str | None = None
    channel: Channel = Channel.DESK
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class BookFirstFree:
    """Book the first suitable slot of a specialty."""

    op_id: str
    patient_id: int
    specialty: str
    service: str | None = None
    channel: Channel = Channel.DESK
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class MoveVisit:
    """Move a visit to another slot of the same specialty: claim first, then free, one transaction."""

    op_id: str
    visit_id: int
    slot_id: int
    by: Initiator = Initiator.PATIENT
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class CancelVisit:
    """Cancel a visit with a reason code of `vocabulary.CANCEL_REASONS`."""

    op_id: str
    visit_id: int
    reason: str
    by: Initiator = Initiator.PATIENT


@dataclass(frozen=True, slots=True)
class TicketView:
    """Everything a ticket says, ready to print; nothing in it is markup."""

    number: str
    code: str
    clinic: str
    branch: str
    address: str
    clinic_phone: str
    starts_at: datetime
    minutes: int
    room: str
    floor: str
    doctor: str
    specialty: str
    service: str
    patient: str
    birth_year: int
    bring: tuple[str, ...]
    issued_at: datetime
    issued_by: str
    status: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketCheck:
    """The verdict on a shown ticket code."""

    verdict: TicketVerdict
    visit_id: int | None
    message: str
    visit: VisitRow | None = None

    @property
    def valid(self) -> bool:
        """Tell whether the patient may be received by this ticket now."""
        return self.verdict is TicketVerdict.OK

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of `ticket verify`."""
        return {"valid": self.valid, "verdict": self.verdict.value, "visit_id": self.visit_id}


@dataclass(frozen=True, slots=True)
class DayList:
    """The visits of one day for the «Сегодня» pane, in order of time."""

    day: date
    rows: tuple[VisitRow, ...]
    expected: int
    arrived: int
    unresolved: int


DESK_RIGHTS = frozenset({"find", "open-card"})


@dataclass(frozen=True, slots=True)
class DeskGreeting:
    """What the top line says: where and who you are."""

    clinic: str
    branch_id: int
    branch: str
    desk: str
    operator: str
    now: datetime
    demo: bool
    patients: int = 0
    branches: tuple[tuple[int, str], ...] = ()
    services: tuple[tuple[int, str, int], ...] = field(default=())
    """(id, name, minutes) of every service: the grid's filter offers those of its specialty."""
    login: str = ""
    """The operator's login, which a locked desk asks the password of."""
    rights: frozenset[str] = DESK_RIGHTS
    """What the operator's role may do, as codes of `services.permissions`."""
    must_change: bool = False
    """The password was set by somebody else and is changed before work."""


def minute_iso(moment: datetime | None) -> str | None:
    """Return wall-clock time as `YYYY-MM-DDTHH:MM`, the form of the command line contract."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M")
