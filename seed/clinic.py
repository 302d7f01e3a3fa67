"""The demo clinic: branches, rooms, specialties, doctors, services and shift templates, read from data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, Literal

from registrar_tui.vocabulary import Channel, SlotKind
from seed.reading import read_data

Ages = Literal["adult", "child", "any"]


@dataclass(frozen=True, slots=True)
class BranchSeed:
    """A building of the clinic; other seeds name it by its place in `ClinicSeed.branches`, from 0."""

    name: str
    address: str
    phone: str
    transport: str
    parking: str
    equipment: tuple[str, ...]
    paid: bool
    rating: float


@dataclass(frozen=True, slots=True)
class RoomSeed:
    """A room (кабинет); its number is unique within the branch."""

    branch: int
    number: str
    floor: str


@dataclass(frozen=True, slots=True)
class SpecialtySeed:
    """A medical specialty; `narrow` needs a referral, `popularity` 0..1 steers how full its days are."""

    code: str
    name: str
    synonyms: tuple[str, ...]
    narrow: bool
    ages: Ages
    bring: tuple[str, ...]
    popularity: float


@dataclass(frozen=True, slots=True)
class ServiceSeed:
    """What a visit is for; longer than the doctor's slot, it takes the slots that follow."""

    code: str
    name: str
    specialty: str
    minutes: int
    repeat: bool
    paid: bool


@dataclass(frozen=True, slots=True)
class CertificateSeed:
    """A certificate of a doctor, its years relative to the day of the demo."""

    title: str
    number: str
    issued_years_ago: int
    valid_years: int

    def dates(self, today: date) -> tuple[date, date]:
        """Return the day of issue and the last day, both on 15 March: the demo is the same all year."""
        issued = date(today.year - self.issued_years_ago - (today < date(today.year, 3, 15)), 3, 15)
        return issued, issued.replace(year=issued.year + self.valid_years)


@dataclass(frozen=True, slots=True)
class SlotMix:
    """One position of a pattern: what the slot is for, who may book it, when it opens to every channel."""

    kind: SlotKind
    channels: tuple[Channel, ...]
    released_hours: int | None
    """Hours before the start at which an unused slot becomes ordinary; None: never."""


@dataclass(frozen=True, slots=True)
class ShiftSeed:
    """A doctor's hours on some days of the week (0 is Monday); the pattern of slots repeats in a circle."""

    weekdays: tuple[int, ...]
    start: time
    end: time
    minutes: int
    lunch: tuple[time, time] | None
    pattern: tuple[SlotMix, ...]


@dataclass(frozen=True, slots=True)
class SlotSeed:
    """One slot of a day: wall-clock start of the branch, minutes, kind and channels."""

    starts_at: datetime
    minutes: int
    kind: SlotKind
    channels: tuple[Channel, ...]
    released_hours: int | None


@dataclass(frozen=True, slots=True)
class DoctorSeed:
    """A doctor: specialty by code, branch by place, room by number within it."""

    last_name: str
    first_name: str
    middle_name: str
    specialty: str
    branch: int
    room: str
    post: str
    since_year: int
    rating: float
    reviews: int
    accepting: bool
    certificates: tuple[CertificateSeed, ...]
    shifts: tuple[ShiftSeed, ...]


@dataclass(frozen=True, slots=True)
class ClinicSeed:
    """The whole demo clinic; `timezone` is the IANA zone of every branch."""

    name: str
    town: str
    timezone: str
    branches: tuple[BranchSeed, ...]
    rooms: tuple[RoomSeed, ...]
    specialties: tuple[SpecialtySeed, ...]
    services: tuple[ServiceSeed, ...]
    doctors: tuple[DoctorSeed, ...]


@cache
def load_clinic() -> ClinicSeed:
    """Return the demo clinic of the package; KeyError or ValueError when the data are damaged."""
    data = read_data("clinic.json")
    mixes = {name: _mix(entry) for name, entry in data["slot_mixes"].items()}
    patterns = {name: tuple(mixes[key] for key in keys) for name, keys in data["patterns"].items()}
    return ClinicSeed(
        name=data["name"],
        town=data["town"],
        timezone=data["timezone"],
        branches=tuple(BranchSeed(**_tuples(entry)) for entry in data["branches"]),
        rooms=tuple(RoomSeed(**entry) for entry in data["rooms"]),
        specialties=tuple(SpecialtySeed(**_tuples(entry)) for entry in data["specialties"]),
        services=tuple(ServiceSeed(**entry) for entry in data["services"]),
        doctors=tuple(_doctor(entry, patterns) for entry in data["doctors"]),
    )


def _tuples(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def _mix(entry: dict[str, Any]) -> SlotMix:
    channels = tuple(Channel(channel) for channel in entry["channels"])
    return SlotMix(SlotKind(entry["kind"]), channels, entry["released_hours"])


def _doctor(entry: dict[str, Any], patterns: dict[str, tuple[SlotMix, ...]]) -> DoctorSeed:
    certificates = tuple(CertificateSeed(**certificate) for certificate in entry["certificates"])
    shifts = tuple(_shift(shift, patterns) for shift in entry["shifts"])
    return DoctorSeed(**{**entry, "certificates": certificates, "shifts": shifts})


def _shift(entry: dict[str, Any], patterns: dict[str, tuple[SlotMix, ...]]) -> ShiftSeed:
    lunch = entry["lunch"]
    return ShiftSeed(
        weekdays=tuple(entry["weekdays"]),
        start=time.fromisoformat(entry["start"]),
        end=time.fromisoformat(entry["end"]),
        minutes=entry["minutes"],
        lunch=(time.fromisoformat(lunch[0]), time.fromisoformat(lunch[1])) if lunch else None,
        pattern=patterns[entry["pattern"]],
    )


def shift_slots(shift: ShiftSeed, day: date) -> list[SlotSeed]:
    """Return the slots of a shift on a day in order of time; empty on a day of the week it does not serve.

    A slot never crosses lunch or the end of the shift: the minutes that are left stay unused.
    """
    if day.weekday() not in shift.weekdays:
        return []
    return [
        SlotSeed(starts_at, shift.minutes, mix.kind, mix.channels, mix.released_hours)
        for starts_at, mix in zip(_starts(shift, day), _endless(shift.pattern), strict=False)
    ]


def _starts(shift: ShiftSeed, day: date) -> Iterator[datetime]:
    step = timedelta(minutes=shift.minutes)
    end = datetime.combine(day, shift.end)
    lunch = tuple(datetime.combine(day, moment) for moment in shift.lunch or ())
    starts_at = datetime.combine(day, shift.start)
    while starts_at + step <= end:
        if lunch and starts_at < lunch[1] and starts_at + step > lunch[0]:
            starts_at = lunch[1]
            continue
        yield starts_at
        starts_at += step


def _endless(pattern: tuple[SlotMix, ...]) -> Iterator[SlotMix]:
    while True:
        yield from pattern
