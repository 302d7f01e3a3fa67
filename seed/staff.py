"""The demo clinic with any number of doctors: fewer of the written ones, or more made after them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from seed.clinic import ClinicSeed, DoctorSeed, RoomSeed
from seed.names import Sex, name_tables, patronymics_of_all
from seed.surnames import surname_stock

_FIRST_ADDED_FLOOR, _ROOMS_ON_FLOOR = 5, 30
_GENERATION = 1
"""Doctors bear names that were popular between 1960 and 1995."""


def with_doctors(clinic: ClinicSeed, count: int, *, random_seed: int) -> ClinicSeed:
    """Return the clinic with `count` doctors; ValueError below 1.

    Up to the written number, doctors are taken so that specialties stay covered as long as they can be;
    specialties and services left without a doctor are dropped. Beyond it, new doctors get invented
    names, rooms of their own and the hours of a written colleague.
    """
    if count < 1:
        raise ValueError("a clinic has at least one doctor")
    if count <= len(clinic.doctors):
        return _reduced(clinic, count)
    rooms, doctors = list(clinic.rooms), list(clinic.doctors)
    for room, doctor in _added(clinic, count - len(doctors), Random(f"doctors of {random_seed}")):
        rooms.append(room)
        doctors.append(doctor)
    return replace(clinic, rooms=tuple(rooms), doctors=tuple(doctors))


def _reduced(clinic: ClinicSeed, count: int) -> ClinicSeed:
    met: set[str] = set()
    first: list[DoctorSeed] = []
    others: list[DoctorSeed] = []
    for doctor in clinic.doctors:
        (others if doctor.specialty in met else first).append(doctor)
        met.add(doctor.specialty)
    kept = set((first + others)[:count])
    doctors = tuple(doctor for doctor in clinic.doctors if doctor in kept)
    codes = {doctor.specialty for doctor in doctors}
    return replace(
        clinic,
        doctors=doctors,
        specialties=tuple(item for item in clinic.specialties if item.code in codes),
        services=tuple(item for item in clinic.services if item.specialty in codes),
    )


def _added(clinic: ClinicSeed, count: int, chooser: Random) -> Iterator[tuple[RoomSeed, DoctorSeed]]:
    for place in range(count):
        model = clinic.doctors[place % len(clinic.doctors)]
        floor, door = divmod(place, _ROOMS_ON_FLOOR)
        room = RoomSeed(
            model.branch, f"{_FIRST_ADDED_FLOOR + floor}{door + 1:02d}", str(_FIRST_ADDED_FLOOR + floor)
        )
        last, first, middle = _invented_name(chooser)
        yield (
            room,
            replace(
                model,
                last_name=last,
                first_name=first,
                middle_name=middle,
                room=room.number,
                since_year=chooser.randint(1988, 2023),
                rating=round(chooser.uniform(3.9, 5.0), 1),
                reviews=chooser.randint(0, 420),
                accepting=True,
                certificates=(),
            ),
        )


def _invented_name(chooser: Random) -> tuple[str, str, str]:
    sex: Sex = "F" if chooser.random() < 0.7 else "M"
    stock, tables = surname_stock(), name_tables()
    surname = stock.pick(chooser.random())
    group = stock.groups[surname]
    first = tables[group, sex, _GENERATION].pick(chooser.random())
    father = tables[group, "M", _GENERATION - 1].pick(chooser.random())
    forms = stock.female if sex == "F" else stock.male
    return forms[surname], first, patronymics_of_all()[father][0 if sex == "M" else 1]
